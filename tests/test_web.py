"""The local web page without a browser: pages, forms, limits, what is remembered and what is not."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Event, Semaphore, Thread
from typing import Any

import fakes
import httpx2
import pytest
from click.testing import CliRunner
from openpyxl import Workbook
from starlette.testclient import TestClient

from evaluator.cli import main
from evaluator.domain import Result
from evaluator.errors import EvaluatorError
from evaluator.page_names import page_name
from evaluator.report import render_candidate_html, render_index_html
from evaluator.web import batches, guard, sessions
from evaluator.web.app import create_app
from evaluator.web.guard import Hosts
from evaluator.web.pages import report_body, report_policy
from evaluator.web.server import address, create_server, open_socket
from evaluator.web.sessions import Sessions
from evaluator.web.worker import BusyError, Worker

BASE = "http://127.0.0.1:8000"
GOOD = "I listen until the customer has finished talking. My voice stays low and my breathing slow."
SECRET = "Zanzibarquark"
PATIENCE = 600.0
"""Seconds: a busy machine is slow, and a wait that is met ends at once."""
LONG = (
    "candidate_id,question_id,answer,site\n"
    f'a,rude-customer,"{GOOD}",North\n'
    'b,rude-customer,"Together we look up options that solve the problem <b>now</b>.",South\n'
    "c,rude-customer,,South\n"
    "d,no-such,I listen.,South\n"
)
WIDE = f'id,Q one,How do you handle a rude customer?,Q three\nx,"I want to learn from your pharmacist.","{GOOD}",y\n'


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private folders are made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(folders: Path) -> Iterator[TestClient]:
    with new_client() as opened:
        yield opened


def new_client(engine: Any = None, **options: Any) -> TestClient:
    app = create_app(engine or fakes.engine(fakes.small_bank()), Hosts(8000, **options))
    return TestClient(app, base_url=BASE, headers={"Origin": BASE}, raise_server_exceptions=False)


def token(page: str) -> str:
    return re.findall(r'name="form_token" value="([^"]+)"', page)[0]


def check(client: TestClient, text: str, question: str = "rude-customer", **fields: str) -> Any:
    page = client.get(f"/check/{question}")
    return client.post(f"/check/{question}", data={"form_token": token(page.text), "answer": text, **fields})


def upload(client: TestClient, name: str, content: bytes | str) -> Any:
    content = content.encode() if isinstance(content, str) else content
    fields = {"form_token": token(client.get("/batch").text)}
    return client.post("/batch", data=fields, files={"file": (name, content)})


def score(client: TestClient, page: Any, **fields: str) -> Any:
    started = client.post(str(page.url), data={"form_token": token(page.text), **fields})
    for _ in range(200):
        if client.get(f"{page.url}/progress").json()["state"] != "scoring":
            return client.get(str(page.url))
        time.sleep(0.02)
    raise AssertionError(started.text)


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


# --- self-check ---------------------------------------------------------------------------------------------------


def test_a_candidate_answers_reads_tries_again_and_downloads(client: TestClient) -> None:
    assert "How do you handle a rude customer?" in client.get("/check").text
    first = check(client, "I listen until the customer has finished talking.")
    assert (first.status_code, first.url.path) == (200, "/check/rude-customer")
    assert "What to change first" in first.text and "Attempt" not in first.text
    second = check(client, GOOD)
    assert "Feedback on attempt 2" in text_of(second)
    scores = [float(s) for s in re.findall(r"<li>([\d.]+) of 100", second.text)]
    assert len(scores) == 2 and scores[0] != scores[1]
    report = client.get("/check/rude-customer/report")
    assert "attachment" in report.headers["content-disposition"]
    assert report.text.startswith("<!DOCTYPE html>") and "breathing slow" in report.text
    check(client, "I want to learn from your pharmacist.", "own-question")
    both = client.get("/check/report").text
    assert "breathing slow" in both and "learn from your pharmacist" in both


@pytest.mark.parametrize("path", ["/check/report", "/check/rude-customer/report"])
def test_a_report_of_nothing_leads_to_the_questions(client: TestClient, path: str) -> None:
    assert client.get(path).url.path == "/check"


def test_model_answers_are_shown_only_when_asked_for(client: TestClient) -> None:
    assert "Together we look up options" not in check(client, "I listen to them.").text
    asked = check(client, "I listen to them.", with_model_answers="1")
    assert "Together we look up options" in asked.text
    assert "Together we look up options" in client.get("/check/rude-customer/report?models=1").text
    assert "Together we look up options" not in client.get("/check/rude-customer/report").text


def test_an_empty_answer_is_asked_for_again_and_does_not_count(client: TestClient) -> None:
    page = check(client, "  \n")
    assert page.status_code == 422 and "Write an answer first." in page.text
    assert "Feedback" not in text_of(client.get("/check/rude-customer"))


def test_an_answer_in_another_language_gets_its_reason(client: TestClient) -> None:
    page = check(client, "Escucho al cliente con paciencia y le pido disculpas por la espera, siempre con calma.")
    assert "Not scored" in page.text and "not in English" in page.text


def test_what_a_candidate_writes_is_escaped(client: TestClient) -> None:
    page = check(client, "</textarea><script>alert(1)</script> I listen \u202e until the customer is done.")
    assert "<script>alert" not in page.text and "&lt;script&gt;" in page.text
    assert "[U+202E]" in page.text


def test_a_form_of_a_forgotten_session_keeps_the_text(client: TestClient) -> None:
    page = client.get("/check/rude-customer")
    client.cookies.clear()
    again = client.post("/check/rude-customer", data={"form_token": token(page.text), "answer": GOOD})
    assert again.status_code == 403 and "still here" in again.text and GOOD in again.text
    sent = client.post("/check/rude-customer", data={"form_token": token(again.text), "answer": GOOD})
    assert sent.status_code == 200 and "Feedback" in text_of(sent)


def test_visitors_do_not_see_each_other(client: TestClient) -> None:
    check(client, GOOD)
    mine = dict(client.cookies)
    client.cookies.clear()
    assert "breathing" not in client.get("/check/rude-customer").text
    client.cookies.clear()
    client.cookies.update(mine)
    assert "breathing" in client.get("/check/rude-customer").text


def test_forgetting_removes_attempts_and_files(client: TestClient, folders: Path) -> None:
    check(client, GOOD)
    upload(client, "a.csv", LONG)
    assert list(folders.iterdir())
    client.post("/forget", data={"form_token": token(client.get("/").text)})
    assert "breathing" not in client.get("/check/rude-customer").text
    assert not list(folders.iterdir()) and "a.csv" not in client.get("/batch").text


# --- batch --------------------------------------------------------------------------------------------------------


def test_a_recruiter_uploads_checks_scores_and_downloads(client: TestClient, folders: Path) -> None:
    page = upload(client, "May <i>.csv", LONG)
    assert "4 answers of 4 candidates, one answer a row" in text_of(page)
    assert "no-such" in page.text and "Not in the bank" in page.text and "<i>" not in page.text
    done = score(client, page)
    assert re.search(r"answers scored</dt><dd>2<", done.text) and re.search(r"not scored</dt><dd>2<", done.text)
    assert "no answer to read" in done.text
    assert not list(folders.rglob("*May*")), "the upload is deleted once it has been scored"
    overview = client.get(f"{done.url}/files/index.html")
    assert "Interview results" in overview.text or "<h1" in overview.text
    person = re.findall(r'href="\./(b-[^"#]+)', overview.text)[0]
    assert "&lt;b&gt;" in client.get(f"{done.url}/files/{person}").text
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{done.url}/files/reports.zip").content))
    assert archive.testzip() is None
    assert {"reports/index.html", "reports/results.jsonl", "reports/results.xlsx", f"reports/{person}"} <= set(
        archive.namelist()
    )
    assert archive.read("reports/index.html").decode() == overview.text
    assert client.get(f"{done.url}/files/results.csv").text.count("\n") == 5
    deleted = client.post(f"{done.url}/delete", data={"form_token": token(done.text)})
    assert deleted.url.path == "/batch" and not list(folders.iterdir())
    assert client.get(str(done.url)).status_code == 404


def test_columns_of_a_form_export_are_shown_and_can_be_changed(client: TestClient) -> None:
    page = upload(client, "form.csv", WIDE)
    assert "1 answer of 1 candidate, one person a row" in text_of(page)
    assert re.search(r'<select id="column-3".*?value="rude-customer" selected', page.text, re.DOTALL)
    look = {"column-2": "own-question", "column-3": "rude-customer", "look": "1"}
    looked = client.post(str(page.url), data={"form_token": token(page.text), **look})
    assert "2 answers of 1 candidate" in text_of(looked)
    done = score(client, looked, **{"column-2": "own-question", "column-3": ""})
    assert re.search(r"answers scored</dt><dd>1<", done.text)
    results = client.get(f"{done.url}/files/results.jsonl").text
    assert '"own-question"' in results and '"rude-customer"' not in results


def test_of_two_columns_with_one_header_one_can_be_kept(client: TestClient) -> None:
    page = upload(client, "form.csv", f'candidate_id,rude-customer,rude-customer\nx,"{GOOD}",I argue.\n')
    assert "the same question" in page.text and "--map" not in page.text
    done = score(client, page, **{"column-2": "rude-customer", "column-3": ""})
    assert re.search(r"answers scored</dt><dd>1<", done.text)
    results = client.get(f"{done.url}/files/results.jsonl").text.splitlines()
    assert json.loads(results[-1])["answer"] == GOOD


@pytest.mark.parametrize("name", ["reports", ".reports", "reports.zip"])
def test_an_upload_may_be_called_as_the_reports_are(client: TestClient, name: str) -> None:
    page = upload(client, name, LONG)
    if page.status_code == 200:
        assert re.search(r"answers scored</dt><dd>2<", score(client, page).text)
    else:
        assert name == "reports.zip"


def test_a_file_whose_columns_mean_nothing_can_be_mapped(client: TestClient) -> None:
    page = upload(client, "odd.csv", f'who,said\nx,"{GOOD}"\n')
    assert page.status_code == 200 and "no column" in page.text and "--map" not in page.text
    refused = client.post(str(page.url), data={"form_token": token(page.text), "column-1": "", "column-2": ""})
    assert refused.status_code == 422 and "no column" in refused.text
    done = score(client, refused, **{"column-2": "rude-customer"})
    assert re.search(r"answers scored</dt><dd>1<", done.text)


def test_a_workbook_of_two_hundred_answers(client: TestClient) -> None:
    book = Workbook()
    book.active.append(["candidate_id", "question_id", "answer"])
    for number in range(200):
        book.active.append([f"c{number}", "rude-customer", f"{GOOD} I am number {number}."])
    buffer = io.BytesIO()
    book.save(buffer)
    page = upload(client, "answers.xlsx", buffer.getvalue())
    assert "200 answers of 200 candidates" in text_of(page)
    assert re.search(r"answers scored</dt><dd>200<", score(client, page).text)


def test_the_sample_answers_need_no_file(client: TestClient) -> None:
    page = client.post("/batch", data={"form_token": token(client.get("/batch").text), "sample": "1"})
    assert "72 answers of 6 candidates" in text_of(page)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "not empty"),
        ("answers.pdf", b"%PDF-1.4", "cannot be read"),
        ("answers.xlsx", b"PK\x03\x04 broken", "damaged"),
        ("answers.csv", b"PK\x03\x04 broken", "not text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_removed(
    client: TestClient, folders: Path, name: str, content: bytes, says: str
) -> None:
    page = upload(client, name, content)
    assert page.status_code == 422 and says in page.text
    assert not list(folders.iterdir())


def test_a_fourth_batch_needs_room(client: TestClient, folders: Path) -> None:
    for _ in range(sessions.MAX_BATCHES):
        assert upload(client, "a.csv", LONG).status_code == 200
    assert upload(client, "a.csv", LONG).status_code == 409
    assert len(list(folders.iterdir())) == sessions.MAX_BATCHES


def test_all_visitors_together_fill_no_disk(client: TestClient, folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_BATCHES_OF_ALL", 1)
    assert upload(client, "a.csv", LONG).status_code == 200
    client.cookies.clear()
    refused = upload(client, "a.csv", LONG)
    assert refused.status_code == 503 and "no room" in refused.text
    assert len(list(folders.iterdir())) == 1


def test_a_batch_that_is_too_long_for_the_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_ANSWERS", 3)
    page = upload(client, "a.csv", LONG)
    assert "more than 3 answers" in page.text and "evaluator score" in page.text
    assert client.post(str(page.url), data={"form_token": token(page.text)}).status_code == 422


def test_columns_that_are_left_out_take_nobodys_place(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_ANSWERS", 3)
    rows = "".join(f'c{n},"{GOOD}","{GOOD}"\n' for n in range(3))
    page = upload(client, "form.csv", f"candidate_id,rude-customer,own-question\n{rows}")
    assert "more than 3 answers" in page.text
    look = {"column-2": "rude-customer", "column-3": "", "look": "1"}
    looked = client.post(str(page.url), data={"form_token": token(page.text), **look})
    assert "3 answers of 3 candidates" in text_of(looked)


def test_the_folder_of_an_upload_is_private(client: TestClient, folders: Path) -> None:
    upload(client, "../../a.csv", LONG)
    (folder,) = folders.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["../a.csv", "..%2f..%2fa.csv", "nothing.html", "/etc/passwd"])
def test_only_files_of_the_report_set_are_served(client: TestClient, name: str) -> None:
    done = score(client, upload(client, "a.csv", LONG))
    assert client.get(f"{done.url}/files/{name}").status_code == 404


def test_everything_is_gone_after_shutdown(folders: Path) -> None:
    with new_client() as client:
        upload(client, "a.csv", LONG)
        score(client, upload(client, "b.csv", LONG))
        assert len(list(folders.iterdir())) == 2
    assert not list(folders.iterdir())


def test_a_session_that_nobody_uses_is_forgotten(folders: Path) -> None:
    now = [0.0]
    store = Sessions(clock=lambda: now[0])
    session = store.start()
    batch = batches.Batch.create("a.csv", LONG.encode())
    session.batches[batch.id] = batch
    now[0] = sessions.IDLE_SECONDS - 1
    assert store.find(session.id) is session
    now[0] = 2 * sessions.IDLE_SECONDS - 2
    batch.state = "scoring"
    now[0] += 10_000
    assert len(store) == 1 and store.find("other") is None and len(store) == 1, "not while it is being scored"
    batch.state = "done"
    assert store.find(session.id) is None and len(store) == 0
    assert not list(folders.iterdir())


def test_full_of_sessions_the_empty_ones_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)
    store = Sessions()
    kept, empty = store.start(), store.start()
    kept.attempts["x"] = []
    third = store.start()
    assert store.find(kept.id) is kept and store.find(empty.id) is None
    third.attempts["x"] = []
    with pytest.raises(BusyError, match="Too many people"):
        store.start()


# --- guard --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("127.0.0.1:8001", 421),
        ("127.0.0.1", 421),
        ("evil.example:8000", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("a@127.0.0.1:8000", 421),
        ("192.168.1.5:8000", 421),
        ("", 421),
        ("[::1:8000", 421),
    ],
)
def test_only_its_own_name_is_answered(client: TestClient, host: str, status: int) -> None:
    assert client.get("/", headers={"Host": host}).status_code == status


def test_on_a_network_addresses_are_believed_and_names_are_not() -> None:
    hosts = Hosts(8000, network=True, name="Desk.local")
    assert [hosts.accept(f"{name}:8000") for name in ("192.168.1.5", "[fe80::1]", "desk.local", "evil.example")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forms_of_other_pages_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    fields = {"form_token": token(client.get("/check/rude-customer").text), "answer": GOOD}
    assert client.post("/check/rude-customer", data=fields, headers=headers).status_code == 403
    assert client.post("/check/rude-customer", data=fields).status_code == 200


@pytest.mark.parametrize("path", ["/forget", "/check/rude-customer", "/batch", "BATCH", "BATCH/delete"])
@pytest.mark.parametrize("wrong", ["", "x" * 43, None])
def test_forms_without_the_token_are_refused(client: TestClient, path: str, wrong: str | None) -> None:
    page = upload(client, "a.csv", LONG)
    path = path.replace("BATCH", page.url.path)
    fields = {"answer": GOOD} | ({} if wrong is None else {"form_token": wrong})
    assert client.post(path, data=fields).status_code == 403
    assert client.get(str(page.url)).status_code == 200


def test_headers_of_every_answer(client: TestClient) -> None:
    done = score(client, upload(client, "a.csv", LONG))
    paths = ["/", "/nothing", "/static/serve.js", "/static/report.css", "/favicon.ico"]
    paths += [f"{done.url.path}/files/{name}" for name in ("index.html", "results.xlsx", "reports.zip")]
    for path in paths:
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
    cookie = client.get("/", headers={"Cookie": ""}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_the_policy_of_a_report_holds_the_hash_of_its_own_style_and_script() -> None:
    result = fakes.engine(fakes.small_bank()).evaluate_one("rude-customer", f"{GOOD} <style>a</style></head>")
    for html in (render_candidate_html([result], title_id="x"), render_index_html([result], links={})):
        policy = report_policy(html)
        styles = len(re.findall(r"<style>", html))
        assert styles and policy.count("'sha256-") >= styles and "unsafe" not in policy
    head = """<head><meta http-equiv="Content-Security-Policy" content="script-src 'sha256-AAAA='; style-src 'unsafe-inline'">"""
    assert "script-src 'sha256-AAAA='" in report_policy(f"{head}</head>")
    assert "script-src" not in report_policy(f"<head></head>{head}")


def test_the_body_of_a_report_is_what_stands_in_its_main_part() -> None:
    result = fakes.engine(fakes.small_bank()).evaluate_one("rude-customer", f"{GOOD} </main><main id='main'>")
    body = report_body(render_candidate_html([result], title_id="x"))
    assert "&lt;/main&gt;" in body and "Key points" in body
    assert "<main" not in body and "</main" not in body and "<footer" not in body


@pytest.mark.parametrize("declared", [True, False])
def test_bodies_that_are_too_large_are_refused(
    client: TestClient, folders: Path, monkeypatch: pytest.MonkeyPatch, declared: bool
) -> None:
    monkeypatch.setattr(guard, "MAX_FORM_BYTES", 5_000)
    monkeypatch.setattr(guard, "MAX_UPLOAD_BYTES", 50_000)
    form_token = token(client.get("/check/rude-customer").text)
    body = f"form_token={form_token}&answer=".encode() + b"a" * 6_000

    def pieces() -> Iterator[bytes]:
        yield body[:3_000]
        yield body[3_000:]

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    page = client.post("/check/rude-customer", content=body if declared else pieces(), headers=headers)
    assert page.status_code == 413 and "larger than" in page.text
    page = upload(client, "a.csv", LONG + "x" * 60_000)
    assert page.status_code == 413 and not list(folders.iterdir())
    assert upload(client, "a.csv", LONG + "e,rude-customer,x,y\n" * 500).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/check/no-such", 404),
        ("GET", "/batch/no-such", 404),
        ("GET", "/static/..%2fapp.py", 404),
        ("PUT", "/check", 405),
        ("GET", "/forget", 405),
    ],
)
def test_errors_have_pages(client: TestClient, method: str, path: str, status: int) -> None:
    page = client.request(method, path)
    assert page.status_code == status
    assert '<p class="problem"' in page.text and "Go to the start" in page.text


class Failing:
    """An engine whose models break down and say over what."""

    def __init__(self) -> None:
        self._engine = fakes.engine(fakes.small_bank())
        self.bank = self._engine.bank
        self.vectors = self._engine.vectors

    def evaluate_one(self, question_id: str, text: str, name: str) -> None:
        raise ValueError(f"cannot read {text}")

    def evaluate(self, answers: Any) -> None:
        raise ValueError(f"cannot read {list(answers)}")


def test_no_text_of_a_candidate_reaches_a_log_or_a_stream(
    folders: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with new_client(Failing()) as client:
        page = check(client, f"I listen. {SECRET}")
        assert page.status_code == 500 and "fault of the program" in page.text and SECRET not in page.text
        failed = score(client, upload(client, "a.csv", LONG.replace("low", SECRET)))
        assert "fault of the program" in failed.text
    with new_client() as client:
        check(client, f"I listen. {SECRET}")
        upload(client, "bad.csv", f"who,{SECRET}\n1,{SECRET}\n")
    out, err = capfd.readouterr()
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert next(record.getMessage() for record in ours if record.name == "evaluator.web").startswith("ValueError at ")
    assert SECRET not in out + err + "".join(record.getMessage() for record in ours)


# --- many at once -------------------------------------------------------------------------------------------------


def test_a_full_queue_says_so_and_keeps_the_text(client: TestClient) -> None:
    service = client.app._app.state.service
    service.worker.waiting = 1_000
    page = check(client, GOOD)
    assert page.status_code == 503 and "Wait a minute" in page.text and GOOD in page.text


@contextmanager
def serving(engine: Any) -> Iterator[tuple[str, Worker]]:
    """Yield the address of a real server, warm, and what runs its models."""
    opened = open_socket("127.0.0.1", 0)
    server = create_server(engine, opened, name="127.0.0.1", started=lambda: None)
    worker = server.config.app._app.state.service.worker  # type: ignore[union-attr]
    thread = Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started and worker.waiting == 0)
    yield address(opened).rstrip("/"), worker
    server.should_exit = True
    thread.join(10)


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def live(folders: Path) -> Iterator[str]:
    """The address of a real server."""
    with serving(fakes.engine(fakes.small_bank())) as (site, _):
        yield site


def visitor_of(site: str) -> httpx2.Client:
    # A new connection for every request: on a busy machine the server closes an idle one while it is used again.
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.Client(
        base_url=site, headers={"Origin": site}, follow_redirects=True, timeout=PATIENCE, limits=limits
    )


def test_twenty_people_at_once_while_a_batch_is_scored(live: str, caplog: pytest.LogCaptureFixture) -> None:
    def one(number: int) -> tuple[int, bool]:
        with visitor_of(live) as visitor:
            page = visitor.get("/check/rude-customer")
            fields = {"form_token": token(page.text), "answer": f"{GOOD} I am number {number}."}
            answer = visitor.post("/check/rude-customer", data=fields)
            others = [f"number {other}." in answer.text for other in range(20) if other != number]
            return answer.status_code, f"number {number}." in answer.text and not any(others)

    rows = "".join(f'c{n},rude-customer,"{GOOD}"\n' for n in range(300))
    with visitor_of(live) as recruiter:
        fields = {"form_token": token(recruiter.get("/batch").text)}
        files = {"file": ("a.csv", f"candidate_id,question_id,answer\n{rows}".encode())}
        page = recruiter.post("/batch", data=fields, files=files)
        recruiter.post(str(page.url), data=fields)
        with ThreadPoolExecutor(20) as crowd:
            answers = list(crowd.map(one, range(20)))
        assert answers == [(200, True)] * 20
        for _ in range(600):
            state = recruiter.get(f"{page.url}/progress").json()
            if state["state"] != "scoring":
                break
            time.sleep(0.05)
        assert state == {"state": "done", "done": 300, "total": 300}
    assert not [record for record in caplog.records if record.name.startswith(("uvicorn", "evaluator"))]


def test_twenty_people_check_and_score_at_once_and_see_their_own(live: str) -> None:
    together = Barrier(20)

    def one(number: int) -> tuple[str, list[str]]:
        mine = f"I am number {number}."
        rows = "".join(f'person{number}-{n},rude-customer,"{GOOD} {mine}"\n' for n in range(12))
        with visitor_of(live) as visitor:
            form_token = token(visitor.get("/check/rude-customer").text)
            together.wait()
            seen = [visitor.post("/check/rude-customer", data={"form_token": form_token, "answer": f"{GOOD} {mine}"})]
            seen.append(upload(visitor, f"{number}.csv", f"candidate_id,question_id,answer\n{rows}"))
            batch = str(seen[-1].url)
            visitor.post(batch, data={"form_token": form_token})
            wait_until(lambda: visitor.get(f"{batch}/progress").json()["state"] != "scoring")
            paths = ("", "/files/index.html", "/files/results.jsonl", f"/files/{page_name(f'person{number}-3')}.html")
            seen += [visitor.get(batch + path) for path in paths]
            seen += [visitor.get("/check/report"), visitor.get("/batch")]
            assert [page.status_code for page in seen] == [200] * len(seen), number
            assert all(mine in seen[place].text for place in (0, 4, 5, 6)), number
            return batch, [page.text for page in seen]

    with ThreadPoolExecutor(20) as crowd:
        visits = list(crowd.map(one, range(20)))
    for number, (_, pages) in enumerate(visits):
        others = [n for n in range(20) if n != number]
        assert not [
            n
            for n in others
            for page in pages
            if f"number {n}." in page or f"person{n}-" in page or f">{n}.csv" in page
        ]
    with visitor_of(live) as stranger:
        for batch, _ in visits:
            assert stranger.get(batch).status_code == 404
            assert stranger.get(f"{batch}/files/results.jsonl").status_code == 404


class Gated:
    """An engine that judges nothing before its gate is open."""

    def __init__(self) -> None:
        self._engine = fakes.engine(fakes.small_bank())
        self.bank, self.vectors, self.gate = self._engine.bank, self._engine.vectors, Event()

    def evaluate_one(self, question_id: str, text: str, name: str) -> Result:
        assert self.gate.wait(PATIENCE)
        return self._engine.evaluate_one(question_id, text, name)


def test_whoever_finds_the_queue_full_is_told_keeps_the_text_and_succeeds_later(folders: Path) -> None:
    engine, refused = Gated(), Semaphore(0)
    with serving(engine) as (site, worker):
        worker._max_waiting = 5

        def one(number: int) -> list[int]:
            words = f"{GOOD} I am number {number}."
            with visitor_of(site) as visitor:
                fields = {"form_token": token(visitor.get("/check/rude-customer").text), "answer": words}
                pages = [visitor.post("/check/rude-customer", data=fields)]
                if pages[0].status_code == 503:
                    refused.release()
                    assert "Wait a minute and send it again." in pages[0].text and words in pages[0].text
                    assert engine.gate.wait(PATIENCE)
                while pages[-1].status_code == 503 and len(pages) < 500:
                    time.sleep(0.05)
                    pages.append(visitor.post("/check/rude-customer", data=fields))
                assert words in pages[-1].text
                return [page.status_code for page in pages]

        with ThreadPoolExecutor(20) as crowd:
            visits = [crowd.submit(one, number) for number in range(20)]
            assert all(refused.acquire(timeout=PATIENCE) for _ in range(15)), "fifteen find it full"
            assert worker.waiting == 5
            engine.gate.set()
            statuses = [visit.result() for visit in visits]
    assert sum(own == [200] for own in statuses) == 5
    assert all(own[-1] == 200 and set(own[:-1]) <= {503} for own in statuses)


# --- command ------------------------------------------------------------------------------------------------------


def test_another_host_needs_to_be_meant() -> None:
    result = CliRunner().invoke(main, ["serve", "--host", "0.0.0.0"])
    assert result.exit_code == 2
    assert "--open-to-network" in result.stderr and "no password" in result.stderr


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "evaluator.web.server")
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 1
    assert "uvicorn" in result.stderr and "[web]" in result.stderr and "Traceback" not in result.output


def test_a_port_in_use_is_said_before_any_model_is_loaded() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", "--port", str(port)])
        assert result.exit_code == 1 and "Choose another port" in result.stderr and "Loading" not in result.stderr
        with pytest.raises(EvaluatorError, match="cannot be opened"):
            open_socket("127.0.0.1", port)


def test_serve_starts_says_where_and_opens_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("evaluator.loading.load_engine", lambda *_, **__: fakes.engine(fakes.small_bank()))
    monkeypatch.setattr("click.launch", opened.append)
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: self._tell())
    for option, expected in ((["--no-browser"], 0), ([], 1)):
        result = CliRunner().invoke(main, ["serve", "--port", "0", *option])
        assert result.exit_code == 0, result.output
        assert re.search(r"Open http://127\.0\.0\.1:\d+/ in a browser", result.stderr)
        assert len(opened) == expected

"""A batch: upload a file, check its columns, watch the progress, see the overview, download everything."""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from evaluator.report.wording import UNSCORED_TITLES
from evaluator.samples import sample_answers_path
from evaluator.web.batches import ARCHIVE, Batch
from evaluator.web.guard import MAX_UPLOAD_BYTES
from evaluator.web.pages import render, report_page
from evaluator.web.service import Service, checked_form, service_of, session_of, with_cookie
from evaluator.web.sessions import MAX_BATCHES, Session

UPLOAD_PATH = "/batch"

SHOWN_ROWS = 50
"""Rows that could not be scored and are named on the page; the reports name all of them."""


async def list_batches(request: Request) -> Response:
    """Show the form for a file and the batches of this session."""
    return with_cookie(request, _upload_page(request))


async def upload(request: Request) -> Response:
    """Take a file, or the shipped sample answers, and read its columns."""
    session = session_of(request)
    async with request.form(max_files=1, max_fields=10) as form:
        if not session.accepts(form.get("form_token")):
            problem = "This page was open for too long. Choose the file once more."
            return with_cookie(request, _upload_page(request, problem, HTTPStatus.FORBIDDEN))
        name, content = await _uploaded(form)
    if len(session.batches) >= MAX_BATCHES:
        problem = f"There are {MAX_BATCHES} batches already. Delete one first."
        return _upload_page(request, problem, HTTPStatus.CONFLICT)
    if not service_of(request).sessions.have_room:
        problem = "Others have uploaded so many batches that there is no room for one more. Try again in an hour."
        return _upload_page(request, problem, HTTPStatus.SERVICE_UNAVAILABLE)
    if not content:
        return _upload_page(request, "Choose a file that is not empty.", HTTPStatus.UNPROCESSABLE_ENTITY)
    batch = Batch.create(name, content)
    batch.reading = await asyncio.to_thread(batch.read, service_of(request).engine.bank)
    if batch.reading.problem and not batch.reading.columns:
        batch.delete()
        return _upload_page(request, batch.reading.problem, HTTPStatus.UNPROCESSABLE_ENTITY)
    session.batches[batch.id] = batch
    return RedirectResponse(f"/batch/{batch.id}", HTTPStatus.SEE_OTHER)


async def show_batch(request: Request) -> Response:
    """Show where a batch is: its columns, its progress, its reports, or why it failed."""
    return _batch_page(request, _batch(request))


async def start(request: Request) -> Response:
    """Read a batch with the chosen columns; score it unless only a look was asked for."""
    service, session, batch = service_of(request), session_of(request), _batch(request)
    form = await checked_form(request)
    if batch.state != "uploaded" or batch.reading is None:
        return RedirectResponse(f"/batch/{batch.id}", HTTPStatus.SEE_OTHER)
    chosen = {column.key: str(form.get(f"column-{i}", "")) for i, column in enumerate(batch.reading.columns, start=1)}
    by_header = batch.reading.shape == "long" and not any(chosen.values())
    batch.reading = await asyncio.to_thread(batch.read, service.engine.bank, None if by_header else chosen)
    if batch.reading.problem:
        return _batch_page(request, batch, HTTPStatus.UNPROCESSABLE_ENTITY)
    if "look" not in form and batch.state == "uploaded":
        batch.state = "scoring"
        batch.task = asyncio.create_task(_score(service, session, batch))
    return RedirectResponse(f"/batch/{batch.id}", HTTPStatus.SEE_OTHER)


async def progress(request: Request) -> Response:
    """Say how far the scoring is, for the script of the page."""
    batch = _batch(request)
    return JSONResponse({"state": batch.state, "done": batch.done, "total": batch.total})


async def show_file(request: Request) -> Response:
    """Show a page of the report set, or send a file of it."""
    batch, name = _batch(request), request.path_params["name"]
    path = batch.files.get(name)
    if path is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file in this batch.")
    if name.endswith(".html"):
        return report_page(await asyncio.to_thread(path.read_text, encoding="utf-8"))
    return FileResponse(path, filename=name)


async def delete(request: Request) -> Response:
    """Delete a batch with its file and its reports."""
    batch = _batch(request)
    await checked_form(request)
    del session_of(request).batches[batch.id]
    await asyncio.to_thread(batch.delete) if batch.task is None else batch.delete()
    return RedirectResponse("/batch", HTTPStatus.SEE_OTHER)


ROUTES = [
    Route(UPLOAD_PATH, list_batches),
    Route(UPLOAD_PATH, upload, methods=["POST"]),
    Route("/batch/{batch_id}", show_batch),
    Route("/batch/{batch_id}", start, methods=["POST"]),
    Route("/batch/{batch_id}/progress", progress),
    Route("/batch/{batch_id}/delete", delete, methods=["POST"]),
    Route("/batch/{batch_id}/files/{name:path}", show_file),
]


async def _uploaded(form: FormData) -> tuple[str, bytes]:
    if "sample" in form:
        path = sample_answers_path()
        return "sample answers.csv", await asyncio.to_thread(path.read_bytes)
    file = form.get("file")
    return (file.filename or "", await file.read()) if isinstance(file, UploadFile) else ("", b"")


async def _score(service: Service, session: Session, batch: Batch) -> None:
    await batch.score(service.engine, service.worker)
    service.sessions.touch(session)


def _batch(request: Request) -> Batch:
    batch = session_of(request).batches.get(request.path_params["batch_id"])
    if batch is None:
        problem = "There is no such batch. It may have been deleted after an hour without use. Upload the file again."
        raise HTTPException(HTTPStatus.NOT_FOUND, problem)
    return batch


def _upload_page(request: Request, problem: str = "", status: int = HTTPStatus.OK) -> HTMLResponse:
    return render("upload.html.j2", status, session=session_of(request), problem=problem, max_bytes=MAX_UPLOAD_BYTES)


def _batch_page(request: Request, batch: Batch, status: int = HTTPStatus.OK) -> HTMLResponse:
    page = partial(render, status=status, session=session_of(request), batch=batch)
    bank = service_of(request).engine.bank
    if batch.state == "uploaded":
        known = {question.id: question.text for question in bank.questions}
        return page("columns.html.j2", questions=bank.questions, known=known)
    if batch.state == "done":
        unscored = [(r.answer, r.unscored, UNSCORED_TITLES[r.unscored.reason]) for r in batch.results if r.unscored]
        return page(
            "done.html.j2",
            archive=ARCHIVE,
            scored=len(batch.results) - len(unscored),
            review=sum(result.needs_review for result in batch.results if not result.unscored),
            unscored=unscored[:SHOWN_ROWS],
            hidden=max(0, len(unscored) - SHOWN_ROWS),
        )
    return page("progress.html.j2")

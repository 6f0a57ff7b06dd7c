"""The self-check: pick a question, write an answer, read the feedback, try again, keep the report."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from evaluator.domain import Question, Result, UnscoredReason
from evaluator.report import render_candidate_html
from evaluator.report.wording import level_word
from evaluator.web.pages import render, report_body
from evaluator.web.service import service_of, session_of, with_cookie
from evaluator.web.worker import BusyError

NAME = "Self-check"
STALE_ANSWER = "This page was open for so long that it had been forgotten. Your answer is still here: send it again."


async def list_questions(request: Request) -> Response:
    """Show the questions, with the best score of this session."""
    service, session = service_of(request), session_of(request)
    rows = [(question, _best(session.attempts.get(question.id, []))) for question in service.engine.bank.questions]
    page = render("questions.html.j2", session=session, rows=rows)
    return with_cookie(request, page)


async def show_question(request: Request) -> Response:
    """Show a question, the form for an answer, and the feedback on the last attempt."""
    question = service_of(request).question(request)
    return with_cookie(request, _page(request, question, with_models="models" in request.query_params))


async def check_answer(request: Request) -> Response:
    """Judge an answer and show the feedback."""
    service, session = service_of(request), session_of(request)
    question = service.question(request)
    form = await request.form(max_files=0)
    text, with_models = str(form.get("answer", "")), "with_model_answers" in form
    show = partial(_page, request, question, text=text, with_models=with_models)
    if not session.accepts(form.get("form_token")):
        return with_cookie(request, show(problem=STALE_ANSWER, status=HTTPStatus.FORBIDDEN))
    try:
        result = await service.worker.run(partial(service.engine.evaluate_one, question.id, text, NAME))
    except BusyError as error:
        return show(problem=str(error), status=HTTPStatus.SERVICE_UNAVAILABLE)
    if result.unscored and result.unscored.reason is UnscoredReason.EMPTY:
        return show(problem="Write an answer first.", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    session.add_attempt(result)
    models = "?models=1" if with_models else ""
    return RedirectResponse(f"/check/{question.id}{models}#feedback", HTTPStatus.SEE_OTHER)


async def download_report(request: Request) -> Response:
    """Send the last attempt at one question, or at every question of this session, as a report."""
    session = session_of(request)
    question_id = request.path_params.get("question_id")
    last = [attempts[-1] for name, attempts in session.attempts.items() if question_id in (None, name)]
    if not last:
        return with_cookie(request, RedirectResponse("/check", HTTPStatus.SEE_OTHER))
    html = render_candidate_html(
        last, audience="candidate", with_model_answers="models" in request.query_params, title_id=NAME
    )
    name = f"self-check-{question_id}.html" if question_id else "self-check.html"
    return Response(html, media_type="text/html", headers={"Content-Disposition": f'attachment; filename="{name}"'})


ROUTES = [
    Route("/check", list_questions),
    Route("/check/report", download_report),
    Route("/check/{question_id}", show_question),
    Route("/check/{question_id}", check_answer, methods=["POST"]),
    Route("/check/{question_id}/report", download_report),
]


def _page(
    request: Request,
    question: Question,
    *,
    with_models: bool,
    text: str | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    session, questions = session_of(request), service_of(request).engine.bank.questions
    attempts = session.attempts.get(question.id, [])
    following = questions[(questions.index(question) + 1) % len(questions)]
    feedback = ""
    if attempts and not problem:
        html = render_candidate_html(attempts[-1:], audience="candidate", with_model_answers=with_models, title_id=NAME)
        feedback = report_body(html)
    if text is None:
        text = attempts[-1].answer.text if attempts else ""
    return render(
        "question.html.j2",
        status,
        session=session,
        question=question,
        following=following,
        text=text,
        problem=problem,
        attempts=[_attempt(result) for result in attempts],
        feedback=feedback,
        with_models=with_models,
    )


def _attempt(result: Result) -> str:
    if result.score is None or result.level is None:
        return "not scored"
    word = level_word(result.level, "candidate")
    return f"{result.score:.1f} of 100, level {result.level} ({word})"


def _best(attempts: list[Result]) -> str:
    scored = [result for result in attempts if result.score is not None]
    return _attempt(max(scored, key=lambda result: result.score or 0.0)) if scored else ""

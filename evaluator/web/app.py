"""Puts the pages together: routes, errors, what happens at the start and at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from evaluator.engine import Engine
from evaluator.errors import EvaluatorError
from evaluator.web import candidate, recruiter
from evaluator.web.guard import Guard, Hosts
from evaluator.web.pages import HERE, error_page, render, report_style
from evaluator.web.service import Service, checked_form, session_of, with_cookie
from evaluator.web.worker import BusyError

SWEEP_SECONDS = 60.0

ASSETS = {"serve.js": "text/javascript", "serve.css": "text/css", "report.css": "text/css", "icon.svg": "image/svg+xml"}


def create_app(engine: Engine, hosts: Hosts) -> ASGIApp:
    """Return the application, guarded. It holds everything in memory and in private folders until it shuts down."""
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/forget", forget, methods=["POST"]),
            Route("/static/{name}", asset),
            Route("/favicon.ico", asset),  # what browsers ask for where a report names no icon
            *candidate.ROUTES,
            *recruiter.ROUTES,
        ],
        exception_handlers={HTTPException: _on_refusal, EvaluatorError: _on_problem, Exception: _on_fault},
        lifespan=_lifespan,
    )
    app.state.service = Service(engine, hosts.port)
    return Guard(app, hosts, error_page, frozenset({recruiter.UPLOAD_PATH}))


async def home(request: Request) -> Response:
    """Show the two ways in."""
    return with_cookie(request, render("home.html.j2", session=session_of(request)))


async def forget(request: Request) -> Response:
    """Delete everything that this visitor wrote or uploaded."""
    await checked_form(request)
    session_of(request).forget()
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


async def asset(request: Request) -> Response:
    """Send the script or a style."""
    name = request.path_params.get("name", "icon.svg")
    if name not in ASSETS:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
    text = report_style() if name == "report.css" else (HERE / "static" / name).read_text(encoding="utf-8")
    return Response(text, media_type=ASSETS[name])


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    service: Service = app.state.service
    tasks = [asyncio.create_task(_sweep(service)), asyncio.create_task(_warm(service))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        service.sessions.close()
        service.worker.close()


async def _sweep(service: Service) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        service.sessions.sweep()


async def _warm(service: Service) -> None:
    """Embed the questions, so that the first visitor does not wait for it."""
    for question in service.engine.bank.questions:
        with suppress(BusyError):
            await service.worker.run(partial(service.engine.vectors, question))


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "There is no such page."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "This address takes no such request."
    return error_page(error.status_code, detail)


async def _on_problem(request: Request, error: Exception) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, BusyError) else HTTPStatus.UNPROCESSABLE_ENTITY
    return error_page(status, str(error))


async def _on_fault(request: Request, error: Exception) -> Response:
    problem = "A fault of the program, not of yours. Go back and try again; if it happens again, report it with its place in the log."
    return error_page(HTTPStatus.INTERNAL_SERVER_ERROR, problem)

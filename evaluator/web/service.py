"""What every page needs at hand: the engine, the worker, the sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from evaluator.domain import Question
from evaluator.engine import Engine
from evaluator.web.sessions import Session, Sessions
from evaluator.web.worker import Worker

COOKIE = "evaluator-session"

STALE = "This page was open for too long. What you sent was not used. Go back to the start and send it again."


@dataclass(frozen=True, slots=True)
class Service:
    """One server."""

    engine: Engine
    port: int
    """Part of the cookie's name: browsers do not tell cookies of two ports apart."""
    worker: Worker = field(default_factory=Worker)
    sessions: Sessions = field(default_factory=Sessions)

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds a session's id."""
        return f"{COOKIE}-{self.port}"

    def question(self, request: Request) -> Question:
        """Return the question that an address names.

        Raises:
            HTTPException: 404, there is none.
        """
        question = self.engine.bank.find(request.path_params["question_id"])
        if question is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such question. Choose one from the list.")
        return question


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    return cast(Service, request.app.state.service)


def session_of(request: Request) -> Session:
    """Return the visitor's session; a new one where the visitor has none, or it was forgotten."""
    if not hasattr(request.state, "session"):
        service = service_of(request)
        request.state.session = service.sessions.find(request.cookies.get(service.cookie)) or service.sessions.start()
    return cast(Session, request.state.session)


def with_cookie(request: Request, response: Response) -> Response:
    """Return the response with the session's cookie, where the visitor does not have it yet."""
    session, name = session_of(request), service_of(request).cookie
    if request.cookies.get(name) != session.id:
        response.set_cookie(name, session.id, httponly=True, samesite="strict")
    return response


async def checked_form(request: Request, *, max_files: int = 0) -> FormData:
    """Return the fields of a form that was made for this session.

    Raises:
        HTTPException: 403, it was made for another one, or one that was forgotten.
    """
    form = await request.form(max_files=max_files, max_fields=2_000)
    if not session_of(request).accepts(form.get("form_token")):
        raise HTTPException(HTTPStatus.FORBIDDEN, STALE)
    return form

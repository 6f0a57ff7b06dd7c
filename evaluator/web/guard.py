"""What stands before every page: who may ask, how much may be sent, and what a browser may do with the answer."""

from __future__ import annotations

import ipaddress
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("evaluator.web")

MAX_UPLOAD_BYTES = 20_000_000
MAX_FORM_BYTES = 1_000_000
"""An answer of the longest length that is judged, every character of it percent-encoded in four bytes, is half of it."""

DRAINED = 4
"""Times the limit that are read and thrown away, so that a browser gets to show why a body was refused."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy of the pages of the server; reports bring their own, stricter in all but their inline style."""

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends `Origin: null` with every form
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}

ErrorPage = Callable[[int, str], Response]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Which names of this server are believed: a page of another site can make a browser ask, but under its own name."""

    port: int
    network: bool = False
    """Whether others may ask over the network; then any address in digits is believed, which no name server can forge."""
    name: str = ""
    """The name that ``--host`` gave, believed on a network."""

    def accept(self, host: str) -> bool:
        """Return whether a ``Host`` header names this server.

        >>> Hosts(8000).accept("127.0.0.1:8000"), Hosts(8000).accept("evil.example:8000"), Hosts(8000).accept("")
        (True, False, False)
        """
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port or parts.path or parts.username is not None:
            return False
        if name in ("localhost", "127.0.0.1", "::1"):
            return True
        return self.network and (name == self.name.lower() or _is_address(name))


class Guard:
    """Wraps the application: refuses strangers and floods, adds headers, and lets no error reach a log with its text."""

    def __init__(self, app: ASGIApp, hosts: Hosts, error_page: ErrorPage, upload_paths: frozenset[str]) -> None:
        """Guard ``app``; ``upload_paths`` take more than a form does."""
        self._app, self._hosts, self._error_page, self._upload_paths = app, hosts, error_page, upload_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        headers = Headers(scope=scope)
        with_headers = _adding_headers(send)
        limit = MAX_UPLOAD_BYTES if scope["path"] in self._upload_paths else MAX_FORM_BYTES
        refusal = self._refusal(scope["method"], headers)
        if refusal is None and _declared_length(headers) > limit:
            await _drain(receive, DRAINED * limit)
            refusal = self._error_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit))
        if refusal is not None:
            await refusal(scope, receive, with_headers)
            return
        try:
            await self._app(scope, _limited(receive, limit), with_headers)
        except Exception as error:
            # The visitor has got the error page already. The message may quote an answer: only its place is logged.
            log.error("%s at %s", type(error).__name__, _place(error))

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._hosts.accept(host):
            return self._error_page(
                HTTPStatus.MISDIRECTED_REQUEST,
                "This page is open under another address. Use the one that the command printed.",
            )
        if method in ("GET", "HEAD"):
            return None
        if headers.get("origin") != f"http://{host}" or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return self._error_page(
                HTTPStatus.FORBIDDEN, "This form was not sent from this page. Open the page and send it again."
            )
        return None


def too_large(limit: int) -> str:
    """Return what to tell someone who sends more than ``limit`` bytes."""
    return f"This is larger than {limit / 1_000_000:g} MB. Send a smaller file, or use the command: evaluator score"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _declared_length(headers: Headers) -> int:
    value = headers.get("content-length", "0")
    return int(value) if value.isdecimal() else 0


def _adding_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Content-Security-Policy", POLICY)
        await send(message)

    return wrapped


def _limited(receive: Receive, limit: int) -> Receive:
    """Count a body as it comes: its length may not be declared."""
    received = 0

    async def wrapped() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit))
        return message

    return wrapped


async def _drain(receive: Receive, limit: int) -> None:
    received, more = 0, True
    while more and received <= limit:
        message = await receive()
        received += len(message.get("body", b""))
        more = message.get("more_body", False)


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name} line {frame.lineno}"

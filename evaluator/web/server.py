"""Opens the port and runs the server until it is stopped."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import uvicorn

from evaluator.engine import Engine
from evaluator.errors import EvaluatorError
from evaluator.web.app import create_app
from evaluator.web.guard import Hosts

MAX_CONNECTIONS = 256
SHUTDOWN_SECONDS = 5


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach a host.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket bound to a host and a port; port 0 takes any that is free.

    Raises:
        EvaluatorError: the port is taken, or the host is not of this computer.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise EvaluatorError(
            f"{host} port {port} cannot be opened ({error.strerror}). Choose another port, such as --port {port + 1}"
        ) from error
    return opened


def address(opened: socket.socket) -> str:
    """Return the address to open in a browser on this computer."""
    host, port = opened.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # nosec B104  # compares, and shows another address
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def create_server(engine: Engine, opened: socket.socket, *, name: str, started: Callable[[], None]) -> uvicorn.Server:
    """Return a server for an open socket that calls ``started`` once it answers.

    Nothing that a visitor sends is logged: there is no access log, and of errors only the kind and the place.
    """
    host, port = opened.getsockname()[:2]
    hosts = Hosts(port, network=not is_loopback(host), name=name)
    config = uvicorn.Config(
        create_app(engine, hosts),
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return _Server(config, started)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()

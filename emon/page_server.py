"""Where the page is listened for, and by which names a browser may ask for it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from emon.config import Address, Settings
from emon.web.app import create_app
from emon.web.backend import Services


class AddressTaken(Exception):
    """The page's address cannot be listened on."""


class _Server(uvicorn.Server):
    """Signals belong to whoever started the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(services: Services) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(services),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return _Server(config)


def listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as fault:
        listener.close()
        raise AddressTaken(
            f"cannot listen on {address}: {fault.strerror}; set EMON_HTTP_LISTEN to a free address"
        ) from None
    listener.setblocking(False)
    return listener


def bound(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def public_url(settings: Settings, listener: socket.socket) -> str:
    """Where recipients acknowledge; with port 0 the system has chosen one only now."""
    if settings.http_listen.port == 0 and settings.http_public_url == f"http://{settings.http_listen}":
        return f"http://{bound(listener)}"
    return settings.http_public_url


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Names by which a browser may ask: loopback, the listening address and the public URL's host."""
    public = settings.http_public_url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]
    name = public if public.endswith("]") else public.rsplit(":", 1)[0]
    return frozenset({"127.0.0.1", "localhost", "[::1]", name})

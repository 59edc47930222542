"""What every route shares: JSON answers, bounded bodies, and the checks before any route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emon.limits import REQUEST_BYTES_MAX
from emon.store.errors import NotTheirs
from emon.web.language import answer_language
from emon.web.said import Said, Together, said

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # MapLibre's own symbols and its stylesheet's icons
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}
Shape = TypeVar("Shape")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Refused(Exception):
    """A request that ends here. ``members`` are the answer's JSON."""

    def __init__(
        self, status: int, members: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {members}")
        self.status = status
        self.members = dict(members)
        self.headers = dict(headers or {})


def refused(
    status: int, id_: str, *, retry_after: str | None = None, connection: str | None = None, **names: object
) -> Refused:
    """A refusal with one text of the catalogue, filled with ``names``, and the headers that are given."""
    headers = {"retry-after": retry_after, "connection": connection}
    given = {name: value for name, value in headers.items() if value is not None}
    return Refused(status, {"error": said(id_, **names)}, given)


def not_theirs(fault: NotTheirs) -> Refused:
    """The word of this party on that does not count."""
    return refused(403, f"fault.not_theirs.{fault.what}", party=fault.party)


class Json(Response):
    """A JSON answer that no cache keeps."""

    media_type = "application/json"

    def __init__(
        self, content: object, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(msgspec.json.encode(content), status_code, headers)
        self.headers["cache-control"] = "no-store"


async def read_body(request: Request, bytes_max: int = REQUEST_BYTES_MAX) -> bytes:
    """The whole body. Raises ``Refused`` (413) as soon as it is longer than ``bytes_max``."""
    too_large = refused(413, "fault.too_large", connection="close", bytes=bytes_max)
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > bytes_max:
        raise too_large
    parts: list[bytes] = []
    received = 0
    async for part in request.stream():
        received += len(part)
        if received > bytes_max:
            raise too_large
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request, shape: type[Shape], bytes_max: int = REQUEST_BYTES_MAX) -> Shape:
    """The body as ``shape``. Raises ``Refused``: 415 for another type, 400 for another shape.

    The type is asked for because a form on a foreign page cannot send it.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise refused(415, "fault.json")
    try:
        return msgspec.json.decode(await read_body(request, bytes_max), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise refused(400, "fault.unreadable", fault=fault) from None


class Gate:
    """Before any route: the name that was asked for, where a change comes from; after it: headers.

    A browser sends ``Origin`` with every request of a page that changes something. Where it is
    given, it must be ours: a foreign page cannot use the session of whoever opened it.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str] | None) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        fault = self._fault(scope)
        answer: ASGIApp = self._app if fault is None else refusal(Request(scope), refused(400, fault))
        await answer(scope, receive, send_with_headers)

    def _fault(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._allowed_hosts is not None and scope["path"] != "/health":
            name = urlsplit(f"//{host}").netloc.rsplit("@", 1)[-1]
            name = name if name.endswith("]") else name.rsplit(":", 1)[0]
            if name.lower() not in self._allowed_hosts:
                return "fault.host"
        origin = headers.get("origin")
        if scope["method"] in _SAFE_METHODS or origin is None:
            return None
        same = urlsplit(origin).netloc.lower() == host.lower()
        return None if same else "fault.origin"


def refusal(request: Request, fault: Refused) -> Json:
    """The answer to a refusal, in the asker's language."""
    language = answer_language(request)
    answer = Json(_told(fault.members, language), fault.status, fault.headers)
    answer.headers["vary"] = "accept-language"
    return answer


def _told(value: Any, language: str) -> Any:
    if isinstance(value, Said | Together):
        return value.told(language)
    if isinstance(value, dict):
        return {name: _told(one, language) for name, one in value.items()}
    return [_told(one, language) for one in value] if isinstance(value, list) else value


def fault_list(faults: Sequence[tuple[str, Said | str]]) -> dict[str, Any]:
    """The form of every refusal of a document: what is wrong, and where."""
    return {"faults": [{"path": path, "message": message} for path, message in faults]}

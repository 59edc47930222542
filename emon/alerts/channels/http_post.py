"""One POST over HTTP/1.1 (RFC 9112), over connections that stay open between messages.

Theory of operation. A delivery needs little of HTTP: a request with a body of known length, the status
of the answer, one header of it and the beginning of its body. Doing just that costs a fraction of a
general client, and leaves nothing to configure away: no redirect is ever followed, no proxy of the
environment used, no cookie kept, nothing decompressed.

A kept connection that the other side closed meanwhile shows when it is used: without a byte of an
answer. Then the request is sent again on a fresh one, at once; it carries its idempotency key. The
status is the receipt: a body that stalls, or is longer than what is kept of it, costs the connection
and not the receipt. What is no HTTP at all is a fault.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from emon.limits import DELIVERY_CONNECT_TIMEOUT_S, HTTP_HEAD_BYTES_MAX, RECIPIENT_ANSWER_BYTES_MAX

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\r\n]*))?\Z")
_LENGTH = re.compile(rb"[0-9]{1,18}\Z")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n\Z")
_ANSWER_WAIT_S = 1.0  # the status is the receipt; a body that stalls may not undo it
_INTERIM_MAX = 8  # 1xx answers before the real one; more is a server that plays


class HttpFault(Exception):
    """No answer that is one: no connection, no HTTP, or an end in the middle. The text says which."""


class Answer(msgspec.Struct, frozen=True):
    """``headers``: by lower-case name, the last of each. ``begin``: of the body, bounded; ``whole``: is all
    of it."""

    status: int
    reason: str
    headers: dict[str, str]
    begin: bytes = b""
    whole: bool = True


class HttpPoster:
    """Posts to one address. May be used by several tasks at once; each has a connection to itself."""

    def __init__(self, url: str, tls: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = tls if parts.scheme == "https" else None
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._head = f"POST {target} HTTP/1.1\r\nhost: {parts.netloc}\r\n".encode()
        self._idle: list[_Connection] = []
        self._closed = False

    async def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises ``HttpFault``, ``OSError``, ``ssl.SSLError``, ``TimeoutError`` (no connection in time)."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = b"%s%scontent-length: %d\r\n\r\n%s" % (self._head, lines.encode("latin-1"), len(body), body)
        while self._idle:
            kept = self._idle.pop()
            if not kept.is_usable:
                kept.abort()  # the other side closed it; ours must be given back too
                continue
            try:
                return await self._exchange(kept, request)
            except _Stale:
                continue
        try:
            return await self._exchange(await self._connect(), request)
        except _Stale:
            raise HttpFault("the connection was closed without an answer") from None

    async def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().abort()

    async def _connect(self) -> _Connection:
        async with asyncio.timeout(DELIVERY_CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(
                self._host,
                self._port,
                ssl=self._tls,
                server_hostname=self._host if self._tls is not None else None,
                limit=HTTP_HEAD_BYTES_MAX,
                happy_eyeballs_delay=0.25,
            )
        return _Connection(reader, writer)

    async def _exchange(self, connection: _Connection, request: bytes) -> Answer:
        keep = False
        try:
            answer, keep = await connection.exchange(request)
            return answer
        finally:
            if keep and not self._closed:
                self._idle.append(connection)
            else:
                connection.abort()


class _NotChunked(Exception):
    """A body that says it comes in chunks and does not."""


_NO_MORE = (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, _NotChunked)


class _Stale(Exception):
    """The other side had closed the connection before it answered a byte."""


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def is_usable(self) -> bool:
        return not self._reader.at_eof() and not self._writer.is_closing()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def exchange(self, request: bytes) -> tuple[Answer, bool]:
        """The answer, and whether the connection may be used again."""
        try:
            self._writer.write(request)
            await self._writer.drain()
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as fault:
            if not fault.partial:
                raise _Stale from None
            raise HttpFault("the answer ended in its head") from None
        except asyncio.LimitOverrunError:
            raise HttpFault(f"the answer's head is longer than {HTTP_HEAD_BYTES_MAX} bytes") from None
        except ConnectionError:
            raise _Stale from None
        for _ in range(_INTERIM_MAX):
            version, answer = _read_head(head)
            if answer.status >= 200:
                return await self._with_body(version, answer)
            head = await self._next_head()
        raise HttpFault("interim answers without an end")

    async def _next_head(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise HttpFault("an interim answer was not followed by one") from None

    async def _with_body(self, version: bytes, answer: Answer) -> tuple[Answer, bool]:
        if answer.status in (204, 304):
            begin, whole = b"", True
        else:
            begin, whole = await self._body(answer.headers)
        kept = "close" not in answer.headers.get("connection", "").lower() and version == b"1"
        return msgspec.structs.replace(answer, begin=begin, whole=whole), kept and whole

    async def _body(self, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """The beginning of the body, and whether that is all of it and the next answer may follow."""
        found = bytearray()
        whole = False
        with suppress(*_NO_MORE):
            async with asyncio.timeout(_ANSWER_WAIT_S):
                whole = await self._read_body(headers, found)
        return bytes(found[:RECIPIENT_ANSWER_BYTES_MAX]), whole

    async def _read_body(self, headers: Mapping[str, str], found: bytearray) -> bool:
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].strip().lower() != "chunked":
                return False
            return await self._read_chunks(found)
        length = headers.get("content-length", "").strip().encode("latin-1")
        if _LENGTH.match(length) is None:  # until the end of the connection
            while len(found) < RECIPIENT_ANSWER_BYTES_MAX and (part := await self._reader.read(4_096)):
                found += part
            return False
        left = int(length)
        while left > 0 and len(found) < RECIPIENT_ANSWER_BYTES_MAX:
            part = await self._reader.read(min(left, 4_096))
            if not part:
                return False
            found += part
            left -= len(part)
        return left == 0

    async def _read_chunks(self, found: bytearray) -> bool:
        while len(found) < RECIPIENT_ANSWER_BYTES_MAX:
            size = _CHUNK.match(await self._reader.readuntil(b"\r\n"))
            if size is None:
                raise _NotChunked
            length = int(size[1], 16)
            if length == 0:
                while await self._reader.readuntil(b"\r\n") != b"\r\n":
                    continue  # trailers
                return True
            if length > RECIPIENT_ANSWER_BYTES_MAX:
                return False
            found += await self._reader.readexactly(length)
            if await self._reader.readexactly(2) != b"\r\n":
                raise _NotChunked
        return False


def _read_head(head: bytes) -> tuple[bytes, Answer]:
    """The minor version and the answer without its body. Raises ``HttpFault``."""
    first, *lines = head[:-4].split(b"\r\n")
    match = _STATUS.match(first)
    if match is None:
        raise HttpFault(f"not an HTTP answer: {first[:80]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise HttpFault(f"not a header of HTTP: {line[:80]!r}")
        headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
    reason = (match[3] or b"").decode("latin-1")
    return match[1], Answer(int(match[2]), reason, headers)

"""The folder with the book and the files made of it. One run at a time; a file is replaced in one step."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from emon.identity.book import Book
from emon.identity.files import mosquitto_acl, mosquitto_passwords, nats_accounts

_BOOK = "identities.json"


class FolderUnusable(Exception):
    """The folder cannot be read or written; the text says what and why."""


class IdentityFolder:
    """Holds the folder's lock while it is open. Raises ``FolderUnusable``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = (self._path / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as fault:
            raise FolderUnusable(f"{self._path}: {fault.strerror or fault}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()

    def read(self) -> Book:
        """The book; an empty one in a new folder."""
        path = self._path / _BOOK
        try:
            return msgspec.json.decode(path.read_bytes(), type=Book)
        except FileNotFoundError:
            return Book()
        except OSError as fault:
            raise FolderUnusable(f"{path}: {fault.strerror or fault}") from None
        except msgspec.MsgspecError as fault:
            raise FolderUnusable(f"{path} is not a book of identities: {fault}") from None

    def write(self, book: Book) -> None:
        """The book first: the others can be made of it again, it of none."""
        try:
            _replace(self._path / _BOOK, msgspec.json.format(msgspec.json.encode(book)) + b"\n")
            for name, text in (
                ("mosquitto/passwords", mosquitto_passwords(book)),
                ("mosquitto/acl", mosquitto_acl(book)),
                ("nats/accounts.conf", nats_accounts(book)),
            ):
                (self._path / name).parent.mkdir(exist_ok=True, mode=0o700)
                _replace(self._path / name, text.encode())
        except OSError as fault:
            raise FolderUnusable(f"{fault.filename}: {fault.strerror or fault}") from None


def _replace(path: Path, content: bytes) -> None:
    """Readable by its owner alone from the first byte on, or by whom the file before it was."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with contextlib.suppress(FileNotFoundError):
            before = path.stat()
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), before.st_mode & 0o777)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

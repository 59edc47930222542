"""The signing key and the exported heads, in the service's own folder.

``audit/signing.key`` is the private key (PKCS 8, PEM, readable by its owner alone), ``audit/heads.jsonl``
the lines for keeping elsewhere. A rotation writes the new key beside the old one and exchanges them after
the database has the new one's public half: a crash in between leaves the old one in use.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emon.audit.heads import Head, KeyLine, LineWrong, heads_of_heartbeat, read_line

FOLDER, KEY_FILE, NEW_FILE, HEADS_FILE = "audit", "signing.key", "signing.key.new", "heads.jsonl"


class KeyUnfit(Exception):
    """The key file is none; the text names it."""


class Keyring:
    """The folder ``audit`` in the data directory. Every method may raise ``OSError``."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER
        self.heads = self.folder / HEADS_FILE

    def current(self) -> Ed25519PrivateKey | None:
        """The key that signs now; None before the first. Raises ``KeyUnfit``."""
        path = self.folder / KEY_FILE
        return _load(path) if path.exists() else None

    def make(self) -> Ed25519PrivateKey:
        """A new key, written beside the current one: ``adopt`` puts it into use."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self.folder / NEW_FILE
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return private

    def adopt(self) -> None:
        """The key made last signs from now on; the one before is gone."""
        (self.folder / NEW_FILE).replace(self.folder / KEY_FILE)
        _sync_folder(self.folder)

    def lines(self) -> list[KeyLine | Head]:
        """What the file of heads holds; empty where there is none. Raises ``LineWrong`` with the place."""
        return read_heads(self.heads) if self.heads.exists() else []

    def append(self, lines: Sequence[str]) -> None:
        """Add lines and wait until the disk has them."""
        if not lines:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.heads.open("a", encoding="ascii") as file:
            file.writelines(line + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())


def read_heads(path: Path) -> list[KeyLine | Head]:
    """The lines of a file of heads; a line, or the whole file, may be a heartbeat that holds a head. Raises
    ``LineWrong`` naming file and line, and ``OSError``.

    An unfinished last line is what a crash leaves: it is left out.
    """
    text = path.read_text("utf-8", errors="replace")
    beat = heads_of_heartbeat(text)
    if beat is not None:
        return beat
    found: list[KeyLine | Head] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            found += heads_of_heartbeat(line) or [read_line(line)]
        except LineWrong as wrong:
            if number == text.count("\n") + 1:
                break
            raise LineWrong(f"{path}:{number}: {wrong}") from None
    return found


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as fault:
        raise KeyUnfit(f"{path} holds no private key: {fault}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnfit(f"{path} holds a key of another kind than Ed25519")
    return private


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

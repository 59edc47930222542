"""Keys that sign: each with an id and a span, and a successor that overlaps with it. Pure.

Theory of operation. A recipient cannot change its secret in the same instant as we do. So a new key
begins at once and the one before goes on for a while (the overlap): in that time every message carries
the signatures of both, as Standard Webhooks allows ("v1,… v1,…"), and an acknowledgement may be signed
by either. The recipient takes the new key over at any moment of the overlap and misses nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

import msgspec

from emon.alerts.routes import Secret
from emon.limits import KEY_BYTES, KEY_FILE_KEYS_MAX, WEBHOOK_SECRET_BYTES_MAX, WEBHOOK_SECRET_BYTES_MIN
from emon.model.instant import format_instant, parse_instant


class KeysRefused(Exception):
    """A file of keys cannot be used; the text says what is wrong and never shows a secret."""


class SigningKey(msgspec.Struct, frozen=True):
    """Signs from ``from_us`` until before ``until_us`` (None: no end)."""

    id: str
    secret: Secret
    from_us: int = 0
    until_us: int | None = None

    def holds(self, now_us: int) -> bool:
        return self.from_us <= now_us and (self.until_us is None or now_us < self.until_us)


class _Key(msgspec.Struct, frozen=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    id: str
    secret: str
    from_: str
    until: str | None = None


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[_Key]


def secret_fault(text: str) -> str | None:
    """What is wrong with a Standard Webhooks secret; None where nothing is."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if WEBHOOK_SECRET_BYTES_MIN <= len(key) <= WEBHOOK_SECRET_BYTES_MAX:
        return None
    span = f"{WEBHOOK_SECRET_BYTES_MIN} to {WEBHOOK_SECRET_BYTES_MAX}"
    return f"must be whsec_ and the base64 of {span} random bytes"


def key_id(secret: str) -> str:
    """A key's name, made of its secret and telling nothing of it."""
    return "k-" + hashlib.sha256(b"emon key id\0" + secret.encode()).hexdigest()[:8]


def only_key(secret: Secret) -> tuple[SigningKey, ...]:
    """The one key of a route that names its secret itself."""
    return (SigningKey(key_id(secret.reveal()), secret),)


def holding(keys: Sequence[SigningKey], now_us: int) -> tuple[SigningKey, ...]:
    """Those that sign now, the newest first. Where none does, the last one goes on: a message with an old
    signature may be told from a forged one, a message that is not sent tells nobody anything."""
    now = sorted((key for key in keys if key.holds(now_us)), key=lambda key: -key.from_us)
    return tuple(now) or tuple(sorted(keys, key=lambda key: -key.from_us)[:1])


def rotated(
    keys: Sequence[SigningKey], random_bytes: bytes, now_us: int, overlap_us: int
) -> tuple[SigningKey, ...]:
    """The keys with a new one that begins now; those that sign now end after the overlap at the latest,
    and those that ended before are left out. ``random_bytes``: at least ``KEY_BYTES``."""
    if len(random_bytes) < KEY_BYTES:
        raise ValueError(f"a key needs {KEY_BYTES} random bytes")
    ends_us = now_us + overlap_us
    kept = tuple(
        msgspec.structs.replace(key, until_us=ends_us if key.until_us is None else min(key.until_us, ends_us))
        for key in keys
        if key.until_us is None or key.until_us > now_us
    )
    secret = "whsec_" + base64.b64encode(random_bytes).decode()
    return (*kept, SigningKey(key_id(secret), Secret(secret), now_us))


def keys_document(keys: Sequence[SigningKey]) -> bytes:
    """The keys as their file holds them."""
    held = [
        _Key(
            key.id,
            key.secret.reveal(),
            format_instant(key.from_us),
            None if key.until_us is None else format_instant(key.until_us),
        )
        for key in keys
    ]
    return msgspec.json.format(msgspec.json.encode(_Document(held)), indent=2) + b"\n"


def read_keys(content: bytes) -> tuple[SigningKey, ...]:
    """The keys of a file. Raises ``KeysRefused``."""
    try:
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise KeysRefused(f"not a file of keys: {fault}") from None
    keys: list[SigningKey] = []
    for place, key in enumerate(document.keys):
        if wrong := secret_fault(key.secret):
            raise KeysRefused(f"keys[{place}].secret: {wrong}")
        try:
            until_us = None if key.until is None else parse_instant(key.until)
            keys.append(SigningKey(key.id, Secret(key.secret), parse_instant(key.from_), until_us))
        except ValueError as fault:
            raise KeysRefused(f"keys[{place}]: {fault}") from None
    if len({key.id for key in keys}) != len(keys):
        raise KeysRefused("keys: an id stands twice")
    if not 1 <= len(keys) <= KEY_FILE_KEYS_MAX:
        raise KeysRefused(f"keys: 1 to {KEY_FILE_KEYS_MAX} of them")
    return tuple(keys)

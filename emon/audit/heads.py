"""Signed heads and the keys that sign them, as lines of JSON for keeping elsewhere. Pure.

A line is one JSON object. What is signed is the object without its ``signature``, written with sorted
members, without blanks, in ASCII. Ed25519 (RFC 8032); a key's id is the first 16 hexadecimal digits of
the SHA-256 of its 32 public bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from emon.model.instant import format_instant, parse_instant


class LineWrong(Exception):
    """A line is not what a file of heads holds; the text says why."""


class KeyLine(msgspec.Struct, frozen=True):
    """A key comes into use. ``introduced_by`` is the id of the one before; None of the first."""

    key_id: str
    public: bytes
    at_us: int
    introduced_by: str | None
    text: str


class Head(msgspec.Struct, frozen=True):
    """The chain as it stood: its length, its last link, and the leaves since the head before."""

    seq: int
    chain: bytes
    since: int
    leaves: bytes
    at_us: int
    key_id: str
    text: str


def key_id_of(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def public_of(private: Ed25519PrivateKey) -> bytes:
    """The 32 public bytes."""
    return private.public_key().public_bytes_raw()


def sign_key(private: Ed25519PrivateKey, at_us: int, before: Ed25519PrivateKey | None) -> KeyLine:
    """The line that brings a key into use, signed by the key before, or by itself when it is the first."""
    public = public_of(private)
    by = None if before is None else key_id_of(public_of(before))
    members = {
        "type": "key",
        "key": key_id_of(public),
        "public": base64.b64encode(public).decode(),
        "at": format_instant(at_us),
        "introduced_by": by,
    }
    text = _signed(members, private if before is None else before)
    return KeyLine(key_id_of(public), public, at_us, by, text)


def sign_head(
    private: Ed25519PrivateKey, seq: int, chain: bytes, *, since: int, leaves: bytes, at_us: int
) -> Head:
    """The head of a chain of ``seq`` entries whose last link is ``chain``."""
    key = key_id_of(public_of(private))
    members = {
        "type": "head",
        "seq": seq,
        "chain": chain.hex(),
        "since": since,
        "leaves": base64.b64encode(leaves).decode(),
        "at": format_instant(at_us),
        "key": key,
    }
    return Head(seq, chain, since, leaves, at_us, key, _signed(members, private))


def _signed(members: dict[str, Any], private: Ed25519PrivateKey) -> str:
    signature = base64.b64encode(private.sign(_canonical(members))).decode()
    return _canonical({**members, "signature": signature}).decode()


def _canonical(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode("ascii")


def read_line(text: str) -> KeyLine | Head:
    """A line of a file of heads, its signature **not yet verified**. Raises ``LineWrong``."""
    try:
        line = json.loads(text)
        if line["type"] == "key":
            public = base64.b64decode(line["public"], validate=True)
            if key_id_of(public) != line["key"]:
                raise LineWrong("the key's id is not that of its public bytes")
            return KeyLine(line["key"], public, parse_instant(line["at"]), line["introduced_by"], text)
        if line["type"] == "head":
            return Head(
                int(line["seq"]),
                bytes.fromhex(line["chain"]),
                int(line["since"]),
                base64.b64decode(line["leaves"], validate=True),
                parse_instant(line["at"]),
                str(line["key"]),
                text,
            )
    except (ValueError, KeyError, TypeError, binascii.Error) as fault:
        raise LineWrong(f"is no line of a file of heads: {fault}") from None
    raise LineWrong("is neither a key nor a head")


def heads_of_heartbeat(text: str) -> list[KeyLine | Head] | None:
    """The key and the head in a heartbeat's body (docs/recipients.md); None where the text is none.

    Raises ``LineWrong``.
    """
    try:
        body = json.loads(text)
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("type") != "heartbeat":
        return None
    trail = body.get("data", {}).get("audit") or {}
    lines = [trail[name] for name in ("key", "head") if trail.get(name)]
    return [read_line(json.dumps(line)) for line in lines]


def brief(private: Ed25519PrivateKey, head: Head, at_us: int) -> Head:
    """The same head without the leaves: small enough to be sent each minute, and telling nothing of any
    entry. It is signed anew, for a signature covers the leaves."""
    return sign_head(private, head.seq, head.chain, since=head.seq, leaves=b"", at_us=at_us)


def is_signed_by(text: str, public: bytes) -> bool:
    """Whether the line's signature is this key's, over exactly these members."""
    line = json.loads(text)
    try:
        signature = base64.b64decode(line.pop("signature"), validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _canonical(line))
    except (InvalidSignature, ValueError, KeyError, TypeError, binascii.Error):
        return False
    return True


class Lineage:
    """The keys that may be trusted: the first, and each that a trusted one introduced."""

    def __init__(self) -> None:
        self.public: dict[str, bytes] = {}
        self.root: str | None = None

    def take(self, lines: Iterable[KeyLine]) -> list[str]:
        """Trust what can be trusted of the lines, in their order; a sentence for each that cannot."""
        faults = []
        for line in lines:
            if line.key_id in self.public:
                continue
            if line.introduced_by is None:
                if self.root is not None:
                    faults.append(
                        f"key {line.key_id} introduces itself, though key {self.root} came before: "
                        "whoever holds the older key did not agree"
                    )
                    continue
                signer: bytes | None = line.public
            else:
                signer = self.public.get(line.introduced_by)
            if signer is None or not is_signed_by(line.text, signer):
                faults.append(f"key {line.key_id} was not introduced by a key that is known")
                continue
            if self.root is None:
                self.root = line.key_id
            self.public[line.key_id] = line.public
        return faults

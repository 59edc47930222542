"""The chain: what one entry hashes to, and how it hangs on the one before. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

LEAF_BYTES = 8
"""So much of an entry's hash goes into a signed head, and of a bulk row's into its seal: enough to say
which one was changed. That nothing was changed is said by the whole hashes."""

GENESIS = hashlib.sha256(b"emon audit trail 1").digest()
"""What the first entry hangs on."""


class Entry(msgspec.Struct, frozen=True):
    """What happened to one row. ``content`` is the row after it as JSON text (before it, of a delete).

    ``written_by``: database role and application, a JSON array. ``row_key``: the primary key, a JSON array.
    """

    recorded_at_us: int
    written_by: str
    relation: str
    deed: str
    row_key: str
    content: str

    @property
    def payload(self) -> bytes:
        """The bytes that are hashed: the six members, one a line, the content last."""
        return "\n".join(
            (
                str(self.recorded_at_us),
                self.written_by,
                self.relation,
                self.deed,
                self.row_key,
                self.content,
            )
        ).encode()


def leaf(payload: bytes) -> bytes:
    """SHA-256 of one entry by itself: it says nothing of its place."""
    return hashlib.sha256(payload).digest()


def link(before: bytes, entry_leaf: bytes) -> bytes:
    """SHA-256 of the chain up to and with this entry."""
    return hashlib.sha256(before + entry_leaf).digest()


def chained(before: bytes, entries: Iterable[Entry]) -> list[tuple[bytes, bytes]]:
    """Of each entry its leaf and its link, on from ``before``."""
    found = []
    for entry in entries:
        own = leaf(entry.payload)
        before = link(before, own)
        found.append((own, before))
    return found


def differing(signed: bytes, found: bytes) -> list[tuple[str, int]]:
    """Where a list of leaves is not what was signed, as (word, index), at most a handful of places.

    ``changed`` and ``added`` index ``found``; ``removed`` indexes ``signed``; ``reordered`` is said once,
    at the first place out of order. Both are whole multiples of ``LEAF_BYTES``.
    """
    was = [signed[i : i + LEAF_BYTES] for i in range(0, len(signed), LEAF_BYTES)]
    now = [found[i : i + LEAF_BYTES] for i in range(0, len(found), LEAF_BYTES)]
    if was == now:
        return []
    if sorted(was) == sorted(now):
        return [("reordered", next(i for i in range(len(was)) if was[i] != now[i]))]
    known, there = set(was), set(now)
    gone = [i for i, one in enumerate(was) if one not in there]
    come = [i for i, one in enumerate(now) if one not in known]
    if len(was) == len(now) and gone == come:
        return [("changed", i) for i in come]
    places = [("removed", i) for i in gone] + [("added", i) for i in come]
    return places or [("reordered", next(i for i in range(min(len(was), len(now))) if was[i] != now[i]))]

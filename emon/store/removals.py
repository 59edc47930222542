"""Which sealed rows a removal took, by their places under each seal.

A removal is an entry of the trail with the deed ``remove``. Its content names, for each seal that it touches,
the places of the rows taken, in the order in which the seal holds them, as closed ranges. So whoever verifies
knows to the row what must be there still and what must not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import msgspec

Ranges = list[tuple[int, int]]


class Removed(msgspec.Struct, frozen=True):
    """What an entry says: which ``day`` of ``table``, ``by`` whom and ``why``, how many rows went and how
    many of that day were kept, and the places under each seal by the seal's number in the trail."""

    table: str
    day: str
    by: str
    why: str
    rows: int
    kept: int
    seals: dict[str, Ranges]

    @property
    def content(self) -> str:
        return json.dumps(msgspec.to_builtins(self), ensure_ascii=False)


def read_removed(content: str) -> Removed:
    """Raises ``msgspec.ValidationError`` and ``msgspec.DecodeError``."""
    return msgspec.json.decode(content, type=Removed)


def as_ranges(places: Iterable[int]) -> Ranges:
    """Rising places as closed ranges."""
    found: Ranges = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def places_by_seal(removals: Iterable[Removed]) -> dict[int, set[int]]:
    """All places taken, by the seal's number."""
    found: dict[int, set[int]] = {}
    for removal in removals:
        for seal, ranges in removal.seals.items():
            places = found.setdefault(int(seal), set())
            for first, last in ranges:
                places.update(range(first, last + 1))
    return found


def without(leaves: bytes, taken: Collection[int], width: int) -> bytes:
    """A seal's leaves less those at the places taken."""
    if not taken:
        return leaves
    count = len(leaves) // width
    return b"".join(leaves[at * width : (at + 1) * width] for at in range(count) if at not in taken)


def span_words(removed: Removed) -> str:
    """One line for whoever verifies."""
    kept = f", {removed.kept:,} kept" if removed.kept else ""
    return f"{removed.rows:,} fixes of {removed.day} were removed by {removed.by}: {removed.why}{kept}"

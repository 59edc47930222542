"""What a row's key and content are known by while a trail is verified: a number that depends on a key
which is drawn anew each time, so that nobody can prepare two texts that pass for one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
INSTANT_CHARS = 16
"""Of microseconds since 1970, from 2001 to 2286; entries of other times are looked at one by one."""


class Entries(msgspec.Struct, frozen=True):
    """Payloads of entries (see ``emon.audit.chain``): as one text and each by itself, with the bytes that
    each key and content has."""

    text: bytes
    ends: list[int]
    payloads: list[bytes]
    key_widths: npt.NDArray[np.int32]
    content_widths: npt.NDArray[np.int32]


class Marks(Protocol):
    """``usual``: of what may stand between an entry's instant and its key, what stands before the key when it
    is marked."""

    def one(self, piece: bytes) -> int: ...

    def each(self, pieces: list[bytes]) -> Numbers: ...

    def entries(self, entries: Entries, usual: Mapping[bytes, bytes]) -> tuple[Numbers, Numbers] | None:
        """Marks of keys and of contents; None where anything is not as it usually is."""


class HashMarks:
    """Python's own hash, keyed at each start; in a fork it is the same. Nothing is imported for it."""

    def one(self, piece: bytes) -> int:
        return hash(piece)

    def each(self, pieces: list[bytes]) -> Numbers:
        return np.fromiter(map(hash, pieces), np.int64, len(pieces))

    def entries(self, entries: Entries, usual: Mapping[bytes, bytes]) -> tuple[Numbers, Numbers] | None:
        keys, contents = [], []
        widths = zip(entries.key_widths.tolist(), entries.content_widths.tolist(), strict=True)
        for payload, (key_width, width) in zip(entries.payloads, widths, strict=True):
            content_at = len(payload) - width
            key_at = content_at - 1 - key_width
            if key_at < INSTANT_CHARS or payload[content_at - 1] != 10:
                return None
            start = usual.get(payload[INSTANT_CHARS:key_at])
            if start is None:
                return None
            keys.append(start + payload[key_at : content_at - 1])
            contents.append(payload[content_at:])
        return self.each(keys), self.each(contents)


class KeyedMarks:
    """The same function by a kernel, with a key of its own: for so many that Numba's start is worth it."""

    def __init__(self, key: tuple[int, int] | None = None) -> None:
        from emon.store.checks import mark_kernel  # imports Numba

        self._kernel = mark_kernel
        self._key = np.array(key or (secrets.randbits(64), secrets.randbits(64)), np.uint64)
        self._known = 0
        self._heads: tuple[npt.NDArray[np.uint8], Numbers] = _joined(())
        self._starts = self._heads

    def one(self, piece: bytes) -> int:
        return int(self.each([piece])[0])

    def each(self, pieces: list[bytes]) -> Numbers:
        return self.of(*_joined(pieces))

    def of(self, text: npt.NDArray[np.uint8], ends: Numbers) -> Numbers:
        """Of pieces that stand one behind the other in a text."""
        marks = np.empty(len(ends), np.int64)
        self._kernel.mark_pieces(text, ends, self._key, marks)
        return marks

    def entries(self, entries: Entries, usual: Mapping[bytes, bytes]) -> tuple[Numbers, Numbers] | None:
        if not usual:
            return None
        if len(usual) != self._known:  # it only grows
            self._heads, self._starts = _joined(usual.keys()), _joined(usual.values())
            self._known = len(usual)
        keys, contents = np.empty(len(entries.ends), np.int64), np.empty(len(entries.ends), np.int64)
        text, ends = np.frombuffer(entries.text, np.uint8), np.array(entries.ends, np.int64)
        widths = entries.key_widths, entries.content_widths
        known = self._kernel.mark_entries(
            text, ends, *widths, *self._heads, *self._starts, self._key, keys, contents
        )
        return (keys, contents) if known == self._kernel.USUAL else None


def _joined(pieces: Iterable[bytes]) -> tuple[npt.NDArray[np.uint8], Numbers]:
    """The pieces as one text, and where each ends in it."""
    listed = list(pieces)
    ends = np.fromiter(accumulate(map(len, listed)), np.int64, len(listed))
    return np.frombuffer(b"".join(listed), np.uint8), ends

"""Keyed marks of bytes, in one pass over a block of them: SipHash-1-3 (J.-P. Aumasson and D. J. Bernstein,
"SipHash: a fast short-input PRF", 2012, section 2), which Python's own ``hash`` of bytes is too.

Who does not know the key cannot choose two texts of one mark. Python's hash costs a call and a copy for each
piece of a million rows and entries; what is here costs neither.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.ingest.compiling import compiled, inlined
from emon.store.checks.marks import INSTANT_CHARS

USUAL = -1


@inlined
def _turned(value: Any, bits: Any) -> Any:
    return (value << bits) | (value >> (np.uint64(64) - bits))


@inlined
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    v0 += v1
    v2 += v3
    v1 = _turned(v1, np.uint64(13)) ^ v0
    v3 = _turned(v3, np.uint64(16)) ^ v2
    v0 = _turned(v0, np.uint64(32))
    v2 += v1
    v0 += v3
    v1 = _turned(v1, np.uint64(17)) ^ v2
    v3 = _turned(v3, np.uint64(21)) ^ v0
    v2 = _turned(v2, np.uint64(32))
    return v0, v1, v2, v3


@inlined
def _eight(data: Any, at: Any) -> Any:
    """Eight bytes, the least first; unsigned indices, of which the compiler makes one load."""
    found = np.uint64(data[at])
    found |= np.uint64(data[at + np.uintp(1)]) << np.uint64(8)
    found |= np.uint64(data[at + np.uintp(2)]) << np.uint64(16)
    found |= np.uint64(data[at + np.uintp(3)]) << np.uint64(24)
    found |= np.uint64(data[at + np.uintp(4)]) << np.uint64(32)
    found |= np.uint64(data[at + np.uintp(5)]) << np.uint64(40)
    found |= np.uint64(data[at + np.uintp(6)]) << np.uint64(48)
    found |= np.uint64(data[at + np.uintp(7)]) << np.uint64(56)
    return found


@inlined
def _mark(data: Any, begin: int, end: int, key: Any) -> Any:
    if begin == end:
        return np.int64(0)  # as Python has it
    v0 = key[0] ^ np.uint64(0x736F6D6570736575)
    v1 = key[1] ^ np.uint64(0x646F72616E646F6D)
    v2 = key[0] ^ np.uint64(0x6C7967656E657261)
    v3 = key[1] ^ np.uint64(0x7465646279746573)
    at = np.uintp(begin)
    for _ in range((end - begin) >> 3):
        word = _eight(data, at)
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        at += np.uintp(8)
    last = np.uint64(end - begin) << np.uint64(56)
    for k in range((end - begin) & 7):
        last |= np.uint64(data[at + np.uintp(k)]) << np.uint64(8 * k)
    v3 ^= last
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0 ^= last
    v2 ^= np.uint64(0xFF)
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return np.int64(v0 ^ v1 ^ v2 ^ v3)


@compiled
def mark_pieces(text: Any, ends: Any, key: Any, marks: Any) -> None:
    """Of each piece its mark. ``text``: uint8, the pieces one behind the other; ``ends``: int64 (n,), where
    each ends; ``key``: uint64 (2,); ``marks``: int64 (n,)."""
    begin = 0
    for place in range(len(ends)):
        marks[place] = _mark(text, begin, ends[place], key)
        begin = ends[place]


@inlined
def _equal(one: Any, begin: int, end: int, other: Any, at: int) -> bool:
    differs = False
    for k in range(end - begin):
        differs |= one[begin + k] != other[at + k]
    return not differs


@inlined
def _which(text: Any, begin: int, end: int, heads: Any, head_ends: Any, guess: int) -> int:
    """Which head stands there, the guess looked at first; ``len(head_ends)`` for none."""
    for step in range(-1, len(head_ends)):
        which = guess if step < 0 else step
        at = head_ends[which - 1] if which > 0 else 0
        if head_ends[which] - at == end - begin and _equal(text, begin, end, heads, at):
            return which
    return len(head_ends)


@compiled
def mark_entries(
    text: Any,
    ends: Any,
    key_widths: Any,
    widths: Any,
    heads: Any,
    head_ends: Any,
    starts: Any,
    start_ends: Any,
    key: Any,
    keys: Any,
    contents: Any,
) -> int:
    """Of each entry's payload (see ``chain``) the mark of its table and key, and that of its content.

    ``text``: uint8, the payloads one behind the other; ``ends``: int64 (n,), where each ends; ``key_widths``,
    ``widths``: int32 (n,), bytes of key and content; ``heads`` and ``head_ends``: what may stand between
    instant and key, at least one; ``starts`` and ``start_ends``: what stands for each of them before the key;
    ``key``: uint64 (2,); ``keys``, ``contents``: int64 (n,). The first entry that has another head or other
    widths, or ``USUAL``.
    """
    longest, widest = 0, 0
    for place in range(len(start_ends)):
        longest = max(longest, start_ends[place])
    for place in range(len(key_widths)):
        widest = max(widest, key_widths[place])
    if widest > len(text):
        return 0
    named = np.empty(longest + widest, np.uint8)
    begin, which = 0, 0
    for place in range(len(ends)):
        end = ends[place]
        content_at = end - widths[place]
        key_at = content_at - 1 - key_widths[place]
        head_at = begin + INSTANT_CHARS
        if widths[place] < 0 or key_widths[place] < 0 or key_at < head_at or text[content_at - 1] != 10:
            return place
        which = _which(text, head_at, key_at, heads, head_ends, which)
        if which == len(head_ends):
            return place
        at = start_ends[which - 1] if which > 0 else 0
        to = 0
        for k in range(at, start_ends[which]):
            named[to] = starts[k]
            to += 1
        for k in range(key_at, content_at - 1):
            named[to] = text[k]
            to += 1
        keys[place] = _mark(named, 0, to, key)
        contents[place] = _mark(text, content_at, end, key)
        begin = end
    return USUAL

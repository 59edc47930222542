"""Rows in the server's binary form as the JSON text that PostgreSQL makes of them, in one pass.

``row_to_json`` looks up each column's type anew for each row, and so costs a multiple of sending the row.
What is written here is held against it for every kind of column and character; a value that is not known
here gives the whole table back to it (``UNKNOWN``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.ingest.compiling import compiled, inlined

TEXT, VERBATIM, INTEGER, INSTANT, TRUTH, TEXTS = range(6)
"""Kinds of column: ``VERBATIM`` is jsonb, whose text is JSON as it stands; ``TEXTS`` is text[]."""

UNKNOWN = -1
ESCAPED_BYTES_MAX = 6  # of one byte of text: \\u0001
FIXED_BYTES_MAX = 40  # of anything else, quoted: an instant has 34

_DAY_US = 86_400_000_000
_US_2000 = 10_957 * _DAY_US  # PostgreSQL counts from 2000
_YEAR_1_US, _YEAR_10000_US = -719_162 * _DAY_US, 2_932_897 * _DAY_US  # others are written in other ways


@inlined
def _word(data: Any, at: int) -> int:
    """Four bytes, big-endian, signed. Unsigned indices: one that may be negative is looked at each time."""
    k = np.uintp(at)
    high = (np.uint32(data[k]) << np.uint32(24)) | (np.uint32(data[k + np.uintp(1)]) << np.uint32(16))
    low = (np.uint32(data[k + np.uintp(2)]) << np.uint32(8)) | np.uint32(data[k + np.uintp(3)])
    return np.int64(np.int32(high | low))  # type: ignore[return-value]


@inlined
def _number(data: Any, at: int, size: int) -> int:
    """A signed whole number of two, four or eight bytes, big-endian."""
    if size == 8:
        return (_word(data, at) << 32) | (_word(data, at + 4) & 0xFFFFFFFF)
    if size == 4:
        return _word(data, at)
    both = (np.uint32(data[at]) << np.uint32(8)) | np.uint32(data[at + 1])
    return np.int64(np.int16(both))  # type: ignore[return-value]


@inlined
def _copy(source: Any, begin: int, end: int, out: Any, at: int) -> int:
    first, to = np.uintp(begin), np.uintp(at)
    for k in range(np.uintp(end - begin)):
        out[to + k] = source[first + k]
    return at + end - begin


@inlined
def _write_two(out: Any, at: int, value: int) -> int:
    """Of 0 to 99."""
    to, number = np.uintp(at), np.uint32(value)
    out[to] = 48 + number // np.uint32(10)
    out[to + np.uintp(1)] = 48 + number % np.uint32(10)
    return at + 2


@inlined
def _write_integer(out: Any, at: int, value: int) -> int:
    if value < 0:
        out[at] = 45
        at += 1
    width, rest = 1, value // 10 if value >= 0 else -(value // -10)
    while rest != 0:
        width += 1
        rest = rest // 10 if rest >= 0 else -(rest // -10)
    for k in range(width):  # the remainder of the value as it stands: the smallest has no opposite
        last = value % 10 if value >= 0 else (10 - value % 10) % 10
        value = value // 10 if value >= 0 else -(value // -10)
        out[at + width - 1 - k] = 48 + last
    return at + width


@inlined
def _write_quoted(data: Any, begin: int, end: int, out: Any, at: int) -> int:
    """As PostgreSQL's ``escape_json``: what is below a space, the quote and the backslash, nothing else."""
    out[at] = 34
    special = False
    for k in range(np.uintp(begin), np.uintp(end)):
        special |= (data[k] < 32) | (data[k] == 34) | (data[k] == 92)
    if not special:
        at = _copy(data, begin, end, out, at + 1)
        out[at] = 34
        return at + 1
    at += 1
    for k in range(begin, end):
        one = data[k]
        if one >= 32 and one != 34 and one != 92:
            out[at] = one
            at += 1
            continue
        out[at] = 92
        short = one
        if one == 8:
            short = 98
        elif one == 9:
            short = 116
        elif one == 10:
            short = 110
        elif one == 12:
            short = 102
        elif one == 13:
            short = 114
        if short >= 32:
            out[at + 1] = short
            at += 2
            continue
        out[at + 1] = 117
        out[at + 2] = out[at + 3] = 48
        out[at + 4] = 48 + (one >> 4)
        low = one & 15
        out[at + 5] = 48 + low if low < 10 else 87 + low
        at += 6
    out[at] = 34
    return at + 1


@inlined
def _write_instant(out: Any, at: int, since_2000_us: int) -> int:
    """In UTC, the fraction as short as it is; ``UNKNOWN`` for what has no four-digit year. The day's date by
    H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days."""
    if since_2000_us > _YEAR_10000_US - _US_2000 - 1 or since_2000_us < _YEAR_1_US - _US_2000:
        return UNKNOWN
    since_us = since_2000_us + _US_2000
    days = since_us // _DAY_US
    within_us = since_us - days * _DAY_US
    shifted = days + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (1 if month <= 2 else 0)
    seconds, fraction = within_us // 1_000_000, within_us % 1_000_000
    out[at] = 34
    at = _write_two(out, _write_two(out, at + 1, year // 100), year % 100)
    out[at] = 45
    at = _write_two(out, at + 1, month)
    out[at] = 45
    at = _write_two(out, at + 1, day)
    out[at] = 84
    at = _write_two(out, at + 1, seconds // 3600)
    out[at] = 58
    at = _write_two(out, at + 1, seconds // 60 % 60)
    out[at] = 58
    at = _write_two(out, at + 1, seconds % 60)
    if fraction:
        out[at] = 46
        at = _write_two(out, at + 1, fraction // 10_000)
        at = _write_two(out, at, fraction // 100 % 100)
        at = _write_two(out, at, fraction % 100)
        while out[at - 1] == 48:
            at -= 1
    out[at] = 43  # +00:00"
    out[at + 1] = out[at + 2] = out[at + 4] = out[at + 5] = 48
    out[at + 3] = 58
    out[at + 6] = 34
    return at + 7


@inlined
def _write_null(out: Any, at: int) -> int:
    out[at] = 110
    out[at + 1] = 117
    out[at + 2] = out[at + 3] = 108
    return at + 4


@inlined
def _write_truth(out: Any, at: int, true: bool) -> int:
    if true:
        out[at] = 116
        out[at + 1] = 114
        out[at + 2] = 117
        out[at + 3] = 101
        return at + 4
    out[at] = 102
    out[at + 1] = 97
    out[at + 2] = 108
    out[at + 3] = 115
    out[at + 4] = 101
    return at + 5


@inlined
def _write_texts(data: Any, at: int, out: Any, to: int) -> int:
    """An array of one dimension or of none; ``UNKNOWN`` for others."""
    dimensions = _word(data, at)
    out[to] = 91
    to += 1
    if dimensions > 1:
        return UNKNOWN
    if dimensions == 1:
        count = _word(data, at + 12)
        at += 20
        for k in range(count):
            if k:
                out[to] = 44
                to += 1
            size = _word(data, at)
            at += 4
            if size < 0:
                to = _write_null(out, to)
            else:
                to = _write_quoted(data, at, at + size, out, to)
                at += size
    out[to] = 93
    return to + 1


@inlined
def _write_value(data: Any, at: int, size: int, kind: int, out: Any, to: int) -> int:
    if size < 0:
        return _write_null(out, to)
    if kind == TEXT:
        return _write_quoted(data, at, at + size, out, to)
    if kind == INTEGER:
        return _write_integer(out, to, _number(data, at, size))
    if kind == INSTANT:
        return _write_instant(out, to, _number(data, at, size))
    if kind == TEXTS:
        return _write_texts(data, at, out, to)
    if kind == VERBATIM:
        return _copy(data, at + 1, at + size, out, to)  # behind the version of the form
    return _write_truth(out, to, data[at] != 0)


@compiled
def write_rows(
    data: Any, starts: Any, kinds: Any, names: Any, name_ends: Any, keys: Any, head: Any, out: Any, ends: Any
) -> int:
    """Of each row its key and its content as the audit trail holds them, one behind the other.

    ``data``: uint8, tuples of COPY's binary form, the k-th from ``starts[k]``; ``kinds`` and ``name_ends``:
    of each column its kind and where its name ends in ``names``, which holds all that stands before a value;
    ``keys``: places of the key's columns; ``head``: what stands before each key; ``out``: uint8, large
    enough; ``ends``: int64 (2n,), where each key and each content ends. The first row with a value that is
    not known here, or ``UNKNOWN`` if there is none.
    """
    columns = len(kinds)
    spots, sizes = np.empty(columns, np.int64), np.empty(columns, np.int64)
    to = 0
    for row in range(len(starts)):
        at = starts[row] + 2
        for column in range(columns):
            sizes[column] = _word(data, at)
            spots[column] = at + 4
            at += 4 + max(sizes[column], 0)
        to = _copy(head, 0, len(head), out, to)
        out[to] = 91
        to += 1
        for k in range(len(keys)):
            if k:
                out[to] = 44
                out[to + 1] = 32
                to += 2
            column = keys[k]
            to = _write_value(data, spots[column], sizes[column], kinds[column], out, to)
            if to < 0:
                return row
        out[to] = 93
        to += 1
        ends[2 * row] = to
        begin = 0
        for column in range(columns):
            to = _copy(names, begin, name_ends[column], out, to)
            begin = name_ends[column]
            to = _write_value(data, spots[column], sizes[column], kinds[column], out, to)
            if to < 0:
                return row
        out[to] = 125
        to += 1
        ends[2 * row + 1] = to
    return UNKNOWN

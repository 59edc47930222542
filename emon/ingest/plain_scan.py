"""The plain fixes of a batch of payloads, in one pass: JSON objects, arrays of them, and packed records.

What is *plain* decodes to the same whatever reads it: every number is rounded correctly, by one division
where that is exact (Clinger, "How to read floating point numbers accurately", 1990: a significand below
2**53 and at most 22 decimals), by a long one up to 18 digits; every text is ASCII without escapes, every
member stands once, everything is in range. All else is for the object decoder, which also finds the words
for a rejection; so a doubt here costs time and never a result. Nothing is read beyond the payload that it
belongs to.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emon.ingest.compiling import compiled, inlined

JSON, PACKED, OTHER = range(3)
"""What a payload may hold, by its topic."""

_POWERS = np.array([10.0**power for power in range(23)])
_DAYS_BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], dtype=np.int64)
_NAN = np.nan
_WHOLE_POWERS = np.array([10**power for power in range(19)], dtype=np.int64)
_SIGNIFICAND_MAX = 2**53
_DIGITS_MAX = 10**18  # below 2**60: room for one more digit, and for doubling
_REQUIRED = 0b11111  # the first five members
_MEMBERS = np.array(
    [
        int.from_bytes(name, "big")
        for name in (b"seq", b"t", b"lat", b"lon", b"acc", b"spd", b"hdg", b"hdop", b"bat", b"sat", b"src")
    ],
    dtype=np.int64,
)
_SOURCES = np.array(
    [int.from_bytes(word, "big") for word in (b"gnss", b"wifi", b"cell", b"rf")], dtype=np.int64
)  # as columns.SOURCES
_HEADER, _RECORD = 4, 34  # of a packed message, docs/wire.md


@inlined
def _is_space(byte: int) -> bool:
    return byte == 0x20 or byte == 0x09 or byte == 0x0A or byte == 0x0D


@inlined
def _after_space(buffer: Any, at: int, end: int) -> int:
    while at < end and _is_space(buffer[at]):
        at += 1
    return at


@inlined
def _after_text(buffer: Any, at: int, end: int) -> int:
    """Where a text ends whose first quote is at ``at``: at its last quote; -1 for one that is not plain."""
    at += 1
    while at < end:
        byte = buffer[at]
        if byte == 0x22:
            return at
        if byte < 0x20 or byte >= 0x7F or byte == 0x5C:
            return -1
        at += 1
    return -1


@inlined
def _digits(buffer: Any, at: int, end: int, most: int) -> tuple[int, int]:
    """A whole number without sign and without leading zero, of at most so many digits, and where it ends;
    -1 for none."""
    value: Any = np.int64(0)
    begin = at
    while at < end and 0x30 <= buffer[at] <= 0x39:
        if at - begin >= most:
            return 0, -1
        value = value * 10 + (np.int64(buffer[at]) - 0x30)
        at += 1
    if at == begin or (buffer[begin] == 0x30 and at - begin > 1):
        return 0, -1
    return value, at


@inlined
def _quotient(value: Any, divisor: Any) -> float:
    """``value / divisor`` of whole numbers below 2**60, correctly rounded, by long division: for what has
    more digits than a float holds. At least 10**-18, so never subnormal."""
    whole: Any = value // divisor
    rest: Any = value - whole * divisor
    shift = 0
    while whole < 1 << 53:  # 53 bits and one to round by
        rest *= 2
        whole *= 2
        if rest >= divisor:
            rest -= divisor
            whole += 1
        shift += 1
    half: Any = whole & 1
    whole >>= 1
    if half == 1 and (rest != 0 or whole & 1 == 1):  # to the nearest, and to even between two
        whole += 1
    return math.ldexp(np.float64(whole), 1 - shift)


@inlined
def _number(buffer: Any, at: int, end: int) -> tuple[float, int]:
    """A number without exponent, correctly rounded, and where it ends; -1 where that is not sure."""
    negative = at < end and buffer[at] == 0x2D
    if negative:
        at += 1
    begin, point = at, -1
    value: Any = np.int64(0)
    while at < end:
        byte: Any = np.int64(buffer[at])
        if byte == 0x2E and point < 0 and at > begin:
            point = at
        elif 0x30 <= byte <= 0x39:
            value = value * 10 + (byte - 0x30)
            if value >= _DIGITS_MAX:
                return 0.0, -1
        else:
            break
        at += 1
    decimals = 0 if point < 0 else at - point - 1
    whole_end = at if point < 0 else point
    if whole_end == begin or (buffer[begin] == 0x30 and whole_end - begin > 1) or point == at - 1:
        return 0.0, -1
    if value == 0 and negative:  # minus zero: a sign that two readers may keep or not
        return 0.0, -1
    if value < _SIGNIFICAND_MAX and decimals <= 22:
        found = np.float64(value) / _POWERS[decimals]
    elif decimals <= 18 and value // _WHOLE_POWERS[decimals] < _SIGNIFICAND_MAX:
        found = _quotient(value, _WHOLE_POWERS[decimals])
    else:
        return 0.0, -1
    return -found if negative else found, at


@inlined
def _two(buffer: Any, at: int) -> int:
    """Two digits; -1 where they are none."""
    high: Any = np.int64(buffer[at]) - 0x30
    low: Any = np.int64(buffer[at + 1]) - 0x30
    if high < 0 or high > 9 or low < 0 or low > 9:
        return -1
    found: int = high * 10 + low
    return found


@inlined
def _instant(buffer: Any, at: int, end: int) -> tuple[int, int]:
    """YYYY-MM-DDThh:mm:ss[.f{1,6}]Z between quotes, ``at`` at the first of them: µs since 1970, and where
    its last quote stands; -1 for every other form."""
    at += 1
    if at + 21 > end:
        return 0, -1
    century, years = _two(buffer, at), _two(buffer, at + 2)
    month, day = _two(buffer, at + 5), _two(buffer, at + 8)
    hour, minute, second = _two(buffer, at + 11), _two(buffer, at + 14), _two(buffer, at + 17)
    if min(century, years, month, day) < 0 or min(hour, minute, second) < 0:
        return 0, -1
    if buffer[at + 4] != 0x2D or buffer[at + 7] != 0x2D or buffer[at + 10] != 0x54:
        return 0, -1
    if buffer[at + 13] != 0x3A or buffer[at + 16] != 0x3A:
        return 0, -1
    year = century * 100 + years
    if year < 1 or month < 1 or month > 12 or hour > 23 or minute > 59 or second > 59:
        return 0, -1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    in_month = 31 if month == 12 else _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1]
    if month == 2 and leap:
        in_month += 1
    if day < 1 or day > in_month:
        return 0, -1
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 + _DAYS_BEFORE[month - 1] + day - 1
    if leap and month > 2:
        days += 1
    seconds = (days - 719_162) * 86_400 + hour * 3_600 + minute * 60 + second  # of 1970 since year 1
    at += 19
    fraction: Any = np.int64(0)
    if buffer[at] == 0x2E:
        at += 1
        places = 0
        while at < end and 0x30 <= buffer[at] <= 0x39:
            if places == 6:
                return 0, -1
            fraction = fraction * 10 + (np.int64(buffer[at]) - 0x30)
            places += 1
            at += 1
        if places == 0:
            return 0, -1
        for _ in range(6 - places):
            fraction *= 10
    if at + 1 >= end or buffer[at] != 0x5A or buffer[at + 1] != 0x22:
        return 0, -1
    return seconds * 1_000_000 + fraction, at + 1


@inlined
def _word(buffer: Any, at: int, end: int, words: Any) -> int:
    """The place among ``words`` of that in [at, end), of at most four bytes; -1 for another."""
    if end - at > 4:
        return -1
    packed: Any = np.int64(0)
    for place in range(at, end):
        packed = packed << 8 | np.int64(buffer[place])
    for number in range(len(words)):
        if packed == words[number]:
            return number
    return -1


@inlined
def _after_other(buffer: Any, at: int, end: int) -> int:
    """Where the value of an unknown member ends: a plain text or number, true, false or null; else -1."""
    if at >= end:
        return -1
    byte = buffer[at]
    if byte == 0x22:
        after = _after_text(buffer, at, end)
        return after + 1 if after >= 0 else -1
    if byte == 0x74 and at + 4 <= end:
        good = buffer[at + 1] == 0x72 and buffer[at + 2] == 0x75 and buffer[at + 3] == 0x65
        return at + 4 if good else -1
    if byte == 0x6E and at + 4 <= end:
        good = buffer[at + 1] == 0x75 and buffer[at + 2] == 0x6C and buffer[at + 3] == 0x6C
        return at + 4 if good else -1
    if byte == 0x66 and at + 5 <= end:
        good = buffer[at + 1] == 0x61 and buffer[at + 2] == 0x6C
        good = good and buffer[at + 3] == 0x73 and buffer[at + 4] == 0x65
        return at + 5 if good else -1
    _, after = _number(buffer, at, end)
    return after


@inlined
def _value(
    buffer: Any, at: int, end: int, member: int, ints: Any, reals: Any, k: int, bounds: Any, instants: Any
) -> int:
    """One known member into column ``k``; where it ends, or -1."""
    if member == 0:
        seq, after = _digits(buffer, at, end, 10)
        ints[1, k] = seq
        return after if after >= 0 and seq <= bounds[8] else -1
    if member == 1:
        if buffer[at] == 0x22:
            at_us, after = _instant(buffer, at, end)
            after += after >= 0
        else:
            at_ms, after = _digits(buffer, at, end, 14)
            at_us = at_ms * 1_000
        ints[2, k] = at_us
        return after if instants[0] <= at_us <= instants[1] else -1
    if member == 9:
        satellites, after = _digits(buffer, at, end, 4)
        ints[6, k] = satellites
        return after if after >= 0 and satellites <= bounds[7] else -1
    if member == 10:
        if buffer[at] != 0x22:
            return -1
        quote = _after_text(buffer, at, end)
        source = _word(buffer, at + 1, quote, _SOURCES) if quote >= 0 else -1
        ints[5, k] = source
        return quote + 1 if source >= 0 else -1
    number, after = _number(buffer, at, end)
    if after < 0:
        return -1
    if member == 2:  # lat
        reals[1, k] = number
        return after if -90.0 <= number <= 90.0 else -1
    if member == 3:  # lon
        reals[0, k] = number
        return after if -180.0 <= number <= 180.0 else -1
    place = member - 2  # acc 2, spd 3, hdg 4, hdop 5, bat 6
    reals[place, k] = number
    least = bounds[0] if member == 4 else 0.0
    return after if least <= number <= bounds[place - 1] else -1


@inlined
def _object(buffer: Any, at: int, end: int, ints: Any, reals: Any, k: int, bounds: Any, instants: Any) -> int:
    """One object that begins at ``at`` into column ``k``; where it ends, or -1."""
    if at >= end or buffer[at] != 0x7B:
        return -1
    ints[5, k], ints[6, k] = 0, -1
    for place in range(3, 7):
        reals[place, k] = _NAN
    seen = 0
    at = _after_space(buffer, at + 1, end)
    while at < end and buffer[at] == 0x22:
        quote = _after_text(buffer, at, end)
        if quote < 0:
            return -1
        member = _word(buffer, at + 1, quote, _MEMBERS)
        at = _after_space(buffer, quote + 1, end)
        if at >= end or buffer[at] != 0x3A:
            return -1
        at = _after_space(buffer, at + 1, end)
        if at >= end:
            return -1
        if member < 0:
            at = _after_other(buffer, at, end)
        else:
            if seen & (1 << member):
                return -1
            seen |= 1 << member
            at = _value(buffer, at, end, member, ints, reals, k, bounds, instants)
        if at < 0:
            return -1
        at = _after_space(buffer, at, end)
        if at >= end:
            return -1
        if buffer[at] == 0x7D:
            return at + 1 if seen & _REQUIRED == _REQUIRED else -1
        if buffer[at] != 0x2C:
            return -1
        at = _after_space(buffer, at + 1, end)
    return -1


@inlined
def _json(
    buffer: Any,
    begin: int,
    end: int,
    ints: Any,
    reals: Any,
    first: int,
    most: int,
    bounds: Any,
    instants: Any,
) -> int:
    """The fixes of one JSON payload from column ``first`` on; how many, or -1. An object's own bytes are the
    whole payload, an element's begin and end with its braces."""
    at = _after_space(buffer, begin, end)
    if at >= end:
        return -1
    if buffer[at] == 0x7B:
        if first >= ints.shape[1]:
            return -1
        after = _object(buffer, at, end, ints, reals, first, bounds, instants)
        if after < 0 or _after_space(buffer, after, end) != end:
            return -1
        ints[3, first], ints[4, first] = begin, end
        return 1
    if buffer[at] != 0x5B:
        return -1
    count = 0
    at = _after_space(buffer, at + 1, end)
    while count < most and first + count < ints.shape[1]:
        k = first + count
        after = _object(buffer, at, end, ints, reals, k, bounds, instants)
        if after < 0:
            return -1
        ints[3, k], ints[4, k] = at, after
        count += 1
        at = _after_space(buffer, after, end)
        if at >= end:
            return -1
        if buffer[at] == 0x5D:
            return count if _after_space(buffer, at + 1, end) == end else -1
        if buffer[at] != 0x2C:
            return -1
        at = _after_space(buffer, at + 1, end)
    return -1


@inlined
def _little(buffer: Any, at: int, size: int) -> int:
    """An unsigned little-endian integer."""
    value: Any = np.int64(0)
    for place in range(size):
        value |= np.int64(buffer[at + place]) << (8 * place)
    found: int = value
    return found


@inlined
def _signed(value: int) -> int:
    return value - 0x1_0000_0000 if value >= 0x8000_0000 else value


@inlined
def _hundredths(value: int, most: float) -> float:
    """None (NaN) for the value that stands for it and for one out of range."""
    if value == 0xFFFF or value > most * 100.0 + 0.5:
        return _NAN
    return np.float64(value) / 100.0


@inlined
def _record(buffer: Any, at: int, ints: Any, reals: Any, k: int, bounds: Any, instants: Any) -> bool:
    """One packed record that begins at ``at`` into column ``k``; whether it is fit."""
    ints[1, k] = _little(buffer, at, 4)
    at_us = _little(buffer, at + 4, 8)
    lat, lon = _signed(_little(buffer, at + 12, 4)), _signed(_little(buffer, at + 16, 4))
    accuracy = _little(buffer, at + 20, 4)
    if at_us < instants[0] or at_us > instants[1]:
        return False
    if abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000 or accuracy > bounds[1] * 100.0 + 0.5:
        return False
    ints[2, k] = at_us
    reals[0, k], reals[1, k] = np.float64(lon) / 10_000_000.0, np.float64(lat) / 10_000_000.0
    reals[2, k] = np.float64(accuracy) / 100.0
    reals[3, k] = _hundredths(_little(buffer, at + 24, 2), bounds[2])
    reals[4, k] = _hundredths(_little(buffer, at + 26, 2), bounds[3])
    reals[5, k] = _hundredths(_little(buffer, at + 28, 2), bounds[4])
    satellites, battery, source = (
        np.int64(buffer[at + 30]),
        np.int64(buffer[at + 31]),
        np.int64(buffer[at + 32]),
    )
    ints[6, k] = satellites if satellites <= bounds[7] else -1
    reals[6, k] = np.float64(battery) / 200.0 if battery <= 200 else _NAN
    ints[5, k] = source if source < 4 else 0
    return True


@inlined
def _packed(
    buffer: Any,
    begin: int,
    end: int,
    ints: Any,
    reals: Any,
    first: int,
    most: int,
    bounds: Any,
    instants: Any,
    own: int,
) -> int:
    """The fixes of one packed payload from column ``first`` on; how many, or -1. Each record's own bytes are
    written to ``buffer`` from ``own`` on, behind a header for one."""
    if end - begin < _HEADER or buffer[begin + 1] != 0 or buffer[begin] != bounds[6]:
        return -1
    count = _little(buffer, begin + 2, 2)
    if count == 0 or count > most or end - begin != _HEADER + count * _RECORD:
        return -1
    if first + count > ints.shape[1]:
        return -1
    for number in range(count):
        at, k = begin + _HEADER + number * _RECORD, first + number
        if not _record(buffer, at, ints, reals, k, bounds, instants):
            return -1
        to = own + number * (_HEADER + _RECORD)
        buffer[to], buffer[to + 1], buffer[to + 2], buffer[to + 3] = buffer[begin], 0, 1, 0
        for place in range(_RECORD):
            buffer[to + _HEADER + place] = buffer[at + place]
        ints[3, k], ints[4, k] = to, to + _HEADER + _RECORD
    return count


@compiled
def scan_plain(
    buffer: Any,
    begins: Any,
    ends: Any,
    own: int,
    kinds: Any,
    counts: Any,
    ints: Any,
    reals: Any,
    most: int,
    bounds: Any,
    instants: Any,
) -> int:
    """The plain fixes of payloads that lie in ``buffer``, from where ``begins`` says to where ``ends`` does.

    ``counts`` gets of each payload how many fixes it holds, or -1 where it is for the object decoder; of
    these the columns are written, the payload's number in row 0. From ``own`` on the buffer must have room
    for each packed record with a header. ``ints`` and ``reals`` need room for all fixes; one payload
    that finds none is for the object decoder too. Returns how many columns are written.
    """
    total = 0
    for message in range(len(ends)):
        begin, end = begins[message], ends[message]
        found = -1
        if kinds[message] == 0:
            found = _json(buffer, begin, end, ints, reals, total, most, bounds, instants)
        elif kinds[message] == 1:
            found = _packed(buffer, begin, end, ints, reals, total, most, bounds, instants, own)
            if found > 0:
                own += found * (_HEADER + _RECORD)
        counts[message] = found
        if found > 0:
            for k in range(total, total + found):
                ints[0, k] = message
            total += found
    return total

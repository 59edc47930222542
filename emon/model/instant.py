"""Instants: integer microseconds since 1970 UTC, and their text and ``datetime`` forms."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)


def parse_instant(text: str) -> int:
    """RFC 3339 ``date-time`` (section 5.6) to microseconds since 1970 UTC.

    Digits beyond the microsecond are cut off. A leap second (``:60``, section 5.7) becomes the
    first instant of the next minute, since neither Python nor PostgreSQL can hold it.

    Raises ``ValueError`` when the text is no RFC 3339 instant or lies outside years 1 to 9999.
    """
    match = _RFC3339.match(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 instant with an offset: {text[:64]!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, offset = match.group(7), match.group(8)
    zone: timezone = UTC
    if offset not in "Zz":
        sign = -1 if offset[0] == "-" else 1
        offset_h, offset_min = int(offset[1:3]), int(offset[4:6])
        if offset_h > 23 or offset_min > 59:
            raise ValueError(f"offset out of range: {text[:64]!r}")
        zone = timezone(sign * timedelta(hours=offset_h, minutes=offset_min))
    leap = second == 60
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=zone)
        whole_us = to_us(moment)
    except (ValueError, OverflowError) as fault:
        raise ValueError(f"no such instant: {text[:64]!r} ({fault})") from None
    if leap:
        return whole_us + SECOND_US
    return whole_us + int((fraction or "0")[:6].ljust(6, "0"))


def to_us(moment: datetime) -> int:
    """An aware ``datetime`` to microseconds since 1970 UTC, exactly (no float on the way).

    Raises ``ValueError`` for a naive one: a local time without a zone is no instant.
    """
    if moment.tzinfo is None:
        raise ValueError("a naive datetime is no instant")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant_us: int) -> datetime:
    """Microseconds since 1970 UTC to an aware UTC ``datetime``."""
    return _EPOCH + timedelta(microseconds=instant_us)


def format_instant(instant_us: int) -> str:
    """UTC with ``Z`` and six decimals, the form of every output (contract, section 5)."""
    return to_datetime(instant_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")

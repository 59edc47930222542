"""Packed fixes (topic ``fixb``): a header of four bytes and records of 34, little-endian.

Documented byte by byte in ``docs/wire.md``. Integers in decimal steps, so that a bracelet needs no
floating point and a value on the grid equals the same value written in JSON: an integer of less than
2**53 divided by a power of ten is correctly rounded, as a JSON number is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from emon.ingest.elements import UnfitError
from emon.limits import (
    ACCURACY_MAX_M,
    FIXB_VERSION,
    FIXES_PER_MESSAGE_MAX,
    HDOP_MAX,
    HEADING_MAX_DEG,
    INSTANT_MAX_US,
    INSTANT_MIN_US,
    SATELLITES_MAX,
    SPEED_MAX_M_S,
)
from emon.model.fix import RawFix
from emon.model.vocabulary import Reason, Source

HEADER = struct.Struct("<BBH")
"""version, reserved (0), number of records."""
RECORD = struct.Struct("<IqiiIHHHBBBx")
"""seq, t µs, lat 1e-7°, lon 1e-7°, acc cm, spd cm/s, hdg 0.01°, hdop 0.01, sat, bat 0.5 %, src, reserved."""

_SOURCES = (Source.GNSS, Source.WIFI, Source.CELL, Source.RF)
_NONE_I32, _NONE_U32, _NONE_U16, _NONE_U8 = -(2**31), 2**32 - 1, 2**16 - 1, 2**8 - 1
_DEG, _CENTI, _BATTERY = 10_000_000, 100, 200
_ONE = HEADER.pack(FIXB_VERSION, 0, 1)


def split_records(payload: bytes) -> list[bytes]:
    """Each record behind a header of its own, so that it can be decoded alone. Raises ``UnfitError``."""
    if len(payload) < HEADER.size:
        detail = f"{len(payload)} bytes are shorter than the header of {HEADER.size}"
        raise UnfitError(Reason.UNREADABLE, detail)
    version, reserved, count = HEADER.unpack_from(payload)
    if version != FIXB_VERSION or reserved != 0:
        detail = f"version {version}.{reserved} is unknown; this service reads {FIXB_VERSION}.0"
        raise UnfitError(Reason.UNREADABLE, detail)
    if count > FIXES_PER_MESSAGE_MAX:
        raise UnfitError(Reason.TOO_MANY, f"{count:,} records; at most {FIXES_PER_MESSAGE_MAX:,}")
    expected = HEADER.size + count * RECORD.size
    if len(payload) != expected:
        detail = f"{count} records make {expected} bytes; these are {len(payload)}"
        raise UnfitError(Reason.UNREADABLE, detail)
    return [_ONE + payload[at : at + RECORD.size] for at in range(HEADER.size, expected, RECORD.size)]


def join_records(elements: Sequence[bytes]) -> bytes:
    """One payload of records that are each behind a header of their own."""
    records = (element[HEADER.size :] for element in elements)
    return HEADER.pack(FIXB_VERSION, 0, len(elements)) + b"".join(records)


def fix_from_record(element: bytes, device: str) -> RawFix:
    """One record behind its header to a fix. Raises ``UnfitError``."""
    seq, at_us, lat, lon, acc, spd, hdg, hdop, sat, bat, src = RECORD.unpack_from(element, HEADER.size)
    if not INSTANT_MIN_US <= at_us <= INSTANT_MAX_US:
        raise UnfitError(Reason.OUT_OF_RANGE, "an instant beyond the years 1 to 9999", "t")
    for name, value, none, most in (
        ("lat", lat, _NONE_I32, 90 * _DEG),
        ("lon", lon, _NONE_I32, 180 * _DEG),
        ("acc", acc, _NONE_U32, round(ACCURACY_MAX_M * _CENTI)),
    ):
        if value == none:
            raise UnfitError(Reason.MISSING, f"{name} is missing", name)
        if abs(value) > most:
            raise UnfitError(Reason.OUT_OF_RANGE, f"{value} is beyond {most}", name)
    return RawFix(
        device=device,
        seq=seq,
        fixed_at_us=at_us,
        lon=lon / _DEG,
        lat=lat / _DEG,
        accuracy_m=acc / _CENTI,
        raw=element,
        source=_SOURCES[src] if src < len(_SOURCES) else Source.GNSS,
        speed_m_s=_optional(spd, SPEED_MAX_M_S),
        heading_deg=_optional(hdg, HEADING_MAX_DEG),
        satellites=sat if sat <= SATELLITES_MAX else None,
        hdop=_optional(hdop, HDOP_MAX),
        battery=bat / _BATTERY if bat <= _BATTERY else None,
    )


def _optional(value: int, most: float) -> float | None:
    """Hundredths to a float; None for the value that stands for none, and for one out of range."""
    return None if value == _NONE_U16 or value > round(most * _CENTI) else value / _CENTI


def encode_fixb(fixes: Iterable[RawFix]) -> bytes:
    """One message of up to 1,000 fixes, each rounded to the grid. Their device is the topic's matter.

    Raises ``ValueError`` for more fixes, and for a value that does not fit its field.
    """
    records = [_encode(fix) for fix in fixes]
    if len(records) > FIXES_PER_MESSAGE_MAX:
        raise ValueError(f"{len(records):,} fixes; a message holds at most {FIXES_PER_MESSAGE_MAX:,}")
    return HEADER.pack(FIXB_VERSION, 0, len(records)) + b"".join(records)


def _encode(fix: RawFix) -> bytes:
    try:
        return RECORD.pack(
            fix.seq,
            fix.fixed_at_us,
            round(fix.lat * _DEG),
            round(fix.lon * _DEG),
            round(fix.accuracy_m * _CENTI),
            _NONE_U16 if fix.speed_m_s is None else min(round(fix.speed_m_s * _CENTI), _NONE_U16 - 1),
            _NONE_U16 if fix.heading_deg is None else round(fix.heading_deg * _CENTI),
            _NONE_U16 if fix.hdop is None else round(fix.hdop * _CENTI),
            _NONE_U8 if fix.satellites is None else fix.satellites,
            _NONE_U8 if fix.battery is None else round(fix.battery * _BATTERY),
            _SOURCES.index(fix.source),
        )
    except struct.error as fault:
        raise ValueError(f"fix {fix.key} does not fit a record: {fault}") from None

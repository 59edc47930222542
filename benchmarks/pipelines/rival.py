"""What every rival shares: its arguments, quick decoding, the columns, a sign that it is up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

TOPIC = "emon/v1/+/fix"
COLUMNS = (
    "device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark, raw, speed_m_s, "
    "heading_deg, battery"
)
TYPES = (
    *(
        "text",
        "int8",
        "timestamptz",
        "timestamptz",
        "timestamptz",
        "float8",
        "float8",
        "float8",
        "text",
        "text",
    ),
    *("bytea", "float8", "float8", "float8"),
)
BATCH_MAX = 2_000
"""Rows a transaction: a rival takes all that is there, up to so many, and never waits for more."""
WINDOW = 1_000
"""Unacknowledged messages: the broker's setting, and what our own service asks for."""


class Given(NamedTuple):
    """Where broker and database are."""

    host: str
    port: int
    user: str
    password: str
    database: str


class Wire(msgspec.Struct):
    """A fix as the load sends it. msgspec's typed decoding is the quickest of Python's (0.2 µs)."""

    seq: int
    t: int | str
    lat: float
    lon: float
    acc: float
    src: str = "gnss"
    spd: float | None = None
    hdg: float | None = None
    bat: float | None = None


Row = tuple[object, ...]
_one = msgspec.json.Decoder(Wire)
_many = msgspec.json.Decoder(list[msgspec.Raw])


def rows_of(topic: str, payload: bytes, now: datetime) -> Iterable[Row]:
    """A message's rows. No admission and no check of ranges: what a rival leaves out makes it quicker."""
    device = topic.split("/")[2]
    elements = [bytes(raw) for raw in _many.decode(payload)] if payload[:1] == b"[" else [payload]
    for element in elements:
        fix = _one.decode(element)
        at = (
            datetime.fromtimestamp(fix.t / 1e3, UTC)
            if isinstance(fix.t, int)
            else datetime.fromisoformat(fix.t)
        )
        yield (
            *(device, fix.seq, at, now, now, fix.lon, fix.lat, fix.acc, fix.src, "ok", element),
            *(fix.spd, fix.hdg, fix.bat),
        )


def given() -> Given:
    parser = argparse.ArgumentParser()
    for name in Given._fields:
        parser.add_argument(f"--{name}", type=int if name == "port" else str, required=True)
    return Given(**vars(parser.parse_args()))


def is_up() -> None:
    """Subscribed: from now on the broker keeps what comes, also while this process is away."""
    print("up", file=sys.stderr, flush=True)

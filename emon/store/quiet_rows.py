"""Fixes in columns as the database takes them: rows for COPY and the newest fix of each device."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from emon.model.columns import (
    ACCURACY,
    BATTERY,
    FIXED,
    HEADING,
    LAT,
    LON,
    MESSAGE,
    RAW,
    RAW_END,
    SEQ,
    SOURCE,
    SOURCES,
    SPEED,
    FixColumns,
    QuietFixes,
)
from emon.model.vocabulary import Mark
from emon.store import packing
from emon.store.copy_kernel import ROW_BYTES_MAX, octets
from emon.store.packing import POSTGRES_EPOCH_US

_WORDS = [source.encode() for source in SOURCES]
_OK = Mark.OK.encode()


def copy_rows(quiet: QuietFixes, recorded_at_us: int) -> bytes:
    """Their rows for ``rows.COPY_FIX``, without head and tail."""
    from emon.store.copy_kernel import pack_rows

    columns, chosen = quiet.columns, quiet.chosen
    names, name_ends = octets([device.encode() for device in columns.devices])
    words, word_ends = octets([*_WORDS, _OK])
    ints = columns.ints
    of = ints[MESSAGE, chosen]
    size = int((ints[RAW_END, chosen] - ints[RAW, chosen] + name_ends[of + 1] - name_ends[of]).sum())
    out = np.empty(size + len(chosen) * ROW_BYTES_MAX, dtype=np.uint8)
    received, recorded = quiet.received_at_us - POSTGRES_EPOCH_US, recorded_at_us - POSTGRES_EPOCH_US
    bits = columns.reals.view(np.int64)
    end = pack_rows(
        ints, bits, chosen, columns.raw, names, name_ends, words, word_ends,
        received, recorded, POSTGRES_EPOCH_US, out,
    )  # fmt: skip
    return out[:end].tobytes()


def now_params(quiet: QuietFixes, recorded_at: datetime) -> tuple[object, ...]:
    """Parameters of ``write_sql.UPSERT_DEVICE_NOW``: each is the newest of its device."""
    columns, chosen = quiet.columns, quiet.chosen
    ints, reals = columns.ints[:, chosen], columns.reals[:, chosen]
    devices = columns.devices
    count = len(chosen)
    return (
        recorded_at,
        packing.texts([devices[message].encode() for message in ints[MESSAGE].tolist()]),
        packing.int8s(ints[SEQ]),
        packing.instants(ints[FIXED]),
        packing.instants(np.full(count, quiet.received_at_us, dtype=np.int64)),
        packing.float8s(reals[LON]),
        packing.float8s(reals[LAT]),
        packing.float8s(reals[ACCURACY]),
        packing.texts([_WORDS[source] for source in ints[SOURCE].tolist()]),
        packing.texts([_OK] * count),
        packing.float8s(reals[SPEED]),
        packing.float8s(reals[HEADING]),
        packing.float8s(reals[BATTERY]),
    )


def load_copy_kernel() -> None:
    """Compile it now, some seconds where no cache holds it: no transaction is to wait for a compiler."""
    none = FixColumns(
        [], [], [], np.empty((7, 0), dtype=np.int64), np.empty((7, 0)), np.empty(0, dtype=np.uint8)
    )
    copy_rows(QuietFixes(none, np.empty(0, dtype=np.int64), 0), 0)

"""The fixes of a batch as parameters of ``quick_sql.WRITE``: a column each, whichever way they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.model.columns import (
    ACCURACY,
    BATTERY,
    FIXED,
    HDOP,
    HEADING,
    INTS,
    LAT,
    LON,
    MESSAGE,
    RAW,
    RAW_END,
    REALS,
    SATELLITES,
    SEQ,
    SOURCE,
    SOURCES,
    SPEED,
    FixColumns,
    Floats,
    Ints,
    QuietFixes,
)
from emon.model.effects import Effects
from emon.model.fix import Fix
from emon.model.named import Named
from emon.model.vocabulary import Mark
from emon.store import packing

FIX_PARAMS = 16
_WORDS = [packing.cell(source.encode()) for source in SOURCES]
_PLACE = {source: place for place, source in enumerate(SOURCES)}
_OK = packing.cell(Mark.OK.encode())


class _Part(NamedTuple):
    """Some fixes: numbers as ``FixColumns`` has them, texts as cells; ``newest`` marks those that are the
    newest usable one of their device in this batch."""

    ints: Ints
    reals: Floats
    received: Ints
    devices: bytes
    sources: bytes
    marks: bytes
    raws: bytes
    newest: npt.NDArray[np.bool_]


def fix_params(effects: Effects) -> list[bytes | None]:
    """device, seq, fixed_at, received_at, lon, lat, accuracy_m, source, mark, raw, speed_m_s, heading_deg,
    hdop, battery, satellites, newest; nothing but nulls when there are no fixes."""
    parts = []
    if effects.fixes:
        parts.append(_of_objects(effects.fixes))
    if effects.quiet is not None and effects.quiet.size:
        parts.append(_of_columns(effects.quiet))
    if not parts:
        return [None] * FIX_PARAMS
    part = parts[0] if len(parts) == 1 else _together(*parts)
    ints, reals = part.ints, part.reals
    count = len(part.received)
    found = (
        packing.texts_of(count, part.devices),
        packing.int8s(ints[SEQ]),
        packing.instants(ints[FIXED]),
        packing.instants(part.received),
        packing.float8s(reals[LON]),
        packing.float8s(reals[LAT]),
        packing.float8s(reals[ACCURACY]),
        packing.texts_of(count, part.sources),
        packing.texts_of(count, part.marks),
        packing.octets_of(count, part.raws),
        packing.float8s(reals[SPEED]),
        packing.float8s(reals[HEADING]),
        packing.float8s(reals[HDOP]),
        packing.float8s(reals[BATTERY]),
        packing.int4s(ints[SATELLITES]),
        packing.booleans(part.newest),
    )
    return [one.data for one in found]


def newest_usable(fixes: Iterable[Fix]) -> dict[str, Fix]:
    """Of each device the newest usable fix by (fixed_at, seq), by device name."""
    newest: dict[str, Fix] = {}
    for fix in fixes:
        held = newest.get(fix.wire.device)
        if fix.usable and (held is None or _age_key(fix) > _age_key(held)):
            newest[fix.wire.device] = fix
    return dict(sorted(newest.items()))


def _age_key(fix: Fix) -> tuple[int, int]:
    return (fix.wire.fixed_at_us, fix.wire.seq)


def _of_objects(fixes: Sequence[Fix]) -> _Part:
    wires = [fix.wire for fix in fixes]
    ints: Ints = np.zeros((INTS, len(fixes)), dtype=np.int64)
    ints[SEQ] = [wire.seq for wire in wires]
    ints[FIXED] = [wire.fixed_at_us for wire in wires]
    ints[SATELLITES] = [-1 if wire.satellites is None else wire.satellites for wire in wires]
    reals: Floats = np.empty((REALS, len(fixes)))
    reals[LON] = [wire.lon for wire in wires]
    reals[LAT] = [wire.lat for wire in wires]
    reals[ACCURACY] = [wire.accuracy_m for wire in wires]
    reals[SPEED] = packing.floats_of(wire.speed_m_s for wire in wires)
    reals[HEADING] = packing.floats_of(wire.heading_deg for wire in wires)
    reals[HDOP] = packing.floats_of(wire.hdop for wire in wires)
    reals[BATTERY] = packing.floats_of(wire.battery for wire in wires)
    newest = newest_usable(fixes)
    return _Part(
        ints,
        reals,
        np.array([fix.received_at_us for fix in fixes], dtype=np.int64),
        b"".join(packing.cell(wire.device.encode()) for wire in wires),
        b"".join(_WORDS[_PLACE[wire.source]] for wire in wires),
        b"".join(packing.cell(fix.mark.encode()) for fix in fixes),
        b"".join(packing.cell(wire.raw) for wire in wires),
        np.array([newest.get(fix.wire.device) is fix for fix in fixes], dtype=np.bool_),
    )


def _of_columns(quiet: QuietFixes) -> _Part:
    from emon.store.cells_kernel import cells_of

    columns, chosen = quiet.columns, quiet.chosen
    ints, reals = columns.ints[:, chosen], columns.reals[:, chosen]
    devices = columns.devices
    sources = ints[SOURCE]
    if (sources == sources[0]).all():
        words = _WORDS[int(sources[0])] * len(chosen)
    else:
        words = b"".join([_WORDS[source] for source in sources.tolist()])
    of_message = [device.encode() for device in devices]
    names = [of_message[message] for message in ints[MESSAGE].tolist()]
    newest = np.zeros(len(names), dtype=np.bool_)
    newest[list({name: place for place, name in enumerate(names)}.values())] = True
    ends = np.zeros(len(names) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, names), dtype=np.int64, count=len(names)), out=ends[1:])
    return _Part(
        ints,
        reals,
        np.full(len(chosen), quiet.received_at_us, dtype=np.int64),
        cells_of(np.frombuffer(bytearray(b"").join(names), dtype=np.uint8), ends[:-1], ends[1:]),
        words,
        _OK * len(chosen),
        cells_of(columns.raw, ints[RAW], ints[RAW_END]),
        newest,
    )


def _together(one: _Part, other: _Part) -> _Part:
    return _Part(
        np.concatenate((one.ints, other.ints), axis=1),
        np.concatenate((one.reals, other.reals), axis=1),
        np.concatenate((one.received, other.received)),
        one.devices + other.devices,
        one.sources + other.sources,
        one.marks + other.marks,
        one.raws + other.raws,
        np.concatenate((one.newest, other.newest)),
    )


def load_cells_kernel() -> None:
    """Compile it now, some seconds where no cache holds it: no transaction is to wait for a compiler."""
    nobody = Named([""], np.zeros(1, dtype=np.int64))
    columns = FixColumns(
        nobody,
        nobody,
        [0],
        np.zeros((INTS, 1), dtype=np.int64),
        np.zeros((REALS, 1)),
        np.zeros(1, dtype=np.uint8),
    )
    fix_params(Effects(0, quiet=QuietFixes(columns, np.zeros(1, dtype=np.int64), 0)))

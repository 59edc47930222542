"""What is kept of devices as such: the engine's memory of each, what goes wrong, the service's stops.

A watch is one JSON value: it is the engine's own, read back whole, and no page looks into it. It is written
when more than a quiet fix changed it (docs/adr/0028): what it lacks since is its newest usable fix.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from emon.devices.heard import seen_since
from emon.devices.watching import Remembered
from emon.model.effects import Effects
from emon.model.instant import to_datetime
from emon.model.vocabulary import AlertEvent
from emon.model.watch import Place, ServiceStop, Trouble, Unseen, Watch
from emon.store import connect as c
from emon.store import packing

_UPSERT_TROUBLE = """
INSERT INTO trouble (id, event, device, order_id, opened_at, cleared_at, alert_id, cause, victim, unseen,
                     devices, heard, recorded_at, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET
    cleared_at = excluded.cleared_at, alert_id = excluded.alert_id, cause = excluded.cause,
    unseen = excluded.unseen, devices = excluded.devices, heard = excluded.heard,
    changed_at = excluded.changed_at
"""
_UPSERT_STOP = """
INSERT INTO service_stop (down_at, up_at) VALUES (%s, %s)
ON CONFLICT (down_at) DO UPDATE SET up_at = excluded.up_at
"""
TROUBLE_COLUMNS = (
    "id, event, opened_at, cleared_at, alert_id, device, order_id, cause, victim, unseen::text, "
    "devices, heard"
)
"""Of every query that answers troubles, in the order ``trouble_from_row`` reads."""

WATCH_COLUMNS = "w.watch::text, n.fixed_at, n.seq, n.received_at, n.lon, n.lat, n.source = 'cell'"
"""Of a row of ``device_watch`` and its row of ``device_now``, in the order ``watch_now`` reads."""

_SELECT_WATCHES = f"""
SELECT {WATCH_COLUMNS}
FROM device_watch AS w LEFT JOIN device_now AS n USING (device) ORDER BY device
"""
_SELECT_OPEN = f"SELECT {TROUBLE_COLUMNS} FROM trouble WHERE cleared_at IS NULL ORDER BY opened_at, id"
_SELECT_STOPS = "SELECT down_at, up_at FROM service_stop ORDER BY down_at"

_encoder = msgspec.json.Encoder()
_watch_decoder = msgspec.json.Decoder(Watch)
_unseen_decoder = msgspec.json.Decoder(tuple[Unseen, ...])


def watch_params(watches: Sequence[Watch]) -> tuple[bytes | None, bytes | None]:
    """Devices and their watches, as ``quick_sql.WRITE`` takes them; nulls where there are none."""
    if not watches:
        return None, None
    devices = packing.texts([watch.device.encode() for watch in watches])
    return devices.data, packing.texts([_encoder.encode(watch) for watch in watches]).data


async def write(conn: c.Connection, effects: Effects, recorded_at: datetime) -> None:
    """What goes wrong of devices and of the service in one step."""
    for trouble in effects.troubles:
        await c.execute(conn, _UPSERT_TROUBLE, _trouble_params(trouble, recorded_at))
    if effects.stop is not None:
        up_at = None if effects.stop.up_us is None else to_datetime(effects.stop.up_us)
        await c.execute(conn, _UPSERT_STOP, (to_datetime(effects.stop.down_us), up_at))


async def remembered(conn: c.Connection) -> Remembered:
    """Everything on file of devices that the engine must know after a restart."""
    watches = await c.fetch(conn, _SELECT_WATCHES)
    troubles = await c.fetch(conn, _SELECT_OPEN)
    stops = await c.fetch(conn, _SELECT_STOPS)
    return Remembered(
        tuple(watch_now(row) for row in watches),
        tuple(trouble_from_row(row) for row in troubles),
        tuple(ServiceStop(row[0], row[1]) for row in stops),
    )


def watch_now(row: Sequence[Any]) -> Watch:
    """A row of ``WATCH_COLUMNS``: the watch as kept, brought up to the device's newest usable fix."""
    watch = _watch_decoder.decode(row[0])
    return watch if row[1] is None else seen_since(watch, Place(*row[1:]))


def unseen_from(text: str) -> tuple[Unseen, ...]:
    """An outage's list as it is stored."""
    return _unseen_decoder.decode(text)


def trouble_from_row(row: Sequence[object]) -> Trouble:
    """A row of ``TROUBLE_COLUMNS``."""
    values = dict(zip(Trouble.__struct_fields__, row, strict=True))
    unseen = unseen_from(str(values.pop("unseen")))
    return Trouble(**{**values, "event": AlertEvent(str(values["event"])), "unseen": unseen})  # type: ignore[arg-type]


def _trouble_params(trouble: Trouble, recorded_at: datetime) -> tuple[object, ...]:
    return (
        trouble.id,
        str(trouble.event),
        trouble.device,
        trouble.order,
        to_datetime(trouble.opened_at_us),
        None if trouble.cleared_at_us is None else to_datetime(trouble.cleared_at_us),
        trouble.alert,
        trouble.cause,
        trouble.victim,
        _encoder.encode(trouble.unseen).decode(),
        trouble.devices,
        trouble.heard,
        recorded_at,
        recorded_at,
    )

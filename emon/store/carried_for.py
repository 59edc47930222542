"""Of alerts on a device that name no order: for which orders it is worn, or carried by whom they protect.

An officer who is told of a cut strap must read whose strap it is. Worn devices are found by their own table;
the devices of protected persons stand in the orders' conditions alone, so which order names which is
remembered, and learnt anew of what was armed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from emon.geofence.timeline import device_use, in_force, victim_devices
from emon.model.order import OrderVersion, Owner
from emon.model.vocabulary import LegalBasis, Risk
from emon.orders.document import version_from_source
from emon.store import connect as c

_SELECT_NAMING = """
SELECT arm_seq, id, source FROM order_version
WHERE arm_seq > %s AND position('"victim_device"'::bytea IN source) > 0 ORDER BY arm_seq
"""
_SELECT_VERSIONS = """
SELECT v.source, v.armed_at, ARRAY(SELECT w.device FROM order_device AS w WHERE w.order_id = v.id)
FROM order_version AS v
WHERE v.id = ANY(%s) OR v.id IN (SELECT w.order_id FROM order_device AS w WHERE w.device = ANY(%s))
ORDER BY v.id, v.version
"""
_URGENCY = {Risk.HIGH: 0, Risk.MEDIUM: 1, Risk.LOW: 2}

Asked = tuple[str, int]
"""A device and an instant."""


class Carried(msgspec.Struct, frozen=True):
    """``wearer``, ``risk`` and ``owner`` are those of the order with the highest risk, which stands first in
    ``orders``. ``victim``: the device protects somebody, and ``wearer`` is who must keep away.
    ``legal_basis``: where there is one order; ``protected``: whom it, or all of them, protect."""

    wearer: str
    risk: Risk
    owner: Owner | None
    orders: tuple[str, ...]
    victim: bool
    legal_basis: LegalBasis | None
    protected: str | None


class CarriedFor:
    """What was learnt of devices of protected persons, and the question about any device."""

    def __init__(self) -> None:
        self._naming: dict[str, set[str]] = {}
        self._seq = 0

    async def find(self, conn: c.Connection, asked: Collection[Asked]) -> dict[Asked, Carried]:
        """Of each device and instant that an order in force then names; the others are left out."""
        if not asked:
            return {}
        for seq, order, source in await c.fetch(conn, _SELECT_NAMING, (self._seq,)):
            self._seq = seq
            for device in victim_devices(version_from_source(bytes(source), armed_at_us=0)):
                self._naming.setdefault(device, set()).add(order)
        devices = sorted({device for device, _ in asked})
        naming = sorted({order for device in devices for order in self._naming.get(device, ())})
        versions: dict[str, list[OrderVersion]] = {}
        orders: dict[str, set[str]] = {device: set(self._naming.get(device, ())) for device in devices}
        for source, armed_at_us, worn in await c.fetch(conn, _SELECT_VERSIONS, (naming, devices)):
            version = version_from_source(bytes(source), armed_at_us=armed_at_us)
            versions.setdefault(version.id, []).append(version)
            for device in orders.keys() & set(worn):
                orders[device].add(version.id)
        # Each device is held against its own orders alone: in a storm all of them against all took most of
        # the time in which what is urgent wanted to leave.
        found = {
            one: _carried(one, [versions[order] for order in sorted(orders[one[0]]) if order in versions])
            for one in asked
        }
        return {one: carried for one, carried in found.items() if carried is not None}


def _carried(asked: Asked, orders: Iterable[list[OrderVersion]]) -> Carried | None:
    device, at_us = asked
    worn: list[OrderVersion] = []
    protecting: list[OrderVersion] = []
    for versions in orders:
        armed = [version for version in versions if version.armed_at_us <= at_us]
        if not armed or not in_force(armed[-1], at_us):
            continue
        if device_use(armed[-1], device, at_us) is not None:
            worn.append(armed[-1])
        elif device in victim_devices(armed[-1]):
            protecting.append(armed[-1])
    named = sorted(worn or protecting, key=lambda version: (_URGENCY[version.risk], version.id))
    if not named:
        return None
    first = named[0]
    protected = {one.protected_person for one in named}
    return Carried(
        first.wearer,
        first.risk,
        first.owner,
        tuple(one.id for one in named),
        victim=not worn,
        legal_basis=first.legal_basis if len(named) == 1 else None,
        protected=first.protected_person if len(protected) == 1 else None,
    )

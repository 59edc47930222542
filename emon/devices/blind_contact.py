"""The ledger of a contact condition: it takes two who are seen, so each device owes its fixes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from emon.devices.blind import Blind, Ledger, Record, ledger
from emon.geofence.schedule import join, subtract
from emon.model.order import DeviceUse, OrderVersion
from emon.model.watch import ServiceStop


class ContactLedger(NamedTuple):
    """``whole``: when either was unseen. ``hers``: of its blind stretches those in which the wearer was seen
    and the protected person's device was not: protection was reduced to fixed zones."""

    whole: Ledger
    hers: tuple[Blind, ...]


def contact_ledger(
    versions: Sequence[OrderVersion],
    condition: str,
    records: Mapping[str, Record],
    stops: Sequence[ServiceStop],
    from_us: int,
    to_us: int,
) -> ContactLedger:
    """Of a contact condition with a victim's device over ``[from_us, to_us)``, as ``ledger`` of a zone's."""
    his = ledger(versions, condition, records, stops, from_us, to_us)
    carried = ledger(
        [_as_worn(version, condition) for version in versions], condition, records, stops, from_us, to_us
    )
    blind = join((one.from_us, one.to_us) for one in his.blind)
    hers = tuple(
        Blind(a_us, b_us, one.cause)
        for one in carried.blind
        for a_us, b_us in subtract([(one.from_us, one.to_us)], [*blind, *his.stopped])
    )
    both = tuple(sorted((*his.blind, *hers), key=lambda one: one.from_us))
    whole = join((one.from_us, one.to_us) for one in both)
    stopped = subtract(join((*his.stopped, *carried.stopped)), whole)
    return ContactLedger(replace(his, blind=both, stopped=tuple(stopped)), hers)


def _as_worn(version: OrderVersion, condition: str) -> OrderVersion:
    """The version as if its wearer wore what she carries."""
    found = next((one for one in version.conditions if one.id == condition), None)
    device = None if found is None else found.victim_device
    return replace(version, devices=() if device is None else (DeviceUse(device),))

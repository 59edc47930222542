"""What the page shows now: wearers with their newest position, conditions with their zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emon.geofence.schedule import holding_between, next_change
from emon.model.breach import Breach
from emon.model.instant import format_instant
from emon.model.order import Condition, OrderVersion
from emon.model.vocabulary import Risk
from emon.store.pages import DeviceNow
from emon.web.backend import Cursor
from emon.web.discreet import discreet_breach
from emon.web.drawing import buffer_geometry, label_point, zone_geometry
from emon.web.shapes import Json, breach_json, instant_or_none, position_json

_RISKS = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)
_Key = tuple[str, int, str]


class Snapshots:
    """Makes snapshots. Shapes and states of schedules are kept, because versions never change."""

    def __init__(self) -> None:
        self._shapes: dict[_Key, Json] = {}
        self._states: dict[_Key, tuple[bool, int, int | None]] = {}

    def make(
        self,
        cursor: Cursor,
        now_us: int,
        orders: Sequence[OrderVersion],
        devices: Sequence[DeviceNow],
        breaches: Sequence[Breach],
    ) -> Json:
        """The answer of ``GET /api/v1/now``; ``cursor`` was read before all the others.

        Wearers and conditions of the orders in force at ``now_us``; a device that no such order
        names now is left out.
        """
        in_force = [version for version in orders if is_in_force(version, now_us)]
        self._forget_all_but(in_force)
        return {
            "cursor": str(cursor),
            "now": format_instant(now_us),
            "wearers": _wearers(in_force, {device.device: device for device in devices}, now_us),
            "conditions": [
                self._condition(version, condition, now_us)
                for version in in_force
                for condition in version.conditions
            ],
            "breaches": [breach_json(breach) for breach in breaches],
        }

    def _condition(self, version: OrderVersion, condition: Condition, now_us: int) -> Json:
        key = (version.id, version.version, condition.id)
        active, changes_at_us = self._state(key, version, condition, now_us)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = _shape(condition)
        return {
            "order": version.id,
            "version": version.version,
            "condition": condition.id,
            "kind": condition.kind,
            "wearer": version.wearer,
            "secret": condition.secret,
            "buffer_m": condition.buffer_m,
            "active": active,
            "changes_at": instant_or_none(changes_at_us),
            **shape,
        }

    def _state(
        self, key: _Key, version: OrderVersion, condition: Condition, now_us: int
    ) -> tuple[bool, int | None]:
        """Whether the condition holds now, and the instant at which that changes."""
        known = self._states.get(key)
        if known is not None and known[1] <= now_us and (known[2] is None or now_us < known[2]):
            return known[0], known[2]
        active = bool(holding_between(version, condition, now_us, now_us + 1))
        changes_at_us = next_change(version, condition, now_us)
        self._states[key] = (active, now_us, changes_at_us)
        return active, changes_at_us

    def _forget_all_but(self, versions: Iterable[OrderVersion]) -> None:
        alive = {(version.id, version.version) for version in versions}
        self._shapes = {key: shape for key, shape in self._shapes.items() if key[:2] in alive}
        self._states = {key: state for key, state in self._states.items() if key[:2] in alive}


_NOWHERE = {"zone": None, "buffer": None, "label_at": None}


def without_secret_zones(snapshot: Json) -> Json:
    """The same for somebody who may not see where secret zones lie: the conditions stay, their shapes go,
    and of a breach what would give the place away."""
    conditions = [{**one, **_NOWHERE} if one["secret"] else one for one in snapshot["conditions"]]
    hidden = {(one["order"], one["condition"]) for one in conditions if one["secret"]}
    breaches = [
        discreet_breach(one) if (one["order"], one["condition"]) in hidden else one
        for one in snapshot["breaches"]
    ]
    return {**snapshot, "conditions": conditions, "breaches": breaches}


def without_positions(snapshot: Json) -> Json:
    """The same for somebody who may not see where wearers are: who they are stays."""
    return {**snapshot, "wearers": [{**one, "position": None} for one in snapshot["wearers"]]}


def is_in_force(version: OrderVersion, now_us: int) -> bool:
    """Whether the newest version of an order holds at an instant."""
    ends_at_us = version.ends_at_us
    return version.valid_from_us <= now_us and (ends_at_us is None or now_us < ends_at_us)


def _shape(condition: Condition) -> Json:
    zone = condition.zone
    if zone is None:
        return {"zone": None, "buffer": None, "label_at": None}
    drawn = zone_geometry(zone)
    return {
        "zone": drawn,
        "buffer": buffer_geometry(zone, condition.buffer_m),
        "label_at": label_point(drawn),
    }


def _wearers(versions: Sequence[OrderVersion], fixes: Mapping[str, DeviceNow], now_us: int) -> list[Json]:
    by_wearer: dict[str, list[OrderVersion]] = {}
    for version in versions:
        by_wearer.setdefault(version.wearer, []).append(version)
    return [_wearer(wearer, by_wearer[wearer], fixes, now_us) for wearer in sorted(by_wearer)]


def _wearer(
    wearer: str, versions: Sequence[OrderVersion], fixes: Mapping[str, DeviceNow], now_us: int
) -> Json:
    worn = {
        use.device
        for version in versions
        for use in version.devices
        if (use.from_us is None or use.from_us <= now_us) and (use.until_us is None or now_us < use.until_us)
    }
    devices = sorted(worn)
    seen = [fixes[device] for device in devices if device in fixes]
    newest = max(seen, key=lambda fix: (fix.fixed_at_us, fix.device), default=None)
    return {
        "wearer": wearer,
        "risk": max((version.risk for version in versions), key=_RISKS.index),
        "orders": [version.id for version in versions],
        "devices": devices,
        "position": None if newest is None else position_json(newest),
    }

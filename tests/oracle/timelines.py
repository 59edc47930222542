"""Small timelines by seed: orders, and clean fixes that are deep inside or far outside their zones."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.oracle.found import Circle, Finder, Known
from tests.oracle.times import Order, S, instant, text_of
from tests.oracle.told import File, as_taken

LON, LAT = 4.48, 51.92
_PHI = math.radians(LAT)
M_LON = 111_412.84 * math.cos(_PHI) - 93.5 * math.cos(3 * _PHI)
M_LAT = 111_132.92 - 559.82 * math.cos(2 * _PHI)

SITES = {"in": (0, 0), "east": (1_000, 0), "west": (-1_000, 0), "north": (0, 1_500), "far": (21_000, 500)}
NEAR = ("in", "in", "in", "east", "east", "west", "west", "north")
STEPS_S = (30, 60, 60, 60, 60, 90, 119, 120, 121, 150, 179, 180, 181, 240, 299, 300, 301, 600)
LONG_S = (899, 900, 901, 1_200, 1_799, 1_800, 1_801, 1_979, 1_980, 1_981, 3_600, 5_400)
LATE_S = (0, 0, 0, 0, 0, 0, 1, 30, 60, 119, 299, 300, 301, 700, 1_500, 4_000)
NIGHTS = (
    "2026-03-28T21:00:00Z",
    "2026-03-29T00:00:00Z",
    "2026-10-24T20:00:00Z",
    "2026-10-25T00:00:00Z",
    "2026-06-01T09:00:00Z",
    "2026-06-01T21:30:00Z",
)


@dataclass
class Timeline:
    """One small world: what is written down of it, and the same for the oracle."""

    orders: list[dict[str, Any]]
    fixes: list[dict[str, Any]]
    known: list[Known]
    until: int | None

    @property
    def document(self) -> dict[str, Any]:
        return {"orders": self.orders}


def circle(x: float, y: float, radius: float) -> dict[str, Any]:
    return {"type": "Circle", "center": [LON + x / M_LON, LAT + y / M_LAT], "radius_m": radius}


def plane(zone: dict[str, Any]) -> Circle:
    lon, lat = zone["center"]
    return Circle((lon - LON) * M_LON, (lat - LAT) * M_LAT, zone["radius_m"])


class Maker:
    """Draws one timeline."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.begin = instant(self.chance.choice(NIGHTS))

    def make(self) -> Timeline:
        sites = self.walk()
        orders = self.orders(sites[-1][0])
        fixes, known = self.written(sites, orders)
        until = None
        if self.chance.random() < 0.3:
            last = max(fix.received for fix in known)
            until = last + self.chance.choice((0, 60, 3_600, 6 * 3_600)) * S
        return Timeline(orders, fixes, known, until)

    # --- the way ---
    def walk(self) -> list[tuple[int, str]]:
        at, site = self.begin + self.chance.choice((0, 0, 1, 30)) * S, self.chance.choice(NEAR)
        found = [(at, site)]
        for _ in range(self.chance.randint(3, 24)):
            step = self.chance.choice(LONG_S if self.chance.random() < 0.12 else STEPS_S)
            if self.chance.random() < 0.4:
                site = self.chance.choice((*NEAR, "far"))
            if "far" in (site, found[-1][1]) and site != found[-1][1]:
                step = max(step, self.chance.choice((300, 600, 1_000, 1_500)))
            at += step * S
            found.append((at, site))
        return found

    # --- the orders ---
    def orders(self, end: int) -> list[dict[str, Any]]:
        kind = self.chance.choice(("exclusion", "exclusion", "inclusion"))
        first: dict[str, Any] = {
            "id": "o-1",
            "version": 1,
            "wearer": "w-1",
            "device": "d-1",
            "legal_basis": "gedragsaanwijzing",
            "risk": self.chance.choice(("low", "medium", "high")),
            "valid_from": text_of(self.begin - 30 * 86_400 * S),
            "conditions": [self.condition(kind, end)],
        }
        if self.chance.random() < 0.3:
            other = self.condition(self.chance.choice(("exclusion", "inclusion")), end)
            place = self.chance.choice((circle(-1_000, 0, 300), circle(0, 0, 700)))
            first["conditions"].append({**other, "id": "c-2", "zone": place})
        if self.chance.random() < 0.25:
            first["suspensions"] = [{**self.stretch(end), "by": ["a", "b"]}]
        if self.chance.random() < 0.1:
            first["valid_until"] = text_of(self.within(end))
        if self.chance.random() < 0.1:
            first["valid_from"] = text_of(self.within(end))
        if self.chance.random() < 0.1:
            first["armed_at"] = text_of(max(self.within(end), instant(first["valid_from"])))
        if self.chance.random() < 0.15:
            swap = text_of(self.within(end))
            first.pop("device")
            first["devices"] = [{"id": "d-1", "until": swap}, {"id": "d-2", "from": swap}]
        found = [first]
        for number in (2, 3):
            if self.chance.random() < (0.45 if number == 2 else 0.2):
                found.append(self.variation(found[-1], number, kind, end))
        return found

    def variation(self, order: dict[str, Any], number: int, kind: str, end: int) -> dict[str, Any]:
        acts = self.within(end)
        changed = {**order, "version": number, "armed_at": text_of(acts)}
        what = self.chance.choice(
            ("zone", "zone", "risk", "schedule", "withdrawn", "gone", "later", "earlier", "swap")
        )
        if what == "zone":
            zone = self.chance.choice(
                (circle(0, 0, 300), circle(0, 0, 1_200), circle(1_000, 0, 300), circle(0, 0, 500))
            )
            changed["conditions"] = [{**order["conditions"][0], "zone": zone}]
        elif what == "risk":
            changed["risk"] = self.chance.choice(("low", "high"))
        elif what == "schedule":
            changed["conditions"] = [self.condition(kind, end)]
        elif what == "withdrawn":
            changed["withdrawn_at"] = text_of(self.chance.choice((acts, acts - 300 * S, self.within(end))))
        elif what == "gone":
            changed["conditions"] = [{**order["conditions"][0], "id": "c-9", "zone": circle(0, 9_000, 300)}]
        elif what == "swap" and "device" in order:
            changed.pop("device")
            swap = text_of(acts - self.chance.choice((0, 120, 600)) * S)
            changed["devices"] = [{"id": "d-1", "until": swap}, {"id": "d-2", "from": swap}]
        elif what == "later":
            changed["valid_from"] = text_of(acts + 600 * S)
        else:
            changed["valid_from"] = text_of(acts - 600 * S)
        return changed

    def condition(self, kind: str, end: int) -> dict[str, Any]:
        found: dict[str, Any] = {"id": "c-1", "kind": kind, "zone": circle(0, 0, 300)}
        if self.chance.random() < 0.6:
            tz = self.chance.choice(("Europe/Amsterdam", "Europe/Amsterdam", "UTC"))
            windows = [self.window(end) for _ in range(self.chance.randint(1, 3))]
            found["schedule"] = {"tz": tz, "windows": windows}
            if self.chance.random() < 0.4:
                found["schedule"]["except"] = [self.stretch(end) for _ in range(self.chance.randint(1, 2))]
        return found

    def window(self, end: int) -> dict[str, Any]:
        night = self.chance.choice(
            (("22:00", "06:00"), ("00:00", "00:00"), ("01:30", "02:30"), ("02:10", "02:50"))
        )
        if self.chance.random() < 0.3:
            return {"from": night[0], "to": night[1]}
        a, b = self.within(end), self.within(end) + self.chance.choice((0, 3_600)) * S
        window: dict[str, Any] = {"from": text_of(a)[11:16], "to": text_of(b)[11:16]}
        if self.chance.random() < 0.3:
            window["days"] = self.chance.sample(("mo", "tu", "we", "th", "fr", "sa", "su"), 4)
        return window

    def within(self, end: int) -> int:
        """An instant of the timeline, often that of a whole minute."""
        at = self.chance.randint(self.begin // S, max(end, self.begin + 600 * S) // S)
        return (at - at % self.chance.choice((30, 60, 300, 300))) * S

    def stretch(self, end: int) -> dict[str, Any]:
        a = self.within(end)
        return {
            "from": text_of(a),
            "to": text_of(a + self.chance.choice((60, 300, 900, 1_800)) * S),
            "reason": "r",
        }

    # --- what arrives ---
    def written(
        self, sites: list[tuple[int, str]], orders: list[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], list[Known]]:
        swaps = [use["from"] for order in orders for use in order.get("devices", ()) if "from" in use]
        swap = instant(swaps[0]) if swaps else 2**62
        wobble = [(i * 37) % 41 - 20 for i in range(len(sites))]
        held = self.held_back(len(sites))
        fixes, known = [], []
        for i, (at, site) in enumerate(sites):
            x, y = SITES[site][0] + wobble[i], SITES[site][1] + wobble[-i - 1]
            received = at + self.chance.choice(LATE_S) * S if self.chance.random() < 0.3 else at
            if held and held[0] <= i <= held[1]:
                received = sites[held[1]][0] + held[2] * S
            device = "d-1" if at < swap else "d-2"
            fix = {
                "device": device,
                "seq": i + 1,
                "t": text_of(at),
                "lat": LAT + y / M_LAT,
                "lon": LON + x / M_LON,
                "acc": 5.0,
                "received_at": text_of(received),
            }
            fixes.append(fix)
            known.append(Known(at, device, i + 1, received, x, y))
        return fixes, known

    def held_back(self, count: int) -> tuple[int, int, int] | None:
        """A stretch of fixes that a device stored and sent together, so many seconds after the last."""
        if self.chance.random() < 0.6:
            return None
        first = self.chance.randrange(count)
        return (
            first,
            min(count - 1, first + self.chance.randint(1, 8)),
            self.chance.choice((0, 10, 400, 2_000)),
        )


def answer(timeline: Timeline, level_of_way: Any) -> dict[tuple[str, str], File]:
    """The oracle's lines of each condition, after every decision of the timeline in turn."""
    end = timeline.until
    if end is None:
        end = max(fix.received for fix in timeline.known)
    begin = min(fix.t for fix in timeline.known) - 2 * 3_600 * S
    found: dict[tuple[str, str], File] = {}
    for name in sorted({c["id"] for o in timeline.orders for c in o["conditions"]}):
        order = Order(timeline.orders, (begin, end))
        kinds = {c["kind"] for o in timeline.orders for c in o["conditions"] if c["id"] == name}
        zones = {
            o["version"]: plane(c["zone"])
            for o in timeline.orders
            for c in o["conditions"]
            if c["id"] == name
        }
        kind = kinds.pop()

        file = File(order, name, kind, partial(Finder, order, name, kind, zones, begin))
        file.level_of_way = partial(level_of_way, name)
        fixes = [fix for fix in as_taken(order, timeline.known) if fix.received <= end]
        received = {fix.received for fix in fixes}
        edges = {max(at, begin) for at, _ in order.edges(name, begin, end)}
        arms = {v.armed_at for v in order.versions if v.armed_at <= end}
        for now in sorted(received | edges | arms):
            got = [fix for fix in fixes if fix.received <= now]
            file.decide(now, got, timer=False)
            if now in edges:
                file.decide(now, got, timer=True)
        found[("o-1", name)] = file
    return found

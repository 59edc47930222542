"""Two people on their ways, by seed: he passes her, comes to stay, goes; both seen each minute, or not."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.oracle.found import Known
from tests.oracle.timelines import LAT, LON, M_LAT, M_LON, NIGHTS
from tests.oracle.times import S, instant, text_of

SPEEDS = (5.0, 8.0, 12.0, 20.0)


@dataclass
class Pair:
    """One small world of a contact condition, as written down and as the oracle has it."""

    order: dict[str, Any]
    fixes: list[dict[str, Any]]
    his: list[Known]
    hers: list[Known]
    radius: float
    ends: int | None
    late: bool


class PairMaker:
    """Draws one."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.begin = instant(self.chance.choice(NIGHTS))

    def make(self) -> Pair:
        radius = float(self.chance.choice((300, 500, 1_000)))
        him, her = self.his_way(radius), self.her_way()
        until = self.begin + round(him[-1][0] * S)
        late = self.chance.random() < 0.4
        phase = self.chance.randrange(25)
        his = self.seen("d-1", him, phase, until, late=late)
        hers = self.seen("v-1", her, phase + self.chance.choice((0, 0, 2, 7, 30)), until, late=late)
        ends = None
        if self.chance.random() < 0.15:
            ends = self.begin + self.chance.randrange(300, 2_400) * S
        fixes = [self.written(fix) for fix in (*his, *hers)]
        self.chance.shuffle(fixes)
        return Pair(self.order(radius, ends), fixes, his, hers, radius, ends, late)

    def his_way(self, radius: float) -> list[tuple[float, float, float]]:
        """(second, x, y): from far away to her or past her, perhaps a stay, perhaps again."""
        at, angle = 0.0, self.chance.uniform(0, 2 * math.pi)
        away = radius + self.chance.uniform(500, 1_500)
        x, y = away * math.cos(angle), away * math.sin(angle)
        found = [(at, x, y), (at := at + self.chance.choice((240, 420)), x, y)]
        for _ in range(self.chance.choice((1, 1, 2))):
            speed = self.chance.choice(SPEEDS)
            aim = self.chance.choice((0.0, 0.2, 0.5, 0.85, 1.4)) * radius
            turn = angle + math.pi / 2
            for goal in (
                (aim * math.cos(turn), aim * math.sin(turn)),
                (away * math.cos(angle + math.pi), away * math.sin(angle + math.pi)),
            ):
                at += math.hypot(goal[0] - x, goal[1] - y) / speed
                x, y = goal
                found.append((at, x, y))
                if self.chance.random() < 0.5:
                    found.append((at := at + self.chance.choice((120, 300, 900)), x, y))
            angle += math.pi
            found.append((at := at + 420, x, y))
        return found

    def her_way(self) -> list[tuple[float, float, float]]:
        if self.chance.random() < 0.6:
            return [(0.0, 0.0, 0.0)]
        x, y = self.chance.uniform(-150, 150), self.chance.uniform(-150, 150)
        return [(0.0, 0.0, 0.0), (900.0, 0.0, 0.0), (900.0 + math.hypot(x, y), x, y)]

    def seen(
        self, device: str, way: list[tuple[float, float, float]], phase: int, until: int, *, late: bool
    ) -> list[Known]:
        at, seq = self.begin + phase * S, 0
        found: list[Known] = []
        hole_from = (
            self.begin + self.chance.randrange(600, 3_000) * S if self.chance.random() < 0.25 else until
        )
        while at < until:
            seq += 1
            dropped = self.chance.random() < 0.06 and found and at - found[-1].t <= 60 * S
            if not dropped and not hole_from <= at < hole_from + 900 * S:
                x, y = along(way, (at - self.begin) / S)
                delay = self.chance.choice((1, 2, 4))
                if late and self.chance.random() < 0.1:
                    delay = self.chance.choice((90, 200, 700, 1_800))
                found.append(Known(at, device, seq, at + delay * S, x, y))
            at += 60 * S
        return found

    def order(self, radius: float, ends: int | None) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": "o-1",
            "version": 1,
            "wearer": "w-1",
            "device": "d-1",
            "legal_basis": "gedragsaanwijzing",
            "risk": self.chance.choice(("low", "medium", "high")),
            "valid_from": text_of(self.begin - 86_400 * S),
            "protected_person": "p-1",
            "conditions": [{"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": radius}],
        }
        if ends is not None:
            made["valid_until"] = text_of(ends)
        if self.chance.random() < 0.3:  # "contact conditions, strap and victim-device events go on"
            stretch = {"from": text_of(self.begin), "to": text_of(self.begin + 7_200 * S)}
            made["suspensions"] = [{**stretch, "reason": "a visit to the court", "by": ["a", "b"]}]
        return made

    def written(self, fix: Known) -> dict[str, Any]:
        return {
            "device": fix.device,
            "seq": fix.seq,
            "t": text_of(fix.t),
            "received_at": text_of(fix.received),
            "lon": LON + fix.x / M_LON,
            "lat": LAT + fix.y / M_LAT,
            "acc": 6.0,
            "src": "gnss",
        }


def along(way: list[tuple[float, float, float]], at_s: float) -> tuple[float, float]:
    """Where somebody is on his way, standing before its beginning and after its end."""
    for (a_s, ax, ay), (b_s, bx, by) in pairwise(way):
        if a_s <= at_s < b_s:
            share = (at_s - a_s) / (b_s - a_s)
            return ax + share * (bx - ax), ay + share * (by - ay)
    return (way[0] if at_s < way[0][0] else way[-1])[1:]

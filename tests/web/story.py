"""An evening in Rotterdam, as the engine would have written it: for the page's tests and its picture.

Invented people and places of bans; the rows go through the store's own doors, so that the page reads
what the engine would have left.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emon.alerts.outbox import Attempt, Outcome
from emon.model.breach import Alert, Breach
from emon.model.effects import Effects, NewDelivery
from emon.model.fix import Fix, RawFix
from emon.model.ids import derive_id
from emon.model.instant import MINUTE_US, SECOND_US, format_instant
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Mark, Party
from emon.orders.document import parse_document
from emon.store.store import Store

CHANNELS = {Party.POLITIE: "webhook", Party.RECLASSERING: "webhook", Party.MELDKAMER_EM: "smtp",
            Party.BESCHERMDE: "webhook"}  # fmt: skip


def condition(identifier: str, zone: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": identifier, "kind": "exclusion", "zone": zone, **more}


def circle(lon: float, lat: float, radius_m: float) -> dict[str, Any]:
    return {"type": "Circle", "center": [lon, lat], "radius_m": radius_m}


def order(identifier: str, wearer: str, device: str, valid_from: str, *conditions: Any, **more: Any) -> Any:
    return {
        "id": identifier,
        "version": 1,
        "wearer": wearer,
        "device": device,
        "legal_basis": "voorwaardelijke_veroordeling",
        "valid_from": valid_from,
        "conditions": list(conditions),
        **more,
    }


AHOY = {
    "type": "Polygon",
    "coordinates": [
        [[4.4845, 51.8802], [4.4908, 51.8796], [4.4921, 51.8841], [4.4868, 51.8858], [4.4837, 51.8836]]
    ],
}
WITTE_DE_WITH = {
    "type": "Polygon",
    "coordinates": [
        [[4.4702, 51.9139], [4.4801, 51.9151], [4.4797, 51.9186], [4.4748, 51.9191], [4.4699, 51.9172]],
        [[4.4741, 51.9158], [4.4761, 51.9160], [4.4759, 51.9171], [4.4740, 51.9169]],
    ],
}


def orders_document(now_us: int) -> bytes:
    """Six orders; one ban only holds at night, one wearer has no device."""
    since = format_instant(now_us - 3 * 86_400 * SECOND_US)
    night = {"tz": "Europe/Amsterdam", "windows": [{"from": "03:10", "to": "03:20"}]}
    ahoy = condition("c-ahoy", AHOY, buffer_m=350)
    markt = condition("c-markt", circle(4.4869, 51.9203, 260))
    witte = condition("c-witte", WITTE_DE_WITH, buffer_m=150)
    plas = condition("c-plas", circle(4.5142, 51.9325, 420), buffer_m=200, secret=True)
    nacht = condition("c-nacht", circle(4.4846, 51.9003, 330), schedule=night)
    kuip = condition("c-kuip", circle(4.5234, 51.8939, 500), buffer_m=250)
    orders = [
        order("o-2617", "w-ahoy", "d-ahoy", since, ahoy, risk="high"),
        order("o-2624", "w-blaak", "d-blaak", since, markt),
        order("o-2630", "w-delfshaven", "d-delfshaven", since, witte),
        order("o-2633", "w-kralingen", "d-kralingen", since, plas, risk="high"),
        order("o-2641", "w-katendrecht", "d-katendrecht", since, nacht, risk="low"),
        order("o-2642", "w-feijenoord", "d-feijenoord", since, kuip),
    ]
    return json.dumps({"orders": orders}).encode()


@dataclass
class Way:
    """Fixes of a device: places walked one after the other, ``every_s`` apart, the last ``ago_s`` ago."""

    device: str
    places: Sequence[tuple[float, float]]
    accuracy_m: float
    ago_s: float
    every_s: float = 30

    def fixes(self, now_us: int) -> list[Fix]:
        made = []
        for step, (lon, lat) in enumerate(self.places):
            before_s = self.ago_s + self.every_s * (len(self.places) - 1 - step)
            at_us = now_us - int(before_s * SECOND_US)
            raw = json.dumps({"seq": step + 1, "lon": lon, "lat": lat}).encode()
            wire = RawFix(
                self.device, step + 1, at_us, lon, lat, self.accuracy_m, raw, speed_m_s=1.4, battery=0.71
            )
            made.append(Fix(wire, now_us, Mark.OK))
        return made


WAYS = (
    Way("d-ahoy", [(4.4791, 51.8822), (4.4816, 51.8824), (4.4841, 51.8826), (4.4866, 51.8829)], 14, 6),
    Way("d-blaak", [(4.4801, 51.9225), (4.4838, 51.9221), (4.4873, 51.9231), (4.4912, 51.9225)], 18, 21),
    Way("d-delfshaven", [(4.4661, 51.9162), (4.4671, 51.9160), (4.4684, 51.9156), (4.4690, 51.9150)], 45, 11),
    Way("d-kralingen", [(4.5301, 51.9246), (4.5292, 51.9251), (4.5279, 51.9256)], 9, 40),
    Way("d-katendrecht", [(4.4862, 51.9010), (4.4851, 51.9006)], 22, 75),
    Way("d-feijenoord", [(4.5071, 51.8966), (4.5079, 51.8961)], 160, 640),
)


def breach(name: str, wearer: str, order_id: str, opened_at_us: int, **more: Any) -> Breach:
    """A breach of the condition that the story gives the order."""
    return Breach(
        id=derive_id("breach", name),
        order=order_id,
        version=1,
        wearer=wearer,
        device=f"d-{wearer.removeprefix('w-')}",
        opened_at_us=opened_at_us,
        **{"kind": Kind.EXCLUSION, "closed_at_us": None, "historic": False, "refuted": False, **more},
    )


def alert(name: str, of: Breach, event: AlertEvent, priority: int, at_us: int, *to: Party) -> Alert:
    return Alert(
        id=derive_id("alert", name),
        event=event,
        priority=priority,
        at_us=at_us,
        recipients=to,
        happened_at_us=of.opened_at_us,
        received_at_us=at_us,
        breach=of.id,
        order=of.order,
        condition=of.condition,
        certainty=of.certainty,
        device=of.device,
    )


def evening(now_us: int) -> list[tuple[list[Breach], list[Alert]]]:
    """What was decided, oldest first: one breach of the afternoon and three of this hour."""

    def ago(minutes: float) -> int:
        return now_us - int(minutes * MINUTE_US)

    late = breach(
        "kuip", "w-feijenoord", "o-2642", ago(47), condition="c-kuip", certainty=Certainty.CERTAIN,
        how=How.INSIDE, deepest_m=212.0, historic=True, closed_at_us=ago(41),
    )  # fmt: skip
    crossed = breach(
        "blaak", "w-blaak", "o-2624", ago(9), condition="c-markt", certainty=Certainty.PROBABLE,
        how=How.CROSSED, deepest_m=31.4, closed_at_us=ago(8),
    )  # fmt: skip
    near = breach(
        "witte", "w-delfshaven", "o-2630", ago(2.5), condition="c-witte", certainty=Certainty.POSSIBLE,
        how=How.INSIDE, deepest_m=4.2,
    )  # fmt: skip
    inside = breach(
        "ahoy", "w-ahoy", "o-2617", ago(0.6), condition="c-ahoy", certainty=Certainty.CERTAIN,
        how=How.INSIDE, deepest_m=148.7,
    )  # fmt: skip
    centre, police, probation = Party.MELDKAMER_EM, Party.POLITIE, Party.RECLASSERING
    told, past, over = AlertEvent.BREACH, AlertEvent.HISTORIC_BREACH, AlertEvent.BREACH_CLEARED
    return [
        ([late], [alert("kuip", late, past, 3, ago(14), probation, centre)]),
        ([crossed], [alert("blaak", crossed, told, 2, ago(8), centre, probation)]),
        ([], [alert("blaak-over", crossed, over, 4, ago(7), centre, probation)]),
        ([near], [alert("witte", near, told, 2, ago(2.49), centre)]),
        ([inside], [alert("ahoy", inside, told, 1, ago(0.1), police, probation, centre)]),
    ]


def routed(alerts: Sequence[Alert]) -> list[NewDelivery]:
    return [NewDelivery(one.id, party, CHANNELS[party]) for one in alerts for party in one.recipients]


async def write(store: Store, effects: Effects, deliveries: Sequence[NewDelivery] = ()) -> None:
    """One committed batch of the engine."""
    async with store.batch() as batch:
        await batch.write(effects, deliveries)


async def deliver(
    store: Store, alert_id: str, party: str, began_at_us: int, took_us: int = 80_000, tries: int = 1
) -> None:
    """The receipt of one delivery, after ``tries`` - 1 failures."""
    for number in range(1, tries + 1):
        is_last = number == tries
        attempt = Attempt(
            number=number,
            outcome=Outcome.DELIVERED if is_last else Outcome.FAILED,
            status=200 if is_last else 503,
            detail="" if is_last else "503 Service Unavailable",
            started_at_us=began_at_us,
            ended_at_us=began_at_us + took_us,
            next_attempt_at_us=None if is_last else began_at_us + SECOND_US,
        )
        await store.record_attempt(f"{alert_id}:{party}", attempt)


async def arm(store: Store, now_us: int) -> None:
    await store.arm(parse_document(orders_document(now_us), armed_at_us=now_us))


async def play(store: Store, now_us: int) -> None:
    """The whole evening, up to now; the store must be claimed."""
    await arm(store, now_us)
    fixes = tuple(fix for way in WAYS for fix in way.fixes(now_us))
    await write(store, Effects(now_us, fixes=fixes))
    for breaches, alerts in evening(now_us):
        await write(store, Effects(now_us, breaches=tuple(breaches), alerts=tuple(alerts)), routed(alerts))

"""The truth of a scenario: what it expects, as rulings; every other alert is false."""

from __future__ import annotations

from emon.model.instant import DAY_US, SECOND_US
from emon.model.vocabulary import AlertEvent
from simulator.scenario import Scenario
from simulator.scoring.facts import MAY, MUST, Ruling, Truth, Wearer
from simulator.scoring.reading import truth_of_facts


def truth_of_scenario(scenario: Scenario, start_us: int, name: str) -> Truth:
    """Rulings in the order of ``expected``: the "line" of a finding is the entry's number, from 1.

    Raises ``TruthRefused`` where the scenario contradicts itself.
    """
    orders: dict[str, list[str]] = {}
    for order in scenario.orders["orders"]:
        orders.setdefault(str(order["wearer"]), []).append(str(order["id"]))
    days = scenario.duration_s * SECOND_US / DAY_US
    wearers = [
        Wearer(each.id, days, tuple(orders.get(each.id, ())), (each.device.id,), frozenset(AlertEvent))
        for each in scenario.wearers
    ]
    rulings = [
        Ruling(
            MAY if entry.optional else MUST,
            entry.event,
            entry.wearer,
            entry.order,
            entry.condition,
            start_us + round(entry.between_s[0] * SECOND_US),
            start_us + round(entry.between_s[1] * SECOND_US),
            entry.recipients,
            entry.certainty,
            number,
        )
        for number, entry in enumerate(scenario.expected, start=1)
    ]
    return truth_of_facts([*wearers, *rulings], name)

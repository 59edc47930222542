"""The truth of a scenario as facts: what it expects as rulings, or its stays and rulings as written."""

from __future__ import annotations

import re

from emon.model.instant import DAY_US, SECOND_US
from emon.model.order import Fault
from emon.model.vocabulary import AlertEvent
from simulator.limits import DUE_LATE_S
from simulator.scenario import Scenario, Told
from simulator.scoring.contradictions import contradictions
from simulator.scoring.facts import MAY, MUST, STAYS, Ruling, Stay, Truth, Wearer
from simulator.scoring.reading import truth_of_facts


def truth_of_scenario(scenario: Scenario, start_us: int, name: str) -> Truth:
    """Facts in the order of ``expected`` or ``truth``: the "line" of one is its entry's number, from 1.

    Where a scenario writes ``expected`` every other alert is false; where it writes ``truth``, every
    other of the events for which it is complete. Raises ``TruthRefused`` where it contradicts itself.
    """
    return truth_of_facts(_facts(scenario, start_us), name)


def contradictions_within(scenario: Scenario, start_us: int) -> list[Fault]:
    """What a scenario's truth says against itself, by the path of its entries."""
    facts = _facts(scenario, start_us)
    member = "expected" if scenario.truth is None else "truth"
    wearers = {fact.wearer: fact for fact in facts if isinstance(fact, Wearer)}
    truth = Truth(
        wearers=wearers,
        stays=tuple(fact for fact in facts if isinstance(fact, Stay)),
        rulings=tuple(fact for fact in facts if isinstance(fact, Ruling)),
    )
    return [
        Fault(f"{member}[{number - 1}]" if number else member, _by_entry(sentence, member))
        for number, sentence in contradictions(truth)
    ]


def _by_entry(sentence: str, member: str) -> str:
    """Lines of a truth file are entries here, counted from 0 as paths count."""
    return re.sub(r"line (\d+)", lambda match: f"{member}[{int(match.group(1)) - 1}]", sentence)


def _facts(scenario: Scenario, start_us: int) -> list[Wearer | Stay | Ruling]:
    orders: dict[str, list[str]] = {}
    for order in scenario.orders["orders"]:
        named = orders.setdefault(str(order["wearer"]), [])
        if str(order["id"]) not in named:
            named.append(str(order["id"]))
    days = scenario.duration_s * SECOND_US / DAY_US
    complete = frozenset(AlertEvent) if scenario.truth is None else scenario.complete
    wearers = [
        Wearer(each.id, days, tuple(orders.get(each.id, ())), (each.device.id,), complete)
        for each in scenario.wearers
    ]
    if scenario.truth is not None:
        facts = [_fact(told, start_us, number) for number, told in enumerate(scenario.truth, start=1)]
        return [*wearers, *facts]
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
    return [*wearers, *rulings]


def _fact(told: Told, start_us: int, number: int) -> Stay | Ruling:
    from_us, to_us = (start_us + round(at_s * SECOND_US) for at_s in (told.from_s, told.to_s))
    if told.kind not in STAYS:
        assert told.event is not None
        return Ruling(
            told.kind,
            told.event,
            told.wearer,
            told.order,
            told.condition,
            from_us,
            to_us,
            told.recipients,
            told.certainty,
            number,
        )
    shown_us = None if told.by_s is None else start_us + round((told.by_s - DUE_LATE_S) * SECOND_US)
    return Stay(
        told.kind,
        told.wearer,
        told.order,
        told.condition,
        from_us,
        to_us,
        told.deepest_m,
        told.active,
        True,
        None if shown_us is None else from_us,
        shown_us,
        told.late,
        told.recipients,
        number,
    )

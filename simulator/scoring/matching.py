"""Which alert answers which ruling: each once, as many as can be (Kuhn's augmenting paths)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from simulator.scoring.alerts import Told
from simulator.scoring.facts import Ruling

Key = tuple[str, str, str, str]


def differences(ruling: Ruling, alert: Told, wearer: str) -> frozenset[str]:
    """The attributes in which an alert is not what the ruling says; empty where it is."""
    found = {
        "kind": alert.event is not ruling.event,
        "wearer": wearer != ruling.wearer,
        "order": alert.order != ruling.order,
        "condition": alert.condition != ruling.condition,
        "time": not ruling.from_us <= alert.at_us <= ruling.by_us,
        "recipients": sorted(alert.recipients) != sorted(ruling.recipients),
        "certainty": ruling.certainty is not None and alert.certainty is not ruling.certainty,
    }
    return frozenset(name for name, differs in found.items() if differs)


def key_of_ruling(ruling: Ruling) -> Key:
    return (ruling.wearer, ruling.order, ruling.condition, ruling.event)


def match(
    rulings: Sequence[Ruling], alerts: Iterable[tuple[int, Told, str]]
) -> tuple[dict[int, int], dict[int, int]]:
    """The largest assignment, as ruling -> alert number and alert number -> ruling.

    ``alerts`` are (number, alert, its wearer).
    """
    by_key: dict[Key, list[tuple[int, Told, str]]] = defaultdict(list)
    for number, alert, wearer in alerts:
        by_key[(wearer, alert.order, alert.condition, alert.event)].append((number, alert, wearer))
    fits = [
        [
            n
            for n, alert, wearer in by_key.get(key_of_ruling(ruling), [])
            if not differences(ruling, alert, wearer)
        ]
        for ruling in rulings
    ]
    holder: dict[int, int] = {}

    def place(ruling: int, seen: set[int]) -> bool:
        for alert in fits[ruling]:
            if alert not in seen:
                seen.add(alert)
                if alert not in holder or place(holder[alert], seen):
                    holder[alert] = ruling
                    return True
        return False

    for ruling in range(len(rulings)):
        place(ruling, set())
    return {ruling: alert for alert, ruling in holder.items()}, holder

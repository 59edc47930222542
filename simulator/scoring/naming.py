"""By name what is wrong with an alert that nothing bears out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import AlertEvent
from simulator.limits import SCORE_AFTER_S
from simulator.scoring.alerts import Told
from simulator.scoring.facts import NEAR, Ruling, Stay
from simulator.scoring.matching import differences
from simulator.scoring.verdict import Name

_TOLD_AS = {
    AlertEvent.BREACH,
    AlertEvent.PROXIMITY,
    AlertEvent.HISTORIC_BREACH,
    AlertEvent.POSSIBLE_INCURSION,
    AlertEvent.APPROACH,
}
_NAMES: tuple[tuple[frozenset[str], Name], ...] = (
    (frozenset({"recipients"}), Name.WRONG_RECIPIENTS),
    (frozenset({"certainty"}), Name.WRONG_CERTAINTY),
    (frozenset({"recipients", "certainty"}), Name.WRONG_CERTAINTY),
    (frozenset({"kind"}), Name.WRONG_KIND),
    (frozenset({"kind", "recipients"}), Name.WRONG_KIND),
    (frozenset({"kind", "recipients", "certainty"}), Name.WRONG_KIND),
    (frozenset({"condition"}), Name.WRONG_CONDITION),
    (frozenset({"order"}), Name.WRONG_ORDER),
    (frozenset({"order", "condition"}), Name.WRONG_ORDER),
    (frozenset({"wearer"}), Name.WRONG_WEARER),
    (frozenset({"wearer", "order"}), Name.WRONG_WEARER),
    (frozenset({"wearer", "order", "condition"}), Name.WRONG_WEARER),
)
"""What sets an alert apart from the nearest thing that was due, the smallest difference first."""
_FAR_US = 24 * HOUR_US
_AFTER_US = SCORE_AFTER_S * SECOND_US


@dataclass(frozen=True, slots=True)
class Wrong:
    """The name, and the fact that the alert would have answered."""

    name: Name
    fact: Stay | Ruling | None
    off_us: int = 0


def wrong_with(
    alert: Told, wearer: str, missed: Sequence[Stay | Ruling], others: Sequence[Stay | Ruling]
) -> Wrong:
    """Held against what was missed, then against all else that was due; unfounded where nothing is near.

    Against ``others``, which were told, only facts of the same wearer and the same time count: in a
    large world somebody else is always somewhere, and a phantom an hour later is no late alert.
    """
    own = [fact for fact in others if fact.wearer == wearer]
    for facts, by_time in ((missed, True), (own, False)):
        found = [wrong for fact in facts if (wrong := _wrong(alert, wearer, fact, by_time)) is not None]
        if found:
            return min(found, key=lambda each: each[0])[1]
    return Wrong(Name.UNFOUNDED, None)


def _wrong(
    alert: Told, wearer: str, fact: Stay | Ruling, by_time: bool
) -> tuple[tuple[int, int, int], Wrong] | None:
    """The difference by its rank, or None where the two have too little in common."""
    apart = _apart(alert, wearer, fact)
    if apart == {"time"} and by_time:
        off_us = _off_us(alert, fact)
        if abs(off_us) <= _FAR_US:
            return (0, abs(off_us), fact.line), Wrong(Name.EARLY if off_us < 0 else Name.LATE, fact, off_us)
    for rank, (combination, name) in enumerate(_NAMES, start=1):
        if apart == combination:
            return (rank, 0, fact.line), Wrong(name, fact)
    return None


def _apart(alert: Told, wearer: str, fact: Stay | Ruling) -> frozenset[str]:
    if isinstance(fact, Ruling):
        return differences(fact, alert, wearer)
    found = {
        "kind": alert.event is not event_of(fact),
        "wearer": wearer != fact.wearer,
        "order": alert.order != fact.order,
        "condition": alert.condition != fact.condition,
        "time": _off_us(alert, fact) != 0,
    }
    if alert.event not in _TOLD_AS and alert.event is not AlertEvent.BREACH_CLEARED:
        # A battery is no breach by another name.
        return frozenset({"kind", "time"})
    return frozenset(name for name, differs in found.items() if differs)


def event_of(stay: Stay) -> AlertEvent:
    """How a stay is told."""
    if stay.late:
        return AlertEvent.HISTORIC_BREACH
    return AlertEvent.PROXIMITY if stay.kind == NEAR else AlertEvent.BREACH


def _off_us(alert: Told, fact: Stay | Ruling) -> int:
    """How far before (negative) or after the fact's time an alert came, 0 within it."""
    if isinstance(fact, Ruling):
        begin_us, end_us = fact.from_us, fact.by_us
    else:
        begin_us, end_us = fact.from_us, fact.to_us + (_FAR_US if fact.late else _AFTER_US)
    if alert.at_us < begin_us:
        return alert.at_us - begin_us
    return max(0, alert.at_us - end_us)

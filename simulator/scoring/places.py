"""To which true stay an alert belongs."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

from emon.limits import PLAN_S, REACH_GAP_MAX_S
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent
from emon.plan import allowed_us
from simulator.limits import DUE_LATE_S, SCORE_AFTER_S, SCORE_EARLY_S
from simulator.scoring.alerts import Told
from simulator.scoring.facts import BUFFER, INSIDE, NEAR, OUTSIDE
from simulator.scoring.verdict import Outcome

EARLY_US = SCORE_EARLY_S * SECOND_US
AFTER_US = SCORE_AFTER_S * SECOND_US
LATE_US = DUE_LATE_S * SECOND_US
_GAP_US = REACH_GAP_MAX_S * SECOND_US + allowed_us(PLAN_S)

KINDS: dict[AlertEvent, tuple[str, ...]] = {
    AlertEvent.BREACH: (INSIDE, OUTSIDE),
    AlertEvent.PROXIMITY: (NEAR,),
    AlertEvent.HISTORIC_BREACH: (INSIDE, OUTSIDE, NEAR),
    AlertEvent.POSSIBLE_INCURSION: (INSIDE,),
    AlertEvent.APPROACH: (BUFFER, INSIDE),
}
"""Events that a stay must bear out, and the kinds of stay that do."""


class Places:
    """The outcomes of one truth by wearer, order and condition, rising."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._of: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
        for outcome in sorted(outcomes, key=lambda each: each.stay.from_us):
            stay = outcome.stay
            self._of[(stay.wearer, stay.order, stay.condition)].append(outcome)
        self._starts = {key: [each.stay.from_us for each in found] for key, found in self._of.items()}

    def of(self, wearer: str, alert: Told) -> list[Outcome]:
        """All stays of the alert's wearer, order and condition, suspended ones too."""
        return self._of.get((wearer, alert.order, alert.condition), [])

    def has_buffer(self, wearer: str, alert: Told) -> bool:
        return any(each.stay.kind == BUFFER for each in self.of(wearer, alert))

    def find(self, wearer: str, alert: Told) -> Outcome | None:
        """The active stay that bears the alert out, or None."""
        kinds = KINDS[alert.event]
        known = [each for each in self.of(wearer, alert) if each.stay.active and each.stay.kind in kinds]
        if not known:
            return None
        if alert.event is AlertEvent.HISTORIC_BREACH:
            return _past(known, alert)
        if alert.event is AlertEvent.POSSIBLE_INCURSION:
            since_us = alert.at_us - _GAP_US
            return next(
                (e for e in known if e.stay.from_us <= alert.at_us and e.stay.to_us >= since_us), None
            )
        ahead_us = LATE_US if alert.event is AlertEvent.APPROACH else EARLY_US
        return _present(known, alert, ahead_us)

    def suspended(self, wearer: str, alert: Told) -> Outcome | None:
        """A stay while the condition did not hold, in which the alert came."""
        key = (wearer, alert.order, alert.condition)
        last = bisect_right(self._starts.get(key, []), alert.at_us) - 1
        for outcome in reversed(self._of.get(key, [])[: last + 1]):
            if not outcome.stay.active and alert.at_us <= outcome.stay.to_us:
                return outcome
        return None


def _present(known: list[Outcome], alert: Told, ahead_us: int) -> Outcome | None:
    """The stay in which it came, else the last one that ended shortly before.

    Where the engine says when its breach opened, and that lies in a stay just over, it is that one's.
    """
    holding = [e for e in known if e.stay.from_us - ahead_us <= alert.at_us <= e.stay.to_us]
    over = [e for e in known if e.stay.to_us < alert.at_us <= e.stay.to_us + AFTER_US]
    if alert.opened_us is not None:
        for outcome in over:
            if outcome.stay.from_us - EARLY_US <= alert.opened_us <= outcome.stay.to_us:
                return outcome
    if holding:
        # Two can hold it only where one is about to begin: then it is that of the one that has begun.
        return min(holding, key=lambda each: (each.stay.from_us > alert.at_us, each.stay.from_us))
    return over[-1] if over else None


def _past(known: list[Outcome], alert: Told) -> Outcome | None:
    begun = [each for each in known if each.stay.from_us <= alert.at_us]
    if alert.opened_us is not None:
        opened_us = alert.opened_us
        near = [e for e in begun if e.stay.from_us - LATE_US <= opened_us <= e.stay.to_us + LATE_US]
        return min(near, key=lambda each: abs(each.stay.from_us - opened_us)) if near else None
    fresh = [each for each in begun if not each.told]
    late = [each for each in fresh if each.stay.late]
    for choice in (late, fresh, begun):
        if choice:
            return choice[0] if choice is late else choice[-1]
    return None

"""When a fault of the platform is told, and when its end: each once, whatever it flickers meanwhile.

A fault is told when it has lasted the time allowed to its cause, with the instant at which it began. Its
end is told when all has been well for ``PLATFORM_WELL_S``, with the instant from which it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from emon.alerts.decision_table import Situation
from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.limits import PLATFORM_WELL_S
from emon.model.breach import Alert
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party

PRIORITY_OVER = 4
"""Of the end of a fault; that of the fault itself is the policy's."""
Cause = TypeVar("Cause", bound=str)


class Seen(msgspec.Struct, frozen=True):
    """One cause: since when it is at fault (None: it is not), since when it is well again while its fault
    is told, and whether that is told."""

    faulty_since_us: int | None = None
    well_since_us: int | None = None
    told: bool = False


class Word(msgspec.Struct, frozen=True):
    """What is to be told. ``cause``: what is at fault, a ``PlatformCause``, or the recipient that is down.
    ``over_us``: None for a fault, else from when on it was over."""

    cause: str
    opened_us: int
    over_us: int | None = None
    event: AlertEvent = AlertEvent.PLATFORM

    def alert(self, at_us: int, routed: Sequence[Party], policy: Policy = DEFAULT_POLICY) -> Alert:
        """The alert that tells it, as the policy's row for its event says: by default to everybody who has a
        route but the recipient that is down (contract, section 3: every other recipient)."""
        row, over = policy.decide(Situation(self.event, at_us)), self.over_us is not None
        others = routed if row.others else ()
        recipients = dict.fromkeys(one for one in (*row.recipients, *others) if one != self.cause)
        return Alert(
            id=derive_id(self.event, self.cause, self.opened_us, "over" if over else "fault"),
            event=self.event,
            priority=PRIORITY_OVER if over else row.priority,
            at_us=at_us,
            recipients=tuple(recipients),
            happened_at_us=self.opened_us,
            row=row.name,
            also=row.also,
        )


def look(
    seen: Mapping[Cause, Seen],
    faults: Mapping[Cause, int | None],
    after_s: Mapping[Cause, int],
    now_us: int,
    event: AlertEvent = AlertEvent.PLATFORM,
) -> tuple[dict[Cause, Seen], list[Word]]:
    """One look. ``faults``: of each cause that could be asked, since when it is at fault, or None.

    A cause that could not be asked stays as it was.
    """
    after, words = dict(seen), []
    for cause in sorted(faults):
        one, word = _one(seen.get(cause, Seen()), cause, faults[cause], after_s[cause], now_us, event)
        after[cause] = one
        if word is not None:
            words.append(word)
    return after, words


def _one(
    seen: Seen, cause: str, fault_us: int | None, after_s: int, now_us: int, event: AlertEvent
) -> tuple[Seen, Word | None]:
    if fault_us is not None:
        since_us = fault_us if seen.faulty_since_us is None else seen.faulty_since_us
        if seen.told or now_us - since_us < after_s * SECOND_US:
            return Seen(since_us, None, seen.told), None
        return Seen(since_us, None, True), Word(cause, since_us, None, event)
    if not seen.told or seen.faulty_since_us is None:
        return Seen(), None
    well_us = now_us if seen.well_since_us is None else seen.well_since_us
    if now_us - well_us < PLATFORM_WELL_S * SECOND_US:
        return Seen(seen.faulty_since_us, well_us, True), None
    return Seen(), Word(cause, seen.faulty_since_us, well_us, event)


def reached(parties: Sequence[Party]) -> tuple[Party, ...]:
    """Everybody who has a route, in the order of the vocabulary."""
    return tuple(party for party in Party if party in parties)

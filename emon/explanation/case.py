"""The inputs that made one breach, and their judgement: the engine's own step over just these.

A replay of the whole file and this small one give the same line, because a decision about a condition
rests on the order's versions, on the fixes of its devices and on edges of time, and on nothing else
(design, invariant 2).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.alerts.policy import Policy
from emon.engine import Inputs, Message, needs, step
from emon.ingest.topics import Channel, topic_for
from emon.model.breach import Alert, Breach
from emon.model.fix import Decoded, Fix, KeptEvent
from emon.model.order import OrderVersion
from emon.recall import recall
from emon.replay import MemoryArchive
from emon.state import Key, State, conditions_alone, with_orders


class Case(msgspec.Struct, frozen=True):
    """Everything a verdict rests on.

    ``versions``: all of the order that were armed by ``until_us``, the last decision. ``fixes`` rise
    by (fixed_at, device, seq) and hold marked ones too, but for those marked ``clock``.
    ``incursion_days``: local days (proleptic Gregorian ordinals) on which another breach had used up
    the condition's one alert for a possible incursion.
    """

    order: str
    condition: str
    breach_id: str
    versions: tuple[OrderVersion, ...]
    fixes: tuple[Fix, ...]
    until_us: int
    policy: Policy
    incursion_days: tuple[int, ...] = ()
    motions: tuple[KeptEvent, ...] = ()

    @property
    def key(self) -> Key:
        return (self.order, self.condition)


class Turn(msgspec.Struct, frozen=True):
    """What a decision made of the breach. ``by_edge``: no fix was received at that instant."""

    at_us: int
    by_edge: bool
    breach: Breach


class Verdict(msgspec.Struct, frozen=True):
    """What the engine makes of a case.

    ``breach`` is None where no line of the case's id came out; ``others`` are then the lines of the
    condition that did. ``turns`` are the decisions that changed the breach, in order.
    """

    breach: Breach | None
    alerts: tuple[Alert, ...]
    turns: tuple[Turn, ...]
    others: tuple[Breach, ...]
    marked: tuple[Fix, ...]
    state: State


async def judge(case: Case) -> Verdict:
    """Take the case's inputs by their receipt, each edge as a decision at its own instant."""
    by_instant: dict[int, list[Fix]] = {}
    for fix in case.fixes:
        if fix.received_at_us <= case.until_us:  # what came later was not known
            by_instant.setdefault(fix.received_at_us, []).append(fix)
    said: dict[int, list[KeptEvent]] = {}
    for one in case.motions:
        if one.received_at_us <= case.until_us:
            said.setdefault(one.received_at_us, []).append(one)
    armed: dict[int, list[tuple[int, OrderVersion]]] = {}
    known = (version for version in case.versions if version.armed_at_us <= case.until_us)
    ordered = sorted(known, key=lambda v: (v.armed_at_us, v.id, v.version))
    for seq, version in enumerate(ordered, start=1):
        # One condition is judged without a look at the others.
        own = tuple(c for c in version.conditions if c.id == case.condition)
        armed.setdefault(version.armed_at_us, []).append((seq, replace(version, conditions=own)))
    # Before the first fix nothing can have been decided: what was armed by then is there at once.
    start_us = min([*by_instant, *said, case.until_us]) - 1
    court = _Court(case, start_us)
    before = [v for at_us, new in armed.items() if at_us <= start_us for v in new]
    court.state = with_orders(court.state, before)
    for at_us in sorted({*by_instant, *said, *(at_us for at_us in armed if at_us > start_us)}):
        await court.edges_before(at_us)
        court.state = with_orders(court.state, armed.get(at_us, []))
        messages = [_message(fix) for fix in by_instant.get(at_us, [])]
        words = [_word(one) for one in said.get(at_us, [])]
        await court.take(Inputs(at_us, (*messages, *words)), at_us, by_edge=not messages)
    await court.edges_before(case.until_us + 1)
    if court.state.at_us <= case.until_us:
        await court.take(Inputs(case.until_us + 1), case.until_us, by_edge=True)
    return court.verdict()


class _Court:
    """One judgement of one case, in progress."""

    def __init__(self, case: Case, at_us: int) -> None:
        # What is on file was taken: its device was known, if only by another condition or order.
        known = {fix.wire.device: () for fix in case.fixes}
        self.state = replace(conditions_alone(at_us), by_device=Map(known))
        if case.incursion_days:
            self.state = replace(self.state, incursion_days=Map({case.key: case.incursion_days}))
        self._case = case
        self._archive = MemoryArchive()
        self._turns: list[Turn] = []
        self._marked: list[Fix] = []

    async def edges_before(self, at_us: int) -> None:
        """Each timer before an instant in a step of its own, so that its own instant is known."""
        while (due_us := self.state.next_timer_us) is not None and due_us + 1 < at_us:
            await self.take(Inputs(due_us + 1), due_us, by_edge=True)

    async def take(self, inputs: Inputs, decided_us: int, *, by_edge: bool) -> None:
        past = await recall(self._archive, self.state, needs(self.state, inputs))
        self.state, effects = step(self.state, inputs, past, self._case.policy)
        self._archive.write(effects)
        self._marked.extend(effects.all_fixes())
        self._turns.extend(
            Turn(decided_us, by_edge, breach)
            for breach in effects.breaches
            if breach.id == self._case.breach_id
        )

    def verdict(self) -> Verdict:
        case = self._case
        lines = [b for b in self._archive.breaches() if (b.order, b.condition) == case.key]
        return Verdict(
            breach=next((b for b in lines if b.id == case.breach_id), None),
            alerts=tuple(a for a in self._archive.alerts if a.breach == case.breach_id),
            turns=tuple(self._turns),
            others=tuple(b for b in lines if b.id != case.breach_id),
            marked=in_event_time(self._marked),
            state=self.state,
        )


def in_event_time(fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    return tuple(sorted(fixes, key=lambda fix: (fix.wire.fixed_at_us, fix.wire.device, fix.wire.seq)))


def _word(one: KeptEvent) -> Message:
    return Message(topic_for(Channel.EVENT, one.wire.device), Decoded(events=(one.wire,)))


def _message(fix: Fix) -> Message:
    return Message(topic_for(Channel.FIX, fix.wire.device), Decoded(fixes=(fix.wire,)))

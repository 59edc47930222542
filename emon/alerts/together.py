"""Which alerts of a condition climb together, and by whose message. Pure.

Theory of operation. Of somebody at the edge of a ban whom nobody answers for, each breach has an alert, and
each is told again by its own ladder's last rung, every three minutes until the morning. Here those alerts
come together: where one of them is repeated, the others of its condition that wait for their next repetition
are repeated with it, that once sooner than their ladder says, by the instant that it counts from. From then
on they fall due together. Of what falls due together and owes the same answers each recipient gets one
message, the newest's, which names the others (``joined``) and whose receipt, link and answer count for all.

Nothing is told later for it. The rungs of a ladder's way up, on which others are named and for which a policy
has its reasons, are each alert's own, at their own instants; so is what goes on while the newest is another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from emon.alerts.asked import PRESENT
from emon.alerts.escalation import Climb
from emon.alerts.flapping import FLAPS
from emon.alerts.ladder import Ladder
from emon.model.effects import NewDelivery
from emon.model.vocabulary import AlertEvent


class Alike(msgspec.Struct, frozen=True):
    """What alerts share that one message may tell: their condition, whose answers are owed, and by what they
    climb."""

    order: str
    condition: str
    priority: int
    owed: tuple[str, ...]
    policy: str | None
    ladder: Ladder


class Repeated(msgspec.Struct, frozen=True):
    """A climb by the last rung alone, not for the first time. ``at_us``: of its alert; ``goes_on``: what it
    tells of is present, or its end has not been told."""

    alike: Alike
    at_us: int
    goes_on: bool


class Again(msgspec.Struct, frozen=True):
    """A delivery of a climb. ``repeated``: None where it is told by itself in any case."""

    delivery: NewDelivery
    repeated: Repeated | None


class Leader(msgspec.Struct, frozen=True):
    """Whose instant has come first: since ``due_us``, to these recipients."""

    due_us: int
    recipients: frozenset[str]


def is_repetition(climb: Climb, ladder: Ladder) -> bool:
    """Whether it only says again what the ladder's last rung has said: nobody is named for the first time."""
    return climb.first > len(ladder.rungs)


def comes_again(event: AlertEvent) -> bool:
    """Whether a condition can bring many of it."""
    return event in FLAPS


def goes_on(event: AlertEvent, *, is_over: bool) -> bool:
    """Whether it tells of something present."""
    return event in PRESENT and not is_over


def first_due(repeats: Iterable[tuple[Repeated, Climb, Sequence[NewDelivery]]]) -> dict[Alike, Leader]:
    """Of those who are alike the one whose instant came first; the others come with it."""
    found: dict[Alike, Leader] = {}
    for repeated, climb, deliveries in repeats:
        known = found.get(repeated.alike)
        if known is None or climb.due_us < known.due_us:
            found[repeated.alike] = Leader(climb.due_us, frozenset(one.recipient for one in deliveries))
    return found


def together(news: Iterable[Again]) -> list[list[Again]]:
    """Those that one recipient would be told at once, the newest first; only where they are several."""
    groups: dict[tuple[Alike, str, str, str | None], list[Again]] = {}
    for one in news:
        if one.repeated is not None:
            to = one.delivery
            groups.setdefault((one.repeated.alike, to.recipient, to.channel, to.party), []).append(one)
    return [in_their_order(group)[::-1] for group in groups.values() if len(group) > 1]


def carried_by(news: Iterable[Again], free: Collection[tuple[str, str]]) -> Mapping[str, str]:
    """Of deliveries the one whose message tells them too. ``free``: (alert, recipient) before which nothing
    waits: only such a message carries others, so that none of them waits for what it would not wait for."""
    found: dict[str, str] = {}
    for group in together(news):
        able = [at for at, one in enumerate(group) if (one.delivery.alert_id, one.delivery.recipient) in free]
        for one in group[able[0] + 1 :] if able else ():
            if one.repeated is not None and not one.repeated.goes_on:
                found[one.delivery.id] = group[able[0]].delivery.id
    return found


def in_their_order(news: Iterable[Again]) -> list[Again]:
    """By their alerts, the oldest first."""
    return sorted(news, key=lambda one: (one.repeated.at_us if one.repeated else 0, one.delivery.id))

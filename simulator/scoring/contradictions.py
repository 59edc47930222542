"""A truth that contradicts itself judges nothing: each contradiction by its line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from emon.model.instant import DAY_US
from emon.model.vocabulary import AlertEvent, Party
from simulator.limits import DUE_DEPTH_MIN_M
from simulator.scoring.facts import BUFFER, INSIDE, MUST, MUST_NOT, NEAR, Held, Ruling, Seen, Stay, Truth

Fault = tuple[int, str]
OF_NOBODY = frozenset({AlertEvent.OUTAGE, AlertEvent.RECIPIENT_DOWN, AlertEvent.PLATFORM})
"""Events that are of no one wearer."""
_OF_A_STAY = (AlertEvent.BREACH, AlertEvent.HISTORIC_BREACH, AlertEvent.PROXIMITY)


class _Stretch(Protocol):
    @property
    def from_us(self) -> int: ...
    @property
    def to_us(self) -> int: ...
    @property
    def line(self) -> int: ...


def contradictions(truth: Truth) -> list[Fault]:
    """Every contradiction as (line, sentence)."""
    return [
        *_strangers(truth),
        *_orders(truth),
        *_lengths(truth),
        *_overlaps(truth),
        *_kinds(truth),
        *_claims(truth),
        *_rulings(truth),
    ]


def _strangers(truth: Truth) -> Iterator[Fault]:
    facts: list[Stay | Held | Ruling | Seen] = [*truth.placed(), *truth.seen]
    for fact in facts:
        of_nobody = isinstance(fact, Ruling) and fact.event in OF_NOBODY and not fact.wearer
        if fact.wearer not in truth.wearers and not of_nobody:
            yield fact.line, f"no line of type wearer for {fact.wearer}"


def _orders(truth: Truth) -> Iterator[Fault]:
    owner: dict[str, tuple[str, int]] = {}
    device_owner: dict[str, str] = {}
    for each in truth.wearers.values():
        for order in each.orders:
            whose, _ = owner.setdefault(order, (each.wearer, each.line))
            if whose != each.wearer:
                yield each.line, f"order {order} is already {whose}'s"
        for device in each.devices:
            if device_owner.setdefault(device, each.wearer) != each.wearer:
                yield each.line, f"device {device} is already {device_owner[device]}'s"
    for fact in truth.placed():
        if fact.order:
            whose, line = owner.setdefault(fact.order, (fact.wearer, fact.line))
            if whose != fact.wearer:
                yield fact.line, f"order {fact.order} is {whose}'s in line {line}, not {fact.wearer}'s"


def _lengths(truth: Truth) -> Iterator[Fault]:
    stretches: list[Stay | Seen | Held] = [*truth.stays, *truth.seen, *truth.held]
    for fact in stretches:
        wearer = truth.wearers.get(fact.wearer)
        if wearer is not None and (fact.to_us - fact.from_us) / DAY_US > wearer.days * (1 + 1e-9):
            yield fact.line, f"lasts longer than the {wearer.days:g} days for which {fact.wearer} was watched"


def _overlaps(truth: Truth) -> Iterator[Fault]:
    """Nobody stays in one place, and no condition holds, twice at one time."""
    groups: dict[tuple[str, ...], list[_Stretch]] = defaultdict(list)
    for stay in truth.stays:
        part = BUFFER if stay.kind == BUFFER else "stay"
        groups[(part, stay.wearer, stay.order, stay.condition)].append(stay)
    for seen in truth.seen:
        groups[("seen", seen.wearer)].append(seen)
    for held in truth.held:
        groups[("held", held.wearer, held.order, held.condition)].append(held)
    for stretches in groups.values():
        stretches.sort(key=lambda each: (each.from_us, each.to_us, each.line))
        for before, after in pairwise(stretches):
            if after.from_us < before.to_us:
                yield after.line, f"overlaps line {before.line}"


def _kinds(truth: Truth) -> Iterator[Fault]:
    """A condition is a ban, a home or a distance: not two of them."""
    first: dict[tuple[str, str], Stay] = {}
    for stay in truth.stays:
        if stay.kind != BUFFER:
            other = first.setdefault((stay.order, stay.condition), stay)
            if other.kind != stay.kind:
                yield stay.line, f"{stay.kind}, but line {other.line} says {other.kind} of the same condition"


def _claims(truth: Truth) -> Iterator[Fault]:
    held: dict[tuple[str, str, str], list[_Stretch]] = defaultdict(list)
    for each in truth.held:
        held[(each.wearer, each.order, each.condition)].append(each)
    for stay in truth.stays:
        yield from _fixes_of(stay)
        spans = held.get((stay.wearer, stay.order, stay.condition))
        if spans is not None:
            share_us = _shared_us(stay, spans)
            if stay.active and share_us < stay.to_us - stay.from_us:
                yield stay.line, "active, but the condition did not hold all the while"
            if not stay.active and share_us > 0:
                yield stay.line, f"not active, but the condition held (line {_holder(stay, spans)})"


def _fixes_of(stay: Stay) -> Iterator[Fault]:
    if stay.first_fix_us is not None and stay.first_fix_us < stay.from_us:
        yield stay.line, "first_fix is before from"
    if stay.shown_us is None:
        return
    if stay.first_fix_us is None:
        yield stay.line, "shown without a first_fix"
    elif stay.shown_us < stay.first_fix_us:
        yield stay.line, "shown before its first_fix"
    if stay.kind != BUFFER and stay.deepest_m < DUE_DEPTH_MIN_M:
        yield stay.line, f"shown, but never {DUE_DEPTH_MIN_M:g} m deep"
    if stay.late and stay.shown_us < stay.to_us:
        yield stay.line, "late, but shown before its end"


def _rulings(truth: Truth) -> Iterator[Fault]:
    stays: dict[tuple[str, str, str], list[Stay]] = defaultdict(list)
    for stay in truth.stays:
        if stay.kind != BUFFER:
            stays[(stay.wearer, stay.order, stay.condition)].append(stay)
    musts = [ruling for ruling in truth.rulings if ruling.kind == MUST]
    for ruling in musts:
        if ruling.event in _OF_A_STAY:
            yield from _unfounded(ruling, stays.get((ruling.wearer, ruling.order, ruling.condition), []))
    for ban in truth.rulings:
        if ban.kind == MUST_NOT:
            for ruling in musts:
                whole = ban.from_us <= ruling.from_us and ruling.by_us <= ban.by_us
                about = (ruling.event, ruling.wearer, ruling.order, ruling.condition, ruling.recipients)
                if whole and forbids(ban, *about):
                    yield ban.line, f"forbids what line {ruling.line} demands"


def _unfounded(ruling: Ruling, stays: Sequence[Stay]) -> Iterator[Fault]:
    """Where the truth lists the stays of a condition, a breach that must be told needs one that counts."""
    if ruling.event is AlertEvent.PROXIMITY and any(stay.kind == INSIDE for stay in stays):
        yield ruling.line, "proximity of a ban"
    if ruling.event is AlertEvent.BREACH and any(stay.kind == NEAR for stay in stays):
        yield ruling.line, "a contact condition is told as proximity, not as breach"
    if stays and not any(stay.active and stay.from_us <= ruling.by_us for stay in stays):
        yield ruling.line, f"{ruling.event} must be told, but no stay of it while the condition held"


def forbids(
    ban: Ruling, event: AlertEvent, wearer: str, order: str, condition: str, told: frozenset[Party]
) -> bool:
    """Whether a ``must_not`` is about such an alert, whenever it comes."""
    return (
        ban.event is event
        and ban.wearer == wearer
        and ban.order in ("", order)
        and ban.condition in ("", condition)
        and (not ban.recipients or bool(ban.recipients & told))
    )


def _shared_us(stay: Stay, spans: Sequence[_Stretch]) -> int:
    return sum(max(0, min(stay.to_us, each.to_us) - max(stay.from_us, each.from_us)) for each in spans)


def _holder(stay: Stay, spans: Sequence[_Stretch]) -> int:
    return next(each.line for each in spans if each.from_us < stay.to_us and stay.from_us < each.to_us)

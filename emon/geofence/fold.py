"""What the fixes of a wearer show about one condition with a zone: a fold over event time.

An exclusion and an inclusion are the same fold with the sides exchanged: what is *wrong* for the
one is *right* for the other, and an inclusion asks for more before it calls a fix wrong, since
people are at home most of their time and receivers drift there (``docs/adr/0006``).

The input is merged from fixes and edges in event time, an edge before a fix of its own instant.
The state is small and immutable; the same items give the same state and the same episodes however
they are cut into batches, which is what invariant 2 of the design rests on. Late fixes are met by
folding again from an earlier start (:func:`begin`), never by patching the state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Protocol, TypeVar

import msgspec

from emon.geofence.evidence import (
    AGREES_P,
    AWAY_P,
    SIDE_KNOWN_P,
    inside_probability,
    is_outside,
    outside_probability,
)
from emon.geofence.timeline import Timeline, condition_of, device_use
from emon.limits import (
    ACCURACY_COARSE_M,
    CONTACT_BETWEEN_MAX_S,
    CROSSING_GAP_MAX_S,
    REACH_SPEED_MAX_M_S,
    RUN_FIXES_MAX,
    RUN_MEMORY_S,
    RUN_SLOT_S,
    SPAN_ERROR,
    WAY_CLAIM_MAX_M,
)
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.span import span_at_most_m, span_m
from emon.model.vocabulary import Certainty, How, Kind

NO_ZONE = -1

# A way straight in degrees is longer than the great circle. Up to this length and latitude by less
# than the margin (63 m off the line at 50 km, latitude 52); beyond, the exact test decides.
_SHORT_WAY_M = 100_000.0
_LATITUDE_PLAIN_DEG = 75.0
_WAY_MARGIN = 1.02
_SLOT_US = RUN_SLOT_S * SECOND_US


class Side(Enum):
    """A side of a zone's edge."""

    INSIDE = "inside"
    OUTSIDE = "outside"


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A usable fix as judged under one zone. ``distance_m`` is negative inside, NaN without zone.

    ``p``: the probability of the wrong side, which ``wrong_side`` names. ``active``: the condition
    held at the fix's time.
    """

    fix: Fix
    zone: int
    distance_m: float
    p: float
    active: bool
    wrong_side: Side

    @property
    def at_us(self) -> int:
        return self.fix.wire.fixed_at_us

    @property
    def outside(self) -> bool:
        return is_outside(self.distance_m)

    @property
    def right(self) -> bool:
        """The position lies on the right side. The edge belongs to the zone (invariant 8). One that may
        be off by kilometres shows a side only beyond its own error."""
        accuracy_m = self.fix.wire.accuracy_m
        if accuracy_m > ACCURACY_COARSE_M and abs(self.distance_m) <= accuracy_m:
            return False
        if self.wrong_side is Side.INSIDE:
            return self.outside
        return self.zone != NO_ZONE and not self.outside

    @property
    def wrong(self) -> bool:
        """Evidence of the wrong side. Neither right nor wrong is unknown (invariant 7). A network's position
        shows nobody away from a place that its own circle reaches (``docs/adr/0006``)."""
        if self.wrong_side is Side.INSIDE:
            return not self.outside and self.p >= AGREES_P
        reaches = self.distance_m <= self.fix.wire.accuracy_m > WAY_CLAIM_MAX_M
        return self.outside and self.p >= AWAY_P and not reaches

    @property
    def depth_m(self) -> float:
        """Metres on the wrong side, 0 on the right one."""
        return max(0.0, -self.distance_m if self.wrong_side is Side.INSIDE else self.distance_m)


class HasTime(Protocol):
    """Whatever has its place in event time."""

    @property
    def at_us(self) -> int: ...


_Timed = TypeVar("_Timed", bound=HasTime)


class Episode(msgspec.Struct, frozen=True, gc=False):
    """One stretch of breach as the fixes show it, before it is matched with what is on file.

    ``shown_at_us``: fixed_at of the newest fix that shows it. ``opposed``: a fix newer than that
    showed the wearer on the right side. ``doubted``: a ``late_home`` where he could have been home by
    the edge, and so no more than possible. ``aged``: an edge opened it, and only the age of the fixes before
    that edge, which are certain by themselves, keeps it from being so (``docs/adr/0052``). ``witness``: since
    it got its word, and since a fix spoke against it, the first that bears witness to the next word
    (``docs/adr/0064``).
    """

    opened_at_us: int
    closed_at_us: int | None
    how: How
    version: int
    certainty: Certainty
    deepest_m: float
    shown_at_us: int
    device: str
    opposed: bool = False
    doubted: bool = False
    aged: bool = False
    witness: Seen | None = None


class Fold(msgspec.Struct, frozen=True, gc=False):
    """State after the edge at ``edges_done_us`` (or the beginning) and all fixes up to
    ``recent[-1]``. No edge lies between the later of those and ``next_look_us``.

    ``rights``: how many fixes in a row contradict the open episode, the first at
    ``right_since_us``. Of an inclusion, ``window_us`` is where the window began that holds now, and
    ``home_us`` the newest fix inside that counts for it."""

    edges_done_us: int
    next_look_us: int | None
    holding: int | None
    recent: tuple[Seen, ...] = ()
    rights: int = 0
    right_since_us: int = 0
    episode: Episode | None = None
    window_us: int | None = None
    home_us: int | None = None

    @property
    def newest(self) -> Seen | None:
        return self.recent[-1] if self.recent else None

    @property
    def reached_us(self) -> int:
        """The last instant of which anything is known."""
        return max([self.edges_done_us, *(seen.at_us for seen in self.recent[-1:])])

    def continues_with(self, raw: RawFix) -> bool:
        """Whether a fix comes after everything folded so far, in event time."""
        if raw.fixed_at_us < self.edges_done_us:
            return False
        if not self.recent:
            return True
        last = self.recent[-1].fix.wire
        return (raw.fixed_at_us, raw.device, raw.seq) > (last.fixed_at_us, last.device, last.seq)


class Subject(msgspec.Struct, frozen=True):
    """One condition of one order: its versions over time, its zone's index and its buffer in
    metres by version. ``kind`` is the same in all of them."""

    order: str
    condition: str
    wearer: str
    timeline: Timeline
    zones: dict[int, int]
    kind: Kind = Kind.EXCLUSION
    buffers: dict[int, float] = {}

    @property
    def wrong_side(self) -> Side:
        return Side.OUTSIDE if self.kind is Kind.INCLUSION else Side.INSIDE

    @property
    def key(self) -> tuple[str, str]:
        return (self.order, self.condition)

    @property
    def touches_before_us(self) -> int:
        """How long before its own time a fix may change what is judged."""
        return CONTACT_BETWEEN_MAX_S * SECOND_US if self.kind is Kind.CONTACT else 0

    @property
    def devices(self) -> frozenset[str]:
        """Every device whose fixes may be judged by the condition."""
        return self.timeline.all_devices

    def names(self, fix: Fix) -> bool:
        """Whether the version that judges a fix has its device worn then, or as the victim's."""
        at_us = fix.wire.fixed_at_us
        version = self.timeline.judging(at_us, fix.received_at_us)
        if version is None:
            return False
        condition = condition_of(version, self.condition)
        victim = condition.victim_device if condition is not None else None
        return victim == fix.wire.device or device_use(version, fix.wire.device, at_us) is not None

    def zone_judging(self, fix: Fix) -> int | None:
        """Index of the zone that judges a fix, or ``NO_ZONE`` where none does (yet).

        None: the version that judges it does not know the device as worn at that time.
        """
        at_us = fix.wire.fixed_at_us
        version = self.timeline.judging(at_us, fix.received_at_us)
        if version is None:
            return NO_ZONE
        if device_use(version, fix.wire.device, at_us) is None:
            return None
        return self.zones.get(version.version, NO_ZONE)


def see(fix: Fix, zone: int, distance_m: float, area_m2: float, wrong_side: Side, *, active: bool) -> Seen:
    """Judge a fix by its signed distance to a zone."""
    if zone == NO_ZONE:
        return Seen(fix, NO_ZONE, math.nan, 0.0, False, wrong_side)
    if wrong_side is Side.INSIDE:
        p = inside_probability(distance_m, fix.wire.accuracy_m, area_m2)
    else:
        p = outside_probability(distance_m, fix.wire.accuracy_m)
    return Seen(fix, zone, distance_m, p, active, wrong_side)


def begin(subject: Subject, at_us: int) -> Fold:
    """A blank state at an instant: nothing seen, the condition as it holds there."""
    timeline = subject.timeline
    window_us = timeline.window_from(at_us) if subject.kind is Kind.INCLUSION else None
    return Fold(at_us, timeline.next_look(at_us), timeline.holding(at_us), window_us=window_us)


def remembered(recent: tuple[_Timed, ...], at_us: int) -> tuple[_Timed, ...]:
    """What an instant knows of the fixes before it: those as young as evidence lasts, and the newest of the
    older ones. Whatever came since the last fix, a fold made again from the record knows no more."""
    horizon_us = at_us - RUN_MEMORY_S * SECOND_US
    gone = 0
    while gone < len(recent) - 1 and recent[gone + 1].at_us < horizon_us:
        gone += 1
    return recent[gone:]


def trimmed(recent: tuple[_Timed, ...], seen: _Timed) -> tuple[_Timed, ...]:
    """The fixes worth keeping with a new one: the newest few, before them one of each stretch of
    ``RUN_SLOT_S``, and of those older than evidence lasts the newest.

    What is kept of a set of fixes is the same wherever the fold began, so that folding again gives
    the same state; and it is few, however often a receiver fixes.
    """
    kept = remembered(recent, seen.at_us)
    ages = len(kept) - RUN_FIXES_MAX  # place of the fix that is no longer among the newest
    if ages > 0 and kept[ages - 1].at_us // _SLOT_US == kept[ages].at_us // _SLOT_US:
        kept = (*kept[: ages - 1], *kept[ages:])
    return (*kept, seen)


def with_newest(fold: Fold, seen: Seen) -> Fold:
    """The fold with one more fix that changes nothing else."""
    return Fold(
        fold.edges_done_us,
        fold.next_look_us,
        fold.holding,
        trimmed(fold.recent, seen),
        fold.rights,
        fold.right_since_us,
        fold.episode,
        fold.window_us,
        seen.at_us if seen.wrong_side is Side.OUTSIDE and seen.right else fold.home_us,
    )


def run_of(recent: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """The newest consecutive fixes on the wrong side; unknown ones between are passed over."""
    run: list[Seen] = []
    for seen in reversed(recent):
        if seen.right:
            break
        if seen.wrong:
            if run and run[-1].at_us - seen.at_us > RUN_MEMORY_S * SECOND_US:
                break
            run.append(seen)
    return tuple(reversed(run))


def stays_quiet(fold: Fold, seen: Seen) -> bool:
    """Whether a fix in order can change nothing but the newest fix.

    True when nothing is open, no edge lies before it, it and its predecessor are on the right side,
    and, for an exclusion, the two are too far from the zone for any way between them to have met it, and
    no edge lies on that way: before it another version's zone may have been nearer.
    """
    before = fold.newest
    if before is None or fold.episode is not None or before.zone != seen.zone:
        return False
    if not (seen.right and before.right):
        return False
    if fold.next_look_us is not None and fold.next_look_us <= seen.at_us:
        return False
    if seen.wrong_side is Side.OUTSIDE:
        return True
    origin = way_from(remembered(fold.recent, seen.at_us), seen)
    if origin is None:
        return True
    one_zone = origin.zone == seen.zone and origin.at_us >= fold.edges_done_us
    return one_zone and origin.right and cannot_meet(origin, seen)


def is_placed(seen: Seen) -> bool:
    """Whether a fix says on which side of the edge he was: a way leads from and to such fixes alone.

    A mast's position, good for a kilometre, lies on one side by chance.
    """
    accuracy_m = seen.fix.wire.accuracy_m
    if accuracy_m <= WAY_CLAIM_MAX_M:
        return True
    return outside_probability(abs(seen.distance_m), accuracy_m) >= SIDE_KNOWN_P


def way_from(recent: Sequence[Seen], seen: Seen) -> Seen | None:
    """The fix from which the way to a new one is judged: the newest that is placed, of those ``remembered``.

    Where none of them is, the one from before evidence lasts: across so long a gap it is as good as any, and
    what came before it is forgotten.
    """
    if not is_placed(seen):
        return None
    for each in reversed(recent):
        if is_placed(each):
            return each
    oldest = recent[0] if recent else None
    return oldest if oldest and oldest.at_us < seen.at_us - RUN_MEMORY_S * SECOND_US else None


def cannot_meet(before: Seen, seen: Seen) -> bool:
    """Whether neither the straight way nor a reachable one between two fixes meets the zone."""
    clear_m = before.distance_m + seen.distance_m
    gap_s = (seen.at_us - before.at_us) / SECOND_US
    if gap_s > CROSSING_GAP_MAX_S and clear_m <= REACH_SPEED_MAX_M_S * gap_s * (1.0 + SPAN_ERROR):
        return False
    a, b = before.fix.wire, seen.fix.wire
    length_m = span_at_most_m(a.lon, a.lat, b.lon, b.lat)
    if clear_m <= length_m * _WAY_MARGIN + 1.0 or length_m > _SHORT_WAY_M:
        length_m = span_m(a.lon, a.lat, b.lon, b.lat)
    if length_m > _SHORT_WAY_M or max(abs(a.lat), abs(b.lat)) > _LATITUDE_PLAIN_DEG:
        return False
    return clear_m > length_m * _WAY_MARGIN + 1.0

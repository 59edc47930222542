"""The way between two fixes outside a ban: did he cross, could he have, can he not have.

"did cross" is ``crossed``: the path between two fixes close in time meets the zone. "could have
crossed" is ``reachable``: the fixes are farther apart in time, and it met the zone, or others were owed
and the time sufficed. The path is straight in longitude and latitude (contract, section 2); only the part
counts whose interpolated time lies where the condition holds, each by its own version (section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from emon.geofence.agreement import led_aside
from emon.geofence.evidence import certainty_of, is_outside, way_opens, way_probability
from emon.geofence.fold import Episode, Seen, Subject, cannot_meet
from emon.geofence.geometry import Contact, Geometry
from emon.geofence.schedule import holding_between
from emon.geofence.timeline import condition_of, device_use
from emon.limits import CROSSING_GAP_MAX_S, PLAN_S, REACH_GAP_MAX_S, REACH_SPEED_MAX_M_S, SWEPT_WAY_MIN_M
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.span import span_m
from emon.model.vocabulary import Certainty, How, Source
from emon.model.watch import Turn
from emon.plan import Pace, owed_spans, paces

Turns = Callable[[str], Sequence[Turn]]
"""What a device said that changes its plan, at least since the fix before those that are fed."""


class _Part:
    """The part of a path within one stretch of one version: fractions and interpolated ends."""

    __slots__ = ("end", "end_f", "start", "start_f", "version", "zone")

    def __init__(self, a: Seen, b: Seen, from_us: int, to_us: int, version: int, zone: int) -> None:
        gap_us = b.at_us - a.at_us
        self.version = version
        self.zone = zone
        self.start_f = max(0.0, (from_us - a.at_us) / gap_us)
        self.end_f = min(1.0, (to_us - a.at_us) / gap_us)
        self.start = _between(a, b, self.start_f)
        self.end = _between(a, b, self.end_f)

    def fraction(self, along: float) -> float:
        """A fraction of this part as a fraction of the whole path."""
        return self.start_f + along * (self.end_f - self.start_f)


def _between(a: Seen, b: Seen, fraction: float) -> tuple[float, float]:
    lon1, lat1 = a.fix.wire.lon, a.fix.wire.lat
    lon2, lat2 = b.fix.wire.lon, b.fix.wire.lat
    if fraction <= 0.0:
        return lon1, lat1
    if fraction >= 1.0:
        return lon2, lat2
    dlon = (lon2 - lon1 + 540.0) % 360.0 - 180.0
    lon = (lon1 + fraction * dlon + 540.0) % 360.0 - 180.0
    return lon, lat1 + fraction * (lat2 - lat1)


class Ways:
    """Judges ways under one condition. ``recent``: the fixes before the later one, in event time."""

    def __init__(self, subject: Subject, geometry: Geometry, turns: Turns, recent: Sequence[Seen]) -> None:
        self._subject = subject
        self._geometry = geometry
        self._turns = turns
        self._recent = recent

    def between(self, a: Seen, b: Seen, version: OrderVersion) -> Episode | None:
        """What the way from one fix to a later one, outside, shows; ``version`` judges the later one."""
        if a.zone == b.zone and (not a.outside or cannot_meet(a, b)) and self._one_version(a, b):
            return None
        parts = [part for part in self._parts(a, b, version) if self._both_outside(part.zone, a, b)]
        if not parts:
            return None
        contacts = [
            (part, contact)
            for part in parts
            if (contact := self._geometry.contact(part.zone, part.start, part.end)) is not None
        ]
        gap_s = (b.at_us - a.at_us) / SECOND_US
        if gap_s <= CROSSING_GAP_MAX_S:
            aside = bool(contacts) and self._aside(a, b)
            deepest_m = max((c.deepest_m for _, c in contacts), default=0.0)
            if contacts and (not aside or way_opens(deepest_m, _claim_m(a, b))):
                return _crossing(a, b, contacts, aside=aside)
            return None
        owed_us = self._owed_us(a, b)
        owed = 0 < owed_us <= REACH_GAP_MAX_S * SECOND_US
        if contacts or (owed and self._reachable(parts, a, b, gap_s)):
            return Episode(
                opened_at_us=a.at_us,
                closed_at_us=b.at_us,
                how=How.REACHABLE,
                version=contacts[0][0].version if contacts else parts[0].version,
                certainty=Certainty.POSSIBLE,
                deepest_m=max((contact.deepest_m for _, contact in contacts), default=0.0),
                shown_at_us=b.at_us,
                device=b.fix.wire.device,
            )
        return None

    def swept(self, a: Seen, inner: Sequence[Seen], b: Seen, version: OrderVersion) -> Episode | None:
        """What the way past fixes inside shows that are too little by themselves, from a fix outside to the
        next one outside. What it would show had they not come stands. Else it shows somebody who went on, as
        possible, for it rests on those fixes; who stays about is as likely a receiver's error."""
        whole = self.between(a, b, version)
        if whole is not None and whole.how is How.CROSSED:
            return whole
        steps = list(pairwise([a, *inner, b]))
        if any(other.at_us - one.at_us > CROSSING_GAP_MAX_S * SECOND_US for one, other in steps):
            return None
        went_m = span_m(a.fix.wire.lon, a.fix.wire.lat, b.fix.wire.lon, b.fix.wire.lat)
        if went_m < SWEPT_WAY_MIN_M or not self._one_version(a, b):
            return None
        contacts = [
            (one, other, part, contact)
            for one, other in steps
            for part in self._parts(one, other, version)
            if (contact := self._geometry.contact(part.zone, part.start, part.end)) is not None
        ]
        deepest_m = max((contact.deepest_m for *_, contact in contacts), default=0.0)
        claim_m = max(_claim_m(a, b), *(_claim_m(s, s) for s in inner))
        if not contacts or (not way_opens(deepest_m, claim_m) and self._aside(a, b)):
            return None
        one, other, part, contact = contacts[0]
        return Episode(
            opened_at_us=one.at_us + round(part.fraction(contact.first) * (other.at_us - one.at_us)),
            closed_at_us=b.at_us,
            how=How.CROSSED,
            version=part.version,
            certainty=Certainty.POSSIBLE,
            deepest_m=deepest_m,
            shown_at_us=b.at_us,
            device=b.fix.wire.device,
        )

    def _aside(self, a: Seen, b: Seen) -> bool:
        """Whether an error explains one of the two ends. Where none does he went there, and a coarse position
        at an end leaves open how deep, not that he went by (``docs/adr/0074``)."""
        return led_aside(self._recent, a, b) or led_aside(self._recent, b)

    def _still_s(self, a: Seen, b: Seen) -> float:
        """For how long of a gap the device says that it lay still: nobody went anywhere with it then."""
        still_us, since_us = 0, None
        for turn in self._turns(a.fix.wire.device):
            if turn.still is True and since_us is None:
                since_us = turn.at_us
            elif turn.still is False and since_us is not None:
                still_us += max(0, min(turn.at_us, b.at_us) - max(since_us, a.at_us))
                since_us = None
        if since_us is not None:
            still_us += max(0, b.at_us - max(since_us, a.at_us))
        return still_us / SECOND_US

    def _owed_us(self, a: Seen, b: Seen) -> int:
        """For how long of the way between two fixes of a device others were owed, one after another:
        a position that places nobody was sent all the same."""
        device = a.fix.wire.device
        between = [s for s in self._recent if a.at_us < s.at_us < b.at_us and s.fix.wire.device == device]
        return sum(self._owed_between_us(*step) for step in pairwise([a, *between, b]))

    def _owed_between_us(self, a: Seen, b: Seen) -> int:
        device = a.fix.wire.device
        bases: list[Pace] = []
        for from_us, _, version in self._subject.timeline.reigns(a.at_us, b.at_us):
            use = device_use(version, device, from_us)
            if use is not None:
                bases.append(Pace(from_us, use.plan_s or PLAN_S))
        cell = a.fix.wire.source is Source.CELL
        plan = paces(bases, self._turns(device), cell=cell, from_us=a.at_us)
        return sum(to_us - from_us for from_us, to_us in owed_spans(plan, b.at_us))

    def _one_version(self, a: Seen, b: Seen) -> bool:
        """Whether one version governs the whole way, so that one zone decides."""
        timeline = self._subject.timeline
        return timeline.governing(a.at_us) is timeline.governing(b.at_us)

    def _parts(self, a: Seen, b: Seen, version: OrderVersion) -> list[_Part]:
        """The parts of the way in which the condition holds, each with its own version's zone."""
        timeline = self._subject.timeline
        if timeline.governing(b.at_us) is version:
            holds = [(s.from_us, s.to_us, s.version) for s in timeline.stretches(a.at_us, b.at_us)]
        else:  # received after a newer version was armed: that one judges the way as it judges the fix
            condition = condition_of(version, self._subject.condition)
            if condition is None:
                return []
            holds = [
                (from_us, to_us, version.version)
                for from_us, to_us in holding_between(version, condition, a.at_us, b.at_us)
            ]
        zones = self._subject.zones
        return [_Part(a, b, from_us, to_us, number, zones[number]) for from_us, to_us, number in holds]

    def _both_outside(self, zone: int, a: Seen, b: Seen) -> bool:
        return all(
            is_outside(
                s.distance_m
                if s.zone == zone
                else self._geometry.distance_m(zone, s.fix.wire.lon, s.fix.wire.lat)
            )
            for s in (a, b)
        )

    def _reachable(self, parts: list[_Part], a: Seen, b: Seen, gap_s: float) -> bool:
        start, end = _between(a, b, 0.0), _between(a, b, 1.0)
        reach_m = REACH_SPEED_MAX_M_S * (gap_s - self._still_s(a, b))
        return any(
            self._geometry.detour_m(zone, start, end) <= reach_m
            for zone in sorted({part.zone for part in parts})
        )


def _crossing(a: Seen, b: Seen, contacts: list[tuple[_Part, Contact]], *, aside: bool) -> Episode:
    part, contact = contacts[0]
    along = part.fraction(contact.first)
    deepest_m = max(found.deepest_m for _, found in contacts)
    wa, wb = a.fix.wire, b.fix.wire
    p = way_probability(
        deepest_m,
        _claim_m(a, b),
        span_m(wa.lon, wa.lat, wb.lon, wb.lat),
    )
    return Episode(
        opened_at_us=a.at_us + round(along * (b.at_us - a.at_us)),
        closed_at_us=b.at_us,
        how=How.CROSSED,
        version=part.version,
        certainty=Certainty.POSSIBLE if aside else certainty_of(p, agreed=True),
        deepest_m=deepest_m,
        shown_at_us=b.at_us,
        device=wb.device,
    )


def _claim_m(a: Seen, b: Seen) -> float:
    """The wider of two claims, metres."""
    return max(a.fix.wire.accuracy_m, b.fix.wire.accuracy_m)

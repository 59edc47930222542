"""Why a breach has the certainty it has: the figures, and the one reason that a person is told."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from emon.explanation.trace import Trace
from emon.geofence.agreement import is_explained, strength
from emon.geofence.evidence import CERTAIN_P, PROBABLE_P, sigma_m, way_probability
from emon.geofence.fold import Seen, run_of
from emon.limits import WAY_SIGMA_PER_M
from emon.model.breach import Breach
from emon.model.instant import SECOND_US, format_instant
from emon.model.span import span_m
from emon.model.vocabulary import Certainty, How


class Reason(StrEnum):
    """What decides the word of certainty."""

    TWO_WITNESSES = "two_witnesses"
    ONE_WITNESS = "one_witness"
    NEAR_EDGE = "near_edge"
    REFLECTION = "reflection"
    OLD_FIX = "old_fix"
    LONG_APART = "long_apart"
    HOME_IN_TIME = "home_in_time"
    SHORT = "short"
    PATH = "path"
    REACH = "reach"
    REFUTED = "refuted"
    MERGED = "merged"


class Grounds(msgspec.Struct, frozen=True):
    """``shown``: how many fixes show the breach. ``figures``: by name, units last."""

    reason: Reason
    shown: int
    figures: dict[str, Any]
    run: tuple[Seen, ...] = ()

    def members(self) -> dict[str, Any]:
        """As they stand in the document."""
        counted = [
            {"device": s.fix.wire.device, "seq": s.fix.wire.seq, "fixed_at": format_instant(s.at_us)}
            for s in self.run
        ]
        return {"reason": self.reason.value, "fixes_shown": self.shown, "run": counted, **self.figures}


def grounds_of(breach: Breach, found: Trace) -> Grounds:
    """The grounds of a breach as its trace shows them."""
    if breach.refuted:
        return Grounds(Reason.REFUTED, 0, {})
    shown = _shown(breach, found)
    if found.episode is None:
        # Late fixes joined it with an earlier line, which carries the evidence of both.
        return Grounds(Reason.MERGED, shown, {})
    if found.way is not None:
        return _of_way(breach, found, found.way)
    run = found.run
    figures: dict[str, Any] = {
        "probability_highest": round(max((seen.p for seen in run), default=0.0), 9),
        "fixes_deep": sum(seen.p >= CERTAIN_P for seen in run),
    }
    by_edge = breach.how in (How.SCHEDULE, How.LATE_HOME, How.ABSENT)
    before = [seen for seen in run if seen.at_us < breach.opened_at_us]
    if by_edge and before:
        figures["edge_at"] = format_instant(breach.opened_at_us)
        figures["edge_fix_age_s"] = (breach.opened_at_us - before[-1].at_us) / SECOND_US
    by_old_fix = "edge_fix_age_s" in figures
    return Grounds(_reason(breach, found, run, by_old_fix=by_old_fix), shown, figures, run)


def _reason(breach: Breach, found: Trace, run: tuple[Seen, ...], *, by_old_fix: bool) -> Reason:
    if breach.certainty is Certainty.CERTAIN:
        return Reason.TWO_WITNESSES
    if found.episode is not None and found.episode.doubted:
        return Reason.HOME_IN_TIME
    latest = run_of(found.latest)
    if by_old_fix and latest and strength(found.latest, latest).level > breach.certainty.level:
        return Reason.OLD_FIX
    if latest and is_explained(found.latest, latest):
        return Reason.REFLECTION
    if max((seen.p for seen in run), default=0.0) < PROBABLE_P:
        return Reason.NEAR_EDGE
    if found.across and sum(seen.p >= CERTAIN_P for seen in run) > 1:
        return Reason.LONG_APART
    return Reason.ONE_WITNESS


def _shown(breach: Breach, found: Trace) -> int:
    """Fixes that show the breach: on the wrong side, while it lasted and the condition held."""
    ends_us = breach.closed_at_us
    return sum(
        one.side == "wrong"
        and one.holds
        and one.fix.wire.fixed_at_us >= breach.opened_at_us
        and (ends_us is None or one.fix.wire.fixed_at_us < ends_us)
        for one in found.fixes
    )


def _of_way(breach: Breach, found: Trace, way: tuple[Seen, Seen]) -> Grounds:
    a, b = (seen.fix.wire for seen in way)
    length_m = span_m(a.lon, a.lat, b.lon, b.lat)
    gap_s = (b.fixed_at_us - a.fixed_at_us) / SECOND_US
    figures: dict[str, Any] = {
        "from": format_instant(a.fixed_at_us),
        "to": format_instant(b.fixed_at_us),
        "gap_s": gap_s,
        "length_m": round(length_m, 3),
        "path_meets_zone": found.way_meets,
    }
    if breach.how is How.CROSSED:
        accuracy_m = max(a.accuracy_m, b.accuracy_m)
        figures["way_sigma_m"] = round(
            (sigma_m(accuracy_m) ** 2 + (WAY_SIGMA_PER_M * length_m) ** 2) ** 0.5, 3
        )
        p = way_probability(breach.deepest_m, accuracy_m, length_m)
        figures["probability"] = round(p, 9)
        aside = breach.certainty is Certainty.POSSIBLE and p >= PROBABLE_P
        return Grounds(Reason.REFLECTION if aside else Reason.PATH, 0, figures)
    detour_m = length_m if found.detour_m is None else found.detour_m
    figures["detour_m"] = round(detour_m, 3)
    figures["speed_needed_m_s"] = round(detour_m / gap_s, 3)
    return Grounds(Reason.REACH, 0, figures)

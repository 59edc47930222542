"""What each fix of two people shows about a contact, and why the breach has its certainty.

As in :mod:`emon.explanation.trace`, the verdict is not made here. Each fix is met with where the other
person's device was at its instant, by all fixes of the case: what the engine knew in the end.
"""

from __future__ import annotations

from typing import Any

from emon.explanation.case import Case, Verdict
from emon.explanation.grounds import Grounds, Reason
from emon.explanation.trace import FixTrace, Trace, holds
from emon.geofence.evidence import CERTAIN_P, PROBABLE_P
from emon.geofence.fold import Subject
from emon.geofence.meeting import Meeting, meet
from emon.geofence.motion import leg_at
from emon.geofence.proximity import Tracks, with_fixes
from emon.geofence.timeline import condition_of, device_use
from emon.limits import CONTACT_PASS_MAX_S
from emon.model.breach import Breach
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.vocabulary import Certainty


def trace_contact(case: Case, verdict: Verdict) -> Trace:
    """The fixes of the case one by one; ``distance_m`` is their distance less the radius."""
    subject = verdict.state.subjects.get(case.key)
    if subject is None or not case.fixes:
        return Trace(tuple(FixTrace(fix, None) for fix in case.fixes), ())
    tracks = with_fixes({}, (fix for fix in case.fixes if fix.usable))
    start_us = case.fixes[0].wire.fixed_at_us - 1
    edges = tuple(subject.timeline.edges(start_us, case.until_us))
    return Trace(tuple(_fix(subject, tracks, fix) for fix in case.fixes), edges)


def grounds_of_contact(breach: Breach, found: Trace) -> Grounds:
    """The grounds of a contact as its trace shows them."""
    if breach.refuted:
        return Grounds(Reason.REFUTED, 0, {})
    ends_us = breach.closed_at_us
    during = [
        one
        for one in found.fixes
        if one.p is not None
        and one.holds
        and one.side == "wrong"
        and one.fix.wire.fixed_at_us >= breach.opened_at_us
        and (ends_us is None or one.fix.wire.fixed_at_us < ends_us)
    ]
    best_p = max((one.p for one in during if one.p is not None), default=0.0)
    shown_us = max((one.fix.wire.fixed_at_us for one in during), default=breach.opened_at_us)
    lasted_s = ((shown_us if ends_us is None else ends_us) - breach.opened_at_us) / SECOND_US
    figures: dict[str, Any] = {
        "probability_highest": round(best_p, 9),
        "fixes_deep": sum(one.p is not None and one.p >= CERTAIN_P for one in during),
        "lasted_s": lasted_s,
    }
    return Grounds(_reason(breach, best_p, lasted_s), len(during), figures)


def _reason(breach: Breach, best_p: float, lasted_s: float) -> Reason:
    if breach.certainty is Certainty.CERTAIN:
        return Reason.TWO_WITNESSES
    if breach.certainty is Certainty.POSSIBLE and lasted_s < CONTACT_PASS_MAX_S:
        return Reason.SHORT
    return Reason.NEAR_EDGE if best_p < PROBABLE_P else Reason.ONE_WITNESS


def _fix(subject: Subject, tracks: Tracks, fix: Fix) -> FixTrace:
    at_us = fix.wire.fixed_at_us
    version = subject.timeline.judging(at_us, fix.received_at_us)
    if version is None or not fix.usable or not subject.names(fix):
        return FixTrace(fix, None if version is None else version.version)
    meeting = _meeting(subject, tracks, fix, version)
    if meeting is None:
        return FixTrace(fix, version.version)
    side = "right" if meeting.right else "wrong" if meeting.wrong else "unclear"
    beyond_m = meeting.distance_m - meeting.radius_m
    held = holds(version, subject.condition, at_us)
    return FixTrace(fix, version.version, beyond_m, meeting.p, side, held)


def _meeting(subject: Subject, tracks: Tracks, fix: Fix, version: OrderVersion) -> Meeting | None:
    """The fix met with the other person's device; with the nearest, where the wearer has several."""
    condition = condition_of(version, subject.condition)
    at_us, device = fix.wire.fixed_at_us, fix.wire.device
    if condition is None or condition.victim_device is None:
        return None
    hers = leg_at(tracks.get(condition.victim_device, ()), at_us)
    worn = [device] if device != condition.victim_device else sorted(tracks)
    met: list[Meeting] = []
    for one in worn:
        his = leg_at(tracks.get(one, ()), at_us)
        usable = one != condition.victim_device and device_use(version, one, at_us) is not None
        if usable and his is not None and hers is not None:
            met.append(meet(his, hers, at_us, condition.radius_m, active=True))
    return min(met, key=lambda meeting: meeting.distance_m, default=None)

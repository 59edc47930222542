"""Find the inputs of one breach among everything that was received.

The engine itself knows how far back a decision reaches: :func:`emon.recall.recall` gives the quiet
start before an instant. What late fixes moved since may have begun earlier, so the choice is judged at
once, and widened until it gives the breach on file, alerts and all. The widest is everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from emon.alerts.policy import Policy
from emon.engine import Need
from emon.explanation.case import Case, Verdict, in_event_time, judge
from emon.geofence.timeline import Timeline
from emon.limits import INCURSION_DAYS_KEPT
from emon.model.breach import Alert, Breach
from emon.model.fix import Fix, KeptEvent
from emon.model.instant import DAY_US, HOUR_US, to_datetime
from emon.model.order import OrderVersion
from emon.recall import Archive, motion_since, recall
from emon.state import conditions_alone, with_orders

_WIDER_US = (0, 6 * HOUR_US, 3 * DAY_US, 20 * DAY_US)
_BEGINNING_US = 0
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class NotExplained(Exception):
    """Everything on file does not give the breach on file: a fault of emon or of the file."""


class OnFile:
    """A breach as it was decided: with its alerts, and the instant of the last decision on it (or a
    later one)."""

    def __init__(self, breach: Breach, alerts: Sequence[Alert], decided_us: int) -> None:
        self.breach = breach
        self.alerts = tuple(sorted(alerts, key=lambda alert: (alert.at_us, alert.id)))
        self.decided_us = decided_us

    @property
    def goes_on(self) -> bool:
        return self.breach.closed_at_us is None and not self.breach.refuted


async def case_of(
    archive: Archive, versions: Iterable[OrderVersion], on_file: OnFile, policy: Policy
) -> tuple[Case, Verdict]:
    """The smallest case tried that gives the breach on file, and its verdict.

    ``versions``: all of the breach's order. Raises :class:`NotExplained`.
    """
    breach = on_file.breach
    armed = tuple(v for v in versions if v.id == breach.order and v.armed_at_us <= on_file.decided_us)
    devices = sorted(Timeline(breach.condition, armed).all_devices)
    quiet_us = await _quiet_start(archive, armed, breach)
    starts = [*(quiet_us - wider_us for wider_us in _WIDER_US), _BEGINNING_US]
    tried: set[int] = set()
    for start_us in starts:
        found = await archive.fixes_since([(device, start_us) for device in devices])
        fixes = [f for own in found.values() for f in own if f.received_at_us <= on_file.decided_us]
        if len(fixes) in tried:
            continue
        tried.add(len(fixes))
        days: tuple[int, ...] = ()
        if start_us != _BEGINNING_US and fixes:
            days = await _days_used(archive, breach, fixes, on_file.decided_us)
        firsts = {device: own[0].wire.fixed_at_us for device, own in found.items() if own}
        motions = await _motions(archive, firsts, on_file.decided_us)
        case = Case(
            breach.order,
            breach.condition,
            breach.id,
            armed,
            in_event_time(fixes),
            on_file.decided_us,
            policy,
            days,
            motions,
        )
        case, verdict = await _tightened(case, on_file)
        if _gives(case, verdict, on_file):
            return case, verdict
    raise NotExplained(f"breach {breach.id}: what is on file gives {verdict.breach}")


async def _quiet_start(archive: Archive, versions: Sequence[OrderVersion], breach: Breach) -> int:
    """Where the engine would begin to fold again if something before the breach had changed."""
    state = with_orders(conditions_alone(_BEGINNING_US), enumerate(versions, start=1))
    key = (breach.order, breach.condition)
    if key not in state.subjects:
        return breach.opened_at_us
    past = await recall(archive, state, Need(folds={key: breach.opened_at_us}))
    return past.folds[key].start_us


async def _days_used(
    archive: Archive, breach: Breach, fixes: Sequence[Fix], until_us: int
) -> tuple[int, ...]:
    """Days on which another breach had been told as a possible incursion."""
    first_us = min(fix.wire.fixed_at_us for fix in fixes) - DAY_US
    key = (breach.order, breach.condition)
    lines = (await archive.breaches_since([(*key, first_us)])).get(key, [])
    days = {told.day for other in lines if other.id != breach.id for told in other.told}
    days -= {told.day for told in breach.told}
    days.discard(None)
    last = to_datetime(until_us).astimezone(_AMSTERDAM).date().toordinal()
    return tuple(sorted(day for day in days if day is not None and day <= last)[-INCURSION_DAYS_KEPT:])


async def _motions(archive: Archive, asked: dict[str, int], until_us: int) -> tuple[KeptEvent, ...]:
    """What the devices said of their motion: it decides on ways that were only reachable, which this
    breach may have been before a late fix came."""
    said = await motion_since(archive, asked)
    known = [one for device in sorted(said) for one in said[device] if one.received_at_us <= until_us]
    return tuple(sorted(known, key=lambda one: (one.wire.fixed_at_us, one.wire.device, one.wire.seq)))


async def _tightened(case: Case, on_file: OnFile) -> tuple[Case, Verdict]:
    """The case without what was received after the last decision on the breach."""
    verdict = await judge(case)
    if verdict.breach is None:
        return case, verdict
    last_us = verdict.turns[-1].at_us
    if on_file.goes_on:
        last_us = max(last_us, *(fix.received_at_us for fix in case.fixes))
    if last_us >= case.until_us:
        return case, verdict
    tight = Case(
        case.order,
        case.condition,
        case.breach_id,
        tuple(v for v in case.versions if v.armed_at_us <= last_us),
        tuple(fix for fix in case.fixes if fix.received_at_us <= last_us),
        last_us,
        case.policy,
        case.incursion_days,
        tuple(one for one in case.motions if one.received_at_us <= last_us),
    )
    return tight, await judge(tight)


def _gives(case: Case, verdict: Verdict, on_file: OnFile) -> bool:
    alerts = sorted(verdict.alerts, key=lambda alert: (alert.at_us, alert.id))
    same = [_told(alert) for alert in alerts] == [_told(alert) for alert in on_file.alerts]
    return verdict.breach == on_file.breach and same and verdict.marked == case.fixes


def _told(alert: Alert) -> Alert:
    """What was told and to whom; by which row is not kept of alerts before policies were."""
    return replace(alert, row=None)

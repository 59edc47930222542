"""The report: precision of what was told, the load of it, and whoever and whatever is noisy.

Pure. Precision counts cases (``verdict.case_of``), load counts alerts. Groups are ordered by their alerts,
the most first, then by name, so that the same rows give the same report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from emon.feedback.edges import AtEdge, at_edges, home_gap_m
from emon.feedback.hours import DutyHours, duty_hours, wearer_days
from emon.feedback.remedies import Proposal, Subject, What, proposals
from emon.feedback.rows import Filed, FiledAlert
from emon.feedback.shares import Share, Tally, tally, wilson
from emon.feedback.verdict import Verdict, verdict_of
from emon.limits import FEEDBACK_NOISY_MAX
from emon.model.order import Condition, OrderVersion
from emon.model.vocabulary import Kind

UNNAMED = "none"
"""The group of what has no such thing: a battery has no edge."""


class Group(msgspec.Struct, frozen=True):
    name: str
    tally: Tally


class Closed(msgspec.Struct, frozen=True):
    """Alerts closed with a cause, as a share of all that are closed."""

    cause: str
    alerts: int
    share: Share


class Load(msgspec.Struct, frozen=True):
    """``per_operator_hour``: alerts of the centre; None where nobody's hours are on file.
    ``per_wearer_day``: of all alerts, None where nobody wore anything."""

    alerts: int
    to_centre: int
    duty: DutyHours
    per_operator_hour: float | None
    wearers: int
    wearer_days: float
    per_wearer_day: float | None


class Noisy(msgspec.Struct, frozen=True):
    """One of the noisiest: ``false`` of its alerts were closed as that."""

    id: str
    false: int
    tally: Tally
    proposals: tuple[Proposal, ...]


class Report(msgspec.Struct, frozen=True):
    """What the period says."""

    from_us: int
    to_us: int
    all: Tally
    by_event: tuple[Group, ...]
    by_how: tuple[Group, ...]
    by_certainty: tuple[Group, ...]
    by_source: tuple[Group, ...]
    by_model: tuple[Group, ...]
    by_edge: tuple[Group, ...]
    by_cause: tuple[Closed, ...]
    load: Load
    wearers: tuple[Noisy, ...]
    zones: tuple[Noisy, ...]
    devices: tuple[Noisy, ...]


def report(filed: Filed) -> Report:
    """Everything that the rows of a period say."""
    alerts = filed.alerts
    edges = at_edges(alerts, filed.decided)
    homes = _homes(filed, edges)
    duty = duty_hours(filed)
    wearers, days = wearer_days(filed.newest, filed.from_us, filed.to_us)
    to_centre = sum(alert.centre for alert in alerts)
    hours = duty.operator_hours
    load = Load(
        len(alerts),
        to_centre,
        duty,
        to_centre / hours if hours else None,
        wearers,
        days,
        len(alerts) / days if days else None,
    )
    return Report(
        filed.from_us,
        filed.to_us,
        tally(alerts),
        _groups(alerts, lambda a: a.event),
        _groups(alerts, lambda a: a.how),
        _groups(alerts, lambda a: a.certainty),
        _groups(alerts, lambda a: None if a.fix is None else a.fix.source),
        _groups(alerts, lambda a: None if a.device is None else filed.models.get(a.device, "not known")),
        _groups(alerts, lambda a: _edge_name(edges.get(a.id))),
        _by_cause(alerts),
        load,
        _noisiest(What.WEARER, alerts, lambda a: a.wearer, edges, homes),
        _noisiest(What.ZONE, alerts, lambda a: _zone_name(edges.get(a.id)), edges, homes),
        _noisiest(What.DEVICE, alerts, lambda a: a.device, edges, homes),
    )


def _edge_name(at: AtEdge | None) -> str | None:
    return None if at is None else f"{at.zone}: {at.edge}"


def _zone_name(at: AtEdge | None) -> str | None:
    return None if at is None else at.zone


def _grouped(
    alerts: Iterable[FiledAlert], name: Callable[[FiledAlert], str | None]
) -> dict[str | None, list[FiledAlert]]:
    found: dict[str | None, list[FiledAlert]] = {}
    for alert in alerts:
        found.setdefault(name(alert), []).append(alert)
    return found


def _groups(alerts: Iterable[FiledAlert], name: Callable[[FiledAlert], str | None]) -> tuple[Group, ...]:
    found = [Group(str(of or UNNAMED), tally(those)) for of, those in _grouped(alerts, name).items()]
    return tuple(sorted(found, key=lambda one: (-one.tally.alerts, one.name)))


def _by_cause(alerts: Iterable[FiledAlert]) -> tuple[Closed, ...]:
    closed = [alert for alert in alerts if alert.cause is not None]
    found = []
    for cause, those in _grouped(closed, lambda a: a.cause).items():
        share = wilson(len(those), len(closed))
        assert share is not None  # of something closed
        found.append(Closed(str(cause), len(those), share))
    return tuple(sorted(found, key=lambda one: (-one.alerts, one.cause)))


def _noisiest(
    what: What,
    alerts: Iterable[FiledAlert],
    name: Callable[[FiledAlert], str | None],
    edges: dict[str, AtEdge],
    homes: tuple[tuple[float, str, str], ...],
) -> tuple[Noisy, ...]:
    """The most alerts closed as false first; among equals those with most alerts."""
    found = []
    for of, those in _grouped(alerts, name).items():
        if of is not None:
            false = sum(verdict_of(alert) is Verdict.FALSE for alert in those)
            found.append((-false, -len(those), of, those))
    found.sort(key=lambda one: one[:3])
    noisy = []
    for false, _, of, those in found[:FEEDBACK_NOISY_MAX]:
        subject = Subject(what, of, tuple(those), edges, homes)
        noisy.append(Noisy(of, -false, tally(those), tuple(proposals(subject))))
    return tuple(noisy)


def _homes(filed: Filed, edges: Mapping[str, AtEdge]) -> tuple[tuple[float, str, str], ...]:
    """How far required places of wearers lie from the bans of theirs that alerts came of."""
    required = _required_places(filed.newest)
    decided = {(one.id, one.version): one for one in filed.decided}
    found: dict[tuple[str, str, str], tuple[float, str, str]] = {}
    for alert in filed.alerts:
        at, version = edges.get(alert.id), decided.get((alert.order or "", alert.version or 0))
        if at is None or version is None:
            continue
        ban = next(one for one in version.conditions if one.id == alert.condition)
        if ban.kind is not Kind.EXCLUSION or ban.zone is None:
            continue
        for home in required.get(version.wearer, ()):
            key = (version.wearer, at.zone, home.id)
            if key not in found and home.zone is not None:
                found[key] = (home_gap_m(home.zone, ban.zone), version.wearer, at.zone)
    return tuple(sorted(found.values()))


def _required_places(newest: Iterable[OrderVersion]) -> dict[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for version in newest:
        for condition in version.conditions:
            if condition.kind is Kind.INCLUSION:
                found.setdefault(version.wearer, []).append(condition)
    return found

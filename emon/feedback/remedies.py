"""What could be done about whoever or whatever is noisy: a table of patterns, each with its proposal.

Pure. A proposal is for a person to read. Nothing acts on it; above all nothing is silenced by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from statistics import median

import msgspec

from emon.feedback.edges import AtEdge
from emon.feedback.rows import FiledAlert
from emon.feedback.verdict import Verdict, verdict_of
from emon.limits import (
    FEEDBACK_HOME_NEAR_M,
    FEEDBACK_NIGHTS_MIN,
    FEEDBACK_PATTERN_MIN,
    FEEDBACK_PATTERN_SHARE_MIN,
)
from emon.model.instant import DAY_US
from emon.model.resolution import ClosingCause as C
from emon.model.vocabulary import AlertEvent as E
from emon.model.vocabulary import Source

Figures = Mapping[str, object]


class What(StrEnum):
    """Of what kind a noisy one is."""

    WEARER = "wearer"
    ZONE = "zone"
    DEVICE = "device"


class Look(StrEnum):
    """What beside the causes must show. ``home``: a required place lies at or in the ban. ``edge``: the
    false ones lie nearer to one stretch of the edge than the positions claimed to know. ``erred``: positions
    lay farther on the wrong side than they claimed to err. ``coarse``: they came from masts or Wi-Fi.
    ``nights``: on several days. ``waits``: most alerts are open."""

    HOME = "home"
    EDGE = "edge"
    ERRED = "erred"
    COARSE = "coarse"
    NIGHTS = "nights"
    WAITS = "waits"


class Remedy(msgspec.Struct, frozen=True):
    """One row: for a subject of these kinds whose alerts were closed with these causes (of these events,
    where some are named), at least ``FEEDBACK_PATTERN_MIN`` of them and ``FEEDBACK_PATTERN_SHARE_MIN`` of
    its closed ones, and which shows ``look``. ``proposal`` is filled with the figures on which it rests."""

    name: str
    of: tuple[What, ...]
    causes: tuple[C, ...]
    proposal: str
    look: Look | None = None
    events: tuple[E, ...] = ()


_ALL = (What.WEARER, What.ZONE, What.DEVICE)
_POWER = (E.BATTERY_LOW, E.BATTERY_CRITICAL, E.CHARGING_MISSED)

REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        "home_at_edge",
        (What.WEARER, What.ZONE),
        (C.POSITION_ERROR, C.PERMITTED, C.ZONE_WRONG, C.COVERAGE),
        "a required place of {wearer} lies {home_m} m from the edge of {zone}: "
        "ask the court whether the edge can be moved",
        Look.HOME,
    ),
    Remedy(
        "exchange",
        (What.DEVICE, What.WEARER),
        (C.POSITION_ERROR, C.DEVICE_FAULT),
        "{count} positions claimed {claimed_m} m and erred by {erred_m} m or more (medians): "
        "exchange {device}",
        Look.ERRED,
    ),
    Remedy(
        "coarse_positions",
        _ALL,
        (C.POSITION_ERROR, C.COVERAGE),
        "{count} of them rest on masts or Wi-Fi: find where satellites are not seen; a beacon would help",
        Look.COARSE,
    ),
    Remedy(
        "edge_within_error",
        (What.ZONE, What.WEARER),
        (C.POSITION_ERROR,),
        "{count} lie {distance_m} m from {edge} of {zone}, and claim {claimed_m} m (medians): "
        "ask the court whether the edge can be moved there",
        Look.EDGE,
    ),
    Remedy(
        "not_charged",
        (What.WEARER, What.DEVICE),
        (C.HANDLING, C.WEARER),
        "on {days} days it was not charged in time: talk about when and where it is charged",
        Look.NIGHTS,
        _POWER,
    ),
    Remedy(
        "permit_on_file",
        _ALL,
        (C.PERMITTED,),
        "{count} were permitted by somebody: have the permits written into the order",
    ),
    Remedy(
        "correct_zone",
        _ALL,
        (C.ZONE_WRONG,),
        "{count} say that the area is not what the court decided: have it corrected",
    ),
    Remedy(
        "correct_hours",
        _ALL,
        (C.SCHEDULE_WRONG,),
        "{count} say that the hours are not what the court decided: have them corrected",
    ),
    Remedy(
        "explain_again",
        (What.WEARER, What.DEVICE),
        (C.HANDLING,),
        "{count} come of how it is worn or kept: explain it again, and look at the fit",
    ),
    Remedy("repair", _ALL, (C.DEVICE_FAULT,), "{count} come of a broken device: exchange {device}"),
    Remedy(
        "coverage",
        _ALL,
        (C.COVERAGE,),
        "{count} come of no network or no satellites: another network's card, or a beacon where it happens",
    ),
    Remedy("own_fault", _ALL, (C.PLATFORM,), "{count} were our own fault: to whoever runs the platform"),
    Remedy(
        "strap",
        (What.WEARER, What.DEVICE),
        (C.TAMPERING,),
        "{count} were tampering: inspect the strap; Reclassering is to know of the pattern",
    ),
    Remedy(
        "no_noise",
        _ALL,
        (C.WEARER,),
        "{count} were so: no noise, but a pattern that Reclassering and OM are to know of",
    ),
    Remedy(
        "look_closer",
        _ALL,
        (C.NOT_FOUND,),
        "of {count} nobody found out what was behind them: agree who looks, and how",
    ),
    Remedy(
        "close_first",
        _ALL,
        (),
        "{open} of {alerts} wait for a person's closing: close them first",
        Look.WAITS,
    ),
)


class Proposal(msgspec.Struct, frozen=True):
    """A row of the table that fits, in words, and the figures on which it rests."""

    remedy: str
    words: str
    figures: dict[str, object]


class Subject(msgspec.Struct, frozen=True):
    """A noisy one with its alerts. ``homes``: how far required places lie from its zones, metres, with
    wearer and zone."""

    what: What
    id: str
    alerts: tuple[FiledAlert, ...]
    edges: dict[str, AtEdge]
    homes: tuple[tuple[float, str, str], ...] = ()


def proposals(subject: Subject) -> list[Proposal]:
    """Every row of the table that fits, in its order."""
    found = []
    for remedy in REMEDIES:
        figures = _fits(remedy, subject)
        if figures is not None:
            words = remedy.proposal.format_map(figures)
            found.append(Proposal(remedy.name, words, dict(figures)))
    return found


def _fits(remedy: Remedy, subject: Subject) -> Figures | None:
    if subject.what not in remedy.of:
        return None
    alerts = subject.alerts
    if remedy.look is Look.WAITS:
        waits = sum(verdict_of(alert) is Verdict.OPEN for alert in alerts)
        return {"open": waits, "alerts": len(alerts)} if 2 * waits > len(alerts) else None
    closed = [a for a in alerts if a.cause is not None and (not remedy.events or a.event in remedy.events)]
    meant = [alert for alert in closed if alert.cause in remedy.causes]
    if len(meant) < FEEDBACK_PATTERN_MIN or len(meant) < FEEDBACK_PATTERN_SHARE_MIN * len(closed):
        return None
    figures: dict[str, object] = {"count": len(meant), "closed": len(closed), "device": _devices(meant)}
    if remedy.look is None:
        return figures
    more = _LOOKS[remedy.look](subject, meant)
    return None if more is None else {**figures, **more}


def _devices(alerts: Sequence[FiledAlert]) -> str:
    return ", ".join(sorted({alert.device for alert in alerts if alert.device is not None})) or "the device"


def _home(subject: Subject, meant: Sequence[FiledAlert]) -> Figures | None:
    edges = {subject.edges[alert.id].zone for alert in meant if alert.id in subject.edges}
    near = sorted(home for home in subject.homes if home[2] in edges and home[0] <= FEEDBACK_HOME_NEAR_M)
    if not near:
        return None
    gap_m, wearer, zone = near[0]
    return {"home_m": round(gap_m), "wearer": wearer, "zone": zone}


def _erred(subject: Subject, meant: Sequence[FiledAlert]) -> Figures | None:
    """A position that was no true one, and lay on the wrong side by more than it claimed to err: a lower
    bound of its error, for the person was on the other side of the edge."""
    wrong = [(depth, claimed) for depth, claimed in _depths(subject, meant) if depth > claimed]
    if len(wrong) < FEEDBACK_PATTERN_MIN:
        return None
    return {
        "count": len(wrong),
        "claimed_m": round(median(claimed for _, claimed in wrong)),
        "erred_m": round(median(depth for depth, _ in wrong)),
    }


def _depths(subject: Subject, meant: Sequence[FiledAlert]) -> Iterator[tuple[float, float]]:
    for alert in meant:
        at = subject.edges.get(alert.id)
        if at is not None and alert.fix is not None and alert.event in (E.BREACH, E.HISTORIC_BREACH):
            yield at.wrong_m, alert.fix.accuracy_m


def _coarse(subject: Subject, meant: Sequence[FiledAlert]) -> Figures | None:
    placed = [alert.fix.source for alert in meant if alert.fix is not None]
    coarse = sum(source in (Source.CELL, Source.WIFI) for source in placed)
    if coarse < FEEDBACK_PATTERN_MIN or 2 * coarse <= len(placed):
        return None
    return {"count": coarse}


def _edge(subject: Subject, meant: Sequence[FiledAlert]) -> Figures | None:
    by_edge: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for alert in meant:
        at = subject.edges.get(alert.id)
        if at is not None and alert.fix is not None:
            by_edge.setdefault((at.zone, at.edge), []).append((at.distance_m, alert.fix.accuracy_m))
    if not by_edge:
        return None
    (zone, edge), found = max(by_edge.items(), key=lambda item: (len(item[1]), item[0]))
    distance_m, claimed_m = median(one[0] for one in found), median(one[1] for one in found)
    if len(found) < FEEDBACK_PATTERN_MIN or distance_m > claimed_m:
        return None
    figures = {"count": len(found), "zone": zone, "edge": edge}
    return {**figures, "distance_m": round(distance_m), "claimed_m": round(claimed_m)}


def _nights(subject: Subject, meant: Sequence[FiledAlert]) -> Figures | None:
    days = len({alert.detected_at_us // DAY_US for alert in meant})
    return {"days": days} if days >= FEEDBACK_NIGHTS_MIN else None


_LOOKS = {
    Look.HOME: _home,
    Look.EDGE: _edge,
    Look.ERRED: _erred,
    Look.COARSE: _coarse,
    Look.NIGHTS: _nights,
}


def remedy_table() -> list[tuple[str, str, str, str, str]]:
    """Name, of what, causes, what else must show, proposal: for the documentation."""
    return [
        (
            one.name,
            ", ".join(one.of),
            ", ".join(one.causes) or "any",
            ", ".join(filter(None, (one.look or "", *one.events))) or "-",
            one.proposal,
        )
        for one in REMEDIES
    ]

"""A report as JSON members and as text for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from emon.feedback.hours import HoursFrom
from emon.feedback.report import Group, Noisy, Report
from emon.feedback.shares import Share, Tally
from emon.model.instant import format_instant

_HOURS = {
    HoursFrom.SHIFTS: "by the policy's shifts",
    HoursFrom.SESSIONS: "by the sessions of its people",
    HoursFrom.NOWHERE: "nobody's hours are on file",
}


def report_members(made: Report) -> dict[str, Any]:
    """The answer of the API and of ``--json``: figures with six decimals, instants as everywhere."""
    members: dict[str, Any] = _rounded(msgspec.to_builtins(made))
    del members["from_us"], members["to_us"]
    return {"from": format_instant(made.from_us), "to": format_instant(made.to_us), **members}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value


def report_text(made: Report) -> str:
    """Lines for a person at a terminal. Whatever a name holds, it stays on its line."""
    return "".join(f"{_plain(line)}\n" for line in _lines(made))


def _plain(line: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)


def _lines(made: Report) -> Iterator[str]:
    yield f"{format_instant(made.from_us)} to {format_instant(made.to_us)}"
    yield from _load(made)
    if not made.load.alerts:
        return
    yield ""
    yield f"{'precision':44}  alerts  cases  true  false unknown open   of true and false"
    yield _row("all", made.all)
    for title, groups in (
        ("event", made.by_event),
        ("how", made.by_how),
        ("certainty", made.by_certainty),
        ("source", made.by_source),
        ("model", made.by_model),
        ("edge", made.by_edge),
    ):
        yield from _table(title, groups)
    if made.by_cause:
        yield ""
        yield "closed with"
    for one in made.by_cause:
        yield f"  {one.cause:42} {one.alerts:7}   {_share(one.share)}"
    for title, noisy in (("wearers", made.wearers), ("zones", made.zones), ("devices", made.devices)):
        yield from _noisy(title, noisy)


def _load(made: Report) -> Iterator[str]:
    load = made.load
    duty = load.duty
    yield f"{load.alerts} alerts, {load.to_centre} of them to the monitoring centre"
    if duty.operator_hours is None or load.per_operator_hour is None:
        yield f"per operator-hour: not known, {_HOURS[duty.hours_from]}"
    else:
        yield (
            f"per operator-hour: {load.per_operator_hour:.2f} "
            f"({duty.operator_hours:.1f} h, {_HOURS[duty.hours_from]})"
        )
    for one in duty.shifts:
        rate = f", {one.alerts / one.hours:.2f} an hour" if one.hours else ""
        yield f"  {one.shift}, {one.turn}: {one.alerts} in {one.hours:.1f} h{rate}"
    if load.per_wearer_day is None:
        yield "per wearer and day: not known, nobody wore a device"
    else:
        yield (
            f"per wearer and day: {load.per_wearer_day:.3f} "
            f"({load.wearers} wearers, {load.wearer_days:.1f} days)"
        )


def _table(title: str, groups: Iterable[Group]) -> Iterator[str]:
    yield f"by {title}"
    for one in groups:
        yield _row(f"  {one.name}", one.tally)


def _row(name: str, of: Tally) -> str:
    counts = f"{of.alerts:7} {of.cases:6} {of.true:5} {of.false:6} {of.unknown:6} {of.open:5}"
    return f"{name:44} {counts}   {_share(of.precision)}"


def _share(share: Share | None) -> str:
    if share is None:
        return "-"
    return f"{share.of_true:.0%} ({share.low:.0%} to {share.high:.0%})"


def _noisy(title: str, noisy: Iterable[Noisy]) -> Iterator[str]:
    found = list(noisy)
    if not found:
        return
    yield ""
    yield f"noisiest {title}: most alerts closed as false, then most alerts"
    for one in found:
        yield f"  {one.id}: {one.false} false of {one.tally.alerts} alerts"
        for proposal in one.proposals:
            yield f"    proposed: {proposal.words}"

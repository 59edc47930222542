"""The figures that the breach issue asks for, each a row: measured, asked, and out of how many."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.detection.shown import Shown
from benchmarks.detection.stays import StayRow
from benchmarks.detection.tally import Pool
from benchmarks.detection.telling import percent, table
from simulator.scoring.facts import INSIDE, NEAR, OUTSIDE
from simulator.scoring.intervals import Interval, garwood, wilson

DEEP_M, LONG_S, AFTER_S = 100.0, 180.0, 75.0
_SLACK_S = 1.0  # an alert bears the instant at which its fix came; stays are kept to the millisecond
_DEPTHS_M = (0.0, 10.0, 30.0, 60.0, 100.0, 200.0, math.inf)
_LENGTHS_S = (0.0, 60.0, 180.0, 600.0, math.inf)

Test = Callable[[StayRow], bool]
_SHOWN: tuple[tuple[str, Callable[[Shown], bool]], ...] = (
    ("no position on the wrong side, no line that meets it", lambda of: not of.positions and not of.line),
    ("no position on the wrong side, a line that meets it", lambda of: not of.positions and of.line),
    ("one position on the wrong side", lambda of: of.positions == 1),
    ("two and more, none with its whole circle", lambda of: of.positions > 1 and not of.whole),
    ("two and more, one at least with its whole circle", lambda of: of.positions > 1 and of.whole > 0),
)


def figures_table(quiet: Pool, stays: Sequence[StayRow], recorded: Pool | None) -> str:
    """``quiet``: rows of ours where bans are kept. ``recorded``: of the tracks, where they were at hand."""
    rows: list[list[str]] = []
    for words, kept in (
        ("all", lambda _: True),
        ("parametric receivers", lambda stay: not stay.resampled),
        ("recorded errors", lambda stay: stay.resampled),
    ):
        own = [stay for stay in stays if kept(stay)]
        if own:
            rows += _missed(words, own)
    rows += _soon(stays)
    for words, pool in (
        ("all", quiet),
        ("parametric receivers", quiet.of(resampled=False)),
        ("recorded errors", quiet.of(resampled=True)),
    ):
        if pool.rows:
            rows += _quiet(words, pool)
    if recorded is not None:
        rows += _quiet("recorded tracks, bans beside them", recorded)
    return table(["figure", "of", "measured (95 %)", "asked", "N"], rows)


def beside_table(alone: tuple[Pool, Sequence[StayRow]], obeyed: tuple[Pool, Sequence[StayRow]]) -> str:
    """The same figures of devices that keep their plan, and of devices that hear what they are asked; of each
    the rows where bans are kept, and the stays where they are broken."""
    columns = []
    for quiet, stays in (alone, obeyed):
        rows = [*_missed("all", stays), *_soon(stays), *(_quiet("all", quiet) if quiet.rows else [])]
        columns.append({(row[0], row[1]): row for row in rows})
    joined = []
    for key, row in columns[1].items():
        before = columns[0].get(key, ["", "", "–", "", "0"])
        if "0" not in (before[4], row[4]):
            joined.append([*key, before[2], before[4], row[2], row[4], row[3]])
    return table(["figure", "of", "by plan alone", "N", "asked by the engine", "N", "asked for"], joined)


def _missed(of: str, stays: Sequence[StayRow]) -> list[list[str]]:
    bans = [stay for stay in stays if stay.kind != OUTSIDE]
    met = [stay for stay in bans if stay.met]
    hidden = [stay for stay in bans if not stay.seen and stay.long_and_deep]
    rows = []
    for words, near in (("bans", False), ("contacts", True)):
        own = [stay for stay in bans if (stay.kind == NEAR) is near]
        what = "60 s within the radius, both seen" if near else "60 s, 30 m, seen"
        rows += [
            [f"missed, {words}: {what}; no breach overlaps", of, *_missed_of([s for s in own if s.met])],
            [f"missed, {words}: due by three plain fixes", of, *_missed_of([s for s in own if s.due])],
        ]
    own = [stay for stay in bans if stay.kind == INSIDE]
    lined = [stay for stay in own if stay.lined]
    title = "missed, bans: a line of 100 m between two fixes at most 120 s apart"
    rows.append([f"{title}; no breach overlaps it", of, *_missed_of(lined, _line_overlapped)])
    stays_alone = _missed_of(lined)
    rows.append(["the same; none overlaps the true stay beside it", of, stays_alone[0], "–", stays_alone[2]])
    neither = [stay for stay in own if not stay.met and not stay.lined]
    rows.append(["in a ban, due by neither: told of all the same", of, *_share(neither, _overlapped, "–")])
    rows.append(
        ["as long and deep, no fix came: told of all the same", of, *_share(hidden, _overlapped, "–")]
    )
    present = [stay for stay in met if not stay.late and stay.kind == INSIDE]
    for risk in (False, True):
        own = [stay for stay in present if stay.high_risk is risk]
        if own:
            words = "high risk" if risk else "low, medium risk"
            rows.append(
                [
                    f"reached politie, {words}; seconds: half, nine in ten",
                    of,
                    _police(own),
                    "–",
                    f"{len(own):,}",
                ]
            )
    return rows


def _line_overlapped(stay: StayRow) -> bool:
    return stay.line_overlapped


def _overlapped(stay: StayRow) -> bool:
    return stay.overlapped


def _missed_of(stays: Sequence[StayRow], told: Test = _overlapped) -> list[str]:
    """A count that should be none, with what none of so many would show."""
    if not stays:
        return ["–", "0", "0"]
    missed = sum(not told(stay) for stay in stays)
    found = percent(wilson(missed, len(stays)))
    return [f"{missed}: {found}; 3/N is {3.0 / len(stays):.2%}", "0", f"{len(stays):,}"]


def shown_table(stays: Sequence[StayRow]) -> str:
    """What the fixes of those showed that were due and missed."""
    missed = [(stay, stay.shown) for stay in stays if stay.shown is not None]
    rows = []
    for words, holds in _SHOWN:
        own = [stay for stay, of in missed if holds(of)]
        bans = [stay for stay in own if stay.kind == INSIDE]
        counts = (
            sum(stay.met and not stay.overlapped for stay in bans),
            sum(stay.lined and not stay.line_overlapped for stay in bans),
            sum(stay.kind == NEAR and stay.met for stay in own),
        )
        rows.append([words, *map(str, counts)])
    head = ["what the fixes showed", "bans: 60 s, 30 m, seen", "bans: a line of 100 m", "contacts"]
    return table(head, rows)


def _share(stays: Sequence[StayRow], test: Test, asked: str) -> list[str]:
    if not stays:
        return ["–", asked, "0"]
    return [percent(wilson(sum(test(stay) for stay in stays), len(stays))), asked, f"{len(stays):,}"]


def _police(stays: Sequence[StayRow]) -> str:
    told_s = [stay.police_s for stay in stays if stay.police_s is not None]
    share = percent(wilson(len(told_s), len(stays)))
    if not told_s:
        return share
    half, most = np.quantile(told_s, [0.5, 0.9])
    return f"{share}; {half:,.0f} s, {most:,.0f} s"


def _soon(stays: Sequence[StayRow]) -> list[list[str]]:
    circled = [stay for stay in stays if stay.due and stay.circle_s is not None and not stay.late]
    deep = [
        stay
        for stay in stays
        if stay.kind == INSIDE
        and stay.seen
        and not stay.late
        and stay.deepest_m >= DEEP_M
        and stay.lasts_s >= LONG_S
    ]
    rows = [
        [
            "probable within two fixes after the 95 % circle is inside",
            "due",
            *_share(circled, _in_time, "95 %"),
        ]
    ]
    for risk in (False, True):
        own = [stay for stay in deep if stay.high_risk is risk]
        words = "high risk" if risk else "low, medium risk"
        asked = "–" if risk else "90 %"
        title = "police within 75 s of probable, 100 m deep and 3 min long"
        rows.append([title, words, *_share(own, _police_soon, asked)])
        again = [stay for stay in own if _fix_came(stay)]
        rows.append(["the same, where a fix came", words, *_share(again, _police_soon, "–")])
    return rows


def _in_time(stay: StayRow) -> bool:
    if stay.probable_s is None:
        return False
    return stay.after_s is None or stay.probable_s <= stay.after_s + _SLACK_S


def _fix_came(stay: StayRow) -> bool:
    if stay.probable_s is None or stay.again_s is None:
        return False
    return stay.again_s - stay.probable_s <= AFTER_S


def _police_soon(stay: StayRow) -> bool:
    if stay.police_s is None or stay.probable_s is None:
        return False
    return stay.police_s - stay.probable_s <= AFTER_S


def _quiet(of: str, pool: Pool) -> list[list[str]]:
    days = f"{pool.days:,.1f} wearer-days"
    return [
        ["false police alerts, low and medium risk", of, _rate(pool.rate("false_police")), "0.002", days],
        ["the same, were all of high risk", of, _rate(pool.rate("false_probable")), "0.02", days],
        ["all alerts at the centre", of, _rate(pool.rate("centre")), "0.2", days],
    ]


def _rate(found: Interval) -> str:
    return "–" if math.isnan(found.value) else f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


def events_table(pool: Pool, recorded: Pool | None) -> str:
    """Alerts at the centre by event, a compliant wearer-day."""
    columns = [
        ("all", pool),
        ("parametric", pool.of(resampled=False)),
        ("recorded errors", pool.of(resampled=True)),
    ]
    if recorded is not None:
        columns.append(("recorded tracks", recorded))
    counts = [_events(of) for _, of in columns]
    names = sorted(counts[0] | counts[-1], key=lambda name: (-counts[0][name], name))
    rows = [
        [name, *(_each(count[name], of.days) for count, (_, of) in zip(counts, columns, strict=True))]
        for name in names
    ]
    return table(["event", *(words for words, _ in columns)], rows)


def _events(pool: Pool) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in pool.rows:
        found.update(row.events)
    return found


def _each(count: int, days: float) -> str:
    if not days:
        return "–"
    found = garwood(count, days)
    return f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


def depth_table(stays: Sequence[StayRow]) -> str:
    """Every true stay in a ban or too near: told of at all, and at the police, by depth and duration."""
    own = [stay for stay in stays if stay.kind != OUTSIDE]
    rows = []
    for low_m, high_m in pairwise(_DEPTHS_M):
        cells = []
        for low_s, high_s in pairwise(_LENGTHS_S):
            here = [s for s in own if low_m <= s.deepest_m < high_m and low_s <= s.lasts_s < high_s]
            told, police = sum(s.overlapped for s in here), sum(s.police_s is not None for s in here)
            cells.append(f"{told / len(here):.0%} / {police / len(here):.0%} of {len(here)}" if here else "–")
        rows.append([_span(low_m, high_m, "m"), *cells])
    head = [_span(low, high, "s") for low, high in pairwise(_LENGTHS_S)]
    return table(["deepest", *head], rows)


def _span(low: float, high: float, unit: str) -> str:
    if math.isinf(high):
        return f"{low:g} {unit} and more"
    return f"{low:g} to {high:g} {unit}"

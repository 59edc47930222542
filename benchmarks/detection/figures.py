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
SOON_LEAST, POLICE_LEAST = 0.95, 0.90  # [issue 6]
FALSE_POLICE_MOST, FALSE_PROBABLE_MOST, CENTRE_MOST = 0.002, 0.02, 0.2  # [issue 6] a wearer-day
BASE_RATE, FALSE_SHARE_MOST, FALSE_SHARE_AIM = 0.05, 0.05, 0.01  # [issue 6] true breaches a wearer-day
_SLACK_S = 1.0  # an alert bears the instant at which its fix came; stays are kept to the millisecond
_DEPTHS_M = (0.0, 10.0, 30.0, 60.0, 100.0, 200.0, math.inf)
_LENGTHS_S = (0.0, 60.0, 180.0, 600.0, math.inf)

_ALL, _MODELLED, _RECORDED = "all", "parametric receivers", "recorded errors"

Test = Callable[[StayRow], bool]
_SHOWN: tuple[tuple[str, Callable[[Shown], bool]], ...] = (
    ("no position on the wrong side, no line that meets it", lambda of: not of.positions and not of.line),
    ("no position on the wrong side, a line that meets it", lambda of: not of.positions and of.line),
    ("one position on the wrong side", lambda of: of.positions == 1),
    ("two and more, none with its whole circle", lambda of: of.positions > 1 and not of.whole),
    ("two and more, one at least with its whole circle", lambda of: of.positions > 1 and of.whole > 0),
)


def figures_table(
    quiet: Pool, stays: Sequence[StayRow], recorded: Pool | None, contacts: Pool | None = None
) -> str:
    """``quiet``: rows of ours where bans are kept. ``recorded``: of the tracks, where they were at hand.
    ``contacts``: where a protected person is sought out."""
    rows: list[list[str]] = []
    for words in (_ALL, _MODELLED, _RECORDED):
        own = [stay for stay in stays if _is_of(words, stay)]
        if own:
            rows += _missed(words, own)
    rows += _soon(stays)
    for words, pool in (
        (_ALL, quiet),
        (_MODELLED, quiet.of(resampled=False)),
        (_RECORDED, quiet.of(resampled=True)),
    ):
        if pool.rows:
            rows += _quiet(words, pool)
            rows += _of_police_alerts(words, pool, [s for s in stays if _is_of(words, s)])
    if recorded is not None:
        rows += _quiet("recorded tracks, bans beside them", recorded)
    if contacts is not None and contacts.rows:
        rows += _false_contacts(contacts)
    return table(["figure", "of", "measured (95 %)", "asked", "N"], rows)


def _is_of(words: str, stay: StayRow) -> bool:
    return words == _ALL or stay.resampled is (words == _RECORDED)


def beside_table(alone: tuple[Pool, Sequence[StayRow]], obeyed: tuple[Pool, Sequence[StayRow]]) -> str:
    """The same figures of devices that keep their plan, and of devices that hear what they are asked; of each
    the rows where bans are kept, and the stays where they are broken."""
    columns = []
    for quiet, stays in (alone, obeyed):
        kept = [*_quiet(_ALL, quiet), *_of_police_alerts(_ALL, quiet, stays)] if quiet.rows else []
        rows = [*_missed(_ALL, stays), *_soon(stays), *kept]
        columns.append({(row[0], row[1]): row for row in rows})
    joined = []
    for key, row in columns[1].items():
        before = columns[0].get(key, ["", "", "–", "", "0"])
        if "0" not in (before[4], row[4]):
            joined.append([*key, before[2], before[4], row[2], row[4], row[3]])
    return table(
        ["figure", "of", "by plan alone", "N", "asked by the engine", "N", "asked of the latter"], joined
    )


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
    rows.append(["in a ban, due by neither: told of all the same", of, *_share(neither, _overlapped)])
    rows.append(["as long and deep, no fix came: told of all the same", of, *_share(hidden, _overlapped)])
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
    bound = f"{missed}: {found}; 3/N is {3.0 / len(stays):.2%}"
    return [bound, _asked("0", missed == 0), f"{len(stays):,}"]


def _asked(words: str, reached: bool) -> str:
    """What was asked, and whether the measured value itself, not its interval, comes to it."""
    return f"{words}: {'reached' if reached else 'not reached'}"


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


def _share(stays: Sequence[StayRow], test: Test, least: float | None = None) -> list[str]:
    """``least``: the share that was asked for, if one was."""
    words = "–" if least is None else f"{least:.0%}".replace("%", " %")
    if not stays:
        return ["–", words, "0"]
    found = wilson(sum(test(stay) for stay in stays), len(stays))
    asked = words if least is None else _asked(words, found.value >= least)
    return [percent(found), asked, f"{len(stays):,}"]


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
            *_share(circled, _in_time, SOON_LEAST),
        ]
    ]
    for risk in (False, True):
        own = [stay for stay in deep if stay.high_risk is risk]
        words = "high risk" if risk else "low, medium risk"
        least = None if risk else POLICE_LEAST
        title = "police within 75 s of probable, 100 m deep and 3 min long"
        rows.append([title, words, *_share(own, _police_soon, least)])
        again = [stay for stay in own if _fix_came(stay)]
        rows.append(["the same, where a fix came", words, *_share(again, _police_soon)])
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
    rows = []
    for words, name, most in (
        ("false police alerts, low and medium risk", "false_police", FALSE_POLICE_MOST),
        ("the same, were all of high risk", "false_probable", FALSE_PROBABLE_MOST),
        ("all alerts at the centre", "centre", CENTRE_MOST),
    ):
        found = pool.rate(name)
        asked = f"{most:g}" if math.isnan(found.value) else _asked(f"{most:g}", found.value <= most)
        rows.append([words, of, _rate(found), asked, days])
    return rows


def _false_contacts(pool: Pool) -> list[list[str]]:
    """What a word that costs little evidence must be held against: how often it is told of nobody."""
    of, days = "who seek her out", f"{pool.days:,.1f} wearer-days"
    return [
        [
            "contacts told where nobody was near, or it was over",
            of,
            _rate(pool.rate("false", "stale")),
            "–",
            days,
        ],
        ["of these at the police", of, _rate(pool.rate("false_police")), "–", days],
    ]


def _of_police_alerts(of: str, pool: Pool, stays: Sequence[StayRow]) -> list[list[str]]:
    """What share of all that the police hear at low and medium risk would be false, if wearers truly broke
    their bans ``BASE_RATE`` times a day and the police heard of as many of these as they did here."""
    own = [s for s in stays if s.met and s.kind == INSIDE and not s.late and not s.high_risk]
    if not own or not pool.days:
        return []
    false = pool.rate("false_police")
    told = wilson(sum(stay.police_s is not None for stay in own), len(own))
    middle, low, high = (
        wrong / max(wrong + BASE_RATE * right, 1e-12)
        for wrong, right in ((false.value, told.value), (false.low, told.high), (false.high, told.low))
    )
    words = f"false among all police alerts, at {BASE_RATE:g} true breaches a wearer-day"
    asked = f"{FALSE_SHARE_MOST:.0%}, aim {FALSE_SHARE_AIM:.0%}".replace("%", " %")
    found = f"{middle:.1%} ({low:.1%} to {high:.1%})"
    count = f"{len(own):,} stays, {pool.days:,.1f} wearer-days"
    return [[words, of, found, _asked(asked, middle < FALSE_SHARE_MOST), count]]


def _rate(found: Interval) -> str:
    return "–" if math.isnan(found.value) else f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


def events_table(pool: Pool, recorded: Pool | None) -> str:
    """Alerts at the centre by event, a compliant wearer-day."""
    columns = [
        (_ALL, pool),
        ("parametric", pool.of(resampled=False)),
        (_RECORDED, pool.of(resampled=True)),
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

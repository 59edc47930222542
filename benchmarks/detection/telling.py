"""The words, tables and charts of the report, made from pooled rows alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.detection.charts import COLOURS, Axis, Line, chart, linear, logarithmic
from benchmarks.detection.engines import CUTS, OURS, words_of
from benchmarks.detection.tally import Pool
from benchmarks.detection.tuning import Chosen
from simulator.scoring.intervals import Interval

Pools = Mapping[str, Pool]

NAMES = {
    OURS: "emon (this engine)",
    "traccar": "Traccar",
    "tile38": "Tile38",
    "esri": "Esri geotrigger",
    "home_assistant": "Home Assistant zone",
    "vendor": "Vendors' tolerated points",
    "point_in_polygon": "Plain point in polygon",
}
SHORT = {
    "esri": "Esri",
    "home_assistant": "Home Assistant",
    "vendor": "Vendors",
    "point_in_polygon": "Point in polygon",
}
WORDS = {
    OURS: (
        "weighs each fix by its accuracy, asks for agreement, looks at the way between fixes and at "
        "fixes that come late, and tells different people as it grows surer."
    ),
    "traccar": (
        "tells when a position lies inside and the one before did not. Who is inside when the ban "
        "begins has crossed no edge, so nothing is told; a position that comes late, behind newer "
        "ones, is passed over."
    ),
    "tile38": (
        "tells when an object comes in, goes out or passes through between two positions, however"
        " good the positions are. It has no hours; here its notices outside a ban's are dropped."
    ),
    "esri": (
        "compares the circle of a fix's accuracy with the fence, or the bare position as it comes. "
        "Whoever wants few false calls demands the whole circle inside, and waits while the receiver "
        "is unsure."
    ),
    "home_assistant": (
        "as it comes counts somebody in as soon as his circle of accuracy touches the zone: a bad fix"
        " beside it is enough. It is made to switch on the light at home."
    ),
    "vendor": (
        "waits for so many points inside before it tells. Each tolerated point keeps the protected "
        "person waiting for another interval."
    ),
    "point_in_polygon": ("believes every fix: one that errs over the edge calls the police."),
}
INCURSIONS = "possible incursions of people who were not inside"
MONTH = 3_000.0
"""Wearer-days of a hundred wearers in a month of thirty days."""


def percent(found: Interval) -> str:
    if math.isnan(found.value):
        return "–"
    return f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"


def a_month(found: Interval) -> str:
    """A rate a wearer-day, for 100 wearers in a month."""
    if math.isnan(found.value):
        return "–"
    return f"{_few(found.value * MONTH)} ({_few(found.low * MONTH)} to {_few(found.high * MONTH)})"


def seconds(found: Interval) -> str:
    return "–" if math.isnan(found.value) else f"{found.value:,.0f}"


def _few(value: float) -> str:
    return f"{value:,.0f}" if value >= 10.0 else f"{value:.1f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def label(key: str) -> str:
    """The rule's name, for ours with the cut."""
    if key in CUTS:
        return f"{NAMES[OURS]}{key.removeprefix(OURS)}"
    return NAMES[key.split("#")[0]]


def shown_keys(chosen: Mapping[str, Chosen]) -> list[str]:
    """Ours with its cuts, then each rival as it comes and at its best."""
    rivals = [key for one in chosen.values() for key in dict.fromkeys((one.default, one.best))]
    return [OURS, *CUTS, *rivals]


def setting_of(key: str, chosen: Mapping[str, Chosen]) -> str:
    if "#" not in key:
        return "everything it tells" if key == OURS else "a cut through the same alerts"
    one = chosen[key.split("#")[0]]
    marks = [] if key == one.default else [words_of(key)]
    if key == one.best:
        marks.insert(0, "best on the training seeds")
    if key == one.default:
        marks.insert(0, "as it comes")
    return "; ".join(marks)


def main_table(drift: Pools, broken: Pools, chosen: Mapping[str, Chosen]) -> str:
    rows = []
    for key in shown_keys(chosen):
        if key not in drift or key not in broken:
            continue
        quiet, due = drift[key], broken[key]
        delays = due.delays_s()
        rows.append(
            [
                label(key),
                setting_of(key, chosen),
                percent(due.missed()),
                percent(due.police_untold()),
                a_month(quiet.rate("false", "stale")),
                a_month(quiet.rate("false_police")),
                a_month(quiet.rate("incursions")),
                " / ".join(seconds(each) for each in delays[:2]),
            ]
        )
    head = ["rule", "setting", "due breaches missed", "due, the police not told", "false alerts a month"]
    return table(
        [*head, "false calls to the police", INCURSIONS, "told after, s: half / nine in ten"],
        rows,
    )


def in_short(drift: Pools, broken: Pools, chosen: Mapping[str, Chosen]) -> str:
    """What a reader who stops here should know, in figures of this run."""
    ours, quiet = broken[OURS], drift[OURS]
    rivals = [one.best for one in chosen.values() if one.best in broken]
    fewest = min(rivals, key=lambda key: (broken[key].missed().value, drift[key].rate("false").value))
    found, police, centre = ours.missed(), quiet.rate("false_police"), quiet.rate("centre")
    month = f"{_few(police.low * MONTH)} to {_few(police.high * MONTH)}"
    return (
        f"**In short.** Of {ours.total('due'):,} breaches that were due this engine missed"
        f" {ours.total('missed'):,} ({percent(found)}); {label(fewest)} at its best, the rule of"
        f" the others that misses fewest, missed {broken[fewest].total('missed'):,}. People who kept"
        f" to their bans were reported to the police by this engine {quiet.total('false_police'):,} times"
        f" in {quiet.days:,.0f} days of one person each ({_few(police.value * MONTH)} a month of a"
        f" hundred people, {month}), by that rule {drift[fewest].total('false_police'):,} times."
        f" The monitoring centre had {centre.value:.2f} messages a day about each of them. What was asked"
        " for and is not reached is marked so under *Figures of this engine*. All of it is a simulation:"
        " see the end.\n"
    )


def in_words(drift: Pools, broken: Pools, chosen: Mapping[str, Chosen]) -> str:
    """One paragraph a rule: what it is, and what it does to people."""
    parts = []
    for name, words in WORDS.items():
        key = name if name == OURS else chosen[name].best
        if key not in drift or key not in broken:
            continue
        missed = broken[key].missed().value
        month = drift[key].rate("false", "stale").value * MONTH
        police = drift[key].rate("false_police").value * MONTH
        told = broken[key].delays_s()[0]
        first = (
            "" if math.isnan(told.value) else f", and half of the others are told within {told.value:,.0f} s"
        )
        parts.append(
            f"**{NAMES[name]}** {words} Of a hundred due breaches it misses {_few(100 * missed)}{first}."
            f" A hundred people who keep to their bans raise {_few(month)} false alerts in a month,"
            f" {_few(police)} of them at the police.\n"
        )
    return "\n".join(parts)


def trade_off(drift: Pools, broken: Pools, chosen: Mapping[str, Chosen]) -> str:
    """Misses across, false alerts up: down and to the left is better."""

    def places(keys: Sequence[str]) -> list[tuple[str, float, float]]:
        known = [key for key in keys if key in drift and key in broken]
        found = [
            (key, 100.0 * broken[key].missed().value, drift[key].rate("false", "stale").value * MONTH)
            for key in dict.fromkeys(known)
        ]
        return sorted(found, key=lambda each: each[1:])

    lines = [
        Line("", COLOURS[name], [(x, y) for _, x, y in places(_settings_of(name, drift))], "dots", radius=1.8)
        for name in chosen
    ]
    lines.append(_curve(NAMES[OURS], COLOURS[OURS], places([OURS, *CUTS]), drift))
    for name, one in chosen.items():
        lines.append(_curve(NAMES[name], COLOURS[name], places([one.best, *one.front]), drift))
    for name, one in chosen.items():
        points = [(x, y) for _, x, y in places([one.default])]
        lines.append(
            Line(f"{NAMES[name].split()[0]}, as it comes", COLOURS[name], points, "dots", dashed=True)
        )
    right = max((x for line in lines for x, _ in line.points), default=1.0)
    most = max((y for line in lines for _, y in line.points), default=1.0)
    return chart(
        "Misses and false alerts of each rule over its settings",
        linear("due breaches missed, %", max(right, 1.0), lambda value: f"{value:g}"),
        logarithmic("false alerts, 100 wearers, a month", 1.0, max(most, 10.0), lambda value: f"{value:,g}"),
        lines,
    )


def _settings_of(name: str, pools: Pools) -> list[str]:
    return [key for key in pools if key.split("#")[0] == name]


def _curve(name: str, colour: str, places: Sequence[tuple[str, float, float]], drift: Pools) -> Line:
    bars = []
    for key, x, _ in places:
        rate = drift[key].rate("false", "stale")
        bars.append((x, rate.low * MONTH, rate.high * MONTH))
    return Line(name, colour, [(x, y) for _, x, y in places], "both", bars)


def delay_chart(broken: Pools, chosen: Mapping[str, Chosen]) -> str:
    """What share of the due breaches was told by when; what was missed never is."""
    lines = []
    for name in NAMES:
        key = name if name == OURS else chosen[name].best
        if key not in broken:
            continue
        delays, due = broken[key].all_delays_s(), broken[key].total("due")
        if due:
            points = [(min(d, _DELAY_MAX_S), 100.0 * (i + 1) / due) for i, d in enumerate(delays)]
            within = [point for point, d in zip(points, delays, strict=True) if d <= _DELAY_MAX_S]
            lines.append(Line(NAMES[name], COLOURS[name], thinned(within), "line"))
    return chart(
        "How soon due breaches are told, each rule at its best",
        linear("seconds after the wearer truly came in", _DELAY_MAX_S, lambda value: f"{value:g}"),
        linear("due breaches told, %", 100.0, lambda value: f"{value:g}"),
        lines,
    )


_DELAY_MAX_S = 600.0


def thinned(points: Sequence[tuple[float, float]], count: int = 120) -> list[tuple[float, float]]:
    """At most so many of them, the last always."""
    step = max(1, len(points) // count)
    return [*points[::step], *points[-1:]]


def cause_table(pool: Pool) -> str:
    rows = []
    for cause, (right, grey, false) in pool.causes().items():
        share = right / (right + false) if right + false else math.nan
        rows.append([cause, str(right), str(grey), str(false), "–" if math.isnan(share) else f"{share:.0%}"])
    head = ["how it was found", "right", "true, but not due or told before", "false"]
    return table([*head, "right, of right and false"], rows)


def sensitivity_chart(
    title: str, words: Sequence[str], values: Mapping[str, Sequence[float]], up: str
) -> str:
    """One line a rule over the settings in ``words``."""
    count = max(1, len(words) - 1)
    x = Axis(
        "", [(float(i), word) for i, word in enumerate(words)], lambda value: 0.06 + 0.88 * value / count
    )
    most = max((value for line in values.values() for value in line if not math.isnan(value)), default=1.0)
    lines = [
        Line(NAMES[name], COLOURS[name], [(float(i), v) for i, v in enumerate(line) if not math.isnan(v)])
        for name, line in values.items()
    ]
    if up == "missed":
        y = linear("due breaches missed, %", max(most, 1.0), lambda value: f"{value:g}")
    else:
        y = logarithmic(
            "false alerts, 100 wearers, a month", 1.0, max(most, 10.0), lambda value: f"{value:,g}"
        )
    return chart(title, x, y, lines)

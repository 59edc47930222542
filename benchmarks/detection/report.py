"""One command from worlds to the report: tune, play, judge, tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.detection.engines import ABLATIONS, CUTS, OURS, words_of
from benchmarks.detection.figures import (
    beside_table,
    depth_table,
    events_table,
    figures_table,
    shown_table,
)
from benchmarks.detection.incursions import incursions_table
from benchmarks.detection.jobs import TRACKS_SUITE, Job, Kept, Result, by_rule, run_all
from benchmarks.detection.plan import (
    APPROACHES,
    CONTACT,
    CURFEW,
    DRIFT,
    FULL,
    Scale,
    Setting,
    ablated,
    in_turn,
    obeying,
    recorded,
    reported,
    sensitive,
    training,
    whole_seeds,
)
from benchmarks.detection.prose import HEAD, LIMITS, PARTS
from benchmarks.detection.scenarios import NO_RULE, Answer, Staged, staged, trial_names
from benchmarks.detection.tally import Pool
from benchmarks.detection.telling import (
    INCURSIONS,
    MONTH,
    NAMES,
    Pools,
    a_month,
    cause_table,
    delay_chart,
    in_short,
    in_words,
    label,
    main_table,
    percent,
    sensitivity_chart,
    setting_of,
    shown_keys,
    table,
    trade_off,
)
from benchmarks.detection.tracks import folder_of_tracks
from benchmarks.detection.tuning import Chosen, chosen
from simulator.suites import SUITES

Say = Callable[[str], None]


class Unfinished(Exception):
    """There is too little to tell; the sentence says what is missing."""


@dataclass(frozen=True)
class Found:
    """All results of a run."""

    scale: Scale
    chosen: dict[str, Chosen]
    test: list[Result]
    ablated: list[Result]
    sensitive: list[tuple[Setting, Result]]
    recorded: list[Result]
    staged: list[Staged]
    obeyed: list[Result]


def measured(scale: Scale, kept: Kept, *, workers: int, say: Say, known_only: bool = False) -> Found:
    """Tune on training seeds, then everything else on test seeds, seed by seed.

    ``known_only``: nothing is played; of each part those seeds are told of which every world is kept.
    Raises ``Unfinished`` where the tuning or the first test seed is not.
    """

    def run(title: str, jobs: Sequence[Job]) -> dict[str, Result]:
        say(f"{title}: {len(jobs)} worlds")
        return run_all(jobs, kept, workers=workers, say=say, known_only=known_only)

    def whole(jobs: Sequence[Job]) -> list[Result]:
        seeds = whole_seeds(jobs, done)
        return [done[job.name] for job in jobs if job.seed in seeds]

    tuning = training(scale)
    of_tuning = run("tuning the rivals on training seeds", tuning)
    if len(of_tuning) < len({job.name for job in tuning}):
        raise Unfinished(f"tuning: {len(of_tuning)} of {len(tuning)} worlds are kept")
    best = tuned([of_tuning[job.name] for job in tuning])
    marked = [key for one in best.values() for key in dict.fromkeys((one.default, one.best))]
    turned = sensitive(scale, [one.best for one in best.values()])
    tracks = recorded(scale, marked) if folder_of_tracks() is not None else []
    tests, parts = reported(scale), ablated(scale)
    heard = obeying(scale)
    done = run("test seeds", in_turn([*tracks, *tests, *parts, *heard, *(job for _, job in turned)]))
    on_test = whole(tests)
    if not on_test:
        raise Unfinished("no test seed has every suite done")
    turning = whole_seeds([job for _, job in turned], done)
    names = trial_names() if not scale.days else trial_names()[:3]
    say(f"scenarios: {len(names)}")
    plays = [staged(name, tuple(marked)) for name in names]
    return Found(
        scale,
        best,
        on_test,
        whole(parts),
        [(setting, done[job.name]) for setting, job in turned if job.seed in turning],
        whole(tracks),
        plays,
        whole(heard),
    )


def tuned(results: Sequence[Result]) -> dict[str, Chosen]:
    return chosen(
        by_rule(result for result in results if result.job.suite == DRIFT),
        by_rule(result for result in results if result.job.suite in APPROACHES),
    )


def write(found: Found, folder: Path | None) -> str:
    """The report's text; with a folder it and its charts are written there."""
    drift, broken = pools(found.test, (DRIFT,)), pools(found.test, APPROACHES)
    charts = {"trade-off": trade_off(drift, broken, found.chosen), "delay": delay_chart(broken, found.chosen)}
    charts |= sensitivity_charts(found)
    seeds = len({result.job.seed for result in found.test})
    quiet = drift[OURS]
    head = HEAD.format(
        seeds=_seeds_in_words(seeds),
        days=f"{quiet.days:,.0f}",
        wearers=f"{len(quiet.rows):,}",
        due=f"{broken[OURS].total('due'):,}",
        fixes=f"{sum(result.fixes for result in found.test if OURS in result.rules):,}",
        approaches=len(APPROACHES),
    )
    parts = [
        head,
        in_short(drift, broken, found.chosen),
        main_table(drift, broken, found.chosen),
        PARTS["figures"],
        _figures(found, quiet),
        PARTS["trade-off"],
        _picture("trade-off"),
        PARTS["words"],
        in_words(drift, broken, found.chosen),
        PARTS["delay"],
        _picture("delay"),
        PARTS["suites"],
        suites_table(found),
        PARTS["apart"],
        apart_table(drift, broken, found.chosen),
        PARTS["recorded"],
        recorded_table(found),
        PARTS["causes"],
        f"Where bans are broken:\n\n{cause_table(broken[OURS])}",
        f"Where they are kept:\n\n{cause_table(quiet)}",
        PARTS["blind"],
        blind_table(found),
        PARTS["obeyed"],
        obeyed_table(found),
        PARTS["staged"],
        staged_table(found),
        PARTS["ablations"],
        "\n".join(f"- *{each.name}*: {each.means}" for each in ABLATIONS) + "\n",
        f"On {_seeds_in_words(len({each.job.seed for each in found.ablated}), FULL.parts)}.\n",
        ablation_table(found),
        PARTS["sensitivity"],
        f"On {_seeds_in_words(len({each.job.seed for _, each in found.sensitive}), FULL.parts)}.\n",
        "\n".join(_picture(name) for name in charts if name.startswith("sensitivity")),
        PARTS["tuning"],
        tuning_table(found),
        LIMITS,
    ]
    text = "\n".join(parts)
    if folder is not None:
        (folder / "charts").mkdir(exist_ok=True)
        for name, chart in charts.items():
            (folder / "charts" / f"{name}.svg").write_text(chart, encoding="utf-8")
        (folder / "REPORT.md").write_text(text, encoding="utf-8")
    return text


def _figures(found: Found, quiet: Pool) -> str:
    """Of our engine alone: approaches and contacts are stays in which somebody is where he must not be."""
    stays = [stay for result in found.test if result.job.suite != CURFEW for stay in result.stays]
    tracks = pools(found.recorded, (TRACKS_SUITE,)).get(OURS)
    return "\n".join(
        [
            figures_table(quiet, stays, tracks, pools(found.test, (CONTACT,)).get(OURS)),
            PARTS["shown"],
            shown_table(stays),
            PARTS["events"],
            events_table(quiet, tracks),
            PARTS["incursions"],
            incursions_table(quiet),
            PARTS["depth"],
            depth_table(stays),
        ]
    )


def _seeds_in_words(count: int, whole: int = FULL.test) -> str:
    named = "one seed" if count == 1 else f"{count} seeds"
    return named if count == whole else f"{named} (of {whole} in a full run)"


def _picture(name: str) -> str:
    return f"![{name.replace('-', ' ')}](charts/{name}.svg)\n"


def pools(results: Sequence[Result], suites: Sequence[str]) -> Pools:
    return {key: Pool(rows) for key, rows in by_rule(r for r in results if r.job.suite in suites).items()}


def suites_table(found: Found) -> str:
    """Misses by suite, and whether ours took part."""
    best = [OURS, *(one.best for one in found.chosen.values())]
    rows = []
    for suite in (*APPROACHES, CURFEW, CONTACT):
        if suite not in found.scale.suites:
            continue
        own = pools(found.test, (suite,))
        due = next((pool.total("due") for pool in own.values()), 0)
        cells = [percent(own[key].missed()) if key in own else "not judged" for key in best]
        if suite == CONTACT:
            cells[1:] = ["has no rule"] * (len(cells) - 1)
        rows.append([SUITES[suite].title, str(due), *cells])
    return table(["suite", "due", *(label(key) for key in best)], rows)


def apart_table(drift: Pools, broken: Pools, chosen_: dict[str, Chosen]) -> str:
    """Parametric receivers beside recorded errors."""
    rows = []
    for key in (OURS, *CUTS, *(one.best for one in chosen_.values())):
        if key in drift and key in broken:
            cells = []
            for resampled in (False, True):
                quiet, due = drift[key].of(resampled=resampled), broken[key].of(resampled=resampled)
                false = a_month(quiet.rate("false", "stale")) if quiet.rows else "–"
                cells += [false, percent(due.missed())]
            rows.append([label(key), *cells])
    return table(
        ["rule", "parametric: false a month", "missed", "recorded errors: false a month", "missed"], rows
    )


def recorded_table(found: Found) -> str:
    if not found.recorded:
        return "Not measured in this run; it needs `EMON_TRACKS`, the folder of the recordings.\n"
    own = pools(found.recorded, (TRACKS_SUITE,))
    rows = [
        [
            label(key),
            setting_of(key, found.chosen),
            str(own[key].total("false")),
            str(own[key].total("false_police")),
            str(own[key].total("incursions")),
        ]
        for key in shown_keys(found.chosen)
        if key in own
    ]
    days = own[OURS].days
    return f"{len(own[OURS].rows)} tracks, {days:.1f} days.\n\n" + table(
        ["rule", "setting", "false alerts", "at the police", INCURSIONS], rows
    )


def blind_table(found: Found) -> str:
    rows = []
    for suite in found.scale.suites:
        own = [result.blind for result in found.test if result.job.suite == suite and not result.unjudged]
        held, unseen = sum(each.held_h for each in own), sum(each.unseen_h for each in own)
        if held:
            stays, told = sum(each.stays for each in own), sum(each.told for each in own)
            rows.append(
                [
                    SUITES[suite].title,
                    f"{held:,.0f}",
                    f"{unseen:,.0f}",
                    f"{unseen / held:.1%}",
                    f"{told} of {stays}",
                ]
            )
    centre = pools(found.test, (DRIFT,))
    load = [
        f"{label(key)}: {centre[key].total('centre') / centre[key].days * 100 / 24:.2f}"
        for key in (OURS, *CUTS, *(one.best for one in found.chosen.values()))
        if key in centre
    ]
    head = ["suite", "hours a ban held", "of them unseen", "share", "true stays unseen, told all the same"]
    return (
        table(head, rows)
        + "\nAlerts of all kinds that reach the monitoring centre for each hour of an operator with a hundred"
        f" wearers who keep to their bans: {'; '.join(load)}.\n"
    )


def obeyed_table(found: Found) -> str:
    """The same seeds and suites with devices that do not hear the engine, and with devices that do."""
    asked = {(result.job.suite, result.job.seed) for result in found.obeyed}
    alone = [result for result in found.test if (result.job.suite, result.job.seed) in asked]
    if not asked or not alone:
        return "Not measured in this run.\n"
    columns = []
    for results in (alone, found.obeyed):
        stays = [stay for result in results if result.job.suite in APPROACHES for stay in result.stays]
        columns.append((pools(results, (DRIFT,))[OURS], stays))
    return f"{_seeds_in_words(len({seed for _, seed in asked}), found.scale.obeying)}.\n\n" + beside_table(
        *columns
    )


def staged_table(found: Found) -> str:
    best = [OURS, *(one.best for one in found.chosen.values())]
    rows = [
        [f"{play.name.split('/')[-1][:2]} {play.title}", *(play.answers[key].word for key in best)]
        for play in found.staged
    ]
    every = [OURS, *dict.fromkeys(key for one in found.chosen.values() for key in (one.default, one.best))]
    totals = [[f"{label(key)}, {setting_of(key, found.chosen)}", *_totals(found, key)] for key in every]
    head = ["rule", "right", "wrong in part or whole", "has no rule for it", "not judged by this version"]
    return table(["scenario", *(label(key) for key in best)], rows) + "\n" + table(head, totals)


def _totals(found: Found, key: str) -> list[str]:
    answers: list[Answer] = [play.answers[key] for play in found.staged]
    right = sum(each.succeeds for each in answers)
    without = sum(each.why == NO_RULE for each in answers)
    unjudged = sum(bool(each.why) for each in answers) - without
    return [str(right), str(len(answers) - right - without - unjudged), str(without), str(unjudged)]


def ablation_table(found: Found) -> str:
    rows = []
    for name in dict.fromkeys(result.job.ablation for result in found.ablated):
        own = [result for result in found.ablated if result.job.ablation == name]
        drift, broken = pools(own, (DRIFT,)), pools(own, APPROACHES)
        for key in (OURS, *CUTS):
            rows.append(
                [
                    name or "whole",
                    label(key),
                    percent(broken[key].missed()),
                    a_month(drift[key].rate("false", "stale")),
                    a_month(drift[key].rate("false_police")),
                    a_month(drift[key].rate("incursions")),
                ]
            )
    if not rows:
        return "Not measured in this run.\n"
    head = ["engine", "told", "missed", "false a month", "at the police", INCURSIONS]
    return table(head, rows)


def sensitivity_charts(found: Found) -> dict[str, str]:
    charts: dict[str, str] = {}
    names = [OURS, *found.chosen]
    for turned in dict.fromkeys(setting.of for setting, _ in found.sensitive):
        settings = list(dict.fromkeys(s.words for s, _ in found.sensitive if s.of == turned))
        missed: dict[str, list[float]] = {name: [] for name in names}
        false: dict[str, list[float]] = {name: [] for name in names}
        for words in settings:
            own = [r for s, r in found.sensitive if (s.of, s.words) == (turned, words)]
            drift, broken = pools(own, (DRIFT,)), pools(own, APPROACHES)
            for name in names:
                key = name if name == OURS else found.chosen[name].best
                missed[name].append(100.0 * broken[key].missed().value)
                false[name].append(drift[key].rate("false", "stale").value * MONTH)
        slug = "-".join(turned.replace("'", "").replace("(", "").replace(")", "").split())
        charts[f"sensitivity-{slug}-missed"] = sensitivity_chart(
            f"Misses by {turned}", settings, missed, "missed"
        )
        charts[f"sensitivity-{slug}-false"] = sensitivity_chart(
            f"False alerts by {turned}", settings, false, "false"
        )
    return charts


def tuning_table(found: Found) -> str:
    rows = [
        [NAMES[name], words_of(one.best), "; ".join(words_of(key) for key in one.front)]
        for name, one in found.chosen.items()
    ]
    return table(["rule", "best", "on the curve"], rows)

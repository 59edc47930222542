"""The detection benchmark: rows, cuts, tuning and charts on worlds small enough to count by hand."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.detection.charts import Line, chart, linear, logarithmic
from benchmarks.detection.engines import (
    ABLATIONS,
    CUTS,
    EVERYBODY,
    OURS,
    Ablation,
    cut,
    default_key,
    keys_of,
    possible,
    replayed,
    rule_of,
    theirs,
    told_in,
    without,
    words_of,
)
from benchmarks.detection.figures import figures_table
from benchmarks.detection.jobs import Job, Kept, Result, by_rule, done, run_all
from benchmarks.detection.plan import (
    DEFAULTS,
    FULL,
    QUICK,
    SETTINGS,
    in_turn,
    reported,
    training,
    whole_seeds,
)
from benchmarks.detection.report import Found, Unfinished, measured, tuned, write
from benchmarks.detection.rivals import RULES, Fence
from benchmarks.detection.scenarios import NO_RULE, Staged, answer, for_rivals, staged, trial_names
from benchmarks.detection.scene import Scene, scene_of_scenario, scene_of_suite
from benchmarks.detection.stays import StayRow, stay_rows
from benchmarks.detection.tally import Blindness, Pool, Row, blindness_of, rows_of
from benchmarks.detection.tracks import bans_beside
from benchmarks.detection.tuning import Point, chosen, front_of
from benchmarks.detection.ways import lines_of, longest_line_m
from emon.geofence import ZoneTable, zone_of
from emon.geofence.evidence import sigma_m
from emon.limits import ACCURACY_FLOOR_M
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Party
from simulator.movement import offset_m
from simulator.path import Path as Way
from simulator.scoring.alerts import Told
from simulator.scoring.facts import INSIDE, MUST_NOT, Held, Ruling, Seen, Stay, Truth, Wearer
from simulator.scoring.judge import judge
from simulator.scoring.summary import summary
from simulator.suites import TEST_SEEDS, TRAINING_SEEDS, suite
from simulator.tracks import Track, TrackFix

_T0 = 1_780_000_000 * SECOND_US
_MINUTE_US = 60 * SECOND_US
_STAY = Stay(INSIDE, "w-1", "o-1", "c-1", _T0, _T0 + HOUR_US, 80.0)
_TRUTH = Truth(
    "hand",
    wearers={"w-1": Wearer("w-1", 2.0, ("o-1",), ("d-1",))},
    stays=(_STAY,),
    seen=(Seen("w-1", _T0 - HOUR_US, _T0 + 2 * HOUR_US, 60.0, 10.0),),
    held=(Held("w-1", "o-1", "c-1", _T0 - 2 * HOUR_US, _T0 + 3 * HOUR_US),),
)


def _told(number: int, at_us: int, **changed: object) -> Told:
    found = Told(
        number,
        f"{number:016x}",
        AlertEvent.BREACH,
        at_us,
        EVERYBODY,
        f"{number:016x}",
        "o-1",
        "c-1",
        Certainty.PROBABLE,
        "d-1",
        "w-1",
        How.INSIDE,
        at_us,
    )
    return replace(found, **changed)  # type: ignore[arg-type]


def test_a_row_counts_what_the_score_says() -> None:
    alerts = [
        _told(1, _T0 + 3 * _MINUTE_US),
        _told(2, _T0 + 10 * _MINUTE_US),
        _told(3, _T0 + 20 * HOUR_US),
        _told(4, _T0 + 21 * HOUR_US, recipients=(Party.MELDKAMER_EM,)),
        _told(
            5,
            _T0 + 22 * HOUR_US,
            event=AlertEvent.POSSIBLE_INCURSION,
            recipients=(Party.MELDKAMER_EM,),
            certainty=Certainty.POSSIBLE,
            how=How.REACHABLE,
        ),
    ]
    (row,) = rows_of(judge(_TRUTH, alerts), frozenset({"w-1"}))
    assert (row.due, row.missed, row.late, row.police_untold) == (1, 0, 0, 0)
    assert (row.right, row.doubled, row.false, row.false_police, row.incursions) == (1, 1, 2, 1, 1)
    assert row.delays_s == [180.0]
    assert row.centre == 5
    assert row.causes == {"inside": [1, 1, 2], "reachable": [0, 0, 1]}
    assert row.resampled


def test_rates_and_shares_are_of_all_wearers_together() -> None:
    (told,) = rows_of(judge(_TRUTH, [_told(1, _T0 + 3 * _MINUTE_US)]), frozenset())
    (silent,) = rows_of(judge(_TRUTH, []), frozenset({"w-1"}))
    pool = Pool([told, silent, Row("w-9", False, 6.0, false=5)])
    assert pool.days == 10.0
    assert pool.missed().value == 0.5
    assert pool.rate("false").value == 0.5
    assert pool.delays_s()[0].value == 180.0
    assert len(pool.of(resampled=True).rows) == 1
    assert Pool([silent]).rate("false").high == pytest.approx(3.689 / 2.0, abs=0.01)


def test_blind_hours_are_those_of_the_score() -> None:
    judged = judge(_TRUTH, [])
    scored = summary([judged])["blind"]
    found = blindness_of(judged)
    assert (found.held_h, found.unseen_h) == (5.0, 2.0)
    assert (scored["held_h"], scored["unseen_h"]) == (5.0, 2.0)


def test_a_cut_leaves_surer_alerts_and_those_of_devices() -> None:
    alerts = [
        _told(1, _T0, certainty=Certainty.POSSIBLE),
        _told(2, _T0, certainty=Certainty.PROBABLE),
        _told(3, _T0, certainty=Certainty.CERTAIN),
        _told(4, _T0, event=AlertEvent.BATTERY_LOW, certainty=None),
    ]
    left = {name: [alert.line for alert in cut(alerts, least)] for name, least in CUTS.items()}
    assert list(left.values()) == [[2, 3, 4]]


# --- the engine without its parts -----------------------------------------------------------------


def test_an_ablation_lasts_as_long_as_it_is_asked_for() -> None:
    name = "without the accuracy floor"
    with without(next(each for each in ABLATIONS if each.name == name)):
        unfloored = sigma_m(0.1)
    assert unfloored < sigma_m(0.1) == sigma_m(ACCURACY_FLOOR_M)
    assert not possible(Ablation("", "", (("emon.geofence.evidence", "NO_SUCH_PART", 0.0),)))


def test_every_ablation_says_what_it_means() -> None:
    assert len({each.name for each in ABLATIONS}) == len(ABLATIONS) >= 3
    assert all(each.means.endswith(".") and each.overrides for each in ABLATIONS)


# --- rivals -----------------------------------------------------------------------------------------


def test_keys_name_every_point_of_every_grid() -> None:
    for rule in RULES:
        keys = keys_of(rule)
        assert keys[default_key(rule)] == rule.default
        assert words_of(default_key(rule)) == "as it comes"
        assert all(rule_of(key) is rule for key in keys)
        assert len({words_of(key) for key in keys}) == len(keys)


@pytest.fixture(scope="module")
def approach() -> Scene:
    return scene_of_suite(suite("stalking-foot", TRAINING_SEEDS[0], wearers=1, days=2, resampled_share=0.0))


def test_rivals_alerts_bear_the_instant_at_which_the_fix_came(approach: Scene) -> None:
    rule = next(rule for rule in RULES if rule.name == "point_in_polygon")
    alerts = theirs(approach, rule, rule.default)
    assert alerts
    received = {item.received_at_us for item in approach.received}
    for alert in alerts:
        assert alert.at_us in received
        assert alert.opened_us is not None
        assert alert.opened_us <= alert.at_us
        assert alert.recipients == EVERYBODY


def test_for_a_curfew_whoever_leaves_comes_in() -> None:
    scene = scene_of_scenario("queensland/29-late-home")
    (watch,) = scene.watches
    home = watch.track.d_m > 0.0
    assert home.any()
    assert not home.all()
    assert not watch.fence.touched(*(np.zeros(2) for _ in range(4))).any()


# --- tuning -----------------------------------------------------------------------------------------


def test_the_front_is_what_no_other_point_beats() -> None:
    points = [Point("a", 0.0, 9.0), Point("b", 0.1, 5.0), Point("c", 0.2, 6.0), Point("d", 0.5, 1.0)]
    assert [point.key for point in front_of(points)] == ["a", "b", "d"]


def test_best_is_never_the_one_that_keeps_silent() -> None:
    """It may miss two in a hundred more than the rule must, for fewer false alerts, and no more."""
    drift = {key: [Row("w", False, 10.0, false=8)] for rule in RULES for key in keys_of(rule)}
    broken = {key: [Row("w", False, 10.0, due=100, missed=40)] for rule in RULES for key in keys_of(rule)}
    for number, (false, missed) in enumerate([(9, 10), (3, 12), (0, 100)]):
        drift[f"vendor#{number}"] = [Row("w", False, 10.0, false=false)]
        broken[f"vendor#{number}"] = [Row("w", False, 10.0, due=100, missed=missed)]
    found = chosen(drift, broken)["vendor"]
    assert found.best == "vendor#1"
    assert "vendor#2" in found.front
    assert set(found.all_keys()) >= {found.default, found.best}


def test_training_and_test_never_share_a_seed() -> None:
    assert {job.seed for job in training(FULL)} <= set(TRAINING_SEEDS)
    assert {job.seed for job in reported(FULL)} == set(TEST_SEEDS)
    assert not set(TRAINING_SEEDS) & set(TEST_SEEDS)
    assert all(OURS not in job.rules for job in training(FULL))


# --- scenarios --------------------------------------------------------------------------------------


def test_a_scenario_is_alerted_missed_or_without_a_rule() -> None:
    begun = staged("queensland/05-inside-when-it-begins", DEFAULTS)
    strap = staged("queensland/17-strap-cut-at-home", DEFAULTS)
    words = {key.split("#")[0]: each.word for key, each in begun.answers.items()}
    assert words["traccar"] == "missed"
    assert words["point_in_polygon"] == "alerted"
    assert {each.word for key, each in strap.answers.items() if key != OURS} == {NO_RULE}


@pytest.mark.parametrize("name", trial_names())
def test_our_engine_is_right_in_every_scenario_of_the_trial(name: str) -> None:
    """All that is due is told or said to be unseen, to its end: of a bracelet that dies, the silence too."""
    assert staged(name, ()).answers[OURS].succeeds


def test_rivals_are_not_asked_whom_they_tell() -> None:
    police = frozenset({Party.POLITIE})
    ban = Ruling(MUST_NOT, AlertEvent.BREACH, "w-1", "", "", _T0, _T0 + HOUR_US, police)
    truth = replace(_TRUTH, rulings=(ban,))
    alerts = [_told(1, _T0 + 3 * _MINUTE_US)]
    assert answer(truth, alerts).false == 1
    assert answer(for_rivals(truth), alerts, rival=True).succeeds
    assert answer(for_rivals(truth), [], rival=True).word == "missed"


# --- recorded tracks --------------------------------------------------------------------------------


def _track(points: list[tuple[float, float]]) -> Track:
    fixes = [
        TrackFix(_T0 + i * _MINUTE_US, {"lon": lon, "lat": lat, "acc": 8.0})
        for i, (lon, lat) in enumerate(points)
    ]
    return Track("t", tuple(fixes))


@pytest.mark.parametrize("moving", [False, True])
def test_bans_beside_a_track_are_clear_of_it(moving: bool) -> None:
    step = 0.002 if moving else 0.00001
    track = _track([(4.5 + i * step, 51.9 + i % 2 * step / 3) for i in range(30)])
    zones = bans_beside(track, 60.0, np.random.default_rng(1))
    assert len(zones) == 4
    for zone in zones:
        centre = zone["center"]
        assert isinstance(centre, list)
        nearest_m = min(float(np.hypot(*offset_m(fix.point, (centre[0], centre[1])))) for fix in track.fixes)
        assert nearest_m >= 195.0
        assert moving or nearest_m <= 230.0


# --- jobs, report, charts ---------------------------------------------------------------------------


def test_what_is_kept_is_not_done_again(tmp_path: Path) -> None:
    job = Job(
        "stalking-foot", TRAINING_SEEDS[1], {"wearers": 1, "days": 1, "resampled_share": 0.0}, DEFAULTS[-1:]
    )
    kept = Kept(tmp_path)
    first = run_all([job, job], kept, workers=1)
    kept.put(_with_fixes(first[job.name], -1))
    again = run_all([job], kept, workers=1)
    assert again[job.name].fixes == -1
    assert by_rule([done(job)]) == by_rule([first[job.name]])


def test_what_rivals_came_to_is_kept_apart_from_the_engine(tmp_path: Path) -> None:
    jobs = reported(QUICK)
    assert {OURS in job.rules for job in jobs} == {True, False}
    assert all(job.rules == (OURS,) or OURS not in job.rules for job in jobs)
    kept = Kept(tmp_path / "engine", tmp_path / "rivals")
    for job in jobs:
        kept.put(Result(job, {}, Blindness(), 0))
    for folder, own in (("engine", True), ("rivals", False)):
        names = {file.stem for file in (tmp_path / folder).glob("*.json")}
        assert names == {job.name for job in jobs if (OURS in job.rules) is own}
        again = Kept(tmp_path / folder)
        assert all((again.get(job) is None) is (job.name not in names) for job in jobs)


def test_a_run_that_was_ended_tells_of_whole_seeds_alone(tmp_path: Path) -> None:
    setting = {"wearers": 1, "days": 1, "resampled_share": 0.0}
    jobs = [
        Job(name, seed, setting, DEFAULTS[-1:])
        for name in ("drift", "stalking-foot")
        for seed in TEST_SEEDS[:2]
    ]
    assert [job.seed for job in in_turn(jobs)] == [TEST_SEEDS[0], TEST_SEEDS[0], TEST_SEEDS[1], TEST_SEEDS[1]]
    kept = Kept(tmp_path)
    run_all(in_turn(jobs)[:3], kept, workers=1)
    known = run_all(jobs, kept, workers=1, known_only=True)
    assert len(known) == 3
    assert whole_seeds(jobs, known) == {TEST_SEEDS[0]}
    with pytest.raises(Unfinished, match=r"tuning: 0 of \d+ worlds are kept"):
        measured(QUICK, kept, workers=1, say=lambda _: None, known_only=True)


def test_every_stay_is_a_row_with_what_was_made_of_it(approach: Scene) -> None:
    lines = replayed(approach)
    judged = judge(approach.truth, told_in(lines))
    rows = stay_rows(approach, judged, lines)
    active = [stay for stay in approach.truth.stays if stay.active]
    assert len(rows) == len(active) > 0
    deep = next(row for row in rows if row.due)
    assert deep.met
    assert deep.overlapped
    assert deep.circle_s is not None
    assert 0.0 <= deep.circle_s < deep.lasts_s + 60.0
    assert deep.probable_s is not None
    assert deep.police_s is not None
    assert deep.again_s is not None
    assert deep.again_s > deep.probable_s
    unheard = stay_rows(approach, judge(approach.truth, []), [])
    assert not any(row.overlapped or row.told_s or row.police_s for row in unheard)
    assert [row.circle_s for row in unheard] == [row.circle_s for row in rows]
    text = figures_table(Pool(rows_of(judged, frozenset())), unheard, None)
    due = sum(row.due for row in rows)
    assert f"| missed, bans: due by three plain fixes | all | {due}: 100.0%" in text
    assert "| missed, contacts: due by three plain fixes | all | – | 0 | 0 |" in text
    told = figures_table(Pool(rows_of(judged, frozenset())), rows, None)
    lines_of_table = [line for line in told.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines_of_table}) == 1  # as many cells in each row
    assert "| reached politie, " in told


def test_a_line_between_two_fixes_is_as_long_inside_as_it_is() -> None:
    """He stands 300 m west of a ban's middle, then 300 m east: the line runs 400 m within its 200 m."""
    table = ZoneTable()
    fence = Fence(table, table.add(zone_of({"type": "Circle", "center": [4.5, 52.0], "radius_m": 200.0})))
    east = 300.0 / offset_m((4.5, 52.0), (5.5, 52.0))[0]
    way = Way(
        np.array([0.0, 60.0]), np.array([4.5 - east, 4.5 + east]), np.full(2, 52.0), np.zeros(2, np.int8)
    )
    stay = Stay(INSIDE, "w-1", "o-1", "c-1", _T0 + 10 * SECOND_US, _T0 + 50 * SECOND_US, 200.0)
    (line,) = lines_of(fence, way, np.array([60.0, 0.0]), stay, _T0)
    found = longest_line_m([line])
    assert found == pytest.approx(400.0, abs=2.0)
    # 600 m in a minute, of which the middle 400 lie inside.
    assert [line.from_us - _T0, line.to_us - _T0] == pytest.approx([10e6, 50e6], abs=2e5)
    assert lines_of(fence, way, np.array([0.0, 121.0]), stay, _T0) == []
    (short,) = lines_of(fence, way, np.array([0.0, 20.0]), stay, _T0)
    assert longest_line_m([short]) == pytest.approx(100.0, abs=2.0)
    assert longest_line_m([]) == 0.0
    row = StayRow("inside", False, False, 40.0, 200.0, due=False, seen=False, late=False, overlapped=False)
    assert not row.met
    assert msgspec.structs.replace(row, line_m=found).lined
    text = figures_table(Pool([]), [msgspec.structs.replace(row, line_m=found), row], None)
    title = "missed, bans: a line of 100 m between two fixes at most 120 s apart; no breach overlaps it"
    assert f"| {title} | all | 1: 100.0%" in text
    beside = msgspec.structs.replace(row, line_m=found, line_overlapped=True)
    told = figures_table(Pool([]), [beside], None)
    assert f"| {title} | all | 0: 0.0%" in told
    assert "| the same; none overlaps the true stay beside it | all | 1: 100.0%" in told
    assert "| in a ban, due by neither: told of all the same | all | 0.0%" in text


def test_a_contact_counts_from_a_minute_within_the_radius_on_however_shallow() -> None:
    row = StayRow("near", False, True, 75.0, 12.0, due=False, seen=True, late=False, overlapped=False)
    assert row.met
    assert not msgspec.structs.replace(row, lasts_s=50.0).met
    assert not msgspec.structs.replace(row, seen=False).met
    assert not msgspec.structs.replace(row, kind="inside").met  # of a ban 30 m are asked
    text = figures_table(Pool([]), [row], None)
    assert (
        "| missed, contacts: 60 s within the radius, both seen; no breach overlaps | all | 1: 100.0%" in text
    )
    assert "| missed, bans: 60 s, 30 m, seen; no breach overlaps | all | – | 0 | 0 |" in text


def _with_fixes(result: Result, fixes: int) -> Result:
    return Result(result.job, result.rules, result.blind, fixes, result.unjudged)


@pytest.fixture(scope="module")
def small() -> Found:
    """One short world of each of two suites under every rule, judged as they come."""
    setting = {"wearers": 1, "days": 2, "resampled_share": 0.0}
    keys = (OURS, *(key for rule in RULES for key in list(keys_of(rule))[:2]), *DEFAULTS)
    results = [
        done(Job(name, TRAINING_SEEDS[0], setting, tuple(dict.fromkeys(keys))))
        for name in ("drift", "stalking-foot")
    ]
    best = tuned(results)
    turned = [(setting_, result) for setting_ in SETTINGS[:2] for result in results]
    plays: list[Staged] = [
        staged(
            "queensland/01-walks-in", tuple(key for one in best.values() for key in (one.default, one.best))
        )
    ]
    scale = replace(QUICK, suites=("drift", "stalking-foot"))
    return Found(scale, best, results, results, turned, [], plays, [])


def test_the_report_holds_every_rule_and_every_part(small: Found, tmp_path: Path) -> None:
    text = write(small, tmp_path)
    assert text == (tmp_path / "REPORT.md").read_text(encoding="utf-8")
    for words in ("Traccar", "Tile38", "Esri", "Home Assistant", "tolerated points", "probable or certain"):
        assert words in text
    for title in ("Misses against", "How soon", "Blind time", "Thirty-five", "without its parts", "not show"):
        assert title in text
    named = {part.split(")")[0] for part in text.split("](charts/")[1:]}
    assert named == {file.name for file in (tmp_path / "charts").iterdir()}
    for file in (tmp_path / "charts").iterdir():
        assert ET.fromstring(file.read_text(encoding="utf-8")).tag.endswith("svg")
    assert write(small, None) == text


def test_a_chart_places_values_on_its_axes() -> None:
    axis = linear("x", 7.3, lambda value: f"{value:g}")
    assert [words for _, words in axis.ticks] == ["0", "2", "4", "6", "8"]
    assert axis.place(4.0) == 0.5
    log = logarithmic("y", 1.0, 900.0, lambda value: f"{value:g}")
    assert log.place(0.0) == 0.0
    assert log.place(1.0) > 0.0
    assert log.place(1_000.0) == pytest.approx(1.0)
    drawn = chart("a < b", axis, log, [Line("one", "#000", [(0.0, 1.0), (8.0, 1_000.0)])])
    assert "a &lt; b" in drawn
    assert drawn.count("<circle") == 2

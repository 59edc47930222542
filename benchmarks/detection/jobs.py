"""One job is one world under some rules; what came of it is kept, so that a run can be taken up again.

Results lie under ``.cache/detection`` beside a digest of the code that made them, so that those of
another engine or world are never mixed in. What rivals alone came to rests on no line of the engine's
judgement, and is kept through its changes.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.detection.engines import (
    ABLATIONS,
    CUTS,
    OURS,
    Unjudged,
    cut,
    keys_of,
    replayed,
    rule_of,
    theirs,
    told_in,
)
from benchmarks.detection.incursions import least_speeds
from benchmarks.detection.obedience import obeyed_scene
from benchmarks.detection.scene import Scene, scene_of_suite
from benchmarks.detection.stays import StayRow, stay_rows
from benchmarks.detection.tally import Blindness, Row, blindness_of, rows_of
from benchmarks.detection.tracks import scene_of_tracks
from simulator.scoring.alerts import Told
from simulator.scoring.judge import judge
from simulator.suites import suite

ROOT = Path(__file__).resolve().parents[2]
TRACKS_SUITE = "recorded tracks"
OBEYS = "obeys"
"""The setting of a job whose devices hear what our engine asks while it judges."""
_OF_OURS = ("incursions.py", "obedience.py", "shown.py", "stays.py", "ways.py", "close_look.py")
"""What looks at our engine's results alone."""
_TELLING = (
    "__main__.py",
    "charts.py",
    "figures.py",
    "plan.py",
    "prose.py",
    "report.py",
    "run.py",
    "telling.py",
    "tuning.py",
)


class Job(msgspec.Struct, frozen=True):
    """``setting`` changes the suite's parameters; ``rules`` are keys of rivals, and ours."""

    suite: str
    seed: int
    setting: dict[str, Any] = {}
    rules: tuple[str, ...] = (OURS,)
    ablation: str = ""

    @property
    def name(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:24]


class Result(msgspec.Struct):
    """``rules``: rows by key; ``stays`` are ours; ``unjudged`` is why our engine took no part, if so."""

    job: Job
    rules: dict[str, list[Row]]
    blind: Blindness
    fixes: int
    unjudged: str = ""
    stays: list[StayRow] = []


def scene_of(job: Job) -> Scene:
    if job.suite == TRACKS_SUITE:
        return scene_of_tracks(job.seed, **job.setting)
    return scene_of_suite(suite(job.suite, job.seed, **_parameters(job)))


def _parameters(job: Job) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in job.setting.items()}


def done(job: Job) -> Result:
    """Play the world, let each rule judge it, and score what they told."""
    if OBEYS in job.setting:
        scene, lines, _ = obeyed_scene(job.suite, job.seed, **_parameters(job))
        result = _empty(job, scene)
        _ours(result, scene, lines)
        return result
    scene = scene_of(job)
    result = _empty(job, scene)
    if OURS in job.rules:
        ablation = next((each for each in ABLATIONS if each.name == job.ablation), None)
        try:
            _ours(result, scene, replayed(scene, ablation))
        except Unjudged as why:
            result.unjudged = str(why)
    known: dict[tuple[Told, ...], list[Row]] = {}
    for key in (each for each in job.rules if each != OURS):
        rule = rule_of(key)
        told_by_it = tuple(theirs(scene, rule, keys_of(rule)[key]))
        if told_by_it not in known:  # many settings of one rule come to the same alerts
            known[told_by_it] = rows_of(judge(scene.truth, told_by_it), scene.resampled)
        result.rules[key] = known[told_by_it]
    return result


def _empty(job: Job, scene: Scene) -> Result:
    return Result(job, {}, Blindness(), sum(len(r.message.decoded.fixes) for r in scene.received))


def _ours(result: Result, scene: Scene, lines: list[dict[str, Any]]) -> None:
    """What the score says of our engine's alerts among the lines of a replay."""
    alerts = told_in(lines)
    judged = judge(scene.truth, alerts)
    result.stays = stay_rows(scene, judged, lines)
    result.rules[OURS] = rows_of(judged, scene.resampled)
    speeds_m_s = least_speeds(scene, lines)
    for row in result.rules[OURS]:
        row.incursion_speeds_m_s = speeds_m_s.get(row.wearer, [])
    result.blind = blindness_of(judged)
    for name, least in CUTS.items():
        result.rules[name] = rows_of(judge(scene.truth, cut(alerts, least)), scene.resampled)


# --- many jobs ----------------------------------------------------------------------------------


def digest(
    folders: Sequence[str] = ("emon", "simulator", "benchmarks/detection"), but: Sequence[str] = _TELLING
) -> str:
    """Of all code on which a result rests; ``but`` names the files on which none does."""
    found = hashlib.sha256()
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name not in but:
                found.update(file.read_bytes())
    return found.hexdigest()[:12]


def digest_of_rivals() -> str:
    """Of the code on which a result rests in which our engine took no part: not its own."""
    return digest(("simulator", "benchmarks/detection"), (*_TELLING, *_OF_OURS))


class Kept:
    """The results of one version of the code in a folder; those of rivals alone may have their own."""

    def __init__(self, folder: Path, rivals: Path | None = None) -> None:
        self._folder, self._rivals = folder, rivals or folder
        for each in (self._folder, self._rivals):
            each.mkdir(parents=True, exist_ok=True)

    def _file(self, job: Job) -> Path:
        return (self._folder if OURS in job.rules else self._rivals) / f"{job.name}.json"

    def get(self, job: Job) -> Result | None:
        file = self._file(job)
        return msgspec.json.decode(file.read_bytes(), type=Result) if file.exists() else None

    def put(self, result: Result) -> None:
        file = self._file(result.job)
        part = file.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(result))
        part.replace(file)


def run_all(
    jobs: Sequence[Job],
    kept: Kept,
    *,
    workers: int,
    say: Callable[[str], None] = lambda _: None,
    known_only: bool = False,
) -> dict[str, Result]:
    """Results by a job's name; what is kept is not done again. ``known_only``: nothing is done."""
    found: dict[str, Result] = {}
    open_jobs: list[Job] = []
    for job in {job.name: job for job in jobs}.values():
        known = kept.get(job)
        if known is None:
            open_jobs.append(job)
        else:
            found[job.name] = known
    if known_only:
        return found
    if workers <= 1:
        for job in open_jobs:
            found[job.name] = _keep(done(job), kept)
        return found
    begun_s = time.monotonic()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_gently) as pool:
        waiting = [pool.submit(done, job) for job in open_jobs]
        for number, future in enumerate(as_completed(waiting), start=1):
            result = _keep(future.result(), kept)
            found[result.job.name] = result
            if number % 10 == 0 or number == len(waiting):
                spent_s = time.monotonic() - begun_s
                left_s = spent_s / number * (len(waiting) - number)
                say(f"{number} of {len(waiting)} worlds, {spent_s:.0f} s, some {left_s:.0f} s to go")
    return found


def _keep(result: Result, kept: Kept) -> Result:
    kept.put(result)
    return result


def _gently() -> None:
    os.nice(10)


def say_on_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def by_rule(results: Iterable[Result]) -> Mapping[str, list[Row]]:
    """The rows of several worlds together, by rule."""
    found: dict[str, list[Row]] = {}
    for result in results:
        for key, rows in result.rules.items():
            found.setdefault(key, []).extend(rows)
    return found

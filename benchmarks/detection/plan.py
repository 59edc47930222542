"""Which worlds are played: to tune, to report, for the worth of the engine's parts, for sensitivity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.detection.engines import ABLATIONS, OURS, default_key, keys_of, possible
from benchmarks.detection.jobs import OBEYS, TRACKS_SUITE, Job
from benchmarks.detection.rivals import RULES
from simulator.suites import TEST_SEEDS, TRAINING_SEEDS

DRIFT = "drift"
CURFEW = "curfew"
CONTACT = "victim-moving"
APPROACHES = ("stalking-foot", "stalking-bicycle", "stalking-car", "stalking-train", "evening-ban")
"""Suites in which bans of a place are truly broken."""
OBEYING_SUITES = (DRIFT, *APPROACHES)
DEFAULTS = tuple(default_key(rule) for rule in RULES)
_SHORT = {"days": 10}


TRIED = tuple(key for rule in RULES for key in keys_of(rule))
"""Every setting of every grid: a rival is shown at the best that it has."""


class Setting(NamedTuple):
    """One point of a sensitivity: what is turned, in words, and the parameters that turn it."""

    of: str
    words: str
    parameters: dict[str, Any]


SETTINGS = (
    Setting("receiver's errors", "half", {"drift": 0.5}),
    Setting("receiver's errors", "as calibrated", {}),
    Setting("receiver's errors", "double", {"drift": 2.0}),
    Setting("interval between fixes", "30 s", {"interval_s": 30}),
    Setting("interval between fixes", "60 s", {}),
    Setting("interval between fixes", "180 s", {"interval_s": 180}),
    Setting("warning ring (buffer)", "none", {}),
    Setting("warning ring (buffer)", "200 m", {"buffer_m": 200.0}),
    Setting("warning ring (buffer)", "500 m", {"buffer_m": 500.0}),
    Setting("batteries, straps, jammers", "charged, worn, none", {}),
    Setting("batteries, straps, jammers", "neglected, cut, some", {"upkeep": True}),
    Setting("radius of the zone", "75 to 150 m", {"zone_m": [75.0, 150.0]}),
    Setting("radius of the zone", "150 to 400 m", {"zone_m": [150.0, 400.0]}),
    Setting("radius of the zone", "400 to 1,000 m", {"zone_m": [400.0, 1_000.0]}),
)
SENSITIVE_SUITES = (DRIFT, "stalking-foot", "stalking-car")


@dataclass(frozen=True)
class Scale:
    """How many seeds of each part; ``days`` shortens every suite (0: as it is)."""

    training: int
    test: int
    parts: int
    tracks: int
    obeying: int = 0
    days: int = 0
    suites: tuple[str, ...] = (DRIFT, *APPROACHES, CURFEW, CONTACT)

    def seeds(self, count: int) -> tuple[int, ...]:
        return TEST_SEEDS[:count]


FULL = Scale(training=6, test=100, parts=10, tracks=1, obeying=20)
QUICK = Scale(training=1, test=1, parts=0, tracks=0, days=2, suites=(DRIFT, "stalking-foot", "evening-ban"))


def training(scale: Scale) -> list[Job]:
    """Rivals at every setting that is tried; drift for ten days, which is enough to rank them."""
    days = {"days": scale.days or 10}
    return [
        Job(name, seed, days if name == DRIFT else _days(scale), TRIED)
        for seed in TRAINING_SEEDS[: scale.training]
        for name in (DRIFT, *APPROACHES)
        if name in scale.suites
    ]


def reported(scale: Scale) -> list[Job]:
    """Every suite, ours and every setting of the rivals on the same fixes: apart, since the rivals stay as
    they are when the engine changes."""
    return [
        Job(name, seed, _days(scale), rules)
        for seed in scale.seeds(scale.test)
        for name in scale.suites
        for rules in ((OURS,), TRIED)
    ]


def ablated(scale: Scale) -> list[Job]:
    """The engine whole and without each part, on the same worlds."""
    names = ["", *(each.name for each in ABLATIONS if possible(each))]
    return [
        Job(name, seed, _SHORT if name == DRIFT else {}, (OURS,), ablation)
        for seed in scale.seeds(scale.parts)
        for name in (DRIFT, *APPROACHES)
        for ablation in names
    ]


def sensitive(scale: Scale, best: Sequence[str]) -> list[tuple[Setting, Job]]:
    """Ours and each rival at its best, with one parameter of the world turned."""
    return [
        (setting, Job(name, seed, _setting(name, setting), (OURS, *best)))
        for setting in SETTINGS
        for seed in scale.seeds(scale.parts)
        for name in SENSITIVE_SUITES
    ]


def obeying(scale: Scale) -> list[Job]:
    """Ours alone, over devices that hear what it asks; the same suites and seeds as devices that do not."""
    return [
        Job(name, seed, _days(scale) | {OBEYS: True})
        for seed in scale.seeds(scale.obeying)
        for name in OBEYING_SUITES
        if name in scale.suites
    ]


def in_turn(jobs: Sequence[Job]) -> list[Job]:
    """Seed by seed, so that a run that is ended has whole seeds of everything, and not one part alone."""
    place = {seed: number for number, seed in enumerate(TEST_SEEDS)}
    return sorted(jobs, key=lambda job: place[job.seed])


def whole_seeds(jobs: Sequence[Job], done: Collection[str]) -> set[int]:
    """The seeds of which every job is done."""
    missing = {job.seed for job in jobs if job.name not in done}
    return {job.seed for job in jobs} - missing


def recorded(scale: Scale, chosen: Sequence[str]) -> list[Job]:
    return [Job(TRACKS_SUITE, seed, {"edge_m": 60.0}, (OURS, *chosen)) for seed in scale.seeds(scale.tracks)]


def _setting(name: str, setting: Setting) -> dict[str, Any]:
    return setting.parameters | (_SHORT if name == DRIFT else {})


def _days(scale: Scale) -> dict[str, Any]:
    return {"days": scale.days} if scale.days else {}

"""A world that obeys is judged as its record would be: what was asked and came is fixes like others."""

from __future__ import annotations

import asyncio
import json

from benchmarks.detection.engines import OURS
from benchmarks.detection.figures import beside_table
from benchmarks.detection.jobs import OBEYS, Job, done
from benchmarks.detection.obedience import obeyed_scene
from benchmarks.detection.scene import received_of
from benchmarks.detection.tally import Pool
from emon.orders.document import parse_document
from emon.replay import lines_of, replay
from simulator.suites import TRAINING_SEEDS

_SETTING = {"wearers": 1, "days": 2, "resampled_share": 0.0}
_SEED = TRAINING_SEEDS[0]


def test_the_loop_judges_as_a_replay_of_what_came_of_it() -> None:
    scene, told, asked = obeyed_scene("stalking-foot", _SEED, **_SETTING)
    answers = [line for line in asked if "reply" in json.loads(line)]
    assert answers
    assert len(asked) > len(answers)
    received = [*scene.received, *received_of(answers)]
    archive = asyncio.run(replay(parse_document(scene.orders, armed_at_us=None), received))
    assert list(lines_of(archive)) == told
    assert any(line["type"] == "breach" for line in told)


def test_a_job_that_obeys_is_scored_like_any_other_and_stands_beside_it() -> None:
    alone = done(Job("stalking-foot", _SEED, _SETTING))
    obeyed = done(Job("stalking-foot", _SEED, _SETTING | {OBEYS: True}))
    assert obeyed.fixes > alone.fixes
    assert [row.wearer for row in obeyed.rules[OURS]] == [row.wearer for row in alone.rules[OURS]]
    text = beside_table((Pool(alone.rules[OURS]), alone.stays), (Pool(obeyed.rules[OURS]), obeyed.stays))
    assert "| missed, bans: 60 s, 30 m, seen; no breach overlaps | all |" in text
    assert "| all alerts at the centre | all |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1

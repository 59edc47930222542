"""``emon replay`` against an oracle of the contract's own words, on hundreds of small timelines.

The oracle (``times``, ``found``, ``told``) shares no code with the engine, remembers nothing and finds
everything again at each decision; the fixes are so clean that certainty is no matter of opinion.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emon.engine import Message
from emon.ingest.decode import decode
from emon.orders.document import DocumentRefused, parse_document
from emon.replay import Received, lines_of, replay
from tests.engine.test_determinism import everything, judged_with_lapses
from tests.oracle.found import TooClose
from tests.oracle.timelines import Maker, Timeline, answer
from tests.oracle.times import S, instant, showings, text_of, windows
from tests.oracle.told import CERTAINTY
from tests.soak import times_longer

SEEDS = 160 * times_longer()
A_GROUP = 40
OF_A_BREACH = {"breach", "breach_cleared", "historic_breach", "possible_incursion"}

Row = tuple[Any, ...]


def received(timeline: Timeline) -> list[Received]:
    items = []
    for fix in timeline.fixes:
        topic = f"emon/v1/{fix['device']}/fix"
        payload = {name: value for name, value in fix.items() if name not in ("device", "received_at")}
        message = Message(topic, decode(topic, json.dumps(payload).encode()))
        items.append(Received(instant(fix["received_at"]), message))
    return items


def judged(timeline: Timeline) -> list[dict[str, Any]]:
    versions = parse_document(json.dumps(timeline.document).encode(), armed_at_us=None)
    return list(lines_of(asyncio.run(replay(versions, received(timeline), until_us=timeline.until))))


def rows_of(lines: list[dict[str, Any]]) -> Iterator[Row]:
    """What the contract decides about each line; an interpolated contact to the ten seconds."""
    for line in lines:
        if line["type"] == "alert" and line["event"] in OF_A_BREACH:
            recipients = ",".join(sorted(line["recipients"]))
            yield ("alert", line["condition"], line["event"], line["at"], line["priority"], recipients)
        elif line["type"] == "breach":
            own = line["how"] == "crossed" or line["kind"] == "inclusion"  # the engine's own model decides
            closed = None if line["closed_at"] is None else instant(line["closed_at"])
            yield (
                "breach",
                line["condition"],
                line["how"],
                _opened(line["how"], instant(line["opened_at"])),
                closed and text_of(closed),
                line["historic"],
                line["refuted"],
                line["version"],
                None if own else line["certainty"],
            )


def wanted(timeline: Timeline, lines: list[dict[str, Any]]) -> Iterator[Row]:
    """The oracle's rows. How likely a way between two fixes met the zone it asks the engine."""
    ways = [line for line in lines if line["type"] == "breach" and line["how"] == "crossed"]

    def level_of_way(name: str, opened: int) -> int:
        near = [line for line in ways if line["condition"] == name]
        near = [line for line in near if abs(instant(line["opened_at"]) - opened) < 3 * S]
        return CERTAINTY.index(near[0]["certainty"]) if near else 0

    for (_, name), file in answer(timeline, level_of_way).items():
        for line in file.lines:
            episode = line.episode
            own = episode.level is None or file.kind == "inclusion"
            yield (
                "breach",
                name,
                episode.how,
                _opened(episode.how, episode.opened),
                None if episode.closed is None else text_of(episode.closed),
                line.historic,
                line.refuted,
                episode.version,
                None if own else CERTAINTY[episode.level or 0],
            )
            for told in line.told:
                at = datetime.fromisoformat(text_of(told.at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                yield ("alert", name, told.event, at, told.priority, ",".join(sorted(told.recipients)))


def _opened(how: str, at: int) -> str | int:
    return round(at / (10 * S)) if how == "crossed" else text_of(at)


@pytest.mark.parametrize("first", range(0, SEEDS, A_GROUP))
def test_replay_says_what_the_contract_says(first: int) -> None:
    told: Counter[str] = Counter()
    for seed in range(first, first + A_GROUP):
        timeline = Maker(seed).make()
        try:
            lines = judged(timeline)
            should = sorted(wanted(timeline, lines), key=str)
        except (TooClose, DocumentRefused):
            told["left out"] += 1
            continue
        found = sorted(rows_of(lines), key=str)
        assert found == should, f"seed {seed}: {json.dumps([timeline.document, timeline.fixes])}"
        told.update(str(row[2]) for row in found)
    assert told["left out"] <= A_GROUP // 5
    assert {"breach", "breach_cleared", "inside", "reachable", "left_early", "late_home"} <= set(told)


@pytest.mark.parametrize("seed", [700_304, 900_095])
def test_what_a_soak_found_stays_right(seed: int) -> None:
    """A crossing on which a stay began, shown by a late fix; a zone that moved away from him within a window,
    who had been at home when it began."""
    timeline = Maker(seed).make()
    lines = judged(timeline)
    assert sorted(rows_of(lines), key=str) == sorted(wanted(timeline, lines), key=str)


def test_a_restart_after_every_message_changes_nothing_of_it() -> None:
    for seed in range(5_000, 5_000 + SEEDS):
        timeline = Maker(seed).make()
        items = received(timeline)
        try:
            versions = parse_document(json.dumps(timeline.document).encode(), armed_at_us=None)
        except DocumentRefused:
            continue
        by_arming = sorted(versions, key=lambda v: -v.armed_at_us)
        known_from = {use.device: v.armed_at_us for v in by_arming for use in v.devices}
        if any(instant(f["received_at"]) < known_from.get(f["device"], 0) for f in timeline.fixes):
            continue  # taken again when its device became known, which ``replay`` sees to
        whole = everything(asyncio.run(replay(versions, items)))
        lapsed = asyncio.run(judged_with_lapses(versions, items, [True] * 99))
        assert lapsed == whole, f"seed {seed}"


def test_the_oracle_knows_the_contract_s_nights() -> None:
    """The oracle is checked too: by the figures of the contract and of docs/orders.md, not by the engine."""
    night = {"tz": "Europe/Amsterdam", "windows": [{"from": "22:00", "to": "06:00"}]}
    spring, autumn = date(2026, 3, 28), date(2026, 10, 24)
    hours = [(b - a) / 3_600 / S for day in (spring, autumn) for a, b in windows(night, day, day)]
    assert hours == [7, 9]
    short = {"tz": "Europe/Amsterdam", "windows": [{"from": "02:10", "to": "02:50"}]}
    assert windows(short, date(2026, 3, 29), date(2026, 3, 29)) == []
    twice = showings(ZoneInfo("Europe/Amsterdam"), datetime(2026, 10, 25, 2, 15))
    assert [text_of(at * S) for at in twice] == ["2026-10-25T00:15:00Z", "2026-10-25T01:15:00Z"]
    assert showings(ZoneInfo("Europe/Amsterdam"), datetime(2026, 3, 29, 2, 17)) == [
        instant("2026-03-29T01:00:00Z") // S
    ]

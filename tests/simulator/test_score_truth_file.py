"""A truth that cannot be read or contradicts itself is refused with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.scoring import TruthRefused, read_truth, truth_of_lines
from simulator.scoring.writing import line_of
from tests.simulator.worlds import at, held, jsonl, ruling, seen, stay, truth, wearer

DAY = 86_400.0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ('{"type": "outcome"}', "type 'outcome' is none of world, wearer"),
        (stay(3_000, 1_000, 5.0), "to must be after from"),
        (stay(1_000, 3_000, -1.0), "deepest_m is -1; must be at least 0"),
        (stay(1_000, 3_000, float("nan")), "deepest_m must be a number"),
        (stay(1_000, 3_000, 5.0, deep=5), "unknown member deep"),
        (stay(1_000, 3_000, 5.0, active=1), "active must be true or false"),
        (stay(1_000, 3_000, 5.0, wearer=""), "wearer must be a text"),
        (stay(1_000, 3_000, 5.0, to="noon"), "to: not an RFC 3339 instant"),
        (stay(1_000, 3_000, 50.0, shown=at(2_000), counted=False), "counted must be true"),
        (wearer(days=0), "days is 0; must be above 0"),
        (wearer(complete=["weather"]), "complete: 'weather' is none of"),
        (ruling("must", 0, 10, recipients=[]), "recipients must name at least one"),
        (ruling("must", 0, 10, recipients=["politie", "politie"]), "recipients names one twice"),
        (ruling("must", 0, 10, recipients=["police"]), "recipients: 'police' is none of"),
        (ruling("must", 10, 10), "by must be after from"),
        (ruling("must", 0, 10, certainty="sure"), "certainty: 'sure' is none of"),
    ],
)
def test_what_cannot_be_read_is_named_by_line(line: str | dict[str, Any], says: str) -> None:
    text = line if isinstance(line, str) else jsonl(line)
    with pytest.raises(TruthRefused) as refused:
        truth_of_lines([jsonl(wearer("w-7")), "", text], "some.jsonl")
    assert refused.value.faults[0].startswith("some.jsonl:3: ")
    assert says in refused.value.faults[0]


@pytest.mark.parametrize(
    ("lines", "line", "says"),
    [
        ([wearer()], 3, "stands already in line 1"),
        ([stay(1_000, 3_000, 5.0), stay(2_999, 4_000, 5.0)], 4, "overlaps line 3"),
        ([stay(1_000, 3_000, 5.0, active=False), stay(2_000, 4_000, 5.0)], 4, "overlaps line 3"),
        ([seen(0, 100), seen(50, 200)], 4, "overlaps line 3"),
        ([held(0, 100), held(99, 200)], 4, "overlaps line 3"),
        ([stay(0, 10, 5.0), stay(20, 30, 5.0, kind="outside")], 4, "outside, but line 3 says inside"),
        ([stay(0, 2 * DAY, 5.0)], 3, "lasts longer than the 1 days"),
        ([held(0, 100), stay(50, 150, 5.0)], 4, "the condition did not hold all the while"),
        ([held(0, 100), stay(50, 90, 5.0, active=False)], 4, "not active, but the condition held (line 3)"),
        ([stay(0, 10, 5.0, wearer="w-9")], 3, "no line of type wearer for w-9"),
        ([wearer("w-2"), stay(0, 10, 5.0, wearer="w-2")], 4, "order o-1 is w-1's in line 1, not w-2's"),
        ([wearer("w-2", orders=["o-1"])], 3, "order o-1 is already w-1's"),
        ([wearer("w-2", devices=["d-1"])], 3, "device d-1 is already w-1's"),
        ([stay(100, 900, 50.0, first_fix=at(99))], 3, "first_fix is before from"),
        ([stay(100, 900, 50.0, shown=at(200))], 3, "shown without a first_fix"),
        ([stay(100, 900, 50.0, first_fix=at(300), shown=at(200))], 3, "shown before its first_fix"),
        ([stay(100, 900, 9.0, first_fix=at(100), shown=at(200))], 3, "shown, but never 30 m deep"),
        ([stay(100, 900, 50.0, first_fix=at(100), shown=at(200), late=True)], 3, "late, but shown before"),
        ([ruling("must", 0, 10), ruling("must_not", 0, 10)], 4, "forbids what line 3 demands"),
        ([stay(100, 900, 50.0, active=False), ruling("must", 0, 1_000)], 4, "no stay of it while"),
        ([stay(2_000, 3_000, 50.0), ruling("must", 0, 1_000)], 4, "no stay of it while"),
        ([stay(100, 900, 50.0, kind="near"), ruling("must", 0, 1_000)], 4, "told as proximity"),
        ([{"type": "world"}, {"type": "world"}], 4, "a file has one world"),
    ],
)  # fmt: skip
def test_a_contradiction_is_named_by_line(lines: list[dict[str, Any]], line: int, says: str) -> None:
    with pytest.raises(TruthRefused) as refused:
        truth_of_lines(jsonl(wearer(), wearer("w-5"), *lines).splitlines(), "t.jsonl")
    assert any(each.startswith(f"t.jsonl:{line}: ") and says in each for each in refused.value.faults)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(TruthRefused) as refused:
        truth(wearer(days=-1), stay(3, 1, 1.0), seen(5, 5))
    assert [fault.split(": ")[0] for fault in refused.value.faults] == [f"truth.jsonl:{n}" for n in (1, 2, 3)]


def test_stays_and_stretches_that_touch_are_no_overlap() -> None:
    found = truth(wearer(), stay(0, 10, 5.0), stay(10, 20, 5.0, active=False), seen(0, 10), seen(10, 20))
    assert len(found.stays) == len(found.seen) == 2


def test_what_is_written_is_read_back_as_it_was() -> None:
    lines = [
        {"type": "world", "name": "city", "seed": 7},
        wearer(complete=["silence"]),
        stay(0.25, 900, 50.0, first_fix=at(100), shown=at(200), recipients=["politie"]),
        stay(1_000, 1_900, 50.0, counted=True),
        stay(2_000, 2_900, 50.0),
        seen(0, 100, every_s=15, accuracy_m=8.5),
        held(0, 3_000),
        ruling("must_not", 0, 10, certainty="possible"),
    ]
    one = truth(*lines)
    facts: list[Any] = [one.world, *one.wearers.values(), *one.stays, *one.seen, *one.held, *one.rulings]
    assert truth_of_lines([line_of(fact) for fact in facts], "truth.jsonl") == one


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TruthRefused, match=r"t\.jsonl:1: not UTF-8"):
        read_truth(path)

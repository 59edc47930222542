"""The kill harness, short: service, database and broker die once each, and one does while it starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.kills.books import Books, Stored, compare_deliveries, compare_fixes
from benchmarks.kills.copies import copies_of
from benchmarks.kills.publisher import Acked, Key
from benchmarks.kills.run import Plan, run
from benchmarks.kills.schedule import Part, kills
from emon.alerts.channels.smtp import message_id
from emon.demo.broker import EmbeddedBroker

SEED = 1209  # of those whose four kills meet every part, the one that waits least
LINE = {"kind": "message", "received_at": "2026-01-01T00:00:00Z"}
KEY: Key = ("kill-00000", 1, 1_767_225_600_000)


def rows(*keys: Key, raw: bytes = b"{}", waiting: int = 0) -> Stored:
    fixes = [(*key, 0, raw) for key in keys]
    return Stored(fixes, [], [], [], [], [], waiting, 0)


async def test_nothing_acknowledged_is_lost_or_doubled_whoever_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    broker = EmbeddedBroker(folder / "broker", preferred_port=0)  # other tests start one at this moment
    await broker.start()
    try:
        outcome = await run(Plan(4, SEED, rate=100.0, devices=100), folder, broker)
    finally:
        await broker.stop()
    assert outcome.books.faults == [], outcome.timeline
    assert {Part.SERVICE, Part.DATABASE, Part.BROKER, Part.BOTH} <= outcome.done.keys()
    assert outcome.done["service, starting"] >= 1
    assert outcome.books.stored == outcome.books.published > 0
    assert outcome.books.alerts > 0


def test_the_same_seed_plans_the_same_kills_and_spares_a_broker_on_demand() -> None:
    assert list(kills(7, 50)) == list(kills(7, 50)) != list(kills(8, 50))
    assert all(kill.part is not Part.BROKER for kill in kills(7, 50, broker=False))


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (rows(), "acknowledged fixes are not stored"),
        (rows(KEY, KEY), "stored twice"),
        (rows(KEY, raw=b"{ }"), "not as they were sent"),
        (rows(KEY, waiting=2), "2 fixes still wait"),
    ],
)
def test_the_books_find_what_must_not_be(stored: Stored, said: str) -> None:
    books = compare_fixes({KEY: b"{}"}, {KEY: Acked(b"{}", 5)}, stored, [])
    assert len(books.faults) == 1
    assert said in books.faults[0]


def test_deliveries_are_known_by_what_the_recipient_got(tmp_path: Path) -> None:
    """A webhook has the delivery's id, an e-mail a form of it, and one that another tells has no message."""
    ids = ["a:politie", "a:meldkamer_em", "a:meldkamer_em:1", "b:politie"]
    kept = [(key, True, key == "b:politie", number) for number, key in enumerate(ids)]
    stored = Stored([], [], [], [], [], kept, 0, 0)
    got = [ids[0], *(message_id(key, "emon@demo.invalid") for key in ids[1:3])]
    ledger = tmp_path / "l"
    ledger.write_text("".join(json.dumps({**LINE, "id": one}) + "\n" for one in got))
    books = Books()
    compare_deliveries(books, stored, [ledger], len(ids))
    assert books.faults == []
    ledger.write_text(ledger.read_text() + json.dumps({**LINE, "id": "stranger"}) + "\n")
    compare_deliveries(books, stored, [ledger], len(ids))
    assert len(books.faults) == 1


def test_what_is_due_later_is_not_owed_and_what_was_due_is(tmp_path: Path) -> None:
    """Nobody answers in a run of kills, so alerts climb for ever: there is always one under way."""
    stored = Stored(
        [], [], [], [], [], [("a:politie", False, False, 1), ("a:politie:1", False, False, 2)], 0, 0
    )
    books = Books()
    compare_deliveries(books, stored, [tmp_path / "none"], newest=0)
    assert books.faults == []
    compare_deliveries(books, stored, [tmp_path / "none"], newest=1)
    assert [fault.partition(",")[0] for fault in books.faults] == [
        "1 deliveries were not received in time",
        "1 deliveries did not reach the recipient",
    ]


def test_what_a_broker_does_not_promise_is_counted_apart() -> None:
    at_us = 15
    books = compare_fixes({KEY: b"{}"}, {KEY: Acked(b"{}", at_us)}, rows(), [(10, 20)])
    assert books.faults == []
    assert books.within_promise == 1


def test_a_copy_is_explained_by_a_crash_or_an_attempt_on_file_and_any_other_is_a_fault() -> None:
    to = {"a": "politie", "b": "politie", "c": "reclassering"}
    starts = [0, 100, 200]
    crash = copies_of({"a": [50, 150]}, [("a", 140)], starts, to)
    assert (crash.after_crash, crash.retried, crash.unexplained) == (1, 0, [])
    slow = copies_of({"b": [210, 240]}, [("b", 205), ("b", 235)], starts, to)
    assert (slow.after_crash, slow.retried, slow.unexplained) == (0, 1, [])
    twice = copies_of({"c": [110, 150, 250]}, [("c", 245)], starts, to)
    assert twice.unexplained == ["c"], "two in one life, and no attempt on file"
    alive = copies_of({"c": [210, 250]}, [("c", 245)], starts, to)
    assert alive.unexplained == ["c"], "the last life ended in order, and left one unrecorded"
    both = copies_of({"a": [50, 150], "b": [60, 160]}, [("a", 140), ("b", 150)], starts, to)
    assert both.at_most == 2


def test_what_a_recipient_got_late_for_a_dead_service_is_of_that_service() -> None:
    """A process that is killed may leave a request with the recipient, read before the next start."""
    late = copies_of({"a": [190, 250]}, [("a", 240)], [0, 200], {"a": "politie"})
    assert (late.after_crash, late.unexplained) == (1, [])

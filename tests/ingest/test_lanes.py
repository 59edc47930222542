"""Who is judged now and who waits: pure, so time and load are arguments."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.decode import decode
from emon.ingest.lanes import Budgets, Lane, Taking, Waiting
from emon.ingest.names import TopicNames
from emon.limits import (
    BEHIND_MESSAGES,
    BUDGET_DEVICES_MAX,
    BUDGET_FIXES_BURST,
    BUDGET_FIXES_PER_S,
    INBOX_FIXES_MAX,
    LATE_AFTER_S,
)
from emon.model.fix import Decoded
from emon.model.instant import SECOND_US

AT_US = 1_780_000_000_000_000


def payload(*ages_s: int, seq: int = 1) -> bytes:
    fixes = [
        {"seq": seq + n, "t": (AT_US - age_s * SECOND_US) // 1000, "lat": 51.9, "lon": 4.4, "acc": 10}
        for n, age_s in enumerate(ages_s)
    ]
    return json.dumps(fixes if len(fixes) > 1 else fixes[0]).encode()


def topic(device: str, kind: str = "fix") -> str:
    return f"emon/v1/{device}/{kind}"


def behind(*topics: str, budgets: Budgets | None = None, waiting: int = 0) -> Taking:
    """A taking of so many messages that the service is behind, of many devices."""
    others = [topic(f"o-{n}") for n in range(BEHIND_MESSAGES)]
    return Taking([*others, *topics], 0, budgets or Budgets(), AT_US, waiting)


def sorted_out(taking: Taking, on: str, body: bytes) -> tuple[Decoded | None, list[Waiting]]:
    return taking.sort_out(on, body, decode(on, body))


def test_while_the_service_keeps_up_nobody_waits() -> None:
    taking = Taking([topic("d-1")], 100, Budgets(), AT_US)
    old = payload(36 * 3600, 35 * 3600)
    assert sorted_out(taking, topic("d-1"), old) == (decode(topic("d-1"), old), [])


def test_behind_late_fixes_wait_as_they_came_and_live_ones_do_not() -> None:
    taking = behind(topic("d-1"), topic("d-2"))
    old = payload(36 * 3600, 35 * 3600)
    expected = Waiting("d-1", topic("d-1"), old, 2, Lane.LATE)
    assert sorted_out(taking, topic("d-1"), old) == (None, [expected])
    assert sorted_out(taking, topic("d-2"), payload(LATE_AFTER_S))[1] == []


def test_a_large_message_alone_means_behind_too() -> None:
    taking = Taking([topic("d-1")], 2**20, Budgets(), AT_US)
    assert sorted_out(taking, topic("d-1"), payload(LATE_AFTER_S + 1))[0] is None


def test_of_a_mixed_message_the_live_fixes_are_judged_and_nothing_is_lost() -> None:
    taking = behind(topic("d-1"))
    body = payload(3600, 1800, 60, 0)
    judged, waiting = sorted_out(taking, topic("d-1"), body)
    assert judged is not None
    found = [fix for row in waiting for fix in decode(row.topic, row.payload).fixes]
    assert [fix.seq for fix in found] == [1, 2]
    assert [fix.seq for fix in judged.fixes] == [3, 4]
    assert (*found, *judged.fixes) == decode(topic("d-1"), body).fixes


@pytest.mark.parametrize("kind", ["event", "status", "cmd/reply"])
def test_what_devices_say_beside_fixes_never_waits(kind: str) -> None:
    budgets = Budgets()
    budgets.spend("d-1", 10**6, AT_US)
    taking = behind(*[topic("d-1", kind)] * 50, budgets=budgets)
    for _ in range(50):
        assert sorted_out(taking, topic("d-1", kind), b"offline")[1] == []


def test_the_noisy_one_waits_behind_its_share_and_the_others_do_not() -> None:
    noisy = topic("noisy")
    taking = behind(*[noisy] * 300)
    outcome = [sorted_out(taking, noisy, payload(0, seq=n))[1] for n in range(300)]
    judged = sum(1 for rows in outcome if not rows)
    assert judged == BUDGET_FIXES_BURST
    assert {row.lane for rows in outcome for row in rows} == {Lane.OVER_BUDGET}
    assert sorted_out(taking, topic("o-3"), payload(0))[1] == []


def test_where_all_send_much_nobody_is_the_noisy_one() -> None:
    devices = [topic(f"d-{n}") for n in range(10)]
    budgets = Budgets()
    for n in range(10):
        budgets.spend(f"d-{n}", 10**6, AT_US)
    taking = Taking(devices * 100, 0, budgets, AT_US)
    assert taking.behind
    assert all(not sorted_out(taking, one, payload(0))[1] for one in devices * 100)


def test_a_full_inbox_holds_the_broker_back_instead() -> None:
    assert not behind(waiting=INBOX_FIXES_MAX).behind


def test_a_budget_fills_again_and_owes_nothing() -> None:
    budgets = Budgets()
    assert budgets.spend("d", int(BUDGET_FIXES_BURST), AT_US)
    assert not budgets.spend("d", 1, AT_US)
    later_us = AT_US + round(SECOND_US / BUDGET_FIXES_PER_S)
    assert budgets.spend("d", 1, later_us)
    assert not budgets.spend("d", 1, later_us - SECOND_US)  # a clock that was set back gives nothing


def test_budgets_are_bounded() -> None:
    budgets = Budgets()
    for number in range(BUDGET_DEVICES_MAX + 2):
        budgets.spend(f"d-{number}", 1, AT_US + number)
    assert len(budgets) <= BUDGET_DEVICES_MAX


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400)), min_size=1, max_size=60))
def test_each_fix_is_judged_or_waits_and_none_is_both(sent: list[tuple[str, int]]) -> None:
    topics = [topic(device) for device, _ in sent]
    taking = behind(*topics)
    bodies = [payload(age_s, age_s // 2, seq=2 * n) for n, (_, age_s) in enumerate(sent)]
    came: Counter[tuple[str, int, int]] = Counter()
    kept: Counter[tuple[str, int, int]] = Counter()
    for on, body in zip(topics, bodies, strict=True):
        came.update(fix.key for fix in decode(on, body).fixes)
        judged, waiting = sorted_out(taking, on, body)
        kept.update(fix.key for fix in (judged.fixes if judged is not None else ()))
        kept.update(fix.key for row in waiting for fix in decode(row.topic, row.payload).fixes)
    assert came == kept


_ASKED = st.tuples(st.sampled_from("abc"), st.integers(1, 40), st.sampled_from([0, 60, 200]), st.booleans())


@pytest.mark.parametrize("by_number", [False, True])
@given(pieces=st.lists(st.lists(_ASKED, max_size=12), max_size=5))
def test_asked_together_messages_take_the_lanes_that_they_take_one_by_one(
    by_number: bool, pieces: list[list[tuple[str, int, int, bool]]]
) -> None:
    names = TopicNames()
    topics = [topic(device) for piece in pieces for device, *_ in piece]
    one_by_one, together = behind(*topics), behind(*topics)
    for piece in pieces:
        on, devices = [topic(device) for device, *_ in piece], [device for device, *_ in piece]
        fixes, retained = [count for _, count, *_ in piece], [kept for *_, kept in piece]
        oldest = [AT_US - age_s * SECOND_US for _, _, age_s, _ in piece]
        expected = [
            one_by_one.lane_of(where, device, count, oldest_us, retained=kept)
            for where, device, count, oldest_us, kept in zip(
                on, devices, fixes, oldest, retained, strict=True
            )
        ]
        numbered = names.named(names.numbers(on))
        found = together.lanes_of(on, numbered[1] if by_number else devices, fixes, oldest, retained)
        assert (found or [None] * len(piece)) == expected

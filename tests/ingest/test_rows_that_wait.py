"""How messages of plain fixes wait: whole, in rows that are judged in a moment each, undecoded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.batching import Batch, Cutter
from emon.ingest.decode import decode
from emon.ingest.deliveries import Delivery
from emon.ingest.fixb import encode_fixb
from emon.ingest.lanes import Budgets, Lane, Taking
from emon.limits import BEHIND_BYTES, FIXES_PER_MESSAGE_MAX, LATE_AFTER_S, WAITING_ROW_FIXES_MAX
from emon.model.fix import RawFix
from emon.model.instant import SECOND_US

AT_US = 1_780_000_000_000_000
KINDS = ("fix", "fixb", "fix of objects")
"""The last with a member that no columns hold."""


def payload(kind: str, ages_s: list[int]) -> bytes:
    """A message of fixes that are so old."""
    times_us = [AT_US - age_s * SECOND_US for age_s in ages_s]
    if kind == "fixb":
        return encode_fixb(
            [RawFix("d-1", seq, at_us, 4.4, 51.9, 10.0, b"") for seq, at_us in enumerate(times_us)]
        )
    own = {"own": "\u00e8"} if kind == "fix of objects" else {}
    fixes = [
        {"seq": seq, "t": at_us // 1000, "lat": 51.9, "lon": 4.4, "acc": 10} | own
        for seq, at_us in enumerate(times_us)
    ]
    return json.dumps(fixes if len(fixes) > 1 else fixes[0]).encode()


def cut_behind(topic: str, body: bytes, budgets: Budgets | None = None) -> list[Batch]:
    """The batches of one message that came while the service was behind."""
    taking = Taking([topic], BEHIND_BYTES, budgets or Budgets(), AT_US)
    return list(Cutter(10_000, None).cut([Delivery(topic, body, False)], taking))


@pytest.mark.parametrize("kind", KINDS)
@given(
    ages_s=st.lists(st.sampled_from([0, LATE_AFTER_S, LATE_AFTER_S + 1, 90_000]), min_size=1, max_size=300)
)
def test_each_fix_is_judged_now_or_waits_in_a_row_of_few(kind: str, ages_s: list[int]) -> None:
    topic = f"emon/v1/d-1/{kind.split()[0]}"
    body = payload(kind, ages_s)
    (batch,) = cut_behind(topic, body)
    waiting = [fix for row in batch.waiting for fix in decode(row.topic, row.payload).fixes]
    judged = [fix for message in batch.messages for fix in message.decoded.fixes]
    if batch.columns is not None:
        judged.extend(batch.columns.fixes_at(range(batch.columns.size)))
    assert sorted([*waiting, *judged], key=lambda fix: fix.seq) == list(decode(topic, body).fixes)
    assert all(AT_US - fix.fixed_at_us > LATE_AFTER_S * SECOND_US for fix in waiting)
    assert all(AT_US - fix.fixed_at_us <= LATE_AFTER_S * SECOND_US for fix in judged)
    assert [row.fixes for row in batch.waiting] == [
        len(decode(row.topic, row.payload).fixes) for row in batch.waiting
    ]
    assert all(row.fixes <= WAITING_ROW_FIXES_MAX for row in batch.waiting)
    assert batch.fixes == len(judged)


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_message_waits_in_no_more_rows_than_it_must(kind: str) -> None:
    topic = f"emon/v1/d-1/{kind.split()[0]}"
    (batch,) = cut_behind(topic, payload(kind, [3_600] * FIXES_PER_MESSAGE_MAX))
    assert [row.fixes for row in batch.waiting] == [WAITING_ROW_FIXES_MAX] * (
        FIXES_PER_MESSAGE_MAX // WAITING_ROW_FIXES_MAX
    )


def test_a_short_message_waits_as_it_came() -> None:
    body = b" " + payload("fix", [3_600] * WAITING_ROW_FIXES_MAX)
    (batch,) = cut_behind("emon/v1/d-1/fix", body)
    assert [row.payload for row in batch.waiting] == [body]


def test_what_is_over_budget_waits_in_such_rows_too() -> None:
    """Of a device whose taking is not the median's, live fixes and late ones alike."""
    budgets = Budgets()
    budgets.spend("d-1", 10**6, AT_US)
    topics = ["emon/v1/d-1/fix"] * 9
    others = [f"emon/v1/o-{n}/fix" for n in range(200)]
    taking = Taking([*others, *topics], BEHIND_BYTES, budgets, AT_US)
    bodies = [payload("fix", [0] * 120)] * len(topics)
    deliveries = [Delivery(on, payload("fix", [0]), False) for on in others]
    deliveries += [Delivery(on, body, False) for on, body in zip(topics, bodies, strict=True)]
    rows = [row for batch in Cutter(10_000, None).cut(deliveries, taking) for row in batch.waiting]
    assert {row.lane for row in rows} == {Lane.OVER_BUDGET}
    assert {row.fixes for row in rows} == {WAITING_ROW_FIXES_MAX, 20}

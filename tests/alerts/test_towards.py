"""Whom a climb goes towards, once some have answered and others have not: by table, and over a night."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.alerts_night import PARTIES, Night, night, tomorrow_us
from emon.alerts.escalation import eased_at_us, plan_at_ease, towards
from emon.alerts.ladder import LOW_LADDER, UNANSWERED
from emon.alerts.lifecycle import Fact, Happened, Needs
from emon.model.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.alerts.test_night import told

BREACH = ("breach", AlertEvent.BREACH, 1, PARTIES)
PANIC = ("panic", AlertEvent.PANIC, 1, (Party.MELDKAMER_EM,))
START_US = 1_000 * DAY_US


def said(*parties: str) -> list[Happened]:
    return [Happened(n, Fact.ACKNOWLEDGED, party=party) for n, party in enumerate(parties)]


CONTACTS = {"cars": "politie", "officer": "reclassering", "lead": "meldkamer_em", "duty": "om"}


@pytest.mark.parametrize(
    ("names", "answered", "owed", "kept"),
    [
        ("politie meldkamer_em", "", "politie reclassering meldkamer_em", "politie meldkamer_em"),
        ("politie meldkamer_em", "meldkamer_em", "politie", "politie meldkamer_em"),
        ("politie lead", "meldkamer_em reclassering", "politie", "politie lead"),
        ("politie officer cars", "reclassering meldkamer_em", "politie", "politie cars"),
        ("reclassering", "reclassering", "politie", "politie"),  # never nobody
        ("officer", "reclassering", "politie meldkamer_em", "politie meldkamer_em"),
        ("politie duty om", "meldkamer_em om", "politie", "politie"),
        ("politie duty", "meldkamer_em", "politie", "politie duty"),
    ],
)
def test_the_table(names: str, answered: str, owed: str, kept: str) -> None:
    happened = said(*answered.split())
    found = towards(names.split(), CONTACTS, owed.split(), Needs.EACH, happened)
    assert found == tuple(kept.split())


@given(
    st.lists(st.sampled_from([*Party, *CONTACTS]), unique=True),
    st.lists(st.sampled_from(Party), unique=True),
    st.lists(st.sampled_from(Party), unique=True, min_size=1),
    st.sampled_from(Needs),
)
def test_somebody_is_always_told_and_nobody_who_owes_is_left_out(
    names: list[str], answered: list[str], owed: list[str], needs: Needs
) -> None:
    happened = said(*answered)
    found = towards(names, CONTACTS, owed, needs, happened)
    assert found or not names
    assert needs is Needs.ANY or found
    assert {name for name in names if name in owed or name == Party.MELDKAMER_EM} <= {*found}
    if needs is Needs.ANY:
        assert found == tuple(names)


@pytest.mark.parametrize(
    ("owed", "answered", "needs", "eased_us"),
    [
        ("meldkamer_em", "politie reclassering", Needs.EACH, 1),
        ("meldkamer_em", "", Needs.EACH, None),  # nobody has it in hand
        ("politie", "reclassering meldkamer_em", Needs.EACH, None),
        ("politie meldkamer_em", "reclassering", Needs.EACH, None),
        ("meldkamer_em beschermde", "politie", Needs.EACH, None),
        ("meldkamer_em", "politie", Needs.ANY, None),
        ("", "politie meldkamer_em", Needs.EACH, None),
    ],
)
def test_it_eases_where_the_centre_alone_is_left(
    owed: str, answered: str, needs: Needs, eased_us: int | None
) -> None:
    assert eased_at_us(owed.split(), needs, said(*answered.split())) == eased_us


def test_at_ease_it_comes_after_a_shift_and_then_daily() -> None:
    owed, now_us, climbed, came_h = ("meldkamer_em",), START_US, 2, []
    for _ in range(4):
        made = plan_at_ease(LOW_LADDER, START_US, climbed, owed, now_us)
        if made.climb is not None:
            assert (made.climb.first, made.climb.step) == (climbed + 1, climbed + 1)
            assert (made.climb.tell, made.climb.owed) == ((UNANSWERED,), owed)
            climbed = made.climb.step
            came_h.append((now_us - START_US) // HOUR_US)
        assert made.next_us is not None
        assert made.next_us > now_us
        now_us = made.next_us
    assert came_h == [8, 32, 56]


@pytest.fixture
async def dark(claimed_store: Store, tmp_path: Path) -> AsyncIterator[tuple[Night, Any]]:
    async with night(claimed_store, tomorrow_us(), tmp_path) as parts:
        yield parts


async def test_what_police_and_reclassering_have_in_hand_no_longer_rings_the_centre_every_three_minutes(
    dark: tuple[Night, Any],
) -> None:
    parts, channels = dark
    (breach,) = await parts.raise_alerts(BREACH)
    await parts.look()
    await parts.pass_until(100 * SECOND_US)
    for party in ("politie", "reclassering"):
        await parts.store.acknowledge(breach, party, "A. de Vries", "page", parts.clocks.wall_us)
    await parts.pass_until(7 * HOUR_US, HOUR_US)
    before = [(0, 0), (60, 1)]
    assert told(parts, "meldkamer_em", breach) == before
    await parts.stop()
    await parts.start(channels)  # a restart neither hurries nor forgets it
    await parts.pass_until(8 * HOUR_US + 2 * MINUTE_US, MINUTE_US)
    assert told(parts, "meldkamer_em", breach) == [*before, (8 * 3_600 + 120, 2)]  # the first look after
    await parts.pass_until(32 * HOUR_US + 2 * MINUTE_US, HOUR_US)
    assert [climb for _, climb in told(parts, "meldkamer_em", breach)] == [0, 1, 2, 3], (
        "not closed, not forgotten"
    )
    assert told(parts, "politie", breach) == before
    closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY)
    await parts.store.close_alert(breach, "politie", "A. de Vries", closing, "page", parts.clocks.wall_us)
    assert await parts.store.next_escalation_us() is None


async def test_the_centre_is_rung_while_the_police_are_silent_though_it_has_answered(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    (breach,) = await parts.raise_alerts(BREACH)
    await parts.look()
    await parts.pass_until(100 * SECOND_US)
    for party in ("meldkamer_em", "reclassering"):
        await parts.store.acknowledge(breach, party, "C. Smit", "page", parts.clocks.wall_us)
    await parts.pass_until(400 * SECOND_US)
    hurried = [(0, 0), (60, 1), (180, 2), (360, 3)]
    assert told(parts, "politie", breach) == told(parts, "meldkamer_em", breach) == hurried
    assert told(parts, "reclassering", breach) == hurried[:2]


async def test_what_only_the_centre_was_asked_about_never_eases(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    (panic,) = await parts.raise_alerts(PANIC)
    await parts.look()
    await parts.pass_until(400 * SECOND_US)
    assert [climb for _, climb in told(parts, "meldkamer_em", panic)] == [0, 1, 2, 3]

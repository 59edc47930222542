"""The life of an alert: every cell of its table reached by what can be on file, and what nothing can do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.alerts.lifecycle import (
    ALERT,
    Done,
    Fact,
    Given,
    Happened,
    Life,
    Needs,
    Stage,
    asked_of,
    given_by,
    life_of,
    lived,
)
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome, VictimOutcome, missing_in
from emon.model.vocabulary import AlertEvent

BAN = AlertEvent.BREACH
BOTH = ("politie", "reclassering")
RECEIPT = Happened(1, Fact.RECEIPT, party="politie")
POLICE = Happened(2, Fact.ACKNOWLEDGED, party="politie", person="A. de Vries")
PROBATION = Happened(3, Fact.ACKNOWLEDGED, party="reclassering", person="B. Bakker")
CLOSED = Happened(4, Fact.CLOSED, party="politie", person="A. de Vries", cause="wearer", outcome="arrested")

WAYS: dict[Stage, tuple[Happened, ...]] = {
    Stage.RAISED: (),
    Stage.DELIVERED: (RECEIPT,),
    Stage.TAKEN: (RECEIPT, POLICE),
    Stage.ACKNOWLEDGED: (RECEIPT, POLICE, PROBATION),
    Stage.RESOLVED: (RECEIPT, CLOSED),
}
"""To each stage, by what is on file."""

FACTS: dict[Given, Happened] = {
    Given.RECEIPT: Happened(9, Fact.RECEIPT, party="reclassering"),
    Given.OVERDUE: Happened(9, Fact.CLIMBED, step=1),
    Given.CLEARED: Happened(9, Fact.CLEARED),
    Given.RISEN: Happened(9, Fact.RISEN, other="a-2"),
    Given.MERGED: Happened(9, Fact.MERGED, other="a-2"),
    Given.SUSPENDED: Happened(9, Fact.SUSPENDED),
    Given.CLOSED: Happened(9, Fact.CLOSED, party="reclassering", person="B. Bakker"),
    Given.TIME: Happened(10**18, Fact.SAID_AGAIN, party="politie", detail="acknowledged"),
}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("given_input", [one for one in Given if one in FACTS])
def test_a_fact_on_file_does_what_its_cell_says(stage: Stage, given_input: Given) -> None:
    before = life_of(BOTH, Needs.EACH, WAYS[stage])
    assert before.stage is stage
    assert given_by(before, FACTS[given_input], Needs.EACH) is given_input
    after_cell, done = ALERT.step(stage, given_input)
    after = lived(before, FACTS[given_input], Needs.EACH)
    assert after.stage is after_cell
    assert after.climbs - before.climbs == (Done.CLIMB in done)
    assert after.handed_over is (Done.HAND_OVER in done)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("needs", Needs)
def test_an_answer_counts_as_the_last_one_or_not(stage: Stage, needs: Needs) -> None:
    """Of four parties two have answered at most: the third leaves one owed, the fourth nobody."""
    for parties, answered in (
        (("politie", "reclassering", "om"), Given.ANSWERED),
        (BOTH, Given.ALL_ANSWERED),
    ):
        before = Life(stage, () if stage in (Stage.ACKNOWLEDGED, Stage.RESOLVED) else parties[1:])
        expected = answered if before.owed and needs is Needs.EACH else Given.ALL_ANSWERED
        assert given_by(before, PROBATION, needs) is expected
        after_cell, _ = ALERT.step(stage, expected)
        assert lived(before, PROBATION, needs).stage is after_cell
    extra = Life(stage, BOTH)  # somebody answers whose answer nobody waits for
    stranger = Happened(5, Fact.ACKNOWLEDGED, party="om", person="C")
    assert given_by(extra, stranger, Needs.EACH) is Given.ANSWERED
    assert lived(extra, stranger, Needs.EACH).stage is ALERT.step(stage, Given.ANSWERED)[0]


@pytest.mark.parametrize("stage", Stage)
def test_a_closing_in_part_is_refused_wherever_the_alert_stands(stage: Stage) -> None:
    lacks = missing_in(Closing(ClosingCause.WEARER, ClosingOutcome.ARRESTED), victim_linked=True)
    assert [member for member, _ in lacks] == ["victim_outcome"]
    assert ALERT.step(stage, Given.CLOSED_IN_PART) == (stage, (Done.REFUSE,))


def test_every_cell_is_reached_by_one_of_the_tests_above() -> None:
    covered = {*FACTS, Given.ANSWERED, Given.ALL_ANSWERED, Given.CLOSED_IN_PART}
    assert covered == set(Given)
    assert set(WAYS) == set(Stage)


@pytest.mark.parametrize("stage", Stage)
def test_an_alert_cannot_expire_and_only_a_closing_ends_it(stage: Stage) -> None:
    assert ALERT.step(stage, Given.TIME) == (stage, ())
    for given_input in Given:
        after, done = ALERT.step(stage, given_input)
        if stage is not Stage.RESOLVED:
            assert (after is Stage.RESOLVED) is (given_input is Given.CLOSED)
            assert (Done.FILE in done) is (given_input is Given.CLOSED)
        else:
            assert after is Stage.RESOLVED
            assert Done.CLIMB not in done


def test_one_partys_answer_is_not_another_s_where_each_must_answer() -> None:
    taken = life_of(BOTH, Needs.EACH, (POLICE,))
    assert (taken.stage, taken.owed, taken.may_climb) == (Stage.TAKEN, ("reclassering",), True)
    assert life_of(BOTH, Needs.ANY, (POLICE,)) == Life(Stage.ACKNOWLEDGED, ())


def test_the_answer_of_somebody_who_was_told_later_is_enough_where_any_is() -> None:
    centre = Happened(5, Fact.ACKNOWLEDGED, party="meldkamer_em", person="C. Smit")
    assert life_of(BOTH, Needs.ANY, (centre,)).stage is Stage.ACKNOWLEDGED
    assert life_of(BOTH, Needs.EACH, (centre,)).owed == BOTH


@pytest.mark.parametrize("fact", [Given.RISEN, Given.MERGED])
def test_the_alert_that_took_its_place_climbs_for_it(fact: Given) -> None:
    waits = life_of(BOTH, Needs.EACH, (RECEIPT, FACTS[fact]))
    assert (waits.stage, waits.owed, waits.may_climb) == (Stage.DELIVERED, BOTH, False)


@pytest.mark.parametrize("fact", [Given.CLEARED, Given.SUSPENDED])
def test_what_is_over_or_suspended_is_climbed_all_the_same(fact: Given) -> None:
    assert life_of(BOTH, Needs.EACH, (RECEIPT, FACTS[fact])).may_climb


ANY_FACT = st.builds(
    Happened,
    st.integers(0, 50),
    st.sampled_from(Fact),
    st.sampled_from([*BOTH, "meldkamer_em", "om"]),
    st.just("A"),
)


@given(st.lists(ANY_FACT, max_size=12, unique_by=lambda one: (one.at_us, one.fact)), st.sampled_from(Needs))
def test_the_life_is_that_of_its_facts_in_whatever_order_they_are_read(
    facts: list[Happened], needs: Needs
) -> None:
    life = life_of(BOTH, needs, facts)
    assert life == life_of(BOTH, needs, reversed(facts))
    assert (life.stage is Stage.RESOLVED) is any(one.fact is Fact.CLOSED for one in facts)
    answered = {one.party for one in facts if one.fact is Fact.ACKNOWLEDGED}
    if life.stage not in (Stage.RESOLVED, Stage.ACKNOWLEDGED):
        assert life.owed == tuple(party for party in BOTH if party not in answered)
        assert life.owed


def test_a_closing_says_how_she_is_and_explains_what_needs_explaining() -> None:
    whole = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY, VictimOutcome.SAFE_INFORMED)
    assert missing_in(whole, victim_linked=True) == []
    assert missing_in(Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY), victim_linked=False) == []
    for cause, outcome, victim in itertools.product(
        (ClosingCause.NOT_FOUND, ClosingCause.WEARER),
        (ClosingOutcome.HANDED_OVER, ClosingOutcome.NO_ACTION),
        (VictimOutcome.SAFE_NOT_INFORMED, VictimOutcome.MOVED),
    ):
        want = (cause is ClosingCause.NOT_FOUND) + (outcome is ClosingOutcome.HANDED_OVER)
        want += victim is VictimOutcome.SAFE_NOT_INFORMED
        bare = missing_in(Closing(cause, outcome, victim), victim_linked=True)
        assert [member for member, _ in bare] == ["note"] * want
        assert missing_in(Closing(cause, outcome, victim, "because"), victim_linked=True) == []
    assert "not_reached" not in list(VictimOutcome), "while nobody knows how she is, it stays open"


def test_who_is_asked_is_who_could_be_told() -> None:
    everybody = ("politie", "reclassering", "meldkamer_em")
    assert asked_of(everybody, ("meldkamer_em", "politie"), BAN) == ("politie", "meldkamer_em")
    assert asked_of(("politie",), ("meldkamer_em",), BAN) == ("meldkamer_em",), "it was told in their place"
    assert asked_of(("politie",), ("desk", "politie"), BAN) == ("politie",), "a contact's party answers"
    assert asked_of(("politie",), (), BAN) == ("politie",)


@pytest.mark.parametrize("event", [AlertEvent.PLATFORM, AlertEvent.RECIPIENT_DOWN])
def test_the_protected_person_is_told_of_our_troubles_and_not_asked(event: AlertEvent) -> None:
    """She can mend nothing: to be told again every three minutes of a night helps her nothing."""
    both = ("meldkamer_em", "beschermde")
    assert asked_of(both, both, event) == ("meldkamer_em",)
    assert asked_of(both, both, BAN) == both
    assert asked_of(("beschermde",), ("beschermde",), event) == ("beschermde",), "somebody is always asked"


@pytest.mark.parametrize("needs", Needs)
def test_that_the_protected_person_has_read_of_it_takes_it_in_nobody_s_hand(needs: Needs) -> None:
    """ "Read" ends what is repeated to her. It must not end the climbing to those who can do something."""
    read = Happened(2, Fact.ACKNOWLEDGED, party="beschermde", person="She")
    life = life_of(("meldkamer_em", "beschermde"), needs, (RECEIPT, read))
    assert (life.stage, life.owed, life.may_climb) == (Stage.DELIVERED, ("meldkamer_em",), True)
    alone = life_of(("beschermde",), needs, (RECEIPT, read))
    assert (alone.stage, alone.owed) == (Stage.ACKNOWLEDGED, ())

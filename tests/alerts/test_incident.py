"""The course of an incident: every cell of its table reached by what can be on file."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emon.alerts.incident import INCIDENT, PASSING, Course, Facts, Given, Said, Say, look, state_of
from emon.alerts.incident_audience import Told, hears, leaves_at_us
from emon.alerts.need import Fact, Need
from emon.alerts.outbox import AlertView
from emon.limits import INCIDENT_POSITION_EVERY_S
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import Party
from tests.alerts.parts import BREACH, NOON_US

NOTHING_NEW = Facts(
    Course.FOLLOWED,
    fix_told_us=NOON_US,
    position_told_us=NOON_US,
    now_us=NOON_US + 60 * SECOND_US,
    fix_us=NOON_US,
)
NEWER_US = NOON_US + 50 * SECOND_US
FACTS: dict[Given, Facts] = {
    Given.SAME: NOTHING_NEW,
    Given.MOVED: replace(NOTHING_NEW, fix_us=NEWER_US),
    Given.OWED: replace(NOTHING_NEW, owed=True),
    Given.BELATED: replace(NOTHING_NEW, owed=True, fix_us=NEWER_US),
    Given.LEFT: replace(NOTHING_NEW, ended_us=NEWER_US, by_fix=True, fix_us=NEWER_US),
    Given.LAPSED: replace(NOTHING_NEW, ended_us=NEWER_US),
    Given.WITHDRAWN: replace(NOTHING_NEW, ended_us=NEWER_US, refuted=True),
    Given.CLOSED: replace(NOTHING_NEW, refuted=True, resolved=True),
    Given.ANSWERED: replace(NOTHING_NEW, answers=(7,)),
}
"""What on file is each input."""


@pytest.mark.parametrize(("course", "word"), list(itertools.product(Course, Given)))
def test_every_cell_is_reached_by_what_is_on_file(course: Course, word: Given) -> None:
    facts = replace(FACTS[word], course=course)
    after, says = INCIDENT.step(course, word)
    found = look(facts)
    if word is Given.ANSWERED:
        assert after is course
        assert found.said[0] == Said(Say.ANSWER, Given.ANSWERED, 7)
        return
    assert state_of(facts) is word
    assert found.course is after
    assert [said.say for said in found.said] == list(says)
    assert {said.because for said in found.said} <= {word}
    assert found.rests is (after is Course.OVER)


def test_a_position_waits_out_its_pause_and_a_clock_that_was_set_back_holds_none_up() -> None:
    moved = FACTS[Given.MOVED]
    told_us = moved.position_told_us
    early = replace(moved, now_us=told_us + INCIDENT_POSITION_EVERY_S * SECOND_US - 1)
    assert state_of(early) is Given.SAME
    assert state_of(replace(early, now_us=early.now_us + 1)) is Given.MOVED
    assert state_of(replace(moved, now_us=told_us - HOUR_US)) is Given.MOVED


def test_a_person_s_word_goes_before_the_fixes_and_an_end_before_what_moves() -> None:
    everything = replace(FACTS[Given.BELATED], ended_us=NEWER_US, by_fix=True, refuted=True, resolved=True)
    assert state_of(everything) is Given.CLOSED
    assert state_of(replace(everything, resolved=False)) is Given.WITHDRAWN
    assert state_of(replace(everything, resolved=False, refuted=False)) is Given.LEFT


@given(
    course=st.sampled_from(Course),
    newer=st.booleans(),
    owed=st.booleans(),
    ended=st.booleans(),
    refuted=st.booleans(),
    resolved=st.booleans(),
    answers=st.integers(0, 3),
)
def test_what_was_said_is_not_said_again(
    course: Course, newer: bool, owed: bool, ended: bool, refuted: bool, resolved: bool, answers: int
) -> None:
    facts = replace(
        NOTHING_NEW,
        course=course,
        fix_us=NEWER_US if newer else NOON_US,
        owed=owed,
        ended_us=NEWER_US if ended else None,
        refuted=refuted,
        resolved=resolved,
        answers=tuple(range(answers)),
    )
    first = look(facts)
    assert len(first.said) == len(set(first.said))
    told = replace(
        facts, course=first.course, fix_told_us=facts.fix_us or 0, position_told_us=facts.now_us, answers=()
    )
    assert look(told).said == ()
    assert look(told).course is first.course


POLICE = Told("politie", "politie", "webhook", BREACH.id)
CENTRE = Told("meldkamer_em", "meldkamer_em", "smtp", BREACH.id)
PROBATION = Told("reclassering", "reclassering", "webhook", BREACH.id)
HERS = Told("beschermde", "beschermde", "webhook", BREACH.id)
SECRET = replace(BREACH, secret=True)


def heard(
    told: Told,
    of: AlertView = BREACH,
    *,
    police_told: bool = True,
    near: bool = True,
    needs: tuple[Need, ...] = (),
) -> set[Say]:
    return {
        say
        for say in Say
        if hears(told, say, of, police_told=police_told, near=near, answered_by="politie", needs=needs)
    }


def test_each_hears_what_he_needs() -> None:
    everything = set(Say)
    assert heard(POLICE) == everything - {Say.ANSWER}, "their own answer they know"
    assert heard(CENTRE) == everything - {Say.POSITION}, "no mail each fifteen seconds"
    assert heard(replace(CENTRE, channel="mqtt")) == everything
    assert heard(PROBATION) == everything - {Say.POSITION}
    assert Say.STAND_DOWN not in heard(PROBATION, police_told=False)
    assert heard(HERS, near=False) == {Say.GOES_ON}, "of a place she has no word to read in the others"
    assert heard(replace(POLICE, recipient="car")) == heard(POLICE), "a contact hears what its party does"


def test_the_protected_person_hears_what_changes_for_her_and_where_he_is_by_the_policy_alone() -> None:
    hers = {Say.SIGNAL_LOST, Say.SIGNAL_BACK, Say.LEFT, Say.LAPSED, Say.GOES_ON}
    assert heard(HERS) == hers
    assert heard(HERS, needs=(Need(Party.BESCHERMDE, (Fact.POSITION,)),)) == hers | {Say.POSITION}


def test_of_a_secret_zone_nothing_that_moves_is_told_and_the_rest_at_the_full_hour() -> None:
    assert heard(PROBATION, SECRET).isdisjoint(PASSING)
    assert heard(HERS, SECRET).isdisjoint(PASSING)
    assert heard(POLICE, SECRET) == heard(POLICE)
    at_us = NOON_US + 25 * SECOND_US
    assert leaves_at_us(PROBATION, SECRET, at_us) == NOON_US + HOUR_US
    assert leaves_at_us(PROBATION, BREACH, at_us) == at_us
    assert leaves_at_us(POLICE, SECRET, at_us) == at_us

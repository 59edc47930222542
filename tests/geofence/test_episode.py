"""The table of a breach says what the contract says of its beginning and end."""

from __future__ import annotations

import pytest

from emon.geofence.episode import BREACH, Done, Phase, Shown

BY_EDGE = [shown for shown in Shown if shown.value.startswith("edge_")]


def run(*inputs: Shown) -> tuple[Phase, list[Done]]:
    phase = Phase.NONE
    done: list[Done] = []
    for shown in inputs:
        phase, effects = BREACH.step(phase, shown)
        done += effects
    return phase, done


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("shown", [Shown.UNKNOWN, Shown.EDGE_UNKNOWN])
def test_what_is_not_known_changes_nothing(phase: Phase, shown: Shown) -> None:
    """Silence never closes a breach, nor does a position that says nothing."""
    assert BREACH.step(phase, shown) == (phase, ())


@pytest.mark.parametrize("shown", [Shown.EDGE_END, Shown.EDGE_RIGHT])
def test_an_edge_ends_it_at_its_own_instant_or_where_the_opposite_was_shown_before(shown: Shown) -> None:
    assert BREACH.step(Phase.IN_BREACH, shown) == (Phase.NONE, (Done.END_AT_EDGE,))
    assert BREACH.step(Phase.OPPOSED, shown) == (Phase.NONE, (Done.END_AT_FIRST_RIGHT,))


def test_one_fix_on_the_right_side_does_not_end_it_and_the_second_ends_it_at_the_first() -> None:
    assert run(Shown.CONCLUSIVE, Shown.RIGHT) == (Phase.OPPOSED, [Done.BEGIN, Done.OPPOSE])
    assert run(Shown.CONCLUSIVE, Shown.RIGHT, Shown.RIGHT) == (
        Phase.NONE,
        [Done.BEGIN, Done.OPPOSE, Done.END_AT_FIRST_RIGHT],
    )


def test_an_outlier_between_is_forgotten() -> None:
    phase, done = run(Shown.CONCLUSIVE, Shown.RIGHT, Shown.WRONG, Shown.RIGHT)
    assert phase is Phase.OPPOSED
    assert Done.END_AT_FIRST_RIGHT not in done


@pytest.mark.parametrize("shown", Shown)
def test_only_conclusive_evidence_begins_one(shown: Shown) -> None:
    after, done = BREACH.step(Phase.NONE, shown)
    begins = shown in (Shown.CONCLUSIVE, Shown.EDGE_CONCLUSIVE)
    assert (after is Phase.IN_BREACH) is begins
    assert bool(done) is begins


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("shown", Shown)
def test_at_most_one_thing_is_done_and_it_explains_the_change(phase: Phase, shown: Shown) -> None:
    after, done = BREACH.step(phase, shown)
    assert len(done) <= 1
    assert done or after is phase
    ends = done[:1] in ((Done.END_AT_EDGE,), (Done.END_AT_FIRST_RIGHT,))
    assert (phase is not Phase.NONE and after is Phase.NONE) is ends


@pytest.mark.parametrize("shown", BY_EDGE)
def test_a_breach_that_the_new_version_shows_too_goes_on(shown: Shown) -> None:
    if shown in (Shown.EDGE_WRONG, Shown.EDGE_CONCLUSIVE):
        assert run(Shown.CONCLUSIVE, shown) == (Phase.IN_BREACH, [Done.BEGIN, Done.CARRY])
    else:
        assert Done.CARRY not in run(Shown.CONCLUSIVE, shown)[1]


def test_who_is_protected_now_is_not_opposed_by_what_was_seen_of_another() -> None:
    """Of a contact: a new version names another person or radius, and no fix tells: two are needed again."""
    phase, done = run(Shown.CONCLUSIVE, Shown.RIGHT, Shown.EDGE_ANOTHER, Shown.RIGHT)
    assert phase is Phase.OPPOSED
    assert Done.FORGET in done
    assert Done.END_AT_FIRST_RIGHT not in done

"""Each cell of the tables of commands and upkeep, by what it does to a device: its next state, the
commands that leave, and the troubles and alerts that open or clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from emon.alerts.policy import DEFAULT_POLICY
from emon.devices import charging, demand, plausibility, pursuit, timekeeping
from emon.devices.upkeep import Upkeep
from emon.limits import CHARGE_GRACE_S
from emon.model.care import Care, ChargeState, ClockState, DemandState, PursuitState, TrustState
from emon.model.command import Asks
from emon.model.instant import SECOND_US, parse_instant
from emon.model.machine import Machine
from emon.model.vocabulary import AlertEvent, Risk
from emon.model.watch import Duty
from emon.plan import plain_shift

NOON_US = parse_instant("2026-06-01T12:00:00Z")
DUTIES = (Duty("o-1", NOON_US - 1_000_000, None, Risk.MEDIUM),)

Cells = dict[tuple[Any, Any], tuple[Any, Sequence[str]]]


def kept(event: AlertEvent, opened: bool, **members: Any) -> Upkeep:
    """A device in a state, with the trouble that belongs to it."""
    troubles = {str(event): ("t" * 16, NOON_US - 60 * SECOND_US, "a" * 16)} if opened else {}
    care = Care(troubles=troubles, fix=("f" * 16, NOON_US - 60 * SECOND_US), **members)
    return Upkeep("d-1", care, DUTIES, plain_shift, DEFAULT_POLICY.decide)


def done(upkeep: Upkeep) -> list[str]:
    """What came of it, in words."""
    words = [f"{c.asks} {c.rate_s}" if c.asks is Asks.RATE else str(c.asks) for c in upkeep.commands]
    words += ["open" if t.cleared_at_us is None else "clear" for t in upkeep.troubles]
    words += [f"tell {alert.priority}" for alert in upkeep.alerts]
    return words + [f"keeps {turn.every_s}" for turn in upkeep.rates]


def test_a_position_on_demand() -> None:
    idle, asked, unanswered = DemandState
    w, a, o, lapsed, r = demand.Given
    cells: Cells = {
        (idle, w): (asked, ["fix"]),
        (asked, o): (unanswered, ["open", "tell 3"]),
        (unanswered, w): (unanswered, ["fix"]),
        (unanswered, a): (idle, ["clear"]),
        (unanswered, r): (idle, ["clear"]),
        **{(asked, given): (idle, []) for given in (a, lapsed, r)},
    }
    for state, given in every_cell(demand.DEMAND, cells):
        upkeep = kept(AlertEvent.COMMAND_UNANSWERED, state is unanswered, demand=state)
        upkeep.demand(given, NOON_US, None, "doubt")
        assert (upkeep.care.demand, done(upkeep)) == cells.get((state, given), (state, []))


def test_a_pursuit() -> None:
    normal, asked, fast, returning = PursuitState
    o, c, y, n, d = pursuit.Given
    cells: Cells = {
        (normal, o): (asked, ["rate 15"]),
        (asked, c): (returning, ["rate 60"]),
        (asked, y): (fast, []),
        (asked, d): (asked, ["rate 15"]),
        (fast, c): (returning, ["rate 60"]),
        (fast, d): (asked, ["rate 15"]),
        (returning, o): (asked, ["rate 15"]),
        (returning, y): (normal, []),
        (returning, d): (normal, ["keeps 60"]),
    }
    assert n not in {given for _, given in cells}, "a refusal changes nothing: it is asked again"
    for state, given in every_cell(pursuit.PURSUIT, cells):
        upkeep = kept(AlertEvent.COMMAND_UNANSWERED, False, pursuit=state)
        upkeep.pursue(given, NOON_US)
        assert (upkeep.care.pursuit, done(upkeep)) == cells.get((state, given), (state, []))
        assert (upkeep.care.pursuit_wait is None) == (
            upkeep.care.pursuit is normal or not moved(cells, state, given)
        )


def moved(cells: Cells, state: Any, given: Any) -> bool:
    return (state, given) in cells


def test_a_clock() -> None:
    right, wrong = ClockState
    impossible, timely, released = timekeeping.Given
    cells: Cells = {
        (right, impossible): (wrong, ["open", "tell 4"]),
        (wrong, timely): (right, ["clear"]),
        (wrong, released): (right, ["clear"]),
    }
    for state, given in every_cell(timekeeping.TIMEKEEPING, cells):
        upkeep = kept(AlertEvent.CLOCK_WRONG, state is wrong, clock=state)
        upkeep.clock(given, NOON_US, NOON_US)
        assert (upkeep.care.clock, done(upkeep)) == cells.get((state, given), (state, []))


def test_trust_in_positions() -> None:
    trusted, doubted = TrustState
    several, calm, released = plausibility.Given
    cells: Cells = {
        (trusted, several): (doubted, ["open", "tell 3"]),
        (doubted, calm): (trusted, ["clear"]),
        (doubted, released): (trusted, ["clear"]),
    }
    for state, given in every_cell(plausibility.PLAUSIBILITY, cells):
        upkeep = kept(AlertEvent.IMPLAUSIBLE_FIXES, state is doubted, trust=state)
        upkeep.trust(given, NOON_US - 1, NOON_US, NOON_US)
        assert (upkeep.care.trust, done(upkeep)) == cells.get((state, given), (state, []))


def test_charging() -> None:
    rested, on_power, running, low, critical, missed = ChargeState
    p, u, k, word_low, word_critical, overdue, r = charging.Given
    waiting = (running, low, critical)
    cells: Cells = {
        **{(state, p): (on_power, []) for state in (rested, *waiting)},
        **{(state, u): (running, []) for state in (rested, on_power)},
        **{(state, word_low): (low, []) for state in (rested, running)},
        **{(state, word_critical): (critical, []) for state in (rested, running, low)},
        **{(state, overdue): (missed, ["open", "tell 4"]) for state in waiting},
        **{(state, r): (rested, []) for state in waiting},
        **{(state, k): (rested, []) for state in (low, critical)},
        (missed, p): (on_power, ["clear"]),
        (missed, k): (rested, ["clear"]),
        (missed, r): (rested, ["clear"]),
    }
    for state, given in every_cell(charging.CHARGE, cells):
        waits = (NOON_US - 1, SECOND_US) if state in waiting else None
        upkeep = kept(AlertEvent.CHARGING_MISSED, state is missed, charge=state, charge_wait=waits)
        upkeep.charge(given, NOON_US, NOON_US, NOON_US)
        assert (upkeep.care.charge, done(upkeep)) == cells.get((state, given), (state, []))
        assert (upkeep.care.charge_wait is not None) == (upkeep.care.charge in waiting)


def test_a_word_about_the_battery_that_comes_hours_late_leaves_time_for_the_next() -> None:
    upkeep = kept(AlertEvent.CHARGING_MISSED, False)
    upkeep.charge(charging.Given.LOW, NOON_US - 10 * 3_600 * SECOND_US, NOON_US, NOON_US)
    assert upkeep.care.charge_wait is not None
    assert sum(upkeep.care.charge_wait) == NOON_US + CHARGE_GRACE_S * SECOND_US


def every_cell(machine: Machine[Any, Any, Any], cells: Cells) -> list[tuple[Any, Any]]:
    """All pairs; those that ``cells`` does not name must change nothing."""
    assert set(cells) <= set(machine.table)
    return list(machine.table)


@pytest.mark.parametrize(
    "machine",
    [
        demand.DEMAND,
        pursuit.PURSUIT,
        timekeeping.TIMEKEEPING,
        plausibility.PLAUSIBILITY,
        charging.CHARGE,
    ],
    ids=lambda machine: machine.name,
)
def test_every_state_can_be_reached_and_left(machine: Machine[Any, Any, Any]) -> None:
    states = list(dict.fromkeys(state for state, _ in machine.table))
    first = states[0]
    reached, grown = {first}, True
    while grown:
        more = {after for (state, _), (after, _) in machine.table.items() if state in reached}
        grown = not more <= reached
        reached |= more
    assert reached == set(states)
    for state in states:
        assert any(after is not state for (before, _), (after, _) in machine.table.items() if before is state)

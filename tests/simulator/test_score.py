"""The score says what is missing, late, doubled, of the wrong kind or told to the wrong people."""

from __future__ import annotations

from typing import Any

import pytest

from emon.model.instant import SECOND_US, format_instant, parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, Party
from simulator import Score, load_scenario, score
from simulator.scenario import Expected, Scenario

_START_US = parse_instant("2026-06-01T10:00:00Z")
_STORY = load_scenario()
_TWO = (Party.MELDKAMER_EM, Party.RECLASSERING)


def _scenario(*expected: Expected) -> Scenario:
    return Scenario(
        name="s",
        title="",
        seed=1,
        duration_s=60.0,
        wearers=_STORY.wearers,
        orders=_STORY.orders,
        expected=expected,
    )


def _due(
    between_s: tuple[float, float] = (10.0, 20.0),
    certainty: Certainty | None = Certainty.PROBABLE,
    *,
    optional: bool = False,
) -> Expected:
    return Expected(
        "w-ahoy", "o-ahoy", "c-ahoy", AlertEvent.BREACH, between_s, frozenset(_TWO), certainty, optional
    )


def _alert(after_s: float, **changed: Any) -> dict[str, Any]:
    alert = {
        "type": "alert",
        "id": f"{round(after_s * 1_000):016x}",
        "event": "breach",
        "priority": 2,
        "at": format_instant(_START_US + round(after_s * SECOND_US)),
        "recipients": ["meldkamer_em", "reclassering"],
        "breach": "b" * 16,
        "order": "o-ahoy",
        "condition": "c-ahoy",
        "certainty": "probable",
        "device": "em-1001",
    }
    return alert | changed


def _judge(scenario: Scenario, *alerts: dict[str, Any]) -> tuple[int, int, int, int]:
    found = score(scenario, _START_US, alerts)
    return found.expected, found.raised, len(found.missing), len(found.unexpected)


def test_the_alert_that_is_due_passes() -> None:
    assert score(_scenario(_due()), _START_US, [_alert(15.0)]).passed


@pytest.mark.parametrize("after_s", [10.0, 20.0])
def test_the_bounds_of_the_time_belong_to_it(after_s: float) -> None:
    assert _judge(_scenario(_due()), _alert(after_s)) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        _alert(20.5),
        _alert(9.5),
        _alert(15.0, event="historic_breach"),
        _alert(15.0, certainty="certain"),
        _alert(15.0, recipients=["meldkamer_em"]),
        _alert(15.0, recipients=["meldkamer_em", "reclassering", "politie"]),
        _alert(15.0, recipients=["meldkamer_em", "reclassering", "reclassering"]),
        _alert(15.0, condition="c-2"),
        _alert(15.0, order="o-blaak"),
        _alert(15.0, wearer="w-blaak"),
    ],
    ids=[
        "late",
        "early",
        "event",
        "certainty",
        "fewer",
        "more",
        "twice-told",
        "condition",
        "order",
        "wearer",
    ],
)
def test_an_alert_that_is_wrong_is_missing_and_unexpected(wrong: dict[str, Any]) -> None:
    assert _judge(_scenario(_due()), wrong) == (1, 1, 1, 1)


def test_no_alert_is_missing_and_says_whose() -> None:
    found = score(_scenario(_due()), _START_US, [])
    assert found == Score(1, 0, found.missing, [])
    assert "w-ahoy" in found.missing[0]
    assert "between 10 and 20 s" in found.missing[0]


def test_an_alert_told_twice_is_unexpected_once() -> None:
    assert _judge(_scenario(_due()), _alert(15.0), _alert(16.0)) == (1, 2, 0, 1)


def test_where_nothing_is_due_everything_is_unexpected() -> None:
    found = score(_scenario(), _START_US, [_alert(15.0, order="o-blaak", wearer="w-blaak")])
    assert (found.expected, len(found.unexpected)) == (0, 1)
    assert "w-blaak" in found.unexpected[0]


def test_an_optional_alert_may_come_or_stay_away_but_not_twice() -> None:
    scenario = _scenario(_due(optional=True))
    assert _judge(scenario) == (0, 0, 0, 0)
    assert _judge(scenario, _alert(15.0)) == (0, 1, 0, 0)
    assert _judge(scenario, _alert(15.0), _alert(16.0)) == (0, 2, 0, 1)


def test_overlapping_entries_are_matched_as_well_as_possible() -> None:
    """Taken greedily, the wide entry would use up the one alert that the narrow one can have."""
    scenario = _scenario(_due((10.0, 30.0)), _due((10.0, 15.0)))
    assert _judge(scenario, _alert(12.0), _alert(25.0)) == (2, 2, 0, 0)


def test_certainty_may_be_left_open() -> None:
    scenario = _scenario(_due(certainty=None))
    assert _judge(scenario, _alert(15.0, certainty="certain")) == (1, 1, 0, 0)


def test_an_alert_about_no_order_is_unexpected() -> None:
    outage = _alert(15.0, event="outage", order=None, condition=None, certainty=None, device=None)
    assert _judge(_scenario(_due()), _alert(15.0), outage) == (1, 2, 0, 1)


@pytest.mark.parametrize(
    ("delivered", "missing"),
    [
        ({"meldkamer_em": "2026-06-01T10:00:16Z", "reclassering": "2026-06-01T10:00:16Z"}, 0),
        ({"meldkamer_em": "2026-06-01T10:00:16Z", "reclassering": None}, 1),
        ({"meldkamer_em": "2026-06-01T10:00:16Z"}, 1),
        ({}, 1),
    ],
    ids=["both", "undelivered", "never-sent", "none"],
)
def test_an_alert_that_did_not_reach_its_recipients_is_missing(
    delivered: dict[str, str | None], missing: int
) -> None:
    alert = _alert(15.0)
    deliveries = [
        {"alert": alert["id"], "recipient": party, "delivered_at": at} for party, at in delivered.items()
    ]
    found = score(_scenario(_due()), _START_US, [alert], deliveries)
    assert len(found.missing) == missing
    assert found.unexpected == []


def test_a_line_that_is_no_alert_is_refused() -> None:
    with pytest.raises(KeyError):
        score(_scenario(_due()), _START_US, [{"type": "alert", "order": "o-ahoy"}])

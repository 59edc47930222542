"""The report of feedback: sums that agree, intervals that hold their share, verdicts by the table, loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.alerts.decision_table import Hours
from emon.alerts.ladder import Contact, Shift, Turn
from emon.feedback.hours import HoursFrom
from emon.feedback.page import feedback_page
from emon.feedback.report import Report, report
from emon.feedback.rows import Filed, FiledAlert, Login
from emon.feedback.shares import tally, wilson
from emon.feedback.verdict import CLAIMS, Verdict, verdict_of, verdict_of_words
from emon.feedback.written import report_members, report_text
from emon.model.instant import DAY_US, HOUR_US
from emon.model.order import DeviceUse, Window
from emon.model.resolution import ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, Party, Source
from tests.feedback.rows import FROM_US, TO_US, filed, fix, of_device, order, told

GOLDEN = Path(__file__).parent / "data"
EVERY_DAY = tuple(range(7))


@given(st.integers(0, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_stays_within_what_is_possible(of: tuple[int, int]) -> None:
    hits, count = of
    share = wilson(hits, count)
    if count == 0:
        assert share is None
        return
    assert share is not None
    assert 0.0 <= share.low <= share.of_true <= share.high <= 1.0
    mirrored = wilson(count - hits, count)
    assert mirrored is not None
    assert share.low == pytest.approx(1.0 - mirrored.high, abs=1e-12)
    assert share.high - share.low < 2 * 1.959964 / (2 * count**0.5) + 1e-12, "never wider than at a half"


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 1, 0.2065, 1.0), (15, 148, 0.0624, 0.1605), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_the_one_that_is_published(hits: int, count: int, low: float, high: float) -> None:
    """The last two are of R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    share = wilson(hits, count)
    assert share is not None
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@pytest.mark.parametrize(("hits", "count"), [(-1, 3), (4, 3)])
def test_more_hits_than_there_are_is_refused(hits: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {count}"):
        wilson(hits, count)


ALERTS = st.lists(
    st.builds(
        told,
        st.none() | st.sampled_from(ClosingCause),
        event=st.sampled_from(AlertEvent),
        outcome=st.sampled_from(ClosingOutcome),
        breach=st.none() | st.sampled_from(["b-1", "b-2", "b-3"]),
        wearer=st.none() | st.sampled_from(["w-1", "w-2"]),
        device=st.none() | st.sampled_from(["d-1", "d-2"]),
        certainty=st.none() | st.sampled_from(Certainty),
        fix=st.none() | st.builds(fix, st.floats(4.46, 4.49), st.floats(51.91, 51.94)),
        centre=st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(ALERTS)
def test_sums_agree(alerts: list[FiledAlert]) -> None:
    made = report(filed(*alerts))
    assert made.all.alerts == made.load.alerts == len(alerts)
    for groups in (
        made.by_event, made.by_how, made.by_certainty, made.by_source, made.by_model, made.by_edge,
    ):  # fmt: skip
        assert sum(one.tally.alerts for one in groups) == len(alerts)
        assert len({one.name for one in groups}) == len(groups)
    tallies = [made.all, *(one.tally for one in made.by_event), *(one.tally for one in made.wearers)]
    for of in tallies:
        assert of.cases == of.true + of.false + of.unknown + of.open + of.uncounted <= of.alerts
        assert (of.precision is None) == (of.true + of.false == 0)
    assert sum(one.alerts for one in made.by_cause) == sum(alert.cause is not None for alert in alerts)
    assert sum(one.alerts for one in made.load.duty.shifts) == made.load.to_centre
    assert sum(one.false for one in made.wearers) == sum(
        verdict_of(alert) is Verdict.FALSE for alert in alerts if alert.wearer is not None
    )
    json.dumps(report_members(made))
    assert report_text(made)


@settings(max_examples=40)
@given(ALERTS, st.randoms())
def test_the_order_of_rows_is_nothing(alerts: list[FiledAlert], chance: object) -> None:
    shuffled = list(alerts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert report(filed(*shuffled)) == report(filed(*alerts))


@given(st.sampled_from(AlertEvent), st.sampled_from(ClosingCause), st.sampled_from(ClosingOutcome))
def test_every_closing_of_every_alert_has_a_verdict(
    event: AlertEvent, cause: ClosingCause, outcome: ClosingOutcome
) -> None:
    verdict = verdict_of_words(event, cause, outcome)
    assert verdict is not Verdict.OPEN
    if cause is ClosingCause.EXERCISE:
        assert verdict is Verdict.UNCOUNTED
    assert set(CLAIMS) == set(AlertEvent)


@pytest.mark.parametrize(
    ("event", "cause", "outcome", "verdict"),
    [
        ("breach", "wearer", "sent_away", "true"),
        ("breach", "position_error", "no_action", "false"),
        ("breach", "position_error", "arrested", "unknown"),
        ("breach", "permitted", "sent_away", "false"),
        ("breach", "not_found", "arrested", "true"),
        ("breach", "not_found", "no_action", "unknown"),
        ("breach", "exercise", "no_action", "uncounted"),
        ("breach_cleared", "wearer", "no_action", "uncounted"),
        ("silence", "coverage", "no_action", "true"),
        ("silence", "platform", "no_action", "false"),
        ("platform", "platform", "no_action", "true"),
        ("strap_tamper", "handling", "spoken_to", "false"),
        ("panic", "wearer", "arrested", "true"),
        ("panic", "handling", "spoken_to", "false"),
    ],
)
def test_closings_in_words(event: str, cause: str, outcome: str, verdict: str) -> None:
    said = verdict_of_words(AlertEvent(event), ClosingCause(cause), ClosingOutcome(outcome))
    assert said == verdict


def test_a_breach_with_three_alerts_is_one_case() -> None:
    same = [told(ClosingCause.WEARER, breach="b"), told(ClosingCause.WEARER, breach="b"), told(breach="b")]
    assert tally(same).true == 1
    assert (tally(same).alerts, tally(same).cases) == (3, 1)
    torn = tally([told(ClosingCause.WEARER, breach="b"), told(ClosingCause.POSITION_ERROR, breach="b")])
    assert (torn.unknown, torn.precision) == (1, None)


def test_an_empty_period_says_so() -> None:
    made = report(Filed(FROM_US, TO_US))
    assert (made.all.alerts, made.all.precision, made.load.per_wearer_day) == (0, None, None)
    assert made.load.duty.hours_from is HoursFrom.NOWHERE
    assert (made.wearers, made.zones, made.devices, made.by_event) == ((), (), (), ())
    assert report_text(made).splitlines()[1] == "0 alerts, 0 of them to the monitoring centre"
    assert "not known, nobody wore a device" in report_text(made)


def test_one_alert_says_little_and_says_how_little() -> None:
    made = report(filed(told(ClosingCause.POSITION_ERROR)))
    (event,) = made.by_event
    assert event.tally.precision is not None
    assert (event.tally.precision.of_true, event.tally.precision.low) == (0.0, 0.0)
    assert event.tally.precision.high == pytest.approx(0.7935, abs=1e-4)
    assert [one.proposals for one in (*made.wearers, *made.zones, *made.devices)] == [(), (), ()]


def _shift(*turns: Turn) -> Shift:
    return Shift("desk", turns)


CONTACTS = (
    Contact("anna", Party.MELDKAMER_EM),
    Contact("bert", Party.MELDKAMER_EM),
    Contact("carl", Party.POLITIE),
)
NIGHT = Hours("Europe/Amsterdam", (Window(EVERY_DAY, 23 * 3_600, 7 * 3_600),))


def test_operator_hours_are_those_of_the_centre_s_shifts() -> None:
    shifts = (
        _shift(Turn(("anna",), NIGHT), Turn(("anna", "bert", "carl"))),
        Shift("cars", (Turn(("carl",)),)),
    )
    night_us, day_us = FROM_US + 2 * HOUR_US, FROM_US + 12 * HOUR_US
    alerts = [told(detected_at_us=at) for at in (night_us, night_us + 1, day_us)]
    made = report(filed(*alerts, told(detected_at_us=day_us, centre=False), shifts=shifts, contacts=CONTACTS))
    duty = made.load.duty
    assert duty.hours_from is HoursFrom.SHIFTS
    assert duty.operator_hours == 7 * (8 * 1 + 16 * 2)
    assert made.load.per_operator_hour == pytest.approx(3 / 280)
    assert [(one.turn, one.hours, one.alerts) for one in duty.shifts] == [
        ("anna", 56.0, 2),
        ("anna, bert, carl", 112.0, 1),
    ]


def test_without_shifts_they_are_the_sessions_of_its_people() -> None:
    def at(hours: float, name: str, *, out: bool = False) -> Login:
        return Login(name, FROM_US + round(hours * HOUR_US), out)

    logins = (
        at(-2, "anna"),  # began before the period: two of its twelve hours lie before it
        at(1, "anna"),  # a second window at once is the same person
        at(6, "anna", out=True),
        at(30, "bert"),  # never logged out: the session's end
        at(80, "bert", out=True),
    )
    made = report(filed(told(), logins=logins))
    assert made.load.duty.hours_from is HoursFrom.SESSIONS
    assert made.load.duty.operator_hours == 6 + 12
    assert sum(one.hours for one in made.load.duty.shifts) == 7 * 24
    assert len(made.load.duty.shifts) == 3


def test_wearer_days_are_those_with_a_device_and_an_order_in_force() -> None:
    orders = (
        order("o-1", "w-1"),
        order("o-2", "w-1", valid_until_us=FROM_US + DAY_US),  # the same days are one
        order("o-3", "w-2", devices=(DeviceUse("d-2", FROM_US + 5 * DAY_US, FROM_US + 6 * DAY_US),)),
        order("o-4", "w-3", devices=()),
        order("o-5", "w-4", withdrawn_at_us=FROM_US - DAY_US),
    )
    made = report(filed(told(), told(), newest=orders))
    assert (made.load.wearers, made.load.wearer_days) == (2, 8.0)
    assert made.load.per_wearer_day == 0.25


def a_week() -> Report:
    """Something of everything, for the golden report."""
    wrong = [
        told(ClosingCause.POSITION_ERROR, id=f"f-{n}", breach=f"f-{n}", detected_at_us=FROM_US + n * DAY_US)
        for n in range(4)
    ]
    right = told(
        ClosingCause.WEARER,
        id="t",
        breach="t",
        detected_at_us=FROM_US + HOUR_US,
        certainty=Certainty.CERTAIN,
        outcome=ClosingOutcome.SENT_AWAY,
        fix=fix(4.4799, 51.925, 8.0, Source.WIFI),
        wearer="w-2",
        device="d-2",
    )
    quiet = of_device(AlertEvent.SILENCE, ClosingCause.HANDLING, id="s", detected_at_us=FROM_US + 2 * HOUR_US)
    waits = of_device(AlertEvent.PLATFORM, id="p", detected_at_us=FROM_US, wearer=None, device=None)
    return report(filed(*wrong, right, quiet, waits, models={"d-1": "Ankle 2", "d-2": "Ankle 3"}))


@pytest.mark.parametrize(("name", "written"), [("week.txt", report_text), ("week.json", None)])
def test_the_golden_report(name: str, written: object) -> None:
    made = a_week()
    text = report_text(made) if written else json.dumps(report_members(made), indent=1) + "\n"
    assert text == (GOLDEN / name).read_text("utf-8")


def test_the_page_of_the_documentation_is_current(repository: Path) -> None:
    assert (repository / "docs" / "feedback.md").read_text("utf-8") == feedback_page(), "run: make docs"


def test_a_hostile_name_stays_a_name_on_its_line() -> None:
    hostile = 'w\n  admin: 0 false\x1b[2J{0.__class__}<script>"'
    wrong = [told(ClosingCause.POSITION_ERROR, wearer=hostile, device=hostile) for _ in range(4)]
    made = report(filed(*wrong))
    text = report_text(made)
    assert "\x1b" not in text
    assert r"w\n  admin: 0 false\x1b[2J{0.__class__}<script>" in text
    assert report_members(made)["wearers"][0]["id"] == hostile

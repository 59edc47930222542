"""What the protected person is told: that it happened and what she can do, and nothing of the wearer."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from emon.alerts.channels.smtp import mail_message
from emon.alerts.channels.webhook import webhook_body
from emon.alerts.compose import Composer
from emon.alerts.outbox import AlertView, DueDelivery
from emon.alerts.policy import DEFAULT_POLICY
from emon.alerts.recipients import Recipients
from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Party
from tests.alerts.parts import BREACH

COMPOSER = Composer("https://emon.example", frozenset({"beschermde", "meldkamer_em"}), "meldkamer_em")
CONTACT = replace(BREACH, event=AlertEvent.PROXIMITY, kind=Kind.CONTACT, how=How.PROXIMITY)
ROUTE = SmtpRoute(
    Party.BESCHERMDE, "she@post.example", "emon@emon.example", "localhost", 25, MailSecurity.NONE
)


def to_her(alert: AlertView) -> DueDelivery:
    return DueDelivery(f"{alert.id}:beschermde", "beschermde", "webhook", 0, alert)


def everything_said(alert: AlertView) -> str:
    delivery = to_her(alert)
    mail = mail_message(delivery, ROUTE, COMPOSER, alert.at_us)
    return webhook_body(delivery, COMPOSER, alert.at_us).decode() + mail["Subject"] + mail.get_content()


@pytest.mark.parametrize(
    "event", [AlertEvent.PROXIMITY, AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH]
)
def test_nothing_tells_where_or_who_the_wearer_is(event: AlertEvent) -> None:
    alert = replace(
        CONTACT, event=event, wearer="w-secret", device="d-secret", order="o-secret", condition="c-secret"
    )
    assert alert.position is not None
    said = everything_said(alert)
    assert "secret" not in said
    for figure in (alert.position.lon, alert.position.lat):
        assert f"{figure:.3f}" not in said
    data = json.loads(webhook_body(to_her(alert), COMPOSER, alert.at_us))["data"]
    assert data["position"] is None
    assert data["risk"] is None


def test_certainty_and_what_she_can_do_are_said_in_both_languages() -> None:
    for certainty, dutch, english in (
        (Certainty.CERTAIN, "is te dicht bij u", "is too close to you"),
        (Certainty.PROBABLE, "is waarschijnlijk te dicht", "is probably too close"),
        (Certainty.POSSIBLE, "is mogelijk te dicht", "is possibly too close"),
    ):
        found = COMPOSER.texts(to_her(replace(CONTACT, certainty=certainty)))
        assert dutch in found.nl.body
        assert english in found.en.body
        assert "112" in found.nl.body
        assert "112" in found.en.body


def test_what_is_withdrawn_is_not_said_to_be_over() -> None:
    cleared = replace(CONTACT, event=AlertEvent.BREACH_CLEARED)
    over = COMPOSER.texts(to_her(replace(cleared, refuted=False, ended_by_fix=True))).en.subject
    withdrawn = COMPOSER.texts(to_her(replace(cleared, refuted=True))).en.subject
    assert "no longer" in over
    assert "withdrawn" in withdrawn


def test_an_end_that_no_fix_shows_promises_her_no_distance() -> None:
    """The order may have ended, or a new version: then nobody knows whether he is gone."""
    ended = COMPOSER.texts(to_her(replace(CONTACT, event=AlertEvent.BREACH_CLEARED, ended_by_fix=False)))
    assert "not measured" in ended.en.subject
    assert "niet gemeten" in ended.nl.subject


@pytest.mark.parametrize("refuted", [False, True])
@pytest.mark.parametrize("event", [AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH])
def test_of_an_order_s_places_she_reads_nothing_about_how_near_he_is(
    event: AlertEvent, *, refuted: bool
) -> None:
    """Where a policy tells her of another condition, no distance to her was measured."""
    told = replace(CONTACT, event=event, kind=Kind.EXCLUSION, refuted=refuted, ended_by_fix=True)
    found = COMPOSER.texts(to_her(told))
    assert "dicht" not in found.nl.body
    assert "afstand" not in found.nl.body
    assert "close" not in found.en.body
    assert "distance" not in found.en.body


def test_her_time_is_in_words_she_knows_also_in_the_night_of_two_half_past_twos() -> None:
    for instant, clock in (("2026-10-25T00:30:00Z", "zomertijd"), ("2026-10-25T01:30:00Z", "wintertijd")):
        told = replace(CONTACT, happened_at_us=parse_instant(instant))
        body = COMPOSER.texts(to_her(told)).nl.body
        assert f"25 oktober 2026 om 02:30 uur (Nederlandse {clock})" in body
        assert "UTC" not in body


def test_she_is_not_sent_outside_for_a_signal() -> None:
    lost = COMPOSER.texts(to_her(replace(CONTACT, event=AlertEvent.SILENCE, victim=True)))
    assert "naar buiten" not in lost.nl.body
    assert "raam" in lost.nl.body
    assert "outside" not in lost.en.body


def test_the_service_says_at_start_that_she_has_no_route() -> None:
    assert Party.BESCHERMDE in DEFAULT_POLICY.parties()
    only_centre = Recipients({Party.MELDKAMER_EM: replace(ROUTE, party=Party.MELDKAMER_EM)})
    assert any("beschermde" in warning for warning in only_centre.warnings(DEFAULT_POLICY.parties()))


@pytest.mark.parametrize("event", [AlertEvent.PLATFORM, AlertEvent.RECIPIENT_DOWN])
def test_of_our_troubles_she_reads_what_they_mean_for_her_and_whom_to_call(event: AlertEvent) -> None:
    of_none = replace(
        CONTACT, event=event, kind=None, how=None, certainty=None, breach=None, cause="politie", refuted=False
    )
    body = COMPOSER.texts(to_her(of_none)).nl.body
    assert "politie" not in body.casefold(), "who it is helps nobody but who would use it"
    assert "112" in body
    assert "contactpersoon" in body
    assert "melding die u aangaat" not in body
    back = replace(of_none, cleared_at_us=of_none.at_us)
    assert "voorbij" in COMPOSER.texts(to_her(back)).nl.subject
    assert "is over" in COMPOSER.texts(to_her(back)).en.subject

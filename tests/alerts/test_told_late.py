"""A message that leaves long after its alert was made says so: how old a position is, and what is over."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from emon.alerts.cap_document import NAMESPACE
from emon.alerts.channels.smtp import mail_message
from emon.alerts.channels.webhook import webhook_body
from emon.alerts.incident import Say
from emon.alerts.outbox import AlertView, DueDelivery, ZoneView
from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Kind, Party
from tests.alerts.golden import BASE, CASES, COMPOSER, UPDATES
from tests.alerts.parts import NOON_US
from tests.alerts.test_cap import written

HOUR_US = 3_600 * SECOND_US
ROUTE = SmtpRoute(Party.POLITIE, "a@post.example", "emon@emon.example", "localhost", 25, MailSecurity.NONE)


def to(party: str, alert: AlertView, **changes: object) -> DueDelivery:
    delivery = DueDelivery(f"{alert.id}:{party}", party, "smtp", 0, alert)
    return replace(delivery, **changes)


def test_told_again_an_hour_later_the_fix_is_an_hour_old_on_every_channel() -> None:
    """It was fixed after the alert was made: counted from that instant it was no second old for ever."""
    assert BASE.position is not None
    fixed = replace(BASE.position, fixed_at_us=NOON_US + 60 * SECOND_US)
    again = to("politie", replace(BASE, position=fixed), climb=9, owed=("politie",))
    sent_at_us = NOON_US + HOUR_US
    mail = mail_message(again, ROUTE, COMPOSER, sent_at_us).get_content()
    data = json.loads(webhook_body(again, COMPOSER, sent_at_us))["data"]
    assert "59 min vóór dit bericht" in mail
    assert "59 min before this message" in data["texts"]["en"]["body"]
    assert "59 min oud" in COMPOSER.at(sent_at_us).short(again)


def test_an_update_that_waited_tells_the_age_at_which_it_leaves() -> None:
    alert, update = UPDATES["update: signal lost"]
    waited = to("politie", alert, update=update)
    assert "11 min oud" in COMPOSER.at(update.made_at_us + 600 * SECOND_US).short(waited)


@pytest.mark.parametrize(
    ("later_s", "walk"),
    [(0, "te voet in 5 min"), (200, "te voet in minder dan 1 min"), (600, "te voet nu al")],
)
def test_how_soon_he_can_be_there_counts_the_time_that_has_passed(later_s: int, walk: str) -> None:
    near = replace(BASE, event=AlertEvent.APPROACH, zone=ZoneView(350.0, 45.0))
    body = COMPOSER.at(NOON_US + later_s * SECOND_US).texts(to("politie", near)).nl.body
    assert walk in body
    assert "huidige" not in body


@pytest.mark.parametrize(
    "name", ["silence", "no position", "command unanswered", "silence, of a victim's device"]
)
def test_where_positions_have_ceased_the_place_is_the_last_known(name: str) -> None:
    assert "\nLaatst bekende plaats: 51" in COMPOSER.texts(to("politie", CASES[name])).nl.body
    assert "Laatst bekend: 51" in COMPOSER.short(to("politie", CASES[name]))
    over = replace(CASES[name], cleared_at_us=NOON_US)
    assert "\nPlaats: 51" in COMPOSER.texts(to("politie", over)).nl.body


@pytest.mark.parametrize("event", [AlertEvent.BREACH, AlertEvent.PROXIMITY])
def test_a_breach_that_has_ended_since_is_not_told_as_going_on(event: AlertEvent) -> None:
    """A telephone that was off, or a rung of the ladder: nobody may set out for what is over."""
    late = to("politie", replace(BASE, event=event, closed_at_us=NOON_US), climb=4)
    text = COMPOSER.texts(late)
    assert "(inmiddels geëindigd)" in text.nl.subject
    assert "(ended since)" in text.en.subject
    assert "beslis wat er nu moet gebeuren" not in text.nl.body
    assert "Let op: inmiddels geëindigd: 4 mei 2026, 14:00:00" in text.nl.body
    assert "inmiddels geeindigd" in COMPOSER.short(late, "https://emon.example/ack/" + "x" * 160)


@pytest.mark.parametrize("event", [AlertEvent.BREACH, AlertEvent.PROXIMITY, AlertEvent.HISTORIC_BREACH])
def test_one_that_was_withdrawn_since_sends_nobody_and_is_certain_no_more(event: AlertEvent) -> None:
    late = to("politie", replace(BASE, event=event, refuted=True))
    text = COMPOSER.texts(late).nl
    assert "(inmiddels ingetrokken)" in text.subject
    assert "zeker" not in text.subject + text.body
    assert "Stop een lopende inzet" in text.body
    assert "Stop een lopende inzet" in COMPOSER.short(late)


def test_a_control_room_s_map_shows_neither_as_happening_now() -> None:
    for changes, certainty in (({"closed_at_us": NOON_US}, "Observed"), ({"refuted": True}, "Unlikely")):
        root = written(to("politie", replace(BASE, **changes)))
        infos = root.findall(f"{{{NAMESPACE}}}info")
        assert {info.findtext(f"{{{NAMESPACE}}}urgency") for info in infos} == {"Past"}
        assert {info.findtext(f"{{{NAMESPACE}}}certainty") for info in infos} == {certainty}


def test_the_protected_person_reads_that_it_was_and_not_that_it_is() -> None:
    near = replace(BASE, event=AlertEvent.PROXIMITY, kind=Kind.CONTACT)
    ended = COMPOSER.texts(to("beschermde", replace(near, closed_at_us=NOON_US)))
    assert ended.nl.subject == "De persoon die uit uw buurt moet blijven, was te dicht bij u"
    assert "was too close" in ended.en.subject
    assert "Voelt u zich onveilig" in ended.nl.body
    assert "ingetrokken" in COMPOSER.texts(to("beschermde", replace(near, refuted=True))).nl.subject
    back = replace(CASES["silence, of a victim's device"], cleared_at_us=NOON_US)
    assert "Dat is voorbij" in COMPOSER.texts(to("beschermde", back)).nl.subject


def test_a_device_that_was_silent_is_not_called_out_of_sight() -> None:
    back = replace(CASES["no position, of a victim's device"], cleared_at_us=NOON_US)
    text = COMPOSER.texts(to("meldkamer_em", back)).nl
    assert "(inmiddels voorbij)" in text.subject
    assert "De bescherming is beperkt" not in text.body


def test_whoever_called_for_help_is_named_first() -> None:
    """By text message there may be no place: then her name is all that the police have."""
    subject = COMPOSER.texts(to("politie", CASES["panic"])).nl.subject
    assert subject.endswith("door de beschermde persoon: p-1, beschermd tegen drager w-1")


def test_so_it_is_where_an_incident_has_lost_its_signal() -> None:
    alert, update = UPDATES["update: signal lost"]
    assert update.say is Say.SIGNAL_LOST
    assert "\nLaatst bekende plaats: 51" in COMPOSER.texts(to("politie", alert, update=update)).nl.body
    assert alert.kind is Kind.EXCLUSION

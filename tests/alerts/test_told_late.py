"""A message that leaves long after its alert was made says so: how old a position is, and what is over."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from emon.alerts.channels.smtp import mail_message
from emon.alerts.channels.webhook import webhook_body
from emon.alerts.incident import Say
from emon.alerts.outbox import AlertView, DueDelivery, ZoneView
from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Kind, Party
from tests.alerts.golden import BASE, CASES, COMPOSER, UPDATES
from tests.alerts.parts import NOON_US

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


def test_so_it_is_where_an_incident_has_lost_its_signal() -> None:
    alert, update = UPDATES["update: signal lost"]
    assert update.say is Say.SIGNAL_LOST
    assert "\nLaatst bekende plaats: 51" in COMPOSER.texts(to("politie", alert, update=update)).nl.body
    assert alert.kind is Kind.EXCLUSION

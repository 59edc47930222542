"""A text message has two parts at most, whatever is in it; and a map is one that the configuration names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emon.alerts.channels.apprise_url import AppriseChannel
from emon.alerts.outbox import DueDelivery
from emon.alerts.recipients import RecipientsRefused, load_recipients
from emon.alerts.routes import AppriseRoute, Languages, Secret
from emon.alerts.short_text import OF_TWO_PARTS, ONE_PART, gsm, one_part, septets
from emon.model.vocabulary import Party
from tests.alerts.golden import BASE, CASES, COMPOSER, UPDATES
from tests.alerts.parts import NOON_US
from tests.alerts.servers import HttpRecipient, http, talking

FORM = "https://kaart.example/?lat={lat}&lon={lon}"


def short(alert: Any, party: str = "politie", link: str | None = None) -> str:
    return COMPOSER.short(DueDelivery(f"{alert.id}:{party}", party, "apprise", 0, alert), link)


def test_every_message_fits_in_two_parts_of_the_alphabet() -> None:
    for alert in CASES.values():
        for party in Party:
            text = short(alert, party)
            assert septets(text) <= OF_TWO_PARTS
            assert gsm(text) == text
    for alert, update in UPDATES.values():
        delivery = DueDelivery("u", "politie", "apprise", 0, alert, update=update)
        assert septets(COMPOSER.short(delivery)) <= OF_TWO_PARTS


@given(st.text(max_size=200), st.one_of(st.none(), st.text("abc/:?%{}é", max_size=320)))
def test_whatever_an_id_or_a_link_holds(wearer: str, link: str | None) -> None:
    text = short(replace(BASE, wearer=wearer), link=link)
    assert septets(text) <= OF_TWO_PARTS
    assert gsm(text) == text
    assert "\n" not in text
    if link and link in text:
        assert text.endswith(f" {link}"), "never cut"


def test_what_matters_stands_first_and_the_link_last() -> None:
    link = "https://emon.example/ack/" + "x" * 120
    text = short(BASE, link=link)
    assert text.startswith(
        "P1 Vermoedelijke overtreding, locatieverbod: drager w-1 (zeker). 51.92250,4.47920"
    )
    assert text.endswith(link)
    assert "bevestig met uw naam" not in text, "what does not fit is left out whole"


def test_a_secret_zone_is_said_to_whoever_sees_the_place_and_given_away_to_nobody() -> None:
    secret = replace(BASE, secret=True)
    assert "GEHEIM GEBIED" in short(secret, "politie")
    for party in ("reclassering", "om", "shn", "veilig_thuis", "cjib", "beschermde"):
        assert "51.9" not in short(secret, party)


def test_the_protected_person_reads_no_place_and_no_name() -> None:
    for alert in CASES.values():
        text = short(alert, "beschermde")
        assert not any(word in text.split() for word in ("w-1", "o-1", "d-1")), text
        assert "51.9" not in text


def test_one_part_is_cut_and_counts_escapes_twice() -> None:
    assert septets("€{") == 4
    assert septets(one_part("x" * 500)) == ONE_PART
    assert one_part("“Zoë” ▲ ½") == "?Zoe? ? ?"


async def test_a_text_message_leaves_by_apprise_without_a_title() -> None:
    recipient = HttpRecipient(http("200 OK", body=b"{}"))
    async with talking(recipient) as port:
        route = AppriseRoute(Party.POLITIE, Secret(f"json://127.0.0.1:{port}/in"), short=True)
        channel = AppriseChannel(route, COMPOSER, lambda: NOON_US)
        delivery = DueDelivery(f"{BASE.id}:politie", "politie", "apprise", 0, BASE)
        assert (await channel.send(delivery)).detail == "sent, says Apprise"
    body = json.loads(recipient.requests[0].body)
    assert body["title"] == ""
    assert body["message"] == COMPOSER.short(delivery)


def recipients_with(**member: object) -> bytes:
    entry = {"channel": "smtp", "to": "a@b.example", "from": "c@d.example", "server": "mail.example:25"}
    return json.dumps({"recipients": {"meldkamer_em": {**entry, **member}}}).encode()


def test_a_map_is_the_reader_s_own_and_by_default_there_is_none() -> None:
    assert load_recipients(recipients_with(), environ={}).maps == {}
    maps = load_recipients(recipients_with(map_link=FORM), environ={}).maps
    assert maps == {"meldkamer_em": FORM}
    composer = replace(COMPOSER, maps=maps, languages={"meldkamer_em": Languages.NL})
    to_centre, to_police = (
        composer.written(DueDelivery("a", party, "smtp", 0, BASE)).body
        for party in ("meldkamer_em", "politie")
    )
    assert "Kaart: geo:51.92250,4.47920;u=13 https://kaart.example/?lat=51.92250&lon=4.47920" in to_centre
    assert "https://kaart.example" not in to_police
    hidden = composer.written(DueDelivery("a", "meldkamer_em", "smtp", 0, replace(BASE, position=None))).body
    assert "kaart.example" not in hidden


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("http://kaart.example/{lat}/{lon}", "https://"),
        ("https://kaart.example/{lat}", "{lat} and {lon}"),
        ("https://kaart.example/{lat}/{lon}/{wearer}", "no braces but"),
        ("https://kaart.example/{lat}/{lon} x", "without blanks"),
        ("https://user@kaart.example/{lat}/{lon}", "https://"),
        (7, "https://"),
    ],
)
def test_a_map_that_is_none_is_refused_by_its_place(form: object, why: str) -> None:
    with pytest.raises(RecipientsRefused) as refused:
        load_recipients(recipients_with(map_link=form), environ={})
    (fault,) = refused.value.faults
    assert fault.path == "recipients.meldkamer_em.map_link"
    assert why in fault.message

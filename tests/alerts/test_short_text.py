"""A text message has two parts at most, whatever is in it; and a map is one that the configuration names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emon.alerts.channels.apprise_url import AppriseChannel
from emon.alerts.need import DEFAULT_NEEDS, Fact, Need
from emon.alerts.outbox import DueDelivery
from emon.alerts.recipients import RecipientsRefused, load_recipients
from emon.alerts.routes import AppriseRoute, Languages, Secret
from emon.alerts.short_text import (
    OF_THREE_PARTS,
    OF_TWO_PARTS,
    WIDE_OF_FOUR_PARTS,
    WIDE_OF_SEVEN_PARTS,
    gsm,
    loses_letters,
    septets,
    short_text,
    units,
)
from emon.alerts.words import NL
from emon.model.vocabulary import Party
from tests.alerts.golden import BASE, CASES, COMPOSER, UPDATES
from tests.alerts.parts import NOON_US
from tests.alerts.servers import HttpRecipient, http, talking

LINK = "https://emon.example/ack/" + "x" * 150
AHMAD = "\u0623\u062d\u0645\u062f"  # an Arabic name
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
    if loses_letters(wearer[:100]):
        assert units(text) <= (WIDE_OF_FOUR_PARTS if link is None else WIDE_OF_SEVEN_PARTS)
    else:
        assert septets(text) <= (OF_TWO_PARTS if link is None else OF_THREE_PARTS)
        assert gsm(text) == text
    assert "\n" not in text
    if link and link in text:
        assert text.endswith(f" {link}"), "never cut"


def test_what_matters_stands_first_and_the_link_last() -> None:
    link = "https://emon.example/ack/" + "x" * 280
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


@pytest.mark.parametrize(
    ("because", "reason"),
    [
        ("left", "een meting toont het einde"),
        ("lapsed", "geeindigd zonder meting"),
        ("withdrawn", "er was geen overtreding"),
        ("closed", "alle meldingen zijn afgehandeld"),
    ],
)
def test_who_is_asked_to_go_no_more_reads_why_and_of_which_incident(because: str, reason: str) -> None:
    """The wearer may be in another zone too: who reads that all is over would turn round for both."""
    alert, update = UPDATES[f"update: stand down, {because}"]
    delivery = DueDelivery("u", "politie", "apprise", 0, alert, update=update)
    for link in (None, LINK, "https://emon.example/answer/" + "x" * 340):
        assert f"gevraagd: {reason}, locatieverbod: drager w-1" in COMPOSER.short(delivery, link)
    assert "Reden: " in COMPOSER.short(delivery, LINK)
    assert "alleen over dit incident" in COMPOSER.texts(delivery).nl.body


def test_a_name_in_other_letters_is_whole_and_keeps_its_place() -> None:
    alert = replace(BASE, wearer=AHMAD)
    text = short(alert, link=LINK)
    assert f"drager \u2068{AHMAD}\u2069 (zeker). 51.92250,4.47920" in text
    assert text.endswith(LINK)
    assert units(text) <= WIDE_OF_SEVEN_PARTS
    delivery = DueDelivery("a", "politie", "smtp", 0, alert)
    assert COMPOSER.texts(delivery).nl.subject.endswith(f"drager \u2068{AHMAD}\u2069 (zeker)")
    assert f"\nDrager: \u2068{AHMAD}\u2069\n" in COMPOSER.texts(delivery).nl.body
    assert "\u2068" not in short(replace(BASE, wearer="Zoë Łukasz")), (
        "what can be written needs no other alphabet"
    )
    assert "drager Zoe Lukasz (" in short(replace(BASE, wearer="Zoë Łukasz"))


def test_she_reads_what_to_do_also_beside_a_link() -> None:
    near = short(CASES["proximity"], "beschermde", LINK)
    assert "Ga nu naar een veilige plek. Ziet u deze persoon of voelt u zich bedreigd? Bel 112." in near
    assert near.endswith(LINK)


def test_whose_place_it_is_that_a_policy_tells_her() -> None:
    hers = Need(Party.BESCHERMDE, (Fact.POSITION,))
    composer = replace(COMPOSER, needs=(hers, *DEFAULT_NEEDS))
    for name, whose in (("panic", "uw eigen apparaat"), ("proximity", "de ander, niet die van u")):
        delivery = DueDelivery("a", "beschermde", "apprise", 0, CASES[name])
        assert f"8 s oud, plaats van {whose}" in composer.short(delivery)
        body = composer.texts(delivery).nl.body
        assert f"Dit is de plaats van {whose}." in body
        assert "drager" not in body


def test_told_again_beside_a_link_it_says_what_is_asked_before_whose_answer_is_missing() -> None:
    for name in ("silence, of a victim's device", "breach of an inclusion cleared, by no fix"):
        delivery = DueDelivery("a", "politie", "apprise", 0, CASES[name], climb=2, owed=("politie",))
        assert "Bevestig met uw naam." in COMPOSER.short(delivery, LINK)


def test_of_an_end_she_reads_when_it_ended() -> None:
    ended = replace(CASES["contact cleared, as a fix shows"], closed_at_us=NOON_US)
    assert "Geeindigd: 4 mei om 14:00 uur" in short(ended, "beschermde")
    assert "Gebeurd" not in short(ended, "beschermde")
    unmeasured = short(replace(ended, ended_by_fix=False), "beschermde")
    assert "niet gemeten" in unmeasured
    assert "Gestopt: 4 mei om 14:00 uur" in unmeasured


def test_that_the_police_were_told_she_reads_only_where_they_can_be() -> None:
    unrouted = replace(COMPOSER, routed=frozenset({"meldkamer_em", "beschermde"}))
    delivery = DueDelivery("a", "beschermde", "apprise", 0, CASES["panic"])
    assert "politie" in COMPOSER.short(delivery)
    assert "politie" not in unrouted.short(delivery)
    assert "politie" not in unrouted.texts(delivery).nl.body


def test_who_reads_no_place_reads_when_it_was() -> None:
    assert "Begonnen: 4 mei 13:59 (UTC+02:00)" in short(BASE, "reclassering")
    assert "tussen 13:00 en 14:00" in short(replace(BASE, secret=True), "reclassering")
    assert ":59" not in short(replace(BASE, secret=True), "reclassering")


def test_whom_the_centre_must_warn_in_our_place_stands_in_a_text_message_too() -> None:
    unrouted = replace(COMPOSER, routed=frozenset({"meldkamer_em", "politie"}))
    alert = replace(CASES["proximity"], recipients=("politie", "meldkamer_em", "beschermde"))
    delivery = DueDelivery("a", "meldkamer_em", "apprise", 0, alert)
    line = "Waarschuw zelf, want niet bezorgd: beschermde persoon"
    assert line in unrouted.short(delivery, LINK)
    assert line in (unrouted.instruction(delivery, NL) or "")
    assert line not in unrouted.short(replace(delivery, recipient="politie"))
    assert unrouted.instruction(replace(delivery, recipient="politie"), NL) == unrouted.asked(delivery, NL)


def test_an_outage_names_whom_to_call_first() -> None:
    assert "1. drager w-1, d-1" in short(CASES["outage"], "meldkamer_em")


def test_what_is_longer_than_two_parts_is_cut_and_escapes_count_twice() -> None:
    assert septets("€{") == 4
    assert septets(short_text("x" * 500, [])) == OF_TWO_PARTS
    assert short_text("“Zoë” ▲ ½", []) == "?Zoe? ? ?"


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

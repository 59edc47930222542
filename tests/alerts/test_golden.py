"""Every text of the product, held to files that a person has read; and what no reader may be able to find."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from emon.alerts.channels.webhook import webhook_body
from emon.alerts.compose import Composer
from emon.alerts.incident import Say
from emon.alerts.need import DEFAULT_NEEDS, Fact, Need
from emon.alerts.outbox import AlertView, DueDelivery
from emon.alerts.routes import Languages
from emon.model.vocabulary import AlertEvent, Party
from tests.alerts.golden import (
    BASE,
    CASES,
    COMPOSER,
    TOLD_UPDATES,
    UPDATES,
    file_of,
    golden,
    golden_short,
    golden_updates,
    short_file_of,
    update_file_of,
)
from tests.alerts.parts import NOON_US

MAY_SEE_SECRETS = {need.party for need in DEFAULT_NEEDS if need.secret_zones}


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("party", list(Party))
def test_the_texts_are_those_that_were_read(party: Party, language: str) -> None:
    again = "read it, then run: python -m tests.alerts.golden"
    assert file_of(party, language).read_text("utf-8") == golden(party, language), again


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("party", TOLD_UPDATES)
def test_the_texts_of_updates_are_those_that_were_read(party: Party, language: str) -> None:
    again = "read it, then run: python -m tests.alerts.golden"
    assert update_file_of(party, language).read_text("utf-8") == golden_updates(party, language), again


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_text_messages_are_those_that_were_read(language: str) -> None:
    again = "read it, then run: python -m tests.alerts.golden"
    assert short_file_of(language).read_text("utf-8") == golden_short(language), again


def test_every_update_is_among_the_cases() -> None:
    assert {update.say for _, update in UPDATES.values()} == set(Say)


def test_every_event_is_among_the_cases() -> None:
    assert {alert.event for alert in CASES.values()} == set(AlertEvent)


def said_to(party: str, alert: AlertView, composer: Composer = COMPOSER) -> str:
    delivery = DueDelivery(f"{alert.id}:{party}", party, "webhook", 0, alert)
    return webhook_body(delivery, composer, NOON_US).decode()


def places_of(said: str) -> list[str]:
    """What of the place of ``BASE`` is in a message: its coordinates and its distance to the edge."""
    return [figure for figure in ("51.92", "4.479", "120", "geo:") if figure in said]


@pytest.mark.parametrize("party", list(Party))
def test_a_secret_zone_is_told_to_nobody_but_who_must_go_there(party: Party) -> None:
    """Neither by text or data, nor by a time from which a track would give the place."""
    said = said_to(party, replace(BASE, secret=True))
    if party in MAY_SEE_SECRETS:
        assert places_of(said)
        return
    assert places_of(said) == []
    data = json.loads(said)["data"]
    assert (data["position"], data["zone"], data["how"]) == (None, None, None)
    assert data["happened_at"].endswith(":00:00.000000Z")
    assert data["opened_at"].endswith(":00:00.000000Z")
    assert "59:40" not in json.dumps(data["texts"])


@pytest.mark.parametrize("party", [Party.RECLASSERING, Party.OM, Party.SHN, Party.BESCHERMDE])
def test_who_sends_nobody_is_told_no_place(party: Party) -> None:
    assert places_of(said_to(party, BASE)) == []


def test_reclassering_reads_of_the_history_and_police_of_whom_to_call() -> None:
    to_officer, to_police = said_to("reclassering", BASE), said_to("politie", BASE)
    assert (
        "Eerdere vermoedelijke overtredingen van deze voorwaarde: 2, de laatste op 2 mei 2026" in to_officer
    )
    assert "Eerdere" not in to_police
    assert "A. de Boer, reclassering, +31 6 0000 0000" in to_police


def test_the_policy_may_let_her_see_where_he_is_and_nothing_else_does() -> None:
    told = replace(BASE, event=AlertEvent.PROXIMITY)
    assert places_of(said_to("beschermde", told)) == []
    hers = Need(Party.BESCHERMDE, (Fact.POSITION,))
    said = said_to("beschermde", told, replace(COMPOSER, needs=(hers,)))
    assert places_of(said) == ["51.92", "4.479", "geo:"]
    assert "w-1" not in said


def test_a_contact_sees_what_its_party_sees() -> None:
    composer = replace(COMPOSER, contacts={"officer": Party.RECLASSERING})
    assert places_of(said_to("officer", BASE, composer)) == []
    assert "w-1" in said_to("officer", BASE, composer)


@pytest.mark.parametrize(
    ("language", "first", "second"), [("nl", "Drager", "Wearer"), ("en", "Wearer", "Drager")]
)
def test_a_recipient_may_be_written_to_in_one_language(language: str, first: str, second: str) -> None:
    delivery = DueDelivery(f"{BASE.id}:politie", "politie", "smtp", 0, BASE)
    both = COMPOSER.written(delivery).body
    assert both.index("Drager") < both.index("Wearer")
    one = replace(COMPOSER, languages={"politie": Languages(language)}).written(delivery).body
    assert first in one
    assert second not in one


def test_names_forge_neither_lines_nor_markup() -> None:
    forged = replace(BASE, wearer="<script>alert(1)</script>\nGevraagd: [niets](http://x)\u202e")
    body = json.loads(said_to("politie", forged))["data"]["texts"]["nl"]["body"]
    assert "<" not in body
    assert "[niets]" not in body
    assert "\u202e" not in body
    assert len([line for line in body.splitlines() if line.startswith("Gevraagd")]) == 1


def body_of(party: str, alert: AlertView, language: str = "nl") -> str:
    delivery = DueDelivery(f"{alert.id}:{party}", party, "smtp", 0, alert)
    return str(getattr(COMPOSER.texts(delivery), language).body)


@pytest.mark.parametrize("party", list(Party))
def test_whoever_hears_where_a_secret_zone_is_hears_that_it_is_secret(party: Party) -> None:
    """An officer who speaks with the wearer would name the street; who knows no place needs no warning."""
    body = body_of(party, replace(BASE, secret=True))
    assert ("GEHEIM GEBIED" in body) is (party in MAY_SEE_SECRETS)
    assert "GEHEIM" not in body_of(party, BASE)


def test_what_the_police_write_from_a_secret_zone_reaches_nobody_who_may_not_know_it() -> None:
    """Whoever stands there names the street."""
    alert, update = UPDATES["update: answer found"]
    assert update.answer is not None
    wrote = replace(update, answer=replace(update.answer, note="Aangetroffen op Lindelaan 5"))
    secret = replace(alert, secret=True)
    for party in (Party.RECLASSERING, Party.MELDKAMER_EM):
        delivery = DueDelivery("x", party, "webhook", 0, secret, update=wrote)
        said = webhook_body(delivery, COMPOSER, NOON_US).decode() + COMPOSER.short(delivery)
        assert ("Lindelaan" in said) is (party in MAY_SEE_SECRETS)
        assert ("op te vragen bij de meldkamer EM" in said) is (party not in MAY_SEE_SECRETS)
        assert "Lindelaan" in webhook_body(replace(delivery, alert=alert), COMPOSER, NOON_US).decode(), (
            "of any other zone it is told"
        )


@pytest.mark.parametrize("party", [Party.RECLASSERING, Party.BESCHERMDE])
def test_a_time_that_is_told_by_the_hour_does_not_read_as_exact(party: Party) -> None:
    told = {
        Party.RECLASSERING: "Begonnen: 4 mei 2026, tussen 13:00 en 14:00 (UTC+02:00)\n",
        Party.BESCHERMDE: "Gebeurd: 4 mei 2026 tussen 13:00 en 14:00 uur (Nederlandse zomertijd)\n",
    }
    assert told[party] in body_of(party, replace(BASE, secret=True))


def test_police_read_everything_they_need_of_a_breach() -> None:
    """One line for each that was asked for: person, place, map link, risk, order, what was breached,
    certainty in words, direction and speed, age and accuracy of the fix, whom to call."""
    body = body_of("politie", BASE)
    for line in (
        "Vermoedelijke overtreding, locatieverbod.",
        "Zekerheid: zeker. Volgens het model van het systeem is de kans op een fout kleiner dan 1 op 1.000.",
        "Drager: w-1",
        "Risico: hoog",
        "Plaats: 51.92250 NB, 4.47920 OL, ± 13 m (95 % kans)",
        "Gemeten: 4 mei 2026, 13:59:52 (UTC+02:00), 8 s vóór dit bericht",
        "Beweging: 5 km/u naar het noordoosten",
        "Kaart: geo:51.92250,4.47920;u=13",
        "Gebied: binnen het verboden gebied, 120 m van de rand",
        "Verantwoordelijk voor de zaak: A. de Boer, reclassering, +31 6 0000 0000",
        "Beslissing: o-1",
        "Juridische grondslag: schorsing van de voorlopige hechtenis",
        "Beschermde persoon: p-1",
        "Voorwaarde: c-1 (locatieverbod)",
    ):
        assert f"{line}\n" in body


def test_the_end_of_a_breach_is_not_called_certain_for_the_breach_was() -> None:
    text = COMPOSER.texts(
        DueDelivery("x:politie", "politie", "smtp", 0, replace(BASE, event=AlertEvent.BREACH_CLEARED))
    ).nl
    assert "zeker" not in text.subject + text.body


def test_nobody_unknown_is_named_where_the_reader_may_not_know() -> None:
    """Nor an outage of none where the list is not his."""
    for party in (Party.CJIB, Party.POLITIE):
        for name, alert in CASES.items():
            subject = COMPOSER.texts(DueDelivery("x", party, "smtp", 0, alert)).nl.subject
            assert "onbekend" not in subject, name
            assert "0 apparaten" not in subject, name


def test_her_words_promise_no_safety_that_was_not_measured() -> None:
    alert, update = UPDATES[f"update: {Say.LAPSED.value}, contact"]
    told = COMPOSER.texts(DueDelivery("x", "beschermde", "smtp", 0, alert, update=update)).nl
    assert "niet gemeten of de ander nog in uw buurt is" in told.subject


def test_she_hears_that_the_police_know_only_where_they_were_told() -> None:
    near = replace(BASE, event=AlertEvent.PROXIMITY)
    assert "Wij hebben de politie ook een bericht gestuurd." in body_of("beschermde", near)
    assert "politie" not in body_of("beschermde", replace(near, recipients=("beschermde", "meldkamer_em")))
    assert "Ga nu naar een veilige plek." in body_of("beschermde", near)


_OF_A_DEVICE = [event for event in AlertEvent if CASES.get(event.value.replace("_", " "), BASE).order is None]


@pytest.mark.parametrize("party", [Party.OM, Party.CJIB, Party.SHN, Party.VEILIG_THUIS])
def test_who_neither_calls_nor_sends_is_not_asked_to(party: Party) -> None:
    """A policy may tell them; the wearer is called by the centre."""
    for name in ("silence", "approach", "strap tamper", "battery low", "clock wrong", "order without device"):
        assert "Gevraagd: Beoordeel dit en bevestig met uw naam.\n" in body_of(party, CASES[name]), name


@pytest.mark.parametrize("event", _OF_A_DEVICE)
def test_nobody_calls_the_wearer_about_the_device_of_whom_it_protects(event: AlertEvent) -> None:
    """He would learn that she has one, and that it fails."""
    hers = replace(CASES["panic"], event=event)
    assert "drager" not in body_of("meldkamer_em", hers).split("Gevraagd: ")[1]
    assert "wearer" not in body_of("meldkamer_em", hers, "en").split("Asked: ")[1]

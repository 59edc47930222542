"""An alert as a CAP 1.2 document (OASIS Common Alerting Protocol, 1 July 2010). Pure.

``identifier``, ``sender`` and ``sent`` name a message and are the same over all attempts: the delivery's
id, the route's ``sender``, and when the alert was committed. Later messages of a breach are updates of the
earlier ones, which they name; a refuted one cancels them. ``instruction`` is what the message asks,
``contact`` who is responsible for the case and how they are reached, where the reader may know. ``scope`` is
``Private`` to the party: these documents are about people and are for nobody else's eyes. Both languages are
in one document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from xml.etree import ElementTree as ET

from emon.alerts.asked import has_passed
from emon.alerts.incident import Say
from emon.alerts.link_lines import MessageLinks
from emon.alerts.messages import Text, owner_line
from emon.alerts.outbox import AlertView, DueDelivery, UpdateView
from emon.alerts.place_words import place_lines
from emon.alerts.words import EN, NL, Language
from emon.model.instant import to_datetime
from emon.model.vocabulary import AlertEvent, Certainty

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_RESTRICTED = re.compile(r"[\s<&,]")  # 3.2.1: what an identifier must not have
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_HEADLINE_CHARS_MAX = 160  # 3.2.2: longer ones may be cut by those who show them

_URGENCY = {1: "Immediate", 2: "Immediate", 3: "Expected", 4: "Expected", 5: "Expected"}
_SEVERITY = {1: "Severe", 2: "Moderate", 3: "Minor", 4: "Minor", 5: "Minor"}
# CAP's "Likely" is more than half; what the engine calls certain has an error under 1 in 1,000.
_CERTAINTY = {
    Certainty.CERTAIN: "Observed",
    Certainty.PROBABLE: "Likely",
    Certainty.POSSIBLE: "Possible",
}
_OVER = (AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH)
_UPDATES_OVER = (Say.LEFT, Say.LAPSED, Say.STAND_DOWN)


def cap_document(
    delivery: DueDelivery,
    alert: AlertView,
    texts: dict[str, Text],
    *,
    asked: Mapping[str, str | None],
    sender: str,
    acknowledge_url: str,
    links: MessageLinks,
    update: UpdateView | None = None,
) -> bytes:
    """The document in UTF-8. ``alert`` and ``update``: what the recipient may see; ``texts`` by RFC 3066
    language, and so ``asked``: what the message asks. ``acknowledge_url``: where a program posts its signed
    acknowledgement."""
    root = ET.Element("alert", xmlns=NAMESPACE)
    _add(root, "identifier", identifier(delivery.id))
    _add(root, "sender", sender)
    _add(root, "sent", instant(alert.detected_at_us if update is None else update.made_at_us))
    _add(root, "status", "Actual")
    _add(root, "msgType", _message_type(delivery, alert))
    _add(root, "source", "emon")
    _add(root, "scope", "Private")
    _add(root, "addresses", identifier(delivery.recipient))
    if delivery.earlier:
        named = (f"{sender},{identifier(one)},{instant(sent_us)}" for one, sent_us in delivery.earlier)
        _add(root, "references", " ".join(named))
    _add(root, "incidents", identifier(alert.breach or alert.id))
    ways = _ways(update, acknowledge_url, links)
    for language, text in texts.items():
        _add_info(root, language, text, asked[language], alert, links, (*_parameters(alert), *ways), update)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def identifier(value: str) -> str:
    """A name as CAP allows it: no spaces, commas or restricted characters."""
    return _RESTRICTED.sub("_", _clean(value)) or "_"


def instant(at_us: int) -> str:
    """CAP 1.2, 3.3.2: no ``Z``, whole seconds, the offset always written."""
    moment = to_datetime(at_us)
    return f"{moment - timedelta(microseconds=moment.microsecond):%Y-%m-%dT%H:%M:%S}-00:00"


def _message_type(delivery: DueDelivery, alert: AlertView) -> str:
    if not delivery.earlier:
        return "Alert"
    return "Cancel" if alert.event is AlertEvent.BREACH_CLEARED and alert.refuted else "Update"


def _add_info(
    root: ET.Element,
    language: str,
    text: Text,
    asked: str | None,
    alert: AlertView,
    links: MessageLinks,
    parameters: Sequence[tuple[str, str]],
    update: UpdateView | None,
) -> None:
    info = ET.SubElement(root, "info")
    _add(info, "language", language)
    _add(info, "category", "Security")
    _add(info, "event", _words(language).events[alert.event])
    update_over = update is not None and update.say in _UPDATES_OVER
    is_over = alert.event in _OVER or update_over or has_passed(alert)
    _add(info, "urgency", "Past" if is_over else _URGENCY[alert.priority])
    _add(info, "severity", _SEVERITY[alert.priority])
    _add(info, "certainty", _certainty(alert))
    _add_pair(info, "eventCode", "emon:event", str(alert.event))
    _add(info, "onset", instant(alert.happened_at_us))
    _add(info, "senderName", "emon")
    _add(info, "headline", text.subject[:_HEADLINE_CHARS_MAX])
    _add(info, "description", text.body)
    if asked is not None:
        _add(info, "instruction", asked)
    _add(info, "web", links.acknowledge or links.answer or links.page)
    contact = owner_line(_words(language), alert)
    if contact is not None:
        _add(info, "contact", contact)
    for name, value in parameters:
        _add_pair(info, "parameter", name, value)
    if alert.position is not None:
        position = alert.position
        area = ET.SubElement(info, "area")
        _add(area, "areaDesc", _area_words(language, alert))
        _add(area, "circle", f"{position.lat:.6f},{position.lon:.6f} {position.accuracy_m / 1_000:.3f}")


def _certainty(alert: AlertView) -> str:
    if alert.refuted:
        return "Unlikely"  # CAP's word for what is not believed to have occurred
    return "Unknown" if alert.certainty is None else _CERTAINTY[alert.certainty]


def _area_words(language: str, alert: AlertView) -> str:
    """The place as the message tells it, with accuracy and age: what a control room shows beside its map."""
    words = _words(language)
    return ". ".join(place_lines(words.place, words.compass, alert, words.when.at)[:2])


def _words(language: str) -> Language:
    return NL if language.startswith("nl") else EN


def _ways(update: UpdateView | None, acknowledge_url: str, links: MessageLinks) -> list[tuple[str, str]]:
    """Which message of an incident it is, and how to answer."""
    if update is None:
        ways = [("emon:acknowledge_url", acknowledge_url)]
    else:
        ways = [("emon:update", str(update.say)), ("emon:number", str(update.number))]
    if links.answer is not None:
        ways.append(("emon:answer_link", links.answer))
    return ways


def _parameters(alert: AlertView) -> list[tuple[str, str]]:
    given = {
        "emon:alert": alert.id,
        "emon:priority": str(alert.priority),
        "emon:breach": alert.breach,
        "emon:order": alert.order,
        "emon:condition": alert.condition,
        "emon:wearer": alert.wearer,
        "emon:device": alert.device,
        "emon:risk": alert.risk,
        "emon:legal_basis": alert.legal_basis,
        "emon:protected_person": alert.protected,
        "emon:how": alert.how,
        "emon:received_at": None if alert.received_at_us is None else instant(alert.received_at_us),
    }
    return [(name, str(value)) for name, value in given.items() if value is not None]


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)


def _add_pair(parent: ET.Element, element: str, name: str, value: str) -> None:
    pair = ET.SubElement(parent, element)
    _add(pair, "valueName", name)
    _add(pair, "value", value)


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)

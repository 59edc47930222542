"""The product's words are whole, and a template that asks for a name nobody gives is found by its place."""

from __future__ import annotations

from msgspec.structs import replace

from emon.alerts.climb_words import EN as CLIMB_EN
from emon.alerts.templates import check_templates, faults_of
from emon.alerts.words import EN
from emon.model.vocabulary import AlertEvent


def faults(**changes: object) -> list[str]:
    return [str(fault) for fault in faults_of("en", replace(EN, **changes), CLIMB_EN)]


def test_the_words_of_the_product_are_whole() -> None:
    check_templates()
    assert faults() == []


def test_a_template_that_asks_for_an_unknown_name_is_refused_by_its_place() -> None:
    lines = {**EN.place.lines, "heading": "Movement: {speed_kmh} km/h to the {wind}"}
    (fault,) = faults(place=replace(EN.place, lines=lines))
    assert fault.startswith("en.place.lines.heading: asks for {speed_kmh}, which nobody gives; given are")


def test_a_text_without_names_may_ask_for_none() -> None:
    (fault,) = faults(refuted="Withdrawn {when}")
    assert fault == "en.refuted: asks for {when}, which nobody gives; given are none"
    (fault,) = faults(refuted="Withdrawn {")
    assert fault.startswith("en.refuted: is no template")
    assert faults(refuted=" ") == ["en.refuted: is empty"]


def test_a_missing_word_is_named() -> None:
    events = {event: word for event, word in EN.events.items() if event is not AlertEvent.PANIC}
    lines = {name: line for name, line in EN.place.lines.items() if name != "map"}
    assert faults(events=events) == ["en.events.panic: missing"]
    assert faults(place=replace(EN.place, lines=lines)) == ["en.place.lines.map: missing"]

"""Words that the page shares with messages and court files: taken from there, so that one thing has one name
wherever a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emon.alerts.names import PARTIES
from emon.alerts.words import EN, NL
from emon.court.words import CAUSES, OUTCOMES, VICTIM_OUTCOMES
from emon.model.vocabulary import Party

_BOTH = (NL, EN)


def terms() -> dict[str, tuple[str, str]]:
    """By id, Dutch and English."""
    return dict(_terms())


def _terms() -> Iterator[tuple[str, tuple[str, str]]]:
    for event in NL.events:
        yield f"event.{event}", (NL.events[event], EN.events[event])
    for kind in NL.kinds:
        yield f"kind.{kind}", (NL.kinds[kind], EN.kinds[kind])
    for how in NL.how:
        yield f"how.{how}", (NL.how[how], EN.how[how])
    for level in NL.certainty:
        short, help_ = zip(*(words.certainty[level] for words in _BOTH), strict=True)
        yield f"certainty.{level}", (short[0], short[1])
        yield f"certainty.help.{level}", (help_[0], help_[1])
    for cause in NL.trouble.causes:
        yield f"trouble.{cause}", (NL.trouble.causes[cause], EN.trouble.causes[cause])
    yield "trouble.protection", (NL.trouble.lines["victim"], EN.trouble.lines["victim"])
    for answer in NL.incident.answers:
        said = (NL.incident.answers[answer], EN.incident.answers[answer])
        yield f"answer.{answer}", (_begun(said[0]), _begun(said[1]))
    for party in PARTIES["nl"]:
        # By their Dutch names in both: those are what the parties are called where this page is used.
        name = _begun(PARTIES["nl"][party])
        yield f"party.{party}", (name, _begun(PARTIES["en"][party]) if party == Party.BESCHERMDE else name)
    closing: tuple[tuple[str, Mapping[str, Mapping[str, str]]], ...] = (
        ("cause", CAUSES),
        ("outcome", OUTCOMES),
        ("victim_outcome", VICTIM_OUTCOMES),
    )
    for member, table in closing:
        for word in table["nl"]:
            yield f"closing.{member}.{word}", (table["nl"][word], table["en"][word])
    for place, name in enumerate(("north", "south", "east", "west")):
        yield f"compass.{name}", (NL.compass[place], EN.compass[place])


def _begun(words: str) -> str:
    return words[0].upper() + words[1:]

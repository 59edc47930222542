"""The words of a policy's decision table: those of its file, and Dutch ones for people."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.alerts.names import LEGAL_BASES, PARTIES
from emon.alerts.words import NL
from emon.orders.read_schedule import DAYS


class TableWords(msgspec.Struct, frozen=True):
    """``names``: of events, kinds, certainties, risks, legal bases and parties; one that is not there stands
    as in the file. ``members``: of kind, certainty, risk and legal basis. ``recalls``: by whether the police
    were told. ``either`` and ``both`` join several."""

    columns: tuple[str, ...]
    names: Mapping[str, str]
    members: tuple[str, str, str, str]
    recalls: tuple[str, str]
    told: str
    others: str
    then_each: str
    either: str
    both: str
    days: tuple[str, ...]
    hour: str
    events_joined: str = ", "


AS_IN_FILES = TableWords(
    columns=("row", "event", "and", "priority", "recipients", "to acknowledge", "climbs"),
    names={},
    members=("kind", "certainty", "risk", "legal basis"),
    recalls=("refuted, and politie was not told", "refuted, and politie was told"),
    told="all who were told",
    others="every other recipient",
    then_each="then each",
    either="or",
    both="and",
    days=tuple(DAYS),
    hour="h",
)
"""English, with the words of policy files, so that a reader finds them there."""

DUTCH = TableWords(
    columns=("regel", "melding", "en", "prioriteit", "ontvangers", "in behandeling binnen", "opschaling"),
    names={
        **{str(event): words for event, words in NL.events.items()},
        **{str(kind): words for kind, words in NL.kinds.items()},
        **{str(level): short for level, (short, _) in NL.certainty.items()},
        **{str(risk): words for risk, words in NL.risk.items()},
        **{str(basis): words for basis, words in LEGAL_BASES.items()},
        **{str(party): words for party, words in PARTIES["nl"].items()},
        "unanswered": "wie nog niet reageerde",
    },
    members=("voorwaarde", "zekerheid", "risico", "juridische grondslag"),
    recalls=("ingetrokken, en politie was niet ingelicht", "ingetrokken, en politie was ingelicht"),
    told="allen die de melding kregen",
    others="alle andere ontvangers",
    then_each="daarna elke",
    either="of",
    both="en",
    days=("ma", "di", "wo", "do", "vr", "za", "zo"),
    hour="uur",
    events_joined="; ",  # their words have commas of their own
)

"""The JSON Schema (2020-12) of a policy file, as the API and ``docs/`` publish it.

What it refuses, the reader refuses; not the other way round: names that lead nowhere, loops, holes and rows
that can never hold are beyond a schema. Routes of recipients are described in docs/recipients.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emon.alerts.default_rows import DEFAULT_ROWS
from emon.alerts.ladder import UNANSWERED
from emon.alerts.lifecycle import Needs
from emon.alerts.need import Fact
from emon.alerts.routes import Languages
from emon.limits import CLIMB_MAX_S, POLICY_NAME_CHARS_MAX, POLICY_ROWS_MAX, PRIORITY_LOWEST, TEXT_LENGTH_MAX
from emon.model.vocabulary import AlertEvent, Certainty, Kind, LegalBasis, Party, Risk
from emon.orders.read_schedule import DAYS
from emon.orders.schema import SCHEMA_DIALECT

Schema = dict[str, Any]

_NAME = rf"^[A-Za-z0-9][A-Za-z0-9 _.-]{{0,{POLICY_NAME_CHARS_MAX - 1}}}$"
_TIME = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"


def policy_schema() -> Schema:
    """A fresh copy of the schema as a tree that ``json.dumps`` writes."""
    outcome = {
        "priority": _ref("priority"),
        "recipients": _ref("recipients"),
        "also": _described("Contacts and shifts that hear of it at once.", _list(_ref("name"))),
        "ladder": _ref("name"),
    }
    rules: Schema = {row.name: _object(outcome) for row in DEFAULT_ROWS}
    rules |= {"cleared_priority": _ref("priority"), "cleared_refuted_priority": _ref("priority")}
    row = {"name": _ref("name"), "when": _ref("when"), **outcome}
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "A policy of emon",
        "description": "Who hears of what, how urgently, and to whom it climbs. Each section is optional.",
        **_object(
            {
                "recipients": _described("Routes by party: docs/recipients.md.", {"type": "object"}),
                "rules": _described("Other outcomes for rows of the default table.", _object(rules)),
                "rows": _described(
                    "Rows before the default table. The first that holds decides.",
                    {
                        "type": "array",
                        "maxItems": POLICY_ROWS_MAX,
                        "items": _object(row, ("when", "priority", "recipients")),
                    },
                ),
                "default_rows": _described("false: the rows are the whole table.", {"type": "boolean"}),
                "ladders": _by_name(_ref("ladder")),
                "shifts": _by_name({"type": "array", "items": _ref("turn"), "minItems": 1}),
                "contacts": _by_name(_contact()),
                "content": _described(
                    "What parties may see of an alert, where that is not the default.",
                    _object({str(party): _content(party) for party in Party}),
                ),
            }
        ),
        "$defs": _parts(),
    }


def _content(party: Party) -> Schema:
    hers = party is Party.BESCHERMDE
    facts = _words([Fact.POSITION] if hers else Fact)
    members: Schema = {"facts": {"type": "array", "items": facts}}
    return _object(members if hers else {**members, "secret_zones": {"type": "boolean"}}, ("facts",))


def _contact() -> Schema:
    members = {
        "party": _words(party for party in Party if party is not Party.BESCHERMDE),
        "title": {"type": "string", "maxLength": TEXT_LENGTH_MAX},
        "language": _words(Languages),
    }
    return {
        "description": "With the members of a route: docs/recipients.md.",
        "type": "object",
        "properties": members,
        "required": ["party"],
    }


def _parts() -> Schema:
    seconds = {"type": "integer", "minimum": 1, "maximum": CLIMB_MAX_S}
    return {
        "name": {"type": "string", "pattern": _NAME},
        "priority": {"type": "integer", "minimum": 1, "maximum": PRIORITY_LOWEST},
        "recipients": _described(
            "told: all who were told of the breach. others: every recipient but the one it is about.",
            _list(_words([*Party, "told", "others"])),
        ),
        "when": _object(
            {
                "events": _list(_words(AlertEvent)),
                "kinds": _list(_words(Kind)),
                "certainties": _list(_words(Certainty)),
                "risks": _list(_words(Risk)),
                "legal_bases": _list(_words(LegalBasis)),
                "recalls_police": {"type": "boolean"},
                "hours": _ref("hours"),
            },
            ("events",),
        ),
        "hours": _object(
            {
                "tz": {"type": "string", "examples": ["Europe/Amsterdam"]},
                "windows": {"type": "array", "items": _ref("window"), "minItems": 1},
            },
            ("tz", "windows"),
        ),
        "window": _object(
            {
                "days": {"type": "array", "items": _words(DAYS), "uniqueItems": True},
                "from": {"type": "string", "pattern": _TIME},
                "to": {"type": "string", "pattern": _TIME},
            },
            ("from", "to"),
        ),
        "ladder": _object(
            {
                "rungs": {"type": "array", "items": _ref("rung"), "minItems": 1},
                "repeat_s": seconds,
                "needs": _words(Needs),
                "then": _ref("name"),
            },
            ("rungs",),
        ),
        "rung": _object(
            {
                "at_s": _described("Seconds after the alert; they rise.", seconds),
                "tell": _described(
                    f"Parties, contacts, shifts, or {UNANSWERED}: recipients who have not acknowledged.",
                    _list({"type": "string"}),
                ),
            },
            ("at_s", "tell"),
        ),
        "turn": _object({"contacts": _list({"type": "string"}), "hours": _ref("hours")}, ("contacts",)),
    }


def _described(text: str, schema: Schema) -> Schema:
    return {"description": text, **schema}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _words(words: Iterable[str]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}


def _by_name(member: Schema) -> Schema:
    names = {"pattern": _NAME}
    return {"type": "object", "propertyNames": names, "additionalProperties": member}


def _object(members: Schema, required: tuple[str, ...] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": members, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found

"""JSON Schema of a court file, as published in docs/court.schema.json."""

from __future__ import annotations

from typing import Any

from emon.alerts.need import DEFAULT_NEEDS
from emon.alerts.notices import NoticeKind
from emon.court.document import FORMAT, MEMBERS, WHOLE
from emon.court.parts import PARTS
from emon.explanation.schema import explanation_schema
from emon.model.resolution import ClosingCause, ClosingOutcome, VictimOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind
from emon.orders.schema import SCHEMA_DIALECT

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_WHOLE: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_TREE: Schema = {"type": "object"}
_INSTANT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
_HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BASE64: Schema = {"type": "string", "contentEncoding": "base64"}


def court_schema() -> Schema:
    """A fresh copy of the schema as a tree that ``json.dumps`` writes."""
    explanation = explanation_schema()
    definitions = explanation.pop("$defs")
    for name in ("$schema", "title", "description"):
        explanation.pop(name)
    members: Schema = {
        "format": {"const": FORMAT},
        "emon": {"description": "The version that wrote it.", **_TEXT},
        "made_at": _INSTANT,
        "made_for": {"enum": [WHOLE, *(str(need.party) for need in DEFAULT_NEEDS)]},
        "withheld": {"description": "Tables of which this reader gets hashes alone.", **_list(_TEXT)},
        "explanation_note": {
            "description": "Why there is no explanation; empty where there is one.",
            **_TEXT,
        },
        "summary": _object({"nl": _list(_TEXT), "en": _list(_TEXT)}),
        **_parts(),
        "explanation": _or_null(explanation),
        "trail": _trail(),
        "hashes": {"description": "SHA-256 of each other member.", **_map(_HASH)},
        "sha256": {"description": "SHA-256 of everything else.", **_HASH},
    }
    assert tuple(members) == MEMBERS
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "The file of an alert, for a court",
        "description": "Its whole life, with the evidence to check it by. Metres, degrees WGS84, UTC.",
        **_object(members),
        "$defs": definitions,
    }


def _parts() -> Schema:
    schemas = (
        _alert(),
        _decision(),
        _or_null(_order()),
        _or_null(_breach()),
        _list(_object({"recorded_at": _INSTANT, "written_by": _list(_TEXT), "changes": _map(_change())})),
        _clocks(),
        _list(_TREE),
        _list(_TREE),
        _list(_delivery()),
        _list(_object({"party": _TEXT, "person": _TEXT, "at": _INSTANT, "via": _TEXT})),
        _list(_TREE),
        _list(_TREE),
        _list(_TREE),
        _list(_TREE),
        _object({"joined_deliveries": _WHOLE, "tells_too": _list(_TEXT), "notes": _list(_TREE)}),
        _object(
            {
                "in_force": _list(_TREE),
                "newest": _list(_TREE),
                "requests": _list(_TREE),
                "notices": _list(_notice()),
            }
        ),
        _list(_command()),
        _list(_TREE),
        _or_null(_closing()),
        _list(_related()),
    )
    return dict(zip(PARTS, schemas, strict=True))


def _alert() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "event": _words(AlertEvent),
            "priority": {"type": "integer", "minimum": 1, "maximum": 5},
            "at": _INSTANT,
            "recipients": _list(_TEXT),
            "also": _list(_TEXT),
            "certainty": _or_null(_words(Certainty)),
            "breach": _or_null(_TEXT),
            "order": _or_null(_TEXT),
            "condition": _or_null(_TEXT),
            "device": _or_null(_TEXT),
        }
    )


def _related() -> Schema:
    alert = _alert()
    return _object({**alert["properties"], "closing": _or_null(_closing())})


def _notice() -> Schema:
    told = {
        "recipient": _TEXT,
        "attempts": _WHOLE,
        "first_attempt_at": _or_null(_INSTANT),
        "receipt_at": _or_null(_INSTANT),
    }
    return _object(
        {
            "id": _TEXT,
            "kind": _words(NoticeKind),
            "version": _WHOLE,
            "reason": _TEXT,
            "by_itself": _FLAG,
            "at": _INSTANT,
            "until": _or_null(_INSTANT),
            "by": _list(_TEXT),
            "made_at": _INSTANT,
            "told": _list(_object(told)),
        }
    )


def _decision() -> Schema:
    return _object(
        {
            "at": _INSTANT,
            "recorded_at": _INSTANT,
            "written_by": {"description": "Account and program.", **_list(_TEXT)},
            "policy_version": _or_null(_TEXT),
            "policy_in_force_from": _or_null(_INSTANT),
            "rule_name": _or_null(_TEXT),
            "rule": _or_null(_TREE),
        }
    )


def _order() -> Schema:
    versions = _object({"version": _WHOLE, "armed_at": _INSTANT, "risk": _TEXT})
    return _object(
        {
            "id": _TEXT,
            "version": _WHOLE,
            "armed_at": _INSTANT,
            "wearer": _TEXT,
            "legal_basis": _TEXT,
            "risk": _TEXT,
            "valid_from": _INSTANT,
            "valid_until": _or_null(_INSTANT),
            "withdrawn_at": _or_null(_INSTANT),
            "owner": _or_null(_TREE),
            "protected_person": _or_null(_TEXT),
            "condition": _or_null(_TREE),
            "condition_words": _or_null(_object({"nl": _TEXT, "en": _TEXT})),
            "versions": _list(versions),
        }
    )


def _breach() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "version": _WHOLE,
            "kind": _words(Kind),
            "wearer": _TEXT,
            "device": _TEXT,
            "opened_at": _INSTANT,
            "closed_at": _or_null(_INSTANT),
            "certainty": _words(Certainty),
            "how": _words(How),
            "historic": _FLAG,
            "refuted": _FLAG,
            "deepest_m": _NUMBER,
        }
    )


def _change() -> Schema:
    value: Schema = {"type": ["string", "boolean", "null"]}
    return _object({"was": value, "is": value})


def _clocks() -> Schema:
    return _object(
        {
            "happened_at": _INSTANT,
            "received_at": _or_null(_INSTANT),
            "detected_at": _INSTANT,
            "first_delivered_at": _or_null(_INSTANT),
            "delivered_at": _map(_INSTANT),
        }
    )


def _delivery() -> Schema:
    attempt = {
        "attempt": _WHOLE,
        "started_at": _INSTANT,
        "ended_at": _INSTANT,
        "outcome": _TEXT,
        "status": _or_null(_WHOLE),
        "detail": _TEXT,
    }
    return _object(
        {
            "id": _TEXT,
            "recipient": _TEXT,
            "channel": _TEXT,
            "climb": _WHOLE,
            "state": _TEXT,
            "contact_of": _or_null(_TEXT),
            "receipt_at": _or_null(_INSTANT),
            "told_in": _or_null(_TEXT),
            "attempts": _list(_object(attempt)),
        }
    )


def _command() -> Schema:
    reply = {"result": _TEXT, "replied_at": _or_null(_INSTANT), "received_at": _INSTANT}
    return _object(
        {
            **dict.fromkeys(("id", "device", "asks", "reason", "state"), _TEXT),
            "asked_at": _INSTANT,
            "sent_at": _or_null(_INSTANT),
            "replies": _list(_object(reply)),
        }
    )


def _closing() -> Schema:
    return _object(
        {
            "party": _TEXT,
            "person": _TEXT,
            "cause": _words(ClosingCause),
            "outcome": _words(ClosingOutcome),
            "victim_outcome": _or_null(_words(VictimOutcome)),
            "note": _TEXT,
            "resolved_at": _INSTANT,
            "via": _TEXT,
        }
    )


def _trail() -> Schema:
    entry = dict.fromkeys(("relation", "row_key", "deed", "written_by", "content"), _TEXT)
    shown = _object({"seq": _or_null(_WHOLE), **entry, "recorded_at": _INSTANT})
    withheld = _object({"seq": _WHOLE, "leaf": _HASH})
    row = {"relation": _TEXT, "columns": _list(_TEXT), "text": _TEXT}
    places = {"seal": _or_null(_WHOLE), "place": _or_null(_WHOLE)}
    way = {"first": _WHOLE, "before": _HASH, "leaves": _BASE64, "head": _TREE}
    return _object(
        {
            "entries": _list({"oneOf": [shown, withheld]}),
            "rows": _list(_object({**row, **places})),
            "seals": _list(_object({"seq": _WHOLE, "leaves": _BASE64})),
            "ways": _list(_object(way)),
            "keys": _list(_TREE),
            "newest_head": _or_null(_TREE),
            "left_out": {"type": "integer", "minimum": 0},
        }
    )


def _object(members: Schema) -> Schema:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _words(words: Any) -> Schema:
    return {"enum": [str(word) for word in words]}

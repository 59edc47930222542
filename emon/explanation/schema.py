"""The JSON Schema (2020-12) of an explanation, as ``docs/explanation.schema.json`` publishes it.

What it refuses ``read_explanation`` refuses or ``emon explain`` finds different; not the other way round:
whether the verdict follows from the inputs is beyond a schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from emon.explanation.document import FORMAT, HASH
from emon.explanation.grounds import Reason
from emon.limits import DEVICE_ID_LENGTH_MAX
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Mark, Party
from emon.orders.schema import SCHEMA_DIALECT, orders_schema

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TEXT: Schema = {"type": "string", "minLength": 1}
_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
_INSTANT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
_DEVICE: Schema = {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{1,{DEVICE_ID_LENGTH_MAX}}}$"}


def explanation_schema() -> Schema:
    """A fresh copy of the schema as a tree that ``json.dumps`` writes."""
    orders = orders_schema()
    members: Schema = {
        "format": {"const": FORMAT},
        "emon": {"description": "The version of the engine that wrote it.", **_TEXT},
        "verdict": _verdict(),
        "sentence": _languages("What the fixes show, how sure that is, and why not more."),
        "alerts": _list(_alert()),
        "rule": _languages("The rule that the verdict's how stands for."),
        "grounds": _grounds(),
        "decisions": _list(_decision()),
        "until": {"description": "The last decision on the breach.", **_INSTANT},
        "incursion_days": _list({"type": "string", "format": "date"}),
        "rules": {"description": "Every row of the policy.", "type": "object"},
        "orders": {**_list({"$ref": "#/$defs/order"}), "minItems": 1},
        "fixes": _list(_fix()),
        "motions": _list(_object({"device": _DEVICE, "received_at": _INSTANT, "event": {"type": "object"}})),
        "edges": _list(_object({"at": _INSTANT, "version": _or_null(_COUNT)})),
        "parameters": {"type": "object", "additionalProperties": _NUMBER},
        HASH: {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "An explanation of a suspected breach",
        "description": "Everything that made it, to recompute its verdict from. Metres, degrees WGS84.",
        **_object(members, optional=("motions",)),
        "$defs": orders["$defs"],
    }


def _verdict() -> Schema:
    return _object(
        {
            "type": {"const": "breach"},
            "id": _ID,
            "order": _TEXT,
            "version": _COUNT,
            "condition": _TEXT,
            "kind": _word(Kind),
            "wearer": _TEXT,
            "opened_at": _INSTANT,
            "closed_at": _or_null(_INSTANT),
            "certainty": _word(Certainty),
            "how": _word(How),
            "historic": _FLAG,
            "refuted": _FLAG,
            "deepest_m": {"type": "number", "minimum": 0},
        }
    )


def _alert() -> Schema:
    return _object(
        {
            "type": {"const": "alert"},
            "id": _ID,
            "event": _word(AlertEvent),
            "priority": {"type": "integer", "minimum": 1, "maximum": 5},
            "at": _INSTANT,
            "recipients": _list(_word(Party)),
            "breach": _ID,
            "order": _TEXT,
            "condition": _TEXT,
            "certainty": _or_null(_word(Certainty)),
            "device": _or_null(_DEVICE),
        }
    )


def _grounds() -> Schema:
    run = _object({"device": _DEVICE, "seq": _COUNT, "fixed_at": _INSTANT})
    return {
        "type": "object",
        "properties": {"reason": _word(Reason), "fixes_shown": _COUNT, "run": _list(run)},
        "required": ["reason", "fixes_shown", "run"],
    }


def _decision() -> Schema:
    return _object(
        {
            "at": _INSTANT,
            "by": {"enum": ["fix", "edge"]},
            "opened_at": _INSTANT,
            "closed_at": _or_null(_INSTANT),
            "certainty": _word(Certainty),
            "how": _word(How),
            "historic": _FLAG,
            "refuted": _FLAG,
        }
    )


def _fix() -> Schema:
    wire = {
        "description": "The fix's own members, as docs/wire.md has them.",
        "type": "object",
        "required": ["seq", "t", "lat", "lon", "acc"],
    }
    return _object(
        {
            "device": _DEVICE,
            "received_at": _INSTANT,
            "mark": _word(Mark),
            "fix": wire,
            "version": _or_null(_COUNT),
            "holds": _FLAG,
            "distance_m": _or_null(_NUMBER),
            "probability": _or_null({"type": "number", "minimum": 0, "maximum": 1}),
            "side": {"enum": ["wrong", "right", "unclear", None]},
        }
    )


def _languages(description: str) -> Schema:
    return {"description": description, **_object({"nl": _TEXT, "en": _TEXT})}


def _object(members: Schema, optional: Iterable[str] = ()) -> Schema:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _word(words: type[StrEnum]) -> Schema:
    return {"enum": [word.value for word in words]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}

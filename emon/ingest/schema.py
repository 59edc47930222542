"""The JSON Schema (2020-12) of what devices write in JSON, as ``docs/wire.schema.json`` publishes it.

It is for those who build a device, and strict: a message that fits is taken whole. The other way round
the service takes more than it describes, because a broken optional member costs a device its member
and not its fix, and because of a name that occurs twice the last counts.
"""

from __future__ import annotations

from typing import Any

from emon.limits import (
    ACCURACY_MAX_M,
    ACCURACY_MIN_M,
    COMMAND_ID_LENGTH_MAX,
    FIXES_PER_MESSAGE_MAX,
    HDOP_MAX,
    HEADING_MAX_DEG,
    INSTANT_MAX_US,
    INSTANT_MIN_US,
    PLAN_MAX_S,
    PLAN_MIN_S,
    SATELLITES_MAX,
    SEQ_MAX,
    SPEED_MAX_M_S,
    TIME_TEXT_LENGTH_MAX,
)
from emon.model.command import Result
from emon.model.vocabulary import DEVICE_EVENT_STATES, Source

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

# A second of 60 is only a leap second, which a schema cannot tell: a device without one never writes it.
_RFC_3339 = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$"
)


def wire_schema() -> Schema:
    """A fresh copy of the schema as a tree that ``json.dumps`` writes."""
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "What devices publish in JSON",
        "description": (
            "Payloads by topic: emon/v1/{device}/fix is #/$defs/fixes, …/event is #/$defs/events, "
            "…/cmd/reply is #/$defs/replies. Members that are not named here are kept and otherwise ignored."
        ),
        "anyOf": [_ref("fixes"), _ref("events"), _ref("replies")],
        "$defs": {
            "instant": _instant(),
            "seq": {"type": "integer", "minimum": 0, "maximum": SEQ_MAX},
            "fix": _fix(),
            "event": _event(),
            "reply": _reply(),
            "fixes": _one_or_many("fix"),
            "events": _one_or_many("event"),
            "replies": _one_or_many("reply"),
        },
    }


def _instant() -> Schema:
    milliseconds: Schema = {
        "type": "integer",
        "minimum": -(-INSTANT_MIN_US // 1_000),
        "maximum": INSTANT_MAX_US // 1_000,
    }
    text = {"type": "string", "pattern": _RFC_3339, "maxLength": TIME_TEXT_LENGTH_MAX}
    return {
        "description": "RFC 3339 with an offset, or integer milliseconds since 1970 UTC; years 1 to 9999.",
        "anyOf": [text, milliseconds],
        "examples": ["2026-03-29T00:59:30.250Z", 1_774_745_970_250],
    }


def _fix() -> Schema:
    members: Schema = {
        "seq": _said("Rises per device and may restart.", _ref("seq")),
        "t": _said("When the position was taken.", _ref("instant")),
        "lat": _number("Degrees WGS84.", -90, 90),
        "lon": _number("Degrees WGS84.", -180, 180),
        "acc": _number("Metres: the radius of the 95 % circle.", ACCURACY_MIN_M, ACCURACY_MAX_M),
        "spd": _number("Metres a second.", 0, SPEED_MAX_M_S),
        "hdg": _number("Degrees clockwise from north.", 0, HEADING_MAX_DEG),
        "src": {"enum": [str(source) for source in Source], "default": str(Source.GNSS)},
        "sat": {
            "description": "Satellites used.",
            "type": "integer",
            "minimum": 0,
            "maximum": SATELLITES_MAX,
        },
        "hdop": _number("Horizontal dilution of precision.", 0, HDOP_MAX),
        "bat": _number("Battery, 1 is full.", 0, 1),
    }
    return _object(members, ("seq", "t", "lat", "lon", "acc"))


def _event() -> Schema:
    """Each event with its own states."""
    shared: Schema = {"seq": _ref("seq"), "t": _ref("instant")}
    required = ("event", "state", "seq", "t")
    return {
        "oneOf": [
            _object({"event": {"const": event}, "state": {"enum": list(states)}, **shared}, required)
            for event, states in DEVICE_EVENT_STATES.items()
        ]
    }


def _reply() -> Schema:
    members: Schema = {
        "id": {
            "description": "The command's id; printable.",
            "type": "string",
            "minLength": 1,
            "maxLength": COMMAND_ID_LENGTH_MAX,
            "pattern": r"^[!-~]+$",
        },
        "result": {"enum": [str(result) for result in Result], "default": str(Result.DONE)},
        "rate_s": _number("Seconds between fixes from now on.", PLAN_MIN_S, PLAN_MAX_S),
        "t": _ref("instant"),
    }
    return _object(members, ("id",))


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _said(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


def _number(description: str, least: float, most: float) -> Schema:
    return {"description": description, "type": "number", "minimum": least, "maximum": most}


def _object(properties: Schema, required: tuple[str, ...]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _one_or_many(name: str) -> Schema:
    many = {"type": "array", "items": _ref(name), "maxItems": FIXES_PER_MESSAGE_MAX}
    return {"anyOf": [_ref(name), many]}

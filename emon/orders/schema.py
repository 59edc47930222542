"""The JSON Schema (2020-12) of a document of orders, as the API and ``docs/`` publish it.

It describes the format of the contract, section 2. What it refuses, ``parse_document`` refuses;
not the other way round: ids that occur twice, refs that lead nowhere, ends before begins and rings
that cross themselves are beyond a schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from emon.limits import (
    BUFFER_MAX_M,
    DEVICE_ID_LENGTH_MAX,
    ID_LENGTH_MAX,
    ORDER_VERSION_MAX,
    PLAN_MAX_S,
    PLAN_MIN_S,
    RADIUS_MAX_M,
    TEXT_LENGTH_MAX,
)
from emon.model.vocabulary import LegalBasis, Party, Risk
from emon.orders.read_schedule import DAYS

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_INSTANT = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"
_TIME = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"


def orders_schema() -> Schema:
    """A fresh copy of the schema as a tree that ``json.dumps`` writes."""
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "Orders for electronic monitoring",
        "description": "One document that emon arms, checks or replays. Longitude comes first, WGS84.",
        **_object(
            {"orders": _list(_ref("order")), "zones": _or_null(_list(_ref("named_zone")))},
            required=("orders",),
        ),
        "$defs": {**_small(), **_zones(), **_times(), **_conditions(), **_order()},
    }


def _small() -> Schema:
    return {
        "id": {
            "description": "No control characters, no blank at either end.",
            **_text(ID_LENGTH_MAX, least=1),
            "pattern": r"^\S(.*\S)?$",
        },
        "device_id": {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{1,{DEVICE_ID_LENGTH_MAX}}}$"},
        "text": _text(TEXT_LENGTH_MAX),
        "instant": {
            "description": "RFC 3339 with an offset.",
            "type": "string",
            "pattern": _INSTANT,
            "examples": ["2026-01-10T00:00:00+01:00"],
        },
        "party": _words(Party),
    }


def _zones() -> Schema:
    position = {
        "description": "[longitude, latitude] in degrees; an altitude is ignored.",
        "type": "array",
        "prefixItems": [_number(-180, 180), _number(-90, 90), {"type": "number"}],
        "items": False,
        "minItems": 2,
    }
    rings = _list(_list(_ref("position"), least=3), least=1)
    metres = {"type": "number", "exclusiveMinimum": 0, "maximum": RADIUS_MAX_M}
    return {
        "position": position,
        "polygon": _shape("Polygon", coordinates=rings),
        "multipolygon": _shape("MultiPolygon", coordinates=_list(rings, least=1)),
        "circle": _shape("Circle", center=_ref("position"), radius_m=metres),
        "corridor": _shape("Corridor", coordinates=_list(_ref("position"), least=2), width_m=metres),
        "zone": {"oneOf": [_ref(name) for name in ("polygon", "multipolygon", "circle", "corridor")]},
        "zone_ref": {
            "description": "The id of one of the document's zones.",
            **_object({"ref": _ref("id")}, required=("ref",)),
        },
        "named_zone": _object({"id": _ref("id"), "zone": _ref("zone")}, required=("id", "zone")),
    }


def _times() -> Schema:
    interval: Schema = {"from": _ref("instant"), "to": _ref("instant"), "reason": _or_null(_ref("text"))}
    time = {"type": "string", "pattern": _TIME}
    days = {"type": "array", "items": _words(DAYS), "uniqueItems": True}
    window: Schema = {"days": _or_null(days), "from": time, "to": time}
    return {
        "exception": _object(interval, required=("from", "to")),
        "suspension": _object({**interval, "by": _or_null(_list(_ref("id")))}, required=("from", "to")),
        "window": {
            "description": "Local time; `to` not after `from` runs past midnight; no days are all days.",
            **_object(window, required=("from", "to")),
        },
        "schedule": _object(
            {
                "tz": {"description": "IANA time zone.", "type": "string"},
                "windows": _or_null(_list(_ref("window"), least=1)),
                "except": _or_null(_list(_ref("exception"))),
            },
            required=("tz",),
        ),
    }


def _conditions() -> Schema:
    shared: Schema = {
        "id": _ref("id"),
        "secret": _or_null({"type": "boolean"}),
        "schedule": _or_null(_ref("schedule")),
    }
    area: Schema = {
        **shared,
        "zone": {"oneOf": [_ref("zone"), _ref("zone_ref")]},
        "buffer_m": _or_null(_number(0, BUFFER_MAX_M)),
    }
    contact: Schema = {
        **shared,
        "victim_device": _or_null(_ref("device_id")),
        "radius_m": _or_null({"type": "number", "exclusiveMinimum": 0, "maximum": RADIUS_MAX_M}),
    }
    required = ("id", "kind")
    return {
        "exclusion": _object({**area, "kind": {"const": "exclusion"}}, required=(*required, "zone")),
        "inclusion": _object({**area, "kind": {"const": "inclusion"}}, required=(*required, "zone")),
        "contact": _object({**contact, "kind": {"const": "contact"}}, required=required),
        "condition": {"oneOf": [_ref("exclusion"), _ref("inclusion"), _ref("contact")]},
    }


def _order() -> Schema:
    use: Schema = {
        "id": _ref("device_id"),
        "from": _or_null(_ref("instant")),
        "until": _or_null(_ref("instant")),
        "plan_s": _or_null({"type": "integer", "minimum": PLAN_MIN_S, "maximum": PLAN_MAX_S}),
    }
    owner: Schema = {
        "party": _ref("party"),
        "name": _ref("text"),
        "contact": _or_null(_ref("text")),
    }
    order: Schema = {
        "id": _ref("id"),
        "version": {"type": "integer", "minimum": 1, "maximum": ORDER_VERSION_MAX},
        "armed_at": {
            "description": "Read by replay and import alone; arming sets its own.",
            **_or_null(_ref("instant")),
        },
        "withdrawn_at": _or_null(_ref("instant")),
        "wearer": _ref("id"),
        "device": {
            "description": "Short for one device for the whole time; never beside `devices`.",
            **_or_null(_ref("device_id")),
        },
        "devices": _or_null(_list(_ref("device_use"))),
        "legal_basis": _words(LegalBasis),
        "risk": {"default": str(Risk.MEDIUM), **_or_null(_words(Risk))},
        "valid_from": _ref("instant"),
        "valid_until": _or_null(_ref("instant")),
        "owner": _or_null(_ref("owner")),
        "protected_person": _or_null(_ref("id")),
        "suspensions": _or_null(_list(_ref("suspension"))),
        "conditions": _list(_ref("condition"), least=1),
    }
    needed = ("id", "version", "wearer", "legal_basis", "valid_from", "conditions")
    return {
        "device_use": _object(use, required=("id",)),
        "owner": _object(owner, required=("party", "name")),
        "order": _object(order, required=needed),
    }


# --- building blocks ----------------------------------------------------------------------------
def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, *, required: tuple[str, ...]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _shape(kind: str, **properties: Schema) -> Schema:
    return _object({"type": {"const": kind}, **properties}, required=("type", *properties))


def _list(items: Schema, *, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _text(most: int, *, least: int = 0) -> Schema:
    return {"type": "string", **({"minLength": least} if least else {}), "maxLength": most}


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _words(words: Iterable[StrEnum] | Iterable[str]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}

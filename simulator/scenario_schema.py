"""The JSON Schema (2020-12) of a scenario file, as ``docs/scenario.schema.json`` publishes it.

An editor that knows it completes and checks while a scenario is written. What it refuses the reader refuses;
not the other way round: names that lead nowhere, times out of order, places off the map, orders that
cannot be armed and a truth that its own world contradicts are beyond a schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any

from emon.model.vocabulary import DEVICE_EVENT_STATES, AlertEvent, Certainty, Party
from simulator.device_habits import FIRMWARE, Habits
from simulator.faults.kinds import FaultKind
from simulator.faults.reading import OF_KIND
from simulator.limits import SCENARIO_DURATION_MAX_S, WALK_SPEED_MAX_M_S
from simulator.path import Surroundings
from simulator.scenario import Wire
from simulator.scenario_device import ASKS
from simulator.scenario_truth import RULING, STAY
from simulator.scenario_way import MEANS
from simulator.scoring.facts import MUST_NOT, RULINGS, STAYS

Schema = dict[str, Any]


def scenario_schema() -> Schema:
    """A fresh copy of the schema as a tree that ``json.dumps`` writes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario for emon-sim",
        "description": "People in a world, the orders over them, what goes wrong, and what is due.",
        **_object(_top(), required=("scenario", "wearers", "orders")),
        "oneOf": [{"required": ["duration"]}, {"required": ["duration_s"]}],
        "anyOf": [{"required": ["truth"]}, {"required": ["expected"]}],
        "$defs": {**_small(), **_people(), "fault": _faults(), **_due()},
    }


def _top() -> Schema:
    return {
        "scenario": _text("Its name."),
        "title": _text("One line for people."),
        "note": _text("What happens and why it matters, in plain language."),
        "seed": {"type": "integer", "minimum": 0},
        "start": _text("Second 0, RFC 3339 on a whole second. Without it the scenario can begin at any."),
        "tz": _text("The wall clock that its times speak of; Europe/Amsterdam where absent."),
        "duration_s": {"type": "number", "exclusiveMinimum": 0, "maximum": SCENARIO_DURATION_MAX_S},
        "duration": _ref("time"),
        "map": {
            "description": "[west, south, east, north] in degrees: no place may lie outside.",
            "type": "array",
            "items": {"type": "number"},
            "minItems": 4,
            "maxItems": 4,
        },
        "places": {"type": "object", "additionalProperties": _ref("point")},
        "wearers": _list(_ref("wearer"), least=1),
        "orders": {
            "description": "As in the orders document; an instant may be an offset such as -1d, a circle's "
            "center a place's name.",
            **_list({"type": "object"}, least=1),
        },
        "zones": _list({"type": "object"}),
        "faults": _list(_ref("fault")),
        "expected": _list(_ref("expected")),
        "truth": _list(_ref("told")),
        "complete": _list(_words(AlertEvent)),
    }


def _small() -> Schema:
    return {
        "time": {
            "description": 'Seconds after the start, or "1h 30min", "22:15", "su 02:30", '
            '"2026-03-29 03:30", or RFC 3339.',
            "type": ["number", "string"],
        },
        "point": {
            "description": "[longitude, latitude], a place's name, or metres from either.",
            "oneOf": [
                {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
                {"type": "string"},
                _object(
                    {"near": _ref("point"), "east_m": _number(), "north_m": _number()}, required=("near",)
                ),
            ],
        },
        "span": _object({"from": _ref("time"), "to": _ref("time")}, required=("from", "to")),
        "recipients": {**_list(_words(Party)), "uniqueItems": True},
    }


def _people() -> Schema:
    wearer = {
        "id": _text("Who."),
        "note": _text("What this person does, for people."),
        "device": _device(),
        "receiver": _receiver(),
        "movement": _list(_leg(), least=1),
    }
    return {"wearer": _object(wearer, required=("id", "device", "receiver"))}


def _device() -> Schema:
    events = {
        "oneOf": [
            _object(
                {"at": _ref("time"), "event": {"const": event}, "state": {"enum": list(states)}},
                required=("at", "event", "state"),
            )
            for event, states in DEVICE_EVENT_STATES.items()
        ]
    }
    battery = {
        "level": _share(),
        "lasts": _ref("time"),
        "charges_in": _ref("time"),
        "charging": _list(_ref("span")),
    }
    command = {
        "at": _ref("time"),
        "id": _text("The command's id."),
        "asks": {"enum": list(ASKS)},
        "reply_after_s": {"type": ["number", "null"], "minimum": 0},
        "for": _ref("time"),
    }
    blind = {"from": _ref("time"), "to": _ref("time"), "cause": {"enum": ["jamming", "shielding"]}}
    silence = {"from_s": _number(), "to_s": _number(), "from": _ref("time"), "to": _ref("time")}
    habits = {each.name: {"type": "boolean"} if each.type == "bool" else _number() for each in fields(Habits)}
    members = {
        "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "wire": _words(Wire),
        "user": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "interval_s": {"type": "number", "minimum": 0.1, "maximum": 3_600},
        "first_s": _number(0),
        "silences": _list(_object(silence)),
        "firmware": {"enum": list(FIRMWARE)},
        "habits": _object(habits),
        "off": _list(_ref("span")),
        "blind": _list(_object(blind, required=("from", "to"))),
        "events": _list(events),
        "commands": _list(_object(command, required=("at", "asks"))),
        "battery": _object(battery),
        "reboots": _list(_ref("time")),
    }
    return _object(members, required=("id",))


def _receiver() -> Schema:
    model = {
        "accuracy_m": {"type": "number", "exclusiveMinimum": 0, "maximum": 10_000},
        "accuracy_spread": {"type": "number", "minimum": 0, "maximum": 2},
        "drifts": _list(_list({"type": "number"}, least=2)),
        "outlier_chance": _share(),
        "outlier_m": _number(0),
    }
    return {
        "oneOf": [
            _object(model, required=("accuracy_m",)),
            _object({"kind": _text("A receiver of docs/simulator-receivers.md.")}, required=("kind",)),
            _object({"track": _text("A recorded track in EMON_TRACKS.")}, required=("track",)),
        ]
    }


def _leg() -> Schema:
    around = {"enum": [each.name.lower() for each in Surroundings]}
    by = {"enum": list(MEANS)}
    speed = {"type": "number", "exclusiveMinimum": 0, "maximum": WALK_SPEED_MAX_M_S}
    travel = {"to": _ref("point"), "speed_m_s": speed, "by": by, "arrive": _ref("time")}
    return {
        "oneOf": [
            _object({"at": _ref("point"), "surroundings": around}, required=("at",)),
            _object({**travel, "surroundings": around}, required=("to",)),
            _object({"pause_s": _number(0), "surroundings": around}, required=("pause_s",)),
            _object({"stay": _ref("time"), "surroundings": around}, required=("stay",)),
            _object({"until": _ref("time"), "surroundings": around}, required=("until",)),
        ]
    }


_MEMBER = {
    "from": {"$ref": "#/$defs/time"},
    "to": {"$ref": "#/$defs/time"},
    "center": {"$ref": "#/$defs/point"},
    "radius_m": {"type": "number", "exclusiveMinimum": 0, "maximum": 300_000},
    "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "times": {"type": "integer", "minimum": 2, "maximum": 1_000},
    "version": {"type": "integer", "minimum": 1},
    "devices": {"type": "array", "items": {"type": "string"}, "minItems": 1},
}


def _faults() -> Schema:
    return {"oneOf": [_fault(kind) for kind in FaultKind]}


def _fault(kind: FaultKind) -> Schema:
    members = {name: _MEMBER.get(name, {"type": "string"}) for name in OF_KIND[kind]}
    return _object({"kind": {"const": kind.value}, **members}, required=("kind",))


def _due() -> Schema:
    names = {"order": _text("Its order."), "condition": _text("Its condition."), "wearer": _text("Whose.")}
    common = {
        **names,
        "from": _ref("time"),
        "to": _ref("time"),
        "by": _ref("time"),
        "recipients": _ref("recipients"),
        "certainty": _words(Certainty),
        "deepest_m": _number(0),
        "active": {"type": "boolean"},
        "late": {"type": "boolean"},
    }
    told = [
        _object(
            {kind: _text("The condition."), **{name: common[name] for name in STAY}},
            required=(kind, "from", "to", "deepest_m"),
        )
        for kind in STAYS
    ]
    told += [
        _object(
            {kind: _words(AlertEvent), **{name: common[name] for name in RULING}},
            required=(kind,) if kind == MUST_NOT else (kind, "from", "by", "recipients"),
        )
        for kind in RULINGS
    ]
    between = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    expected = {
        **names,
        "event": _words(AlertEvent),
        "certainty": _words(Certainty),
        "between": between,
        "recipients": _ref("recipients"),
        "optional": {"type": "boolean"},
    }
    required = ("wearer", "order", "condition", "event", "between", "recipients")
    return {"told": {"oneOf": told}, "expected": _object(expected, required=required)}


def _object(members: Schema, *, required: Iterable[str] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": members, "additionalProperties": False}
    return {**found, "required": list(required)} if list(required) else found


def _list(items: Schema, *, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _words(words: type[StrEnum]) -> Schema:
    return {"enum": [word.value for word in words]}


def _text(description: str) -> Schema:
    return {"description": description, "type": "string"}


def _number(least: float | None = None) -> Schema:
    return {"type": "number", **({} if least is None else {"minimum": least})}


def _share() -> Schema:
    return {"type": "number", "minimum": 0, "maximum": 1}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}

"""The published JSON Schema of the wire: the file, what the documents show, no broken promise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.ingest.decode import decode
from emon.ingest.schema import SCHEMA_DIALECT, wire_schema
from emon.limits import FIXES_PER_MESSAGE_MAX, SEQ_MAX
from emon.model.fix import Decoded
from emon.model.vocabulary import DEVICE_EVENT_STATES
from tests.ingest.test_decode import CONTRACT_FIX

FIX = json.loads(CONTRACT_FIX)
EVENT = {"event": "strap", "state": "cut", "seq": 813, "t": "2026-03-29T01:00:00Z"}
REPLY = {"id": "9f2c4e01a77b3d58", "result": "done", "rate_s": 15, "t": "2026-03-29T01:00:03Z"}
TOPICS = {"fixes": "emon/v1/d-1/fix", "events": "emon/v1/d-1/event", "replies": "emon/v1/d-1/cmd/reply"}

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2 * SEQ_MAX)
    | st.floats(-1e7, 1e7)
    | st.text(max_size=8)
    | st.sampled_from(
        ["gnss", "cell", "done", "closed", "on", "2026-02-28T23:59:60Z", "2026-01-01T00:00:00+24:00"]
    )
    | st.lists(st.integers(), max_size=2)
)


def valid(payload: object, name: str) -> bool:
    schema = wire_schema()
    schema.pop("anyOf")
    return bool(jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"}).is_valid(payload))


def read(payload: object, name: str) -> Decoded:
    return decode(TOPICS[name], json.dumps(payload).encode())


def taken_whole(payload: dict[str, Any], name: str) -> bool:
    """Every member of the payload has arrived in what the decoder gives."""
    found = read(payload, name)
    if found.rejections:
        return False
    members: dict[str, object]
    if name == "fixes":
        (fix,) = found.fixes
        members = {"spd": fix.speed_m_s, "hdg": fix.heading_deg, "hdop": fix.hdop, "bat": fix.battery}
        members |= {"sat": fix.satellites, "src": fix.source}
    elif name == "events":
        (event,) = found.events
        members = {"event": event.event, "state": event.state}
    else:
        (reply,) = found.replies
        members = {"rate_s": reply.rate_s, "result": reply.result}
    return all(payload[key] == value for key, value in members.items() if key in payload)


def test_the_published_file_is_the_schema(repository: Path) -> None:
    published = json.loads((repository / "docs" / "wire.schema.json").read_text("utf-8"))
    assert published == wire_schema()
    jsonschema.Draft202012Validator.check_schema(published)
    assert published["$schema"] == SCHEMA_DIALECT


@pytest.mark.parametrize(("payload", "name"), [(FIX, "fixes"), (EVENT, "events"), (REPLY, "replies")])
def test_what_the_contract_shows_fits_alone_and_many_times(payload: dict[str, Any], name: str) -> None:
    assert valid(payload, name)
    assert valid([payload] * FIXES_PER_MESSAGE_MAX, name)
    assert not valid([payload] * (FIXES_PER_MESSAGE_MAX + 1), name)
    assert not [other for other in TOPICS if other != name and valid(payload, other)]
    assert taken_whole(payload, name)


@pytest.mark.parametrize("event", DEVICE_EVENT_STATES)
def test_an_event_has_its_own_states_and_no_others(event: str) -> None:
    states = {state for every in DEVICE_EVENT_STATES.values() for state in every}
    for state in sorted(states):
        payload = {**EVENT, "event": event, "state": state}
        assert valid(payload, "events") is (not read(payload, "events").rejections)


def test_the_worked_examples_of_the_wire_page_fit(repository: Path) -> None:
    page = (repository / "docs" / "wire.md").read_text("utf-8")
    shown = [json.loads(block) for block in re.findall(r"```(?:json)?\n(\{.*?\})\n```", page, re.DOTALL)]
    sent = [payload for payload in shown if "cmd" not in payload]
    assert len(sent) >= 3
    assert all(any(valid(payload, name) for name in TOPICS) for payload in sent)


def test_a_required_member_that_is_missing_is_refused_by_both() -> None:
    for payload, name, required in (
        (FIX, "fixes", ("seq", "t", "lat", "lon", "acc")),
        (EVENT, "events", ("event", "state", "seq", "t")),
        (REPLY, "replies", ("id",)),
    ):
        for member in required:
            less = {key: value for key, value in payload.items() if key != member}
            assert not valid(less, name)
            assert read(less, name).rejections


@settings(max_examples=400)
@given(st.data())
def test_what_fits_is_taken_whole(data: st.DataObject) -> None:
    payload, name = data.draw(st.sampled_from([(FIX, "fixes"), (EVENT, "events"), (REPLY, "replies")]))
    member = data.draw(st.sampled_from(sorted(payload)))
    changed = {**payload, member: data.draw(VALUES)}
    # A schema takes 3.0 for an integer, and cannot count the days of a month: wire.md says both.
    whole = isinstance(changed[member], float) and changed[member].is_integer()
    if valid(changed, name) and not (whole and member in {"seq", "t", "sat"}):
        assert taken_whole(changed, name)
    elif member in {"lat", "lon", "acc"} and not whole:
        assert read(changed, name).rejections

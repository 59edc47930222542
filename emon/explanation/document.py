"""The explanation as a JSON object, its canonical bytes, its hash, and the file's text."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from emon import __version__
from emon.alerts.policy import Policy
from emon.explanation.case import Case, Turn, Verdict
from emon.explanation.contact import grounds_of_contact, trace_contact
from emon.explanation.grounds import grounds_of
from emon.explanation.parameters import parameters
from emon.explanation.sentence import sentences
from emon.explanation.trace import FixTrace, Trace, trace
from emon.explanation.words import RULES
from emon.ingest.decode import decode
from emon.ingest.topics import Channel, topic_for
from emon.model.fix import KeptEvent, RawFix
from emon.model.instant import format_instant
from emon.model.lines import alert_line, breach_line
from emon.model.order import OrderVersion
from emon.model.vocabulary import Kind
from emon.orders.tree import read_tree, write_canonical
from emon.policies.written import tree_of

FORMAT = "emon-explanation/1"
HASH = "sha256"

Document = dict[str, Any]

_P_DIGITS = 9
_METRE_DIGITS = 3


def explain(case: Case, verdict: Verdict) -> Document:
    """The whole document, hash included. Raises ``ValueError`` for a case that gives no breach."""
    breach = verdict.breach
    if breach is None:
        raise ValueError(f"the case gives no breach {case.breach_id}")
    if breach.kind is Kind.CONTACT:
        found = trace_contact(case, verdict)
        grounds = grounds_of_contact(breach, found)
    else:
        found = trace(case, verdict)
        grounds = grounds_of(breach, found)
    document: Document = {
        "format": FORMAT,
        "emon": __version__,
        "verdict": breach_line(breach),
        "sentence": sentences(breach, grounds, case.until_us),
        "alerts": [alert_line(alert) for alert in verdict.alerts],
        "rule": RULES[breach.how],
        "grounds": grounds.members(),
        "decisions": decisions(verdict.turns),
        **inputs(case, found),
        "edges": [{"at": format_instant(e.at_us), "version": e.version} for e in found.edges],
        "parameters": parameters(),
    }
    document[HASH] = hash_of(document)
    return document


def inputs(case: Case, found: Trace) -> Document:
    """What the verdict is made of, with what each fix shows beside it."""
    return {
        "until": format_instant(case.until_us),
        "incursion_days": [date.fromordinal(day).isoformat() for day in case.incursion_days],
        "rules": rules_of(case.policy),
        "orders": [order_of(version) for version in case.versions],
        "fixes": [_fix(one) for one in found.fixes],
        **({"motions": [_motion(one) for one in case.motions]} if case.motions else {}),
    }


def hash_of(document: Document) -> str:
    """SHA-256, in hexadecimal digits, of the canonical JSON of everything but the hash itself."""
    content = {name: value for name, value in document.items() if name != HASH}
    return hashlib.sha256(write_canonical(content)).hexdigest()


def file_text(document: Document) -> str:
    """The file: valid JSON, a member a line, and of a list an item a line, so that people can read
    and compare it. The hash does not depend on the layout."""
    lines = []
    for name, value in document.items():
        if isinstance(value, list) and value:
            items = ",\n  ".join(_compact(item) for item in value)
            lines.append(f"{_compact(name)}: [\n  {items}\n ]")
        else:
            lines.append(f"{_compact(name)}: {_compact(value)}")
    return "{" + ",\n ".join(lines) + "}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def order_of(version: OrderVersion) -> Document:
    """A version in the contract's own format (section 2), with the instant of its arming."""
    tree: Document = json.loads(version.source)
    return {**tree, "armed_at": format_instant(version.armed_at_us)}


def rules_of(policy: Policy) -> Document:
    """The policy as a policy file would give it, every row written out."""
    return tree_of(policy)


def decisions(turns: tuple[Turn, ...]) -> list[Document]:
    """How the verdict became what it is: decisions that changed more than its depth."""
    found: list[Document] = []
    for turn in turns:
        line = breach_line(turn.breach)
        said = {
            "by": "edge" if turn.by_edge else "fix",
            **{
                name: line[name]
                for name in ("opened_at", "closed_at", "certainty", "how", "historic", "refuted")
            },
        }
        if not found or any(found[-1][name] != said[name] for name in said if name != "by"):
            found.append({"at": format_instant(turn.at_us), **said})
    return found


def _fix(one: FixTrace) -> Document:
    fix = one.fix
    distance_m = None if one.distance_m is None else round(one.distance_m, _METRE_DIGITS)
    return {
        "device": fix.wire.device,
        "received_at": format_instant(fix.received_at_us),
        "mark": fix.mark.value,
        "fix": wire_members(fix.wire),
        "version": one.version,
        "holds": one.holds,
        "distance_m": distance_m,
        "probability": None if one.p is None else round(one.p, _P_DIGITS),
        "side": one.side,
    }


def _motion(one: KeptEvent) -> Document:
    wire = one.wire
    return {
        "device": wire.device,
        "received_at": format_instant(one.received_at_us),
        "event": {
            "event": wire.event,
            "state": wire.state,
            "seq": wire.seq,
            "t": format_instant(wire.fixed_at_us),
        },
    }


def wire_members(fix: RawFix) -> Document:
    """The fix's own members as it came, where it came as the contract's JSON object; else the same
    content in the contract's words (a packed record, a phone's report)."""
    try:
        members = read_tree(fix.raw)  # as the file will be read, to the same hash
        payload = json.dumps(members, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return _in_our_words(fix)
    again = decode(topic_for(Channel.FIX, fix.device), payload)
    if isinstance(members, dict) and len(again.fixes) == 1 and again.fixes[0].same_content(fix):
        return members
    return _in_our_words(fix)


def _in_our_words(fix: RawFix) -> Document:
    members = {
        "seq": fix.seq,
        "t": format_instant(fix.fixed_at_us),
        "lat": fix.lat,
        "lon": fix.lon,
        "acc": fix.accuracy_m,
        "spd": fix.speed_m_s,
        "hdg": fix.heading_deg,
        "src": fix.source.value,
        "sat": fix.satellites,
        "hdop": fix.hdop,
        "bat": fix.battery,
    }
    return {name: value for name, value in members.items() if value is not None}

"""A policy written out as a file's tree: every row, ladder, shift and contact, and nothing by default.

``policy_of(tree_of(policy)) == policy``: the database, the API and explanations keep policies so. Routes and
secrets are no part of it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from emon.alerts.decision_table import DEFAULT_LADDER_NAME, Hours, Row, When
from emon.alerts.ladder import Ladder, Shift
from emon.alerts.policy import Policy
from emon.limits import POLICY_VERSION_DIGITS
from emon.orders.read_schedule import DAYS
from emon.orders.tree import write_canonical

Tree = dict[str, Any]


def tree_of(policy: Policy) -> Tree:
    """The whole of it, as a policy file could hold it."""
    tree: Tree = {"default_rows": False, "rows": [_row(row) for row in policy.rows]}
    tree["ladders"] = {ladder.name: _ladder(ladder) for ladder in policy.ladders}
    if policy.shifts:
        tree["shifts"] = {shift.name: _shift(shift) for shift in policy.shifts}
    if policy.contacts:
        tree["contacts"] = {
            one.name: {"party": str(one.party), **({"title": one.title} if one.title else {})}
            for one in policy.contacts
        }
    if policy.needs:
        tree["content"] = {
            str(need.party): {
                "facts": [str(fact) for fact in need.facts],
                **({"secret_zones": True} if need.secret_zones else {}),
            }
            for need in policy.needs
        }
    return tree


def policy_bytes(policy: Policy) -> bytes:
    """Its canonical JSON: equal content gives equal bytes."""
    return write_canonical(tree_of(policy))


def version_of(policy: Policy) -> str:
    """The hash of its content, in hexadecimal digits: equal versions decide alike."""
    return hashlib.sha256(policy_bytes(policy)).hexdigest()[:POLICY_VERSION_DIGITS]


def _row(row: Row) -> Tree:
    words = [*map(str, row.recipients), *(["told"] if row.told else []), *(["others"] if row.others else [])]
    tree: Tree = {"name": row.name, "when": _when(row.when), "priority": row.priority, "recipients": words}
    if row.also:
        tree["also"] = list(row.also)
    if row.ladder != DEFAULT_LADDER_NAME:
        tree["ladder"] = row.ladder
    return tree


def _when(when: When) -> Tree:
    tree: Tree = {
        "events": [str(event) for event in when.events],
        "kinds": [str(kind) for kind in when.kinds],
        "certainties": [str(certainty) for certainty in when.certainties],
        "risks": [str(risk) for risk in when.risks],
        "legal_bases": [str(basis) for basis in when.legal_bases],
        "recalls_police": when.recalls_police,
        "hours": None if when.hours is None else hours_tree(when.hours),
    }
    return {name: value for name, value in tree.items() if value not in (None, [])}


def hours_tree(hours: Hours) -> Tree:
    """As a schedule of an order."""
    windows = [
        {
            **({} if len(window.days) == len(DAYS) else {"days": [DAYS[day] for day in window.days]}),
            "from": clock_text(window.from_s),
            "to": clock_text(window.to_s),
        }
        for window in hours.windows
    ]
    return {"tz": hours.tz, "windows": windows}


def clock_text(second: int) -> str:
    """``HH:MM``, with seconds where there are any."""
    hour, minute, rest = second // 3_600, second // 60 % 60, second % 60
    return f"{hour:02}:{minute:02}" + (f":{rest:02}" if rest else "")


def _ladder(ladder: Ladder) -> Tree:
    rungs = [{"at_s": rung.at_s, "tell": list(rung.tell)} for rung in ladder.rungs]
    needs = {} if ladder.needs is None else {"needs": str(ladder.needs)}
    return {"rungs": rungs, "repeat_s": ladder.repeat_s, **needs}


def _shift(shift: Shift) -> list[Tree]:
    return [
        {
            "contacts": list(turn.contacts),
            **({} if turn.hours is None else {"hours": hours_tree(turn.hours)}),
        }
        for turn in shift.turns
    ]

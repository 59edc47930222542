"""The rules' part of the configuration: who hears which level, where it differs from the default.

::

    {"rules": {"possible": {"priority": 2, "recipients": ["meldkamer_em", "reclassering"]},
               "cleared_priority": 4}}

A row that is not given keeps the contract's default (section 3).
"""

from __future__ import annotations

import difflib
import json
from typing import Any

from msgspec.structs import fields, replace

from emon.alerts.policy import DEFAULT_POLICY, Policy, Rule
from emon.limits import PRIORITY_LOWEST
from emon.model.order import Fault
from emon.model.vocabulary import Party


class RulesRefused(Exception):
    """The rules cannot be used. ``faults``: all of them, each with its place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def read_rules(source: bytes) -> Policy:
    """The policy of a configuration file's bytes; members other than ``rules`` are not looked at.

    Raises ``RulesRefused`` with every fault.
    """
    try:
        document = json.loads(source)
    except (ValueError, RecursionError) as fault:
        raise RulesRefused((Fault("", f"not JSON: {fault}"),)) from None
    if not isinstance(document, dict):
        raise RulesRefused((Fault("", "must be a JSON object"),))
    rows = document.get("rules", {})
    if not isinstance(rows, dict):
        raise RulesRefused((Fault("rules", "must be an object"),))
    faults: list[Fault] = []
    known = {field.name: getattr(DEFAULT_POLICY, field.name) for field in fields(Policy)}
    changes: dict[str, Rule | int] = {}
    for name, value in rows.items():
        place = f"rules.{name}"
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            faults.append(Fault(place, f"unknown rule; {advice}"))
        elif isinstance(known[name], Rule):
            rule = _rule(value, known[name], place, faults)
            if rule is not None:
                changes[name] = rule
        elif _is_priority(value, place, faults):
            changes[name] = value
    if faults:
        raise RulesRefused(tuple(faults))
    return replace(DEFAULT_POLICY, **changes)


def _rule(value: Any, default: Rule, place: str, faults: list[Fault]) -> Rule | None:
    if not isinstance(value, dict):
        faults.append(Fault(place, "must be an object with priority and recipients"))
        return None
    before = len(faults)
    for name in value:
        if name not in ("priority", "recipients"):
            faults.append(Fault(f"{place}.{name}", "unknown member; known are priority, recipients"))
    priority = value.get("priority", default.priority)
    _is_priority(priority, f"{place}.priority", faults)
    recipients = value.get("recipients", [str(party) for party in default.recipients])
    if not isinstance(recipients, list) or not recipients:
        faults.append(Fault(f"{place}.recipients", "must be a list with at least one party"))
        return None
    for i, party in enumerate(recipients):
        if party not in list(Party):
            faults.append(Fault(f"{place}.recipients[{i}]", f"not a party; known are {', '.join(Party)}"))
    if len(faults) > before:
        return None
    return Rule(priority, tuple(dict.fromkeys(Party(party) for party in recipients)))


def _is_priority(value: Any, place: str, faults: list[Fault]) -> bool:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= PRIORITY_LOWEST:
        return True
    faults.append(Fault(place, f"must be a whole number from 1 (highest) to {PRIORITY_LOWEST}"))
    return False

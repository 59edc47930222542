"""A policy file to a :class:`Policy`. Every fault is named by its place, and one fault refuses the file.

Sections, all optional (docs/policy.md): ``rows`` stand before the default table, or in its place with
``"default_rows": false``; ``rules`` give rows of the default table another outcome, by name; ``ladders``,
``shifts`` and ``contacts`` say whom an alert climbs to. ``recipients`` is read by ``emon.alerts.recipients``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from emon.alerts.decision_table import Row, When
from emon.alerts.default_rows import DEFAULT_ROWS
from emon.alerts.ladder import DEFAULT_LADDERS
from emon.alerts.policy import Policy
from emon.alerts.policy_tree import read_policy_tree
from emon.limits import POLICY_ROWS_MAX
from emon.model.order import Fault
from emon.model.vocabulary import AlertEvent, Certainty, Kind, LegalBasis, Party, Risk
from emon.orders.members import (
    Check,
    Faults,
    check_flag,
    items_of,
    kind_of,
    members_of,
    nearest_of,
    shown,
)
from emon.orders.tree import JsonObject
from emon.policies.members import check_name, check_priority, names_of, read_hours, words_of
from emon.policies.read_content import read_content
from emon.policies.read_ladders import ladders_reader, read_contacts, shifts_reader
from emon.policies.soundness import check_soundness

_PRIORITIES = {"cleared_priority": "cleared", "cleared_refuted_priority": "cleared_refuted"}
_TOLD, _OTHERS = "told", "others"


class PolicyRefused(Exception):
    """The policy cannot be used. ``faults``: all of them, each with its place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def read_policy(source: bytes) -> Policy:
    """The policy of a file's bytes. Routes of recipients and contacts are not looked at.

    Raises ``PolicyRefused`` with every fault.
    """
    tree, unreadable = read_policy_tree(source)
    if unreadable:
        raise PolicyRefused(unreadable)
    return policy_of(tree)


def policy_of(tree: Any) -> Policy:
    """The policy of a file's tree. Raises ``PolicyRefused`` with every fault."""
    faults = Faults()
    members = members_of(_objects(tree), "", faults)
    if members is None:
        raise PolicyRefused(tuple(faults.found))
    members.optional("recipients", _anything)
    contacts = members.optional("contacts", read_contacts) or ()
    shifts = members.optional("shifts", shifts_reader({contact.name: contact for contact in contacts})) or ()
    known = [*(contact.name for contact in contacts), *(shift.name for shift in shifts)]
    ladders = members.optional("ladders", ladders_reader(known)) or ()
    given = {ladder.name: ladder for ladder in (*DEFAULT_LADDERS, *ladders)}
    ladders = tuple(ladder for _, ladder in sorted(given.items()))
    needs = members.optional("content", read_content) or ()
    defaults = members.optional("default_rows", check_flag) is not False
    named = [ladder.name for ladder in ladders]
    reader = _Rows(names_of(known, "contact or shift"), names_of(named, "ladder"), defaults)
    rows = members.optional("rows", reader.rows) or []
    changes = members.optional("rules", reader.rules if defaults else _out_of_place) or {}
    rest = tuple(changes.get(row.name, row) for row in DEFAULT_ROWS) if defaults else ()
    members.close()
    policy = Policy((*(row for row, _ in rows), *rest), ladders, shifts, contacts, needs)
    if not faults.found:
        policy = check_soundness(policy, {row.name: place for row, place in rows}, faults)
    if faults.found:
        raise PolicyRefused(tuple(faults.found))
    return policy


def _objects(tree: Any) -> Any:
    if isinstance(tree, dict):
        return JsonObject((str(name), _objects(value)) for name, value in tree.items())
    return [_objects(value) for value in tree] if isinstance(tree, list) else tree


def _anything(value: object, path: str, faults: Faults) -> object:
    return value


class _Rows:
    """Reads rows; ``also`` and ``ladder`` check names that the file itself gives. ``defaults``: the default
    table follows, and its names are taken."""

    def __init__(self, also: Check[list[str]], ladders: Check[list[str]], defaults: bool) -> None:
        self._defaults = defaults
        self._also = also
        self._ladders = ladders

    def rows(self, value: object, path: str, faults: Faults) -> list[tuple[Row, str]] | None:
        """The file's own rows, each with its place."""
        items = items_of(value, path, faults)
        if items is not None and len(items) > POLICY_ROWS_MAX:
            faults.add(path, f"{len(items)} rows; at most {POLICY_ROWS_MAX}")
            return None
        taken = {row.name for row in DEFAULT_ROWS} if self._defaults else set()
        found: list[tuple[Row, str]] = []
        for i, item in enumerate(items or []):
            row = self._row(item, i, f"{path}[{i}]", faults)
            if row is None:
                continue
            if row.name in taken:
                faults.add(f"{path}[{i}].name", f"{shown(row.name)} is the name of another row")
            taken.add(row.name)
            found.append((row, f"{path}[{i}]"))
        return found

    def _row(self, value: object, number: int, path: str, faults: Faults) -> Row | None:
        members = members_of(value, path, faults)
        if members is None:
            return None
        name = members.optional("name", check_name) or f"row {number + 1}"
        when = members.required("when", _when)
        priority = members.required("priority", check_priority)
        told = members.required("recipients", words_of(Party, _TOLD, _OTHERS))
        also = members.optional("also", self._also)
        ladder = members.optional("ladder", self._ladder)
        members.close()
        if when is None or priority is None or told is None:
            return None
        return _with(Row(name, when, priority), None, told, also, ladder)

    def _ladder(self, value: object, path: str, faults: Faults) -> str | None:
        own = Faults()
        found = self._ladders([value], path, own)
        for fault in own.found:
            faults.add(path, fault.message)
        return found[0] if found else None

    def rules(self, value: object, path: str, faults: Faults) -> dict[str, Row] | None:
        """Rows of the default table with another outcome, by name."""
        if not isinstance(value, JsonObject):
            faults.add(path, f"must be an object, not {kind_of(value)}")
            return None
        known = {row.name: row for row in DEFAULT_ROWS}
        found: dict[str, Row] = {}
        for name, rule in value.items():
            place = f"{path}.{name}"
            row_name = _PRIORITIES.get(name, name)
            row = found.get(row_name, known.get(row_name))
            if row is None:
                advice = nearest_of(name, (*known, *_PRIORITIES)) or f"; known are {', '.join(known)}"
                faults.add(place, f"unknown rule{advice}")
            elif name in _PRIORITIES:
                found[row_name] = _with(row, check_priority(rule, place, faults))
            else:
                found[row_name] = self._outcome(rule, row, place, faults)
        return found

    def _outcome(self, value: object, row: Row, path: str, faults: Faults) -> Row:
        members = members_of(value, path, faults)
        if members is None:
            return row
        priority = members.optional("priority", check_priority)
        told = members.optional("recipients", words_of(Party, _TOLD, _OTHERS))
        also = members.optional("also", self._also)
        ladder = members.optional("ladder", self._ladder)
        members.close()
        return _with(row, priority, told, also, ladder)


def _with(
    row: Row,
    priority: int | None = None,
    told: Sequence[str] | None = None,
    also: Sequence[str] | None = None,
    ladder: str | None = None,
) -> Row:
    """The row with another outcome, where one is given."""
    if told is not None:
        parties = tuple(Party(word) for word in told if word in set(Party))
        row = replace(row, recipients=parties, told=_TOLD in told, others=_OTHERS in told)
    return replace(
        row,
        priority=row.priority if priority is None else priority,
        also=row.also if also is None else tuple(also),
        ladder=row.ladder if ladder is None else ladder,
    )


def _out_of_place(value: object, path: str, faults: Faults) -> None:
    faults.add(path, "changes rows of the default table, which default_rows leaves out")


def _when(value: object, path: str, faults: Faults) -> When | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    events = members.required("events", words_of(AlertEvent))
    kinds = members.optional("kinds", words_of(Kind)) or []
    certainties = members.optional("certainties", words_of(Certainty)) or []
    risks = members.optional("risks", words_of(Risk)) or []
    bases = members.optional("legal_bases", words_of(LegalBasis)) or []
    recalls = members.optional("recalls_police", check_flag)
    hours = members.optional("hours", read_hours)
    members.close()
    if events is None:
        return None
    return When(
        tuple(map(AlertEvent, events)),
        tuple(map(Kind, kinds)),
        tuple(map(Certainty, certainties)),
        tuple(map(Risk, risks)),
        tuple(map(LegalBasis, bases)),
        recalls,
        hours,
    )

"""The readable parts of a court file, each made of its evidence alone, so that a check can make it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from emon.court.conditions import condition_words
from emon.court.trail import EntryShown, RowShown, TrailShown, Tree, cells, instant_text
from emon.model.instant import parse_instant

PARTS = (
    "alert",
    "decision",
    "order",
    "breach",
    "corrections",
    "clocks",
    "fixes",
    "device_said",
    "deliveries",
    "acknowledgements",
    "said_again",
    "climbs",
    "updates",
    "answers",
    "beside",
    "suspensions",
    "commands",
    "trouble",
    "closing",
    "related",
)


class Rows:
    """What the entries say: of each row its last content, and of each table how its rows came about."""

    def __init__(self, entries: Iterable[EntryShown]) -> None:
        self._said: dict[str, list[tuple[EntryShown, Tree]]] = {}
        for one in entries:
            if not one.withheld and one.deed != "seal":
                self._said.setdefault(one.relation, []).append((one, json.loads(one.content)))

    def history(self, relation: str) -> list[tuple[EntryShown, Tree]]:
        """Each entry of the table's rows in order, with its content."""
        return self._said.get(relation, [])

    def of(self, relation: str) -> list[Tree]:
        """The rows as their last entries leave them, in the order in which they came to be."""
        last: dict[str, Tree | None] = {}
        for entry, content in self.history(relation):
            last[entry.row_key] = None if entry.deed == "delete" else content
        return [content for content in last.values() if content is not None]

    def one(self, relation: str, **where: object) -> Tree | None:
        """The first row with these values, or None."""
        found = (row for row in self.of(relation) if all(row.get(k) == v for k, v in where.items()))
        return next(found, None)


def parts_of(alert_id: str, trail: TrailShown) -> dict[str, Any]:
    """Every readable part. Raises ``ValueError`` and ``LookupError`` where the evidence is none."""
    rows = Rows(trail.entries)
    alert = rows.one("alert", id=alert_id)
    if alert is None:
        raise LookupError("the evidence holds no entry of the alert itself")
    breach = None if alert["breach_id"] is None else rows.one("breach", id=alert["breach_id"])
    version = _version(rows, alert, breach)
    mine = [row for row in rows.of("delivery") if row["alert_id"] == alert_id]
    values = (
        _alert(alert),
        _decision(rows, alert),
        None if version is None else _order(rows, version, alert),
        None if breach is None else _breach(breach),
        _corrections(rows, alert),
        _clocks(alert, mine),
        list(_bulk(trail.rows, "fix")),
        list(_bulk(trail.rows, "device_event")),
        [_delivery(rows, row) for row in mine],
        [_acknowledgement(row) for row in rows.of("acknowledgement")],
        [_plain(row, "alert_id") for row in rows.of("said_again")],
        [_plain(row, "alert_id") for row in rows.of("climb")],
        [_plain(row, "id", "breach_id") for row in rows.of("incident_update")],
        [_plain(row, "id", "breach_id") for row in rows.of("incident_answer")],
        _beside(rows, alert_id, mine),
        _suspensions(rows, version),
        _commands(rows, trail.rows),
        _trouble(rows),
        _closing(rows, alert_id),
        [
            {**_alert(row), "closing": _closing(rows, row["id"])}
            for row in rows.of("alert")
            if row["id"] != alert_id
        ],
    )
    return dict(zip(PARTS, values, strict=True))


def _at(row: Tree, name: str) -> str | None:
    return None if row.get(name) is None else instant_text(row[name])


def _plain(row: Tree, *without: str) -> Tree:
    """A row as it stands, its instants written as everywhere."""
    return {
        name: _at(row, name) if name.endswith("_at") or name == "at" else value
        for name, value in row.items()
        if name not in without
    }


def _alert(row: Tree) -> Tree:
    return {
        "id": row["id"],
        "event": row["event"],
        "priority": row["priority"],
        "at": _at(row, "at"),
        "recipients": row["recipients"],
        "also": row.get("also", []),
        "certainty": row["certainty"],
        "breach": row["breach_id"],
        "order": row["order_id"],
        "condition": row["condition_id"],
        "device": row["device"],
    }


def _decision(rows: Rows, alert: Tree) -> Tree:
    """Who decided it, and by which policy; a machine decides whom to tell, never what follows."""
    entry = next(one for one, row in rows.history("alert") if row["id"] == alert["id"])
    version, name = alert.get("policy_version"), alert.get("policy_row")
    kept = None if version is None else rows.one("policy_version", version=version)
    uses = sorted(instant_text(row["from_at"]) for row in rows.of("policy_use"))
    at = instant_text(alert["detected_at"])
    rule = None
    if kept is not None:
        rule = next((row for row in json.loads(kept["content"])["rows"] if row["name"] == name), None)
    return {
        "at": _at(alert, "at"),
        "recorded_at": entry.recorded_at,
        "written_by": json.loads(entry.written_by),
        "policy_version": version,
        "policy_in_force_from": next((use for use in reversed(uses) if use <= at), None),
        "rule_name": name,
        "rule": rule,
    }


def _version(rows: Rows, alert: Tree, breach: Tree | None) -> Tree | None:
    """The version that judged it: the breach's own, else the one in force by the contract (section 2)."""
    versions = sorted(rows.of("order_version"), key=lambda row: int(row["version"]))
    if breach is not None:
        return next((row for row in versions if row["version"] == breach["version"]), None)
    taken = parse_instant(instant_text(alert["received_at"] or alert["at"]))
    happened = parse_instant(instant_text(alert["happened_at"]))
    fit = [
        row
        for row in versions
        if parse_instant(instant_text(row["armed_at"])) <= taken
        and parse_instant(instant_text(row["valid_from"])) <= happened
    ]
    return fit[-1] if fit else None


def source_of(version: Tree) -> Tree:
    """The order's own document."""
    document = json.loads(bytes.fromhex(version["source"].removeprefix("\\x")))
    assert isinstance(document, dict)
    return document


def _order(rows: Rows, version: Tree, alert: Tree) -> Tree:
    source = source_of(version)
    named = (one for one in source["conditions"] if one["id"] == alert["condition_id"])
    condition = next(named, None)
    return {
        "id": version["id"],
        "version": version["version"],
        "armed_at": _at(version, "armed_at"),
        "wearer": version["wearer"],
        "legal_basis": version["legal_basis"],
        "risk": version["risk"],
        "valid_from": _at(version, "valid_from"),
        "valid_until": _at(version, "valid_until"),
        "withdrawn_at": _at(version, "withdrawn_at"),
        "owner": source.get("owner"),
        "protected_person": source.get("protected_person"),
        "condition": condition,
        "condition_words": None if condition is None else condition_words(condition),
        "versions": [
            {"version": row["version"], "armed_at": _at(row, "armed_at"), "risk": row["risk"]}
            for row in sorted(rows.of("order_version"), key=lambda row: int(row["version"]))
        ],
    }


def _breach(row: Tree) -> Tree:
    return {
        "id": row["id"],
        "version": row["version"],
        "kind": row["kind"],
        "wearer": row["wearer"],
        "device": row["device"],
        "opened_at": _at(row, "opened_at"),
        "closed_at": _at(row, "closed_at"),
        "certainty": row["certainty"],
        "how": row["how"],
        "historic": row["historic"],
        "refuted": row["refuted"],
        "deepest_m": round(row["deepest_m"], 3),
    }


_CORRECTED = ("opened_at", "closed_at", "certainty", "how", "historic", "refuted")


def _corrections(rows: Rows, alert: Tree) -> list[Tree]:
    """How what was said of the breach changed afterwards, each with who wrote it and when."""
    found: list[Tree] = []
    before: Tree | None = None
    for entry, row in rows.history("breach"):
        now = {**_breach(row)}
        changed = [name for name in _CORRECTED if before is not None and before[name] != now[name]]
        if before is not None and changed:
            found.append(
                {
                    "recorded_at": entry.recorded_at,
                    "written_by": json.loads(entry.written_by),
                    "changes": {name: {"was": before[name], "is": now[name]} for name in changed},
                }
            )
        before = now
    return found


def _clocks(alert: Tree, deliveries: list[Tree]) -> Tree:
    came = [
        (instant_text(row["delivered_at"]), row["recipient"]) for row in deliveries if row["delivered_at"]
    ]
    return {
        "happened_at": _at(alert, "happened_at"),
        "received_at": _at(alert, "received_at"),
        "detected_at": _at(alert, "detected_at"),
        "first_delivered_at": min(came)[0] if came else None,
        "delivered_at": {recipient: at for at, recipient in sorted(came, reverse=True)},
    }


def _bulk(rows: Iterable[RowShown], relation: str) -> Iterator[Tree]:
    for row in rows:
        if row.relation == relation:
            yield members_of_row(row)


_NUMBERS = frozenset(
    {"lon", "lat", "accuracy_m", "speed_m_s", "heading_deg", "hdop", "battery", "satellites", "seq", "rate_s"}
)


def members_of_row(row: RowShown) -> Tree:
    """A row of fixes or of what devices say, by its columns' names. Raises ``ValueError``."""
    values = cells(row.text)
    if len(values) != len(row.columns):
        raise ValueError("a row does not have the columns that its seal names")
    found: Tree = {}
    for name, value in zip(row.columns, values, strict=True):
        if value is None:
            found[name] = None
        elif name in _NUMBERS:
            found[name] = json.loads(value)
        elif name.endswith("_at"):
            found[name] = instant_text(value)
        elif name != "raw":
            found[name] = value
    return {**found, "sealed": row.seal is not None}


def _delivery(rows: Rows, row: Tree) -> Tree:
    tried = [one for one in rows.of("delivery_attempt") if one["delivery_id"] == row["id"]]
    return {
        **{name: row[name] for name in ("id", "recipient", "channel", "climb", "state")},
        "contact_of": row.get("party"),
        "receipt_at": _at(row, "delivered_at"),
        "told_in": row.get("joined_into"),
        "attempts": [
            _plain(one, "delivery_id") for one in sorted(tried, key=lambda one: int(one["attempt"]))
        ],
    }


def _acknowledgement(row: Tree) -> Tree:
    return {
        "party": row["party"],
        "person": row["person"],
        "at": _at(row, "acknowledged_at"),
        "via": row["via"],
    }


def _beside(rows: Rows, alert_id: str, mine: list[Tree]) -> Tree:
    """Flapping and joining: what told this alert too, and what this alert told of others."""
    own = {row["id"] for row in mine}
    others = [row for row in rows.of("delivery") if row["alert_id"] != alert_id]
    return {
        "joined_deliveries": sum(1 for row in mine if row.get("joined_into") is not None),
        "tells_too": sorted({row["alert_id"] for row in others if row.get("joined_into") in own}),
        "notes": [_plain(row) for row in rows.of("alert_beside")],
    }


def _suspensions(rows: Rows, version: Tree | None) -> Tree:
    """What suspended the order by the version that judged and by the newest, and what people asked for."""
    versions = sorted(rows.of("order_version"), key=lambda row: int(row["version"]))
    newest = versions[-1] if versions else None
    return {
        "in_force": [] if version is None else source_of(version).get("suspensions", []),
        "newest": [] if newest is None else source_of(newest).get("suspensions", []),
        "requests": [_plain(row) for row in rows.of("suspension_request")],
        "notices": [_notice(rows, row) for row in rows.of("notice")],
    }


def _notice(rows: Rows, row: Tree) -> Tree:
    """What was said when a suspension began or was over, to whom, and when each of them had it."""
    told = [one for one in rows.of("notice_delivery") if one["notice_id"] == row["id"]]
    return {
        **{name: row[name] for name in ("id", "kind", "version", "reason", "by_itself")},
        "at": _at(row, "at"),
        "until": _at(row, "until"),
        "by": row["decided_by"],
        "made_at": _at(row, "made_at"),
        "told": [
            {
                "recipient": one["recipient"],
                "attempts": one["attempts"],
                "first_attempt_at": _at(one, "first_attempt_at"),
                "receipt_at": _at(one, "delivered_at"),
            }
            for one in told
        ],
    }


def _closing(rows: Rows, alert_id: str) -> Tree | None:
    row = rows.one("resolution", alert_id=alert_id)
    return None if row is None else _plain(row, "alert_id")


def _commands(rows: Rows, bulk: Iterable[RowShown]) -> list[Tree]:
    replies = list(_bulk(bulk, "command_reply"))
    return [
        {
            **{name: row[name] for name in ("id", "device", "asks", "reason", "state")},
            "asked_at": _at(row, "asked_at"),
            "sent_at": _at(row, "sent_at"),
            "replies": [
                {name: reply[name] for name in ("result", "replied_at", "received_at")}
                for reply in replies
                if reply["command_id"] == row["id"]
            ],
        }
        for row in rows.of("command")
    ]


def _trouble(rows: Rows) -> list[Tree]:
    """What a device or the platform itself was said to have, where the alert is about that."""
    return [_plain(row, "alert_id") for name in ("trouble", "platform_alert") for row in rows.of(name)]

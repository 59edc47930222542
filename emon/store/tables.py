"""Every table of the schema, in the order in which an import may fill them: how the audit trail watches it,
and whether an export carries it. A test holds this list against the schema; a new table needs a row here and,
for ``Watched.ROWS``, one call of ``audit_rows`` in its migration (docs/audit.md).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Watched(StrEnum):
    """How the audit trail watches a table."""

    ROWS = "rows"
    """each insert, update and delete is an entry, captured by a trigger"""
    BULK = "bulk"
    """sealed by spans of ``received_at``: too many rows for an entry each"""
    NOT = "not"
    """not at all; ``why`` says why that is right"""


class Table(msgspec.Struct, frozen=True):
    """``key``: columns that identify a row and sort an export, all of it by the bytes of its text.

    ``fixed``: a row never changes; an update is a finding of ``emon verify``. ``secret``: a column whose
    content the trail holds only as its hash. ``loose``: columns that a seal leaves out, for they change.
    ``seeded``: the migrations put a row there, which an import replaces.
    """

    name: str
    key: tuple[str, ...]
    watched: Watched
    why: str = ""
    fixed: bool = False
    secret: str = ""
    loose: tuple[str, ...] = ()
    exported: bool = True
    seeded: bool = False


def _rows(name: str, *key: str, fixed: bool = False, secret: str = "") -> Table:
    return Table(name, key, Watched.ROWS, fixed=fixed, secret=secret)


def _bulk(name: str, *key: str, loose: tuple[str, ...] = ()) -> Table:
    return Table(name, key, Watched.BULK, fixed=True, loose=loose)


def _not(name: str, *key: str, why: str, exported: bool = True, seeded: bool = False) -> Table:
    return Table(name, key, Watched.NOT, why=why, exported=exported, seeded=seeded)


_MEMORY = "the engine's memory, which follows from what is watched"
_COUNT = "a count of rows that are watched"

TABLES: tuple[Table, ...] = (
    _rows("policy_version", "version", fixed=True),
    _rows("policy_use", "id", fixed=True),
    _rows("order_version", "id", "version", fixed=True),
    _rows("order_device", "order_id", "version", "device", "used_from", fixed=True),
    _bulk("fix", "fixed_at", "device", "seq"),
    _bulk("rejected", "id", loose=("retaken_at",)),
    _bulk("device_event", "device", "fixed_at", "seq", "event", "state"),
    _bulk("command_reply", "id"),
    _rows("breach", "id"),
    _rows("alert", "id", fixed=True),
    _rows("delivery", "id"),
    _rows("delivery_attempt", "delivery_id", "attempt", fixed=True),
    _rows("acknowledgement", "id", fixed=True),
    _rows("climb", "alert_id", "step", fixed=True),
    _rows("resolution", "alert_id", fixed=True),
    _rows("said_again", "alert_id", "word", "party", "person", "via"),
    _rows("link_used", "delivery_id", fixed=True),
    _rows("alert_beside", "id", fixed=True),
    _rows("incident_answer", "id", fixed=True),
    _rows("incident_update", "id"),
    _rows("suspension_request", "id"),
    _rows("notice", "id", fixed=True),
    _rows("notice_delivery", "notice_id", "recipient"),
    _rows("clock_step", "at", fixed=True),
    _rows("command", "id"),
    _rows("staff_command", "command_id", fixed=True),
    _rows("command_lapse", "command_id", fixed=True),
    _rows("trouble", "id"),
    _rows("service_stop", "down_at"),
    _rows("platform_alert", "alert_id", fixed=True),
    _rows("app_user", "name", secret="password_hash"),
    _rows("staff_login", "id", fixed=True),
    _rows("audit_key", "key_id", fixed=True),
    _not("audit", "seq", why="the trail itself: its links and its heads guard it"),
    _not("audit_pending", "capture_id", why="the trail before it is sealed"),
    _not("audit_head", "seq", why="signed"),
    _not("escalation", "alert_id", why="verified by what it follows from"),
    _not("incident", "breach_id", why="how far its updates have come, verified by what it follows from"),
    _not("heartbeat", "recipient", why="the last of each recipient, worth nothing once the next is sent"),
    _not("canary", "only_row", why="the service's own bracelet, replaced each minute"),
    _not("inbox", "id", why="what waits to be judged: it enters fix when it is"),
    _not("device_watch", "device", why=f"{_MEMORY}; what it counts as told is verified"),
    _not("device_care", "device", why=_MEMORY),
    _not("device_now", "device", why="the newest usable fix, verified by the fixes"),
    _not("device_clock", "device", why=_MEMORY),
    _not("device_status", "device", why="what a device last said of its connection, told on by troubles"),
    _not("device_counter", "device", why=_COUNT),
    _not("mark_counter", "mark", why=_COUNT),
    _not("rejection_counter", "reason", why=_COUNT),
    _not("feed", "feed_seq", why="numbers what is watched for the page to follow"),
    _not(
        "engine_clock",
        "only_row",
        why="the newest instant and claim of the engine, and its policy, verified by what it follows from",
        seeded=True,
    ),
    _not(
        "schema_migration",
        "number",
        why="made by emon migrate, which compares its checksums",
        exported=False,
    ),
)

BY_NAME = {table.name: table for table in TABLES}

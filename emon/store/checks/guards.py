"""What captures and refuses in the database: is it all there, switched on, and as it was made?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from emon.store.checks.report import Connection, Report
from emon.store.tables import TABLES, Watched

_FUNCTIONS = """
SELECT p.proname, p.prosrc,
       pin.path = ANY(p.proconfig)
           AND p.proconfig <@ ARRAY[pin.path, 'enable_seqscan=off', 'lock_timeout=50ms']
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN (SELECT format('search_path=%%I, pg_temp', current_schema()) AS path) AS pin
WHERE p.proname = ANY(%s) AND n.nspname = current_schema()
"""
# A capture is after each row's insert, update or delete, without a condition (pg_trigger.h: 1 + 4 + 8 + 16).
_TRIGGERS = """
SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled::text,
       n.nspname = current_schema() AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0
           AND CASE t.tgname
           WHEN 'audit_capture' THEN p.proname = 'audit_capture' AND t.tgtype = 29
           WHEN 'audit_sealed_first' THEN p.proname = 'audit_sealed_first' ELSE p.proname = 'audit_refuse' END
FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgname LIKE 'audit\\_%%' AND t.tgparentid = 0
"""
_AT_WORK = """
SELECT t.tgname FROM pg_trigger AS t JOIN pg_class AS k ON k.oid = t.tgrelid
WHERE t.tgname = ANY(%s) AND t.tgenabled IN ('O', 'A') AND k.relnamespace = current_schema()::regnamespace
"""
# Triggers, rules and policies by which what is written becomes something else on its way, or what stands
# there is shown to some and not to others. TimescaleDB's own are by its own functions.
_OTHERS = r"""
SELECT t.tgrelid::regclass::text, t.tgname, 'trigger' FROM pg_trigger AS t
JOIN pg_class AS k ON k.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND k.relnamespace = current_schema()::regnamespace
  AND (NOT t.tgname = ANY(%(ours)s) OR p.pronamespace <> k.relnamespace)
  AND p.pronamespace::regnamespace::text NOT LIKE '\_timescaledb\_%%'
UNION ALL
SELECT r.ev_class::regclass::text, r.rulename, 'rule'
FROM pg_rewrite AS r JOIN pg_class AS k ON k.oid = r.ev_class
WHERE k.relkind IN ('r', 'p') AND k.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT p.polrelid::regclass::text, p.polname, 'policy'
FROM pg_policy AS p JOIN pg_class AS k ON k.oid = p.polrelid
WHERE k.relnamespace = current_schema()::regnamespace
ORDER BY 1, 2
"""
_MADE = re.compile(r"CREATE TRIGGER (\w+)")
_BODY = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(.*?AS \$(\w*)\$(.*?)\$\2\$", re.DOTALL)


def expected_triggers() -> dict[tuple[str, str], None]:
    """(table, trigger) that must stand, by the list of tables."""
    wanted = {("audit", "audit_append_only"), ("audit_head", "audit_append_only")}
    wanted |= {("audit_pending", "audit_append_only"), ("audit_pending", "audit_sealed_first")}
    for table in TABLES:
        if table.watched is Watched.ROWS:
            wanted |= {(table.name, "audit_capture"), (table.name, "audit_no_truncate")}
        elif table.watched is Watched.BULK:
            wanted.add((table.name, "audit_append_only"))
    return dict.fromkeys(sorted(wanted))


def made_triggers() -> list[str]:
    """The names of all triggers that the migrations make."""
    return sorted({name for _, text in _migrations() for name in _MADE.findall(text)})


def function_bodies() -> dict[str, frozenset[str]]:
    """The functions as the migrations make them; a later one of the same name counts, and of a migration that
    is one for each kind of server each."""
    bodies: dict[str, dict[str, set[str]]] = {}
    for number, text in _migrations():
        for name, _, body in _BODY.findall(text):
            bodies.setdefault(name, {}).setdefault(number, set()).add(body)
    return {name: frozenset(by_number[max(by_number)]) for name, by_number in bodies.items()}


def _migrations() -> Iterator[tuple[str, str]]:
    """Each migration's number and text."""
    folder = resources.files("emon.store") / "migrations"
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".sql"):
            yield entry.name[:4], entry.read_text(encoding="utf-8")


def check_guards(conn: Connection, report: Report) -> None:
    """Name each trigger that is missing or switched off, and each function that is not ours."""
    standing = {(row[0], row[1]): (row[2], row[3]) for row in conn.execute(_TRIGGERS.encode())}
    for table, trigger in expected_triggers():
        state, is_ours = standing.get((table, trigger), (None, False))
        if state is None:
            report.found(table, f'["{trigger}"]', "the trigger is missing: changes went past the trail")
        elif state != "A":
            report.found(table, f'["{trigger}"]', "the trigger is switched off: changes went past the trail")
        elif not is_ours:
            report.found(table, f'["{trigger}"]', "the trigger is another one: changes went past the trail")
    works = {row[0] for row in conn.execute(_AT_WORK.encode(), (made_triggers(),))}
    for trigger in made_triggers():
        if trigger not in works:
            report.found(
                "trigger", f'["{trigger}"]', "is missing or switched off: what it writes is not written"
            )
    for table, name, what in conn.execute(_OTHERS.encode(), {"ours": made_triggers()}):
        report.found(
            table, f'["{name}"]', f"a {what} that no migration made: rows may not be what was written"
        )
    bodies = function_bodies()
    found = {row[0]: (row[1], row[2]) for row in conn.execute(_FUNCTIONS.encode(), (list(bodies),))}
    for name, body in bodies.items():
        text, is_pinned = found.get(name, (None, False))
        if text not in body:
            report.found("function", f'["{name}"]', "is not as the migration made it")
        elif not is_pinned:
            report.found("function", f'["{name}"]', "looks for tables elsewhere too: it may have been misled")

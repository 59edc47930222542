"""The page of docs/ that shows the default policy: its decision table and its ladders."""

from __future__ import annotations

from emon.alerts.policy import DEFAULT_POLICY
from emon.policies.table import COLUMNS, climbs, table_of
from emon.policies.written import version_of

_INTRO = """\
# The default policy as a decision table

Written by `make docs` from the engine's own table. It is read from above, and the first row that fits
decides; a row asks for nothing that it does not name. An alert on a contact goes to `beschermde` wherever
it goes to `politie`. How to write another policy: [policy.md](policy.md)."""


def policy_page() -> str:
    """The page as Markdown."""
    rows = [(COLUMNS[:-1]), tuple("---" for _ in COLUMNS[:-1])]
    for row in table_of(DEFAULT_POLICY):
        name, *rest = row[:-1]
        rows.append((f"`{name}`", *rest))
    lines = [_INTRO, "", *("| " + " | ".join(row) + " |" for row in rows), ""]
    lines += ["Ladders, by which an alert climbs that nobody acknowledges:", ""]
    lines += [f"- {climbs(ladder)}" for ladder in DEFAULT_POLICY.ladders]
    low = ", ".join(f"`{row.name}`" for row in DEFAULT_POLICY.rows if row.ladder != "default")
    lines += ["", f"`low` is the ladder of {low}, `default` that of all others.", ""]
    lines += [f"Its version, the hash of its content: `{version_of(DEFAULT_POLICY)}`.", ""]
    return "\n".join(lines)

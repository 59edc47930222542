"""The form of a court file's page: its style, its lists and tables, every foreign word escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emon.alerts.direction import kept_apart
from emon.court.labels import LABELS
from emon.court.words import PARTIES, TERMS, local, said, short

STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; }
:root { color-scheme: light; }
body { margin: 0 auto; padding: 1.5rem; max-width: 50rem; background: #fff; color: #111;
  font: 10.5pt/1.45 "Source Serif 4", Georgia, "Times New Roman", serif; }
h1 { margin: 0 0 .2rem; font-size: 18pt; line-height: 1.2; }
h2 { margin: 1.6rem 0 .4rem; padding-bottom: .15rem; border-bottom: 1.5px solid #111; font-size: 12.5pt;
  break-after: avoid; }
h2 .side, h1 .side { font-size: .75em; font-style: italic; font-weight: normal; color: #555; }
p { margin: .35rem 0; }
.sub { color: #444; }
.summary { margin: 1rem 0; padding: .6rem 1rem; border: 1px solid #777; }
.summary li, .sub, .note { overflow-wrap: anywhere; }
.summary li { margin: .2rem 0; }
.note { margin: .5rem 0; color: #333; font-size: 9.5pt; }
dl { display: grid; grid-template-columns: 12rem 1fr; gap: .15rem .9rem; margin: .4rem 0; }
dt { color: #444; }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; margin: .4rem 0; font-size: 9pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { padding: .2rem .4rem; border-bottom: 1px solid #bbb; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
td.key { overflow-wrap: anywhere; }
td.t { white-space: nowrap; }
th { border-bottom: 1px solid #111; font-weight: 600; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hash { font: 8.5pt/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.none { color: #555; font-style: italic; }
@media screen and (width <= 600px) { table { display: block; overflow-x: auto; }
  dl { grid-template-columns: minmax(0, 7rem) minmax(0, 1fr); } }
@media print { body { padding: 0; max-width: none; } a { color: inherit; text-decoration: none; } }
"""

Cells = Sequence[object]
_INSTANT = re.compile(r"\d\d-\d\d-\d{4} [^a-z]*\Z")


def text(value: object) -> str:
    """A foreign value as text on a page: markup is no markup, a line break no line break, and a name in
    Arabic leaves the order of what stands beside it."""
    line = "".join(char if char.isprintable() else " " for char in str(value))
    return kept_apart(html.escape(line))


class Sheet:
    """Lists and tables in one language."""

    def __init__(self, document: Mapping[str, Any], language: str) -> None:
        self._doc = document
        self._language = language
        self._other = "en" if language == "nl" else "nl"

    def label(self, name: str) -> str:
        return LABELS[self._language][name]

    def _heading(self, name: str) -> str:
        side = LABELS[self._other][name]
        return f'<h2>{self.label(name)} <span class="side">{side}</span></h2>'

    def _part(self, name: str, *content: str) -> str:
        return f"<section>{self._heading(name)}{''.join(content)}</section>"

    def _none(self, name: str = "none") -> str:
        return f'<p class="none">{self.label(name)}</p>'

    def _list(self, pairs: Iterable[tuple[str, object]]) -> str:
        rows = [
            f"<dt>{self.label(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs if value is not None
        ]
        return f"<dl>{''.join(rows)}</dl>" if rows else self._none()

    def _table(self, names: Sequence[str], rows: Iterable[Cells], numbers: Sequence[int] = ()) -> str:
        head = "".join(f"<th>{self.label(name)}</th>" for name in names)
        lines = []
        for row in rows:
            cells = [
                f'<td class="{form}">{text("-" if cell is None else cell)}</td>'
                for place, cell in enumerate(row)
                for form in ["n" if place in numbers else self._form(cell)]
            ]
            lines.append(f"<tr>{''.join(cells)}</tr>")
        if not lines:
            return self._none()
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"

    @staticmethod
    def _form(cell: object) -> str:
        """Long keys, and notes that hold a word as long, may break anywhere, instants nowhere."""
        line = str(cell)
        if _INSTANT.match(line):
            return "t"
        return "key" if any(len(word) > 40 for word in line.split()) else ""

    def _when(self, instant: object) -> str | None:
        return None if instant is None else short(instant)

    def _term(self, word: object) -> str:
        return said(TERMS, self._language, word)

    def _at(self, instant: object, *, exact: bool = False) -> str | None:
        return None if instant is None else local(instant, self._language, exact=exact)

    def _party(self, party: object) -> str:
        return said(PARTIES, self._language, party)

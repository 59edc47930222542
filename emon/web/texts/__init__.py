"""What the page says to people, Dutch and English side by side, by id, in one place.

``desk``, ``cards``, ``sheets``, ``reports``, ``links`` and ``faults`` hold texts; ``terms`` takes what
messages and court files say already. The server fills pages and refusals with them; scripts get the same
table as a module for each language. A text may name what is filled in: ``{when}``. A text that depends on a
number has two, ``ID.one`` and ``ID.other``. No text stands in a page or a script
(``tests/web/test_texts.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from emon.web.texts.cards import CARDS
from emon.web.texts.desk import DESK
from emon.web.texts.faults import FAULTS
from emon.web.texts.links import LINKS
from emon.web.texts.reports import REPORTS
from emon.web.texts.sheets import SHEETS_WORDS
from emon.web.texts.terms import terms

LANGUAGES = ("nl", "en")
"""The first is for whoever asks for neither: this is the page of Dutch services."""

PARTS: tuple[Mapping[str, tuple[str, str]], ...] = (
    terms(), DESK, CARDS, SHEETS_WORDS, REPORTS, LINKS, FAULTS,
)  # fmt: skip
TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {id_: both for part in PARTS for id_, both in part.items()}
)
_HOLE = re.compile(r"\{(\w+)\}")
_PLACE = re.compile(r"\{\{([\w.]+)\}\}")


def text(language: str, id_: str, **names: object) -> str:
    """One text in a language, filled. Raises ``KeyError`` where there is no such text or name."""
    whole = TEXTS[id_][LANGUAGES.index(language)]
    return _HOLE.sub(lambda hole: str(names[hole[1]]), whole)


def filled(template: str, language: str, **places: str) -> str:
    """A page with each ``{{id}}`` replaced by its text, escaped; ``places`` give ready markup."""

    def fill(place: re.Match[str]) -> str:
        return places[place[1]] if place[1] in places else escape(text(language, place[1]))

    return _PLACE.sub(fill, template)


def script(language: str) -> str:
    """The table as a module of the page's scripts: all but what only the server says."""
    place = LANGUAGES.index(language)
    own = {id_: both[place] for id_, both in TEXTS.items() if not id_.startswith(("fault.", "link."))}
    return f"export const texts = {json.dumps(own, ensure_ascii=False, sort_keys=True, indent=1)};\n"

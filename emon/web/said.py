"""A text that is told later, when it is known who reads it."""

from __future__ import annotations

import msgspec

from emon.web.texts import text


class Term(msgspec.Struct, frozen=True):
    """A word of the catalogue within a text: by its id where people read Dutch. Programs, and whoever reads
    English beside them, get the word of the wire."""

    id: str

    def told(self, language: str) -> str:
        return text(language, self.id) if language != "en" else self.id.rpartition(".")[2]


class Said(msgspec.Struct, frozen=True):
    """A text of the catalogue by its id, and what fills it."""

    id: str
    names: dict[str, object]

    def told(self, language: str) -> str:
        given = {k: v.told(language) if isinstance(v, Term) else v for k, v in self.names.items()}
        return text(language, self.id, **given)


class Together(msgspec.Struct, frozen=True):
    """Several texts as one sentence."""

    parts: tuple[Said, ...]

    def told(self, language: str) -> str:
        return "; ".join(part.told(language) for part in self.parts)


def said(id_: str, **names: object) -> Said:
    """The text ``id_``, to be filled with ``names``."""
    return Said(id_, names)

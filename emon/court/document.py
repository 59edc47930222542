"""The court file as a JSON object: assembled, hashed member by member, written out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

import msgspec

from emon import __version__
from emon.court.parts import PARTS, parts_of
from emon.court.summary import summary_of
from emon.court.trail import TrailShown, shown
from emon.explanation.document import file_text
from emon.model.instant import format_instant
from emon.orders.tree import write_canonical
from emon.store.evidence import Evidence

FORMAT = "emon-court-file/1"
WHOLE = "court"
"""``made_for`` of a file from which nothing is withheld on account of who asked."""
MADE = ("format", "emon", "made_at", "made_for", "withheld", "explanation_note")
MEMBERS = (*MADE, "summary", *PARTS, "explanation", "trail", "hashes", "sha256")

Document = dict[str, Any]


def court_file(
    alert_id: str,
    evidence: Evidence,
    explanation: Document | None,
    *,
    explanation_note: str,
    made_at_us: int,
    made_for: str = WHOLE,
    withheld: Collection[str] = (),
) -> Document:
    """The whole file. ``withheld``: tables whose rows the reader may not see."""
    trail = shown(evidence, withheld)
    parts = parts_of(alert_id, trail)
    document: Document = {
        "format": FORMAT,
        "emon": __version__,
        "made_at": format_instant(made_at_us),
        "made_for": made_for,
        "withheld": sorted(withheld),
        "explanation_note": explanation_note,
        "summary": summary_of(parts),
        **parts,
        "explanation": explanation,
        "trail": trail_tree(trail),
    }
    document["hashes"] = hashes_of(document)
    document["sha256"] = hash_of(document)
    return document


def trail_tree(trail: TrailShown) -> Document:
    tree = msgspec.to_builtins(trail)
    assert isinstance(tree, dict)
    return tree


def hashes_of(document: Document) -> dict[str, str]:
    """SHA-256 of each member's canonical JSON: says which one is not as it was written."""
    return {
        name: hashlib.sha256(write_canonical(value)).hexdigest()
        for name, value in document.items()
        if name not in ("hashes", "sha256")
    }


def hash_of(document: Document) -> str:
    """SHA-256 of the canonical JSON of everything but the hash itself: stands for the whole file."""
    content = {name: value for name, value in document.items() if name != "sha256"}
    return hashlib.sha256(write_canonical(content)).hexdigest()


def court_text(document: Document) -> str:
    """The file's text: a member a line, and of a list an item a line. The hashes do not depend on it."""
    return file_text(document)

"""Words that run from right to left, in a text or on a page that runs the other way."""

from __future__ import annotations

import re

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RUN = re.compile(f"[{_RIGHT_TO_LEFT}]+(?:[ .'’-]+[{_RIGHT_TO_LEFT}]+)*")


def kept_apart(markup: str) -> str:
    """The same, with each run of such words in an element of its own: an Arabic name must not draw the time
    that stands behind it to its other side."""
    return _RUN.sub(lambda run: f"<bdi>{run[0]}</bdi>", markup)


def isolated(line: str) -> str:
    """The same as a piece of a plain text: set apart by Unicode's own marks (UAX 9, FSI and PDI) where any of
    it runs from right to left, so that what stands beside it keeps its place."""
    return f"\u2068{line}\u2069" if _RUN.search(line) else line

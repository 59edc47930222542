"""Recompute an explanation and say where the file and the recomputing part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from emon import __version__
from emon.explanation.case import Case, judge
from emon.explanation.document import HASH, Document, explain, hash_of
from emon.explanation.read import Explanation
from emon.model.breach import Breach
from emon.model.lines import breach_line

_METRES_APART = 0.002
"""[own] Lengths rounded to millimetres may part by one where processors round differently."""
_SHARE_APART = 1e-6
"""[own] As above, of numbers without a length's name, relative."""
_NOT_COMPARED = frozenset({HASH, "emon"})


class Difference(msgspec.Struct, frozen=True):
    """A place, what the file says there, and what was recomputed; None where one has nothing."""

    path: str
    in_file: Any
    recomputed: Any


class Finding(msgspec.Struct, frozen=True):
    """``recomputed``: the document made anew, or None where the inputs give no such breach; then
    ``instead`` is the line of the condition that they do give, if any."""

    hash_in_file: str
    hash_of_content: str
    differences: tuple[Difference, ...]
    recomputed: Document | None
    instead: Document | None
    made_by: str

    @property
    def hash_agrees(self) -> bool:
        return self.hash_in_file == self.hash_of_content

    @property
    def agrees(self) -> bool:
        return self.hash_agrees and self.recomputed is not None and not self.differences

    @property
    def same_engine(self) -> bool:
        return self.made_by == __version__


async def verify(explanation: Explanation) -> Finding:
    """Judge the file's case anew and compare everything it says."""
    document, case = explanation.document, explanation.case
    verdict = await judge(case)
    recomputed: Document | None = None
    instead: Document | None = None
    if verdict.breach is not None:
        recomputed = explain(case, verdict)
        found = list(_differences("", document, recomputed))
        found += _of_marks(case, verdict.marked)
    else:
        nearest = _nearest(verdict.others, document)
        instead = None if nearest is None else breach_line(nearest)
        found = list(_differences("verdict", document["verdict"], instead))
    return Finding(
        hash_in_file=str(document[HASH]),
        hash_of_content=hash_of(document),
        differences=tuple(found),
        recomputed=recomputed,
        instead=instead,
        made_by=str(document["emon"]),
    )


def _of_marks(case: Case, marked: tuple[Any, ...]) -> list[Difference]:
    """Marks are admission's: the file's are compared with what admission says again."""
    anew = {fix.wire.key: fix.mark for fix in marked}
    return [
        Difference(f"fixes[{i}].mark", fix.mark.value, None if mark is None else mark.value)
        for i, fix in enumerate(case.fixes)
        if (mark := anew.get(fix.wire.key)) is not fix.mark
    ]


def _nearest(others: tuple[Breach, ...], document: Document) -> Breach | None:
    """The line that began nearest to the verdict's, by its text: RFC 3339 in UTC sorts as time."""
    opened_at = str(document["verdict"].get("opened_at"))
    lines = sorted(others, key=lambda breach: (breach.opened_at_us, breach.id))
    later = [b for b in lines if breach_line(b)["opened_at"] >= opened_at]  # type: ignore[operator]
    return later[0] if later else lines[-1] if lines else None


def _differences(path: str, in_file: Any, anew: Any) -> Iterator[Difference]:
    if isinstance(in_file, dict) and isinstance(anew, dict):
        for name in sorted({*in_file, *anew}):
            if path or name not in _NOT_COMPARED:
                place = f"{path}.{name}" if path else name
                yield from _differences(place, in_file.get(name), anew.get(name))
    elif isinstance(in_file, list) and isinstance(anew, list):
        if len(in_file) != len(anew):
            yield Difference(f"{path} (how many)", len(in_file), len(anew))
        for i, (one, other) in enumerate(zip(in_file, anew, strict=False)):
            yield from _differences(f"{path}[{i}]", one, other)
    elif not _same(path, in_file, anew):
        yield Difference(path, in_file, anew)


def _same(path: str, one: Any, other: Any) -> bool:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (one, other))
    if numbers and path.rpartition(".")[2].endswith("_m"):
        return bool(abs(one - other) <= _METRES_APART)
    if numbers:
        return math.isclose(one, other, rel_tol=_SHARE_APART, abs_tol=_SHARE_APART)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)

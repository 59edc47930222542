"""Why a row falls short and what was tried, by the row's key; the report shows it only where one does."""

from __future__ import annotations

_AFRESH = """\
Nearly all that a fix costs is in those found afresh: walkers, drivers, and who stands at a line. Two of
three are answered by a byte a zone (fields), the rest by exact distances, which a certificate near a line
needs. Tried and kept: fields, a grid of verdicts, blocks of fixes whose cache misses overlap
(`watch_ahead.py`), own zones of 32 bytes. What is left is memory: some lines for a field, tens for a zone;
the latter are most of it, though fewer. Tried and left, for no gain was seen beyond what runs differ by: of
two certificates by a line the wider kept, with fields alone for who is on his way; and two certificates a
wearer, one for either side, laid some metres back from it. Outlines are too ragged for such a disc: exact
distances halve, and each costs more. Large pages serve the tables and the limit already."""
_LIMIT = """\
One random line a fix is the least that an answer can read. A fix that a certificate decides comes near
it, as the row below shows; one found afresh reads about three lines of boxes and one of each field, and every
third of those some tens of lines of frames and outlines. Ten in a hundred afresh are too many for 40 %."""
_CALL = """\
The call from Python into a compiled kernel is most of it: each argument costs, and a fix found afresh
takes all arrays of the table along."""
_SHARES = """\
Two threads need two idle processors. Shares begin apart from each other, so that no two write one cache
line; each still looks through all fixes for its own."""
_LOADING = "Loading the compiled kernels, and NumPy and Shapely for the checks of a zone, is most of it."
_COMPILING = "Only the kernels that lay a zone out and the one that decides are compiled; the others wait."

TRIED: dict[str, str] = {
    "own-cheapest": _AFRESH,
    "own-distance": _AFRESH,
    "own-loop": _AFRESH,
    "memory": _LIMIT,
    "single": _CALL,
    "single-ns": _CALL,
    "threads": _SHARES,
    "threads-plain": _SHARES,
    "start-cached": _LOADING,
    "start-cold": _COMPILING,
}

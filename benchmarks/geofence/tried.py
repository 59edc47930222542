"""Why a row falls short and what was tried, by the row's key; the report shows it only where one does."""

from __future__ import annotations

_AFRESH = """\
Nearly all that a fix costs is in those found afresh: walkers, drivers, and who stands at a line. Tried
and kept: a box of 16 bytes before each zone, a grid of verdicts, blocks of fixes whose cache misses
overlap (`watch_ahead.py`). What is left is the exact distance that a certificate needs, and the memory it
is computed from."""
_LIMIT = """\
One random line a fix is the least that an answer can read. A fix that a certificate decides comes near
it, as the row below shows; one found afresh reads some tens of lines of lists, frames and outlines."""
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

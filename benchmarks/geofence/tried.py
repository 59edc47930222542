"""Why a row falls short and what was tried, by the row's key; the report shows it only where one does."""

from __future__ import annotations

from benchmarks.geofence.rows_start import QUESTIONS

_AFRESH = """\
What a fix costs is one line of memory where a certificate decides, and for walkers, drivers and who stands
at a line those of the boxes and cells of his zones. Tried and kept: fields, their cells cut once more along
the lines, certificates that the box of a zone bounds on one side alone, a grid of verdicts, blocks of fixes
whose cache misses overlap (`watch_ahead.py`), own zones of 32 bytes, eight boxes held against a position at
once, boxes fetched as a fix begins to wait (ADR 0058), bounds by all middles around (ADR 0076). Tried and
left, for no gain was seen beyond what runs differ by: of two certificates by a line the wider kept; and two
certificates a wearer, one for either side, laid some metres back from it: outlines are too ragged for such
a disc. For who walks a certificate ahead of him saves one in seventeen of the fixes found afresh: left. Large
pages serve the tables and the limit already."""
_LIMIT = """\
One random line a fix is the least that an answer can read. A fix that a certificate decides comes near
it, as the row below shows; one found afresh reads about three lines of boxes and one or two of each
field, and one in seven of those some tens of lines of frames and outlines. Seven in a hundred afresh
are too many for 40 %."""
_CALL = """\
The call from Python into a compiled kernel is most of it: each argument costs, and a fix found afresh
takes all arrays of the table along."""
_SHARES = """\
Two threads need two idle processors. With certificates each answers the wearers of one share, for nobody may
write a certificate that another reads: each looks through all rows for its own, eight at once, and for one
out of range (ADR 0082). Without, each has half of the rows. Tried and left: half of the rows each for what
certificates cover, and by wearers only the others; of a batch in which wearers come again, twice as many are
left as with certificates renewed on the way."""
_LOADING = "Loading the compiled kernels, and NumPy and Shapely for the checks of a zone, is most of it."
_COMPILING = """\
Only the kernels that lay a zone out and the one that decides are compiled, each as a whole and once
(`parts.py`), all by frames, which leave the exact kernels for later; what an operator means is asked once
a process, and a number of an array is reached by its place (ADR 0085). What is left is Numba's typing and
lowering in Python, some 60 functions behind a first answer.
Tried and left: every kernel a library of its own, as Numba has it, which optimises deep calls again at
each level; parts that are not optimised by themselves, for no gain beyond what runs
differ by."""

_PATHS = """\
Nearly all paths lie within their wearer's certificate and cost what its line of memory does. The
others, of walkers above all, begin in the certificate before the last, which is gone when they are
asked: they read the boxes of all six zones and are walked from cell to cell of those that they come to.
Left: the certificate before the last kept beside it, so that two cover the path together; it would
double the memory of a wearer."""

TRIED: dict[str, str] = {
    "own-cheapest": _AFRESH,
    "own-distance": _AFRESH,
    "own-loop": _AFRESH,
    "path": _PATHS,
    "memory": _LIMIT,
    "single": _CALL,
    "single-ns": _CALL,
    "threads": _SHARES,
    "threads-plain": _SHARES,
    **{f"start-cached-{name}": _LOADING for name in QUESTIONS},
    **{f"start-cold-{name}": _COMPILING for name in QUESTIONS},
}

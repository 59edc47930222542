"""Compile every kernel and scanner that is not in Numba's cache yet: a minute once, then some seconds.

Without it each worker of the tests compiles for itself what it needs first, at the same time as the others.
`geofence` and `others` are two parts of the work, for a process each; without a word it is all.
"""

from __future__ import annotations

import sys

from emon.geofence import load_kernels
from emon.ingest.plain import load_plain_scanner
from emon.ingest.sources.frame_source import load_scanner
from emon.quiet.batch import load_quiet_kernels
from emon.store.fix_rows import load_cells_kernel
from simulator.suites import TRAINING_SEEDS, suite


def compile_others() -> None:
    """What a step and the scanners need beside the geofence; the simulator's by making a day of a world."""
    load_quiet_kernels()
    load_plain_scanner()
    load_scanner()
    load_cells_kernel()
    suite("drift", TRAINING_SEEDS[0], days=1, forms=("block",))


def main(part: str = "") -> None:
    if part != "others":
        load_kernels()
    if part != "geofence":
        compile_others()


if __name__ == "__main__":
    main(*sys.argv[1:])

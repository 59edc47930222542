"""Compile every kernel and scanner that is not in Numba's cache yet: a minute once, then two seconds.

Without it each worker of the tests compiles for itself what it needs first, at the same time as the others.
"""

from __future__ import annotations

from emon.geofence import load_kernels
from emon.ingest.plain import load_plain_scanner
from emon.ingest.sources.frames import load_scanner
from emon.store.fix_rows import load_cells_kernel
from emon.turn import load_step_kernels


def main() -> None:
    """All of them."""
    load_kernels()
    load_step_kernels()
    load_plain_scanner()
    load_scanner()
    load_cells_kernel()


if __name__ == "__main__":
    main()

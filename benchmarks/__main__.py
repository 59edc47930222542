"""``make bench``: rivals and us in one run; writes ``benchmarks/REPORT.md``."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import geofence

_HEAD = """\
# Benchmarks

Written by `make bench` on {day}, {cores} cores, Python {python}. Trust the ratios: absolute figures drift
from run to run. The whole way under load has a command of its own, because it takes minutes:
`python -m benchmarks.pipeline --rate 2000 --seconds 60`, and with `--kills 5` the service is killed under it.

## Geofence, one thread

Shapely computes in a flat plane of degrees; ours are metres on the ellipsoid, exact to the contract's
tolerances.

"""


def main() -> int:
    """Measure and write the report beside this file."""
    print("geofence, some ten seconds …", file=sys.stderr)
    head = _HEAD.format(
        day=datetime.now(UTC).date().isoformat(), cores=os.cpu_count(), python=platform.python_version()
    )
    report = Path(__file__).with_name("REPORT.md")
    report.write_text(head + geofence.as_markdown(geofence.measure()) + "\n", encoding="utf-8")
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())

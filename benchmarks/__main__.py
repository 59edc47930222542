"""``make bench``: rivals and us in one run, a section each with a report of its own.

make bench                                # all sections, in full
make bench ARGS="geofence --quick"        # one, small: that it works, not how fast
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

SECTIONS = {
    "geofence": "benchmarks.geofence.run",
    "detection": "benchmarks.detection.run",
    "step": "benchmarks.step",
    "ingest": "benchmarks.ingest",
    "alerts": "benchmarks.alerts",
    "storms": "benchmarks.storms",
    "storage": "benchmarks.storage.run",
    "pipelines": "benchmarks.pipelines.__main__",
}
"""By name, the module whose ``run(quick, folder, told)`` measures, writes a page and says where.

``quick``: small, to see that it works. ``folder``: where the page goes. ``told``: hears what is being done.
"""
LONG = frozenset({"detection", "storage", "pipelines"})
"""Sections that take long or want gigabytes: measured when they are named."""
_HERE = Path(__file__).parent
_QUICK = _HERE.parent / ".cache" / "benchmarks-quick"
_STOPPED = 130  # as a shell says of a command that an interrupt ended


def progress(name: str) -> Callable[[str], None]:
    """Says on standard error what is being done, with the seconds since the section began."""
    began = time.monotonic()

    def told(what: str) -> None:
        print(f"{name} {time.monotonic() - began:6.1f} s  {what}", file=sys.stderr, flush=True)

    return told


def main(arguments: Sequence[str] | None = None, sections: Mapping[str, str] = SECTIONS) -> int:
    """Measure the sections named, or all, and print where each report is; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Rivals and us in one run; writes reports."
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        help=f"of {', '.join(sections)}; all but {', '.join(LONG)} by default",
    )
    parser.add_argument("--quick", action="store_true", help="small: to see that it works, not how fast")
    parser.add_argument(
        "--out", type=Path, help="folder of the reports; benchmarks/ for a full run, else under .cache/"
    )
    given = parser.parse_args(arguments)
    unknown = [name for name in given.sections if name not in sections]
    if unknown:
        parser.error(f"no section {unknown[0]}; there is {', '.join(sections)}")
    folder = given.out or (_QUICK if given.quick else _HERE)
    try:
        for name in given.sections or [name for name in sections if name not in LONG]:
            run = import_module(sections[name]).run
            print(run(given.quick, folder, progress(name)), flush=True)
    except KeyboardInterrupt:
        print("stopped; reports of sections that were not finished are as before", file=sys.stderr)
        return _STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Bring the JavaScript library of Standard Webhooks into `.cache/webhooks`, for the tests alone.

It is the reference of the specification's authors and shares no code with us: what it takes, any receiver
that follows the specification takes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from npm import ROOT, FetchFailed, Package, fetch

PACKAGES = (
    Package(
        "standardwebhooks",
        "1.1.1",
        "bCbX9ZEyFkWPsRz7Bl3NuQUJohmwGSev/yhr7vhaGPlc4AfIrspIRa6cPTBuI1ItmrTDJ4d/S2hCsfe4+vQGnQ==",
    ),
    Package(
        "@stablelib/base64",
        "1.0.1",
        "1bnPQqSxSuc3Ii6MhBysoWCg58j97aUjuCSZrGSmDxNqtytIi0k8utUenAwTZN4V5mXXYGsVUI9zeBqy+jBOSQ==",
    ),
    Package(
        "fast-sha256",
        "1.3.0",
        "n11RGP/lrWEFI/bWdygLxhI+pVeo1ZYIVwvvPkW7azl/rOy+F3HYRZ2K5zeE9mmkhQppyv9sQFx0JM9UabnpPQ==",
    ),
)
PLACE = ROOT / ".cache" / "webhooks"
STAMP = ".packages"


def main() -> int:
    wanted = "\n".join(package.sha512 for package in PACKAGES)
    stamp = PLACE / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    try:
        archives = [fetch(package) for package in PACKAGES]
    except FetchFailed as fault:
        print(f"webhooks: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    with tempfile.TemporaryDirectory(dir=PLACE.parent, prefix=".webhooks-") as name:
        folder = Path(name) / "made"
        for package, archive in zip(PACKAGES, archives, strict=True):
            _unpack(archive, folder / "node_modules" / package.name)
        (folder / STAMP).write_text(wanted)
        if PLACE.exists():
            shutil.rmtree(PLACE)
        folder.rename(PLACE)
    return 0


def _unpack(archive: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda entry, _: entry)
            tar.extractall(name)
        (Path(name) / "package").rename(target)


if __name__ == "__main__":
    sys.exit(main())

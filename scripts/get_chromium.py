"""Bring a headless Chromium for the browser tests into `.cache/chromium`, where the machine has none.

From the npm package @sparticuz/chromium, which carries the libraries and a font with it: no root, no
system package. Everything in it is packed with Brotli, which Node.js reads.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from npm import ROOT, FetchFailed, Package, fetch, read_member

CHROMIUM = Package(
    "@sparticuz/chromium",
    "153.0.0",
    "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
)
PLACE = ROOT / ".cache" / "chromium"
STAMP = ".package"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{PLACE / "fonts"}</dir>
  <cachedir>{PLACE / "fonts-cache"}</cachedir>
</fontconfig>
"""
UNPACK_TIMEOUT_S = 300
_UNPACK = (
    "const fs=require('fs'),z=require('zlib');"
    "process.stdin.pipe(z.createBrotliDecompress()).pipe(fs.createWriteStream(process.argv[1]))"
)


def main(arguments: list[str]) -> int:
    """`--always` brings it even where the machine has one of its own."""
    if "--always" not in arguments and any(map(shutil.which, NAMES)):
        return 0
    stamp = PLACE / STAMP
    if stamp.exists() and stamp.read_text() == CHROMIUM.sha512:
        return 0
    if platform.machine() != "x86_64":
        print(f"chromium: none is packed for {platform.machine()}: install the system's", file=sys.stderr)
        return os.EX_UNAVAILABLE
    print("chromium: fetching a headless Chromium for the tests (70 MB, once)", flush=True)
    try:
        _bring()
    except FetchFailed as fault:
        print(f"chromium: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    return 0


def _bring() -> None:
    archive = fetch(CHROMIUM)
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE.parent, prefix=".chromium-") as name:
        folder = Path(name)
        program = folder / "chromium"
        _decompress(archive, "bin/chromium.br", program)
        program.chmod(0o755)
        _unpack(archive, "bin/swiftshader.tar.br", folder)  # its drivers are looked for beside it
        _unpack(archive, "bin/al2023.tar.br", folder)  # lib/
        _unpack(archive, "bin/fonts.tar.br", folder)  # fonts/
        (folder / "fonts.conf").write_text(FONTS)  # the package's own names folders elsewhere
        (folder / STAMP).write_text(CHROMIUM.sha512)
        if PLACE.exists():
            shutil.rmtree(PLACE)
        folder.rename(PLACE)
        folder.mkdir()  # what leaving the block expects to remove


def _unpack(archive: Path, member: str, folder: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".tar") as handle:
        _decompress(archive, member, Path(handle.name))
        with tarfile.open(handle.name) as tar:
            # Debian 12's tarfile has no filters yet; what is unpacked is pinned by its hash.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda entry, _: entry)
            tar.extractall(folder)


def _decompress(archive: Path, member: str, target: Path) -> None:
    node = shutil.which("node")
    if node is None:
        raise FetchFailed("node is not on the PATH; `make parts` brings it where there is none")
    try:
        subprocess.run(
            [node, "-e", _UNPACK, str(target)],
            input=read_member(archive, member),
            check=True,
            capture_output=True,
            timeout=UNPACK_TIMEOUT_S,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as fault:
        raise FetchFailed(f"{member} cannot be unpacked: {fault}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

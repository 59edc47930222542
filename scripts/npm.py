"""Fetch packages with npm, pinned by version and by the SHA-512 of what arrives."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "npm"
PACK_TIMEOUT_S = 600


class FetchFailed(Exception):
    """A package could not be had, or is not what was pinned."""


@dataclass(frozen=True)
class Package:
    """One npm package. ``sha512`` is base64, as a lock file's ``integrity`` writes it."""

    name: str
    version: str
    sha512: str

    @property
    def file_name(self) -> str:
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"


def fetch(package: Package) -> Path:
    """The package's archive in the checkout's cache, verified. Raises ``FetchFailed``."""
    kept = CACHE / package.file_name
    if kept.exists() and _sha512(kept) == package.sha512:
        return kept
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        _pack(package, Path(folder))
        arrived = Path(folder) / package.file_name
        if not arrived.exists():
            raise FetchFailed(f"npm pack {package.name}@{package.version} wrote no {package.file_name}")
        found = _sha512(arrived)
        if found != package.sha512:
            raise FetchFailed(f"{package.file_name}: sha512 is {found}, pinned is {package.sha512}")
        arrived.replace(kept)
    return kept


def _pack(package: Package, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FetchFailed("npm is not on the PATH; `make assets` brings Node.js where there is none")
    command = [npm, "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, timeout=PACK_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise FetchFailed(f"{' '.join(command[1:])}: nothing after {PACK_TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as fault:
        words = (fault.stderr or fault.stdout).decode(errors="replace").strip()
        raise FetchFailed(f"{' '.join(command[1:])}: exit code {fault.returncode}: {words[-800:]}") from None


def read_member(archive: Path, member: str) -> bytes:
    """One file of the package. Raises ``FetchFailed`` when it holds none of that name."""
    with tarfile.open(archive, "r:gz") as tar:
        try:
            handle = tar.extractfile(f"package/{member}")
        except KeyError:
            handle = None
        if handle is None:
            raise FetchFailed(f"{archive.name} holds no {member}")
        return handle.read()


def _sha512(path: Path) -> str:
    with path.open("rb") as handle:
        return base64.b64encode(hashlib.file_digest(handle, "sha512").digest()).decode()

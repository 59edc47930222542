"""Find a Mosquitto broker for the tests, or unpack one from its Debian package into the checkout.

No root is needed: packages are downloaded by name with ``apt-get download`` and unpacked with
``dpkg -x`` below ``.cache/mosquitto``, with every library this system lacks. The lists of packages are the
system's own where it has them, else private ones below the same folder.

    python scripts/get_mosquitto.py        # prints the program's path
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
CACHE = REPOSITORY / ".cache" / "mosquitto"
PACKAGES = ("mosquitto", "mosquitto-clients")
PROGRAMS = ("mosquitto", "mosquitto_pub")
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"  # not in every user's PATH
TIMEOUT_S = 300
_MISSING_LIBRARY = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)
_NAME_IN_URI = re.compile(r"^'[^']*' ([^_\s]+)_", re.MULTILINE)


class MosquittoMissing(Exception):
    """Neither found nor unpacked; the text says what was tried."""


def find() -> Path | None:
    """The broker's program in PATH, or the one unpacked earlier."""
    search = os.pathsep.join([os.environ.get("PATH", ""), SYSTEM_FOLDERS])
    found = shutil.which("mosquitto", path=search)
    if found is not None:
        return Path(found)
    unpacked = CACHE / "root" / "usr" / "sbin" / "mosquitto"
    return unpacked if unpacked.is_file() and not _missing_libraries(unpacked) else None


def environment(program: Path) -> dict[str, str]:
    """What the program's process needs: its libraries, when it is the unpacked one."""
    if CACHE not in program.parents:
        return dict(os.environ)
    return dict(os.environ) | {"LD_LIBRARY_PATH": os.pathsep.join(map(str, _library_folders()))}


def get() -> Path:
    """Find or unpack it. Raises ``MosquittoMissing``."""
    program = find()
    if program is not None:
        return program
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise MosquittoMissing(f"no mosquitto in PATH, and no {tool} to unpack one: install mosquitto")
    _unpack()
    program = find()
    if program is None:
        raise MosquittoMissing(f"mosquitto was unpacked into {CACHE} but does not start")
    return program


def _unpack() -> None:
    """First with the system's package lists; they may be old or absent: then with fresh private ones."""
    failures = []
    for options in ([], _private_lists()):
        try:
            if options:
                _run(["apt-get", *options, "update"], CACHE)
            _download_and_extract(options)
        except subprocess.CalledProcessError as fault:
            failures.append(f"{' '.join(map(str, fault.cmd))}: {fault.stderr.strip()[-500:]}")
        else:
            return
    raise MosquittoMissing("could not unpack mosquitto:\n" + "\n".join(failures))


def _download_and_extract(options: list[str]) -> None:
    archives = CACHE / "archives"
    shutil.rmtree(archives, ignore_errors=True)
    archives.mkdir(parents=True)
    simulate = ["apt-get", *options, "-o", "Debug::NoLocking=1", "--print-uris", "-qq", "-y"]
    plan = _run([*simulate, "--no-install-recommends", "install", *PACKAGES], archives)
    names = sorted(set(_NAME_IN_URI.findall(plan)) | set(PACKAGES))
    _run(["apt-get", *options, "download", *names], archives)
    for archive in sorted(archives.glob("*.deb")):
        _run(["dpkg", "-x", str(archive), str(CACHE / "root")], archives)
    shutil.rmtree(archives)


def _private_lists() -> list[str]:
    for folder in ("lists/partial", "cache/archives/partial"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::State::Lists": CACHE / "lists",
        "Dir::Cache": CACHE / "cache",
        "Dir::State::status": "/var/lib/dpkg/status",
        "APT::Sandbox::User": "",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _library_folders() -> list[Path]:
    return sorted({path.parent for path in (CACHE / "root").rglob("*.so*")})


def _missing_libraries(program: Path) -> list[str]:
    """Names of shared libraries that the loader does not find, in the program's own environment."""
    listing = subprocess.run(
        ["ldd", str(program)], env=environment(program), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    return _MISSING_LIBRARY.findall(listing.stdout)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    return done.stdout


def main() -> int:
    try:
        print(get())
    except MosquittoMissing as fault:
        print(fault, file=sys.stderr)
        return 69  # EX_UNAVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())

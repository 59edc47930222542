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
UNPACKED = CACHE / "root" / "usr" / "sbin" / "mosquitto"
PACKAGE = "mosquitto"
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"  # not in every user's PATH
TIMEOUT_S = 300
_MISSING_LIBRARY = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)
_LIBRARY_PACKAGE = re.compile(r"^(lib[a-z0-9.+-]+)$", re.MULTILINE)


class MosquittoMissing(Exception):
    """Neither found nor unpacked; the text says what was tried."""


def find() -> Path | None:
    """The broker's program in PATH, or the one unpacked earlier."""
    search = os.pathsep.join([os.environ.get("PATH", ""), SYSTEM_FOLDERS])
    found = shutil.which("mosquitto", path=search)
    if found is not None:
        return Path(found)
    return UNPACKED if UNPACKED.is_file() and not _missing_libraries() else None


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
    _run(["apt-get", *options, "download", PACKAGE, *_library_packages(options)], archives)
    libraries = sorted(archives.glob("lib*.deb"))
    for archive in sorted(set(archives.glob("*.deb")) - set(libraries)):
        _run(["dpkg", "-x", str(archive), str(CACHE / "root")], archives)
    # Only what the loader lacks: among alternative dependencies are stand-ins for libraries it has.
    contents = {archive: _run(["dpkg", "-c", str(archive)], archives) for archive in libraries}
    while missing := _missing_libraries():
        chosen = [
            a for a in libraries if a in contents and any(f"/{name}" in contents[a] for name in missing)
        ]
        if not chosen:
            raise MosquittoMissing(f"mosquitto needs libraries that no package holds: {', '.join(missing)}")
        for archive in chosen:
            _run(["dpkg", "-x", str(archive), str(CACHE / "root")], archives)
            del contents[archive]
    shutil.rmtree(archives)


def _library_packages(options: list[str]) -> list[str]:
    """Library packages that the broker depends on, however indirectly, and that are not installed.

    From the packages' own fields, not by the resolver: that refuses to answer on a system where anything
    else is broken.
    """
    only = [f"--no-{relation}" for relation in ("recommends", "suggests", "conflicts", "breaks", "replaces")]
    closure = _run(["apt-cache", *options, "depends", "--recurse", *only, "--no-enhances", PACKAGE], CACHE)
    known = _run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n"], CACHE).splitlines()
    # A package that was removed, but for its configuration, is known and not there.
    installed = {line.partition(" ")[2] for line in known if line.startswith("installed ")}
    return sorted(set(_LIBRARY_PACKAGE.findall(closure)) - installed)


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


def _missing_libraries() -> list[str]:
    """Names of shared libraries that the loader does not find for the unpacked program."""
    listing = subprocess.run(
        ["ldd", str(UNPACKED)],
        env=environment(UNPACKED),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return sorted(set(_MISSING_LIBRARY.findall(listing.stdout)))


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
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

"""Build the environment `.venv` inside the checkout from a lock with hashes; a second run finds it done.

Needs only a Python of 3.11 or later with its `venv` module (Debian: `python3-venv`) and the package index
that pip is set up for. No root, nothing outside the checkout.

    python3 scripts/bootstrap.py demo|dev
"""

# This file alone must be readable by an older Python, to be able to say that it is too old.

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "emon-stamp.json"
OLDEST = (3, 11)
EX_USAGE, EX_UNAVAILABLE, EX_SOFTWARE = 64, 69, 70
LOCKS = {"demo": ["demo"], "dev": ["dev"]}
COVERS = {"demo": ("demo", "dev"), "dev": ("dev",)}


def say(text: str) -> None:
    print("bootstrap: " + text, file=sys.stderr, flush=True)


def fingerprint(purpose: str) -> str:
    """What the environment was made from: locks, metadata, place and interpreter."""
    digest = hashlib.sha256()
    for name in lock_names(purpose):
        digest.update((ROOT / "requirements" / (name + ".txt")).read_bytes())
    digest.update(json.dumps(packaging(), sort_keys=True).encode())
    digest.update(repr((str(ROOT), sys.version_info[:3])).encode())
    return digest.hexdigest()


def packaging() -> dict[str, object]:
    """The part of pyproject.toml that an installation depends on; style and tests are not in it."""
    import tomllib  # an older Python has none, and is told so before

    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {"build": whole["build-system"], "project": whole["project"], "hatch": whole["tool"]["hatch"]}


def lock_names(purpose: str) -> list[str]:
    """The locks of a purpose; Node.js is added where the machine has no npm of its own."""
    return LOCKS[purpose] + ([] if system_npm() else ["node"])


def system_npm() -> bool:
    """Whether an npm outside our own environment is on the PATH."""
    places = [p for p in os.environ.get("PATH", "").split(os.pathsep) if p and Path(p) != VENV / "bin"]
    return shutil.which("npm", path=os.pathsep.join(places)) is not None


def is_done(purpose: str) -> bool:
    try:
        made = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return (
        PYTHON.exists()
        and made.get("fingerprint") == fingerprint(str(made.get("purpose", purpose)))
        and (made.get("purpose") in COVERS[purpose])
    )


def usable_venv() -> bool:
    """Whether `.venv` is an environment of this very Python version with a working pip."""
    if not PYTHON.exists():
        return False
    probe = "import sys, pip; print(*sys.version_info[:2])"
    found = subprocess.run([str(PYTHON), "-c", probe], capture_output=True, text=True)
    return found.returncode == 0 and found.stdout.split() == [str(part) for part in sys.version_info[:2]]


def make_venv() -> None:
    """Create `.venv`. Exits 69 with what to install where the interpreter cannot make one."""
    say("creating " + str(VENV))
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode == 0:
        return
    version = ".".join(str(part) for part in sys.version_info[:2])
    say("this Python cannot create a virtual environment:")
    say("    " + (made.stdout.strip().splitlines() or ["(it said nothing)"])[0])
    say("On Debian or Ubuntu its venv module is a package of its own:")
    say("    sudo apt-get install python3-venv    (or python" + version + "-venv)")
    say("Or name another Python of 3.11 or later: make PYTHON=/path/to/python3.12 ...")
    sys.exit(EX_UNAVAILABLE)


def pip(*arguments: str) -> None:
    """Run the environment's pip; exits 69 when it cannot install."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-qq"]
    done = subprocess.run([*command, *arguments], cwd=str(ROOT))
    if done.returncode != 0:
        say("pip could not install (see above). It needs the package index that pip is set up for; run again")
        say("when that can be reached. Nothing outside " + str(VENV) + " was changed.")
        sys.exit(EX_UNAVAILABLE)


def build(purpose: str) -> None:
    if not usable_venv():
        make_venv()
    STAMP.unlink(missing_ok=True)
    for name in lock_names(purpose):
        lock = "requirements/" + name + ".txt"
        say("installing " + lock + " (checked against its hashes) ...")
        # The lock is complete, so nothing is resolved; wheels only, so nothing is compiled or run.
        pip("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", lock)
    say("installing emon itself, editable ...")
    # The build backend stands in the lock: without isolation pip has nothing to fetch unpinned.
    pip("--no-build-isolation", "--no-deps", "--editable", ".")
    stamp = {"purpose": purpose, "fingerprint": fingerprint(purpose)}
    STAMP.write_text(json.dumps(stamp) + "\n", "utf-8")
    say("environment ready: " + str(VENV))


def main() -> int:
    if sys.version_info[:2] < OLDEST:
        say(
            "Python 3.11 or later is needed, and this is "
            + sys.version.split()[0]
            + " ("
            + sys.executable
            + ")."
        )
        say("Name another one: make PYTHON=/path/to/python3.12 ...")
        return EX_UNAVAILABLE
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        say("usage: python3 scripts/bootstrap.py " + "|".join(LOCKS))
        return EX_USAGE
    if not is_done(sys.argv[1]):
        build(sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())

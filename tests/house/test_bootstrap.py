"""The first step of both commands: it must say what is missing on a machine that lacks it."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEBIAN_SAYS = "The virtual environment was not created successfully because ensurepip is not available."


@pytest.fixture
def checkout(tmp_path: Path, repository: Path) -> Path:
    """A checkout with nothing but what the bootstrap reads."""
    root = tmp_path / "checkout"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(repository / "scripts" / "bootstrap.py", root / "scripts")
    shutil.copy(repository / "pyproject.toml", root)
    shutil.copytree(repository / "requirements", root / "requirements")
    return root


def bootstrap(checkout: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/bootstrap.py", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=300,  # an environment is made, and the machine may be busy
        env={**os.environ, **environ},
    )


def test_an_older_python_can_read_it_to_be_told_that_it_is_too_old(repository: Path) -> None:
    source = (repository / "scripts" / "bootstrap.py").read_text("utf-8")
    assert ast.parse(source, feature_version=(3, 7)).body


def test_an_environment_that_cannot_be_made_names_the_package_that_is_missing(
    checkout: Path, tmp_path: Path
) -> None:
    """Debian's python3 without python3-venv: its venv module runs and says that ensurepip is not there."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "venv.py").write_text(f"import sys\nprint({DEBIAN_SAYS!r})\nsys.exit(1)\n")
    done = bootstrap(checkout, "demo", PYTHONPATH=str(shadow))
    assert done.returncode == os.EX_UNAVAILABLE
    assert DEBIAN_SAYS in done.stderr
    assert "apt-get install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["everything"], ["demo", "dev"]])
def test_a_wrong_call_names_the_right_one(checkout: Path, arguments: list[str]) -> None:
    done = bootstrap(checkout, *arguments)
    assert done.returncode == os.EX_USAGE
    assert "usage: python3 scripts/bootstrap.py demo|dev" in done.stderr


def test_an_index_that_cannot_be_reached_ends_it_with_a_message_and_no_stamp(checkout: Path) -> None:
    """Nothing listens at the discard port; a second try must not take the half-made environment as ready."""
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    nowhere |= {"PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1", "PIP_EXTRA_INDEX_URL": ""}
    done = bootstrap(checkout, "demo", **nowhere)
    assert done.returncode == os.EX_UNAVAILABLE
    assert "package index" in done.stderr
    assert not (checkout / ".venv" / "emon-stamp.json").exists()

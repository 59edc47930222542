"""The suite's own rule: what is skipped has failed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def run_pytest(folder: Path, **environ: str) -> str:
    """Run the tests in the folder under the project's conftest, without plugins, which take a second to
    load; returns what pytest printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    kept = {name: value for name, value in os.environ.items() if name != "EMON_TRACKS"}
    done = subprocess.run(
        [*command, f"--rootdir={folder}", str(folder)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environ},
    )
    return done.stdout


@pytest.fixture
def suite(tmp_path: Path, repository: Path) -> Path:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "conftest.py").write_text((repository / "tests" / "conftest.py").read_text("utf-8"))
    return folder


@pytest.mark.parametrize(
    "source",
    [
        "import pytest\n\n@pytest.mark.skipif(True, reason='no broker')\ndef test_a():\n    assert True\n",
        "import pytest\n\ndef test_a():\n    getattr(pytest, 'skip')('no broker')\n",
        "import pytest\n\ngetattr(pytest, 'skip')('no broker', allow_module_level=True)\n",
    ],
)
def test_a_skipped_test_fails_the_suite(source: str, suite: Path) -> None:
    (suite / "test_it.py").write_text(source)
    printed = run_pytest(suite)
    assert "no test may be" in printed
    assert "no broker" in printed
    assert "skipped" not in printed.splitlines()[-1]


def test_a_failure_is_told_of_before_the_next_test_begins(suite: Path) -> None:
    (suite / "test_it.py").write_text(
        "def test_a():\n    assert [] == ['the reason']\n\n"
        "def test_b():\n    print('second')\n    assert False\n"
    )
    lines = run_pytest(suite).splitlines()
    first, second = (
        next(n for n, line in enumerate(lines) if line.startswith(f"FAILED test_it.py::{name} (call)"))
        for name in ("test_a", "test_b")
    )
    assert any("the reason" in line for line in lines[first:second])
    assert second < lines.index(next(line for line in lines if "FAILURES" in line))


def test_tests_with_recorded_tracks_run_only_where_these_are(suite: Path) -> None:
    (suite / "test_it.py").write_text(
        "import pytest\n\ndef test_a():\n    assert True\n\n"
        "@pytest.mark.tracks\ndef test_b(tracks_folder):\n    assert tracks_folder.is_dir()\n"
    )
    assert "1 passed, 1 deselected" in run_pytest(suite)
    assert "2 passed" in run_pytest(suite, EMON_TRACKS=str(suite))


def test_the_longest_files_come_first_whole_then_those_of_most_tests(suite: Path, repository: Path) -> None:
    longest = re.findall(
        r'^    "(\S+/test_\w+\.py)",$', (suite / "conftest.py").read_text("utf-8"), re.MULTILINE
    )
    assert [name for name in longest if not (repository / "tests" / name).is_file()] == []
    for name, tests in {"test_one.py": 1, "test_three.py": 3, longest[1]: 1, longest[0]: 2}.items():
        (suite / name).parent.mkdir(exist_ok=True)
        bodies = (f"def test_{n}():\n    print({n})\n    assert True\n" for n in range(tests))
        (suite / name).write_text("".join(bodies))
    lines = run_pytest(suite, PYTEST_ADDOPTS="-vv").splitlines()
    begun = [line.split("::")[0].rpartition("/tests/")[2] for line in lines if "::" in line]
    wanted = [longest[0]] * 2 + [longest[1]] + ["test_three.py"] * 3 + ["test_one.py"]
    assert begun == wanted

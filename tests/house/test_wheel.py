"""The wheel: everything the service needs at run time is in it, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built as pip would, with the locked backend and no network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=repository,
        check=True,
        capture_output=True,
        timeout=240,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def files_below(repository: Path, *packages: str) -> set[str]:
    """Every file of the packages in the working tree, compiled ones left out."""
    return {
        str(path.relative_to(repository))
        for package in packages
        for path in (repository / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_of_both_packages_is_shipped(wheel: zipfile.ZipFile, repository: Path) -> None:
    assert files_below(repository, "emon", "simulator") - set(wheel.namelist()) == set()


def test_schema_page_and_story_are_among_them(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert any(name.startswith("emon/store/migrations/") and name.endswith(".sql") for name in names)
    assert any(name.startswith("emon/web/static/vendor/maplibre") for name in names)
    assert "simulator/scenarios/story.yaml" in names
    assert {"emon/py.typed", "simulator/py.typed"} <= set(names)


def test_nothing_else_is_shipped_but_the_licence(wheel: zipfile.ZipFile) -> None:
    others = {name.partition("/")[0] for name in wheel.namelist()} - {"emon", "simulator"}
    assert len(others) == 1
    (metadata,) = others
    assert f"{metadata}/licenses/LICENSE" in wheel.namelist()
    assert f"{metadata}/licenses/NOTICE" in wheel.namelist()


def test_both_programs_are_entry_points(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(name).decode()
    assert "emon = emon.cli:main" in text
    assert "emon-sim = simulator.cli:main" in text

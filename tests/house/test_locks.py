"""The locks: complete, by hash, in agreement with pyproject.toml, and silent about where they were made."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKS = {"run": ("build",), "demo": ("demo", "build"), "dev": ("demo", "build", "bench", "dev")}
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)(?: ; ([^\\]+))?(?: \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


@dataclass(frozen=True)
class Pin:
    """One line of a lock with the number of its hashes."""

    name: str
    version: Version
    marker: str
    hashes: int


def pins(lock: Path) -> list[Pin]:
    found: list[Pin] = []
    for line in lock.read_text("utf-8").splitlines():
        if entry := ENTRY.match(line):
            name, version, marker = entry.groups()
            found.append(Pin(canonicalize_name(name), Version(version), marker or "", 0))
        elif HASH.match(line):
            last = found[-1]
            found[-1] = Pin(last.name, last.version, last.marker, last.hashes + 1)
        else:
            assert line.startswith("# Written by scripts/lock.py"), line
    return found


def declared(root: Path, extras: tuple[str, ...]) -> list[Requirement]:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    lines = list(project["project"]["dependencies"])
    for extra in extras:
        lines += project["project"]["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_declared_is_locked_in_its_range(name: str, repository: Path) -> None:
    locked = {pin.name: pin.version for pin in pins(repository / "requirements" / f"{name}.txt")}
    wrong = [
        str(requirement)
        for requirement in declared(repository, LOCKS[name])
        if canonicalize_name(requirement.name) not in locked
        or locked[canonicalize_name(requirement.name)] not in requirement.specifier
    ]
    assert wrong == [], "run: make lock"


@pytest.mark.parametrize("name", [*LOCKS, "node"])
def test_every_pin_has_hashes_and_no_address(name: str, repository: Path) -> None:
    lock = repository / "requirements" / f"{name}.txt"
    assert [pin.name for pin in pins(lock) if pin.hashes == 0] == []
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert not re.search(
        r"(^|\s)(-i|-f|-e|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text
    )
    assert not re.search(r"(^|\s)[./~]*/\w", text.partition("\n")[2]), "a path of some machine"


def test_a_package_has_one_version_in_all_locks(repository: Path) -> None:
    seen: dict[tuple[str, str], set[Version]] = {}
    for name in LOCKS:
        for pin in pins(repository / "requirements" / f"{name}.txt"):
            seen.setdefault((pin.name, pin.marker.partition(" and extra")[0]), set()).add(pin.version)
    assert {key: versions for key, versions in seen.items() if len(versions) > 1} == {}


def test_the_build_backend_is_locked_so_that_nothing_is_fetched_unpinned(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    needed = {canonicalize_name(Requirement(line).name) for line in project["build-system"]["requires"]}
    for name in LOCKS:
        assert needed <= {pin.name for pin in pins(repository / "requirements" / f"{name}.txt")}

"""README and the other pages: their commands exist, their links lead somewhere, their settings are known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from emon import cli
from emon.config import known_names
from scripts.docs import index_markdown
from simulator import cli as simulator_cli

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)")
SETTING = re.compile(r"\bEMON_[A-Z_]+\b")


def pages(root: Path) -> list[Path]:
    return [root / name for name in PAGES] + sorted((root / "docs").rglob("*.md"))


def shell_lines(page: Path) -> Iterator[list[str]]:
    """The words of each line in the page's ```sh blocks, continued lines joined, comments left out."""
    for block in BLOCK.findall(page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def test_every_emon_command_in_the_pages_is_accepted(repository: Path) -> None:
    parsers = {"emon": cli.build_parser(), "emon-sim": simulator_cli.build_parser()}
    seen = set()
    for page in pages(repository):
        for program, *arguments in shell_lines(page):
            name = program.removeprefix(".venv/bin/")
            if name in parsers:
                seen.add(parsers[name].parse_args(arguments).command)
    assert {"check", "replay", "locate", "migrate", "user", "arm", "run"} <= seen


def test_every_make_target_in_the_pages_exists(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        words[1]
        for page in pages(repository)
        for words in shell_lines(page)
        if words[0] == "make" and len(words) > 1
    }
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file(name: str, repository: Path) -> None:
    links = LINK.findall((repository / name).read_text("utf-8"))
    assert [link for link in links if not (repository / link).exists()] == []


def test_the_links_between_the_docs_lead_somewhere(repository: Path) -> None:
    docs = sorted((repository / "docs").rglob("*.md"))
    lost = [
        f"{page.name}: {link}"
        for page in docs
        for link in LINK.findall(page.read_text("utf-8"))
        if not (page.parent / link).exists()
    ]
    assert docs
    assert lost == []


def test_the_index_lists_every_page(repository: Path) -> None:
    docs = repository / "docs"
    assert (docs / "README.md").read_text("utf-8") == index_markdown(docs), "run: make docs"


def test_every_setting_that_a_page_names_is_known(repository: Path) -> None:
    named = {
        name.rstrip("_")
        for page in pages(repository)
        for name in SETTING.findall(page.read_text("utf-8"))
        if not name.startswith("EMON_SECRET")
    }
    assert named - known_names() - {"EMON"} == set()


def test_every_decision_has_its_three_parts(repository: Path) -> None:
    records = sorted((repository / "docs" / "adr").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"0\d{3}", number) for number in numbers)
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], record.name


def test_the_architecture_names_every_room(repository: Path) -> None:
    page = (repository / "ARCHITECTURE.md").read_text("utf-8")
    rooms = [path for path in (repository / "emon").iterdir() if not path.name.startswith("__")]
    names = [f"{path.name}/" if path.is_dir() else path.name for path in rooms if path.name != "py.typed"]
    assert [name for name in names if name not in page] == []


def test_what_is_shipped_says_whose_it_is(repository: Path) -> None:
    licence = (repository / "LICENSE").read_text("utf-8")
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    notice = (repository / "NOTICE").read_text("utf-8")
    for part in ("MapLibre GL JS", "Natural Earth", "OpenStreetMap", "GeoNames"):
        assert part in notice

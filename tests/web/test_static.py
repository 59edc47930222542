"""The page's own files: nothing from outside, nothing inline, no text parsed as markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from emon.web.app import STATIC
from emon.web.sheets import PAGES, SHEETS, desk_html, sheet_html
from emon.web.texts import LANGUAGES

OWN = [
    path
    for path in sorted([*STATIC.rglob("*"), *PAGES.iterdir()])
    if path.is_file() and "vendor" not in path.parts
]
SCRIPTS = [path for path in OWN if path.suffix == ".js"]
NAMESPACE = "http://www.w3.org/2000/svg"


def name(path: Path) -> str:
    return str(path.relative_to(STATIC.parent))


@pytest.mark.parametrize("path", OWN, ids=name)
def test_nothing_is_loaded_from_outside(path: Path) -> None:
    addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`)]*", path.read_text("utf-8"))
    assert [one for one in addresses if one != NAMESPACE] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_no_script_parses_text_as_markup_or_as_code(path: Path) -> None:
    text = path.read_text("utf-8")
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML\("
    assert re.findall(ways, text) == []


def page_html(page: str | None, language: str) -> str:
    return desk_html(language) if page is None else sheet_html(page, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", [None, *SHEETS])
def test_a_page_has_no_inline_script_or_style(page: str | None, language: str) -> None:
    text = page_html(page, language)
    assert re.findall(r"<style|style=|\son\w+=|<script(?![^>]*\bsrc=)", text) == []
    assert text.startswith("<!doctype html>")
    assert "{" not in text
    assert f'<html lang="{language}">' in text


def test_every_sheet_has_its_own_part_and_its_script() -> None:
    assert {path.stem for path in PAGES.glob("*.html")} == {"index", "shell", *SHEETS}
    assert [name for name in SHEETS if not (STATIC / "js" / f"{name}.js").is_file()] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_every_import_leads_to_a_file(path: Path) -> None:
    wanted = re.findall(r"(?:from|import\()\s*\"(\.[^\"]+)\"", path.read_text("utf-8"))
    missing = [one for one in wanted if not (path.parent / one).is_file()]
    assert missing == []


def test_every_name_of_a_page_that_a_script_asks_for_exists() -> None:
    """A sheet has the script of its own name; all other scripts are the desk's."""
    asked = 0
    for path in SCRIPTS:
        page = page_html(path.stem if path.stem in SHEETS else None, "en")
        wanted = set(re.findall(r"byId\(\"([\w-]+)\"\)", path.read_text("utf-8")))
        asked += len(wanted)
        assert wanted - set(re.findall(r"\bid=\"([\w-]+)\"", page)) == set()
    assert asked > 20


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_scripts_are_well_formed(path: Path) -> None:
    node = shutil.which("node")
    assert node is not None, "Node.js is part of the environment: run `make test`"
    done = subprocess.run(
        [node, "--check", "--input-type=module", "-"],
        input=path.read_bytes(),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()

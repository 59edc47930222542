"""The catalogue of the page's texts is whole, and no text stands outside it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from starlette.requests import Request

from emon.alerts.lifecycle import Stage
from emon.feedback.remedies import REMEDIES
from emon.limits import COMMAND_ANSWER_S, SUSPENSION_ALONE_S
from emon.model.answer import PoliceAnswer
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Party, Risk, Source
from emon.web import sheets
from emon.web.app import STATIC
from emon.web.language import answer_language, page_language
from emon.web.sheets import PAGES
from emon.web.texts import LANGUAGES, PARTS, TEXTS, filled, text
from tests.fixtures_web import Desk

WEB = Path(sheets.__file__).parent
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
HOLE = re.compile(r"\{(\w+)\}")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")  # two words one after another: a text, and no name or class


def test_no_id_stands_twice() -> None:
    assert len(TEXTS) == sum(len(part) for part in PARTS)


@pytest.mark.parametrize("id_", sorted(TEXTS))
def test_both_languages_have_the_text_and_the_same_places_in_it(id_: str) -> None:
    nl, en = TEXTS[id_]
    assert nl.strip()
    assert en.strip()
    assert set(HOLE.findall(nl)) == set(HOLE.findall(en))
    assert "{{" not in nl + en
    if id_.endswith(".one"):
        assert id_.removesuffix(".one") + ".other" in TEXTS


def test_each_word_of_the_wire_has_its_text() -> None:
    lists = {
        "event": AlertEvent, "how": How, "certainty": Certainty, "kind": Kind, "party": Party, "risk": Risk,
        "source": Source, "stage": Stage, "answer": PoliceAnswer,
    }  # fmt: skip
    assert [
        f"{name}.{one}" for name, words in lists.items() for one in words if f"{name}.{one}" not in TEXTS
    ] == []
    assert {f"priority.{n}" for n in range(1, 6)} <= TEXTS.keys()


def test_each_remedy_says_the_same_as_the_report_does() -> None:
    for remedy in REMEDIES:
        assert text(
            "en", f"remedy.{remedy.name}", **{n: "{" + n + "}" for n in HOLE.findall(remedy.proposal)}
        ) == (remedy.proposal)


def test_figures_in_the_texts_are_the_bounds() -> None:
    for language in LANGUAGES:
        assert f" {SUSPENSION_ALONE_S // 3_600} " in text(language, "suspend.note")
        assert f" {COMMAND_ANSWER_S // 60} " in text(language, "device.note")


def asked_for() -> set[str]:
    """Every id that a page, a script or the server names in full."""
    found = {
        id_
        for path in PAGES.glob("*.html")
        for id_ in re.findall(r"\{\{([\w.]+)\}\}", path.read_text("utf-8"))
    }
    found -= {"name", "heading", "main"}
    for path in SCRIPTS:
        code = path.read_text("utf-8")
        found |= set(re.findall(r"\b(?:say|parts|textParts)\(\"([\w.]+)\"", code))
        for id_ in re.findall(r"\bmany\(\"([\w.]+)\"", code):
            found |= {f"{id_}.one", f"{id_}.other"}
    for path in WEB.rglob("*.py"):
        if path.parent.name != "texts":
            found |= set(re.findall(r"\"((?:fault|link)\.[\w.]+)\"", path.read_text("utf-8")))
    return found


def test_every_text_that_is_asked_for_is_there() -> None:
    asked = asked_for()
    assert asked - TEXTS.keys() == set()
    assert len(asked) > 250


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.html")), ids=lambda path: path.name)
def test_no_text_stands_in_a_page(path: Path) -> None:
    """Beside the project's name and what is typed on a command line."""
    html = re.sub(r"<code>[^<]*</code>|<!doctype html>", "", path.read_text("utf-8"))
    shown = re.findall(r">([^<]+)<", html)
    shown += re.findall(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"', html)
    assert [one for one in shown if re.search(r"[A-Za-z]", re.sub(r"\{\{[\w.]+\}\}|\bemon:?", "", one))] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_stands_in_a_script(path: Path) -> None:
    code = re.sub(r"^\s*(?://|/?\*).*$|\s// .*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    code = re.sub(r"\bclass(?:Name)?: (?:\"[^\"]*\"|`[^`]*`)", "", code)
    code = re.sub(r"\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\}", "", code)
    strings = [one for one in STRING.findall(code) if WORDS.search(one)]
    ways = r"sans-serif|linear|Natural Earth|OpenStreetMap|prefers-|wearer-top|mark-chip"
    assert [one for one in strings if not re.search(ways, one)] == []
    labels = re.findall(r"(?:text|title|\"aria-label\"|placeholder): (\"[^\"]*\"|`[^`]*`)", code)
    assert [one for one in labels if re.search(r"[A-Za-z]{2}", one)] == []


@pytest.mark.parametrize("path", sorted((WEB / "routes").glob("*.py")), ids=lambda path: path.name)
def test_no_refusal_says_more_than_the_catalogue(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refused":
            id_ = node.args[1]
            assert isinstance(id_, ast.Constant), ast.unparse(node)
            assert id_.value in TEXTS


def test_what_fills_a_page_is_text_and_never_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ("<b>een & twee</b>", "<b>one & two</b>")
    monkeypatch.setattr("emon.web.texts.TEXTS", {**TEXTS, "x": both})
    assert filled('<p title="{{x}}">', "nl") == '<p title="&lt;b&gt;een &amp; twee&lt;/b&gt;">'
    assert filled("{{main}}{{x}}", "en", main="<i>") == "<i>&lt;b&gt;one &amp; two&lt;/b&gt;"


@pytest.mark.parametrize(
    ("cookie", "accepts", "page", "answer"),
    [
        (None, None, "en", "en"),
        (None, "en-GB,en;q=0.9", "en", "en"),
        (None, "nl-NL,nl;q=0.9,en-US;q=0.8", "nl", "nl"),
        (None, "de-DE,en;q=0.5,nl;q=0.6", "nl", "nl"),
        (None, "de, fr", "en", "en"),
        (None, "en;q=0, nl;q=0.1", "nl", "nl"),
        (None, "en;q=nan, en;q=7, nl;level=1", "en", "en"),
        (None, ";;;,=,q=1", "en", "en"),
        ("en", "nl", "en", "nl"),
        ("nl", "en", "nl", "en"),
        ("xx", "en", "en", "en"),
        ('nl" onload="x', None, "en", "en"),
    ],
)
def test_the_language_is_chosen_by_the_person_then_by_the_browser(
    cookie: str | None, accepts: str | None, page: str, answer: str
) -> None:
    headers = [] if accepts is None else [(b"accept-language", accepts.encode())]
    if cookie is not None:
        headers.append((b"cookie", f"emon_language={cookie}".encode()))
    request = Request({"type": "http", "headers": headers})
    assert (page_language(request), answer_language(request)) == (page, answer)


async def test_a_refusal_is_in_the_language_of_whoever_asks(desk: Desk) -> None:
    wrong = {"name": "nobody", "password": "wrong"}
    async with desk.client() as client:
        for accepts, said in (
            ("nl-NL", "naam of wachtwoord klopt niet"),
            ("fr", "name or password is wrong"),
        ):
            answer = await client.post("/api/v1/session", json=wrong, headers={"accept-language": accepts})
            assert (answer.status_code, answer.json()) == (401, {"error": said})
            assert "accept-language" in answer.headers["vary"]
        foreign = {"origin": "https://elsewhere.example", "accept-language": "nl"}
        answer = await client.post("/api/v1/session", json=wrong, headers=foreign)
        assert answer.json()["error"].startswith("een pagina van een andere herkomst")
    async with desk.signed_in() as client:
        asked = {"order": "o-1", "to": "2020-01-01T00:00:00Z", "reason": "x"}
        answer = await client.post("/api/v1/suspensions", json=asked, headers={"accept-language": "nl"})
        assert answer.json()["faults"][0] == {
            "path": "reason",
            "message": "schrijf waarom, in 5 tot 2000 tekens",
        }


async def test_a_page_says_which_language_it_is_in_and_what_that_hangs_on(desk: Desk) -> None:
    async with desk.client() as client:
        for path in ("/", "/index.html", "/blind.html"):
            answer = await client.get(path, headers={"accept-language": "nl"})
            assert '<html lang="nl">' in answer.text
            assert answer.headers["content-language"] == "nl"
            assert answer.headers["vary"] == "cookie, accept-language"
        english = await client.get("/", headers={"cookie": "emon_language=en", "accept-language": "nl"})
        assert '<html lang="en">' in english.text
        texts = await client.get("/js/texts-nl.js")
        assert texts.headers["content-type"].startswith("text/javascript")
        assert '"tab.wearers": "Dragers"' in texts.text
        assert "fault." not in texts.text

"""The pages as HTML: the desk, and pages of text and tables beside it with one head for all of them.

A sheet's own part is ``pages/NAME.html``, its script ``static/js/NAME.js``; every text comes from the
catalogue (``emon.web.texts``), in the language of whoever asks.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emon.web.language import page_language
from emon.web.texts import LANGUAGES, filled, script, text

PAGES = Path(__file__).parent / "pages"
SHEETS = ("blind", "device", "feedback", "policy", "suspensions")

_FRESH = {"cache-control": "no-cache"}
_BY_READER = {**_FRESH, "vary": "cookie, accept-language"}


def desk_html(language: str) -> str:
    """The desk with its log-in."""
    return filled((PAGES / "index.html").read_text("utf-8"), language)


def sheet_html(name: str, language: str) -> str:
    """The whole page of a sheet. Nothing in it comes from outside the package."""
    shell = (PAGES / "shell.html").read_text("utf-8")
    own = filled((PAGES / f"{name}.html").read_text("utf-8"), language)
    return filled(shell, language, name=name, heading=text(language, f"sheet.{name}"), main=own)


class SheetRoutes:
    """``/``, ``/NAME.html`` of every sheet, and the scripts' texts, ``/js/texts-LANGUAGE.js``."""

    def __init__(self) -> None:
        self.router = APIRouter()
        desk = {language: desk_html(language) for language in LANGUAGES}
        for path in ("/", "/index.html"):
            self._add(path, desk)
        for name in SHEETS:
            self._add(f"/{name}.html", {language: sheet_html(name, language) for language in LANGUAGES})
        for language in LANGUAGES:
            self._add_texts(language, script(language))

    def _add(self, path: str, pages: dict[str, str]) -> None:
        async def show(request: Request) -> Response:
            language = page_language(request)
            return HTMLResponse(pages[language], headers={**_BY_READER, "content-language": language})

        self.router.add_api_route(path, show, methods=["GET", "HEAD"])

    def _add_texts(self, language: str, module: str) -> None:
        async def show() -> Response:
            return Response(module, media_type="text/javascript", headers=_FRESH)

        self.router.add_api_route(f"/js/texts-{language}.js", show, methods=["GET", "HEAD"])

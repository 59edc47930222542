"""Pages of text and tables beside the desk: one head for all of them, and a part of each one's own.

A sheet's own part is ``static/sheets/NAME.html``, its script ``static/js/NAME.js``.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

SHEETS = {
    "blind": "Blind time",
    "device": "Ask a device",
    "feedback": "What alerts were closed with",
    "policy": "Who is told what",
    "suspensions": "Suspensions",
}
"""Names and headings."""


def sheet_html(static: Path, name: str) -> str:
    """The whole page of a sheet. Nothing in it comes from outside the package."""
    folder = static / "sheets"
    shell = (folder / "shell.html").read_text("utf-8")
    own = (folder / f"{name}.html").read_text("utf-8")
    return shell.format(title=name, name=name, heading=SHEETS[name], main=own)


class SheetRoutes:
    """``/NAME.html`` of every sheet."""

    def __init__(self, static: Path) -> None:
        self.router = APIRouter()
        for name in SHEETS:
            self._add(name, sheet_html(static, name))

    def _add(self, name: str, page: str) -> None:
        async def show() -> Response:
            return HTMLResponse(page, headers={"cache-control": "no-cache"})

        self.router.add_api_route(f"/{name}.html", show, methods=["GET", "HEAD"])

"""docs/events.md names every event, in the words of contract and messages; its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from emon.alerts.words import EN, NL
from emon.model.vocabulary import AlertEvent
from scripts.events_page import events_page


def test_the_page_is_what_the_code_writes(repository: Path) -> None:
    page = (repository / "docs" / "events.md").read_text("utf-8")
    assert page == events_page(), "run: .venv/bin/python -m scripts.events_page"


def test_every_event_has_a_beginning_and_an_end() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", events_page(), re.MULTILINE)
    assert {row[0] for row in rows} == {str(event) for event in AlertEvent}
    for event, names, begins, ends, table in rows:
        assert names == f"{NL.events[AlertEvent(event)]} / {EN.events[AlertEvent(event)]}"
        assert begins
        assert ends
        assert "](" in table


def test_links_lead_to_headings_that_are_there(repository: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", events_page()):
        file, _, heading = target.partition("#")
        text = (repository / "docs" / (file or "events.md")).read_text("utf-8")
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        }
        assert not heading or heading in headings, target

"""Who was told of the order's suspensions while a case lived, and how its other alerts were closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from emon import clock
from emon.alerts.notices import Notice, NoticeKind
from emon.audit.keyring import Keyring
from emon.court.page import court_page
from emon.court.schema import court_schema
from emon.model.instant import SECOND_US, parse_instant
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.sealer import Sealer
from emon.store.notices import DueNotice
from emon.store.store import Store
from tests.court.lives import lived
from tests.court.test_court_file import changed, checked, forged, made

HOUR_US = 3_600 * SECOND_US
Told = list[tuple[str, str, list[tuple[str, bool]]]]


def opened_us(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT opened_at FROM breach ORDER BY opened_at LIMIT 1").fetchone()
    assert row is not None
    return parse_instant(row[0].isoformat())


async def noted(store: Store, name: str, kind: NoticeKind, at_us: int, **more: Any) -> Notice:
    """A notice to two, of whom the police have it."""
    notice = Notice(name, kind, "o-1", "w-1", 1, at_us, **more)
    assert await store.keep_notice(notice, ("politie", "reclassering"), at_us)
    await store.notice_tried(DueNotice(notice, "politie", 0), at_us + 1, at_us + 2, None, None)
    await store.notice_tried(DueNotice(notice, "reclassering", 0), at_us + 1, None, at_us + 9, "500 nobody")
    return notice


async def file_with(store: Store, alert: str, folder: Path) -> dict[str, Any]:
    await Sealer(store, Keyring(folder), clock.now_us).finish()
    document = await made(store, alert)
    assert (await checked(document, folder)).findings == []
    jsonschema.validate(json.loads(json.dumps(document)), court_schema())
    return document


@pytest.mark.parametrize(("close", "after"), [(True, []), (False, ["afterwards"])])
async def test_who_was_told_of_a_suspension_is_in_the_file(
    claimed_store: Store, tmp_path: Path, close: bool, after: list[str]
) -> None:
    """Of the one that held when it began, and of all until it was closed: a case that is open goes on."""
    alert = await lived(claimed_store, tmp_path, close=close)
    base_us = opened_us(claimed_store.url)
    reason = "tandarts <b>"
    for name, kind, at_us, more in (
        ("long-ago", NoticeKind.SUSPENDED, base_us - 90 * HOUR_US, {}),
        ("over-long-ago", NoticeKind.RESUMED, base_us - 80 * HOUR_US, {}),
        ("before", NoticeKind.SUSPENDED, base_us - HOUR_US, {"until_us": base_us, "reason": reason}),
        ("during", NoticeKind.RESUMED, base_us + 60 * SECOND_US, {"by_itself": True}),
        ("afterwards", NoticeKind.SUSPENDED, base_us + 5 * HOUR_US, {"until_us": base_us + 6 * HOUR_US}),
    ):
        await noted(claimed_store, name, kind, at_us, **more)
    document = await file_with(claimed_store, alert, tmp_path)
    notices = document["suspensions"]["notices"]
    assert [one["id"] for one in notices] == ["before", "during", *after]
    assert [(one["recipient"], one["receipt_at"] is None, one["attempts"]) for one in notices[0]["told"]] == [
        ("politie", False, 1),
        ("reclassering", True, 1),
    ]
    page = court_page(document)
    for words in ("opschorting begonnen, tot", "opschorting vanzelf voorbij", "niet ontvangen; pogingen: 1"):
        assert words in page
    assert "suspension over by itself" in court_page(document, "en")
    for path in (("suspensions", "notices", 0, "at"), ("suspensions", "notices", 1, "told", 0, "receipt_at")):
        report = await checked(forged({**changed(document, path), "explanation": None}))
        assert any(one.place.startswith("suspensions.notices") for one in report.findings)


async def test_a_suspension_that_was_over_before_is_not_of_the_case(
    claimed_store: Store, tmp_path: Path
) -> None:
    alert = await lived(claimed_store, tmp_path)
    base_us = opened_us(claimed_store.url)
    await noted(claimed_store, "begun", NoticeKind.SUSPENDED, base_us - 2 * HOUR_US)
    await noted(claimed_store, "over", NoticeKind.RESUMED, base_us - HOUR_US)
    document = await file_with(claimed_store, alert, tmp_path)
    assert document["suspensions"]["notices"] == []


async def test_how_the_other_alerts_of_the_breach_were_closed_is_in_the_file(
    claimed_store: Store, tmp_path: Path
) -> None:
    alert = await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        rows = conn.execute(
            "SELECT a.id, a.recipients[1] FROM alert AS a JOIN alert AS o ON o.breach_id = a.breach_id "
            "WHERE o.id = %s AND a.id <> o.id ORDER BY a.at",
            (alert,),
        ).fetchall()
    closing = Closing(ClosingCause.WEARER, ClosingOutcome.LEFT_HIMSELF, None, "")
    await claimed_store.close_alert(rows[0][0], rows[0][1], "C. Smit <i>", closing, "page", clock.now_us())
    document = await file_with(claimed_store, alert, tmp_path)
    closed = {one["id"]: one["closing"] for one in document["related"]}
    assert closed[rows[0][0]]["person"] == "C. Smit <i>"
    assert document["closing"]["person"] == "A. de Vries", "its own closing is its own"
    assert "C. Smit &lt;i&gt;" in court_page(document)

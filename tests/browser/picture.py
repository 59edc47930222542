"""Makes docs/screenshots/page.png: `python -m tests.browser.picture [FILE [LANGUAGE]]`.

An evening in Rotterdam in a database of its own, as a monitoring centre would see it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import psycopg
from playwright.async_api import Page, expect

from emon import clock
from emon.demo.database import EmbeddedDatabase
from emon.model.instant import SECOND_US
from emon.store.migrate import migrate
from emon.store.store import Store
from emon.web.passwords import hash_password
from tests.browser.chromium import ROOT, browser
from tests.fixtures_web import NAME, PASSWORD, Desk
from tests.web import story

PICTURE = ROOT / "docs" / "screenshots" / "page.png"
# The story is written within a second, yet happened over an hour.
_THEN = (
    "UPDATE alert SET detected_at = at + interval '38 milliseconds'",
    "UPDATE order_version SET armed_at = armed_at - interval '3 days'",
)


async def tell(store: Store, url: str, now_us: int) -> None:
    """The evening with its deliveries and acknowledgements."""
    await story.play(store, now_us)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        for statement in _THEN:
            await conn.execute(statement.encode())
    told = [alert for _, alerts in story.evening(now_us) for alert in alerts]
    for alert in told:
        for number, party in enumerate(alert.recipients):
            await story.deliver(store, alert.id, party, alert.at_us + (number + 1) * 45_000)
    for alert in told[:2]:
        await store.acknowledge(alert.id, "meldkamer_em", NAME, "page", alert.at_us + 31 * SECOND_US)
        await store.acknowledge(
            alert.id, "reclassering", "M. de Wit", "webhook", alert.at_us + 95 * SECOND_US
        )
    await store.acknowledge(told[-1].id, "politie", "R. Bakker", "webhook", told[-1].at_us + 4 * SECOND_US)


async def enter(page: Page, desk: Desk) -> None:
    """Log in and wait until everything is drawn."""
    await page.goto(desk.url)
    await page.locator("#login-name").fill(NAME)
    await page.locator("#login-password").fill(PASSWORD)
    await page.locator("#login-form [type=submit]").click()
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator("#map")).to_have_attribute("data-drawn", "true")


async def main(target: Path, language: str = "en") -> None:
    with tempfile.TemporaryDirectory(prefix="emon-picture-") as folder:
        server = EmbeddedDatabase(Path(folder) / "db")
        await server.start()
        try:
            await migrate(server.uri)
            store = await Store.open(server.uri)
            await store.claim_engine()
            await store.create_user(NAME, hash_password(PASSWORD), "meldkamer_em")
            await tell(store, server.uri, clock.now_us())
            desk = Desk(store, "", 0)
            await desk.start()
            await take(desk, target, language)
            await desk.stop()
            await store.close()
        finally:
            await server.stop()


async def take(desk: Desk, target: Path, language: str) -> None:
    """By day at 1280 by 800; further looks beside it with a name of their own."""
    target.parent.mkdir(parents=True, exist_ok=True)
    async with browser() as opened:
        for name, size, scheme in (
            ("", (1280, 800), "light"),
            ("-dark", (1280, 800), "dark"),
            ("-narrow", (390, 844), "light"),
        ):
            context = await opened.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,  # type: ignore[arg-type]
                timezone_id="Europe/Amsterdam",
                locale=language,
            )
            page = await context.new_page()
            page.on("console", lambda message: print(message.text, file=sys.stderr))
            page.on("pageerror", lambda fault: print(fault, file=sys.stderr))
            await enter(page, desk)
            await page.screenshot(path=target.with_stem(target.stem + name))
            await context.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE, *sys.argv[2:3]))

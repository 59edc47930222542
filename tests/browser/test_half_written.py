"""What somebody was writing outlives a change of the page's language."""

from __future__ import annotations

from playwright.async_api import expect

from emon import clock
from emon.store.store import Store
from tests.browser.picture import enter
from tests.browser.test_page import Tab, chromium, raise_alert, tab
from tests.fixtures_web import Desk
from tests.web import story

__all__ = ["chromium", "tab"]


async def test_a_half_written_closing_and_the_list_stay(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    alert_id = await raise_alert(store, desk, "half")
    await enter(tab.page, desk)
    await tab.page.get_by_role("tab", name="All alerts").click()
    card = tab.page.locator(f"[data-alert='{alert_id}']")
    await card.get_by_role("button", name="Close: ").click()
    await card.get_by_label("What was behind it").select_option("handling")
    await card.get_by_label("Note").fill("he says that {name} <b>fell")
    await tab.page.get_by_role("button", name="Nederlands").click()
    await expect(tab.page.get_by_role("tab", name="Alle")).to_have_attribute("aria-selected", "true")
    await expect(card.get_by_label("Toelichting")).to_have_value("he says that {name} <b>fell")
    await expect(card.locator("[data-act=cause]")).to_have_value("handling")
    assert await tab.page.evaluate("sessionStorage.length") == 0


async def test_the_forms_of_the_sheets_and_a_name_stay_and_a_password_does_not(tab: Tab, desk: Desk) -> None:
    page = tab.page
    await page.goto(desk.url)
    await page.get_by_label("Name").fill("anna")
    await page.get_by_label("Password").fill("half a password")
    await page.get_by_role("button", name="Nederlands").click()
    await expect(page.get_by_label("Naam")).to_have_value("anna")
    await expect(page.get_by_label("Wachtwoord")).to_have_value("")
    await enter(page, desk)
    for sheet, field, value in (
        ("suspensions", "until", "2026-12-24T18:00"),
        ("suspensions", "reason", "half a reason"),
        ("device", "why", "half a reason"),
        ("feedback", "from", "2026-12-24T18:00"),
        ("blind", "order", "o-26"),
    ):
        await page.goto(f"{desk.url}/{sheet}.html")
        await page.locator(f"#{field}").fill(value)
        await page.locator("[data-language]").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.locator(f"#{field}")).to_have_value(value)
        await page.locator("[data-language]").click()
        await expect(page.locator("html")).to_have_attribute("lang", "nl")

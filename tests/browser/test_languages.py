"""An alert's way through the page in Dutch and in English, as the police and the monitoring centre use it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from emon import clock
from emon.incidents import Incidents
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark
from emon.store.store import Store
from emon.web.sheets import SHEETS
from tests.browser.chromium import SLOW_MS
from tests.browser.picture import enter
from tests.browser.test_page import chromium, raise_alert
from tests.fixtures_web import NAME, PASSWORD, PASSWORD_HASH, Desk
from tests.web import story

__all__ = ["chromium"]

WORDS = {
    "nl-NL": {
        "lang": "nl",
        "wrong": "naam of wachtwoord klopt niet",
        "live": "Actueel",
        "event": "Vermoedelijke overtreding, locatieverbod",
        "certain": "zeker",
        "priority": "P1 · nu handelen",
        "tabs": ["Open 6", "In behandeling 0", "Afgehandeld", "Alle", "Dragers 6"],
        "clocks": ["Gebeurd", "Ontvangen", "Melding gemaakt", "Bezorgd"],
        "take": "In behandeling nemen",
        "in_hand": "in behandeling",
        "report": "Melden voor de politie",
        "answers": ["Eenheid toegewezen", "Ter plaatse", "Aangetroffen", "Niet aangetroffen"],
        "close": "Afhandelen: ",
        "cause": "Wat was er aan de hand",
        "outcome": "Wat is er gedaan",
        "note": "Toelichting",
        "hers": "Hoe is het met de beschermde persoon",
        "wants": "schrijf bij de toelichting aan wie het is overgedragen",
        "send": "Melding afhandelen",
        "closed": "Afgehandeld door anna (Meldkamer EM)",
        "tab_closed": "Afgehandeld",
        "with": "de drager deed wat de melding zegt; overgedragen",
        "zoom": "Inzoomen",
        "other": "English",
        "accuracy": "±9 m",
        "age": r"positie \d+ (s|min) oud",
        "decimal": r"^\+\d+(,\d)? (s|min|uur)$",
    },
    "en-GB": {
        "lang": "en",
        "wrong": "name or password is wrong",
        "live": "Live",
        "event": "Suspected breach, exclusion zone",
        "certain": "certain",
        "priority": "P1 · act now",
        "tabs": ["Open 6", "In hand 0", "Closed", "All alerts", "Wearers 6"],
        "clocks": ["Happened", "Received", "Detected", "Delivered"],
        "take": "Acknowledge",
        "in_hand": "in hand",
        "report": "Report for the police",
        "answers": ["Unit assigned", "On scene", "Found", "Not found"],
        "close": "Close: ",
        "cause": "What was behind it",
        "outcome": "What came of it",
        "note": "Note",
        "hers": "How the protected person is",
        "wants": "needs a note",
        "send": "Close alert",
        "closed": "Closed by anna (Meldkamer EM)",
        "tab_closed": "Closed",
        "with": "the wearer did what the alert says; handed over",
        "zoom": "Zoom in",
        "other": "Nederlands",
        "accuracy": "±9 m",
        "age": r"fix \d+ (s|min) old",
        "decimal": r"^\+\d+(\.\d)? (s|min|h)$",
    },
}


@asynccontextmanager
async def somebody(chromium: Browser, locale: str, **more: object) -> AsyncIterator[Page]:
    """A page of a browser that asks for a language, on a machine whose clock is elsewhere; a script's fault
    fails the test."""
    faults: list[str] = []
    options = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "America/New_York", **more}
    context = await chromium.new_context(locale=locale, **options)  # type: ignore[arg-type]
    context.set_default_timeout(SLOW_MS)
    page = await context.new_page()
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda one: faults.append(one.text) if "Content Security" in one.text else None)
    yield page
    await context.close()
    assert faults == []


@pytest.mark.parametrize("locale", WORDS)
async def test_an_alert_from_log_in_to_closing(
    chromium: Browser, desk: Desk, store: Store, locale: str
) -> None:
    words = WORDS[locale]
    await story.play(store, clock.now_us())
    await store.create_user("piet", PASSWORD_HASH, "politie")
    alert_id = await raise_alert(store, desk, "told")
    async with somebody(chromium, locale) as page:
        await page.goto(desk.url)
        await expect(page.locator("html")).to_have_attribute("lang", str(words["lang"]))
        await page.locator("#login-name").fill(NAME)
        await page.locator("#login-password").fill("wrong")
        await page.locator("#login-password").press("Enter")
        await expect(page.locator("#login-fault")).to_have_text(words["wrong"])
        await page.locator("#login-password").fill(PASSWORD)
        await page.locator("#login-password").press("Enter")
        await expect(page.locator("#connection")).to_have_text(words["live"])
        await expect(page.get_by_role("tab")).to_have_text(words["tabs"])
        await expect(page.get_by_role("button", name=str(words["zoom"]))).to_be_visible()
        await expect(page.locator("#clock")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d (CES?T|GMT\+[12])$"))

        card = page.locator(f"[data-alert='{alert_id}']")
        for said in ("event", "certain", "priority"):
            await expect(card).to_contain_text(str(words[said]))
        await expect(card.locator("dt")).to_have_text(words["clocks"])
        await expect(card.locator(".since").nth(1)).to_have_text(re.compile(str(words["decimal"])))
        await card.get_by_role("button", name=f"{words['take']}: ").click()
        await expect(card.locator(".stage")).to_contain_text(str(words["in_hand"]))

        later_us = clock.now_us() + 20 * SECOND_US
        wire = RawFix("d-blaak", 78, later_us - 2 * SECOND_US, 4.4873, 51.9231, 12.0, b"{}", speed_m_s=1.2)
        await story.write(store, Effects(later_us, fixes=(Fix(wire, later_us, Mark.OK),)))
        await Incidents(store, now_us=lambda: later_us, on_said=lambda: None).step()
        async with somebody(chromium, locale) as theirs:
            await answers_of_the_police(theirs, desk, alert_id, words)

        await card.get_by_role("button", name=str(words["close"])).click()
        await card.get_by_label(str(words["cause"])).select_option("wearer")
        await card.get_by_label(str(words["outcome"])).select_option("handed_over")
        if await card.get_by_label(str(words["hers"])).count():
            await card.get_by_label(str(words["hers"])).select_option("safe_informed")
        await card.get_by_label(str(words["note"])).fill("   ")
        await card.get_by_role("button", name=str(words["send"])).click()
        await expect(card.get_by_role("alert")).to_contain_text(str(words["wants"]))
        await card.get_by_label(str(words["note"])).fill("OM")
        await card.get_by_role("button", name=str(words["send"])).click()
        await page.get_by_role("tab", name=str(words["tab_closed"])).click()
        await expect(card.locator(".resolution")).to_contain_text(str(words["closed"]))
        await expect(card.locator(".resolution")).to_contain_text(str(words["with"]))

        await page.get_by_role("tab").last.click()
        row = page.locator("[data-wearer='w-kralingen']")
        await expect(row).to_contain_text(re.compile(str(words["age"])))


async def answers_of_the_police(page: Page, desk: Desk, alert_id: str, words: Mapping[str, object]) -> None:
    """They say that a unit is assigned."""
    await page.goto(desk.url)
    await page.locator("#login-name").fill("piet")
    await page.locator("#login-password").fill(PASSWORD)
    await page.locator("#login-password").press("Enter")
    card = page.locator(f"[data-alert='{alert_id}']")
    buttons = card.get_by_role("group", name=str(words["report"])).get_by_role("button")
    await expect(buttons).to_have_text(words["answers"])  # type: ignore[arg-type]
    await buttons.first.click()
    answers: list[str] = words["answers"]  # type: ignore[assignment]
    await expect(card.locator(".answers li")).to_contain_text(f"{answers[0]}: piet (Politie), ")


async def test_a_person_chooses_the_language_and_it_stays(chromium: Browser, desk: Desk) -> None:
    async with somebody(chromium, "en-GB") as page:
        await page.goto(desk.url)
        await page.get_by_role("button", name="Nederlands").click()
        await expect(page.locator("html")).to_have_attribute("lang", "nl")
        await enter(page, desk)
        await expect(page.locator("#alerts-empty")).to_contain_text("Er wacht niets")
        for name in SHEETS:
            await page.goto(f"{desk.url}/{name}.html")
            await expect(page.locator("html")).to_have_attribute("lang", "nl")
            await expect(page.get_by_role("link", name="Terug naar de kaart")).to_be_visible()
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("link", name="Back to the map")).to_be_visible()
        await page.goto(desk.url)
        await expect(page.locator("#connection")).to_have_text("Live")
        await expect(page.get_by_role("button", name="Log out")).to_be_visible()


@pytest.mark.parametrize("width", [390, 900, 1280])
async def test_dutch_words_fit(chromium: Browser, desk: Desk, store: Store, width: int) -> None:
    """Nothing is wider than the window, and no word of a card stands outside it."""
    await story.play(store, clock.now_us())
    await raise_alert(store, desk, "wide")
    async with somebody(chromium, "nl-NL", viewport={"width": width, "height": 800}) as page:
        await enter(page, desk)
        await expect(page.locator("#alerts > li")).to_have_count(6)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        wide = "one.scrollWidth > one.clientWidth + 1"
        out = f"(nodes) => nodes.filter((one) => {wide}).map((one) => one.className)"
        assert await page.locator("#alerts > li, .bar, .bar-end, .tabs").evaluate_all(out) == []


async def test_a_form_says_its_date_in_the_words_of_the_page(chromium: Browser, desk: Desk) -> None:
    """Whatever way round the browser writes it."""
    async with somebody(chromium, "nl-NL") as page:
        await enter(page, desk)
        await page.goto(f"{desk.url}/suspensions.html")
        await page.locator("#until").fill("2027-04-03T18:00")
        await expect(page.locator("output")).to_have_text(
            re.compile(r"^zaterdag 3 april 2027 (om )?18:00:00 CEST$")
        )
        await page.locator("#ask").evaluate("(form) => form.reset()")
        await expect(page.locator("output")).to_have_text("")


async def test_a_form_takes_dutch_time_wherever_the_machine_is(chromium: Browser, desk: Desk) -> None:
    """Also in the nights in which the clocks change: of a time that comes twice the first is meant."""
    async with somebody(chromium, "nl-NL") as page:
        await enter(page, desk)
        found = await page.evaluate(
            "async (given) => given.map((await import('/js/time.js')).instantOf)",
            [
                "2026-01-15T12:00",
                "2026-07-15T12:00",
                "2026-10-25T02:30",
                "2026-10-25T03:00",
                "2026-03-29T02:30",
            ],
        )
    assert found == [
        "2026-01-15T11:00:00.000Z",
        "2026-07-15T10:00:00.000Z",
        "2026-10-25T00:30:00.000Z",
        "2026-10-25T02:00:00.000Z",
        "2026-03-29T01:30:00.000Z",
    ]

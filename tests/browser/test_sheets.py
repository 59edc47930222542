"""Pages of text and tables in a real Chromium, as staff use them: asking a device, blind time; and what the
map says of protected people and of the way to a ban."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from playwright.async_api import Page, expect

from emon import clock
from emon.limits import COMMAND_ANSWER_S
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import AlertEvent, Mark, Party, Risk
from emon.model.watch import Trouble, Unseen
from emon.staff_watch import StaffWatch
from emon.store.store import Store
from tests.browser.chromium import SLOW_MS, browser
from tests.browser.picture import enter
from tests.browser.pixels import colours
from tests.fixtures_web import Desk
from tests.web import story
from tests.web.test_blind import unseen
from tests.web.test_protected import walking
from tests.web.test_staff_commands import routed


@asynccontextmanager
async def desk_page(desk: Desk) -> AsyncIterator[Page]:
    """A tab of the centre, logged in; a script's fault fails the test."""
    faults: list[str] = []
    async with browser() as opened:
        page = await opened.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page.set_default_timeout(SLOW_MS)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await enter(page, desk)
        yield page
    assert faults == []


async def test_a_person_asks_a_device_and_sees_what_becomes_of_it(desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    async with desk_page(desk) as page:
        await page.get_by_role("tab", name="Wearers").click()
        await page.locator("[data-wearer='w-blaak']").click()
        await page.get_by_role("link", name="Ask for a position").click()
        await expect(page.get_by_label("Device")).to_have_value("d-blaak")
        await expect(page.locator("#none")).to_be_visible()
        await page.get_by_label("Why", exact=True).fill("neighbour saw him <b>here</b>")
        await page.get_by_role("button", name="Position now").click()
        rows = page.locator("#asked tr")
        await expect(rows).to_have_count(1)
        await expect(rows.first).to_contain_text("anna: neighbour saw him <b>here</b>")
        await expect(rows.first).to_contain_text("being sent")
        (sent,) = (await store.waiting_commands(clock.now_us(), 9)).commands
        await store.command_sent(sent.id, sent.at_us + SECOND_US)
        await expect(rows.first).to_contain_text("waiting for its answer")
        await page.get_by_role("button", name="Position now").click()
        await expect(page.get_by_role("alert")).to_contain_text("has 3 minutes to answer")

        due_us = sent.at_us + COMMAND_ANSWER_S * SECOND_US
        (told,) = await StaffWatch(store, routed, now_us=lambda: due_us, on_told=desk.live.wake).step()
        await expect(rows.first).to_contain_text("no answer by")
        wire = RawFix("d-blaak", 99, due_us + SECOND_US, 4.4873, 51.9231, 12.0, b"{}")
        await story.write(store, Effects(due_us + SECOND_US, fixes=(Fix(wire, due_us + SECOND_US, Mark.OK),)))
        await expect(rows.first).to_contain_text("; answered")

        await page.get_by_role("link", name="Back to the map").click()
        card = page.locator(f"[data-alert='{told.id}']")
        await expect(card).to_contain_text("The device gives no position on demand")
        await expect(card).to_contain_text("d-blaak")


async def test_who_was_unseen_for_longest_and_who_is_in_an_outage(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    await unseen(store, now_us)
    async with await psycopg.AsyncConnection.connect(store.url, autocommit=True) as conn:
        await conn.execute("UPDATE order_version SET armed_at = armed_at - interval '2 days'")
    alert = Alert(
        "a" * 16, AlertEvent.OUTAGE, 2, now_us + 1, (Party.MELDKAMER_EM,), happened_at_us=now_us - HOUR_US
    )
    ranked = (
        Unseen("d-1", "o-long", Risk.HIGH, near_m=-3.0, seen_us=now_us - HOUR_US, wearer="w-1"),
        Unseen("v-1", "o-her", Risk.MEDIUM, victim=True, near_m=840.4, wearer="w-2"),
        Unseen("d-2", "o-her", Risk.MEDIUM),
    )
    outage = Trouble("t-3", AlertEvent.OUTAGE, now_us - HOUR_US, alert=alert.id, unseen=ranked, devices=3)
    await story.write(store, Effects(now_us + 1, alerts=(alert,), troubles=(outage,)), story.routed([alert]))
    async with desk_page(desk) as page:
        await page.get_by_role("link", name="Blind time").click()
        rows = page.locator("#worst tr")
        await expect(rows).to_have_count(2)
        await expect(rows.nth(1)).to_contain_text("w-1, high risk")
        await expect(rows.nth(1)).to_contain_text("not heard at all")
        await expect(rows.nth(1)).to_contain_text("blind since")
        listed = page.locator("#outages li")
        await expect(listed).to_have_count(3)
        await expect(page.locator("#outages p")).to_contain_text("3 devices, 0 heard again")
        await expect(page.locator("#some")).to_be_hidden()
        await expect(listed.nth(0)).to_contain_text(
            "wearer w-1: d-1 (o-long), high risk, in an exclusion zone, last position"
        )
        await expect(listed.nth(1)).to_have_text(
            "victim's device, protected from wearer w-2: v-1 (o-her), medium risk, "
            "841 m from an exclusion zone, never seen"
        )
        await rows.nth(0).get_by_role("button", name="o-her").click()
        ledger = page.locator("#ledger")
        await expect(ledger).to_contain_text("c-near (contact ban)")
        await expect(ledger.locator("li")).to_contain_text("not heard at all")
        await page.get_by_label("Order").fill("o-none")
        await page.get_by_role("button", name="Show its ledger").click()
        await expect(page.get_by_role("alert")).to_have_text("there is no such order")


async def test_the_map_draws_a_contact_ban_around_her_and_says_how_soon_he_can_be_at_a_ban(
    desk: Desk, store: Store
) -> None:
    now_us = clock.now_us()
    await story.play(store, now_us)
    await walking(store, now_us + 1)
    async with desk_page(desk) as page:
        await expect(page.locator("#protected-key")).to_be_visible()
        await expect(page.locator("#map")).to_have_attribute("data-drawn", "true")
        found = colours(await page.locator("#map canvas").screenshot())
        assert sum(n for one, n in found.items() if near(one, (122, 62, 157))) > 100  # her circle
        await page.get_by_role("tab", name="Wearers").click()
        await page.locator("[data-wearer='w-feijenoord']").click()
        card = page.locator(".card")
        await expect(card).to_contain_text("To o-2642/c-kuip")
        await expect(card).to_contain_text(re.compile(r"\d+ m: on foot \d+ (min|s), by car \d+ s"))
        await expect(card.locator("[data-age]")).to_have_count(1)
        await page.locator("[data-wearer='w-ahoy']").click()
        await expect(card).to_contain_text(re.compile(r"inside, \d+ m from its edge"))


def near(one: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(one, wanted, strict=True)) < 12

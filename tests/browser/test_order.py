"""The list as a night shift works it off: who waits longest first, and nothing moves under the hand."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from msgspec.structs import replace
from playwright.async_api import Page, Route, expect

from emon import clock
from emon.model.effects import Effects
from emon.model.instant import HOUR_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Party
from emon.store.store import Store
from tests.browser.chromium import SLOW_MS
from tests.browser.picture import enter
from tests.browser.test_page import Tab, chromium, tab
from tests.fixtures_web import Desk
from tests.web import story

__all__ = ["chromium", "tab"]

STORM = 300
_CLICKED_WHEN_ONE_HAS_GONE = """([x, y]) => {
    new MutationObserver((_, observer) => {
        if (document.querySelectorAll("#alerts > li").length !== 3) return;
        observer.disconnect();
        const button = document.elementFromPoint(x, y).closest("button");
        window.clicked = button.dataset.act;
        button.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 2 }));
    }).observe(document.getElementById("alerts"), { childList: true });
}"""
_CARDS = "(nodes) => nodes.map((node) => node.dataset.alert)"


async def queue(store: Store, *, over: bool, count: int = 4) -> list[str]:
    """Alerts of priority 1, each of a breach of its own and a minute apart, the longest waiting first."""
    now_us = clock.now_us()
    ids = []
    for n in range(count):
        made = story.breach(
            f"queue {n}", "w-blaak", "o-2624", now_us - HOUR_US, condition="c-markt",
            certainty=Certainty.CERTAIN, how=How.INSIDE, deepest_m=9.0,
        )  # fmt: skip
        told = story.alert(f"queue {n}", made, AlertEvent.BREACH, 1, now_us, Party.MELDKAMER_EM)
        kept = replace(made, closed_at_us=now_us) if over else made
        await story.write(store, Effects(now_us, breaches=(kept,), alerts=(told,)))
        ids.append(told.id)
    async with await psycopg.AsyncConnection.connect(store.url, autocommit=True) as conn:
        for n, alert_id in enumerate(ids):
            ago = f"{count - n} minutes"
            await conn.execute(
                "UPDATE alert SET detected_at = now() - %s::interval WHERE id = %s", (ago, alert_id)
            )
    return ids


async def listed(page: Page) -> list[str]:
    found: list[str] = await page.locator("#alerts > li").evaluate_all(_CARDS)
    return found


async def test_whoever_waits_longest_stands_first_and_the_last_to_come_is_named_above(
    tab: Tab, desk: Desk, store: Store
) -> None:
    ids = await queue(store, over=False)
    await enter(tab.page, desk)
    assert await listed(tab.page) == ids
    last = tab.page.locator("#newest")
    await expect(last).to_contain_text("Last unanswered P1 to come in: ")
    await last.focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator(f"[data-alert='{ids[3]}'] .alert-head")).to_be_focused()
    await store.acknowledge(ids[0], "meldkamer_em", "bea", "page")
    desk.live.wake()
    await expect(tab.page.locator("#alerts > li").last).to_have_attribute("data-alert", ids[0])
    assert await listed(tab.page) == [*ids[1:], ids[0]]


async def test_a_card_stays_where_it_is_until_whoever_took_it_leaves_it(
    tab: Tab, desk: Desk, store: Store
) -> None:
    ids = await queue(store, over=False)
    await enter(tab.page, desk)
    first = tab.page.locator(f"[data-alert='{ids[0]}']")
    await first.get_by_role("button", name="Acknowledge: ").click()
    await expect(first.get_by_role("button", name="Close: ")).to_be_focused()
    assert await listed(tab.page) == ids
    await first.get_by_role("button", name="Close: ").press("Enter")
    note = first.get_by_label("Note")
    await note.fill("half a sentence")
    await store.acknowledge(ids[1], "meldkamer_em", "bea", "page")
    desk.live.wake()
    await expect(tab.page.locator("#alerts > li").last).to_have_attribute("data-alert", ids[1])
    await expect(note).to_be_focused()
    assert await listed(tab.page) == [ids[0], ids[2], ids[3], ids[1]]
    await tab.page.locator("#clock").click()
    await expect(tab.page.locator("#alerts > li").first).to_have_attribute("data-alert", ids[2])
    assert await listed(tab.page) == [ids[2], ids[3], ids[0], ids[1]]
    await expect(note).to_have_value("half a sentence")


@pytest.mark.parametrize("is_answered_last", [False, True], ids=["as it comes", "the stream was first"])
async def test_a_double_click_takes_one_alert_and_not_the_one_that_slid_there(
    tab: Tab, desk: Desk, store: Store, is_answered_last: bool
) -> None:
    """The second click falls in the moment in which the card has gone, however long that took."""
    ids = await queue(store, over=True)
    asked: list[str] = []
    is_gone = asyncio.Event()

    async def ask(route: Route) -> None:
        asked.append(route.request.url.split("/")[-2])
        answer = await route.fetch(timeout=SLOW_MS)
        if is_answered_last:
            await is_gone.wait()
        await route.fulfill(response=answer)

    await tab.page.route("**/acknowledge", ask)
    await enter(tab.page, desk)
    button = tab.page.locator("#alerts > li").first.get_by_role("button", name="Acknowledge: ")
    box = await button.bounding_box()
    assert box is not None
    place = [box["x"] + 20, box["y"] + 12]
    await tab.page.evaluate(_CLICKED_WHEN_ONE_HAS_GONE, place)
    await tab.page.mouse.click(*place)
    await expect(tab.page.locator("#alerts > li")).to_have_count(3)
    assert await tab.page.evaluate("window.clicked") == "take"
    is_gone.set()
    await tab.page.get_by_role("tab", name="All alerts").click()
    await expect(tab.page.locator("#alerts > li")).to_have_count(4)
    await tab.page.get_by_role("tab", name="Open").click()
    await tab.page.locator("#alerts > li").first.get_by_role("button", name="Acknowledge: ").press("Enter")
    await expect(tab.page.locator("#alerts > li")).to_have_count(2)
    assert asked == ids[:2]
    kept = await store.alerts_by_id(ids)
    assert {one.id for one in kept if one.acknowledgements} == set(asked)


async def test_after_a_gap_that_no_stream_can_fill_nothing_waits_that_was_closed_meanwhile(
    tab: Tab, desk: Desk, store: Store
) -> None:
    ids = await queue(store, over=True)
    await enter(tab.page, desk)
    await expect(tab.page.locator("#alerts > li")).to_have_count(4)
    await desk.stop()
    await store.acknowledge(ids[1], "meldkamer_em", "bea", "page")
    async with await psycopg.AsyncConnection.connect(store.url, autocommit=True) as conn:
        more = "SELECT 'breach', 'b-none', NULL FROM generate_series(1, 20001)"
        await conn.execute(f"INSERT INTO feed (kind, ref, alert_id) {more}".encode())
    await desk.start()
    await expect(tab.page.locator("#connection")).to_have_text("Live")
    await expect(tab.page.locator("#alerts > li")).to_have_count(3)


async def test_a_storm_is_drawn_a_few_times_while_it_comes_and_the_urgent_one_is_announced(
    tab: Tab, desk: Desk, store: Store
) -> None:
    """Drawn for each that comes, thousands leave the page no moment in which somebody can do anything."""
    await enter(tab.page, desk)
    await tab.page.evaluate(
        """() => {
            const seen = (id, note) => new MutationObserver(note).observe(
                document.getElementById(id), { childList: true, characterData: true, subtree: true });
            window.drawn = 0;
            window.said = [];
            seen("tally", () => { window.drawn += 1; });
            seen("announce", () => window.said.push(document.getElementById("announce").textContent));
        }"""
    )
    now_us = clock.now_us()
    made = story.breach(
        "storm", "w-blaak", "o-2624", now_us, condition="c-markt", certainty=Certainty.CERTAIN,
        how=How.INSIDE, deepest_m=9.0,
    )  # fmt: skip
    storm = [
        story.alert(f"storm {n}", made, AlertEvent.BREACH, 1 if n == STORM // 2 else 4, now_us, Party.POLITIE)
        for n in range(STORM)
    ]
    await story.write(store, Effects(now_us, breaches=(made,), alerts=tuple(storm)), [])
    desk.live.wake()
    await expect(tab.page.locator("#count-open")).to_have_text(str(STORM))
    await expect(tab.page.locator("#alerts > li")).to_have_count(STORM)
    assert (await listed(tab.page))[0] == storm[STORM // 2].id
    assert 0 < int(await tab.page.evaluate("window.drawn")) < STORM // 4
    said: list[str] = await tab.page.evaluate("window.said")
    assert any("priority 1" in one for one in said)
    assert len(said) < STORM // 4

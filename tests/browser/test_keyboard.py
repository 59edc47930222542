"""The alert list by the keyboard alone: after each deed the focus stands where a person goes on."""

from __future__ import annotations

from playwright.async_api import expect

from emon import clock
from emon.model.effects import Effects
from emon.model.vocabulary import AlertEvent, Certainty, How, Party
from emon.store.store import Store
from tests.browser.picture import enter
from tests.browser.test_page import Tab, chromium, tab
from tests.fixtures_web import Desk
from tests.web import story

__all__ = ["chromium", "tab"]

CROWD = 2_000


async def test_focus_goes_on_after_an_alert_is_acknowledged(tab: Tab, desk: Desk, store: Store) -> None:
    """On its card while that stays, else on the next card of the list; never to the top of the page."""
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    cards = tab.page.locator("#alerts > li")
    await expect(cards).to_have_count(5)
    ids = [str(await cards.nth(n).get_attribute("data-alert")) for n in range(5)]
    for alert_id in ids:
        card = tab.page.locator(f"[data-alert='{alert_id}']")
        place = await cards.evaluate_all(
            "(nodes, id) => nodes.findIndex((node) => node.dataset.alert === id)", alert_id
        )
        await card.get_by_role("button", name="Acknowledge: ").focus()
        await tab.page.keyboard.press("Enter")
        await expect(card.get_by_role("button", name="Acknowledge: ")).to_have_count(0)
        if await card.count():
            await expect(card.get_by_role("button", name="Close: ")).to_be_focused()
        elif left := await cards.count():
            await expect(cards.nth(min(place, left - 1)).locator(".alert-head")).to_be_focused()


async def test_escape_leaves_the_form_and_nothing_else(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    card = tab.page.locator("#alerts > li").first
    begin = card.get_by_role("button", name="Close: ")
    await begin.focus()
    await tab.page.keyboard.press("Enter")
    await expect(card.get_by_label("What was behind it")).to_be_focused()
    await card.get_by_label("Note").fill("half a sentence")
    await tab.page.keyboard.press("Escape")
    await expect(card.locator("form")).to_have_count(0)
    await expect(begin).to_be_focused()
    await expect(tab.page.locator("#alerts > li")).to_have_count(5)


async def test_two_thousand_open_alerts_are_drawn_as_far_as_they_are_seen(
    tab: Tab, desk: Desk, store: Store
) -> None:
    """The list is whole, the most urgent first; what is out of sight costs no layout."""
    now_us = clock.now_us()
    made = story.breach(
        "crowd", "w-crowd", "o-crowd", now_us, condition="c-1", certainty=Certainty.POSSIBLE, how=How.INSIDE,
        deepest_m=1.0,
    )  # fmt: skip
    crowd = [
        story.alert(f"crowd {n}", made, AlertEvent.BREACH, 1 + n % 4, now_us, Party.MELDKAMER_EM)
        for n in range(CROWD)
    ]
    await story.write(store, Effects(now_us, breaches=(made,), alerts=tuple(crowd)), [])
    await enter(tab.page, desk)
    await expect(tab.page.locator("#count-open")).to_have_text(str(CROWD))
    cards = tab.page.locator("#alerts > li")
    await expect(cards).to_have_count(CROWD)
    priorities = await cards.evaluate_all(
        "(nodes) => nodes.map((node) => Number(node.className.match(/p([1-5])/)[1]))"
    )
    assert priorities == sorted(priorities)
    skipped = "(node) => !node.checkVisibility({ contentVisibilityAuto: true })"
    assert await cards.nth(CROWD - 1).locator(".facts").evaluate(skipped)
    assert not await cards.first.locator(".facts").evaluate(skipped)
    await cards.first.get_by_role("button", name="Acknowledge: ").click()
    await expect(cards.first.get_by_role("button", name="Acknowledge: ")).to_have_count(0)

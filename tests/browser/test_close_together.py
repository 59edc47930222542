"""The tick that closes all open alerts of a breach with one word, as a person of the centre uses it."""

from __future__ import annotations

from msgspec.structs import replace
from playwright.async_api import expect

from emon import clock
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Party
from emon.store.store import Store
from tests.browser.picture import enter
from tests.browser.test_page import Tab, chromium, tab
from tests.fixtures_web import Desk
from tests.web import story

__all__ = ["chromium", "tab"]


async def two_alerts(store: Store, desk: Desk) -> tuple[str, str, str]:
    """A breach that is over with the alerts of its beginning and its end, and one of another breach."""
    now_us = clock.now_us()
    more = {"condition": "c-markt", "certainty": Certainty.CERTAIN, "how": How.INSIDE, "deepest_m": 55.0}
    made = story.breach("joint", "w-blaak", "o-2624", now_us - 90 * SECOND_US, **more)
    over = replace(made, closed_at_us=now_us - 20 * SECOND_US)
    other = story.breach("alone", "w-blaak", "o-2624", now_us - 10 * SECOND_US, **more)
    begun = story.alert("joint", made, AlertEvent.BREACH, 1, now_us - 60 * SECOND_US, Party.MELDKAMER_EM)
    ended = story.alert("joint end", over, AlertEvent.BREACH_CLEARED, 4, now_us, Party.MELDKAMER_EM)
    apart = story.alert("alone", other, AlertEvent.BREACH, 1, now_us, Party.MELDKAMER_EM)
    alerts = (begun, ended, apart)
    await story.write(
        store, Effects(now_us, breaches=(over, other), alerts=alerts), story.routed(list(alerts))
    )
    desk.live.wake()
    return begun.id, ended.id, apart.id


async def test_one_word_closes_all_of_a_breach_and_nothing_else(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    begun, ended, apart = await two_alerts(store, desk)
    await enter(tab.page, desk)
    card = tab.page.locator(f"[data-alert='{begun}']")
    await card.get_by_role("button", name="Close: ").click()
    tick = card.get_by_label("and the other open alert of this breach")
    await expect(tick).not_to_be_checked()
    await expect(card.get_by_role("button", name="Close alert")).to_be_visible()
    await tick.check()
    await expect(card.get_by_role("button", name="Close 2 alerts")).to_be_visible()
    await card.get_by_label("What was behind it").select_option("wearer")
    await card.get_by_label("What came of it").select_option("left_himself")
    who = card.get_by_label("How the protected person is")
    if await who.count():
        await who.select_option("safe_informed")
    await card.get_by_role("button", name="Close 2 alerts").click()
    await expect(card).to_have_count(0)
    await expect(tab.page.locator(f"[data-alert='{ended}']")).to_have_count(0)
    await expect(tab.page.locator(f"[data-alert='{apart}']")).to_be_visible()
    kept = {one.id: one.resolution for one in await store.alerts_by_id([begun, ended, apart])}
    assert kept[apart] is None
    for alert_id in (begun, ended):
        closed = kept[alert_id]
        assert closed is not None
        assert (closed.cause, closed.outcome) == ("wearer", "left_himself")


async def test_without_the_tick_only_its_own_alert_is_closed(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    begun, ended, _ = await two_alerts(store, desk)
    await enter(tab.page, desk)
    card = tab.page.locator(f"[data-alert='{ended}']")
    await card.get_by_role("button", name="Close: ").click()
    tick = card.get_by_label("and the other open alert of this breach")
    await tick.check()
    await tick.uncheck()
    await card.get_by_label("What was behind it").select_option("wearer")
    await card.get_by_label("What came of it").select_option("left_himself")
    await card.get_by_role("button", name="Close alert").click()
    await expect(card).to_have_count(0)
    await expect(tab.page.locator(f"[data-alert='{begun}']")).to_be_visible()
    (kept,) = await store.alerts_by_id([begun])
    assert kept.resolution is None

"""The page in a real Chromium over a real store, as staff use it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, expect

from emon import clock
from emon.alerts.escalation import Climb
from emon.alerts.policy import DEFAULT_POLICY
from emon.incidents import Incidents
from emon.model.effects import Effects, NewDelivery
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Mark, Party
from emon.orders.document import parse_document
from emon.policies.written import policy_bytes, version_of
from emon.store.climbs import Planned
from emon.store.store import Store
from tests.browser.chromium import SLOW_MS, browser
from tests.browser.picture import enter
from tests.browser.pixels import colours
from tests.fixtures_web import NAME, PASSWORD, PASSWORD_HASH, Desk
from tests.web import story

Colour = tuple[int, int, int]


@dataclass
class Tab:
    """A page with what went wrong in it."""

    page: Page
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as opened:
        yield opened


@pytest.fixture
async def tab(chromium: Browser, desk: Desk) -> AsyncIterator[Tab]:
    """A tab of a centre in Rotterdam; a script's fault, a refusal by the policy or a call outside fails
    the test."""
    context = await chromium.new_context(
        viewport={"width": 1280, "height": 800},
        timezone_id="Europe/Amsterdam",
        color_scheme="light",
        locale="en-GB",
    )
    context.set_default_timeout(SLOW_MS)
    opened = Tab(await context.new_page(), context)
    opened.page.on("pageerror", lambda fault: opened.faults.append(str(fault)))
    opened.page.on(
        "console",
        lambda message: opened.faults.append(message.text) if "Content Security" in message.text else None,
    )
    opened.page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((desk.url, "blob:", "data:"))
            else opened.outside.append(request.url)
        ),
    )
    yield opened
    assert opened.faults == []
    assert opened.outside == []
    await context.close()


async def raise_alert(store: Store, desk: Desk, name: str, wearer: str = "w-blaak") -> str:
    """A certain breach of now, with its alert to police and centre; the alert's id."""
    now_us = clock.now_us()
    order_id, condition = {"w-blaak": ("o-2624", "c-markt"), "w-kralingen": ("o-2633", "c-plas")}[wearer]
    made = story.breach(
        name, wearer, order_id, now_us - 30 * SECOND_US, condition=condition, certainty=Certainty.CERTAIN,
        how=How.INSIDE, deepest_m=55.0,
    )  # fmt: skip
    raised = story.alert(name, made, AlertEvent.BREACH, 1, now_us, Party.POLITIE, Party.MELDKAMER_EM)
    await story.write(store, Effects(now_us, breaches=(made,), alerts=(raised,)), story.routed([raised]))
    desk.live.wake()
    return raised.id


async def test_a_wrong_password_stays_outside_and_the_right_one_enters(tab: Tab, desk: Desk) -> None:
    page = tab.page
    await page.goto(desk.url)
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_label("Password").press("Enter")
    await expect(page.get_by_role("alert").first).to_have_text("name or password is wrong")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Password").press("Enter")
    await expect(page.locator("#connection")).to_have_text("Live")
    await expect(page.locator("#person")).to_have_text("anna Meldkamer EM")
    await expect(page.locator("#alerts-empty")).to_contain_text("Nothing waits")
    await page.get_by_role("tab", name="Wearers").click()
    await expect(page.locator("#wearers-empty")).to_contain_text("emon arm")
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def test_the_map_draws_land_zones_and_wearers(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    found = colours(await tab.page.locator("#map canvas").screenshot())
    ground, ban, wearer = (area_of(found, one) for one in ((245, 243, 238), (200, 50, 31), (31, 95, 168)))
    assert len(found) > 100
    assert ground > 100_000
    assert ban > 200
    assert wearer > 50


def area_of(found: Counter[Colour], wanted: Colour) -> int:
    """How many pixels have nearly this colour."""
    return sum(n for one, n in found.items() if max(abs(a - b) for a, b in zip(one, wanted, strict=True)) < 4)


async def test_the_whole_evening_stands_in_the_list(tab: Tab, desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    await story.play(store, now_us)
    await enter(tab.page, desk)
    cards = tab.page.locator("#alerts > li")
    await expect(cards).to_have_count(5)
    first = cards.first
    await expect(first).to_contain_text("Suspected breach, exclusion zone")
    await expect(first).to_contain_text("w-ahoy")
    await expect(first).to_contain_text("certain")
    await expect(first).to_contain_text("P1")
    await expect(first.locator("dt")).to_have_text(["Happened", "Received", "Detected", "Delivered"])
    happened = first.locator("dd time").first
    await expect(happened).to_have_attribute(
        "title", re.compile(r" CES?T = \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC$")
    )
    await expect(first.locator(".recipients li")).to_have_count(3)
    await expect(tab.page.locator("#count-open")).to_have_text("5")
    await expect(tab.page).to_have_title("(1) emon")


async def test_a_new_alert_appears_by_itself_and_is_announced(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    alert_id = await raise_alert(store, desk, "live")
    card = tab.page.locator(f"[data-alert='{alert_id}']")
    await expect(card).to_be_visible()
    await expect(card.locator(".recipients li").first).to_contain_text("being sent")
    await expect(tab.page.locator("#announce")).to_have_text(
        "New alert, priority 1: Suspected breach, exclusion zone, certain, w-blaak"
    )
    await story.deliver(store, alert_id, "politie", clock.now_us(), tries=1)
    desk.live.wake()
    await expect(card.locator(".recipients li").first).to_contain_text("delivered")


async def test_acknowledging_takes_an_alert_in_hand_for_everybody(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    other = await tab.context.new_page()
    await other.goto(desk.url)
    closed = story.evening(0)[1][1][0].id  # its breach is over
    await expect(other.locator(f"[data-alert='{closed}']")).to_be_visible()
    await tab.page.locator(f"[data-alert='{closed}']").get_by_role("button", name="Acknowledge").click()
    for page in (tab.page, other):
        await expect(page.locator(f"[data-alert='{closed}']")).to_have_count(0)
    await tab.page.get_by_role("tab", name="All alerts").click()
    card = tab.page.locator(f"[data-alert='{closed}']")
    await expect(card.locator(".taken")).to_contain_text("Meldkamer EM")
    await expect(card.locator(".taken")).to_contain_text("anna")
    await expect(card.get_by_role("button", name="Acknowledge")).to_have_count(0)
    (found,) = await store.alerts_by_id([closed])
    assert [(one.party, one.person, one.via) for one in found.acknowledgements] == [
        ("meldkamer_em", "anna", "page")
    ]


async def test_after_a_restart_the_page_goes_on_with_the_last_event_it_saw(
    tab: Tab, desk: Desk, store: Store
) -> None:
    asked: list[Request] = []
    tab.page.on("request", lambda request: asked.append(request) if "/api/v1/live" in request.url else None)
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    seen = await raise_alert(store, desk, "before")
    await expect(tab.page.locator(f"[data-alert='{seen}']")).to_be_visible()
    await desk.stop()
    await expect(tab.page.locator("#connection")).to_have_text("Reconnecting …")
    await expect(tab.page.locator("#stale")).to_contain_text("Not connected")
    missed = await raise_alert(store, desk, "missed", "w-kralingen")
    await desk.start()
    await expect(tab.page.locator(f"[data-alert='{missed}']")).to_be_visible()
    await expect(tab.page.locator("#connection")).to_have_text("Live")
    await expect(tab.page.locator("#stale")).to_be_hidden()
    await expect(tab.page.get_by_role("button", name="Log in")).to_be_hidden()
    headers = await asked[-1].all_headers()
    assert re.fullmatch(r"\d+\.\d+", headers["last-event-id"])


async def test_positions_move_and_a_wearer_can_be_looked_up(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    await tab.page.get_by_role("tab", name="Wearers").click()
    row = tab.page.locator("[data-wearer='w-kralingen']")
    await expect(row).to_contain_text("±9 m")
    now_us = clock.now_us()
    wire = RawFix("d-kralingen", 77, now_us, 4.5271, 51.9261, 33.0, b"{}", battery=0.4)
    await story.write(store, Effects(now_us, fixes=(Fix(wire, now_us, Mark.OK),)))
    desk.live.wake()
    await expect(row).to_contain_text("±33 m")
    await row.click()
    await expect(row).to_have_attribute("aria-pressed", "true")
    card = tab.page.locator(".maplibregl-popup")
    await expect(card).to_contain_text("d-kralingen")
    await expect(card).to_contain_text("40 %")
    await expect(card).to_contain_text("o-2633/c-plas")


async def test_an_order_armed_now_is_watched_without_a_reload(tab: Tab, desk: Desk, store: Store) -> None:
    await enter(tab.page, desk)
    await tab.page.get_by_role("tab", name="Wearers").click()
    await expect(tab.page.locator("#wearers > li")).to_have_count(0)
    await story.arm(store, clock.now_us())
    desk.live.wake()
    await expect(tab.page.locator("#wearers > li")).to_have_count(6)


async def test_a_disturbed_engine_is_said_plainly(tab: Tab, desk: Desk) -> None:
    await enter(tab.page, desk)
    desk.status.update(ok=False)
    await expect(tab.page.locator("#connection")).to_have_text("Live, engine disturbed")
    await expect(tab.page.locator("#stale")).to_contain_text("may be late")
    desk.status.update(ok=True)
    await expect(tab.page.locator("#stale")).to_be_hidden()


async def test_a_recipient_that_takes_nothing_is_named(tab: Tab, desk: Desk) -> None:
    await enter(tab.page, desk)
    well = {"breaker": "closed", "down_since": None}
    down = {"breaker": "open", "down_since": "2026-05-04T12:00:00+00:00"}
    desk.status.update(recipients={"meldkamer_em": well, "politie": down})
    await expect(tab.page.locator("#stale")).to_contain_text("Does not take messages: Politie since")
    desk.status.update(recipients={"meldkamer_em": well, "politie": well})
    await expect(tab.page.locator("#stale")).to_be_hidden()


async def test_everything_can_be_reached_with_the_keyboard(tab: Tab, desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await enter(tab.page, desk)
    page = tab.page
    await page.get_by_role("tab", name="Open").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="In hand")).to_be_focused()
    await expect(page.get_by_role("tab", name="In hand")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowLeft")
    button = page.locator("#alerts > li").nth(3).get_by_role("button", name="Acknowledge")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#count-open")).to_have_text("4")


async def test_an_urgent_alert_older_than_hundreds_of_others_is_shown_and_counted(
    tab: Tab, desk: Desk, store: Store
) -> None:
    now_us = clock.now_us()
    urgent = await raise_alert(store, desk, "urgent and old")
    made = story.breach(
        "crowd", "w-crowd", "o-crowd", now_us, condition="c-1", certainty=Certainty.POSSIBLE, how=How.INSIDE,
        deepest_m=1.0,
    )  # fmt: skip
    crowd = tuple(
        story.alert(f"crowd {n}", made, AlertEvent.BREACH, 2, now_us, Party.MELDKAMER_EM) for n in range(401)
    )
    await story.write(store, Effects(clock.now_us(), breaches=(made,), alerts=crowd), story.routed(crowd))
    await enter(tab.page, desk)
    await expect(tab.page.locator("#count-open")).to_have_text("402")
    await expect(tab.page.locator("#alerts > li").first).to_have_attribute("data-alert", urgent)


async def test_names_from_outside_are_text_and_never_markup(tab: Tab, desk: Desk, store: Store) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    now_us = clock.now_us()
    document = story.orders_document(now_us).replace(b"w-blaak", nasty.encode())
    await store.arm(parse_document(document, armed_at_us=now_us))
    fix = story.WAYS[1].fixes(now_us)
    await story.write(store, Effects(now_us, fixes=tuple(fix)))
    made = story.breach(
        "nasty", nasty, "o-2624", now_us, condition="c-markt", certainty=Certainty.CERTAIN, how=How.INSIDE,
        deepest_m=1.0,
    )  # fmt: skip
    raised = story.alert("nasty", made, AlertEvent.BREACH, 1, now_us, Party.MELDKAMER_EM)
    await story.write(store, Effects(now_us, breaches=(made,), alerts=(raised,)), story.routed([raised]))
    await enter(tab.page, desk)
    await expect(tab.page.locator(".alert-who").first).to_have_text(nasty)
    await tab.page.locator(".alert-head").first.click()
    await expect(tab.page.locator(".maplibregl-popup")).to_contain_text(nasty)
    await expect(tab.page.locator("#desk img")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_page_fits_its_window(chromium: Browser, desk: Desk, store: Store, width: int) -> None:
    await story.play(store, clock.now_us())
    await store.use_policy(version_of(DEFAULT_POLICY), policy_bytes(DEFAULT_POLICY).decode())
    context = await chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark", locale="en-GB"
    )
    context.set_default_timeout(SLOW_MS)
    page = await context.new_page()
    await enter(page, desk)
    for name in ("#map", "#alerts", ".bar"):
        box = await page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] > 300
    for link in await page.locator(".bar-end .button:visible").all():
        box = await link.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["height"] < 50  # its words stand in one line
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.get_by_role("button", name="Day", exact=True).click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await expect(page.get_by_role("main", name="Alerts and wearers")).to_be_visible()
    await page.get_by_role("link", name="Who is told what").click()
    await expect(page.locator("#table td").first).to_be_visible()
    row = await page.locator("#table tbody tr").first.bounding_box()
    assert row is not None
    assert row["height"] < 300  # no word is broken to squeeze the table in
    assert await page.evaluate("document.documentElement.scrollWidth") == width  # the table scrolls by itself
    await context.close()


async def climb(store: Store, alert_id: str) -> None:
    """The alert's first climb, a minute after it, to the centre alone: the police are out of reach."""
    at_us = clock.now_us() + 70 * SECOND_US
    (due,) = [one for one in await store.escalations_due(at_us, 50) if one.id == alert_id]
    owed = ("politie", "meldkamer_em")
    for rung, after_s in ((1, 60), (2, 180)):  # nobody is told at the second: the first still waits for both
        step = Climb(rung, rung, due.counted_from_us + after_s * SECOND_US, owed, owed)
        again = tuple(NewDelivery(alert_id, party, "webhook", rung) for party in owed)
        planned = Planned(alert_id, rung - 1, step, again, at_us + 110 * SECOND_US)
        await store.climb([planned], at_us + rung)


async def test_an_alert_that_a_surer_one_follows_says_so_also_on_a_page_that_is_open(
    tab: Tab, desk: Desk, store: Store
) -> None:
    await story.arm(store, clock.now_us())
    await enter(tab.page, desk)
    cards = []
    for name, certainty, priority in (("first", "possible", 2), ("then", "certain", 1)):
        now_us = clock.now_us()
        made = story.breach(
            "one", "w-blaak", "o-2624", now_us - 30 * SECOND_US, condition="c-markt",
            certainty=Certainty(certainty), how=How.INSIDE, deepest_m=55.0,
        )  # fmt: skip
        raised = story.alert(name, made, AlertEvent.BREACH, priority, now_us, Party.MELDKAMER_EM)
        await story.write(store, Effects(now_us, breaches=(made,), alerts=(raised,)), story.routed([raised]))
        desk.live.wake()
        cards.append(tab.page.locator(f"[data-alert='{raised.id}'] .stage"))
        await expect(cards[-1]).to_contain_text("told again")
    for _ in range(2):
        await expect(cards[0]).to_contain_text("the surer alert on it is told again in its place")
        await expect(cards[1]).not_to_contain_text("in its place")
        await tab.page.reload()


async def test_a_person_closes_an_alert_and_who_did_what_stands_on_its_card(
    tab: Tab, desk: Desk, store: Store
) -> None:
    await story.play(store, clock.now_us())
    alert_id = await raise_alert(store, desk, "to be closed")
    await story.deliver(store, alert_id, "meldkamer_em", clock.now_us())
    await climb(store, alert_id)
    await enter(tab.page, desk)
    page = tab.page
    card = page.locator(f"[data-alert='{alert_id}']")
    await expect(card.locator(".stage")).to_contain_text("answer owed by Politie, Meldkamer EM")
    await expect(card.locator(".climbs summary")).to_contain_text("told again once")
    await card.locator(".climbs summary").click()
    await expect(card.locator(".climbs li").first).to_contain_text("to Meldkamer EM")
    await expect(card.locator(".climbs li").first).to_contain_text("Politie: out of reach")
    await expect(card.locator(".climbs li").last).to_contain_text("to nobody")

    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card.locator(".stage")).to_contain_text("in hand, another answer is owed")
    await page.get_by_role("tab", name="In hand").click()
    await card.get_by_role("button", name="Close: ").click()
    await card.get_by_label("What was behind it").select_option("not_found")
    await card.get_by_label("What came of it").select_option("left_himself")
    await card.get_by_label("Note").fill("Two visits, ")
    await story.deliver(store, alert_id, "politie", clock.now_us())
    desk.live.wake()  # the card is made anew while somebody types
    await expect(card.locator(".recipients li").first).to_contain_text("delivered")
    await card.get_by_label("Note").press_sequentially("nobody there.")
    await expect(card.get_by_label("What was behind it")).to_have_value("not_found")
    await card.get_by_role("button", name="Close alert").click()
    await expect(card).to_have_count(0)

    await page.get_by_role("tab", name="Closed").click()
    await expect(card.locator(".resolution")).to_contain_text("Closed by anna (Meldkamer EM)")
    await expect(card.locator(".resolution")).to_contain_text("Two visits, nobody there.")
    await expect(card.get_by_role("button", name="Close: ")).to_have_count(0)
    await card.get_by_role("button", name="Who did what when").click()
    lines = card.locator(".life li")
    await expect(lines).to_have_count(7)
    said = [line.split(" ", 1)[1] for line in await lines.all_inner_texts()]
    assert sum("anna (Meldkamer EM) took it in hand (page)" in line for line in said) == 1
    assert sum("anna (Meldkamer EM) closed it" in line for line in said) == 1
    assert sum("nobody answered: repetition 1 to Meldkamer EM" in line for line in said) == 1


async def test_a_form_that_says_too_little_is_not_sent_and_a_refusal_is_shown(
    tab: Tab, desk: Desk, store: Store
) -> None:
    await story.play(store, clock.now_us())
    alert_id = await raise_alert(store, desk, "hers")
    await enter(tab.page, desk)
    card = tab.page.locator(f"[data-alert='{alert_id}']")
    await card.get_by_role("button", name="Close: ").click()
    await card.get_by_role("button", name="Close alert").click()  # the browser asks for what is required
    await card.get_by_label("What was behind it").select_option("wearer")
    await card.get_by_label("What came of it").select_option("handed_over")
    await card.get_by_label("Note").fill("   ")
    await card.get_by_role("button", name="Close alert").click()
    await expect(card.get_by_role("alert")).to_contain_text("needs a note")
    assert (await store.alerts_by_id([alert_id]))[0].resolution is None
    await card.get_by_role("button", name="Cancel").click()
    await expect(card.locator("form")).to_have_count(0)


async def test_the_police_answer_on_the_card_and_the_centre_sees_it_live(
    tab: Tab, desk: Desk, store: Store
) -> None:
    now_us = clock.now_us()
    await story.play(store, now_us)
    await store.create_user("piet", PASSWORD_HASH, "politie")
    alert_id = await raise_alert(store, desk, "incident")
    await enter(tab.page, desk)
    centre = tab.page.locator(f"[data-alert='{alert_id}']")
    await expect(centre.get_by_role("group", name="Report for the police")).to_have_count(0)

    later_us = clock.now_us() + 20 * SECOND_US
    wire = RawFix("d-blaak", 78, later_us - 2 * SECOND_US, 4.4873, 51.9231, 12.0, b"{}", speed_m_s=1.2)
    await story.write(store, Effects(later_us, fixes=(Fix(wire, later_us, Mark.OK),)))
    await Incidents(store, now_us=lambda: later_us, on_said=lambda: None).step()
    desk.live.wake()
    await expect(centre.locator(".incident-said")).to_contain_text("Position")
    await expect(centre.locator(".incident-said [data-age]")).to_have_count(2)

    context = await tab.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    context.set_default_timeout(SLOW_MS)
    page = await context.new_page()
    await page.goto(desk.url)
    await page.get_by_label("Name").fill("piet")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Password").press("Enter")
    card = page.locator(f"[data-alert='{alert_id}']")
    buttons = card.get_by_role("group", name="Report for the police").get_by_role("button")
    await expect(buttons).to_have_text(["Unit assigned", "On scene", "Found", "Not found"])
    await buttons.nth(0).focus()
    await page.keyboard.press("Enter")
    await expect(card.locator(".answers li")).to_have_count(1)
    await buttons.nth(2).click()
    for shown in (card, centre):
        answers = shown.locator(".answers li")
        await expect(answers).to_have_count(2)
        await expect(answers.nth(0)).to_contain_text("Unit assigned: piet (Politie), ")
        await expect(answers.nth(1)).to_contain_text("Found: piet (Politie), ")
    await expect(centre.locator(".recipients .taken")).to_contain_text("piet")
    untold = "w-delfshaven"  # the police were not told of it
    await expect(tab.page.locator("#alerts > li").filter(has_text=untold)).to_have_count(1)
    await expect(page.locator("#alerts > li").filter(has_text=untold)).to_have_count(0)
    await context.close()

"""Names and notes from outside on every kind of page: they are text, no script of theirs runs, nothing of
theirs leaves its place, and no line is turned round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from emon import clock
from emon.alerts.links import Links
from emon.alerts.policy import DEFAULT_POLICY
from emon.model.answer import PoliceAnswer
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.ids import derive_id
from emon.model.instant import HOUR_US, SECOND_US, format_instant
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Mark, Party
from emon.orders.document import parse_document
from emon.policies.written import policy_bytes, version_of
from emon.store.store import Store
from tests.browser.chromium import SLOW_MS
from tests.browser.test_page import Tab, chromium, tab
from tests.fixtures_web import LINK_SECRET, PASSWORD, PASSWORD_HASH, Desk
from tests.web import story

__all__ = ["chromium", "tab"]

NASTY = (
    "<img src=x onerror=alert(1)>\"'&amp;</script>",
    "w\u202egnp.exe\u2066 {name} {{7*7}} ${7*7} %s",
    "عمر بن 12 الخطاب",
    "x" * 128,
    "a\u200bb\u200dc\ufeffd e\u0301\u0301\u0301",
    "__proto__",
)
NOTE = "".join(f"{one}\n\t" for one in NASTY) + "y" * 300
PERSON = f"{NASTY[0]} {NASTY[2]}, {'z' * 60}"
SHEETS = ("suspensions", "device", "blind", "feedback", "policy")
_WIDER = """(nodes) => nodes.filter((one) => one.scrollWidth > one.clientWidth + 1
  && !['auto', 'scroll'].includes(getComputedStyle(one).overflowX)
  && getComputedStyle(one).display !== 'inline'
  && one.closest('.out-of-sight, .scroll, .map') === null).map((one) => `${one.tagName}.${one.className}`)"""


async def fill(store: Store) -> list[str]:
    """Orders, fixes, alerts, answers and notes of such names; the alerts' ids."""
    now_us = clock.now_us()
    since = format_instant(now_us - 72 * HOUR_US)
    until = {"from": since, "to": format_instant(now_us + HOUR_US), "reason": NASTY[0], "by": [PERSON]}
    orders = [
        story.order(
            f"{name[:100]} o{n}", name, f"d-hostile-{n}", since,
            story.condition(f"{name[:100]} c{n}", story.circle(4.48 + n / 50, 51.9, 300), buffer_m=100),
            risk="high", owner={"party": "politie", "name": PERSON, "contact": name},
            **({"suspensions": [until]} if n == 0 else {}),
        )
        for n, name in enumerate(NASTY)
    ]  # fmt: skip
    await store.use_policy(version_of(DEFAULT_POLICY), policy_bytes(DEFAULT_POLICY).decode())
    await store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=now_us))
    await store.create_user(PERSON, PASSWORD_HASH, "meldkamer_em")
    ids = []
    for n, name in enumerate(NASTY):
        made = story.breach(
            f"hostile {n}", name, f"{name[:100]} o{n}", now_us - HOUR_US, condition=f"{name[:100]} c{n}",
            certainty=Certainty.CERTAIN, how=How.INSIDE, deepest_m=9.0,
        )  # fmt: skip
        made = replace(made, device=f"d-hostile-{n}")
        told = story.alert(
            f"hostile {n}", made, AlertEvent.BREACH, 1, now_us, Party.POLITIE, Party.MELDKAMER_EM
        )
        wire = RawFix(made.device, 1, now_us, 4.48 + n / 50, 51.9, 9.0, b"{}", speed_m_s=1.0, battery=0.5)
        await story.write(
            store,
            Effects(now_us, fixes=(Fix(wire, now_us, Mark.OK),), breaches=(made,), alerts=(told,)),
            story.routed([told]),
        )
        ids.append(told.id)
    await store.acknowledge(ids[0], "politie", PERSON, "page", now_us + SECOND_US)
    await store.answer_incident(
        derive_id("breach", "hostile 0"),
        "politie", PERSON, PoliceAnswer.ON_SCENE, NOTE, "page", now_us + SECOND_US,
    )  # fmt: skip
    closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY, None, NOTE)
    await store.close_alert(ids[1], "meldkamer_em", PERSON, closing, "page", now_us + 2 * SECOND_US)
    return ids


async def is_harmless(page: Page, width: int) -> None:
    """No element of theirs, nothing wider than its place, no sign that turns a line round."""
    assert await page.locator("main img, #desk img, body > img, script:not([src])").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.locator("body *:visible").evaluate_all(_WIDER) == []
    words = await page.evaluate("document.body.innerText")
    assert not set(words) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067")


async def open_desk(page: Page, desk: Desk) -> None:
    await page.goto(desk.url)
    await page.locator("#login-name").fill(PERSON)
    await page.locator("#login-password").fill(PASSWORD)
    await page.locator("#login-form [type=submit]").click()
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")


@pytest.mark.parametrize("width", [390, 1280])
async def test_names_from_outside_are_harmless_on_every_page(
    tab: Tab, desk: Desk, store: Store, width: int, tmp_path: Path
) -> None:
    page = tab.page
    await page.set_viewport_size({"width": width, "height": 800})
    ids = await fill(store)
    await open_desk(page, desk)
    await expect(page.locator("#alerts > li")).to_have_count(5)
    await expect(page.locator("#alerts")).to_contain_text("{name} {{7*7}} ${7*7} %s")
    await page.locator(f"[data-alert='{ids[0]}'] [data-act=life]").click()
    await expect(page.locator(f"[data-alert='{ids[0]}'] .life li")).not_to_have_count(0)
    await page.locator(f"[data-alert='{ids[2]}'] .alert-head").click()
    await page.locator(f"[data-alert='{ids[2]}'] [data-act=begin-closing]").click()
    await is_harmless(page, width)
    await page.screenshot(path=tmp_path / f"desk-{width}.png")
    for number, name in enumerate(("resolved", "wearers")):
        await page.locator(f"#tab-{name}").click()
        await expect(page.locator(("#alerts > li", "#wearers > li")[number])).not_to_have_count(0)
        await is_harmless(page, width)
        await page.screenshot(path=tmp_path / f"{name}-{width}.png")
    for sheet in SHEETS:
        await page.goto(f"{desk.url}/{sheet}.html?device=d-hostile-2")
        await expect(page.locator("#fault")).to_have_text("")
        await is_harmless(page, width)
        await page.screenshot(path=tmp_path / f"{sheet}-{width}.png", full_page=True)
    file = f"{desk.url}/api/v1/alerts/{ids[0]}/file?as=html&language=nl"
    await page.goto(file)
    await expect(page.locator("h1")).to_be_visible()
    await is_harmless(page, width)
    await page.screenshot(path=tmp_path / f"file-{width}.png", full_page=True)
    link = Links(desk.url, LINK_SECRET).url(f"{ids[3]}:politie", ids[3], "politie", clock.now_us())
    await page.goto(link)
    await page.locator("input[name=person]").fill(PERSON)
    await page.locator("button").click()
    taken = page.locator("p[lang=nl]")
    await expect(taken).to_contain_text("In behandeling genomen door")
    await is_harmless(page, width)
    await page.screenshot(path=tmp_path / f"link-{width}.png")


async def test_an_arabic_name_leaves_what_stands_behind_it(
    chromium: Browser, desk: Desk, store: Store
) -> None:
    """The time stands to the right of the name, as it is said, and not to its left."""
    ids = await fill(store)
    await store.acknowledge(ids[2], "politie", "عمر", "page")
    page = await chromium.new_page(locale="en-GB")
    page.set_default_timeout(SLOW_MS)
    await open_desk(page, desk)
    said = page.locator(f"[data-alert='{ids[2]}'] .taken .quiet")
    box = """(node) => {
      const at = (text) => {
        const range = document.createRange();
        for (const part of node.childNodes) {
          const leaf = part.nodeType === 3 ? part : part.firstChild;
          const place = leaf?.data.indexOf(text) ?? -1;
          if (place < 0) continue;
          range.setStart(leaf, place);
          range.setEnd(leaf, place + text.length);
          return range.getBoundingClientRect().left;
        }
        return null;
      };
      return [at("عمر"), at(node.querySelector("time").textContent)];
    }"""
    name, time = await said.evaluate(box)
    assert name < time

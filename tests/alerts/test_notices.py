"""Notices of suspensions: told once at each turn, to those concerned, over restarts and silent recipients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook

from emon import clock
from emon.alerts.channels.opened import open_channels
from emon.alerts.notices import (
    Notice,
    NoticeKind,
    Told,
    notice_body,
    notice_due,
    notice_short,
    notice_texts,
    notice_written,
)
from emon.alerts.recipients import load_recipients
from emon.alerts.routes import Languages
from emon.model.instant import HOUR_US, SECOND_US, parse_instant
from emon.model.order import Interval, OrderVersion, Owner
from emon.model.vocabulary import Party
from emon.orders.suspend import with_suspension, without_suspension
from emon.store.store import Store
from emon.suspension_notices import SuspensionNotices
from tests.alerts.golden import COMPOSER
from tests.alerts.servers import talking
from tests.engine.stories import circle_order, versions
from tests.fixtures_web import Desk

NOON_US = parse_instant("2026-11-26T12:00:00Z")
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1wb2xpY2UtMTIzNDU2Nzg5MA=="
(PLAIN,) = versions(circle_order())


def span(from_h: float, to_h: float, reason: str = "visit to the court") -> Interval:
    return Interval(NOON_US + round(from_h * HOUR_US), NOON_US + round(to_h * HOUR_US), reason)


def order(*suspensions: Interval, armed_h: float = -1, **changes: Any) -> OrderVersion:
    armed_us = NOON_US + round(armed_h * HOUR_US)
    return replace(PLAIN, suspensions=suspensions, armed_at_us=armed_us, **changes)


def at(hours: float) -> int:
    return NOON_US + round(hours * HOUR_US)


BEGAN = Told(NoticeKind.SUSPENDED, at(0), at(2))


@pytest.mark.parametrize(
    ("version", "told", "now_h", "expected"),
    [
        (order(span(0, 2)), None, -0.1, None),
        (order(span(0, 2)), None, 0, ("suspended", 0, 2, False)),
        (order(span(0, 2)), None, 1, ("suspended", 0, 2, False)),
        (order(span(0, 2)), BEGAN, 1, None),
        (order(span(0, 2)), BEGAN, 2, ("resumed", 2, None, True)),
        (order(span(0, 2)), BEGAN, 50, ("resumed", 2, None, True)),  # nobody looked for two days
        (order(span(0, 1), armed_h=1), BEGAN, 1.1, ("resumed", 1, None, False)),  # a person ended it
        (order(armed_h=1), BEGAN, 1.1, ("resumed", 1, None, False)),  # a version without any
        (order(span(0, 2), span(2, 3)), None, 1, ("suspended", 0, 3, False)),  # they touch: one
        (order(span(0, 2), span(1.5, 3)), BEGAN, 1.6, ("suspended", 0, 3, False)),  # its end was moved
        (order(span(0, 2), span(4, 5)), BEGAN, 3, ("resumed", 2, None, True)),
        (order(span(0, 2), span(4, 5)), Told(NoticeKind.RESUMED, at(2), None), 3, None),
        (order(span(0, 2), span(4, 5)), Told(NoticeKind.RESUMED, at(2), None), 4, ("suspended", 4, 5, False)),
        (order(span(0, 2), valid_until_us=at(1)), BEGAN, 1.5, None),  # the order itself is over
        (order(span(0, 2), withdrawn_at_us=at(1)), BEGAN, 3, None),
        (order(span(0, 2), valid_from_us=at(1)), None, 0.5, None),
        (order(), None, 0, None),
    ],
)
def test_what_is_told_and_when(
    version: OrderVersion, told: Told | None, now_h: float, expected: tuple[Any, ...] | None
) -> None:
    notice = notice_due(version, told, ("anna",), at(now_h))
    if expected is None:
        assert notice is None
        return
    assert notice is not None
    kind, at_h, until_h, by_itself = expected
    until_us = None if until_h is None else at(until_h)
    assert (notice.kind, notice.at_us, notice.until_us, notice.by_itself) == (
        kind,
        at(at_h),
        until_us,
        by_itself,
    )


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=4),
    st.lists(st.integers(0, 80), min_size=1, max_size=20).map(sorted),
)
def test_what_was_told_last_is_how_it_stands_however_one_looks(
    spans: list[tuple[int, int]], looks: list[int]
) -> None:
    version = order(*(span(begin, begin + length) for begin, length in spans))
    told: Told | None = None
    ids: list[str] = []
    for now_h in looks:
        for _ in range(2):  # a second look at once tells nothing more
            notice = notice_due(version, told, (), at(now_h))
            if notice is not None:
                told = Told(notice.kind, notice.at_us, notice.until_us)
                ids.append(notice.id)
        holds = any(begin <= now_h < begin + length for begin, length in spans)
        assert (told is not None and told.kind is NoticeKind.SUSPENDED) is holds
        assert notice_due(version, told, (), at(now_h)) is None
    assert len(set(ids)) == len(ids)


def test_whom_it_concerns_and_never_the_protected_person() -> None:
    def told(owner: Party | None) -> tuple[str, ...]:
        version = order(span(0, 2), owner=None if owner is None else Owner(owner, "C. Regisseur"))
        notice = notice_due(version, None, (), NOON_US)
        assert notice is not None
        return notice.recipients

    assert told(None) == told(Party.POLITIE) == told(Party.BESCHERMDE) == (
        "meldkamer_em", "reclassering", "politie",
    )  # fmt: skip
    assert told(Party.OM) == ("meldkamer_em", "reclassering", "politie", "om")


@pytest.mark.parametrize("language", Languages)
@pytest.mark.parametrize("kind", NoticeKind)
def test_the_texts_say_what_holds_and_that_nothing_is_asked(kind: NoticeKind, language: Languages) -> None:
    hostile = "visit\nALARM: <b>\u202e"
    notice = Notice("n", kind, "o-1\r\nBcc: x", "w-1", 2, NOON_US, at(2), hostile, ("anna", "bert"), True)
    text = notice_written(notice, language)
    assert "\n" not in text.subject
    assert not any(line.startswith(("ALARM", "Bcc")) for line in text.body.splitlines())
    month = "November" if language is Languages.EN else "november"
    assert f"26 {month} 2026, 13:00:00 (UTC+01:00)" in text.body
    both = notice_texts(notice)
    if kind is NoticeKind.SUSPENDED:
        assert "tijdelijk niet" in both.nl.body
        assert "Contact bans, strap, case and panic button go on being watched" in both.en.body
        assert "anna, bert" in both.nl.body
    else:
        assert "gelden weer" in both.nl.body
        assert "Its end had come." in both.en.body


def test_a_text_message_says_until_when_and_what_goes_on_being_watched() -> None:
    notice = Notice("n", NoticeKind.SUSPENDED, "o-1", "w-1", 2, NOON_US, at(2), "visit", ("anna", "bert"))
    assert notice_short(notice, Languages.BOTH) == (
        "OPSCHORTING BEGONNEN: beslissing o-1, drager w-1. Tot 26 november 15:00 (UTC+01:00). Gebieden en "
        "plaatsen gelden niet; contactverboden en apparaten blijven bewaakt. Reden: visit"
    )
    assert "Until 26 November 15:00 (UTC+01:00). Zones" in notice_short(notice, Languages.EN)
    over = replace(notice, kind=NoticeKind.RESUMED, until_us=None)
    assert notice_short(over, Languages.NL).endswith("drager w-1. Sinds 26 november 13:00 (UTC+01:00)")


async def noted(store: Store, order: str, reason: str, at_us: int) -> Notice:
    """On file that it was told to the police and Reclassering that an order is suspended."""
    notice = Notice(
        "n-1", NoticeKind.SUSPENDED, order, "w-1", 1, at_us, at_us + HOUR_US, reason, ("anna",),
        recipients=("politie", "reclassering"),
    )  # fmt: skip
    assert await store.keep_notice(notice, notice.recipients, at_us)
    return notice


@pytest.mark.parametrize("party", [Party.POLITIE, Party.RECLASSERING, "duty-officer"])
def test_the_reason_goes_to_nobody_who_may_not_know_a_place_of_the_order(party: str) -> None:
    """Whoever wrote it may have named the street."""
    sees = party == Party.POLITIE
    notice = Notice("n", NoticeKind.SUSPENDED, "o-1", "w-1", 2, NOON_US, at(2), "Lindelaan 5", ("anna",))
    composer = replace(COMPOSER, contacts={"duty-officer": Party.RECLASSERING})
    shown = composer.notice(replace(notice, secret=True), party)
    said = [
        *(notice_written(shown, language).body for language in Languages),
        *(notice_short(shown, language) for language in Languages),
        notice_body(shown, party, NOON_US).decode(),
        composer.noted(replace(notice, secret=True), party).body,
    ]
    assert {"Lindelaan" in one for one in said} == {sees}
    assert ("Reden: op te vragen bij de meldkamer EM" in said[0]) is not sees
    assert "Lindelaan" in composer.noted(notice, party).body, "of any other order it is told"


class Listener:
    """A webhook's receiver that verifies signatures; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.status = "204 No Content"
        self.came: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            Webhook(SECRET).verify(body, headers, json_parse=False)
            self.came.append((headers["webhook-id"], json.loads(body)))
            writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()


@asynccontextmanager
async def telling(store: Store, listener: Listener, clock_us: list[int]) -> AsyncIterator[SuspensionNotices]:
    """Police and Reclassering by webhook, the centre by CAP, which carries no notices."""
    async with talking(listener) as port:
        hook = {"channel": "webhook", "url": f"http://127.0.0.1:{port}/in", "secret_env": "S"}
        cap = {**hook, "channel": "cap", "sender": "emon@example.org"}
        routes = {"meldkamer_em": cap, "politie": hook, "reclassering": hook}
        config = json.dumps({"recipients": routes}).encode()
        recipients = load_recipients(config, environ={"S": SECRET}, folder=Path())
        async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
            yield SuspensionNotices(
                store,
                channels,
                recipients.reached,
                now_us=lambda: clock_us[0],
                fallback="meldkamer_em",
                chance=lambda: 0.0,
            )


async def arm_suspended(store: Store, now_us: int) -> OrderVersion:
    (first,) = await store.arm(versions(circle_order()))
    interval = Interval(now_us, now_us + HOUR_US, "visit to the court")
    (armed,) = await store.arm([with_suspension(first, interval, ("anna", "bert"))])
    return armed


async def test_each_turn_is_told_once_over_restarts(store: Store) -> None:
    now_us = clock.now_us()
    await arm_suspended(store, now_us)
    listener, clock_us = Listener(), [clock.now_us()]
    for _ in range(3):  # three services, one after the other
        async with telling(store, listener, clock_us) as notices:
            await notices.step()
            await notices.step()
    clock_us[0] = now_us + HOUR_US + SECOND_US
    for _ in range(2):
        async with telling(store, listener, clock_us) as notices:
            await notices.step()
    told = [(content["data"]["recipient"], content["data"]["kind"]) for _, content in listener.came]
    assert sorted(told) == [
        ("politie", "resumed"),
        ("politie", "suspended"),
        ("reclassering", "resumed"),
        ("reclassering", "suspended"),
    ]
    assert len({hook for hook, _ in listener.came}) == 4
    began = next(content for _, content in listener.came if content["data"]["kind"] == "suspended")
    assert (began["type"], began["data"]["by"], began["data"]["reason"]) == (
        "notice",
        ["anna", "bert"],
        "visit to the court",
    )
    over, began_now = await store.notices(10)
    assert (over.notice.kind, over.notice.by_itself, began_now.notice.kind) == ("resumed", True, "suspended")
    assert set(over.received) == {"politie", "reclassering"}
    assert None not in over.received.values()


async def test_a_person_s_ending_is_told_as_that(store: Store) -> None:
    now_us = clock.now_us()
    armed = await arm_suspended(store, now_us)
    listener, clock_us = Listener(), [clock.now_us()]
    async with telling(store, listener, clock_us) as notices:
        await notices.step()
        ended = without_suspension(armed, clock.now_us())
        assert ended is not None
        await store.arm([ended])
        clock_us[0] = clock.now_us() + SECOND_US
        (told,) = await notices.step()
    assert (told.kind, told.by_itself) == (NoticeKind.RESUMED, False)


async def test_a_look_reads_only_what_was_armed_since_or_may_turn_by_itself(store: Store) -> None:
    """Of tens of thousands of orders a look read every one."""
    now_us = clock.now_us()
    plain = versions(circle_order(id="o-2", wearer="w-2", device="d-2"))
    await store.arm(plain)
    await arm_suspended(store, now_us)
    armed_to, found = await store.suspendable_orders(0, [])
    assert [version.id for version, _ in found] == ["o-1"]
    assert await store.suspendable_orders(armed_to, []) == (armed_to, [])
    assert await store.suspendable_orders(armed_to, ["o-1", "o-2"]) == (armed_to, found)


async def test_one_that_begins_later_is_told_when_it_does_and_again_after_the_clock_went_back(
    store: Store,
) -> None:
    now_us = clock.now_us()
    await arm_suspended(store, now_us + HOUR_US)
    clock_us = [now_us]
    async with telling(store, Listener(), clock_us) as notices:
        assert await notices.step() == []
        told = []
        # Begins, goes on, is over, over still; the clock goes back into it, and on.
        for hours in (1.5, 1.6, 2.5, 2.6, 1.7, 2.7):
            clock_us[0] = now_us + round(hours * HOUR_US)
            told.append([one.kind for one in await notices.step()])
    begun, over = [NoticeKind.SUSPENDED], [NoticeKind.RESUMED]
    assert told[:4] == [begun, [], over, []]
    assert told[4] == begun


async def test_it_is_tried_until_it_is_taken_and_in_order(store: Store) -> None:
    now_us = clock.now_us()
    await arm_suspended(store, now_us)
    listener, clock_us = Listener(), [clock.now_us()]
    listener.status = "503 Later"
    async with telling(store, listener, clock_us) as notices:
        await notices.step()
        await notices.step()
        assert len(listener.came) == 2, "no knock before its pause is over"
        clock_us[0] = now_us + HOUR_US + SECOND_US
        await notices.step()
        assert {content["data"]["kind"] for _, content in listener.came} == {"suspended"}
        listener.status = "204 No Content"
        for _ in range(3):
            clock_us[0] += 120 * SECOND_US
            await notices.step()
    kinds = [c["data"]["kind"] for _, c in listener.came if c["data"]["recipient"] == "politie"]
    assert kinds == ["suspended", "suspended", "suspended", "resumed"]


async def test_the_api_shows_who_has_heard_of_it(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    await arm_suspended(store, now_us)
    async with telling(store, Listener(), [clock.now_us()]) as notices:
        await notices.step()
    async with desk.signed_in() as client:
        (shown,) = (await client.get("/api/v1/suspensions")).json()["notices"]
    assert (shown["order"], shown["kind"], shown["by"]) == ("o-1", "suspended", ["anna", "bert"])
    assert set(shown["received"]) == {"politie", "reclassering"}
    assert None not in shown["received"].values()

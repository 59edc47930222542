"""Open alerts in the order in which a control room answers them, page by page while more happens."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emon import clock
from emon.model.breach import Breach
from emon.model.effects import Effects
from emon.model.instant import HOUR_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Party
from emon.store.store import Store
from tests.fixtures_web import PASSWORD, PASSWORD_HASH, Desk
from tests.web import story

OPEN = 2_000
PAGE = 300
URGENT = {"status": "open", "order": "urgency"}


def going_on(name: str, now_us: int) -> Breach:
    return story.breach(
        name, "w-storm", "o-storm", now_us - HOUR_US, condition="c-1", certainty=Certainty.CERTAIN,
        how=How.INSIDE, deepest_m=5.0,
    )  # fmt: skip


async def storm(store: Store, name: str, priorities: list[int]) -> list[str]:
    """Alerts of breaches that go on, committed at one instant; their ids as given."""
    now_us = clock.now_us()
    made = [going_on(f"{name} {n}", now_us) for n in range(len(priorities))]
    told = [
        story.alert(f"{name} {n}", made[n], AlertEvent.BREACH, priority, now_us, Party.MELDKAMER_EM)
        for n, priority in enumerate(priorities)
    ]
    await story.write(store, Effects(now_us, breaches=tuple(made), alerts=tuple(told)))
    return [one.id for one in told]


def standing(alert: dict[str, Any]) -> tuple[int, bool, str, str]:
    """Priority; who has no answer before who has one; whoever has waited longest."""
    return alert["priority"], bool(alert["acknowledgements"]), alert["detected_at"], alert["id"]


async def page_after(client: httpx.AsyncClient, before: str | None, **more: Any) -> dict[str, Any]:
    wishes = {**URGENT, "limit": PAGE, **({} if before is None else {"before": before}), **more}
    answer = await client.get("/api/v1/alerts", params=wishes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_whoever_has_waited_longest_without_an_answer_comes_first_of_a_priority(
    desk: Desk, store: Store
) -> None:
    early = await storm(store, "early", [2, 1, 3])
    late = await storm(store, "late", [1, 2, 1, 2])
    taken = early[1]
    await store.acknowledge(taken, "meldkamer_em", "anna", "page")
    async with desk.signed_in() as client:
        found = await page_after(client, None)
    assert [one["id"] for one in found["alerts"]] == [
        *sorted([late[0], late[2]]),
        taken,
        early[0],
        *sorted([late[1], late[3]]),
        early[2],
    ]
    assert found["next"] is None


async def test_pages_of_two_thousand_miss_nothing_while_alerts_come_and_are_taken(
    desk: Desk, store: Store
) -> None:
    """An alert that is taken between two pages may come again, further on; none that stood is passed over."""
    stood = [one for part in range(4) for one in await storm(store, f"part {part}", [1, 2, 3, 4] * 125)]
    assert len(stood) == OPEN
    pages: list[list[dict[str, Any]]] = []
    before = None
    async with desk.signed_in() as client:
        while True:
            found = await page_after(client, before)
            pages.append(found["alerts"])
            before = found["next"]
            if before is None:
                break
            last, first = found["alerts"][-1], found["alerts"][0]
            for taken in {last["id"], first["id"], stood[len(pages)]}:
                await store.acknowledge(taken, "meldkamer_em", "anna", "page")
            await storm(store, f"meanwhile {len(pages)}", [1, 2, 4])
    for page in pages:
        assert [standing(one) for one in page] == sorted(map(standing, page))
    assert [one["priority"] for page in pages for one in page] == sorted(
        one["priority"] for page in pages for one in page
    )
    assert set(stood) <= {one["id"] for page in pages for one in page}
    assert len(pages) <= (OPEN + 200) // PAGE + 1


async def test_the_police_are_shown_their_own_in_the_same_order(desk: Desk, store: Store) -> None:
    await store.create_user("piet", PASSWORD_HASH, "politie")
    now_us = clock.now_us()
    made = going_on("shared", now_us)
    theirs = []
    for n in range(40):
        to = (Party.MELDKAMER_EM, Party.POLITIE) if n % 13 == 0 else (Party.MELDKAMER_EM,)
        told = story.alert(f"shared {n}", made, AlertEvent.BREACH, 1 + n % 2, now_us, *to)
        await story.write(store, Effects(now_us, breaches=(made,), alerts=(told,)))
        if n % 13 == 0:
            theirs.append((told.priority, n, told.id))
    async with desk.client() as client:
        await client.post("/api/v1/session", json={"name": "piet", "password": PASSWORD})
        shown: list[str] = []
        before = None
        while True:
            found = await page_after(client, before, limit=1)
            shown += [one["id"] for one in found["alerts"]]
            before = found["next"]
            if before is None:
                break
    assert shown == [one for _, _, one in sorted(theirs)]


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"status": "all"}, "order"),
        ({"status": "resolved"}, "order"),
        ({"order": "oldest"}, "order"),
        ({"before": "17-0123456789abcdef"}, "before"),
        ({"before": "1.2.17-0123456789abcdef"}, "before"),
        ({"before": "1.0.17-0123456789abcdeg"}, "before"),
        ({"before": f"1.0.{'9' * 18}-0123456789abcdef"}, "before"),
        ({"before": "999.0.17-0123456789abcdef"}, "before"),
        ({"order": "newest", "before": "1.0.17-0123456789abcdef"}, "before"),
    ],
)
async def test_what_is_no_wish_is_refused_in_words(desk: Desk, wishes: dict[str, str], says: str) -> None:
    async with desk.signed_in() as client:
        answer = await client.get("/api/v1/alerts", params={**URGENT, **wishes})
        assert answer.status_code == 400
        assert says in answer.json()["error"]

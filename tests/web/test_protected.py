"""Where protected persons are: to the centre and the police, to nobody else, in no stream."""

from __future__ import annotations

import json

import pytest

from emon import clock
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.fixtures_web import Desk
from tests.web import story
from tests.web.test_suspensions import second_person

HERS = (4.4821, 51.9177)


async def walking(store: Store, now_us: int) -> None:
    """A contact ban of 800 m with her device heard a moment ago; one that ended; one that nobody carries."""
    begun = "2026-01-01T00:00:00Z"

    def near(victim: str | None, radius_m: int) -> dict[str, object]:
        carried = {} if victim is None else {"victim_device": victim}
        return {"id": "c-near", "kind": "contact", "radius_m": radius_m, **carried}

    over = {"valid_until": "2026-02-01T00:00:00Z"}
    orders = [
        story.order("o-near", "w-1", "d-1", begun, near("v-1", 800)),
        story.order("o-over", "w-2", "d-2", begun, near("v-2", 900), **over),
        story.order("o-report", "w-3", "d-3", begun, {"id": "c-near", "kind": "contact"}),
        story.order("o-unseen", "w-4", "d-4", begun, near("v-4", 1_200)),
    ]
    await store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=now_us))
    fixes = tuple(
        Fix(RawFix(device, 1, now_us - 4 * SECOND_US, *place, 20.0, b"{}"), now_us, Mark.OK)
        for device, place in (("d-1", (4.47, 51.92)), ("v-1", HERS), ("v-2", HERS))
    )
    await story.write(store, Effects(now_us, fixes=fixes))


async def test_the_centre_and_the_police_see_her_and_the_radius(desk: Desk, store: Store) -> None:
    await walking(store, clock.now_us())
    async with desk.signed_in() as centre, second_person(desk, "politie") as police:
        for client in (centre, police):
            found = (await client.get("/api/v1/protected")).json()["protected"]
            assert [(one["order"], one["device"], one["radius_m"]) for one in found] == [
                ("o-near", "v-1", 800.0),
                ("o-unseen", "v-4", 1_200.0),
            ]
            assert (found[0]["position"]["lon"], found[0]["position"]["lat"]) == HERS
            assert found[1]["position"] is None


@pytest.mark.parametrize("party", ["reclassering", "om", "veilig_thuis"])
async def test_nobody_else_does_and_no_snapshot_or_stream_holds_it(
    desk: Desk, store: Store, party: str
) -> None:
    await walking(store, clock.now_us())
    async with desk.client() as stranger:
        assert (await stranger.get("/api/v1/protected")).status_code == 401
    async with second_person(desk, party) as client:
        assert (await client.get("/api/v1/protected")).status_code == 403
        assert str(HERS[0]) not in (await client.get("/api/v1/now")).text
    assert [one.device for one in await store.positions_after(0, 99)] == ["d-1"]

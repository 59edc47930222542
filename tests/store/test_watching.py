"""What is kept of devices comes back whole, and what it says reaches the page and the messages."""

from __future__ import annotations

import psycopg
import pytest
from msgspec.structs import replace

from emon.devices.heard import place_of
from emon.devices.watching import Remembered
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Mark, Risk, Source
from emon.model.watch import (
    Place,
    PositionState,
    ServiceStop,
    SilenceState,
    Trouble,
    Turn,
    Unseen,
    Want,
    Watch,
    Word,
)
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.store.made import NOON_US, alert, effects_of, fix
from tests.store.test_batch import write

FULL = Watch(
    device="d-1",
    heard_us=NOON_US,
    first_heard_us=NOON_US - 5,
    back_us=NOON_US - 3,
    place=Place(NOON_US - 1, 7, NOON_US, 4.48, 51.92, True),
    silence_state=SilenceState.COVERED,
    position_state=PositionState.LOST,
    silence="t-1",
    lost="t-2",
    outage="t-3",
    wants=(Want("o-1", NOON_US, "t-4", False),),
    turns=(Turn(NOON_US, still=True), Turn(NOON_US + 1, every_s=15)),
    turns_from_us=9,
    jamming=Word(NOON_US, 3, True),
    shielding=Word(NOON_US, 4, False),
    implausible=2,
    wrong_clock=1,
)
OUTAGE = Trouble(
    "t-3",
    AlertEvent.OUTAGE,
    NOON_US,
    alert="a-1",
    unseen=(Unseen("d-1", "o-1", Risk.HIGH, True, 12.5, NOON_US - 9),),
    devices=3,
    heard=1,
)
SILENT = Trouble("t-1", AlertEvent.SILENCE, NOON_US, alert="a-1", device="d-1", victim=True)


async def test_everything_remembered_comes_back(any_store: Store) -> None:
    assert await any_store.remembered() == Remembered()
    stop = ServiceStop(NOON_US - 60 * SECOND_US)
    await write(any_store, watches=(Watch("d-2"), FULL), troubles=(OUTAGE, SILENT), stop=stop)
    found = await any_store.remembered()
    assert found == Remembered((FULL, Watch("d-2")), (SILENT, OUTAGE), (stop,))


async def test_quiet_fixes_since_are_remembered_without_being_written(any_store: Store) -> None:
    """A watch stays on file as it was until more than a quiet fix changes it."""
    watch = Watch("d-1", heard_us=NOON_US, first_heard_us=NOON_US, implausible=1, wrong_clock=2)
    await write(any_store, watches=(watch,))
    newest = fix("d-1", 7, NOON_US + 60 * SECOND_US)
    async with any_store.batch() as tx:
        await tx.write(effects_of(newest.received_at_us, fixes=(newest,)), ())
    (found,) = (await any_store.remembered()).watches
    assert found == replace(
        watch, heard_us=newest.received_at_us, place=place_of(newest), implausible=0, wrong_clock=0
    )


async def test_a_later_row_replaces_the_one_before_and_what_is_over_is_not_remembered(
    any_store: Store,
) -> None:
    await write(any_store, watches=(FULL,), troubles=(OUTAGE, SILENT), stop=ServiceStop(NOON_US))
    ended = replace(SILENT, cleared_at_us=NOON_US + 5)
    quiet = Watch("d-1", heard_us=NOON_US + 9)
    async with any_store.batch() as tx:
        up = ServiceStop(NOON_US, NOON_US + 9)
        await tx.write(effects_of(NOON_US + 9, watches=(quiet,), troubles=(ended,), stop=up), ())
    assert await any_store.remembered() == Remembered((quiet,), (OUTAGE,), (up,))


async def test_a_stop_that_ends_before_it_begins_is_refused(any_store: Store) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await write(any_store, stop=ServiceStop(NOON_US, NOON_US - 1))


async def test_page_and_message_say_what_the_alert_tells_of(any_store: Store) -> None:
    told = alert("a-1", NOON_US, event=AlertEvent.OUTAGE)
    async with any_store.batch() as tx:
        effects = effects_of(NOON_US, alerts=(told,), troubles=(OUTAGE, SILENT))
        await tx.write(effects, (NewDelivery("a-1", "meldkamer_em", "webhook"),))
    (shown,) = await any_store.alerts_by_id(["a-1"])
    assert shown.trouble == OUTAGE
    (due,) = await any_store.claim_due(NOON_US, 5)
    assert due.alert.unseen == OUTAGE.unseen
    assert (due.alert.cause, due.alert.victim, due.alert.cleared_at_us) == (None, False, None)


async def test_the_ledger_s_inputs_are_the_order_s_devices_and_what_led_to_them(any_store: Store) -> None:
    document = b"""{"orders": [{"id": "o-1", "version": 1, "wearer": "w-1", "device": "d-1",
        "legal_basis": "schorsing", "valid_from": "2026-11-01T00:00:00Z", "conditions": [{"id": "c-1",
        "kind": "exclusion", "zone": {"type": "Circle", "center": [4.4, 51.9], "radius_m": 100}}]}]}"""
    await any_store.arm(parse_document(document, armed_at_us=NOON_US))
    second = SECOND_US
    stored = [
        fix("d-1", 1, NOON_US - 9_000 * second),
        fix("d-1", 2, NOON_US - 100 * second, source=Source.CELL),
        fix("d-1", 3, NOON_US + 60 * second, mark=Mark.IMPLAUSIBLE),
        fix("d-2", 4, NOON_US + 60 * second),
    ]
    await write(any_store, fixes=tuple(stored))
    found = await any_store.ledger_inputs("o-1", NOON_US, NOON_US + 3_600 * second)
    assert [version.id for version in found.versions] == ["o-1"]
    assert set(found.records) == {"d-1"}
    kept = [(one.fixed_at_us - NOON_US, one.mark, one.source) for one in found.records["d-1"].fixes]
    assert kept == [(-100 * second, Mark.OK, Source.CELL), (60 * second, Mark.IMPLAUSIBLE, Source.GNSS)]
    assert (await any_store.ledger_inputs("o-9", NOON_US, NOON_US + 1)).versions == ()

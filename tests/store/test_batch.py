"""What one batch writes is what the next reads, to the last member, on every PostgreSQL."""

from __future__ import annotations

import random

import psycopg
import pytest
from msgspec.structs import replace

from emon.model.breach import Alert
from emon.model.care import Care, DemandState
from emon.model.command import Reply, Result
from emon.model.effects import Effects, NewDelivery
from emon.model.fix import DeviceEvent, DeviceStatus, Fix, KeptEvent, Rejection
from emon.model.instant import DAY_US, HOUR_US, SECOND_US, parse_instant, to_us
from emon.model.vocabulary import AlertEvent, Certainty, Mark, Party, Reason
from emon.store.errors import FixAlreadyStored
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of, fix, full_fix

AT_US = NOON_US + HOUR_US


async def write(
    store: Store, deliveries: tuple[NewDelivery, ...] = (), at_us: int = AT_US, **rows: object
) -> None:
    async with store.batch() as tx:
        await tx.write(effects_of(at_us, **rows), deliveries)


def rows_of(store: Store, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(store.url) as conn:
        return conn.execute(query.encode()).fetchall()


async def test_fixes_come_back_to_the_last_member(any_store: Store) -> None:
    written = [
        full_fix("d-1", 7, NOON_US + 1),
        fix("d-1", 2**32 - 1, NOON_US),
        fix("d-2", 0, 0, mark=Mark.CLOCK),
    ]
    await write(any_store, fixes=tuple(written))
    async with any_store.batch() as tx:
        known = await tx.known_fixes([one.wire.key for one in written])
    assert known == {one.wire.key: one for one in written}


async def test_known_fixes_answers_only_what_is_stored(any_store: Store) -> None:
    await write(any_store, fixes=(fix("d-1", 1, NOON_US),))
    keys = [("d-1", NOON_US, 1), ("d-1", NOON_US, 2), ("d-1", NOON_US + 1, 1), ("d-2", NOON_US, 1)]
    async with any_store.batch() as tx:
        assert set(await tx.known_fixes(keys)) == {keys[0]}
        assert await tx.known_fixes([]) == {}


async def test_a_fix_stored_twice_fails_the_whole_batch_loudly(any_store: Store) -> None:
    await write(any_store, fixes=(fix("d-1", 1, NOON_US),))
    with pytest.raises(FixAlreadyStored, match="d-1"):
        await write(any_store, fixes=(fix("d-1", 2, NOON_US), fix("d-1", 1, NOON_US)))
    assert rows_of(any_store, "SELECT device, seq FROM fix") == [("d-1", 1)]
    await write(any_store, fixes=(fix("d-1", 2, NOON_US),))
    assert rows_of(any_store, "SELECT count(*) FROM fix") == [(2,)]


async def test_a_fault_in_the_body_leaves_nothing(any_store: Store) -> None:
    async def fail() -> None:
        async with any_store.batch() as tx:
            await tx.write(effects_of(AT_US, fixes=(fix("d-1", 1, NOON_US),)), ())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert rows_of(any_store, "SELECT count(*) FROM fix") == [(0,)]
    assert await any_store.last_received_at_us() is None


async def test_recorded_at_is_the_database_s_clock(any_store: Store) -> None:
    await write(any_store, fixes=(fix("d-1", 1, NOON_US),))
    with psycopg.connect(any_store.url) as conn:
        row = conn.execute("SELECT recorded_at, clock_timestamp() - recorded_at FROM fix").fetchone()
    assert row is not None
    assert to_us(row[0]) != AT_US
    assert 0 <= row[1].total_seconds() < 60


async def test_tracks_are_the_newest_rising_without_wrong_clocks(any_store: Store) -> None:
    stamps = [NOON_US + i * SECOND_US for i in range(6)]
    fixes = [fix("d-1", i, at_us) for i, at_us in enumerate(stamps)]
    fixes.append(fix("d-1", 99, stamps[5]))
    fixes.append(fix("d-1", 3, parse_instant("2099-01-01T00:00:00Z"), mark=Mark.CLOCK))
    fixes.append(fix("d-2", 1, NOON_US - 40 * DAY_US, mark=Mark.IMPLAUSIBLE))
    await write(any_store, fixes=tuple(random.Random(1).sample(fixes, len(fixes))))
    async with any_store.batch() as tx:
        tracks = await tx.tracks(["d-2", "d-1", "d-3"], 3)
        assert tracks == {"d-1": (fixes[4], fixes[5], fixes[6]), "d-2": (fixes[8],)}
        assert await tx.clock_ahead(["d-1", "d-2"]) == {"d-1": parse_instant("2099-01-01T00:00:00Z")}
        assert await tx.tracks([], 3) == {}


async def test_fixes_since_lead_with_the_last_usable_one_before(any_store: Store) -> None:
    def at(day: int, second: int, mark: Mark = Mark.OK) -> Fix:
        return fix("d-1", second, NOON_US - day * DAY_US + second * SECOND_US, mark=mark)

    far, near = at(20, 0), at(1, 5)
    wrong = [at(1, 6, Mark.IMPLAUSIBLE), at(1, 7, Mark.CLOCK)]
    after = [at(0, 0), at(0, 1, Mark.IMPLAUSIBLE), at(0, 3, Mark.LATE)]
    other = fix("d-2", 1, NOON_US - 9 * DAY_US)
    await write(any_store, fixes=(far, near, *wrong, *after, other))
    async with any_store.batch() as tx:
        found = await tx.fixes_since([("d-1", NOON_US), ("d-2", NOON_US), ("d-3", NOON_US)])
        assert found == {"d-1": [near, *after], "d-2": [other]}
        assert await tx.fixes_since([("d-1", NOON_US - 2 * DAY_US)]) == {"d-1": [far, near, wrong[0], *after]}
        assert await tx.fixes_since([]) == {}


async def test_breaches_come_back_changed_and_filtered(any_store: Store) -> None:
    open_, closed = breach("b-1", NOON_US), breach("b-2", NOON_US - DAY_US, closed_at_us=NOON_US - HOUR_US)
    refuted = breach("b-3", NOON_US + 1, refuted=True)
    other = breach("b-4", NOON_US, condition="c-2")
    await write(any_store, breaches=(open_, closed, refuted, other))
    risen = replace(open_, certainty=Certainty.CERTAIN, closed_at_us=NOON_US + 9, deepest_m=40.0, told=())
    await write(any_store, breaches=(risen,))
    async with any_store.batch() as tx:
        spans = [("o-1", "c-1", NOON_US - 2 * HOUR_US), ("o-1", "c-2", NOON_US), ("o-9", "c-1", 0)]
        assert await tx.breaches_since(spans) == {
            ("o-1", "c-1"): [closed, risen, refuted],
            ("o-1", "c-2"): [other],
        }
        assert await tx.breaches_since([("o-1", "c-1", NOON_US)]) == {("o-1", "c-1"): [risen, refuted]}
        assert await tx.breaches_since([]) == {}
    assert await any_store.recent_breaches(NOON_US - 2 * DAY_US) == [closed, risen, other]
    assert await any_store.recent_breaches(NOON_US + DAY_US) == [other]
    assert rows_of(any_store, "SELECT count(*) FROM breach WHERE changed_at > recorded_at") == [(1,)]


async def test_alerts_and_deliveries_are_written_with_their_batch(any_store: Store) -> None:
    told = alert("a-1", AT_US, breach="b-1", order="o-1", condition="c-1", certainty=Certainty.CERTAIN)
    deliveries = (NewDelivery("a-1", "politie", "webhook"), NewDelivery("a-1", "meldkamer_em", "smtp"))
    await write(any_store, deliveries, breaches=(breach("b-1", NOON_US),), alerts=(told,))
    (row,) = await any_store.alerts()
    assert (row.id, row.at_us, row.received_at_us, row.happened_at_us) == (
        "a-1",
        AT_US,
        AT_US,
        AT_US - 2 * SECOND_US,
    )
    assert row.recipients == (Party.MELDKAMER_EM, Party.POLITIE)
    assert row.breach == breach("b-1", NOON_US)
    assert [(d.recipient, d.state, d.next_attempt_at_us) for d in row.deliveries] == [
        ("meldkamer_em", "waiting", AT_US),
        ("politie", "waiting", AT_US),
    ]
    assert rows_of(any_store, "SELECT id FROM delivery ORDER BY id") == [
        ("a-1:meldkamer_em",),
        ("a-1:politie",),
    ]


async def test_approaches_told_are_found_by_condition_from_an_instant_on(any_store: Store) -> None:
    def told(name: str, at_us: int, condition: str = "c-1", event: AlertEvent = AlertEvent.APPROACH) -> Alert:
        return alert(name, at_us, order="o-1", condition=condition, event=event)

    later = (told("a-2", AT_US + HOUR_US), told("a-3", AT_US + 2 * HOUR_US))
    others = (told("a-4", AT_US, "c-2"), told("a-5", AT_US, event=AlertEvent.POSSIBLE_INCURSION))
    await write(any_store, alerts=(*later[::-1], told("a-1", AT_US), *others), at_us=AT_US + DAY_US)
    async with any_store.batch() as tx:
        spans = [("o-1", "c-1", AT_US + 1), ("o-1", "c-3", 0), ("o-2", "c-1", 0)]
        found = await tx.approaches_since(spans)
        assert found == {("o-1", "c-1"): [one.at_us for one in later]}
        assert await tx.approaches_since([("o-1", "c-2", AT_US)]) == {("o-1", "c-2"): [AT_US]}
        assert await tx.approaches_since([]) == {}


async def test_an_alert_twice_fails_the_batch(any_store: Store) -> None:
    await write(any_store, alerts=(alert("a-1", AT_US),))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await write(any_store, alerts=(alert("a-1", AT_US),))
    await write(any_store, alerts=(alert("a-2", AT_US),))
    assert len(await any_store.alerts()) == 2


async def test_events_statuses_repeats_and_rejections_are_kept_and_counted(any_store: Store) -> None:
    event = DeviceEvent("d-1", 813, NOON_US, "strap", "cut", b"{}")
    rejection = Rejection(
        "d-9", "emon/v1/d-9/fix", Reason.OUT_OF_RANGE, "lat is 91\0 \ud800", "[3].lat", b"\0\xff"
    )
    for online in (True, False):
        await write(
            any_store,
            events=(event,),
            statuses=(DeviceStatus("d-1", online),),
            repeats=(("d-1", 2), ("d-2", 1)),
            rejections=(rejection, rejection),
            fixes=(fix("d-1", int(online), NOON_US), fix("d-1", int(online), 0, mark=Mark.CLOCK)),
        )
    counts = await any_store.counts()
    assert counts.repeats == 6
    assert counts.rejected == {"out_of_range": 4}
    assert counts.fixes == {"ok": 2, "clock": 2}
    assert rows_of(any_store, "SELECT device, event, state FROM device_event") == [("d-1", "strap", "cut")]
    assert rows_of(any_store, "SELECT online FROM device_status") == [(False,)]
    assert rows_of(any_store, "SELECT DISTINCT detail, place, raw FROM rejected") == [
        ("lat is 91\ufffd ?", "[3].lat", b"\0\xff")
    ]


async def test_unknown_devices_are_taken_again_once(any_store: Store) -> None:
    def rejected(device: str, number: int, reason: Reason = Reason.UNKNOWN_DEVICE) -> Rejection:
        return Rejection(device, f"emon/v1/{device}/fix", reason, "", "", str(number).encode())

    await write(any_store, at_us=NOON_US, rejections=(rejected("d-1", 0),))
    await write(
        any_store,
        rejections=(
            rejected("d-1", 1),
            rejected("d-2", 2),
            rejected("d-1", 3, Reason.MISSING),
            rejected("d-1", 4),
        ),
    )
    async with any_store.batch() as tx:
        assert await tx.take_again(["d-1"], AT_US) == [("emon/v1/d-1/fix", b"1"), ("emon/v1/d-1/fix", b"4")]
        assert await tx.take_again(["d-1"], AT_US) == []
        assert await tx.take_again([], 0) == []
    async with any_store.batch() as tx:
        assert await tx.take_again(["d-1", "d-2"], NOON_US) == [
            ("emon/v1/d-1/fix", b"0"),
            ("emon/v1/d-2/fix", b"2"),
        ]


async def test_the_clock_of_the_engine_only_rises(any_store: Store) -> None:
    await write(any_store, at_us=AT_US)
    await write(any_store, at_us=AT_US - 5)
    assert await any_store.last_received_at_us() == AT_US


async def test_a_thousand_fixes_of_many_devices_in_one_batch(any_store: Store) -> None:
    chance = random.Random(7)
    fixes = tuple(
        replace(
            full_fix(f"d-{i % 50}", i, NOON_US + i),
            wire=replace(full_fix(f"d-{i % 50}", i, NOON_US + i).wire, lon=chance.uniform(-180, 180)),
        )
        for i in range(1000)
    )
    await write(any_store, fixes=fixes)
    async with any_store.batch() as tx:
        assert await tx.known_fixes([one.wire.key for one in fixes]) == {one.wire.key: one for one in fixes}
        tracks = await tx.tracks([f"d-{i}" for i in range(50)], 1)
    assert {device: track[0].wire.seq for device, track in tracks.items()} == {
        f"d-{i}": 950 + i for i in range(50)
    }


async def test_effects_without_rows_only_move_the_clock(any_store: Store) -> None:
    async with any_store.batch() as tx:
        await tx.write(Effects(at_us=AT_US), ())
    assert await any_store.last_received_at_us() == AT_US
    assert (await any_store.counts()).fixes == {}


async def test_what_a_device_said_is_found_from_an_instant_on_and_led_by_the_word_before(
    any_store: Store,
) -> None:
    def said(at_us: int, seq: int, state: str, event: str = "strap") -> DeviceEvent:
        return DeviceEvent("d-1", seq, at_us, event, state, b"{}")

    old = (said(NOON_US, 1, "cut"), said(NOON_US, 1, "open"), said(NOON_US, 2, "low", "battery"))
    ahead = said(AT_US + 60, 3, "closed")
    await write(any_store, events=(*old, ahead))
    await write(any_store, events=(old[0],), at_us=AT_US + 900)
    asked = [("d-1", "strap", AT_US + 1), ("d-1", "battery", AT_US + 1), ("d-2", "strap", 0)]
    async with any_store.batch() as tx:
        found = await tx.events_since(asked)
        heard = await tx.events_since([("d-1", "strap", AT_US)])
    assert found == {
        ("d-1", "strap"): [KeptEvent(old[1], AT_US), KeptEvent(ahead, AT_US)],
        ("d-1", "battery"): [KeptEvent(old[2], AT_US)],
    }
    assert heard["d-1", "strap"] == [KeptEvent(one, AT_US) for one in (old[0], old[1], ahead)]


async def test_a_reply_is_kept_with_its_bytes_and_known_again(any_store: Store) -> None:
    full = Reply("d-1", "c-1", Result.DONE, b'{"id":"c-1"}', rate_s=15.0, replied_at_us=NOON_US)
    bare = Reply("d-1", "c-2", Result.REFUSED, b"[]")
    await write(any_store, replies=(full, bare))
    async with any_store.batch() as tx:
        assert await tx.known_replies([full.id, "0" * 16]) == {full.id}
        assert await tx.known_replies([]) == frozenset()
    kept = rows_of(any_store, "SELECT command_id, result, rate_s, raw FROM command_reply ORDER BY command_id")
    assert kept == [
        ("c-1", "done", 15.0, full.raw),
        ("c-2", "refused", None, bare.raw),
    ]


async def test_what_is_kept_of_a_device_comes_back_whole_and_the_newest_counts(any_store: Store) -> None:
    first = Care(replies=True, fix=("c-1", NOON_US), troubles={"clock_wrong": ("t-1", NOON_US, "a-1")})
    second = Care(demand=DemandState.ASKED, charge_wait=(NOON_US, 2**40), implausible_us=(NOON_US, AT_US))
    assert (await any_store.remembered()).cares == {}
    await write(any_store, cares=(("d-2", first), ("d-1", first)))
    await write(any_store, cares=(("d-1", second),), at_us=AT_US + 1)
    assert (await any_store.remembered()).cares == {"d-1": second, "d-2": first}


async def test_a_track_reaches_back_beyond_the_days_that_are_searched_first(claimed_store: Store) -> None:
    month_us, day_us = 30 * DAY_US, DAY_US
    old = [fix("d-1", n, NOON_US - month_us + n) for n in range(3)]
    few = [fix("d-2", n, NOON_US - month_us + n) for n in range(3)] + [fix("d-2", 9, NOON_US)]
    many = [fix("d-3", n, NOON_US - (5 - n) * day_us) for n in range(6)]
    async with claimed_store.batch() as tx:
        await tx.write(effects_of(NOON_US, fixes=(*old, *few, *many)), ())
        found = await tx.tracks(["d-1", "d-2", "d-3", "d-4"], 3)
    assert {device: [one.wire.seq for one in fixes] for device, fixes in found.items()} == {
        "d-1": [0, 1, 2],
        "d-2": [1, 2, 9],
        "d-3": [3, 4, 5],
    }


async def test_what_a_device_said_is_found_by_its_stamp_and_by_when_it_was_heard(
    claimed_store: Store,
) -> None:
    long_ago = DeviceEvent("d-1", 1, NOON_US - 9 * DAY_US, "motion", "still", b"{}")
    last_before = DeviceEvent("d-1", 2, NOON_US - 2 * DAY_US, "motion", "moving", b"{}")
    since = DeviceEvent("d-1", 3, NOON_US, "motion", "still", b"{}")
    other = DeviceEvent("d-1", 4, NOON_US, "strap", "closed", b"{}")
    async with claimed_store.batch() as tx:
        await tx.write(effects_of(NOON_US - 8 * DAY_US, events=(long_ago,)), ())
        await tx.write(effects_of(NOON_US - DAY_US, events=(last_before,)), ())
        await tx.write(effects_of(NOON_US, events=(since, other)), ())
        heard = await tx.events_since([("d-1", "motion", NOON_US - DAY_US)])
        stamped = await tx.events_since([("d-1", "motion", NOON_US - DAY_US + 1)])
        all_of_it = await tx.events_since([("d-1", "motion", NOON_US - 8 * DAY_US)])
    assert [[one.wire.seq for one in rows[("d-1", "motion")]] for rows in (heard, stamped, all_of_it)] == [
        [2, 3],
        [2, 3],
        [1, 2, 3],
    ]

"""Old days go sealed, keep what a breach or an open alert rests on, and are missed where a hand took them."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from emon.audit.keyring import Keyring
from emon.cli import main
from emon.model.effects import Effects
from emon.model.fix import Fix
from emon.model.instant import DAY_US, MINUTE_US, to_us
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.sealer import Sealer
from emon.store import connect as c
from emon.store.archive import Reader
from emon.store.exporting import export
from emon.store.importing import import_
from emon.store.migrate import migrate
from emon.store.retaining import Retaining
from emon.store.retention import Asked, OldDay, RetentionRefused, old_days, remove_day
from emon.store.store import Store
from tests.audit.trail import Clock, verified
from tests.fixtures_database import PostgresServers
from tests.store.made import NOON_US, alert, breach, effects_of, fix
from tests.store.orders import versions

OLD = date(2026, 9, 1)
OLD_US = to_us(datetime(2026, 9, 1, 12, tzinfo=UTC))
ASKED = Asked(60, None, "A. Jansen", "term of keeping")


async def life(store: Store, folder: Path, **rows: object) -> Sealer:
    """Three devices over three days, sealed; ``rows`` of the middle day besides."""
    await store.ensure_partitions(OLD - timedelta(days=1), OLD + timedelta(days=2))
    await store.arm(versions(*({"id": f"o-{n}", "device": f"d-{n}"} for n in (1, 2, 3))))
    sealer = Sealer(store, Keyring(folder), Clock())
    for day in (-1, 0, 1):
        for minute in range(4):
            at_us = OLD_US + day * DAY_US + minute * MINUTE_US
            more = rows if (day, minute) == (0, 3) else {}
            fixes = tuple(fix(f"d-{n}", 10 * minute + n, at_us) for n in (1, 2, 3))
            async with store.batch() as tx:
                await tx.write(_effects(at_us, fixes, more), ())
        await sealer.finish()
    return sealer


def _effects(at_us: int, fixes: tuple[object, ...], more: dict[str, object]) -> Effects:
    return effects_of(at_us + 1_000_000, fixes=fixes, **more)


async def retained(store: Store, asked: Asked = ASKED) -> list[tuple[str, int, int]]:
    conn = await c.connect(store.url, purpose="retain")
    try:
        found = await old_days(conn, asked, NOON_US)
        return [
            (day.day, day.fixes, day.kept)
            for day in [await remove_day(conn, asked, old.day, NOON_US) for old in found if old.fixes]
        ]
    finally:
        await conn.close()


def stored(store: Store) -> list[tuple[str, int]]:
    with psycopg.connect(store.url) as conn:
        query = "SELECT device, extract(day FROM fixed_at)::int FROM fix GROUP BY 1, 2 ORDER BY 1, 2"
        return conn.execute(query).fetchall()


async def test_what_is_removed_stands_in_the_trail_and_verifies(claimed_store: Store, tmp_path: Path) -> None:
    sealer = await life(claimed_store, tmp_path)
    assert await retained(claimed_store) == [
        ("2026-08-31", 12, 0),
        ("2026-09-01", 12, 0),
        ("2026-09-02", 12, 0),
    ]
    await sealer.finish()
    report = verified(claimed_store, tmp_path)
    assert report.findings == []
    assert stored(claimed_store) == []
    assert len(report.remarks) == 3
    assert "12 fixes of 2026-09-01 were removed by A. Jansen: term of keeping" in report.remarks[1]


async def test_fixes_of_a_breach_and_of_an_open_alert_stay(claimed_store: Store, tmp_path: Path) -> None:
    closed = breach("b-1", OLD_US, order="o-1", device="d-1", closed_at_us=OLD_US + MINUTE_US)
    unanswered = alert("a-2", OLD_US, device="d-2", order="o-2")
    await life(claimed_store, tmp_path, breaches=(closed,), alerts=(unanswered,))
    assert [row[2] for row in await retained(claimed_store)] == [8, 8, 1]  # a day after: to the minute
    assert stored(claimed_store) == [("d-1", 1), ("d-1", 2), ("d-1", 31), ("d-2", 1), ("d-2", 31)]
    assert verified(claimed_store, tmp_path).findings == []


async def test_a_breach_past_its_term_and_a_closed_alert_hold_nothing(
    claimed_store: Store, tmp_path: Path
) -> None:
    closed = breach("b-1", OLD_US, order="o-1", device="d-1", closed_at_us=OLD_US + MINUTE_US)
    answered = alert("a-2", OLD_US, device="d-2", order="o-2")
    await life(claimed_store, tmp_path, breaches=(closed,), alerts=(answered,))
    closing = Closing(ClosingCause.WEARER, ClosingOutcome.SPOKEN_TO)
    await claimed_store.close_alert("a-2", "meldkamer_em", "A. Jansen", closing, "page")
    asked = Asked(60, 61, "A. Jansen", "term of keeping")
    assert [row[2] for row in await retained(claimed_store, asked)] == [0, 0, 0]


async def test_a_day_dropped_by_hand_and_a_kept_fix_taken_later_are_findings(
    claimed_store: Store, tmp_path: Path
) -> None:
    closed = breach("b-1", OLD_US, order="o-1", device="d-1", closed_at_us=OLD_US + MINUTE_US)
    await life(claimed_store, tmp_path, breaches=(closed,))
    conn = await c.connect(claimed_store.url, purpose="retain")
    await remove_day(conn, ASKED, "2026-08-31", NOON_US)
    await conn.close()
    with psycopg.connect(claimed_store.url, autocommit=True) as hand:
        hand.execute("DROP TABLE fix_20260902")
        hand.execute("ALTER TABLE fix DISABLE TRIGGER audit_append_only")
        hand.execute("DELETE FROM fix_default WHERE device = 'd-1' AND seq = 21")
        hand.execute("ALTER TABLE fix ENABLE ALWAYS TRIGGER audit_append_only")
    found = verified(claimed_store, tmp_path).findings
    assert [finding.relation for finding in found] == ["fix"] * 13 + ["device_now"] * 3
    assert all("is gone" in finding.what for finding in found[:13])
    assert all("there is no fix of its newest position" in finding.what for finding in found[13:])


async def test_what_is_not_sealed_or_not_as_sealed_is_not_removed(
    claimed_store: Store, tmp_path: Path
) -> None:
    await life(claimed_store, tmp_path)
    async with claimed_store.batch() as tx:
        unsealed = replace(fix("d-1", 99, OLD_US + 5), received_at_us=NOON_US)
        await tx.write(effects_of(NOON_US, fixes=(unsealed,)), ())
    conn = await c.connect(claimed_store.url, purpose="retain")
    with pytest.raises(RetentionRefused, match="not sealed yet"):
        await remove_day(conn, ASKED, "2026-09-01", NOON_US)
    with psycopg.connect(claimed_store.url, autocommit=True) as hand:
        hand.execute("ALTER TABLE fix DISABLE TRIGGER audit_append_only")
        hand.execute("UPDATE fix SET lat = lat + 1 WHERE device = 'd-2' AND fixed_at < '2026-09-01'")
        hand.execute("ALTER TABLE fix ENABLE ALWAYS TRIGGER audit_append_only")
    with pytest.raises(RetentionRefused, match="not as they were sealed"):
        await remove_day(conn, ASKED, "2026-08-31", NOON_US)
    with pytest.raises(RetentionRefused, match="31 days are fewer than 32"):
        await old_days(conn, Asked(31, None, "", ""), NOON_US)
    await conn.close()
    assert len(stored(claimed_store)) == 9


async def test_what_is_left_goes_out_and_in_again(
    claimed_store: Store, tmp_path: Path, postgres_servers: PostgresServers
) -> None:
    closed = breach("b-1", OLD_US, order="o-1", device="d-1", closed_at_us=OLD_US + MINUTE_US)
    sealer = await life(claimed_store, tmp_path, breaches=(closed,))
    await retained(claimed_store)
    await sealer.finish()
    export(claimed_store.url, tmp_path / "out")
    url = postgres_servers.create(18, "template0")
    try:
        await migrate(url)
        import_(url, Reader(tmp_path / "out"))
        other = await Store.open(url)
        assert stored(other) == stored(claimed_store) == [("d-1", 1), ("d-1", 2), ("d-1", 31)]
        assert verified(other, tmp_path).findings == []
        await other.close()
    finally:
        postgres_servers.drop(url)


class Nights:
    """Waits of a process that stays: each passes some days of a clock, and the last asks it to end."""

    def __init__(self, at_us: int, *days: int) -> None:
        self.at_us = at_us
        self._days = list(days)

    def now_us(self) -> int:
        return self.at_us

    async def stopped(self, seconds: float) -> bool:
        assert 0 < seconds <= 86_400
        if not self._days:
            return True
        self.at_us += self._days.pop(0) * DAY_US
        return False


async def test_each_day_goes_when_it_is_old_enough_and_an_open_breach_keeps_its_fixes(
    claimed_store: Store, tmp_path: Path
) -> None:
    open_one = breach("b-1", OLD_US, order="o-1", device="d-1")
    sealer = await life(claimed_store, tmp_path, breaches=(open_one,))
    removed, stays = list[OldDay](), list[str]()
    nights = Nights(OLD_US + 59 * DAY_US, 1, 1, 0)
    await Retaining(claimed_store.url, ASKED, removed.append, stays.append).run(nights.now_us, nights.stopped)
    found = [(day.day, day.kept) for day in removed if day.fixes]
    assert found == [("2026-08-31", 4), ("2026-09-01", 4)]  # and 2026-09-02 is not old enough
    assert stays == []
    assert {device for device, day in stored(claimed_store) if day != 2} == {"d-1"}
    await sealer.finish()
    assert verified(claimed_store, tmp_path).findings == []


async def test_what_cannot_go_is_said_and_goes_at_a_later_look(claimed_store: Store, tmp_path: Path) -> None:
    await life(claimed_store, tmp_path)
    async with claimed_store.batch() as tx:  # not sealed
        await tx.write(effects_of(NOON_US, fixes=(unsealed(99),)), ())
    removed, stays = list[OldDay](), list[str]()
    retaining = Retaining(claimed_store.url, ASKED, removed.append, stays.append)
    with psycopg.connect(claimed_store.url) as reader:
        reader.execute("SELECT count(*) FROM fix")  # as an export, which reads all days for long
        await retaining.look(OLD_US + 63 * DAY_US)
        assert all("is being read: remove it later" in said for said in stays if "not sealed" not in said)
        assert any("1 fixes of 2026-09-01 are not sealed yet" in said for said in stays)
        assert (removed, len(stays)) == ([], 3)
        async with claimed_store.batch() as tx:  # and nothing holds the engine off
            await tx.write(effects_of(NOON_US + 1, fixes=()), ())
    await Sealer(claimed_store, Keyring(tmp_path), Clock()).finish()
    stays.clear()
    await retaining.look(OLD_US + 63 * DAY_US)
    assert ([(day.day, day.kept) for day in removed], stays) == (
        [("2026-08-31", 0), ("2026-09-01", 0), ("2026-09-02", 0)],
        [],
    )
    assert verified(claimed_store, tmp_path).findings == []


async def test_the_engine_writes_while_a_day_is_held_against_its_seals(
    claimed_store: Store, tmp_path: Path
) -> None:
    """That takes minutes of a large day. What was written meanwhile, under a wrong clock, is not dropped."""
    await life(claimed_store, tmp_path)
    conn = await c.connect(claimed_store.url, purpose="retain")
    with psycopg.connect(claimed_store.url) as before_it:
        before_it.execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")  # where the seals are read
        removing = asyncio.ensure_future(remove_day(conn, ASKED, "2026-09-01", NOON_US))
        done, _ = await asyncio.wait([removing], timeout=0.2)
        assert not done
        async with claimed_store.batch() as tx:
            await tx.write(effects_of(NOON_US, fixes=(unsealed(77),)), ())
    with pytest.raises(RetentionRefused, match="a fix of 2026-09-01 came meanwhile"):
        await removing
    await conn.close()
    assert len(stored(claimed_store)) == 9


def unsealed(seq: int) -> Fix:
    return replace(fix("d-1", seq, OLD_US + MINUTE_US), received_at_us=NOON_US)


def test_the_command_lists_first_and_wants_a_name_to_remove(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("SELECT ensure_partitions('2020-03-01', '2020-03-03')")
    assert main(["retain", "--days", "400"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2020-03-01: 0 fixes",
        "2020-03-02: 0 fixes",
        "2 days, 0 fixes would go; nothing was changed",
    ]
    assert main(["retain", "--days", "400", "--apply"]) == 64
    assert main(["retain", "--days", "400", "--daily"]) == 64
    assert main(["retain", "--days", "400", "--apply", "--by", "A. Jansen", "--why", "term"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 days, 0 fixes removed"
    assert main(["retain", "--days", "400"]) == 0
    assert capsys.readouterr().out.splitlines() == ["0 days, 0 fixes would go; nothing was changed"]

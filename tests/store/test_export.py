"""Everything out and in again is the same to the byte, or nothing is in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from emon.audit.keyring import Keyring
from emon.cli import main
from emon.store.archive import ExportDamaged, Reader
from emon.store.checks.verify import verify_trail
from emon.store.exporting import export
from emon.store.importing import ImportRefused, import_, opened
from emon.store.store import Store
from emon.store.tables import TABLES
from tests.audit.trail import live, lived
from tests.fixtures_database import TEMPLATE, PostgresServers


@pytest.fixture
def second(postgres_servers: PostgresServers) -> Iterator[str]:
    """Another migrated, empty database."""
    url = postgres_servers.create(18, TEMPLATE)
    yield url
    postgres_servers.drop(url)


@pytest.fixture
def bare(postgres_servers: PostgresServers) -> Iterator[str]:
    """A database without any schema."""
    url = postgres_servers.create(18, "template0")
    yield url
    postgres_servers.drop(url)


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


async def full(store: Store, folder: Path) -> None:
    """A life, and what is hard to write as text: an empty string, a null, quotes, line ends, bytes."""
    await lived(store, folder)
    await live(store, 8)  # not sealed yet
    with psycopg.connect(store.url, application_name="emon test") as conn:
        conn.execute(
            "INSERT INTO rejected (device, topic, reason, detail, place, raw, received_at, recorded_at) "
            "VALUES (NULL, 'a,\"b\"', 'unreadable', E'line\\nline\\r\\n\\\\.', '', '\\x00ff0a', now(), now())"
        )
        conn.execute(
            "INSERT INTO inbox (device, topic, payload, fixes, lane, arrived_at) "
            "VALUES ('d-1', 'emon/v1/d-1/fix', '\\x5b5d', 1, 'late', now())"
        )


async def test_what_comes_in_goes_out_the_same_to_the_byte(
    claimed_store: Store, bare: str, tmp_path: Path
) -> None:
    await full(claimed_store, tmp_path / "own")
    manifest, digest = export(claimed_store.url, tmp_path / "first")
    assert {table.name: table.rows for table in manifest.tables}["fix"] == 12
    assert await asyncio.to_thread(main_with, bare, "import", str(tmp_path / "first")) == 0
    assert export(bare, tmp_path / "again")[1] == digest
    assert tree(tmp_path / "again") == tree(tmp_path / "first")
    here = verify_trail(claimed_store.url, Keyring(tmp_path / "own").lines())
    there = verify_trail(bare, Keyring(tmp_path / "own").lines())
    assert there == here
    assert there.agrees


async def test_one_file_holds_the_same(claimed_store: Store, second: str, tmp_path: Path) -> None:
    await full(claimed_store, tmp_path / "own")
    for name in ("a.tar", "b.tar.gz", "c.tgz"):
        export(claimed_store.url, tmp_path / name)
    assert (tmp_path / "b.tar.gz").read_bytes() == (tmp_path / "c.tgz").read_bytes()
    assert (tmp_path / "a.tar").stat().st_mode & 0o077 == 0
    import_(second, opened(tmp_path / "b.tar.gz"))
    export(second, tmp_path / "d.tar")
    assert (tmp_path / "d.tar").read_bytes() == (tmp_path / "a.tar").read_bytes()


async def test_the_copy_goes_on_as_the_original_does(
    claimed_store: Store, second: str, tmp_path: Path
) -> None:
    """The next batch has the next numbers, its rows are captured, and the chain goes on."""
    sealer = await lived(claimed_store, tmp_path / "own")
    export(claimed_store.url, tmp_path / "out")
    import_(second, opened(tmp_path / "out"))
    shutil.copytree(tmp_path / "own", tmp_path / "copied")
    copy = await Store.open(second)
    try:
        await copy.claim_engine()
        from emon.sealer import Sealer
        from tests.audit.trail import Clock

        for store in (claimed_store, copy):
            await live(store, 11)
        await sealer.finish()
        await Sealer(copy, Keyring(tmp_path / "copied"), Clock()).finish()
    finally:
        await copy.close()
    for url, folder in ((claimed_store.url, "own"), (second, "copied")):
        report = verify_trail(url, Keyring(tmp_path / folder).lines())
        assert (report.findings, report.keys, report.pending) == ([], 1, 0)
    rows = "SELECT id, alert_id, seq, lane, state FROM delivery ORDER BY seq"
    feed = "SELECT feed_seq, kind, ref FROM feed ORDER BY feed_seq"
    for query in (rows, feed):
        assert fetched(claimed_store.url, query) == fetched(second, query)


def fetched(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


async def test_a_damaged_export_is_refused_with_its_place_and_leaves_nothing(
    claimed_store: Store, second: str, tmp_path: Path
) -> None:
    await full(claimed_store, tmp_path / "own")
    export(claimed_store.url, tmp_path / "whole")
    export(second, tmp_path / "empty")
    for number, (harm, words) in enumerate(HARMS):
        folder = tmp_path / f"harmed-{number}"
        shutil.copytree(tmp_path / "whole", folder)
        harm(folder)
        with pytest.raises(ExportDamaged, match=words):
            import_(second, opened(folder))
        export(second, tmp_path / f"after-{number}")
        assert tree(tmp_path / f"after-{number}") == tree(tmp_path / "empty")


def _flip(folder: Path) -> None:
    path = folder / "feed.000001.csv"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _edit_manifest(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.json"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


HARMS = (
    (_flip, r"feed\.000001\.csv \(rows 1 to \d+ of feed\) is not as it was written"),
    (lambda folder: (folder / "alert.000001.csv").unlink(), r"alert\.000001\.csv .* is missing"),
    (lambda folder: (folder / "manifest.json").unlink(), "did not come to its end"),
    (lambda folder: _edit_manifest(folder, "emon export 1", "emon export 9"), "its format is"),
    (lambda folder: _edit_manifest(folder, '"name": "inbox"', '"name": "nobody"'), "no table 'nobody'"),
    (lambda folder: (folder / "manifest.json").write_bytes(b'{"format"'), "manifest.json"),
)


async def test_a_database_that_is_not_empty_or_not_alone_is_refused(
    claimed_store: Store, second: str, tmp_path: Path
) -> None:
    await live(claimed_store, 1)
    export(claimed_store.url, tmp_path / "out")
    with pytest.raises(ImportRefused, match="a service is running"):
        import_(claimed_store.url, opened(tmp_path / "out"))
    with psycopg.connect(second) as conn:
        conn.execute("INSERT INTO app_user (name, password_hash, role) VALUES ('anna', 'x', 'meldkamer_em')")
    with pytest.raises(ImportRefused, match=r"not empty: app_user \(1\)"):
        import_(second, opened(tmp_path / "out"))
    _edit_manifest(tmp_path / "out", f"{len_schema()},", f"{len_schema() + 1},")
    with pytest.raises(ImportRefused, match="import it with the release that made it"):
        opened(tmp_path / "out")


def len_schema() -> int:
    from emon.store.exporting import schema_now

    return schema_now()[-1][0]


async def test_a_cut_off_file_is_refused(claimed_store: Store, second: str, tmp_path: Path) -> None:
    await live(claimed_store, 1)
    export(claimed_store.url, tmp_path / "a.tar.gz")
    whole = (tmp_path / "a.tar.gz").read_bytes()
    (tmp_path / "b.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ExportDamaged):
        import_(second, opened(tmp_path / "b.tar.gz"))
    (tmp_path / "c.tar").write_bytes(b"no tar file")
    with pytest.raises(ExportDamaged, match="cannot be read as a tar file"):
        Reader(tmp_path / "c.tar")


def main_with(url: str, *arguments: str) -> int:
    patch = pytest.MonkeyPatch()
    patch.setenv("EMON_DATABASE_URL", url)
    try:
        return main(arguments)
    finally:
        patch.undo()


async def test_every_exported_table_can_be_told_row_from_row(store: Store) -> None:
    """The sort of an export rests on it: no two rows have one key, but where all columns are the key."""
    with psycopg.connect(store.url) as conn:
        for table in TABLES:
            if table.name in ("order_device", "schema_migration"):
                continue
            row = conn.execute(
                "SELECT count(*) FROM pg_index WHERE indrelid = to_regclass(%s) AND indisunique AND "
                "(SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute AS a "
                " WHERE a.attrelid = indrelid AND a.attnum = ANY(indkey)) = "
                "(SELECT array_agg(k ORDER BY k) FROM unnest(%s::text[]) AS k)",
                (table.name, sorted(table.key)),
            ).fetchone()
            assert row is not None
            assert row[0] >= 1, table.name

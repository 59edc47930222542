"""``emon migrate`` and ``emon arm`` as a person types them, against a real database."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from emon.cli import main
from tests.store.orders import document

NOWHERE = "postgresql://emon:secret@127.0.0.1:1/emon"


@pytest.fixture
def orders_file(tmp_path: Path) -> Callable[..., str]:
    def write(data: bytes) -> str:
        path = tmp_path / "orders.json"
        path.write_bytes(data)
        return str(path)

    return write


def armed(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT id, version FROM order_version ORDER BY arm_seq").fetchall()


def test_migrate_says_what_it_does_and_does_nothing_twice(
    bare_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", bare_database)
    assert main(["migrate"]) == os.EX_OK
    assert "applying 0001 core" in capsys.readouterr().out
    assert main(["migrate"]) == os.EX_OK
    assert "up to date" in capsys.readouterr().out


def test_migrate_names_an_absent_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", NOWHERE)
    assert main(["migrate"]) == os.EX_UNAVAILABLE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "127.0.0.1 port 1" in captured.err
    assert "secret" not in captured.err


def test_migrate_refuses_a_newer_schema(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO schema_migration (number, name, checksum) VALUES (9999, 'later', 'x')")
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    assert main(["migrate"]) == os.EX_CONFIG
    assert "newer release" in capsys.readouterr().err


def test_migrate_without_the_right_to_create_says_so(
    bare_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main_url, _, name = bare_database.rpartition("/")
    with psycopg.connect(bare_database) as conn:
        conn.execute("CREATE TABLE alert (other int)")  # somebody else's schema is in the way
    monkeypatch.setenv("EMON_DATABASE_URL", f"{main_url}/{name}")
    assert main(["migrate"]) == os.EX_CONFIG
    assert 'migration 0001 (core) was refused: relation "alert" already exists' in capsys.readouterr().err
    with psycopg.connect(bare_database) as conn:
        assert conn.execute("SELECT count(*) FROM schema_migration").fetchone() == (0,)
        assert conn.execute("SELECT to_regclass('breach')").fetchone() == (None,)


def test_arm_says_what_is_armed_and_arms_it_once(
    database: str,
    orders_file: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    path = orders_file(document({}, {"id": "o-2", "version": 3}))
    assert main(["arm", path]) == os.EX_OK
    first = capsys.readouterr().out
    assert [line.rsplit(" ", 1)[0] for line in first.splitlines()] == [
        "o-1 version 1 armed at",
        "o-2 version 3 armed at",
    ]
    assert main(["arm", path]) == os.EX_OK
    assert capsys.readouterr().out == first
    assert armed(database) == [("o-1", 1), ("o-2", 3)]


def test_arm_arms_what_is_unwise_and_says_so(
    database: str,
    orders_file: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    expired = {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2020-02-01T00:00:00Z"}
    assert main(["arm", orders_file(document(expired))]) == os.EX_OK
    assert "emon arm: armed, though orders[0]: is over since 2020-02-01" in capsys.readouterr().err
    assert armed(database) == [("o-1", 1)]
    many = document(*({**expired, "id": f"o-many-{number}"} for number in range(30)))
    assert main(["arm", orders_file(many)]) == os.EX_OK
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 21
    assert said[-1].startswith("emon arm: and ")
    assert "`emon check " in said[-1]


def test_arm_refuses_a_broken_document_by_every_path(
    database: str,
    orders_file: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    assert (
        main(["arm", orders_file(document({"wearer": 7}, {"id": "o-2", "valid_from": "soon"}))])
        == os.EX_DATAERR
    )
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "orders[0].wearer: " in captured.err
    assert "orders[1].valid_from: " in captured.err
    assert armed(database) == []


def test_arm_refuses_another_content_by_its_path(
    database: str,
    orders_file: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    assert main(["arm", orders_file(document({}))]) == os.EX_OK
    capsys.readouterr()
    assert main(["arm", orders_file(document({"id": "o-9"}, {"risk": "high"}))]) == os.EX_DATAERR
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("orders[1].version: ")
    assert armed(database) == [("o-1", 1)]


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [(NOWHERE, os.EX_UNAVAILABLE, "EMON_DATABASE_URL"), (None, os.EX_CONFIG, "emon migrate")],
    ids=["absent", "not migrated"],
)
def test_arm_needs_a_migrated_database(
    url: str | None,
    code: int,
    says: str,
    bare_database: str,
    orders_file: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", url or bare_database)
    assert main(["arm", orders_file(document({}))]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err


def test_arm_of_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["arm", str(tmp_path / "nothing.json")]) == os.EX_IOERR
    assert "nothing.json: No such file" in capsys.readouterr().err

"""The book, the command and the files, without a broker."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

import msgspec
import pytest

from emon.cli import main
from emon.identity.book import Book, Credential, IdentityRefused, revoked, rotated, with_devices
from emon.identity.files import mosquitto_acl, mosquitto_passwords, nats_accounts
from emon.identity.folder import IdentityFolder
from emon.store.store import Store
from tests.store.orders import versions


def made(*devices: str) -> tuple[Book, list[Credential]]:
    return with_devices(Book(), devices, secrets.token_bytes)


def test_a_second_look_makes_nothing_new_and_keeps_who_is_revoked() -> None:
    book, first = made("d-1", "d-2")
    assert [one.user for one in first] == ["emon", "d-1", "d-2"]
    assert with_devices(revoked(book, ["d-1"]), ["d-1", "d-2"], secrets.token_bytes) == (
        revoked(book, ["d-1"]),
        [],
    )


def test_a_device_cannot_have_the_service_s_name() -> None:
    with pytest.raises(IdentityRefused, match="service's own user"):
        made("d-1", "emon")


@pytest.mark.parametrize("name", ["", "a/b", "d-1\nuser emon", "+", "#", 'd"', "d:1", "é", "x" * 65])
def test_a_name_that_would_mean_something_in_a_file_is_refused(name: str) -> None:
    with pytest.raises(IdentityRefused):
        made(name)


@pytest.mark.parametrize("act", [lambda book: revoked(book, ["d-9"]), lambda book: revoked(book, ["emon"])])
def test_only_a_device_in_the_book_is_revoked(act: object) -> None:
    assert callable(act)
    with pytest.raises(IdentityRefused):
        act(made("d-1")[0])


def test_a_revoked_device_stands_in_no_list_of_users_and_is_denied() -> None:
    book = revoked(made("d-1", "d-2")[0], ["d-1"])
    assert [line.partition(":")[0] for line in mosquitto_passwords(book).splitlines()] == ["d-2", "emon"]
    assert "user d-1\ntopic deny #\n" in mosquitto_acl(book)
    assert '"d-1"' not in nats_accounts(book)
    again, (credential,) = rotated(book, ["d-1"], secrets.token_bytes)
    assert credential.user == "d-1"
    assert again.revoked() == []


def test_no_file_holds_a_password_in_clear_and_none_is_for_others(tmp_path: Path) -> None:
    book, credentials = made("d-1", "d-2")
    with IdentityFolder(tmp_path / "b") as folder:
        folder.write(book)
    files = [path for path in (tmp_path / "b").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"lock", "identities.json", "passwords", "acl", "accounts.conf"}
    for path in files:
        assert all(one.password not in path.read_text() for one in credentials)
        if path.name != "lock":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_keeps_the_mode_that_its_reader_needs(tmp_path: Path) -> None:
    with IdentityFolder(tmp_path) as folder:
        folder.write(made("d-1")[0])
        (tmp_path / "mosquitto" / "passwords").chmod(0o640)
        folder.write(made("d-2")[0])
    assert stat.S_IMODE((tmp_path / "mosquitto" / "passwords").stat().st_mode) == 0o640


def test_the_shipped_access_rules_are_the_ones_that_the_command_writes(repository: Path) -> None:
    assert (repository / "deploy/mosquitto/acl").read_text("utf-8") == mosquitto_acl(Book())
    assert 'include "accounts.conf"' in (repository / "deploy/nats/nats.conf").read_text("utf-8")


def test_a_broken_book_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "identities.json").write_text("{}x")
    assert main(["broker", "rotate", str(tmp_path), "d-1"]) == os.EX_IOERR
    assert "not a book of identities" in capsys.readouterr().err
    assert (tmp_path / "identities.json").read_text() == "{}x"


def test_a_process_that_is_not_there_is_said_and_the_files_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with IdentityFolder(tmp_path) as folder:
        folder.write(made("d-1")[0])
    for pid in ("0", "-1", "1", "999999999"):
        assert main(["broker", "revoke", str(tmp_path), "d-1", "--reload-pid", pid]) == os.EX_UNAVAILABLE
        assert f"written, but process {pid}" in capsys.readouterr().err
    assert "d-1" not in (tmp_path / "mosquitto" / "passwords").read_text()


async def test_wearers_and_victims_devices_are_known(store: Store) -> None:
    contact = {"id": "c-2", "kind": "contact", "victim_device": "v-1", "radius_m": 500}
    await store.arm(
        versions({"conditions": [contact]}, {"id": "o-2", "device": "d-2"}, {"id": "o-3", "device": "d-2"})
    )
    assert await store.known_devices() == ["d-1", "d-2", "v-1"]


def test_sync_gives_passwords_to_the_devices_of_the_database(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    async def arm() -> None:
        store = await Store.open(database)
        await store.arm(versions({}))
        await store.close()

    asyncio.run(arm())
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    assert main(["broker", "sync", str(tmp_path)]) == os.EX_OK
    out = capsys.readouterr().out
    assert [msgspec.json.decode(line, type=Credential).user for line in out.splitlines()] == ["emon", "d-1"]
    assert main(["broker", "sync", str(tmp_path)]) == os.EX_OK
    assert capsys.readouterr().out == ""

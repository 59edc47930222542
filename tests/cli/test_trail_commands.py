"""verify, audit, export and import by hand: what they say and how they end, also where something is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from emon.cli import main
from emon.store.store import Store
from tests.audit.trail import lived, past_the_triggers
from tests.fixtures_database import TEMPLATE, PostgresServers

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


class Shell:
    """Runs a command as a person would; ``said`` and ``complained`` are what it wrote last."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = monkeypatch
        self.said = ""
        self.complained = ""

    def at(self, url: str, data_dir: Path) -> None:
        self._patch.setenv("EMON_DATABASE_URL", url)
        self._patch.setenv("EMON_DATA_DIR", str(data_dir))

    async def __call__(self, *arguments: str) -> int:
        self._capsys.readouterr()
        code = await asyncio.to_thread(main, arguments)
        self.said, self.complained = self._capsys.readouterr()
        return code


@pytest.fixture
def emon(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


@pytest.fixture
def made(postgres_servers: PostgresServers) -> Iterator[Callable[[str], str]]:
    """Makes databases of a template, and drops them."""
    urls: list[str] = []

    def make(template: str) -> str:
        urls.append(postgres_servers.create(18, template))
        return urls[-1]

    yield make
    for url in urls:
        postgres_servers.drop(url)


async def test_verify(claimed_store: Store, tmp_path: Path, emon: Shell) -> None:
    await lived(claimed_store, tmp_path, parts=1)
    emon.at(claimed_store.url, tmp_path)
    assert await emon("verify") == 0
    assert "everything agrees" in emon.said
    kept = tmp_path / "audit" / "heads.jsonl"
    assert await emon("verify", "--heads", str(kept), "--json") == 0
    assert json.loads(emon.said)["agrees"] is True
    assert "no heads kept elsewhere" not in emon.said
    assert await emon("verify", "--heads", str(tmp_path / "none")) == 74
    assert str(tmp_path / "none") in emon.complained
    (tmp_path / "wrong").write_text("no head\nnor this\n")
    assert await emon("verify", "--head", str(tmp_path / "wrong")) == 65
    assert "wrong:1: is no line of a file of heads" in emon.complained
    (tmp_path / "cut").write_text(kept.read_text().splitlines()[0] + "\n" + '{"type": "head", "seq": 1')
    assert await emon("verify", "--heads", str(tmp_path / "cut")) == 0  # what a crash leaves
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("UPDATE alert SET priority = 4")
    assert await emon("verify") == 1
    assert "priority is 4, recorded as 1" in emon.said
    assert emon.said.splitlines()[-1].startswith("1 finding: ")
    emon.at(claimed_store.url, tmp_path / "empty")
    assert await emon("verify", "--json") == 1
    assert "no heads kept elsewhere were given" in emon.said


async def test_the_audit_commands(claimed_store: Store, tmp_path: Path, emon: Shell) -> None:
    await lived(claimed_store, tmp_path, parts=2)
    emon.at(claimed_store.url, tmp_path)
    assert await emon("audit", "heads") == 0
    lines = [json.loads(line) for line in emon.said.splitlines()]
    assert [line["type"] for line in lines] == ["key", *["head"] * (len(lines) - 1)]
    last = lines[-1]["seq"]
    assert await emon("audit", "heads", "--after", str(last)) == 0
    assert [json.loads(line)["type"] for line in emon.said.splitlines()] == ["key"]
    before = lines[0]["key"]
    assert await emon("audit", "rotate-key") == 0
    assert f"introduced by key {before}" in emon.said
    assert await emon("verify") == 0
    assert "2 keys" in emon.said
    (tmp_path / "audit" / "signing.key").write_text("no key")
    assert await emon("audit", "heads") == 74
    assert "signing.key holds no private key" in emon.complained
    (tmp_path / "file").write_text("")
    emon.at(claimed_store.url, tmp_path / "file")
    assert await emon("audit", "rotate-key") == 78  # no key in there


async def test_where_the_key_is_not_no_other_is_made(
    claimed_store: Store, tmp_path: Path, emon: Shell
) -> None:
    """A wrong EMON_DATA_DIR made a key of its own, which `emon verify` held against the trail for ever."""
    await lived(claimed_store, tmp_path, parts=1)
    emon.at(claimed_store.url, tmp_path)
    assert await emon("audit", "heads") == 0
    signed = emon.said
    elsewhere = tmp_path / "elsewhere"
    emon.at(claimed_store.url, elsewhere)
    assert await emon("audit", "heads") == 0
    assert emon.said == signed
    assert str(elsewhere) in emon.complained
    assert await emon("audit", "rotate-key") == 78
    assert "Set EMON_DATA_DIR" in emon.complained
    assert not elsewhere.exists()
    emon.at(claimed_store.url, tmp_path)
    assert await emon("verify") == 0


@pytest.mark.parametrize(
    "command",
    [("verify",), ("audit", "heads"), ("audit", "rotate-key"), ("export", "{0}/out"), ("import", "{0}/in")],
)
async def test_no_database_is_said_and_nothing_is_made(
    claimed_store: Store, tmp_path: Path, emon: Shell, command: tuple[str, ...]
) -> None:
    emon.at(claimed_store.url, tmp_path)
    assert await emon("export", str(tmp_path / "in")) == 0
    emon.at(NOWHERE, tmp_path)
    assert await emon(*(one.format(tmp_path) for one in command)) == 69
    assert "tried database none at 127.0.0.1 port 1 as nobody" in emon.complained
    assert "Traceback" not in emon.complained
    assert not (tmp_path / "out").exists()


async def test_a_database_without_a_schema_is_told_apart_from_an_empty_one(
    made: Callable[[str], str], tmp_path: Path, emon: Shell
) -> None:
    emon.at(made("template0"), tmp_path)
    for command in (("verify",), ("audit", "heads"), ("export", str(tmp_path / "out"))):
        assert await emon(*command) == 78
        assert "emon migrate" in emon.complained
    emon.at(made(TEMPLATE), tmp_path)
    assert await emon("verify") == 0
    assert "everything agrees: 0 entries" in emon.said
    assert await emon("audit", "heads") == 0
    assert len(emon.said.splitlines()) == 2  # the key, and the head over its own entry
    assert await emon("export", str(tmp_path / "out.tar.gz")) == 0


async def test_export_and_import(
    claimed_store: Store, made: Callable[[str], str], tmp_path: Path, emon: Shell
) -> None:
    await lived(claimed_store, tmp_path, parts=1)
    emon.at(claimed_store.url, tmp_path)
    whole = tmp_path / "a.tar.gz"
    assert await emon("export", str(whole)) == 0
    assert "manifest " in emon.said
    assert await emon("export", str(whole)) == 73
    assert "is there already" in emon.complained
    assert await emon("export", str(whole / "under-a-file.tar")) == 74
    assert await emon("import", str(whole)) == 78
    assert "a service is running" in emon.complained
    bare = made("template0")
    emon.at(bare, tmp_path)
    assert await emon("import", str(tmp_path / "none.tar")) == 74
    (tmp_path / "wrong.tar").write_bytes(b"no tar file")
    assert await emon("import", str(tmp_path / "wrong.tar")) == 65
    assert "nothing was imported" in emon.complained
    (tmp_path / "cut.tar.gz").write_bytes(whole.read_bytes()[:-2_000])
    assert await emon("import", str(tmp_path / "cut.tar.gz")) == 65
    assert await emon("import", str(tmp_path)) == 65  # a folder that is no export
    assert await emon("import", str(whole)) == 0
    assert emon.said.endswith("tables are in\n")
    assert await emon("verify") == 0
    assert await emon("import", str(whole)) == 78
    assert "not empty" in emon.complained


async def test_a_log_in_a_refusal_and_a_log_out_are_in_the_trail(
    claimed_store: Store, tmp_path: Path, emon: Shell
) -> None:
    sealer = await lived(claimed_store, tmp_path, parts=1)
    for number, (deed, party) in enumerate((("refused", None), ("login", "politie"), ("logout", "politie"))):
        await claimed_store.record_login("anna", party, deed, "192.0.2.7", (1_780_000_000 + number) * 10**6)
    await sealer.finish()
    with psycopg.connect(claimed_store.url) as conn:
        entries = conn.execute(
            "SELECT deed, content::json ->> 'deed', content::json ->> 'party', content::json ->> 'address', "
            "written_by FROM audit WHERE relation = 'staff_login' ORDER BY seq"
        ).fetchall()
    assert [entry[:4] for entry in entries] == [
        ("insert", "refused", None, "192.0.2.7"),
        ("insert", "login", "politie", "192.0.2.7"),
        ("insert", "logout", "politie", "192.0.2.7"),
    ]
    assert all('"emon pool"' in entry[4] for entry in entries)
    emon.at(claimed_store.url, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("DELETE FROM staff_login WHERE deed = 'refused'")
    assert await emon("verify") == 1
    assert "staff_login [1]: the row is gone" in emon.said

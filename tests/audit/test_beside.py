"""The chain read by a process beside this one finds what it finds when it is read alone."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from emon.audit.keyring import Keyring
from emon.store.checks.verify import verify_trail
from emon.store.store import Store
from tests.audit.trail import live, lived, past_the_triggers

SCRIPT = """
import sys, msgspec
from pathlib import Path
from emon.audit.keyring import Keyring
from emon.store.checks.beside import may_fork
from emon.store.checks.verify import verify_trail
assert may_fork()
report = verify_trail(sys.argv[1], Keyring(Path(sys.argv[2])).lines(), beside_from=1)
sys.stdout.buffer.write(msgspec.json.encode(report))
"""


async def beside(url: str, folder: Path) -> dict[str, Any]:
    """In a process that runs nothing else, as the command does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, url, str(folder), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(said)
    return found


async def test_both_ways_say_the_same_of_a_sound_and_of_an_edited_trail(
    claimed_store: Store, tmp_path: Path
) -> None:
    await lived(claimed_store, tmp_path)
    await live(claimed_store, 9)  # waits to be sealed
    sound = await beside(claimed_store.url, tmp_path)
    assert sound == msgspec.to_builtins(verify_trail(claimed_store.url, Keyring(tmp_path).lines()))
    assert (sound["findings"], sound["pending"] > 0) == ([], True)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("UPDATE alert SET priority = 4")
        conn.execute("DELETE FROM delivery WHERE recipient = 'politie'")
        conn.execute("UPDATE audit SET content = '{}' WHERE seq = 9")
        conn.execute("DELETE FROM audit WHERE seq = 12")
    edited = await beside(claimed_store.url, tmp_path)
    alone = msgspec.to_builtins(verify_trail(claimed_store.url, Keyring(tmp_path).lines()))
    assert edited["findings"]
    assert order(edited) == order(alone)


def order(report: dict[str, Any]) -> dict[str, Any]:
    """The report with its findings sorted."""
    return {**report, "findings": sorted(report["findings"], key=json.dumps)}

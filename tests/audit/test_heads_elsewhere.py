"""A head that went out with a heartbeat is enough to show that the trail was written anew."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emon.alerts.channels import SendResult
from emon.alerts.outbox import Outcome
from emon.audit.heads import Head, KeyLine, LineWrong, is_signed_by, sign_head, sign_key
from emon.audit.keyring import read_heads
from emon.heartbeats import Heartbeats, heartbeat_body
from emon.model.instant import parse_instant
from emon.store.checks.verify import verify_trail
from emon.store.store import Store
from tests.audit.test_verify import ALERT, rechain
from tests.audit.trail import Clock, live, lived, past_the_triggers, said


class Kept:
    """A recipient that keeps what it gets (a channel that carries heartbeats)."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "heartbeats.jsonl"

    async def beat(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult:
        with self.file.open("ab") as file:
            file.write(body + b"\n")
        return SendResult(Outcome.DELIVERED, 200, "")


async def test_a_heartbeat_that_a_recipient_kept_shows_a_rewritten_trail(
    claimed_store: Store, tmp_path: Path
) -> None:
    sealer = await lived(claimed_store, tmp_path / "own")
    kept, clock = Kept(tmp_path), Clock()
    beats = Heartbeats(
        claimed_store,
        {"politie": kept},
        now_us=clock,
        steady_us=clock,
        judging=lambda now_us: True,
        well=lambda: True,
        trail=sealer.sent_along,
    )
    assert await beats.beat() == ["politie"]
    await live(claimed_store, 9)
    await sealer.rotate()
    assert await beats.beat() == ["politie"]
    lines = read_heads(kept.file)
    assert [type(line) for line in lines] == [KeyLine, Head, KeyLine, Head]
    heads = [line for line in lines if isinstance(line, Head)]
    assert heads[1].seq > heads[0].seq
    assert all((head.leaves, head.since) == (b"", head.seq) for head in heads)
    report = verify_trail(claimed_store.url, lines)
    assert (report.findings, report.keys) == ([], 2)

    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("UPDATE alert SET priority = 4 WHERE id = %s", (ALERT,))
        conn.execute("UPDATE escalation SET priority = 4 WHERE alert_id = %s", (ALERT,))
        conn.execute(
            "UPDATE audit SET content = replace(content, '\"priority\":1', '\"priority\":4') "
            "WHERE relation = 'alert' AND row_key = %s",
            (f'["{ALERT}"]',),
        )
        rechain(conn)
        conn.execute("DELETE FROM audit_head")
    assert verify_trail(claimed_store.url).findings == []
    report = verify_trail(claimed_store.url, lines)
    assert said(report) == [("audit", f"[{heads[0].seq}]")]
    assert "is not what a kept head signed" in report.findings[0].what


async def test_nothing_goes_along_before_the_first_head(claimed_store: Store, tmp_path: Path) -> None:
    from emon.audit.keyring import Keyring
    from emon.sealer import Sealer

    sealer = Sealer(claimed_store, Keyring(tmp_path), Clock())
    assert sealer.sent_along() is None
    body = heartbeat_body("politie", 1, 0, waiting=0, well=True, trail=sealer.sent_along())
    (tmp_path / "one.json").write_bytes(body)
    assert read_heads(tmp_path / "one.json") == []


def test_the_example_in_the_docs_is_one_of_ours(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "recipients.md").read_text("utf-8")
    (example,) = (one for one in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if '"heartbeat"' in one)
    at_us = parse_instant("2026-05-04T12:00:00Z")
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    chain = hashlib.sha256(b"docs").digest()
    head = sign_head(private, 5210, chain, since=5210, leaves=b"", at_us=at_us - 2_000_000)
    key = sign_key(private, parse_instant("2026-05-01T00:00:00Z"), None)
    trail = {"head": json.loads(head.text), "key": json.loads(key.text)}
    body = heartbeat_body("politie", 812, at_us, waiting=0, well=True, trail=trail)
    assert json.loads(example) == json.loads(body)
    (tmp_path / "kept.json").write_text(example, "utf-8")
    lines = read_heads(tmp_path / "kept.json")
    assert all(is_signed_by(line.text, key.public) for line in lines)
    assert len(lines) == 2


def test_a_heartbeat_with_something_else_for_a_head_is_refused(tmp_path: Path) -> None:
    body = {"type": "heartbeat", "data": {"audit": {"head": {"type": "nonsense"}, "key": None}}}
    (tmp_path / "kept.json").write_text(json.dumps(body))
    with pytest.raises(LineWrong):
        read_heads(tmp_path / "kept.json")

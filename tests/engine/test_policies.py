"""Replayed under another policy: rows by legal basis and by local time decide, and nothing else changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from emon.alerts.policy import DEFAULT_POLICY
from emon.policies.reader import policy_of
from tests.engine.stories import NOON_US, circle_order, fix_at, said, versions
from tests.engine.test_judgement import alerts, breaches, judged

DEPTHS_M = (260, 190, 180, 100, 90, 80, 400, 450, 500)
WALK_IN = [fix_at(east_m, 60 * i) for i, east_m in enumerate(DEPTHS_M)]
NOON = {"tz": "Europe/Amsterdam", "windows": [{"days": ["mo"], "from": "14:00", "to": "14:03"}]}


def row(**members: Any) -> dict[str, Any]:
    return {
        "name": "of its own",
        "when": {"events": ["breach"], "certainties": ["certain"]},
        "priority": 5,
        "recipients": ["om", "meldkamer_em"],
        **members,
    }


def told(policy: dict[str, Any], order: dict[str, Any]) -> list[tuple[str, int, list[str]]]:
    lines = judged(versions(order), WALK_IN, policy=policy_of(policy))
    return [(a["event"], a["priority"], a["recipients"]) for a in alerts(lines)]


def test_a_row_by_legal_basis_decides_for_that_basis_alone() -> None:
    when = {"events": ["breach"], "certainties": ["certain"], "legal_bases": ["schorsing"]}
    policy = {"rows": [row(when=when)]}
    own = circle_order(legal_basis="schorsing")
    other = circle_order(legal_basis="strafbeschikking")
    assert ("breach", 5, ["om", "meldkamer_em"]) in told(policy, own)
    assert told(policy, other) == told({}, other)
    assert breaches(judged(versions(own), WALK_IN)) == breaches(
        judged(versions(own), WALK_IN, policy=policy_of(policy))
    )


def test_a_row_by_time_decides_at_the_deciding_instant() -> None:
    """12:00 UTC is 14:00 in Amsterdam: until 14:03 the possible and the probable fall to the row."""
    when = {"events": ["breach"], "hours": NOON}
    found = told({"rows": [row(when=when, recipients=["meldkamer_em"])]}, circle_order())
    priorities = [priority for event, priority, _ in found if event == "breach"]
    assert priorities[0] == 5
    assert priorities[-1] == 1
    at = {(f["event"], f["priority"]): f["at"] for f in alerts(judged(versions(circle_order()), WALK_IN))}
    assert at[("breach", 1)] >= "2026-06-01T12:03:00.000000Z"


def test_everyone_told_hears_the_end_and_the_row_may_add_to_them() -> None:
    cleared = row(when={"events": ["breach_cleared"]}, recipients=["told", "shn"])
    policy = {"rules": {"possible": {"recipients": ["meldkamer_em", "veilig_thuis"]}}, "rows": [cleared]}
    *_, last = told(policy, circle_order())
    assert last[0] == "breach_cleared"
    assert set(last[2]) == {"meldkamer_em", "veilig_thuis", "reclassering", "politie", "shn"}


def test_devices_are_told_by_the_order_of_the_highest_risk() -> None:
    low = circle_order(id="o-1", risk="low", legal_basis="schorsing")
    high = circle_order(id="o-2", risk="high", legal_basis="strafbeschikking")
    when = {"events": ["strap_tamper"], "legal_bases": ["strafbeschikking"]}
    policy = policy_of({"rows": [row(when=when, priority=3, recipients=["om"])]})
    cut = said("strap", "cut", 60)
    (alert,) = alerts(judged(versions(low, high), [fix_at(900, 0), cut], policy=policy), "strap_tamper")
    assert (alert["priority"], alert["recipients"]) == (3, ["om"])
    (alert,) = alerts(judged(versions(low), [fix_at(900, 0), cut], policy=policy), "strap_tamper")
    assert alert["recipients"] == ["meldkamer_em"]


def test_the_command_obeys_the_file_and_names_every_fault(tmp_path: Path) -> None:
    order = circle_order()
    (tmp_path / "orders.json").write_text(json.dumps({"orders": [order]}))
    device = order.get("device") or order["devices"][0]["id"]
    strap = {"device": device, "event": "strap", "state": "cut", "seq": 9, "t": NOON_US // 1_000}
    (tmp_path / "fixes.jsonl").write_text(json.dumps(strap))
    policy = tmp_path / "policy.toml"

    def replayed(text: str) -> subprocess.CompletedProcess[str]:
        policy.write_text(text)
        files = [str(tmp_path / name) for name in ("orders.json", "fixes.jsonl")]
        command = [sys.executable, "-m", "emon", "replay", *files, "--policy", str(policy)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)

    fine = replayed('rules.strap_tamper = {priority = 5, recipients = ["shn"]}')
    (line,) = [json.loads(text) for text in fine.stdout.splitlines() if '"strap_tamper"' in text]
    assert (line["priority"], line["recipients"]) == (5, ["shn"])
    broken = replayed('rules.strap = {}\nladders.a = {rungs = [{at_s = 0, tell = ["om"]}]}')
    assert (broken.returncode, broken.stdout) == (65, "")
    assert "policy.toml: ladders.a.rungs[0].at_s: 0 is out of range" in broken.stderr
    assert "policy.toml: rules.strap: unknown rule" in broken.stderr


def test_the_default_policy_decides_on_whatever_has_an_event() -> None:
    assert {event for row in DEFAULT_POLICY.rows for event in row.when.events} >= {"breach", "platform"}

"""How the engine does on every scenario that comes with the simulator, wrong answers and all.

    python -m benchmarks.scenarios [NAME …]

Plays each offline, replays it with the engine as it stands, and judges the alerts by the scenario's own
truth. Writes one line a scenario; with names, what is wrong with each in full. The exit code is 0 whatever
the engine does: this measures, it does not test.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from emon.cli.recorded import recorded_messages
from emon.model.instant import SECOND_US
from emon.orders.document import DocumentRefused, parse_document
from emon.replay import lines_of, replay
from simulator.scenario_library import Played, played, scenario_names
from simulator.scoring.alerts import read_alerts
from simulator.scoring.judge import judge
from simulator.scoring.verdict import Judged


@dataclass(frozen=True, slots=True)
class Row:
    """``judged`` is None where the engine could not arm the orders; ``why`` says so."""

    name: str
    judged: Judged | None
    why: str = ""

    def __str__(self) -> str:
        if self.judged is None:
            return f"{self.name:40}  not armed: {self.why}"
        wrong = Counter(finding.name.value for finding in self.judged.findings)
        told = ", ".join(f"{count} {name}" for name, count in sorted(wrong.items())) or "nothing wrong"
        return f"{self.name:40}  {len(self.judged.verdicts):3} alerts, {told}"


def judged_by_engine(name: str) -> Row:
    """One scenario, played, replayed and judged."""
    scene = played(name)
    try:
        versions = parse_document(scene.orders, armed_at_us=None)
    except DocumentRefused as refused:
        return Row(name, None, str(refused.faults[0]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fixes.jsonl"
        path.write_text("\n".join(scene.fixes) + "\n", encoding="utf-8")
        received, _ = recorded_messages(str(path), "replay")
    # Time passes to the scenario's end, also where nothing is received any more: that is a silence.
    end_us = scene.start_us + round(scene.scenario.duration_s * SECOND_US)
    latest_us = max((item.received_at_us for item in received), default=end_us)
    archive = asyncio.run(replay(versions, received, until_us=max(end_us, latest_us)))
    lines = [msgspec.json.encode(line).decode() for line in lines_of(archive)]
    return Row(name, _judged(scene, lines, name))


def _judged(scene: Played, lines: list[str], name: str) -> Judged:
    alerts = f"{name}: alerts"
    return judge(scene.truth, read_alerts(lines, alerts), alerts)


def main(names: list[str]) -> int:
    rows = []
    for name in names or scenario_names():
        if name == "story":
            continue
        row = judged_by_engine(name)
        rows.append(row)
        print(row, flush=True)
        if names and row.judged is not None:
            for finding in row.judged.findings:
                print(f"    {finding.name}: {finding.sentence}")
    right = sum(row.judged is not None and row.judged.passed for row in rows)
    print(f"{right} of {len(rows)} scenarios without anything wrong")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The page of the kill harness: all runs that were kept, a row each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RUNS = Path(__file__).with_name("runs.jsonl")
PAGE = Path(__file__).resolve().parents[1] / "KILLS.md"


def keep(result: Mapping[str, Any], runs: Path = RUNS, page: Path = PAGE) -> None:
    """Add one run to those that were kept, and write the page of all."""
    with runs.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(result) + "\n")
    page.write_text(page_of([json.loads(line) for line in runs.read_text("utf-8").splitlines()]), "utf-8")


def page_of(runs: Sequence[Mapping[str, Any]]) -> str:
    """The page; faulty runs stand in it with their faults."""
    kills = sum(kills_of(run) for run in runs)
    faulty = [run for run in runs if run["faults"]]
    acknowledged, alerts = sum(run["acknowledged"] for run in runs), sum(run["alerts"] for run in runs)
    lines = [
        "# Kills under load",
        "",
        "Written by `python -m benchmarks.kills --keep`, from `benchmarks/kills/runs.jsonl`. Service,",
        "PostgreSQL with fsync and broker end by `kill -9` at random instants; a PUBACK log is held",
        "against the rows, breaches and alerts against a replay of the rows, deliveries against what the",
        "recipients got. The load is one that the machine can judge between two kills; a run's seed repeats",
        "its plan.",
        "",
        f"{kills} kills in {len(runs)} runs, {acknowledged:,} fixes acknowledged, {alerts:,} alerts; "
        f"runs with a fault: {len(faulty)}.",
        "",
        "| seed | broker | source | fixes/s | service (while starting) | database | both | broker "
        "| acknowledged | stored | alerts | deliveries | repeats at a recipient | faults |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        of = run["kills"]
        lines.append(
            f"| {run['seed']} | {run['broker']} | `{run['source']}` | {run['rate']:g} "
            f"| {of.get('service', 0)} ({of.get('service, starting', 0)}) | {of.get('database', 0)} "
            f"| {of.get('both', 0)} | {of.get('broker', 0)} | {run['acknowledged']:,} | {run['stored']:,} "
            f"| {run['alerts']:,} | {run['deliveries']:,} | {run['repeats_received']} "
            f"| {'; '.join(run['faults']) or 'none'} |"
        )
    lines += [
        "",
        "A repeat at a recipient comes under the delivery's own id and is no second alert: the service died",
        "between a receipt and its record. The more of a machine others have, the longer that takes, and the",
        "more repeats. Of each copy the harness asks whether an end of the service, or an attempt on file as",
        "not received, explains it; one that neither does is a fault of the run",
        "(`benchmarks/kills/copies.py`).",
        "",
    ]
    return "\n".join(lines)


def kills_of(run: Mapping[str, Any]) -> int:
    """How many processes were killed at an instant of the plan; those while starting come on top."""
    return sum(count for part, count in run["kills"].items() if part != "service, starting")

"""``emon-sim score``: alerts against the truth of a scenario or of generated worlds."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.commands import shell
from simulator.scenario import Scenario
from simulator.scenario_library import scenario_named
from simulator.score import score
from simulator.scoring.alerts import AlertsRefused, read_alerts
from simulator.scoring.facts import TruthRefused
from simulator.scoring.judge import judge
from simulator.scoring.of_scenario import truth_of_scenario
from simulator.scoring.reading import read_truth
from simulator.scoring.summary import WEARERS_PER_OPERATOR, summary
from simulator.scoring.verdict import Finding, Judged

_EPILOG = """\
examples:
  emon-sim score story judged.jsonl --start 2026-06-01T10:00:00Z
  emon-sim score queensland/01-walks-in judged.jsonl
  emon-sim score truth-1.jsonl judged-1.jsonl truth-2.jsonl judged-2.jsonl --findings findings.jsonl

TRUTH is a scenario (a YAML file, or a name of `emon-sim run --list`; with --start unless it has its
own), or a truth file of a generated world (NAME.jsonl, docs/simulator-score.md); of these any number of
pairs is summed up. ALERTS holds JSON Lines as `emon replay` prints them; lines of breaches give causes,
others are passed over. A file of --deliveries holds
{"alert": id, "recipient": party, "delivered_at": instant or null} a line.
Standard output gets one JSON object with everything that is wrong by name, file and line; the exit
code is 1 when there is any.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "score",
        help="judge alerts against a scenario's truth, or many worlds'",
        description="Compares the alerts that were raised with what truly happened.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "truth", metavar="TRUTH", help="a YAML file, `story`, or the truth of a world (.jsonl)"
    )
    parser.add_argument("alerts", metavar="ALERTS", help="JSON Lines, or - for standard input")
    parser.add_argument("more", nargs="*", metavar="TRUTH ALERTS", help="further pairs, for worlds")
    parser.add_argument("--start", type=shell.whole_second, metavar="T", help="second 0 of a scenario's run")
    parser.add_argument("--deliveries", type=Path, metavar="FILE", help="what reached whom, of a scenario")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap intervals (0)")
    parser.add_argument(
        "--wearers-per-operator",
        type=_above_zero,
        default=WEARERS_PER_OPERATOR,
        metavar="N",
        help="an operator's caseload, for alerts an operator-hour (%(default)g)",
    )
    parser.add_argument(
        "--findings", type=Path, metavar="FILE", help="write what is wrong there, a line each, not to stdout"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.truth.endswith(".jsonl"):
        return _worlds(args)
    if args.more:
        shell.leave(shell.EX_USAGE, "one scenario at a time; only worlds (.jsonl) are summed up")
    return _scenario(args)


def _worlds(args: argparse.Namespace) -> int:
    names = [args.truth, args.alerts, *args.more]
    if len(names) % 2:
        shell.leave(shell.EX_USAGE, f"{names[-1]} has no alerts beside it: TRUTH ALERTS come in pairs")
    if args.deliveries is not None:
        shell.leave(shell.EX_USAGE, "--deliveries goes with a scenario")
    pairs = list(zip(names[::2], names[1::2], strict=True))
    runs: list[Judged] = []
    with shell.fault_as_exit():
        for number, (truth, alerts) in enumerate(pairs, start=1):
            if not truth.endswith(".jsonl"):
                shell.leave(shell.EX_USAGE, f"{truth} is no truth of a world (.jsonl)")
            runs.append(_judged(truth, alerts))
            if len(pairs) > 1:
                shell.say(f"{number} of {len(pairs)}: {truth}, {len(runs[-1].findings)} wrong")
        found = summary(runs, args.seed, args.wearers_per_operator)
        findings = [finding for each in runs for finding in each.findings]
        shell.print_json({**found, **_told(findings, args.findings)})
    return 0 if not findings else 1


def _judged(truth: str, alerts: str) -> Judged:
    try:
        return judge(read_truth(Path(truth)), read_alerts(_text(alerts).splitlines(), alerts), alerts)
    except (TruthRefused, AlertsRefused) as fault:
        shell.leave(shell.EX_DATA, str(fault))
        raise


def _scenario(args: argparse.Namespace) -> int:
    with shell.fault_as_exit():
        scenario = scenario_named(args.truth)
        start_us = _start_us(args, scenario)
        text = _text(args.alerts)
        lines = _lines(args.alerts, text)
        deliveries = (
            None if args.deliveries is None else _lines(str(args.deliveries), _text(str(args.deliveries)))
        )
    alerts = [line for line in lines if line.get("type", "alert") == "alert"]
    try:
        facts = "expected" if scenario.truth is None else "truth"
        truth = truth_of_scenario(scenario, start_us, f"{args.truth}: {facts}")
        named = judge(truth, read_alerts(text.splitlines(), args.alerts), args.alerts)
        result = score(scenario, start_us, alerts, deliveries) if scenario.truth is None else None
    except (AlertsRefused, TruthRefused) as fault:
        shell.leave(shell.EX_DATA, str(fault))
        raise
    except (KeyError, ValueError) as fault:
        shell.leave(shell.EX_DATA, f"{args.alerts}: an alert or a delivery lacks or misstates {fault}")
        raise
    if result is None:
        return _by_truth(args, named)
    with shell.fault_as_exit():
        shell.print_json(
            {
                "expected": result.expected,
                "raised": result.raised,
                "missing": len(result.missing),
                "unexpected": len(result.unexpected),
                "missing_alerts": result.missing,
                "unexpected_alerts": result.unexpected,
                **_told(named.findings, args.findings),
            }
        )
    return 0 if result.passed and named.passed else 1


def _start_us(args: argparse.Namespace, scenario: Scenario) -> int:
    if args.start is None and not scenario.dated:
        shell.leave(shell.EX_USAGE, "a scenario without its own start needs --start T, second 0 of its run")
    return scenario.calendar.start_us if args.start is None else int(args.start)


def _by_truth(args: argparse.Namespace, named: Judged) -> int:
    """A scenario whose truth holds stays: the same figures as a world has, of one run."""
    if args.deliveries is not None:
        shell.leave(shell.EX_USAGE, "--deliveries goes with a scenario that writes `expected`")
    with shell.fault_as_exit():
        found = summary([named], args.seed, args.wearers_per_operator)
        shell.print_json({**found, **_told(named.findings, args.findings)})
    return 0 if named.passed else 1


def _told(findings: Sequence[Finding], path: Path | None) -> dict[str, Any]:
    """The findings as lines of a file, or as a member of the answer."""
    if path is None:
        return {"wrong": [asdict(finding) for finding in findings]}
    shell.write_lines(path, (json.dumps(asdict(finding)) for finding in findings))
    return {"wrong_in": str(path)}


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        shell.leave(shell.EX_DATA, f"{name}: not UTF-8: {fault.reason}")
        raise


def _lines(name: str, text: str) -> list[dict[str, Any]]:
    """JSON Lines of objects; leaves with 65 at the first line that is none."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as fault:
            shell.leave(shell.EX_DATA, f"{name}:{number}: not JSON: {fault}")
        if not isinstance(value, dict):
            shell.leave(shell.EX_DATA, f"{name}:{number}: must be an object")
        found.append(value)
    return found


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value

"""Alerts against the truth of a world: what was missed, what was false, how late, with intervals.

    truth = read_truth(Path("truth.jsonl"))
    judged = judge(truth, read_alerts(lines, "alerts.jsonl"))
    report = summary([judged])

docs/simulator-score.md says what is due, false and grey.
"""

from __future__ import annotations

from simulator.scoring.facts import Truth, TruthRefused
from simulator.scoring.reading import read_truth, truth_of_facts, truth_of_lines

__all__ = ["Truth", "TruthRefused", "read_truth", "truth_of_facts", "truth_of_lines"]

"""What becomes of a run, and where it writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from emon.model.instant import format_instant
from simulator.device import Sending, SentFix
from simulator.stopping import now_us

Say = Callable[[str], None]


@dataclass(slots=True)
class RunReport:
    """What became of a run: messages and fixes sent, fixes acknowledged by the broker.

    ``gave_up`` names the devices that found no broker; ``unsent`` counts the fixes they kept. ``fault`` is
    why there was no run at all.
    """

    messages: int = 0
    fixes: int = 0
    acknowledged: int = 0
    reconnects: int = 0
    interrupted: bool = False
    gave_up: list[str] = field(default_factory=list)
    unsent: int = 0
    fault: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "fixes": self.fixes,
            "acknowledged": self.acknowledged,
            "reconnects": self.reconnects,
            "interrupted": self.interrupted,
            "unacknowledged": self.fixes - self.acknowledged,
            "unsent": self.unsent,
            "gave_up": self.gave_up,
        }


@dataclass(slots=True)
class Output:
    """Where a run writes: the truth of each fix as it is sent, and each fix the broker acknowledged."""

    truth: IO[str] | None = None
    acks: IO[str] | None = None
    report: RunReport = field(default_factory=RunReport)

    def sent(self, sending: Sending) -> None:
        self.report.messages += 1
        self.report.fixes += len(sending.fixes)
        if self.truth is not None:
            for fix in sending.fixes:
                self.truth.write(_line(truth_of(fix)))

    def acknowledged(self, sending: Sending) -> None:
        self.report.acknowledged += len(sending.fixes)
        if self.acks is not None:
            at = format_instant(now_us())
            for fix in sending.fixes:
                line = {"device": fix.device, "seq": fix.seq, "t": fix.plain["t"], "acked_at": at}
                self.acks.write(_line(line))
            self.acks.flush()


def truth_of(fix: SentFix) -> dict[str, Any]:
    """A fix as sent beside where the wearer truly was."""
    return {
        "device": fix.device,
        "seq": fix.seq,
        "t": fix.plain["t"],
        "lon": fix.plain["lon"],
        "lat": fix.plain["lat"],
        "acc": fix.plain["acc"],
        "true_lon": round(fix.true_point[0], 7),
        "true_lat": round(fix.true_point[1], 7),
    }


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"

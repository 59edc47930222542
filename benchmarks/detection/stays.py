"""Every true stay on the wrong side with what our engine made of it: none is left out.

The breach issue's figures ask for more than a miss: how deep and how long a stay was, when somebody
heard of it as probable, when the police did, and how that stands to the first fix whose whole 95 %
circle lay inside.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from benchmarks.detection.scene import Scene, Watch
from benchmarks.detection.shown import Shown, shown
from benchmarks.detection.ways import LINE_M, lines_of, longest_line_m
from emon.model.instant import SECOND_US, parse_instant
from emon.model.vocabulary import AlertEvent, Certainty
from simulator.scoring.alerts import Told
from simulator.scoring.due import Class
from simulator.scoring.facts import BUFFER, INSIDE, NEAR, OUTSIDE, Stay
from simulator.scoring.verdict import Judged, Outcome

MET_S = 60.0  # [issue 6] "inside for at least 60 s and at least 30 m deep while reception exists"
MET_M = 30.0  # [issue 6] of a ban; "for contact: within the radius for 60 s"
FIXES_AFTER = 2  # [issue 6] "within two fixes after the 95 % circle is inside"
_AS_PRESENT = frozenset({AlertEvent.BREACH, AlertEvent.PROXIMITY})


class StayRow(msgspec.Struct):
    """Seconds count from the stay's true begin; None: never.

    ``kind`` as in the truth. ``due`` by the score's three plain fixes. ``seen``: a fix was taken in it and
    came; of a contact, by which both had a position at most 120 s old. ``overlapped``: an unrefuted breach of
    any certainty overlaps it. ``probable_s``, ``police_s``: the first alert that says probable or more, the
    first at the police. ``circle_s``: when the first fix came whose 95 % circle was all inside, ``after_s``
    when the second after that one. ``line_m``: the most that a straight line between where he truly was at
    two fixes at most 120 s apart runs inside a ban; ``line_overlapped``: an unrefuted breach overlaps the
    stay, or the part inside of a line that runs at least 100 m there. ``again_s``: when the first fix came
    that was taken after ``probable_s`` and whose circle lay inside. ``shown``: of a stay that was due and was
    missed, what its fixes showed.
    """

    kind: str
    resampled: bool
    high_risk: bool
    lasts_s: float
    deepest_m: float
    due: bool
    seen: bool
    late: bool
    overlapped: bool
    told_s: float | None = None
    probable_s: float | None = None
    police_s: float | None = None
    circle_s: float | None = None
    after_s: float | None = None
    again_s: float | None = None
    line_m: float = 0.0
    line_overlapped: bool = False
    shown: Shown | None = None

    @property
    def met(self) -> bool:
        """Deep and long enough, with reception, to be due by the breach issue's own words."""
        return self.seen and self.long_and_deep

    @property
    def lined(self) -> bool:
        """Due by the issue's second way: a line between two fixes runs far enough inside."""
        return self.kind == INSIDE and self.line_m >= LINE_M

    @property
    def long_and_deep(self) -> bool:
        return self.lasts_s >= MET_S and (self.kind == NEAR or self.deepest_m >= MET_M)


def stay_rows(scene: Scene, judged: Judged, lines: Sequence[dict[str, Any]]) -> list[StayRow]:
    """A row for each active stay but those in a buffer; ``lines`` are those of the replay."""
    watches = {(watch.order, watch.condition): watch for watch in scene.watches}
    high = {order["id"] for order in json.loads(scene.orders)["orders"] if order.get("risk") == "high"}
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for line in lines:
        if line["type"] == "breach" and not line["refuted"]:
            closed = line["closed_at"]
            span = (parse_instant(line["opened_at"]), 2**63 if closed is None else parse_instant(closed))
            spans.setdefault((line["order"], line["condition"]), []).append(span)
    return [
        _row(outcome, scene, watches.get(_key(outcome.stay)), spans.get(_key(outcome.stay), []), high)
        for outcome in judged.outcomes
        if outcome.stay.active and outcome.stay.kind != BUFFER
    ]


def _key(stay: Stay) -> tuple[str, str]:
    return stay.order, stay.condition


def _row(
    outcome: Outcome, scene: Scene, watch: Watch | None, spans: Sequence[tuple[int, int]], high: set[str]
) -> StayRow:
    stay = outcome.stay
    told = sorted(alert.at_us for alert in outcome.told)
    sure = [
        a for a in outcome.told if a.event in _AS_PRESENT and a.certainty not in (None, Certainty.POSSIBLE)
    ]
    row = StayRow(
        stay.kind,
        stay.wearer in scene.resampled,
        stay.order in high,
        (stay.to_us - stay.from_us) / SECOND_US,
        stay.deepest_m,
        outcome.of is Class.DUE,
        stay.first_fix_us is not None,
        stay.late,
        _meets((stay.from_us, stay.to_us), spans),
        (told[0] - stay.from_us) / SECOND_US if told else None,
        _first_s(sure, stay),
        None if outcome.police is None else (outcome.police.at_us - stay.from_us) / SECOND_US,
    )
    if watch is not None and stay.kind != OUTSIDE:
        row.circle_s, row.after_s = _circle(watch, stay, scene.start_us)
        if row.probable_s is not None:
            row.again_s = _again(watch, stay, scene.start_us, row.probable_s)
    if watch is not None and watch.way is not None and stay.kind == INSIDE:
        taken_s = watch.track.t_s[watch.track.active]
        lines = lines_of(watch.fence, watch.way, taken_s, stay, scene.start_us)
        row.line_m = longest_line_m(lines)
        parts = [(line.from_us, line.to_us) for line in lines if line.inside_m >= LINE_M]
        row.line_overlapped = row.overlapped or any(_meets(part, spans) for part in parts)
    missed = (row.met and not row.overlapped) or (row.lined and not row.line_overlapped)
    if stay.kind != OUTSIDE and missed:
        row.shown = shown(scene, watch, stay)
    return row


def _meets(part: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(from_us <= part[1] and part[0] <= to_us for from_us, to_us in spans)


def _first_s(alerts: Sequence[Told], stay: Stay) -> float | None:
    return min(((a.at_us - stay.from_us) / SECOND_US for a in alerts), default=None)


def _again(watch: Watch, stay: Stay, start_us: int, told_s: float) -> float | None:
    """When the first fix came that was taken after somebody was told, with its circle inside."""
    track = watch.track
    from_s, to_s = (stay.from_us - start_us) / SECOND_US, (stay.to_us - start_us) / SECOND_US
    new = (track.t_s > from_s + told_s) & (track.t_s < to_s) & (track.d_m <= -track.accuracy_m)
    return float(track.received_s[new].min()) - from_s if new.any() else None


def _circle(watch: Watch, stay: Stay, start_us: int) -> tuple[float | None, float | None]:
    """When the first fix came whose circle lay inside, and the second fix after it."""
    track = watch.track
    from_s, to_s = (stay.from_us - start_us) / SECOND_US, (stay.to_us - start_us) / SECOND_US
    within = (track.t_s >= from_s) & (track.t_s < to_s) & track.active
    whole = np.flatnonzero(within & (track.d_m <= -track.accuracy_m))
    if not whole.size:
        return None, None
    first_s = float(track.received_s[whole].min())
    later_s = np.sort(track.received_s[track.received_s > first_s])
    after_s = float(later_s[FIXES_AFTER - 1]) - from_s if later_s.size >= FIXES_AFTER else None
    return first_s - from_s, after_s

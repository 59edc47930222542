"""What the engine finds in training worlds, finding by finding, and why: the loop by which it is tuned.

    python -m benchmarks.detection.close_look --seeds 20              totals
    python -m benchmarks.detection.close_look --seeds 20 --show 20    and twenty false police calls in full

Each condition's fixes are folded in event time by the engine's own fold, without arrival, alerts and
policy; so what is counted is near to what the whole run reports and is had in a tenth of its time.
"""

from __future__ import annotations

import argparse
import bisect
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.detection.jobs import TRACKS_SUITE
from benchmarks.detection.near_worlds import NearFix, NearStay, NearWatch, near_world
from benchmarks.detection.plan import APPROACHES, DRIFT
from emon.geofence.fold import Episode, begin
from emon.geofence.walk import Walk
from emon.limits import TURNS_KEPT
from emon.model.instant import DAY_US, SECOND_US
from emon.model.vocabulary import Certainty, How
from emon.model.watch import Turn
from emon.orders.document import parse_document
from emon.state import State, initial_state, with_orders
from simulator.path import Surroundings
from simulator.suites import TRAINING_SEEDS

_FOR_EVER_US = 2**63 - 1
_SLACK_US = 60 * SECOND_US


class Rise(NamedTuple):
    """When an episode was first as certain as it ever became, by the index of the fix."""

    certainty: Certainty
    at: int


class Found(NamedTuple):
    """An episode with the steps in which its certainty rose."""

    watch: NearWatch
    episode: Episode
    rises: list[Rise]
    true: bool


def folded(watch: NearWatch, state: State) -> list[Found]:
    """All episodes of a watch, in order, each with its rises."""
    key = next(
        key for key in state.subjects if key[1] == watch.condition and _wearer(state, key) == watch.wearer
    )
    subject = state.subjects[key]
    zone = next(iter(subject.zones.values()))
    turns = tuple(Turn(at_us, still=not moving) for at_us, moving in watch.moving)
    start_us = watch.fixes[0].fix.wire.fixed_at_us - 1
    now_us = start_us

    def lately(_device: str) -> tuple[Turn, ...]:
        """The last turns by now, as the engine keeps them."""
        place = bisect.bisect_right(turns, now_us, key=lambda turn: turn.at_us)
        return turns[max(0, place - TURNS_KEPT) : place]

    walk = Walk(subject, state.geometry, begin(subject, start_us), lately)
    found: list[Found] = []
    rises: list[Rise] = []
    for at, near in enumerate(watch.fixes):
        closed_before = len(walk.closed)
        now_us = near.fix.wire.fixed_at_us
        walk.fix(near.fix, zone, near.distance_m)
        for episode in walk.closed[closed_before:]:
            own = rises if episode.how not in (How.CROSSED, How.REACHABLE) else []
            if not own or own[-1].certainty is not episode.certainty:
                own = [*own, Rise(episode.certainty, at)]
            found.append(Found(watch, episode, own, _is_true(episode, watch.stays)))
            if episode.how not in (How.CROSSED, How.REACHABLE):
                rises = []
        now = walk.result().episode
        if now is not None and (not rises or rises[-1].certainty is not now.certainty):
            rises.append(Rise(now.certainty, at))
    now = walk.result().episode
    if now is not None:
        found.append(Found(watch, now, rises, _is_true(now, watch.stays)))
    return found


def _wearer(state: State, key: tuple[str, str]) -> str:
    return state.subjects[key].wearer


def _is_true(episode: Episode, stays: Iterable[NearStay]) -> bool:
    end_us = _FOR_EVER_US if episode.closed_at_us is None else episode.closed_at_us
    return any(
        stay.from_us - _SLACK_US < end_us and episode.opened_at_us < stay.to_us + _SLACK_US for stay in stays
    )


class Tally:
    """Of many watches."""

    def __init__(self) -> None:
        self.days = 0.0
        self.false: Counter[tuple[str, str, bool]] = Counter()
        self.false_found: list[Found] = []
        self.incursion_days = 0
        self.due = self.missed = self.police = self.probable = 0
        self.missed_stays: list[tuple[NearWatch, NearStay]] = []
        self.delays_s: list[float] = []
        self.probable_delays_s: list[float] = []
        self.certain_after_s: list[float] = []
        self.deep = 0
        self.enclosed: list[bool] = []
        self.slow: list[tuple[NearWatch, NearStay]] = []

    def add(self, watch: NearWatch, found: Sequence[Found]) -> None:
        self.days += watch.days
        for each in found:
            if not each.true:
                self.false[(each.episode.how, each.episode.certainty, watch.resampled)] += 1
                self.false_found.append(each)
        days = {f.episode.opened_at_us // DAY_US for f in found if f.episode.how is How.REACHABLE}
        self.incursion_days += len(days)
        for stay in watch.stays:
            if stay.due:
                self._due(watch, stay, found)

    def _due(self, watch: NearWatch, stay: NearStay, found: Sequence[Found]) -> None:
        self.due += 1
        over = [f for f in found if f.true and _is_true(f.episode, [stay])]
        if not over:
            self.missed += 1
            self.missed_stays.append((watch, stay))
            return
        deep = stay.deepest_m >= 100.0 and stay.to_us - stay.from_us >= 180 * SECOND_US
        self.deep += deep
        told = {
            rise.certainty: watch.fixes[rise.at].fix.wire.fixed_at_us
            for f in reversed(over)
            for rise in reversed(f.rises)
        }
        first_us = min(told.values())
        self.delays_s.append((first_us - stay.from_us) / SECOND_US)
        sure_us = told.get(Certainty.CERTAIN)
        likely_us = min((told[c] for c in (Certainty.PROBABLE, Certainty.CERTAIN) if c in told), default=None)
        by_us = _two_fixes_on(watch, stay)
        if by_us is not None:
            self.enclosed.append(likely_us is not None and likely_us <= by_us)
            if not self.enclosed[-1]:
                self.slow.append((watch, stay))
        self.police += sure_us is not None
        self.probable += likely_us is not None
        if likely_us is not None:
            self.probable_delays_s.append((likely_us - stay.from_us) / SECOND_US)
        if deep:
            if sure_us is None or likely_us is None:
                self.certain_after_s.append(np.inf)
            else:
                self.certain_after_s.append((sure_us - likely_us) / SECOND_US)

    def lines(self) -> list[str]:
        incursions = self.incursion_days / max(self.days, 1e-9)
        out = [f"days {self.days:.0f}  due {self.due}  incursions, one a day: {incursions:.3f} a day"]
        if self.due:
            after = np.array(self.certain_after_s)
            out.append(
                f"missed {self.missed} ({self.missed / self.due:.1%})"
                f"  probable {self.probable / self.due:.1%}"
                f"  police {self.police / self.due:.1%}  first, s {_middle(self.delays_s)}"
                f"  probable, s {_middle(self.probable_delays_s)}"
                f"  deep {self.deep}: certain within 75 s {np.mean(after <= 75.0) if len(after) else 0:.1%}"
            )
            out.append(
                f"claim wholly inside in {len(self.enclosed)}: probable by the second fix after it"
                f" {np.mean(self.enclosed) if self.enclosed else 0:.1%}"
            )
        for (how, certainty, resampled), count in sorted(self.false.items()):
            rate = count / max(self.days, 1e-9)
            of = "recorded" if resampled else "modelled"
            out.append(f"false {how:9} {certainty:8} {of} {count:6}  {rate:.4f} a day")
        return out


def _two_fixes_on(watch: NearWatch, stay: NearStay) -> int | None:
    """When the second fix was taken after the first of a stay whose claim lies wholly inside; None: it has
    no such fix, or ended before."""
    times = [near.fix.wire.fixed_at_us for near in watch.fixes]
    low, high = bisect.bisect_left(times, stay.from_us), bisect.bisect_right(times, stay.to_us)
    for at in range(low, high):
        near = watch.fixes[at]
        if near.distance_m <= -near.fix.wire.accuracy_m:
            return times[at + 2] if at + 2 < high else None
    return None


def _middle(values: list[float]) -> str:
    if not values:
        return "-"
    return " / ".join(f"{np.quantile(values, q):.0f}" for q in (0.5, 0.9))


def told_of(found: Found, before: int = 6, after: int = 4) -> str:
    """The fixes about an episode, a line each."""
    watch, episode = found.watch, found.episode
    name = f"{watch.wearer} {watch.condition} {watch.receiver}"
    span_s = ((episode.closed_at_us or episode.opened_at_us) - episode.opened_at_us) / SECOND_US
    head = f"{name}: {episode.how} {episode.certainty} {span_s:.0f} s, deepest {episode.deepest_m:.0f} m"
    lines = [head]
    opened = next(i for i, n in enumerate(watch.fixes) if n.fix.wire.fixed_at_us >= episode.opened_at_us)
    last = max([opened, *(rise.at for rise in found.rises)])
    for i in range(max(0, opened - before), min(len(watch.fixes), last + after)):
        lines.append(_line(watch.fixes[i], episode.opened_at_us, [r for r in found.rises if r.at == i]))
    return "\n".join(lines)


def _line(near: NearFix, from_us: int, rises: list[Rise]) -> str:
    wire = near.fix.wire
    around = Surroundings(near.around).name.lower() if near.around >= 0 else ""
    marks = " ".join(rise.certainty.value for rise in rises)
    speed_m_s = -1.0 if wire.speed_m_s is None else wire.speed_m_s
    return (
        f"  {(wire.fixed_at_us - from_us) / SECOND_US:8.0f} s"
        f"  d {near.distance_m:8.1f}  true {near.true_m:8.1f}"
        f"  acc {wire.accuracy_m:7.1f} {wire.source.value:5} spd {speed_m_s:5.1f}"
        f" v {near.speed_m_s:5.1f} {around:8} {marks}"
    )


def looked(names: Sequence[str], seeds: Sequence[int]) -> Tally:
    tally = Tally()
    for seed in seeds:
        for name in names:
            watches = near_world(name, seed)
            if not watches:
                continue
            state = state_of(watches[0])
            for watch in watches:
                tally.add(watch, folded(watch, state))
    return tally


def state_of(watch: NearWatch) -> State:
    versions = parse_document(watch.orders, armed_at_us=None)
    first_us = min(version.valid_from_us for version in versions)
    return with_orders(initial_state(first_us - 1), list(enumerate(versions, start=1)))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="training seeds (10)")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="so many false findings in full")
    parser.add_argument("--least", default="certain", help="of at least this certainty (certain)")
    parser.add_argument("--slow", type=int, default=0, metavar="N", help="so many told late, in full")
    parser.add_argument("--missed", action="store_true", help="the due breaches that were missed, in full")
    args = parser.parse_args()
    seeds = TRAINING_SEEDS[: args.seeds]
    quiet = looked([DRIFT], seeds)
    broken = looked(APPROACHES, seeds)
    real = looked([TRACKS_SUITE], seeds[:1])
    for title, tally in (("kept", quiet), ("broken", broken), ("recorded tracks", real)):
        print(f"== {title}", *tally.lines(), sep="\n")
    least = Certainty(args.least)
    shown = [f for t in (real, quiet) for f in t.false_found if f.episode.certainty.level >= least.level]
    for found in shown[: args.show]:
        print(told_of(found))
    for watch, stay in broken.slow[: args.slow]:
        print(_missed(watch, stay, "slow"))
    if args.missed:
        for watch, stay in broken.missed_stays:
            print(_missed(watch, stay))
    return 0


def _missed(watch: NearWatch, stay: NearStay, word: str = "missed") -> str:
    span_s = (stay.to_us - stay.from_us) / SECOND_US
    lines = [f"{word}: {watch.wearer} {watch.receiver} {span_s:.0f} s, deepest {stay.deepest_m:.0f} m"]
    for near in watch.fixes:
        if stay.from_us - 3 * _SLACK_US <= near.fix.wire.fixed_at_us <= stay.to_us + 3 * _SLACK_US:
            lines.append(_line(near, stay.from_us, []))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""What each rule tells of a scene, as alerts that the score can judge.

A rival has one kind of alert: somebody came in (or crossed, or for a curfew left). It goes to
everybody, at the instant at which the fix that decided it was received. What it says of leaving
is no alert. Our engine's alerts are those of ``emon replay`` under the default policy; its
second operating point is a cut through the same alerts, by their certainty.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

from benchmarks.detection.rivals import RULES, Rule
from benchmarks.detection.scene import Scene
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, Party
from emon.orders.document import DocumentRefused, parse_document
from emon.replay import lines_of, replay
from simulator.scoring.alerts import Told, read_alerts

EVERYBODY = (Party.POLITIE, Party.RECLASSERING, Party.MELDKAMER_EM)
OURS = "emon"
CUTS: dict[str, Certainty] = {f"{OURS}, probable or certain": Certainty.PROBABLE}
"""Operating points of ours beside everything it tells.

A cut at ``certain`` is none: where everybody heard of it as probable, that it became certain is no alert.
"""
_SUSPECTED = frozenset(
    {AlertEvent.BREACH, AlertEvent.PROXIMITY, AlertEvent.HISTORIC_BREACH, AlertEvent.POSSIBLE_INCURSION}
)


class Ablation(NamedTuple):
    """The engine without one of its parts: ``overrides`` are (module, name, value) for this process alone."""

    name: str
    means: str
    overrides: tuple[tuple[str, str, Any], ...]


ABLATIONS = (
    Ablation(
        "without swept path",
        "The way between fixes is not looked at, nor what was in reach in a gap: fixes inside alone count.",
        (("emon.geofence.walk", "Walk._way", lambda *_: None),),
    ),
    Ablation(
        "without correlation",
        "Errors of neighbouring fixes count as independent: the part that agreement cannot remove is nil.",
        (("emon.geofence.evidence", "COMMON_ERROR_SIGMA_M", 0.0),),
    ),
    Ablation(
        "without reflections",
        "Two deep fixes are certain, though one error may have led both aside.",
        (("emon.geofence.agreement", "_aside", lambda *_: False),),
    ),
    Ablation(
        "without motion",
        "No fix is implausible, however fast the wearer would have had to travel to it.",
        (("emon.ingest.admit", "PLAUSIBLE_SPEED_MAX_M_S", 1e9),),
    ),
    Ablation(
        "without the accuracy floor",
        "A receiver's claim is believed however good it is.",
        (("emon.geofence.evidence", "ACCURACY_FLOOR_M", 0.0),),
    ),
)


class Unjudged(Exception):
    """Our engine refuses the orders of this scene; the sentence is its own."""


@contextmanager
def without(ablation: Ablation | None) -> Iterator[None]:
    """The engine of this process without a part. Raises ``AttributeError`` where it has no such part."""
    kept: list[tuple[Any, str, Any]] = []
    try:
        for module, dotted, value in () if ablation is None else ablation.overrides:
            owner: Any = import_module(module)
            *path, name = dotted.split(".")
            for step in path:
                owner = getattr(owner, step)
            kept.append((owner, name, getattr(owner, name)))
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in reversed(kept):
            setattr(owner, name, value)


def possible(ablation: Ablation) -> bool:
    """Whether this version of the engine has the part."""
    try:
        with without(ablation):
            return True
    except (AttributeError, ImportError):
        return False


def ours(scene: Scene, ablation: Ablation | None = None) -> list[Told]:
    """All alerts of our engine. Raises ``Unjudged``."""
    return told_in(replayed(scene, ablation))


def told_in(lines: Sequence[dict[str, Any]]) -> list[Told]:
    """The alerts among the lines of a replay."""
    return read_alerts(map(json.dumps, lines), "alerts")


def replayed(scene: Scene, ablation: Ablation | None = None) -> list[dict[str, Any]]:
    """The lines of ``emon replay``. Raises ``Unjudged``."""
    try:
        versions = parse_document(scene.orders, armed_at_us=None)
    except DocumentRefused as refused:
        raise Unjudged(str(refused).splitlines()[0]) from refused
    with without(ablation):
        archive = asyncio.run(replay(versions, scene.received, until_us=scene.until_us))
    return list(lines_of(archive))


def cut(alerts: Sequence[Told], least: Certainty) -> list[Told]:
    """Those of at least this certainty; alerts that bear none (device, silence) stay."""
    return [
        alert
        for alert in alerts
        if alert.event not in _SUSPECTED or (alert.certainty and alert.certainty.level >= least.level)
    ]


def theirs(scene: Scene, rule: Rule, parameters: Any) -> list[Told]:
    """The alerts of a rival over every condition that has a zone."""
    told: list[Told] = []
    for watch in scene.watches:
        for event in rule.apply(watch.track, watch.fence, parameters):
            if event.what == "exit":
                continue
            number = len(told) + 1
            told.append(
                Told(
                    number,
                    f"{number:016x}",
                    AlertEvent.BREACH,
                    scene.start_us + round(float(watch.track.received_s[event.fix]) * SECOND_US),
                    EVERYBODY,
                    f"{number:016x}",
                    watch.order,
                    watch.condition,
                    None,
                    watch.device,
                    watch.wearer,
                    None,
                    scene.start_us + round(event.t_s * SECOND_US),
                )
            )
    return told


def keys_of(rule: Rule) -> dict[str, Any]:
    """A name for each point of the grid: ``traccar#17``."""
    return {f"{rule.name}#{number}": parameters for number, parameters in enumerate(rule.grid)}


def default_key(rule: Rule) -> str:
    return f"{rule.name}#{rule.grid.index(rule.default)}"


def rule_of(key: str) -> Rule:
    """The rival a key belongs to. Raises ``StopIteration`` for ours."""
    return next(rule for rule in RULES if rule.name == key.split("#")[0])


def words_of(key: str) -> str:
    """What a key's parameters are, by what differs from the defaults."""
    if "#" not in key:
        return key
    rule = rule_of(key)
    parameters = keys_of(rule)[key]
    changed = [
        f"{name} {_word(value)}"
        for name, value in parameters._asdict().items()
        if value != rule.default._asdict()[name]
    ]
    return ", ".join(changed) or "as it comes"


def _word(value: Any) -> str:
    if isinstance(value, frozenset):
        return "+".join(sorted(value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)

"""The scenarios that come with the simulator, played once: alerted, said to be blind, or missed."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import msgspec

from benchmarks.detection.engines import EVERYBODY, OURS, Unjudged, keys_of, ours, rule_of, theirs
from benchmarks.detection.scene import scene_of_scenario
from emon.model.vocabulary import AlertEvent
from simulator.scenario_library import scenario_named, scenario_names
from simulator.scoring.alerts import Told
from simulator.scoring.due import Class
from simulator.scoring.facts import MUST_NOT, Truth
from simulator.scoring.judge import judge
from simulator.scoring.verdict import Word

TRIAL = "queensland/"
_BLIND = frozenset(
    {AlertEvent.SILENCE, AlertEvent.NO_POSITION, AlertEvent.OUTAGE, AlertEvent.POSSIBLE_INCURSION}
)
_OF_PLACES = frozenset({AlertEvent.BREACH, AlertEvent.HISTORIC_BREACH, AlertEvent.PROXIMITY})
NOT_JUDGED = "not judged by this version"
NO_RULE = "has no rule for it"


class Answer(msgspec.Struct, frozen=True):
    """What one rule made of one scenario. ``why`` says why it took no part."""

    due: int = 0
    met: int = 0
    blind: int = 0
    said_blind: int = 0
    false: int = 0
    why: str = ""

    @property
    def word(self) -> str:
        """``alerted``, ``missed`` and so on, with false alerts behind."""
        if self.why:
            return NO_RULE if self.why == NO_RULE else NOT_JUDGED
        if self.due:
            told = (
                "alerted" if self.met == self.due else f"{self.met} of {self.due}" if self.met else "missed"
            )
        elif self.blind:
            told = "said blind" if self.said_blind else "blind, unsaid"
        else:
            told = "quiet" if not self.false else ""
        false = f"{self.false} false" if self.false else ""
        return ", ".join(part for part in (told, false) if part)

    @property
    def succeeds(self) -> bool:
        return not self.why and not self.false and self.met == self.due and self.said_blind == self.blind


class Staged(NamedTuple):
    name: str
    title: str
    answers: dict[str, Answer]


def trial_names() -> list[str]:
    return [name for name in scenario_names() if name.startswith(TRIAL)]


def staged(name: str, keys: tuple[str, ...]) -> Staged:
    """One scenario under ours and the rivals named by ``keys``."""
    scene = scene_of_scenario(name)
    answers: dict[str, Answer] = {}
    try:
        answers[OURS] = answer(scene.truth, ours(scene))
    except Unjudged as why:
        answers[OURS] = Answer(why=str(why))
    lenient = for_rivals(scene.truth)
    for key in keys:
        rule = rule_of(key)
        answers[key] = answer(lenient, theirs(scene, rule, keys_of(rule)[key]), rival=True)
    return Staged(name, scenario_named(name).title or name, answers)


def for_rivals(truth: Truth) -> Truth:
    """The truth as a rule may meet it that knows one alert and one audience.

    Whom a ruling names is not asked, nor how sure one must be, nor whether it is told as history; that
    something is over, which our own alerts must tell, is not asked at all.
    """
    rulings = [
        replace(ruling, event=AlertEvent.BREACH, recipients=frozenset(EVERYBODY), certainty=None)
        if ruling.kind != MUST_NOT and ruling.event in _OF_PLACES
        else ruling
        for ruling in truth.rulings
        if ruling.event is not AlertEvent.BREACH_CLEARED
        and not (ruling.kind == MUST_NOT and ruling.recipients)
    ]
    return replace(truth, rulings=tuple(rulings))


def answer(truth: Truth, alerts: list[Told], *, rival: bool = False) -> Answer:
    """Everything due, stays and rulings alike; alerts of which the truth says nothing count nowhere."""
    judged = judge(truth, alerts)
    due = [outcome for outcome in judged.outcomes if outcome.of is Class.DUE]
    blind = [outcome for outcome in judged.outcomes if outcome.of is Class.BLIND]
    told = [outcome for outcome in blind if outcome.told or _says_blind(alerts, outcome.stay.wearer)]
    musts = judged.musts
    of_places = [ruling for ruling, _ in musts if ruling.event in _OF_PLACES]
    return Answer(
        len(due) + len(musts),
        sum(outcome.first is not None for outcome in due) + sum(one is not None for _, one in musts),
        len(blind),
        len(told),
        sum(verdict.word is Word.FALSE for verdict in judged.verdicts),
        NO_RULE if rival and musts and not due and not of_places else "",
    )


def _says_blind(alerts: list[Told], wearer: str) -> bool:
    return any(alert.event in _BLIND and alert.wearer in ("", wearer) for alert in alerts)

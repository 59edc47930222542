"""Hold the alerts of one run against its truth (docs/simulator-score.md, section by section)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from simulator.limits import DUE_LATE_S
from simulator.scoring.alerts import Told
from simulator.scoring.contradictions import OF_NOBODY, forbids
from simulator.scoring.due import Class, class_of, counted_stay
from simulator.scoring.facts import MAY, MUST, MUST_NOT, Ruling, Seen, Stay, Truth
from simulator.scoring.matching import Key, differences, key_of_ruling, match
from simulator.scoring.naming import Wrong, wrong_with
from simulator.scoring.places import KINDS, Places
from simulator.scoring.sentences import of_alert, of_fact
from simulator.scoring.verdict import Finding, Judged, Name, Outcome, Verdict, Word

_ALWAYS_COMPLETE = frozenset(
    {
        AlertEvent.BREACH,
        AlertEvent.PROXIMITY,
        AlertEvent.HISTORIC_BREACH,
        AlertEvent.POSSIBLE_INCURSION,
        AlertEvent.BREACH_CLEARED,
    }
)

_PRESENT = frozenset({AlertEvent.BREACH, AlertEvent.PROXIMITY})

_NEVER_DISPATCHED = frozenset({AlertEvent.HISTORIC_BREACH, AlertEvent.POSSIBLE_INCURSION})
"""What is over, or only could have been, sends no car (contract, section 3)."""


def judge(truth: Truth, alerts: Sequence[Told], alerts_name: str = "alerts") -> Judged:
    """Every alert's verdict, what came of everything due, and all that is wrong by name and line."""
    return _Run(truth, alerts, alerts_name).judged()


class _Run:
    def __init__(self, truth: Truth, alerts: Sequence[Told], alerts_name: str) -> None:
        self.truth, self.name = truth, alerts_name
        self.alerts = sorted(alerts, key=lambda alert: (alert.at_us, alert.id, alert.line))
        self.outcomes = _outcomes(truth)
        self.places = Places(self.outcomes)
        self.findings: list[Finding] = []
        self.verdicts: list[Verdict] = []
        self.owners, self.devices = truth.wearer_of_order(), truth.wearer_of_device()
        self.wearers = [self._wearer(alert) for alert in self.alerts]
        self.musts = [ruling for ruling in truth.rulings if ruling.kind == MUST]
        self.bans = [ruling for ruling in truth.rulings if ruling.kind == MUST_NOT]
        self.must_of, self.of_must, self.of_may = self._matched()
        self.ruled = self._ruled()
        self.by_breach: dict[str, list[tuple[Told, Outcome | None]]] = defaultdict(list)
        self.cleared: set[tuple[str, frozenset[Party]]] = set()

    def judged(self) -> Judged:
        unborne: list[tuple[int, Name | None]] = []
        for number, alert in enumerate(self.alerts):
            word, name = self._verdict(number, alert)
            self.verdicts.append(Verdict(alert, word, self.wearers[number], name))
            if word is Word.FALSE:
                unborne.append((number, name))
        self._carry_on()
        self._name_the_false(unborne)
        self._name_the_missed()
        musts = [
            (ruling, self.alerts[self.must_of[n]] if n in self.must_of else None)
            for n, ruling in enumerate(self.musts)
        ]
        self.findings.sort(key=lambda finding: (finding.name, finding.where, finding.sentence))
        return Judged(self.truth, self.name, self.verdicts, self.outcomes, musts, self.findings)

    # --- before the first verdict -------------------------------------------------------------

    def _wearer(self, alert: Told) -> str:
        return self.owners.get(alert.order) or self.devices.get(alert.device) or alert.wearer

    def _matched(self) -> tuple[dict[int, int], dict[int, int], set[int]]:
        """Rulings to alerts: what must be first, so that what may be never takes what a must needs."""
        numbered = [(n, alert, self.wearers[n]) for n, alert in enumerate(self.alerts)]
        must_of, of_must = match(self.musts, numbered)
        mays = [ruling for ruling in self.truth.rulings if ruling.kind == MAY]
        _, of_may = match(mays, [each for each in numbered if each[0] not in of_must])
        return must_of, of_must, set(of_may)

    def _ruled(self) -> dict[Key, list[Ruling]]:
        found: dict[Key, list[Ruling]] = defaultdict(list)
        for ruling in self.truth.rulings:
            if ruling.kind != MUST_NOT:
                found[key_of_ruling(ruling)].append(ruling)
        return found

    # --- one alert ----------------------------------------------------------------------------

    def _verdict(self, number: int, alert: Told) -> tuple[Word, Name | None]:
        wearer = self.wearers[number]
        if self._mistaken_person(alert):
            return Word.FALSE, Name.WRONG_WEARER
        if any(
            ban.from_us <= alert.at_us <= ban.by_us
            and forbids(ban, alert.event, wearer, alert.order, alert.condition, frozenset(alert.recipients))
            for ban in self.bans
        ):
            return Word.FALSE, Name.FORBIDDEN
        outcome = self.places.find(wearer, alert) if alert.event in KINDS else None
        by_stay = self._of_stay(alert, outcome)
        if alert.breach and alert.event is not AlertEvent.BREACH_CLEARED:
            self.by_breach[alert.breach].append((alert, outcome))
        if number in self.of_must:
            return Word.RIGHT, None
        if number in self.of_may:
            return Word.GREY, None
        rulings = self.ruled.get((wearer, alert.order, alert.condition, alert.event))
        if rulings:
            twice = any(not differences(ruling, alert, wearer) for ruling in rulings)
            return (Word.DOUBLED, Name.DOUBLED) if twice else (Word.FALSE, None)
        if alert.event is AlertEvent.BREACH_CLEARED:
            return self._clearing(alert)
        if by_stay is not None:
            return by_stay
        return (Word.FALSE, None) if self._is_complete(wearer, alert) else (Word.UNJUDGED, None)

    def _mistaken_person(self, alert: Told) -> bool:
        """The alert's own wearer or device is another's than the order's."""
        owner = self.owners.get(alert.order)
        if owner is None:
            return False
        bearer = None if alert.event is AlertEvent.PROXIMITY else self.devices.get(alert.device)
        return any(other not in (None, "", owner) for other in (alert.wearer, bearer))

    def _is_complete(self, wearer: str, alert: Told) -> bool:
        known = self.truth.wearers.get(wearer)
        if alert.event in _ALWAYS_COMPLETE:
            return True
        if alert.event is AlertEvent.APPROACH and self.places.has_buffer(wearer, alert):
            return True
        if known is None and alert.event in OF_NOBODY and not wearer:
            return all(alert.event in each.complete for each in self.truth.wearers.values())
        return known is not None and alert.event in known.complete

    def _of_stay(self, alert: Told, outcome: Outcome | None) -> tuple[Word, Name | None] | None:
        if outcome is None:
            return None
        stay = outcome.stay
        if alert.event in _NEVER_DISPATCHED and Party.POLITIE in alert.recipients:
            return Word.FALSE, Name.WRONG_RECIPIENTS
        if alert.event in (AlertEvent.POSSIBLE_INCURSION, AlertEvent.APPROACH):
            return Word.GREY, None
        past = alert.event is AlertEvent.HISTORIC_BREACH
        if stay.late and not past and alert.at_us > stay.to_us:
            # Told as going on, though all that showed it came when it was over.
            return Word.FALSE, Name.WRONG_KIND
        first = not outcome.told
        raised = _raises(outcome, alert)
        outcome.told.append(alert)
        if past and not stay.late:
            return (Word.GREY, None) if raised else (Word.DOUBLED, Name.DOUBLED)
        if outcome.first is None:
            outcome.first = alert
            self._note_time(outcome, alert)
        if outcome.police is None and Party.POLITIE in alert.recipients:
            outcome.police = alert
        if not raised:
            return Word.DOUBLED, Name.DOUBLED
        if outcome.of is not Class.DUE:
            return Word.GREY, None
        return (Word.RIGHT if first else Word.STEP), None

    def _note_time(self, outcome: Outcome, alert: Told) -> None:
        stay = outcome.stay
        if alert.at_us < stay.from_us:
            early_s = (stay.from_us - alert.at_us) / SECOND_US
            self._find(Name.EARLY, alert, f"{early_s:g} s before the stay began", stay)
        if stay.shown_us is not None and alert.at_us > stay.shown_us + DUE_LATE_S * SECOND_US:
            late_s = (alert.at_us - stay.shown_us) / SECOND_US
            self._find(Name.LATE, alert, f"{late_s:g} s after it was plain; {DUE_LATE_S} s are allowed", stay)

    def _clearing(self, alert: Told) -> tuple[Word, Name | None]:
        told = self.by_breach.get(alert.breach, [])
        if not told:
            return Word.FALSE, Name.CLEARED_NOTHING
        key = (alert.breach, frozenset(alert.recipients))
        if key in self.cleared:
            return Word.DOUBLED, Name.DOUBLED
        self.cleared.add(key)
        stay = next((outcome.stay for _, outcome in reversed(told) if outcome is not None), None)
        if stay is not None and stay.active and stay.from_us <= alert.at_us < stay.to_us:
            return Word.FALSE, Name.CLEARED_TOO_SOON
        return Word.RIGHT, None

    def _carry_on(self) -> None:
        """Find due stays through which a breach told before went on: he had stepped out for a moment, as the
        truth knows and no fix showed, and everybody who was told still holds him to be there."""
        for outcome in self.outcomes:
            stay = outcome.stay
            if not _is_missed(outcome) or stay.late:
                continue
            known = [
                alert
                for alert, wearer in zip(self.alerts, self.wearers, strict=True)
                if (wearer, alert.order, alert.condition) == (stay.wearer, stay.order, stay.condition)
                and alert.event in _PRESENT
                and stay.kind in KINDS[alert.event]
                and _goes_on(alert, stay)
            ]
            if known:
                outcome.carried, outcome.first = True, known[0]
                outcome.told += known
                outcome.police = next((a for a in known if Party.POLITIE in a.recipients), None)

    # --- names --------------------------------------------------------------------------------

    def _name_the_false(self, unborne: Sequence[tuple[int, Name | None]]) -> None:
        missed = [outcome.stay for outcome in self.outcomes if _is_missed(outcome)]
        met = [o.stay for o in self.outcomes if o.of is not Class.INACTIVE and not _is_missed(o)]
        absent: list[Stay | Ruling] = [r for n, r in enumerate(self.musts) if n not in self.must_of]
        present: list[Stay | Ruling] = [r for n, r in enumerate(self.musts) if n in self.must_of]
        for number, name in unborne:
            alert, wearer = self.alerts[number], self.wearers[number]
            wrong = Wrong(name, None) if name is not None else None
            if wrong is None and (asleep := self.places.suspended(wearer, alert)) is not None:
                wrong = Wrong(Name.SUSPENDED, asleep.stay)
            if wrong is None:
                wrong = wrong_with(alert, wearer, [*absent, *missed], [*present, *met])
            self.verdicts[number] = Verdict(alert, Word.FALSE, wearer, wrong.name)
            self._find(wrong.name, alert, _why(wrong), wrong.fact)
        for verdict in self.verdicts:
            if verdict.word is Word.DOUBLED:
                self._find(Name.DOUBLED, verdict.alert, "told already, and adds nothing", None)

    def _name_the_missed(self) -> None:
        for outcome in self.outcomes:
            stay = outcome.stay
            if _is_missed(outcome):
                self._miss(stay, outcome.told)
            short = stay.recipients - outcome.recipients
            if outcome.first is not None and short:
                never = f"never told {', '.join(sorted(short))}"
                self._find(Name.WRONG_RECIPIENTS, outcome.first, never, stay)
        for number, ruling in enumerate(self.musts):
            if number not in self.must_of:
                self._miss(ruling, [])

    def _miss(self, fact: Stay | Ruling, told: Sequence[Told]) -> None:
        where = f"{self.truth.name}:{fact.line}"
        instead = [finding for finding in self.findings if finding.against == where]
        as_past = f"; told as history by {self.name}:{told[0].line}" if told else ""
        other = f"; see {instead[0].where} ({instead[0].name})" if instead else as_past
        self.findings.append(Finding(Name.MISSING, where, f"{of_fact(fact)}{other}"))
        for alert in told:
            self._find(Name.WRONG_KIND, alert, "told as history, though it was plain while it went on", fact)

    def _find(self, name: Name, alert: Told, why: str, fact: Stay | Ruling | None) -> None:
        against = "" if fact is None else f"{self.truth.name}:{fact.line}"
        sentence = f"{of_alert(alert)}: {why}" + (f" ({against})" if against else "")
        self.findings.append(Finding(name, f"{self.name}:{alert.line}", sentence, against))


def _outcomes(truth: Truth) -> list[Outcome]:
    seen: dict[str, list[Seen]] = defaultdict(list)
    for stretch in sorted(truth.seen, key=lambda each: each.from_us):
        seen[stretch.wearer].append(stretch)
    counted = [counted_stay(stay, seen[stay.wearer]) for stay in truth.stays]
    return [Outcome(stay, class_of(stay)) for stay in counted]


def _raises(outcome: Outcome, alert: Told) -> bool:
    """Whether it tells somebody new, is surer than all before, or is the first."""
    if not outcome.told:
        return True
    if set(alert.recipients) - outcome.recipients:
        return True
    level = -1 if alert.certainty is None else alert.certainty.level
    before = max(-1 if each.certainty is None else each.certainty.level for each in outcome.told)
    present = alert.event is not AlertEvent.HISTORIC_BREACH
    return level > before or (present and all(e.event is AlertEvent.HISTORIC_BREACH for e in outcome.told))


def _goes_on(alert: Told, stay: Stay) -> bool:
    """Whether the alert's breach, which stands, began before a stay, was told by its end, went on in it."""
    if not alert.stands or alert.opened_us is None or alert.opened_us > stay.from_us:
        return False
    return alert.at_us <= stay.to_us and (alert.closed_us is None or alert.closed_us > stay.from_us)


def _is_missed(outcome: Outcome) -> bool:
    return outcome.of is Class.DUE and outcome.first is None


def _why(wrong: Wrong) -> str:
    if wrong.name in (Name.EARLY, Name.LATE):
        side = "before" if wrong.off_us < 0 else "after the end of"
        return f"{abs(wrong.off_us) / SECOND_US:g} s {side} what was due"
    return _WHY[wrong.name]


_WHY = {
    Name.WRONG_KIND: "of the wrong kind",
    Name.WRONG_RECIPIENTS: "told to the wrong recipients",
    Name.WRONG_CERTAINTY: "of the wrong certainty",
    Name.WRONG_ORDER: "names the wrong order",
    Name.WRONG_CONDITION: "names the wrong condition",
    Name.WRONG_WEARER: "names the wrong wearer",
    Name.SUSPENDED: "the condition did not hold",
    Name.FORBIDDEN: "must not be told",
    Name.UNFOUNDED: "nothing of the kind happened",
    Name.CLEARED_TOO_SOON: "cleared while the stay went on",
    Name.CLEARED_NOTHING: "clears what was never told",
}

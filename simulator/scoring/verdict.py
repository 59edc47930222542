"""What the score says of each alert and of each fact that was due."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from emon.model.vocabulary import Party
from simulator.scoring.alerts import Told
from simulator.scoring.due import Class
from simulator.scoring.facts import Ruling, Stay, Truth


class Word(StrEnum):
    """Of an alert. Right and step are due; grey is true; doubled is true and was told already."""

    RIGHT = "right"
    STEP = "step"
    GREY = "grey"
    DOUBLED = "doubled"
    FALSE = "false"
    UNJUDGED = "unjudged"


class Name(StrEnum):
    """What is wrong, by name."""

    MISSING = "missing"
    LATE = "late"
    EARLY = "early"
    DOUBLED = "doubled"
    WRONG_KIND = "wrong_kind"
    WRONG_RECIPIENTS = "wrong_recipients"
    WRONG_CERTAINTY = "wrong_certainty"
    WRONG_ORDER = "wrong_order"
    WRONG_CONDITION = "wrong_condition"
    WRONG_WEARER = "wrong_wearer"
    SUSPENDED = "suspended"
    FORBIDDEN = "forbidden"
    UNFOUNDED = "unfounded"
    CLEARED_TOO_SOON = "cleared_too_soon"
    CLEARED_NOTHING = "cleared_nothing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where it stands (``FILE:LINE``), and what it was held against."""

    name: Name
    where: str
    sentence: str
    against: str = ""


@dataclass(slots=True)
class Outcome:
    """One stay that the truth knows, and what was told of it. ``first`` counts for its class alone.

    ``carried``: nothing was told in it, because a breach that was told before went on through it.
    """

    stay: Stay
    of: Class
    told: list[Told] = field(default_factory=list)
    first: Told | None = None
    police: Told | None = None
    carried: bool = False

    @property
    def recipients(self) -> frozenset[Party]:
        return frozenset(party for alert in self.told for party in alert.recipients)


@dataclass(frozen=True, slots=True)
class Verdict:
    alert: Told
    word: Word
    wearer: str
    name: Name | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One run: a truth, its alerts' verdicts, and what came of each stay and each ruling."""

    truth: Truth
    alerts_name: str
    verdicts: list[Verdict]
    outcomes: list[Outcome]
    musts: list[tuple[Ruling, Told | None]]
    findings: list[Finding]

    @property
    def passed(self) -> bool:
        """Nothing missing, nothing false, nothing doubled, nothing late."""
        return not self.findings

"""What a world says that truly happened, one fact a line (docs/simulator-score.md).

Instants are microseconds UTC, distances metres. ``line`` is where a fact stands in its file, 0 for one
that was made in memory. A fact knows nothing of any engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emon.model.vocabulary import AlertEvent, Certainty, Party

INSIDE, OUTSIDE, NEAR, BUFFER = "inside", "outside", "near", "buffer"
STAYS = (INSIDE, OUTSIDE, NEAR, BUFFER)
MUST, MAY, MUST_NOT = "must", "may", "must_not"
RULINGS = (MUST, MAY, MUST_NOT)


@dataclass(frozen=True, slots=True)
class World:
    """Whose truth this is; both only for reports."""

    name: str = ""
    seed: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Wearer:
    """``days`` for which he was watched; ``complete``: events of which every one is in the truth.

    Breaches, proximity and what follows from them are always complete.
    """

    wearer: str
    days: float
    orders: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    complete: frozenset[AlertEvent] = frozenset()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Stay:
    """A true stay on the wrong side: in a ban (``inside``), out of a home, too near, in a buffer.

    ``deepest_m`` metres inside, outside, or radius less distance. ``active``: the condition held all the
    while. ``first_fix_us``: when the service got the first fix taken in it; ``shown_us``: the
    ``DUE_FIXES``-th of those that showed it plainly (due.py), None if there were not so many;
    ``counted`` False where the world did not say and the score works both out. ``late``: what showed
    it came only when it was over.
    """

    kind: str
    wearer: str
    order: str
    condition: str
    from_us: int
    to_us: int
    deepest_m: float
    active: bool = True
    counted: bool = False
    first_fix_us: int | None = None
    shown_us: int | None = None
    late: bool = False
    recipients: frozenset[Party] = frozenset()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """Fixes came every ``every_s`` from ``from_us`` on, with about this claimed 95 % radius."""

    wearer: str
    from_us: int
    to_us: int
    every_s: float
    accuracy_m: float
    line: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """The condition held."""

    wearer: str
    order: str
    condition: str
    from_us: int
    to_us: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What must be told between two instants to exactly these recipients; or may, or must not be.

    For ``must_not`` an empty ``order``, ``condition`` or ``recipients`` means any.
    """

    kind: str
    event: AlertEvent
    wearer: str
    order: str
    condition: str
    from_us: int
    by_us: int
    recipients: frozenset[Party]
    certainty: Certainty | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """All facts of one run, each list in the order of its lines."""

    name: str = ""
    world: World = field(default_factory=World)
    wearers: dict[str, Wearer] = field(default_factory=dict)
    stays: tuple[Stay, ...] = ()
    seen: tuple[Seen, ...] = ()
    held: tuple[Held, ...] = ()
    rulings: tuple[Ruling, ...] = ()

    def placed(self) -> list[Stay | Held | Ruling]:
        """Every fact that names an order."""
        return [*self.stays, *self.held, *self.rulings]

    def wearer_of_order(self) -> dict[str, str]:
        """Order -> wearer, from the wearers' lines and from every fact that names both."""
        found = {order: each.wearer for each in self.wearers.values() for order in each.orders}
        for fact in self.placed():
            if fact.order:
                found.setdefault(fact.order, fact.wearer)
        return found

    def wearer_of_device(self) -> dict[str, str]:
        return {device: each.wearer for each in self.wearers.values() for device in each.devices}

    @property
    def wearer_days(self) -> float:
        return sum(each.days for each in self.wearers.values())


class TruthRefused(ValueError):
    """A truth that cannot be read or contradicts itself: ``faults`` holds every sentence with its line."""

    def __init__(self, name: str, faults: list[tuple[int, str]]) -> None:
        self.faults = [f"{name}:{line}: {sentence}" for line, sentence in sorted(faults)]
        super().__init__("\n".join(self.faults))

"""Every situation that a policy must decide upon, but for the time: what each event has and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

from emon.alerts.decision_table import Row, Situation
from emon.model.vocabulary import AlertEvent, Certainty, Kind, LegalBasis, Risk


class Traits(msgspec.Struct, frozen=True):
    """What an event comes with. Empty: it has no such thing, and a row that asks for it never holds."""

    kinds: tuple[Kind, ...] = ()
    certainties: tuple[Certainty, ...] = ()
    of_an_order: bool = True
    recalls_police: tuple[bool, ...] = (False,)


_ALL = tuple(Certainty)
_NO_ORDER = Traits(of_an_order=False)

_TRAITS = {
    AlertEvent.BREACH: Traits((Kind.EXCLUSION, Kind.INCLUSION), _ALL),
    AlertEvent.PROXIMITY: Traits((Kind.CONTACT,), _ALL),
    AlertEvent.HISTORIC_BREACH: Traits(tuple(Kind), _ALL),
    AlertEvent.BREACH_CLEARED: Traits(tuple(Kind), _ALL, recalls_police=(False, True)),
    AlertEvent.POSSIBLE_INCURSION: Traits((Kind.EXCLUSION,), (Certainty.POSSIBLE,)),
    AlertEvent.APPROACH: Traits((Kind.EXCLUSION,)),
    AlertEvent.OUTAGE: _NO_ORDER,
    AlertEvent.RECIPIENT_DOWN: _NO_ORDER,
    AlertEvent.PLATFORM: _NO_ORDER,
}


def traits_of(event: AlertEvent) -> Traits:
    """What an event comes with; one that is not listed tells of a device or an order, and no more."""
    return _TRAITS.get(event, Traits())


def situations(event: AlertEvent, rows: Sequence[Row]) -> Iterator[Situation]:
    """Every situation of an event, at no time in particular. Legal bases that no row tells apart from one
    another are one."""
    traits = traits_of(event)
    named = {basis for row in rows for basis in row.when.legal_bases}
    apart = [*(basis for basis in LegalBasis if basis in named), *_first_other(named)]
    for kind, certainty, risk, basis, recalls in product(
        traits.kinds or (None,),
        traits.certainties or (None,),
        tuple(Risk) if traits.of_an_order else (None,),
        apart if traits.of_an_order else (None,),
        traits.recalls_police,
    ):
        yield Situation(event, 0, kind, certainty, risk, basis, recalls)


def _first_other(named: set[LegalBasis]) -> list[LegalBasis]:
    return [basis for basis in LegalBasis if basis not in named][:1]


def lacks(event: AlertEvent, row: Row) -> str | None:
    """What a row asks of an event that never has it, or None where it can hold."""
    traits, when = traits_of(event), row.when
    if when.kinds and not set(when.kinds) & set(traits.kinds):
        return _never("kind", traits.kinds)
    if when.certainties and not set(when.certainties) & set(traits.certainties):
        return _never("certainty", traits.certainties)
    if (when.risks or when.legal_bases) and not traits.of_an_order:
        return "no risk and no legal basis: it is about no single order"
    if when.recalls_police is True and True not in traits.recalls_police:
        return "nothing to recall the police from: only breach_cleared has"
    return None


def _never(what: str, words: Sequence[str]) -> str:
    return f"no such {what}, only {', '.join(words)}" if words else f"no {what}"

"""The golden texts: every event, to every party, in both languages, as files that a person can read.

``python -m tests.alerts.golden`` writes them again; read what changed before you keep it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from emon.alerts.compose import Composer
from emon.alerts.incident import Given, Say
from emon.alerts.outbox import AlertView, AnswerView, DueDelivery, PositionView, UpdateView, ZoneView
from emon.alerts.routes import Languages
from emon.alerts.short_text import septets
from emon.model.answer import PoliceAnswer
from emon.model.instant import SECOND_US
from emon.model.order import Owner
from emon.model.platform import PlatformCause
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, LegalBasis, Party, Risk
from emon.model.watch import Cause, Unseen
from tests.alerts.parts import BREACH, NOON_US

DATA = Path(__file__).parent / "data"
COMPOSER = Composer("https://emon.example", frozenset(map(str, Party)), "meldkamer_em")
HOUR_US = 3_600 * SECOND_US

_OWNER = Owner(Party.RECLASSERING, "A. de Boer", "+31 6 0000 0000")
_SEEN = PositionView(4.4792, 51.9225, 12.5, NOON_US - 8 * SECOND_US, 1.4, 45.0)
BASE = replace(
    BREACH,
    position=_SEEN,
    owner=_OWNER,
    before=2,
    last_before_us=NOON_US - 49 * HOUR_US,
    zone=ZoneView(-120.0),
    legal_basis=LegalBasis.SCHORSING,
    protected="p-1",
)
_DEVICE = replace(
    BASE,
    breach=None,
    order=None,
    condition=None,
    kind=None,
    how=None,
    certainty=None,
    opened_at_us=None,
    zone=None,
    before=None,
    last_before_us=None,
    priority=3,
    worn_for=("o-1",),
)
_UNSEEN = (
    Unseen("d-1", "o-1", Risk.HIGH, victim=False, near_m=140.0, seen_us=NOON_US - HOUR_US, wearer="w-1"),
    Unseen("v-1", "o-2", Risk.MEDIUM, victim=True, near_m=None, seen_us=None, wearer="w-2"),
)
_OPENED_US = NOON_US - 600 * SECOND_US


def _of_device(event: AlertEvent, **changes: object) -> AlertView:
    return replace(_DEVICE, event=event, **changes)


def _of_none(event: AlertEvent, **changes: object) -> AlertView:
    """Of many devices, or of the system itself."""
    nobody = replace(
        _DEVICE,
        device=None,
        wearer=None,
        position=None,
        owner=None,
        risk=None,
        received_at_us=None,
        legal_basis=None,
        protected=None,
    )
    none = replace(nobody, event=event, priority=2, worn_for=())
    return replace(none, **changes)


CASES: dict[str, AlertView] = {
    "breach, certain, of an exclusion": BASE,
    "breach, certain, of a secret exclusion": replace(BASE, secret=True),
    "breach, probable, of an exclusion": replace(BASE, certainty=Certainty.PROBABLE, priority=2),
    "breach, of an inclusion": replace(
        BASE, kind=Kind.INCLUSION, how=How.LATE_HOME, priority=3, zone=ZoneView(2_350.0, 200.0)
    ),
    "breach, historic": replace(
        BASE, event=AlertEvent.HISTORIC_BREACH, priority=3, historic=True, closed_at_us=NOON_US - SECOND_US
    ),
    "possible incursion": replace(
        BASE,
        event=AlertEvent.POSSIBLE_INCURSION,
        certainty=Certainty.POSSIBLE,
        how=How.REACHABLE,
        priority=3,
        opened_at_us=_OPENED_US,
        happened_at_us=_OPENED_US,
        closed_at_us=NOON_US,
        zone=ZoneView(80.0, 10.0),
    ),
    "proximity": replace(
        BASE,
        event=AlertEvent.PROXIMITY,
        kind=Kind.CONTACT,
        how=How.PROXIMITY,
        zone=None,
        before=0,
        last_before_us=None,
    ),
    "breach cleared": replace(
        BASE,
        event=AlertEvent.BREACH_CLEARED,
        opened_at_us=_OPENED_US,
        closed_at_us=NOON_US,
        priority=4,
        zone=ZoneView(410.0, 90.0),
        ended_by_fix=True,
    ),
    "breach cleared, by no fix": replace(
        BASE,
        event=AlertEvent.BREACH_CLEARED,
        opened_at_us=_OPENED_US,
        closed_at_us=NOON_US,
        priority=4,
    ),
    "breach of an inclusion cleared, by no fix": replace(
        BASE,
        event=AlertEvent.BREACH_CLEARED,
        kind=Kind.INCLUSION,
        opened_at_us=_OPENED_US,
        closed_at_us=NOON_US,
        priority=4,
        zone=ZoneView(2_400.0, 190.0),
    ),
    "contact cleared, as a fix shows": replace(
        BASE,
        event=AlertEvent.BREACH_CLEARED,
        kind=Kind.CONTACT,
        opened_at_us=_OPENED_US,
        closed_at_us=NOON_US,
        priority=4,
        zone=None,
        ended_by_fix=True,
    ),
    "contact cleared, by no fix": replace(
        BASE,
        event=AlertEvent.BREACH_CLEARED,
        kind=Kind.CONTACT,
        opened_at_us=_OPENED_US,
        closed_at_us=NOON_US,
        priority=4,
        zone=None,
    ),
    "breach cleared, refuted": replace(
        BASE, event=AlertEvent.BREACH_CLEARED, refuted=True, zone=ZoneView(410.0, 90.0)
    ),
    "approach": replace(
        BASE, event=AlertEvent.APPROACH, breach=None, certainty=None, how=None, zone=ZoneView(350.0, 45.0)
    ),
    "order without device": _of_device(
        AlertEvent.ORDER_WITHOUT_DEVICE, order="o-1", position=None, worn_for=()
    ),
    "silence, of a victim's device": _of_device(AlertEvent.SILENCE, victim=True, cause=None),
    "silence": _of_device(AlertEvent.SILENCE),
    "panic": _of_device(AlertEvent.PANIC, device="v-1", victim=True, priority=1),
    **{
        f"{event.value.replace('_', ' ')}, of a victim's device": _of_device(event, device="v-1", victim=True)
        for event in (AlertEvent.BATTERY_LOW, AlertEvent.CLOCK_WRONG, AlertEvent.NO_POSITION)
    },
    "no position": _of_device(AlertEvent.NO_POSITION, cause=Cause.JAMMING),
    "outage": _of_none(AlertEvent.OUTAGE, unseen=_UNSEEN),
    "recipient down": _of_none(AlertEvent.RECIPIENT_DOWN, cause="politie"),
    "recipient back": _of_none(AlertEvent.RECIPIENT_DOWN, cause="politie", cleared_at_us=NOON_US, priority=4),
    "proximity, that she hears alone": replace(
        BASE,
        event=AlertEvent.PROXIMITY,
        kind=Kind.CONTACT,
        how=How.PROXIMITY,
        zone=None,
        certainty=Certainty.POSSIBLE,
        recipients=("beschermde",),
    ),
    "platform": _of_none(AlertEvent.PLATFORM, cause=PlatformCause.NO_FIXES),
    "platform, over": _of_none(
        AlertEvent.PLATFORM, cause=PlatformCause.NO_FIXES, cleared_at_us=NOON_US, priority=4
    ),
    "silence, over since": _of_device(AlertEvent.SILENCE, cleared_at_us=NOON_US),
    **{
        event.value.replace("_", " "): _of_device(event)
        for event in (
            AlertEvent.STRAP_TAMPER,
            AlertEvent.CASE_TAMPER,
            AlertEvent.BATTERY_LOW,
            AlertEvent.BATTERY_CRITICAL,
            AlertEvent.CHARGING_MISSED,
            AlertEvent.CLOCK_WRONG,
            AlertEvent.IMPLAUSIBLE_FIXES,
            AlertEvent.COMMAND_UNANSWERED,
        )
    },
}


_CONTACT = replace(BASE, event=AlertEvent.PROXIMITY, kind=Kind.CONTACT, zone=None)
_ENDED = {Kind.EXCLUSION: ZoneView(85.0, 200.0), Kind.INCLUSION: ZoneView(-12.0), Kind.CONTACT: None}
_MADE_US = NOON_US + 25 * SECOND_US
_ANSWERS = tuple(
    AnswerView(word, "politie", "A. de Vries, centralist", "Voordeur." if word == "found" else "", NOON_US)
    for word in PoliceAnswer
)


def _update(say: Say, because: Given = Given.MOVED, answer: AnswerView | None = None) -> UpdateView:
    return UpdateView(3, say, because, _MADE_US, answer)


UPDATES: dict[str, tuple[AlertView, UpdateView]] = {
    "update: position": (BASE, _update(Say.POSITION)),
    "update: position, of a contact": (_CONTACT, _update(Say.POSITION)),
    "update: signal lost": (BASE, _update(Say.SIGNAL_LOST, Given.OWED)),
    "update: signal lost, of a contact": (_CONTACT, _update(Say.SIGNAL_LOST, Given.OWED)),
    "update: signal back": (_CONTACT, _update(Say.SIGNAL_BACK)),
    "update: goes on": (_CONTACT, _update(Say.GOES_ON, Given.SAME)),
    **{
        f"update: {say.value}, {kind.value}": (
            replace(BASE, kind=kind, zone=_ENDED[kind]),
            _update(say, because),
        )
        for say, because in ((Say.LEFT, Given.LEFT), (Say.LAPSED, Given.LAPSED))
        for kind in Kind
    },
    **{
        f"update: stand down, {because.value}": (BASE, _update(Say.STAND_DOWN, because))
        for because in (Given.LEFT, Given.LAPSED, Given.WITHDRAWN, Given.CLOSED)
    },
    **{
        f"update: answer {one.answer.value}": (BASE, _update(Say.ANSWER, Given.ANSWERED, one))
        for one in _ANSWERS
    },
    "update: left, of a secret exclusion": (replace(BASE, secret=True), _update(Say.LEFT, Given.LEFT)),
}


def golden_updates(party: str, language: str) -> str:
    """All the updates in one text, as the party reads them."""
    pieces = []
    for name, (alert, update) in UPDATES.items():
        delivery = DueDelivery(f"b:u3:{party}", party, "smtp", 0, alert, update=update)
        text = getattr(COMPOSER.texts(delivery), language)
        pieces.append(f"=== {name}\n{text.subject}\n\n{text.body}")
    return "\n".join(pieces)


TOLD_UPDATES = (Party.POLITIE, Party.RECLASSERING, Party.BESCHERMDE)
"""Who reads them each in another way: with the place, without it, and in words of her own."""


def update_file_of(party: str, language: str) -> Path:
    return DATA / f"updates-{party}-{language}.txt"


def golden(party: str, language: str) -> str:
    """All the cases in one text, as the party reads them."""
    pieces = []
    for name, alert in CASES.items():
        delivery = DueDelivery(f"{alert.id}:{party}", party, "smtp", 0, alert)
        text = getattr(COMPOSER.texts(delivery), language)
        pieces.append(f"=== {name}\n{text.subject}\n\n{text.body}")
    return "\n".join(pieces)


def file_of(party: str, language: str) -> Path:
    return DATA / f"texts-{party}-{language}.txt"


def golden_short(language: str) -> str:
    """Every case and update as a text message to each party, with what of a message it takes; those that read
    the same together."""
    composer = replace(COMPOSER, languages=dict.fromkeys(map(str, Party), Languages(language)))
    pieces = []
    for name, (alert, update) in {**{name: (one, None) for name, one in CASES.items()}, **UPDATES}.items():
        told: dict[str, list[str]] = {}
        for party in Party:
            delivery = DueDelivery(f"{alert.id}:{party}", party, "apprise", 0, alert, update=update)
            told.setdefault(composer.short(delivery), []).append(party)
        pieces.append(f"=== {name}")
        pieces += [f"{', '.join(parties)} ({septets(text)}): {text}" for text, parties in told.items()]
    return "\n".join(pieces) + "\n"


def short_file_of(language: str) -> Path:
    return DATA / f"short-{language}.txt"


def main() -> int:
    for language in ("nl", "en"):
        short_file_of(language).write_text(golden_short(language), "utf-8")
    for party in Party:
        for language in ("nl", "en"):
            file_of(party, language).write_text(golden(party, language), "utf-8")
    for party in TOLD_UPDATES:
        for language in ("nl", "en"):
            update_file_of(party, language).write_text(golden_updates(party, language), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

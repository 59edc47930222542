"""What of an alert each recipient may see: what it needs for its own task, and no more.

Pure. One place decides it, for texts and for data alike; every channel asks :func:`shown_to` before it builds
anything. Where a condition's zone is secret, whoever may speak with the wearer learns nothing from which the
zone could be found: no place, no distance, and times by the hour, since a time and a track give a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec.structs import replace

from emon.alerts.outbox import AlertView, UpdateView
from emon.limits import SECRET_TIME_S
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Party


class Fact(StrEnum):
    """What an alert can say beside what happened and how sure that is.

    ``position``: where the wearer was, how precise and how old that is, and how he moved. ``zone``: how far
    from the zone, which way, and how long that takes. ``owner``: who is responsible for the case.
    ``history``: breaches of the same condition before. ``unseen``: of an outage, who is not seen.
    """

    WEARER = "wearer"
    DEVICE = "device"
    ORDER = "order"
    CONDITION = "condition"
    RISK = "risk"
    HOW = "how"
    POSITION = "position"
    ZONE = "zone"
    OWNER = "owner"
    HISTORY = "history"
    UNSEEN = "unseen"


class Placed(Protocol):
    """Something whose zone may be secret: an alert, or what is known of its order."""

    @property
    def secret(self) -> bool: ...


class Need(msgspec.Struct, frozen=True):
    """What a party may see. ``secret_zones``: also where these would give a secret zone away."""

    party: Party
    facts: tuple[Fact, ...]
    secret_zones: bool = False


_ACT = (Party.MELDKAMER_EM, Party.POLITIE, Party.RECLASSERING)
"""Who call the wearer, or send somebody; what others are asked is theirs to judge."""
_CASE = (Fact.WEARER, Fact.ORDER, Fact.CONDITION, Fact.RISK, Fact.HOW, Fact.OWNER)
_ON_THE_STREET = tuple(fact for fact in Fact if fact not in (Fact.HISTORY, Fact.UNSEEN))
DEFAULT_NEEDS = (
    Need(Party.MELDKAMER_EM, tuple(Fact), secret_zones=True),
    Need(Party.POLITIE, _ON_THE_STREET, secret_zones=True),
    Need(Party.RECLASSERING, (*_CASE, Fact.DEVICE, Fact.HISTORY)),
    Need(Party.OM, (*_CASE, Fact.HISTORY)),
    Need(Party.CJIB, (Fact.ORDER, Fact.CONDITION)),
    Need(Party.VEILIG_THUIS, (Fact.WEARER, Fact.ORDER, Fact.CONDITION, Fact.RISK)),
    Need(Party.SHN, (Fact.WEARER, Fact.ORDER, Fact.CONDITION, Fact.RISK)),
    Need(Party.BESCHERMDE, ()),
)
"""Police: who, where, how dangerous, and whom to call. Reclassering: which condition, and how often before.
The protected person: that it happened; never where the wearer is."""

_MEMBERS: Mapping[Fact, Mapping[str, object]] = {
    Fact.WEARER: {"wearer": None, "protected": None},
    Fact.DEVICE: {"device": None},
    Fact.ORDER: {"order": None, "worn_for": (), "legal_basis": None},
    Fact.CONDITION: {"condition": None},
    Fact.RISK: {"risk": None},
    Fact.HOW: {"how": None},
    Fact.POSITION: {"position": None},
    Fact.ZONE: {"zone": None},
    Fact.OWNER: {"owner": None},
    Fact.HISTORY: {"before": None, "last_before_us": None},
    Fact.UNSEEN: {"unseen": ()},
}
_OF_A_PLACE = (Fact.POSITION, Fact.ZONE, Fact.HOW)


def need_of(party: str, needs: Sequence[Need] = DEFAULT_NEEDS) -> Need:
    """What a party may see; of one that is not listed, nothing but that it happened."""
    found = (need for listed in (needs, DEFAULT_NEEDS) for need in listed if need.party == party)
    return next(found, Need(Party.BESCHERMDE, ()))


def is_protected(recipient: str) -> bool:
    """Whether it is the protected person herself, who is written to in words of her own."""
    return recipient == Party.BESCHERMDE


def sees(party: str, alert: Placed, fact: Fact, needs: Sequence[Need] = DEFAULT_NEEDS) -> bool:
    """Whether somebody of the party may see this fact of the alert, where it is known."""
    need = need_of(party, needs)
    return fact in need.facts and (need.secret_zones or not alert.secret or fact not in _OF_A_PLACE)


def shown_to(party: str, alert: AlertView, needs: Sequence[Need] = DEFAULT_NEEDS) -> AlertView:
    """The alert as somebody of the party may see it; what he may not see is None."""
    hidden = [fact for fact in Fact if not sees(party, alert, fact, needs)]
    changes: dict[str, object] = {}
    for fact in hidden:
        changes.update(_MEMBERS[fact])
    if hides_zone(party, alert, needs):
        changes |= {
            "happened_at_us": _by_the_hour(alert.happened_at_us),
            "opened_at_us": _by_the_hour(alert.opened_at_us),
            "closed_at_us": _by_the_hour(alert.closed_at_us),
            "last_before_us": None,
            "received_at_us": None,
            "by_the_hour": True,
        }
    changes["acts"] = party in _ACT
    if is_protected(party):
        changes["received_at_us"] = None
    return replace(alert, **changes)


def hides_zone(party: str, alert: Placed, needs: Sequence[Need] = DEFAULT_NEEDS) -> bool:
    """Whether the alert's zone is to stay secret to somebody of the party."""
    return alert.secret and not need_of(party, needs).secret_zones


def update_shown_to(
    party: str, alert: AlertView, update: UpdateView, needs: Sequence[Need] = DEFAULT_NEEDS
) -> UpdateView:
    """The update as somebody of the party may see it: of a secret zone with its times by the hour, and
    without what the police wrote beside their answer."""
    if not hides_zone(party, alert, needs):
        return update
    answer = update.answer
    if answer is not None:
        # Whoever writes it stands there: the street may be in it.
        answer = replace(
            answer,
            answered_at_us=by_the_hour(answer.answered_at_us),
            note="",
            withheld=answer.note != "",
        )
    return replace(update, made_at_us=by_the_hour(update.made_at_us), answer=answer)


def by_the_hour(instant_us: int) -> int:
    """The beginning of its hour."""
    return instant_us - instant_us % (SECRET_TIME_S * SECOND_US)


def _by_the_hour(instant_us: int | None) -> int | None:
    return None if instant_us is None else by_the_hour(instant_us)

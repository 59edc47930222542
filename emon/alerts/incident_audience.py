"""Who hears which update on an incident, and when it may leave. Pure.

Only those who were told of the breach. A position goes to who may see positions, by the routes that a
machine reads: a mail or a text message each 15 seconds would bury what matters. To whom a secret zone is
to stay secret, nothing of how he moves is told, and what is told leaves at the next full hour, since an
instant and a track give a place. The protected person hears what changes for her, and no police business.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from emon.alerts.incident import Say
from emon.alerts.need import DEFAULT_NEEDS, Fact, Need, Placed, by_the_hour, hides_zone, is_protected, sees
from emon.limits import SECRET_TIME_S
from emon.model.instant import SECOND_US

MACHINES_READ = frozenset({"webhook", "cap", "mqtt"})
"""Channels by which positions go; by the others a person reads each message."""

_HERS = frozenset({Say.POSITION, Say.SIGNAL_LOST, Say.SIGNAL_BACK, Say.LEFT, Say.LAPSED, Say.GOES_ON})
_HERS_OF_A_PLACE = frozenset({Say.GOES_ON})
"""That it is over an alert has told her; that it is not after all, nothing else does."""
_MOVES = frozenset({Say.POSITION, Say.SIGNAL_LOST, Say.SIGNAL_BACK})


class Told(msgspec.Struct, frozen=True):
    """Somebody who was told of the breach. ``party``: of a contact, whose it is. ``alert``: the newest of the
    breach's alerts that was for him."""

    recipient: str
    party: str
    channel: str
    alert: str


def hears(
    told: Told,
    say: Say,
    of: Placed,
    *,
    police_told: bool,
    near: bool = True,
    answered_by: str | None = None,
    needs: Sequence[Need] = DEFAULT_NEEDS,
) -> bool:
    """Whether he is told this. ``of``: its order and zone. ``near``: it is about how close he is to
    the protected person; of an order's places she would read each time that there is a message, and no more.
    ``answered_by``: of an answer, the party that gave it and needs no telling."""
    if is_protected(told.party) and say not in (_HERS if near else _HERS_OF_A_PLACE):
        return False
    if say in _MOVES and hides_zone(told.party, of, needs):
        return False
    if say is Say.POSITION:
        return told.channel in MACHINES_READ and sees(told.party, of, Fact.POSITION, needs)
    if say is Say.STAND_DOWN:
        return police_told
    return say is not Say.ANSWER or told.party != answered_by


def leaves_at_us(told: Told, of: Placed, now_us: int, needs: Sequence[Need] = DEFAULT_NEEDS) -> int:
    """From when on it may be sent."""
    if not hides_zone(told.party, of, needs):
        return now_us
    return by_the_hour(now_us) + SECRET_TIME_S * SECOND_US

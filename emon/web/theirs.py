"""What of the page is whose: the centre's is all of it, every other party's what it was told. Pure.

As in messages (``emon.alerts.need``): an alert is a party's where it is among its recipients, or was told to
it or to a contact of its own, be it by a climb; a breach is, where such an alert is of it. Where wearers are
is shown to whom the policy's needs let see positions. Orders stand in everybody's look-up: control rooms must
see every ban.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from emon.alerts.need import DEFAULT_NEEDS, Fact, Need, need_of
from emon.model.vocabulary import Party
from emon.store.pages import AlertNow


class Theirs(msgspec.Struct, frozen=True):
    """``party`` None: of everybody. ``positions``: whether it is shown where wearers are;
    ``secret_zones``: whether it may hear where a secret zone lies; ``unseen``: who is not seen in an outage,
    and how near each is to a ban, which may be a secret one."""

    party: str | None = None
    positions: bool = True
    secret_zones: bool = True
    unseen: bool = True

    def is_among(self, told: Collection[str]) -> bool:
        """Whether what these were told is this party's to see."""
        return self.party is None or self.party in told


EVERYTHING = Theirs()


def theirs_of(party: str, needs: Sequence[Need] = DEFAULT_NEEDS) -> Theirs:
    """What somebody of the party sees."""
    need = need_of(party, needs)
    own = None if party == Party.MELDKAMER_EM else party
    unseen = Fact.UNSEEN in need.facts and need.secret_zones
    return Theirs(own, Fact.POSITION in need.facts, need.secret_zones, unseen)


def told_of(alert: AlertNow) -> frozenset[str]:
    """The parties whose the alert is, beside the centre."""
    sent = (*alert.deliveries, *alert.climbs)
    return frozenset([*alert.recipients, *(one.party or one.recipient for one in sent)])

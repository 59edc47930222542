"""Who may have a court file, and what of it: as ``alerts/need.py`` says what a party may see. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from emon.alerts.need import Fact, Need, need_of
from emon.store.evidence import Concern

_LEAST = (Fact.WEARER, Fact.ORDER, Fact.CONDITION, Fact.HOW)
_PLACES = ("fix", "device_event", "command_reply", "order_version", "suspension_request")
"""Tables in which a place stands: the order's own zone, and every position."""
_FREELY = ("order_version", "suspension_request", "notice")
"""Tables with another place of the order, or what people wrote of it, where one of its places is secret."""


class NotForThem(Exception):
    """The party may not have the file; the text says why."""


def withheld_from(party: str, concern: Concern, needs: Sequence[Need] = ()) -> tuple[str, ...]:
    """The tables of which the party gets no more than hashes; none for one that may see everything.

    ``needs``: the policy's, before the default. Raises ``NotForThem``.
    """
    if party not in concern.parties:
        raise NotForThem("the alert was neither for your party nor told to it, and the case is not yours")
    need = need_of(party, needs)
    if not all(fact in need.facts for fact in _LEAST):
        raise NotForThem("your party is told of alerts, and not of what shows them")
    if concern.secret and not need.secret_zones:
        raise NotForThem(
            "its place is secret: the times in the file and the wearer's way would give it away. "
            "The monitoring centre makes the file for the court"
        )
    withheld: tuple[str, ...] = ()
    if Fact.POSITION not in need.facts or Fact.ZONE not in need.facts:
        withheld += _PLACES
    if concern.secret_beside and not need.secret_zones:
        withheld += _FREELY
    if concern.unseen and Fact.UNSEEN not in need.facts:
        withheld += ("trouble",)
    return tuple(dict.fromkeys(withheld))

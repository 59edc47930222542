"""What every channel says around an alert's own text: where to confirm, and whom nobody reached."""

from __future__ import annotations

import re

import msgspec

from emon.alerts.climb_words import told_again
from emon.alerts.messages import Texts, texts, texts_to_her
from emon.alerts.outbox import DueDelivery
from emon.alerts.protected import is_protected

_NEEDS_ESCAPE = re.compile(rb"[^A-Za-z0-9._~-]")  # all but RFC 3986's unreserved characters


class Composer(msgspec.Struct, frozen=True):
    """``public_url``: the address under which recipients reach the service, without a last slash.

    ``routed``: parties with a route of their own; ``fallback`` hears the alerts of all others.
    """

    public_url: str
    routed: frozenset[str]
    fallback: str

    def texts(self, delivery: DueDelivery) -> Texts:
        """The alert's texts for this recipient."""
        if is_protected(delivery.recipient):
            return told_again(texts_to_her(delivery.alert), delivery)
        own = texts(delivery.alert, unreached=self.unreached(delivery), answer_at=f"{self.public_url}/")
        return told_again(own, delivery)

    def unreached(self, delivery: DueDelivery) -> tuple[str, ...]:
        """The alert's parties that have no route, told to the fallback alone: it acts for them."""
        if delivery.recipient != self.fallback:
            return ()
        return tuple(party for party in delivery.alert.recipients if party not in self.routed)

    def acknowledge_url(self, delivery: DueDelivery) -> str:
        """Where the recipient posts its signed acknowledgement."""
        alert_id = delivery.alert.id.encode(errors="replace")
        escaped = _NEEDS_ESCAPE.sub(lambda found: b"%%%02X" % ord(found[0]), alert_id).decode()
        return f"{self.public_url}/api/v1/alerts/{escaped}/acknowledge"

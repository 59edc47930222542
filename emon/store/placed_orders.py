"""What a message needs of an alert's order: who is responsible, whether its zone is secret, where that lies.

Kept by version. Versions never change, so what was read once stays right.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from emon.alerts.outbox import PositionView, ZoneView
from emon.alerts.zone_view import zone_view
from emon.limits import PLACED_ORDERS_MAX
from emon.model.order import OrderVersion, Owner
from emon.model.vocabulary import Kind, LegalBasis
from emon.orders.document import version_from_source
from emon.store import connect as c

_SELECT = """
SELECT v.id, v.version, v.source FROM unnest(%s::text[], %s::integer[]) AS k (id, version)
JOIN order_version AS v ON v.id = k.id AND v.version = k.version
"""


class OrderFacts(msgspec.Struct, frozen=True):
    """Of an order and its condition, for one message. ``protected``: whom it protects. ``kind``: of the
    condition, None where it is not known."""

    owner: Owner | None = None
    secret: bool = False
    zone: ZoneView | None = None
    legal_basis: LegalBasis | None = None
    protected: str | None = None
    kind: Kind | None = None


class PlacedOrders:
    """``learn`` before ``facts``; what was not learnt has none."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], OrderVersion] = {}

    async def learn(self, conn: c.Connection, versions: Iterable[tuple[str, int]]) -> None:
        """Read those that are not known yet."""
        unknown = sorted(set(versions) - self._known.keys())
        if not unknown:
            return
        self._make_room(len(unknown))
        ids, numbers = [one[0] for one in unknown], [one[1] for one in unknown]
        for order, version, source in await c.fetch(conn, _SELECT, (ids, numbers)):
            self._known[order, version] = version_from_source(bytes(source), armed_at_us=0)

    def take(self, versions: Iterable[OrderVersion]) -> None:
        """Know these without reading them: who has just judged by them has them at hand."""
        for one in versions:
            key = (one.id, one.version)
            if key not in self._known:
                self._make_room(1)
                self._known[key] = replace(one, armed_at_us=0)

    def version(self, order: str, version: int) -> OrderVersion | None:
        """One that was learnt, as armed at no instant."""
        return self._known.get((order, version))

    def _make_room(self, for_more: int) -> None:
        while self._known and len(self._known) + for_more > PLACED_ORDERS_MAX:
            del self._known[next(iter(self._known))]

    def facts(
        self, order: str | None, version: int | None, condition: str | None, position: PositionView | None
    ) -> OrderFacts:
        """What is known of an alert's order and condition, at a position."""
        known = self._known.get((order or "", version or 0))
        if known is None:
            return OrderFacts()
        found = next((one for one in known.conditions if one.id == condition), None)
        secret = found is not None and found.secret
        if found is None or found.zone is None or position is None:
            zone = None
        else:
            zone = zone_view(found.zone, position)
        kind = None if found is None else found.kind
        return OrderFacts(known.owner, secret, zone, known.legal_basis, known.protected_person, kind)

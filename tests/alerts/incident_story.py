"""An incident as the engine would write it: a real database, real HTTP recipients, a clock passed in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from msgspec.structs import replace

from benchmarks.alerts_night import Night, night, tomorrow_us
from emon.alerts.need import DEFAULT_NEEDS, Need
from emon.incidents import Incidents
from emon.model.breach import Alert, Breach
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Mark, Party
from emon.model.watch import ServiceStop, SilenceState, Watch
from emon.orders.document import parse_document
from emon.store.store import Store
from emon.update_sender import UpdateSender
from tests.store.made import breach

ALL = (Party.POLITIE, Party.RECLASSERING, Party.MELDKAMER_EM)
BREACH = derive_id("breach", "incident")
EAST = 0.0001
"""Degrees that he walks between two fixes."""


def document(*, secret: bool = False) -> bytes:
    zone = {"type": "Circle", "center": [4.4792, 51.9225], "radius_m": 400}
    condition = {"id": "c-1", "kind": "exclusion", "zone": zone, "secret": secret}
    order = {
        "id": "o-1",
        "version": 1,
        "wearer": "w-1",
        "device": "d-1",
        "legal_basis": "gedragsaanwijzing",
        "risk": "high",
        "valid_from": "2026-01-01T00:00:00Z",
        "conditions": [condition],
    }
    return json.dumps({"orders": [order]}).encode()


class Scene:
    """One wearer in one zone. ``at_s``: seconds since the beginning, when everything is moved to."""

    def __init__(self, parts: Night, channels: Any, needs: Sequence[Need]) -> None:
        self.parts = parts
        self.store = parts.store
        self.channels = channels
        self._needs = needs
        self._began_us = parts.clocks.wall_us
        self._seq = 0
        self._breach = breach(BREACH, self._began_us, version=1)
        self.restart()

    @property
    def now_us(self) -> int:
        return self.parts.clocks.wall_us

    def restart(self) -> None:
        """The parts as after a restart: they know nothing but what is on file."""
        self.sender = UpdateSender(self.store, self.channels, lambda: self.now_us, chance=lambda: 0.5)
        self.incidents = Incidents(
            self.store, now_us=lambda: self.now_us, on_said=self.sender.wake, needs=self._needs
        )

    async def go(self, at_s: float, *, fix: bool = False) -> None:
        """The engine commits at this second, with a new fix or without; then everything due is done."""
        self.parts.clocks.go(self._began_us + round(at_s * SECOND_US) - self.now_us)
        await self.write(fixes=(self._fix(),) if fix else ())
        await self.look()

    async def look(self) -> None:
        await self.parts.sent()
        await self.incidents.step()
        await self.sender.drain()

    def _fix(self) -> Fix:
        self._seq += 1
        lon = 4.4792 + EAST * self._seq
        wire = RawFix(
            "d-1", self._seq, self.now_us, lon, 51.9225, 9.0, b"{}", speed_m_s=1.5, heading_deg=90.0
        )
        return Fix(wire, self.now_us, Mark.OK)

    async def write(self, **effects: Any) -> None:
        watch = Watch("d-1", heard_us=self.now_us, silence_state=SilenceState.HEARD)
        if effects.get("fixes"):
            effects["watches"] = (watch,)
        async with self.store.batch() as batch:
            await batch.write(Effects(self.now_us, **effects), ())

    async def alert(
        self, event: AlertEvent = AlertEvent.BREACH, to: Sequence[Party] = ALL, **changes: Any
    ) -> str:
        """The breach as it stands with a further alert of it, told at once to whom it can be."""
        self._breach = replace(self._breach, **changes)
        name = derive_id("alert", str(event), self.now_us)
        made = Alert(
            name, event, 1, self.now_us, tuple(to), self._breach.opened_at_us, self.now_us, breach=BREACH,
            order="o-1", condition="c-1", certainty=self._breach.certainty, device="d-1",
        )  # fmt: skip
        deliveries = self.parts.recipients.deliveries(made)
        async with self.store.batch() as batch:
            await batch.write(Effects(self.now_us, breaches=(self._breach,), alerts=(made,)), deliveries)
        await self.look()
        return name

    async def change(self, **changes: Any) -> Breach:
        """The breach changes without an alert."""
        self._breach = replace(self._breach, **changes)
        await self.write(breaches=(self._breach,))
        return self._breach

    async def stop_service(self, up_us: int | None = None) -> None:
        await self.write(stop=ServiceStop(self.now_us, up_us))

    def updates(self, party: str) -> list[dict[str, Any]]:
        """What a recipient was told of incidents, in order."""
        bodies = [body for _, _, body in self.parts.servers[party].messages]
        return [body["data"] for body in bodies if body["type"] == "incident_update"]

    def said(self, party: str) -> list[str]:
        return [data["update"] for data in self.updates(party)]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.store.url) as conn:
            return conn.execute(query.encode()).fetchall()


@asynccontextmanager
async def scene(
    store: Store,
    folder: Path,
    *,
    secret: bool = False,
    needs: Sequence[Need] = DEFAULT_NEEDS,
    to: Sequence[Party] = ALL,
) -> AsyncIterator[Scene]:
    """The wearer is inside, and a certain breach of it has been told."""
    await store.arm(parse_document(document(secret=secret), armed_at_us=0))
    async with night(store, tomorrow_us(), folder) as (parts, channels):
        played = Scene(parts, channels, needs)
        await played.write(fixes=(played._fix(),))
        await played.alert(to=to)
        yield played

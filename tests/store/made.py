"""Small made-up rows for the store's tests; every value is set, so that a lost column shows."""

from __future__ import annotations

from typing import Any

from emon.model.breach import Alert, Breach, Told
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Mark, Party, Source

NOON_US = parse_instant("2026-11-23T12:00:00Z")


def fix(device: str, seq: int, fixed_at_us: int, *, mark: Mark = Mark.OK, **wire: Any) -> Fix:
    """Received a second after it was determined."""
    members: dict[str, Any] = {"lon": 4.47917, "lat": 51.9225, "accuracy_m": 12.5, "raw": b'{"seq":1}'}
    raw = RawFix(device=device, seq=seq, fixed_at_us=fixed_at_us, **(members | wire))
    return Fix(wire=raw, received_at_us=fixed_at_us + 1_000_000, mark=mark)


def full_fix(device: str, seq: int, fixed_at_us: int) -> Fix:
    """With every member that a fix can have."""
    return fix(
        device,
        seq,
        fixed_at_us,
        source=Source.WIFI,
        speed_m_s=1.4,
        heading_deg=270.0,
        satellites=9,
        hdop=1.1,
        battery=0.83,
        raw=bytes(range(256)),
        mark=Mark.LATE,
    )


def effects_of(at_us: int, **rows: Any) -> Effects:
    return Effects(at_us=at_us, **rows)


def breach(name: str, opened_at_us: int, **changes: Any) -> Breach:
    members: dict[str, Any] = {
        "order": "o-1",
        "version": 2,
        "condition": "c-1",
        "kind": Kind.EXCLUSION,
        "wearer": "w-1",
        "closed_at_us": None,
        "certainty": Certainty.PROBABLE,
        "how": How.INSIDE,
        "historic": False,
        "refuted": False,
        "deepest_m": 17.25,
        "device": "d-1",
        "told": (
            Told(
                AlertEvent.BREACH, Certainty.PROBABLE, False, True, (Party.MELDKAMER_EM, Party.RECLASSERING)
            ),
        ),
    }
    return Breach(id=name, opened_at_us=opened_at_us, **(members | changes))


def alert(name: str, at_us: int, **changes: Any) -> Alert:
    members: dict[str, Any] = {
        "event": AlertEvent.BREACH,
        "priority": 1,
        "recipients": (Party.MELDKAMER_EM, Party.POLITIE),
        "happened_at_us": at_us - 2_000_000,
        "received_at_us": at_us,
    }
    return Alert(id=name, at_us=at_us, **(members | changes))

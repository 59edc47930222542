"""OwnTracks JSON as a phone sends it (https://owntracks.org/booklet/tech/json/).

``location`` and ``transition`` carry a position and become fixes; other types (``lwt``, ``waypoint``,
``card``, ``steps``, ``status`` …) are known and hold nothing for us. Differences to our own fix:
``acc`` is the radius of the 68 % circle, ``tst`` whole seconds, ``vel`` km/h, ``batt`` percent. A phone
writes ``-1`` for a speed, course or battery that it does not know: that counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.ingest.elements import UnfitError, instant_us, members_of
from emon.ingest.objects import (
    optional_number,
    required_number,
    required_seq,
)
from emon.limits import ACCURACY_MAX_M, ACCURACY_MIN_M, HEADING_MAX_DEG, R95_PER_R68, SPEED_MAX_M_S
from emon.model.fix import RawFix
from emon.model.vocabulary import Reason

_POSITIONS = frozenset({"location", "transition"})
_KM_H_PER_M_S = 3.6
_PERCENT_MAX = 100.0
_type_name = msgspec.json.Decoder(str)


def fix_from_owntracks(element: bytes, device: str) -> RawFix | None:
    """One OwnTracks object to a fix, None for a type without a position. Raises ``UnfitError``."""
    members = members_of(element)
    kind = _type_of(members)
    if kind == "encrypted":
        detail = "OwnTracks payload encryption is on: turn it off in the phone, TLS protects the way"
        raise UnfitError(Reason.UNREADABLE, detail, "_type")
    if kind not in _POSITIONS:
        return None
    seq = required_seq(members, "tst")
    speed_km_h = optional_number(members, "vel", SPEED_MAX_M_S * _KM_H_PER_M_S)
    battery_percent = optional_number(members, "batt", _PERCENT_MAX)
    return RawFix(
        device=device,
        seq=seq,
        fixed_at_us=instant_us(seq * 1_000, "tst"),
        lon=required_number(members, "lon", -180.0, 180.0),
        lat=required_number(members, "lat", -90.0, 90.0),
        accuracy_m=required_number(members, "acc", ACCURACY_MIN_M, ACCURACY_MAX_M / R95_PER_R68)
        * R95_PER_R68,
        raw=element,
        speed_m_s=None if speed_km_h is None else speed_km_h / _KM_H_PER_M_S,
        heading_deg=optional_number(members, "cog", HEADING_MAX_DEG),
        battery=None if battery_percent is None else battery_percent / _PERCENT_MAX,
    )


def _type_of(members: Mapping[str, msgspec.Raw]) -> str:
    raw = members.get("_type")
    if raw is None:
        raise UnfitError(Reason.MISSING, "_type is missing: no OwnTracks object", "_type")
    try:
        return _type_name.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnfitError(Reason.WRONG_TYPE, "_type is no string", "_type") from None

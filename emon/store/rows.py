"""Rows of the tables and the vocabulary they stand for, in both directions.

Fixes go in as binary COPY built here byte by byte (PostgreSQL, "COPY", section "Binary Format"):
an instant is already the 64-bit count of microseconds the server wants, so no ``datetime`` is made
for it on the way.
"""

from __future__ import annotations

import msgspec

from emon.model.breach import Breach, Told
from emon.model.fix import Fix, RawFix
from emon.model.instant import to_datetime
from emon.model.vocabulary import Certainty, How, Kind, Mark, Source
from emon.store.connect import Row
from emon.store.packing import POSTGRES_EPOCH_US

FIX_COLUMNS = (
    "device, seq, fixed_at, received_at, lon, lat, accuracy_m, source, mark, raw, "
    "speed_m_s, heading_deg, hdop, battery, satellites"
)
"""Of every query that answers fixes, in the order ``fix_from_row`` reads."""

BREACH_COLUMNS = (
    "id, order_id, version, condition_id, kind, wearer, opened_at, closed_at, certainty, how, "
    "historic, refuted, deepest_m, device, told::text"
)
"""Of every query that answers breaches, in the order ``breach_from_row`` reads."""

# A look into a table costs a tenth of a call of the enumeration, and is made for each of thousands of fixes.
MARK_OF = {mark.value: mark for mark in Mark}
SOURCE_OF = {source.value: source for source in Source}
_told_decoder = msgspec.json.Decoder(tuple[Told, ...])


def fix_from_row(row: Row) -> Fix:
    """A row of ``FIX_COLUMNS``, its instants as ``fetch_since_2000`` answers them."""
    return Fix(
        wire=RawFix(
            device=row[0],
            seq=row[1],
            fixed_at_us=row[2] + POSTGRES_EPOCH_US,
            lon=row[4],
            lat=row[5],
            accuracy_m=row[6],
            raw=row[9],
            source=SOURCE_OF[row[7]],
            speed_m_s=row[10],
            heading_deg=row[11],
            satellites=row[14],
            hdop=row[12],
            battery=row[13],
        ),
        received_at_us=row[3] + POSTGRES_EPOCH_US,
        mark=MARK_OF[row[8]],
    )


def breach_from_row(row: Row) -> Breach:
    """A row of ``BREACH_COLUMNS``."""
    return Breach(
        id=row[0],
        order=row[1],
        version=row[2],
        condition=row[3],
        kind=Kind(row[4]),
        wearer=row[5],
        opened_at_us=row[6],
        closed_at_us=row[7],
        certainty=Certainty(row[8]),
        how=How(row[9]),
        historic=row[10],
        refuted=row[11],
        deepest_m=row[12],
        device=row[13],
        told=_told_decoder.decode(row[14]),
    )


def breach_params(breach: Breach) -> tuple[object, ...]:
    """Parameters of ``batch.UPSERT_BREACH``."""
    return (
        breach.id,
        breach.order,
        breach.version,
        breach.condition,
        str(breach.kind),
        breach.wearer,
        breach.device,
        to_datetime(breach.opened_at_us),
        None if breach.closed_at_us is None else to_datetime(breach.closed_at_us),
        str(breach.certainty),
        str(breach.how),
        breach.historic,
        breach.refuted,
        breach.deepest_m,
        msgspec.json.encode(breach.told).decode(),
    )


def storable(text: str) -> str:
    """Text PostgreSQL can hold: what came from outside may carry NUL or lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()

"""The statements that every batch is made of, prepared once a connection (``flight``)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from emon.model.effects import Effects
from emon.model.vocabulary import Mark
from emon.store import packing
from emon.store.connect import LOCK_ARM, LOCK_CLASS
from emon.store.fix_rows import fix_params
from emon.store.flight import Call, Statement, as_int8, int8
from emon.store.watching import watch_params

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

SHARE_ARM_LOCK = Statement(
    "emon_share_arm_lock",
    f"SELECT pg_advisory_xact_lock_shared({LOCK_CLASS}, {LOCK_ARM}), engine_epoch FROM engine_clock",
)

# What a recall reads is planned for the days it asks for and for the tables as they are, and so is whatever
# the engine's connection does beside its batches. By itself the server keeps a plan after five; one made
# while a day was empty reads all of it ever after, a tenth of a second of 400,000 fixes, until the server
# next analyses the day. ``KEEP_PLAN`` stands before a read of a few rows by their keys: planning it anew took
# the server longer than all the rest between a commit and the first attempt.
PLAN_EACH = Statement("emon_plan_each", "SET plan_cache_mode = force_custom_plan")
KEEP_PLAN = Statement("emon_keep_plan", "SET plan_cache_mode = force_generic_plan")

# Where a foreign key looks its row up, the server keeps one plan for as long as the connection lives. Made
# while ``alert`` was empty and known to be, it reads all of it for each alert: a storm's cost grew with its
# square.
BY_INDEX = Statement("emon_by_index", "SET enable_seqscan = off")

# By itself the server plans ``WRITE`` anew for each batch, which costs it more than a batch of a hundred.
PLAN_ONCE = Statement("emon_plan_once", "SET LOCAL plan_cache_mode = force_generic_plan")

# The instant goes forward, the fixes are kept, the newest of each device is noted, the marks are counted and
# what is remembered of devices is replaced: all of it, or nothing of it when another engine has claimed the
# database ($2), or when orders were armed that the engine has not seen ($3; null: they have been read in this
# transaction). Whether they were is one look at the end of an index: asked as "is there one above $3", a plan
# for any $3 reads all orders, since it must suppose that a third of them are.
WRITE = Statement(
    "emon_write",
    """
WITH clock AS (
    UPDATE engine_clock SET last_received_at = greatest(last_received_at, $1::timestamptz)
    WHERE engine_epoch = $2::bigint
      AND NOT coalesce((SELECT max(arm_seq) FROM order_version) > $3::bigint, false)
    RETURNING clock_timestamp() AS recorded_at
), came AS MATERIALIZED (
    SELECT d.*, clock.recorded_at
    FROM clock, unnest(
        $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::float8[], $9::float8[],
        $10::float8[], $11::text[], $12::text[], $13::bytea[], $14::float8[], $15::float8[], $16::float8[],
        $17::float8[], $18::integer[], $19::boolean[]
    ) AS d (device, seq, fixed_at, received_at, lon, lat, accuracy_m, source, mark, raw, speed_m_s,
            heading_deg, hdop, battery, satellites, newest)
), kept AS (
    INSERT INTO fix (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark, raw,
                     speed_m_s, heading_deg, hdop, battery, satellites)
    SELECT device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark, raw,
           speed_m_s, heading_deg, hdop, battery, satellites
    FROM came
), noted AS (
    INSERT INTO device_now (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source,
                            mark, speed_m_s, heading_deg, battery, change_seq)
    SELECT device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, mark,
           speed_m_s, heading_deg, battery, n.change_seq
    FROM (SELECT nextval('device_now_change_seq') AS change_seq) AS n, came WHERE newest
    ON CONFLICT (device) DO UPDATE SET
        seq = excluded.seq, fixed_at = excluded.fixed_at, received_at = excluded.received_at,
        recorded_at = excluded.recorded_at, lon = excluded.lon, lat = excluded.lat,
        accuracy_m = excluded.accuracy_m, source = excluded.source, mark = excluded.mark,
        speed_m_s = excluded.speed_m_s, heading_deg = excluded.heading_deg, battery = excluded.battery,
        change_seq = excluded.change_seq
    WHERE (excluded.fixed_at, excluded.seq) > (device_now.fixed_at, device_now.seq)
), counted AS (
    INSERT INTO mark_counter (mark, fixes)
    SELECT m.mark, m.fixes FROM clock, unnest($20::text[], $21::bigint[]) AS m (mark, fixes)
    ON CONFLICT (mark) DO UPDATE SET fixes = mark_counter.fixes + excluded.fixes
), remembered AS (
    INSERT INTO device_watch (device, watch, recorded_at)
    SELECT w.device, w.watch::jsonb, clock.recorded_at
    FROM clock, unnest($22::text[], $23::text[]) AS w (device, watch)
    ON CONFLICT (device) DO UPDATE SET watch = excluded.watch, recorded_at = excluded.recorded_at
)
SELECT recorded_at FROM clock
""",
)
SAID = Statement(
    "emon_said",
    "SELECT id, closed_at, certainty, how, historic, refuted FROM breach WHERE id = ANY($1::text[])",
)
PREPARED = (PLAN_EACH, BY_INDEX, KEEP_PLAN, SHARE_ARM_LOCK, PLAN_ONCE, WRITE, SAID)


def write_calls(effects: Effects, epoch: int, arm_seq: int | None) -> tuple[Call, ...]:
    """``WRITE`` of a step, and what is on file of its breaches, where it has any. ``arm_seq``: of the newest
    order that its state knows; None: it knows all."""
    marks = Counter(str(fix.mark) for fix in effects.fixes)
    if effects.quiet is not None:
        marks[str(Mark.OK)] += effects.quiet.size
    names = sorted(marks)
    params = [
        int8(effects.at_us - packing.POSTGRES_EPOCH_US),
        int8(epoch),
        None if arm_seq is None else int8(arm_seq),
        *fix_params(effects),
        packing.texts([name.encode() for name in names]).data,
        packing.int8s_of([marks[name] for name in names]).data,
        *watch_params(effects.watches),
    ]
    if not effects.breaches:
        return Call(PLAN_ONCE), Call(WRITE, params)
    asked = packing.texts([breach.id.encode() for breach in effects.breaches]).data
    return Call(PLAN_ONCE), Call(WRITE, params), Call(SAID, [asked])


def recorded_at_of(answer: PGresult) -> int | None:
    """The database's clock at ``WRITE``, in microseconds since 1970; None: it wrote nothing."""
    return as_int8(answer.get_value(0, 0)) + packing.POSTGRES_EPOCH_US if answer.ntuples else None

-- The columns of a fix, the same whichever way the server stores them; 0003 takes them over.

CREATE TABLE fix_shape (
    device      text NOT NULL,
    seq         bigint NOT NULL,
    fixed_at    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    lon         double precision NOT NULL,
    lat         double precision NOT NULL,
    accuracy_m  double precision NOT NULL,
    source      text NOT NULL,
    mark        text NOT NULL,
    raw         bytea NOT NULL,
    speed_m_s   double precision,
    heading_deg double precision,
    hdop        double precision,
    battery     double precision,
    satellites  integer
);
COMMENT ON COLUMN fix_shape.fixed_at IS 'the device''s clock: when the position was determined';
COMMENT ON COLUMN fix_shape.received_at IS 'the engine''s clock: when it took the fix';
COMMENT ON COLUMN fix_shape.recorded_at IS 'the database''s clock: when its transaction wrote it';
COMMENT ON COLUMN fix_shape.accuracy_m IS 'radius of the 95 % circle';
COMMENT ON COLUMN fix_shape.raw IS 'the fix''s own bytes as received';

-- The newest usable fix of each device and how often each mark was given: what the page shows every
-- second without a search through the days. Written by the engine alone, with the fixes themselves.
CREATE TABLE device_now (
    device      text PRIMARY KEY,
    seq         bigint NOT NULL,
    fixed_at    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    lon         double precision NOT NULL,
    lat         double precision NOT NULL,
    accuracy_m  double precision NOT NULL,
    source      text NOT NULL,
    mark        text NOT NULL,
    speed_m_s   double precision,
    heading_deg double precision,
    battery     double precision,
    change_seq  bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX device_now_change ON device_now (change_seq);
CREATE SEQUENCE device_now_change_seq;
COMMENT ON COLUMN device_now.change_seq IS 'rises with each commit: one engine writes here, one batch at a time';

CREATE TABLE device_clock (
    device   text PRIMARY KEY,
    fixed_at timestamptz NOT NULL
);
COMMENT ON TABLE device_clock IS 'the largest fixed_at of a device''s fixes marked clock';

CREATE TABLE mark_counter (
    mark  text PRIMARY KEY,
    fixes bigint NOT NULL DEFAULT 0
);
CREATE TABLE rejection_counter (
    reason   text PRIMARY KEY,
    payloads bigint NOT NULL DEFAULT 0
);

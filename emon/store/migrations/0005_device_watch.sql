-- What the engine remembers of devices as such, what goes wrong with them, and its own stops.

CREATE TABLE device_watch (
    device      text PRIMARY KEY,
    watch       jsonb NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE device_watch IS 'the engine''s memory of a device, read back whole after a restart';

CREATE TABLE trouble (
    id          text PRIMARY KEY,
    event       text NOT NULL,
    device      text,
    order_id    text,
    opened_at   timestamptz NOT NULL,
    cleared_at  timestamptz,
    alert_id    text,
    cause       text,
    victim      boolean NOT NULL,
    unseen      jsonb NOT NULL,
    devices     integer NOT NULL,
    heard       integer NOT NULL,
    recorded_at timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    CHECK (cleared_at >= opened_at)
);
COMMENT ON TABLE trouble IS 'silence, no position, outage and the like, from their opening to their clear';
COMMENT ON COLUMN trouble.alert_id IS 'the alert that told of it; of a silence that an outage covers, the outage''s';
COMMENT ON COLUMN trouble.unseen IS 'of an outage: who was unseen when it was told, the most urgent first';
CREATE INDEX trouble_open ON trouble (opened_at) WHERE cleared_at IS NULL;
CREATE INDEX trouble_newest ON trouble (opened_at DESC, id DESC);
CREATE INDEX trouble_alert ON trouble (alert_id);
CREATE INDEX trouble_device ON trouble (device, opened_at);

CREATE TABLE service_stop (
    down_at timestamptz PRIMARY KEY,
    up_at   timestamptz,
    CHECK (up_at >= down_at)
);
COMMENT ON TABLE service_stop IS 'when the service judged nothing: from its last batch until its backlog was judged';

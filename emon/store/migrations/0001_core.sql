-- Everything but the fixes themselves. Instants are timestamptz; text ids are the engine's own.

CREATE TABLE engine_clock (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    last_received_at timestamptz,
    engine_epoch     bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN engine_clock.last_received_at IS 'received_at of the newest committed batch';
COMMENT ON COLUMN engine_clock.engine_epoch IS
    'raised by each claim; a batch of an engine with an older one is refused';
INSERT INTO engine_clock DEFAULT VALUES;

CREATE TABLE order_version (
    id           text NOT NULL,
    version      integer NOT NULL,
    armed_at     timestamptz NOT NULL,
    wearer       text NOT NULL,
    legal_basis  text NOT NULL,
    risk         text NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_until  timestamptz,
    withdrawn_at timestamptz,
    source       bytea NOT NULL,
    arm_seq      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    PRIMARY KEY (id, version)
);
COMMENT ON COLUMN order_version.source IS 'the order''s own JSON, canonical: equal bytes, equal content';
COMMENT ON COLUMN order_version.arm_seq IS 'rises in the order of commits: arming is serialised';
CREATE INDEX order_version_wearer ON order_version (wearer);

CREATE TABLE order_device (
    order_id   text NOT NULL,
    version    integer NOT NULL,
    device     text NOT NULL,
    used_from  timestamptz,
    used_until timestamptz,
    FOREIGN KEY (order_id, version) REFERENCES order_version (id, version)
);
CREATE INDEX order_device_order ON order_device (order_id, version);
CREATE INDEX order_device_device ON order_device (device);

CREATE TABLE rejected (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device      text,
    topic       text NOT NULL,
    reason      text NOT NULL,
    detail      text NOT NULL,
    place       text NOT NULL,
    raw         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    retaken_at  timestamptz
);
COMMENT ON COLUMN rejected.retaken_at IS 'when it was taken again because its device became known';
CREATE INDEX rejected_unknown ON rejected (device, received_at)
    WHERE reason = 'unknown_device' AND retaken_at IS NULL;
CREATE INDEX rejected_newest ON rejected (received_at);

CREATE TABLE breach (
    id           text PRIMARY KEY,
    order_id     text NOT NULL,
    version      integer NOT NULL,
    condition_id text NOT NULL,
    kind         text NOT NULL,
    wearer       text NOT NULL,
    device       text NOT NULL,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    certainty    text NOT NULL,
    how          text NOT NULL,
    historic     boolean NOT NULL,
    refuted      boolean NOT NULL,
    deepest_m    double precision NOT NULL CHECK (deepest_m >= 0),
    told         jsonb NOT NULL,
    recorded_at  timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL
);
COMMENT ON COLUMN breach.told IS 'the alerts raised for it so far: what each said and to whom';
CREATE INDEX breach_condition ON breach (order_id, condition_id, opened_at) WHERE NOT refuted;
CREATE INDEX breach_wearer_open ON breach (wearer) WHERE closed_at IS NULL AND NOT refuted;
CREATE INDEX breach_opened ON breach (opened_at) WHERE NOT refuted;

CREATE TABLE alert (
    id           text PRIMARY KEY,
    event        text NOT NULL,
    priority     smallint NOT NULL CHECK (priority BETWEEN 1 AND 5),
    at           timestamptz NOT NULL,
    recipients   text[] NOT NULL,
    happened_at  timestamptz NOT NULL,
    received_at  timestamptz,
    detected_at  timestamptz NOT NULL,
    breach_id    text REFERENCES breach (id),
    order_id     text,
    condition_id text,
    certainty    text,
    device       text
);
COMMENT ON TABLE alert IS 'an alert ends only by a person''s resolution: rows are never deleted';
COMMENT ON COLUMN alert.at IS 'the decision''s instant, never the wall clock';
COMMENT ON COLUMN alert.detected_at IS 'when the transaction that holds it was committed';
CREATE INDEX alert_newest ON alert (detected_at DESC, id DESC);
CREATE INDEX alert_breach ON alert (breach_id);

CREATE TABLE delivery (
    id               text PRIMARY KEY,
    alert_id         text NOT NULL REFERENCES alert (id),
    recipient        text NOT NULL,
    channel          text NOT NULL,
    state            text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered')),
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,
    first_attempt_at timestamptz,
    delivered_at     timestamptz,
    last_error       text,
    UNIQUE (alert_id, recipient),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX delivery_due ON delivery (recipient, next_attempt_at) WHERE state = 'waiting';

CREATE TABLE delivery_attempt (
    delivery_id text NOT NULL REFERENCES delivery (id),
    attempt     integer NOT NULL CHECK (attempt >= 1),
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz NOT NULL,
    outcome     text NOT NULL,
    status      integer,
    detail      text NOT NULL,
    PRIMARY KEY (delivery_id, attempt)
);

CREATE TABLE acknowledgement (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id        text NOT NULL REFERENCES alert (id),
    party           text NOT NULL,
    person          text NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    via             text NOT NULL,
    UNIQUE (alert_id, party)
);
COMMENT ON TABLE acknowledgement IS 'a person took the alert in hand; the first of each party counts';

CREATE TABLE device_event (
    device      text NOT NULL,
    fixed_at    timestamptz NOT NULL,
    seq         bigint NOT NULL,
    event       text NOT NULL,
    state       text NOT NULL,
    raw         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (device, fixed_at, seq, event, state)
);

CREATE TABLE device_status (
    device      text PRIMARY KEY,
    online      boolean NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

CREATE TABLE device_counter (
    device  text PRIMARY KEY,
    repeats bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN device_counter.repeats IS 'exact repeats of a fix: they add no row, only to this';

CREATE TABLE app_user (
    name          text PRIMARY KEY,
    password_hash text NOT NULL,
    role          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz
);

-- What the page follows. feed_seq rises in the order of commits, because a row may only be added
-- under the feed's advisory lock, which the transaction keeps until it has committed: a reader that
-- has seen n never meets a row below n afterwards.
CREATE TABLE feed (
    feed_seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('alert', 'breach', 'delivery', 'acknowledgement', 'order')),
    ref         text NOT NULL,
    alert_id    text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN feed.ref IS 'id of the alert, breach or delivery; party of an acknowledgement; id/version of an order';

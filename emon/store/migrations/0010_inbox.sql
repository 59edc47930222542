-- What was acknowledged and is not judged yet: late fixes, and what a device sends beyond its budget.

CREATE TABLE inbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device     text NOT NULL,
    topic      text NOT NULL,
    payload    bytea NOT NULL,
    fixes      integer NOT NULL CHECK (fixes >= 1),
    lane       text NOT NULL CHECK (lane IN ('late', 'over_budget')),
    arrived_at timestamptz NOT NULL
);
COMMENT ON TABLE inbox IS 'a row is deleted by the transaction that judges it; its received_at is that transaction''s';
CREATE INDEX inbox_device ON inbox (device, id);

ALTER TABLE device_counter ADD COLUMN over_budget bigint NOT NULL DEFAULT 0;
ALTER TABLE device_counter ADD COLUMN over_budget_at timestamptz;
COMMENT ON COLUMN device_counter.over_budget IS 'fixes that waited because the device sent more than its budget';

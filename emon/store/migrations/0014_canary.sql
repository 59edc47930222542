-- The service's own bracelet: its newest fix and what the engine made of it. No wearer, no order, no alert of anybody.

CREATE TABLE canary (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq         bigint NOT NULL,
    fixed_at    timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    alert_id    text NOT NULL
);
COMMENT ON TABLE canary IS 'one row, replaced each minute by the transaction that judged the fix; nobody else reads it';

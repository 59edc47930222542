-- Notices: what those concerned are told once, and nobody has to answer (a suspension began, or is over).

CREATE TABLE notice (
    id         text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('suspended', 'resumed')),
    order_id   text NOT NULL,
    version    integer NOT NULL,
    wearer     text NOT NULL,
    at         timestamptz NOT NULL,
    until      timestamptz,
    reason     text NOT NULL,
    decided_by text[] NOT NULL,
    by_itself  boolean NOT NULL,
    made_at    timestamptz NOT NULL
);
COMMENT ON TABLE notice IS 'told once to those concerned; not an alert: nobody has to answer it';
COMMENT ON COLUMN notice.by_itself IS 'of one that is over: its end had come, and no person ended it';
CREATE INDEX notice_order ON notice (order_id, made_at DESC);
CREATE INDEX notice_newest ON notice (made_at DESC, id);

CREATE TABLE notice_delivery (
    notice_id        text NOT NULL REFERENCES notice (id),
    recipient        text NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    next_attempt_at  timestamptz,
    delivered_at     timestamptz,
    last_error       text,
    PRIMARY KEY (notice_id, recipient),
    CHECK ((delivered_at IS NULL) = (next_attempt_at IS NOT NULL))
);
CREATE INDEX notice_delivery_due ON notice_delivery (next_attempt_at) WHERE delivered_at IS NULL;

SELECT audit_rows('notice', '', 'id');
SELECT audit_rows('notice_delivery', '', 'notice_id', 'recipient');

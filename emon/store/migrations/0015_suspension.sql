-- Suspensions that people asked for at the page: each on file, with whoever asked and whoever confirmed.

CREATE TABLE suspension_request (
    id           text PRIMARY KEY,
    order_id     text NOT NULL,
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL CHECK (to_at > from_at),
    reason       text NOT NULL,
    asked_by     text NOT NULL,
    asked_party  text NOT NULL,
    asked_at     timestamptz NOT NULL,
    needs_two    boolean NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'armed', 'withdrawn')),
    settled_by   text,
    settled_at   timestamptz,
    version      integer,
    CHECK (NOT (needs_two AND state = 'armed') OR settled_by <> asked_by)
);
COMMENT ON TABLE suspension_request IS 'armed ones stand in the order''s version of that number';
COMMENT ON COLUMN suspension_request.settled_by IS 'who confirmed or withdrew it; of a long one never who asked';
CREATE INDEX suspension_request_asked ON suspension_request (asked_at DESC, id);

-- Links in messages by which a person takes an alert in hand: each counts once.

CREATE TABLE link_used (
    delivery_id text PRIMARY KEY REFERENCES delivery (id),
    party       text NOT NULL,
    used_at     timestamptz NOT NULL
);
COMMENT ON TABLE link_used IS 'who took the alert in hand by it stands in acknowledgement';

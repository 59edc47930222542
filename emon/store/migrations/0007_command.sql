-- Commands to devices: written with the decision that makes them, published after its commit.

CREATE TABLE command (
    id          text PRIMARY KEY,
    device      text NOT NULL,
    asks        text NOT NULL,
    reason      text NOT NULL,
    asked_at    timestamptz NOT NULL,
    until_at    timestamptz NOT NULL,
    rate_s      integer,
    for_s       integer,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'expired')),
    sent_at     timestamptz,
    recorded_at timestamptz NOT NULL,
    command_seq bigint GENERATED ALWAYS AS IDENTITY,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
COMMENT ON COLUMN command.asked_at IS 'the decision''s instant, never the wall clock';
COMMENT ON COLUMN command.until_at IS 'not sent after this: it is marked expired instead';
COMMENT ON COLUMN command.sent_at IS 'when the broker acknowledged it';
CREATE INDEX command_waiting ON command (device, command_seq) WHERE state = 'waiting';
CREATE INDEX command_device ON command (device, asked_at);

CREATE TABLE device_care (
    device text PRIMARY KEY,
    care   jsonb NOT NULL
);
COMMENT ON TABLE device_care IS
    'what the engine keeps of a device''s commands, clock, trust and battery; written with each decision';

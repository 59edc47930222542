-- What devices answer to commands. A reply delivered again has the same id: it is one row.

CREATE TABLE command_reply (
    id          text PRIMARY KEY,
    device      text NOT NULL,
    command_id  text NOT NULL,
    result      text NOT NULL CHECK (result IN ('done', 'refused')),
    rate_s      double precision,
    replied_at  timestamptz,
    raw         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON COLUMN command_reply.command_id IS 'as the device names it: it may be none of ours';
COMMENT ON COLUMN command_reply.replied_at IS 'the device''s clock';
COMMENT ON COLUMN command_reply.rate_s IS 'seconds between fixes that the device says it keeps from now on';
CREATE INDEX command_reply_command ON command_reply (command_id);
CREATE INDEX command_reply_device ON command_reply (device, received_at);

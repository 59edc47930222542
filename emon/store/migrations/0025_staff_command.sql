-- Commands that people ask for (ADR 0043). They leave by the same outbox as the engine's; who asked and why
-- stands beside them, where neither the device nor a party's copy of a court file finds it.

CREATE TABLE staff_command (
    command_id text PRIMARY KEY REFERENCES command (id),
    device     text NOT NULL,
    person     text NOT NULL,
    party      text NOT NULL,
    why        text NOT NULL,
    asked_at   timestamptz NOT NULL
);
COMMENT ON COLUMN staff_command.why IS 'in the person''s own words; never sent anywhere';
CREATE INDEX staff_command_device ON staff_command (device, asked_at);
CREATE INDEX staff_command_asked ON staff_command (asked_at);

CREATE TABLE command_lapse (
    command_id text PRIMARY KEY REFERENCES staff_command (command_id),
    device     text NOT NULL,
    lapsed_at  timestamptz NOT NULL,
    alert_id   text REFERENCES alert (id)
);
COMMENT ON TABLE command_lapse IS 'a person asked something of a device, and nothing answered in its time';
COMMENT ON COLUMN command_lapse.alert_id IS 'null: the device had been told of before, and answered nothing since';
CREATE INDEX command_lapse_device ON command_lapse (device, lapsed_at);

SELECT audit_rows('staff_command', '', 'command_id');
SELECT audit_rows('command_lapse', '', 'command_id');

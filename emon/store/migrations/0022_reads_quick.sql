-- What pages, the engine and reports read stays as quick as it is when millions of fixes and tens of thousands
-- of alerts lie behind it (ADR 0036, benchmarks/STORAGE.md).

-- The few alerts that nobody has closed are found without a look at all that ever were.
ALTER TABLE escalation ADD COLUMN closed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN escalation.closed IS 'a person has closed the alert: it has a resolution';
UPDATE escalation AS e SET closed = true FROM resolution AS r WHERE r.alert_id = e.alert_id;
CREATE INDEX escalation_open ON escalation (alert_id) WHERE NOT closed;

CREATE FUNCTION alert_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE escalation SET closed = true WHERE alert_id = NEW.alert_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER resolution_closes AFTER INSERT ON resolution FOR EACH ROW EXECUTE FUNCTION alert_is_closed();

-- What a device last said of one kind, without all it ever said of every kind.
CREATE INDEX device_event_kind ON device_event (device, event, fixed_at, seq);
CREATE INDEX device_event_heard ON device_event (device, event, received_at);

-- Refuted breaches are recalled too, which breach_condition leaves out.
CREATE INDEX breach_recalled ON breach (order_id, condition_id);

CREATE INDEX staff_login_when ON staff_login (happened_at);

-- Fixes under a wrong clock are placed by their receipt, wherever their stamp has put them.
CREATE INDEX fix_clock ON fix (device, received_at) WHERE mark = 'clock';

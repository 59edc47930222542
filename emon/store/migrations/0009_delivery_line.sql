-- Order and urgency of deliveries, beside what makes them quick to find (ADR 0026).
-- Set by the trigger below, so that they hold for whoever writes a delivery.

ALTER TABLE delivery
    ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN line text,
    ADD COLUMN lane smallint,
    ADD COLUMN alert_at timestamptz;
COMMENT ON COLUMN delivery.seq IS 'the order in which deliveries were written';
COMMENT ON COLUMN delivery.line IS 'what this recipient must hear in order: a breach, a fault of the platform, else the alert';
COMMENT ON COLUMN delivery.lane IS 'the alert''s priority, or a more urgent one that stands behind it in its line';
COMMENT ON COLUMN delivery.alert_at IS 'alert.at, for the order within a lane';

CREATE FUNCTION delivery_line(alert text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        'breach ' || a.breach_id,
        (SELECT 'platform ' || p.cause FROM platform_alert AS p WHERE p.alert_id = a.id),
        'alert ' || a.id)
    FROM alert AS a WHERE a.id = alert
$$;

UPDATE delivery AS d SET line = delivery_line(d.alert_id), lane = a.priority, alert_at = a.at
FROM alert AS a WHERE a.id = d.alert_id;

ALTER TABLE delivery
    ALTER COLUMN line SET NOT NULL, ALTER COLUMN lane SET NOT NULL, ALTER COLUMN alert_at SET NOT NULL;

CREATE FUNCTION delivery_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT a.priority, a.at, delivery_line(a.id) INTO NEW.lane, NEW.alert_at, NEW.line
    FROM alert AS a WHERE a.id = NEW.alert_id;
    -- What stands before it in its line is due now, and as urgent as it.
    UPDATE delivery AS d
    SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
    WHERE d.state = 'waiting' AND d.recipient = NEW.recipient AND d.line = NEW.line;
    RETURN NEW;
END
$$;
CREATE TRIGGER delivery_takes_its_place BEFORE INSERT ON delivery
    FOR EACH ROW EXECUTE FUNCTION delivery_takes_its_place();

DROP INDEX delivery_due;
CREATE INDEX delivery_lane ON delivery (recipient, lane, alert_at, seq) WHERE state = 'waiting';
CREATE INDEX delivery_line ON delivery (recipient, line, seq) WHERE state = 'waiting';
CREATE INDEX delivery_next ON delivery (next_attempt_at) WHERE state = 'waiting';

-- A condition that opens and clears many times is told in sums: one delivery stands for others (ADR 0026).

ALTER TABLE delivery ADD COLUMN joined_into text REFERENCES delivery (id);
COMMENT ON COLUMN delivery.joined_into IS 'the delivery that tells this one too, and whose receipt is also its own';
CREATE INDEX delivery_joined ON delivery (joined_into) WHERE joined_into IS NOT NULL;

-- News of priority 1 wants what stands before it told at once: also where another delivery tells it.
CREATE OR REPLACE FUNCTION delivery_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT a.priority, a.at, delivery_line(a.id) INTO NEW.lane, NEW.alert_at, NEW.line
    FROM alert AS a WHERE a.id = NEW.alert_id;
    UPDATE delivery AS d
    SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
    WHERE d.state = 'waiting' AND d.recipient = NEW.recipient AND d.line = NEW.line;
    UPDATE delivery AS d
    SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
    WHERE d.id IN (  -- one that is being recorded just now was just tried
        SELECT k.id FROM delivery AS k
        WHERE k.state = 'waiting' AND k.id IN (
            SELECT e.joined_into FROM delivery AS e
            WHERE e.state = 'waiting' AND e.recipient = NEW.recipient AND e.line = NEW.line)
        FOR UPDATE SKIP LOCKED);
    RETURN NEW;
END
$$;

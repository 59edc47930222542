-- A message that its recipient refuses for good stands aside: later ones of its line may pass (ADR 0026).

ALTER TABLE delivery ADD COLUMN set_aside_at timestamptz;
COMMENT ON COLUMN delivery.set_aside_at IS
    'since when later ones of its line need not wait for it: its recipient refused this message as such; it is still tried';

-- As before, but that what stands aside is not before anything.
CREATE OR REPLACE FUNCTION delivery_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    carrier text;
BEGIN
    SELECT a.priority, a.at, delivery_line(a.id) INTO NEW.lane, NEW.alert_at, NEW.line
    FROM alert AS a WHERE a.id = NEW.alert_id;
    UPDATE delivery AS d
    SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
    WHERE d.state = 'waiting' AND d.recipient = NEW.recipient AND d.line = NEW.line AND d.set_aside_at IS NULL;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    FOR carrier IN
        SELECT DISTINCT e.joined_into FROM delivery AS e
        WHERE e.state = 'waiting' AND e.recipient = NEW.recipient AND e.line = NEW.line
          AND e.joined_into IS NOT NULL AND e.set_aside_at IS NULL
    LOOP
        PERFORM FROM delivery WHERE id = carrier AND state = 'waiting' FOR UPDATE SKIP LOCKED;
        IF FOUND THEN  -- one that is being recorded just now was just tried
            UPDATE delivery AS d
            SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
            WHERE d.id = carrier;
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;

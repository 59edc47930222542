-- A delivery takes its place without reading more than its own line, however long the backlog.

CREATE OR REPLACE FUNCTION delivery_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    carrier text;
BEGIN
    SELECT a.priority, a.at, delivery_line(a.id) INTO NEW.lane, NEW.alert_at, NEW.line
    FROM alert AS a WHERE a.id = NEW.alert_id;
    UPDATE delivery AS d
    SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
    WHERE d.state = 'waiting' AND d.recipient = NEW.recipient AND d.line = NEW.line;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    FOR carrier IN
        SELECT DISTINCT e.joined_into FROM delivery AS e
        WHERE e.state = 'waiting' AND e.recipient = NEW.recipient AND e.line = NEW.line
          AND e.joined_into IS NOT NULL
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

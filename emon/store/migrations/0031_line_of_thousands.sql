-- A delivery takes its place by looking at what must change of its line, and no longer at all of it: of thousands
-- of alerts in one line each read all before it (ADR 0026). What changes, and for whom, is as it was in 0029.

CREATE INDEX delivery_line_lane ON delivery (recipient, line, lane)
    WHERE state = 'waiting' AND set_aside_at IS NULL;
CREATE INDEX delivery_line_due ON delivery (recipient, line, next_attempt_at)
    WHERE state = 'waiting' AND set_aside_at IS NULL;
CREATE INDEX delivery_line_joined ON delivery (recipient, line, joined_into)
    WHERE state = 'waiting' AND set_aside_at IS NULL AND joined_into IS NOT NULL;

CREATE OR REPLACE FUNCTION delivery_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    later text[];
    carriers text[];
    carrier text;
BEGIN
    SELECT a.priority, a.at, delivery_line(a.id) INTO NEW.lane, NEW.alert_at, NEW.line
    FROM alert AS a WHERE a.id = NEW.alert_id;
    -- Each in the order of its own index: the planner would take one of them for both.
    SELECT ARRAY(
        (SELECT id FROM delivery
         WHERE state = 'waiting' AND set_aside_at IS NULL
           AND recipient = NEW.recipient AND line = NEW.line AND lane > NEW.lane
         ORDER BY lane OFFSET 0)
        UNION ALL
        (SELECT id FROM delivery
         WHERE state = 'waiting' AND set_aside_at IS NULL
           AND recipient = NEW.recipient AND line = NEW.line AND next_attempt_at > NEW.next_attempt_at
         ORDER BY next_attempt_at OFFSET 0)
    ), ARRAY(
        SELECT DISTINCT joined_into FROM delivery
        WHERE state = 'waiting' AND set_aside_at IS NULL AND joined_into IS NOT NULL
          AND recipient = NEW.recipient AND line = NEW.line
    ) INTO later, carriers;
    IF cardinality(later) > 0 THEN
        UPDATE delivery AS d
        SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
        WHERE d.id = ANY(later) AND d.state = 'waiting' AND d.set_aside_at IS NULL;
    END IF;
    FOREACH carrier IN ARRAY carriers LOOP
        PERFORM FROM delivery WHERE id = carrier AND state = 'waiting'
            AND (lane > NEW.lane OR next_attempt_at > NEW.next_attempt_at) FOR UPDATE SKIP LOCKED;
        IF FOUND THEN  -- one that is being recorded just now was just tried
            UPDATE delivery AS d
            SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
            WHERE d.id = carrier;
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;

-- A function made anew has no search path of its own (0026). And a plan that was made while the table was small
-- reads all of it, and is kept: here none does.
DO $pinned$
BEGIN
    EXECUTE format('ALTER FUNCTION delivery_takes_its_place() SET search_path = %I, pg_temp', current_schema());
END
$pinned$;
ALTER FUNCTION delivery_takes_its_place() SET enable_seqscan = off;

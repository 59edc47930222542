-- A delivery takes its place by one look at its line, and writes again only what must change of what stands
-- before it (ADR 0026). Each of several hundred in one line wrote all before it anew, with a line of the audit
-- trail for each: four hundred alerts of one breach in one batch took longer than a connection is waited for,
-- so that batch never came to an end.

CREATE OR REPLACE FUNCTION delivery_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    later text[];
    carriers text[];
    carrier text;
BEGIN
    SELECT a.priority, a.at, delivery_line(a.id) INTO NEW.lane, NEW.alert_at, NEW.line
    FROM alert AS a WHERE a.id = NEW.alert_id;
    -- In the order of the index of lines: a plan made while the table was small would else read all that
    -- waits, and be kept.
    SELECT array_agg(d.id) FILTER (WHERE d.lane > NEW.lane OR d.next_attempt_at > NEW.next_attempt_at),
           array_agg(DISTINCT d.joined_into) FILTER (WHERE d.joined_into IS NOT NULL)
    INTO later, carriers
    FROM (
        SELECT id, lane, next_attempt_at, joined_into FROM delivery
        WHERE state = 'waiting' AND recipient = NEW.recipient AND line = NEW.line AND set_aside_at IS NULL
        ORDER BY recipient, line, seq OFFSET 0
    ) AS d;
    IF later IS NOT NULL THEN
        UPDATE delivery AS d
        SET lane = least(d.lane, NEW.lane), next_attempt_at = least(d.next_attempt_at, NEW.next_attempt_at)
        WHERE d.id = ANY(later) AND d.state = 'waiting' AND d.set_aside_at IS NULL;
    END IF;
    FOREACH carrier IN ARRAY coalesce(carriers, '{}') LOOP
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

-- A function made anew has no search path of its own (0026).
DO $pinned$
BEGIN
    EXECUTE format('ALTER FUNCTION delivery_takes_its_place() SET search_path = %I, pg_temp', current_schema());
END
$pinned$;

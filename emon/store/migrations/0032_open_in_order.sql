-- The lists of open alerts are read in their order from an index, as many rows as the page has (ADR 0075).
-- Before, each page read, joined and sorted all that was open, and the planner took whole tables for it.
ALTER TABLE escalation ADD COLUMN priority smallint, ADD COLUMN detected_at timestamptz,
    ADD COLUMN taken boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN escalation.priority IS 'the alert''s own, for its place in the lists';
COMMENT ON COLUMN escalation.detected_at IS 'the alert''s own, for its place in the lists';
COMMENT ON COLUMN escalation.taken IS
    'somebody has it in hand. That the protected person has read of it puts it in nobody''s hand';
UPDATE escalation AS e SET priority = a.priority, detected_at = a.detected_at, taken = EXISTS (
    SELECT FROM acknowledgement AS k WHERE k.alert_id = a.id AND k.party <> 'beschermde')
FROM alert AS a WHERE a.id = e.alert_id;
ALTER TABLE escalation ALTER COLUMN priority SET NOT NULL, ALTER COLUMN detected_at SET NOT NULL;

DROP INDEX escalation_open;
CREATE INDEX escalation_open ON escalation (detected_at, alert_id) WHERE NOT closed;
CREATE INDEX escalation_urgent ON escalation (priority, taken, detected_at, alert_id) WHERE NOT closed;

CREATE OR REPLACE FUNCTION begin_escalation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO escalation (alert_id, counted_from, due_at, priority, detected_at)
    VALUES (NEW.id, greatest(NEW.at, NEW.detected_at), greatest(NEW.at, NEW.detected_at), NEW.priority,
            NEW.detected_at);
    RETURN NULL;
END
$$;

CREATE FUNCTION alert_is_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE escalation SET taken = true WHERE alert_id = NEW.alert_id AND NOT taken;
    RETURN NULL;
END
$$;
CREATE TRIGGER acknowledgement_takes AFTER INSERT ON acknowledgement FOR EACH ROW
    WHEN (NEW.party <> 'beschermde') EXECUTE FUNCTION alert_is_taken();

-- A function made anew has no search path of its own (0026).
DO $pinned$
BEGIN
    EXECUTE format('ALTER FUNCTION begin_escalation() SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION alert_is_taken() SET search_path = %I, pg_temp', current_schema());
END
$pinned$;

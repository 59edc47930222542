-- What the service does with rights that its own role need not have (docs/audit.md, append-only by role): both
-- functions run with their owner's rights, do one thing, and look for names in this schema alone.

-- Two who answer for one alert wait for each other; a role that may not change an alert may not lock it either.
CREATE FUNCTION lock_alerts(ids text[]) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS $lock_alerts$
    SELECT id FROM alert WHERE id = ANY(ids) ORDER BY id FOR UPDATE
$lock_alerts$;

DO $owned$
BEGIN
    EXECUTE format('ALTER FUNCTION lock_alerts(text[]) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION ensure_partitions(date, date) SET search_path = %I, pg_temp', current_schema());
END
$owned$;
ALTER FUNCTION ensure_partitions(date, date) SECURITY DEFINER;
REVOKE EXECUTE ON FUNCTION lock_alerts(text[]) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION ensure_partitions(date, date) FROM PUBLIC;

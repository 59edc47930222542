-- The block range index by which a span of fixes is found for sealing learns of new pages when autovacuum comes,
-- once a minute at best; until then each look at what is not sealed reads every page since. So the sealer has them
-- put into it before it looks. Only an owner may, hence its rights. A table that autovacuum is at work on is left
-- for the next look: whoever waits for it longer than a second ends it (docs/adr/0053).
CREATE FUNCTION index_newest(day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '50ms' AS $index_newest$
DECLARE
    part  regclass := to_regclass('fix_' || to_char(day, 'YYYYMMDD'));
    found regclass;
BEGIN
    SELECT i.indexrelid INTO found FROM pg_index AS i JOIN pg_inherits AS h ON h.inhrelid = i.indexrelid
    WHERE i.indrelid = part AND h.inhparent = to_regclass('fix_received');
    IF found IS NULL THEN
        RETURN 0;
    END IF;
    RETURN brin_summarize_new_values(found);
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END
$index_newest$;
COMMENT ON FUNCTION index_newest(date) IS
    'the newest pages of the day''s partition enter fix_received; how many ranges of them that were';
DO $owned$
DECLARE
    runs text;
BEGIN
    EXECUTE format('ALTER FUNCTION index_newest(date) SET search_path = %I, pg_temp', current_schema());
    REVOKE EXECUTE ON FUNCTION index_newest(date) FROM PUBLIC;
    -- Who runs a service already was granted what there was (0021).
    FOR runs IN
        SELECT r.rolname FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a
        JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE p.oid = 'ensure_partitions(date, date)'::regprocedure AND a.grantee <> p.proowner
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION index_newest(date) TO %I', runs);
    END LOOP;
END
$owned$;

-- A session's temporary tables come first in its search path, before the tables of this schema. Whoever made one
-- by the name of audit_pending kept his changes out of the trail, and one by the name of escalation kept his
-- alerts from climbing. So every function of ours looks for names in this schema (after PostgreSQL's own),
-- and among temporary tables last.
DO $pinned$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN
        SELECT p.oid FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname = current_schema()
        WHERE NOT EXISTS (
            SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', one, current_schema());
    END LOOP;
END
$pinned$;

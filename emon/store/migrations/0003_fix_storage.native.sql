-- Plain PostgreSQL: one partition a UTC day, and one for the days nobody made a partition for.

CREATE TABLE fix (LIKE fix_shape INCLUDING COMMENTS, PRIMARY KEY (device, fixed_at, seq))
    PARTITION BY RANGE (fixed_at);
CREATE TABLE fix_default PARTITION OF fix DEFAULT;
DROP TABLE fix_shape;

-- Creates the missing daily partitions of [from_day, to_day). Fixes of such a day that arrived
-- before its partition existed move out of fix_default in the same transaction. Returns how many
-- partitions were made.
CREATE FUNCTION ensure_partitions(from_day date, to_day date) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    day      date := from_day;
    part     text;
    lower_at timestamptz;
    upper_at timestamptz;
    made     integer := 0;
BEGIN
    WHILE day < to_day LOOP
        part := 'fix_' || to_char(day, 'YYYYMMDD');
        lower_at := day::timestamp AT TIME ZONE 'UTC';
        upper_at := (day + 1)::timestamp AT TIME ZONE 'UTC';
        IF to_regclass(part) IS NULL THEN
            IF made = 0 THEN
                -- A batch that is writing waits a moment, rather than fail against a new bound.
                LOCK TABLE fix IN SHARE UPDATE EXCLUSIVE MODE;
                LOCK TABLE fix_default IN ACCESS EXCLUSIVE MODE;
            END IF;
            EXECUTE format('CREATE TABLE %I (LIKE fix INCLUDING COMMENTS)', part);
            EXECUTE format(
                'WITH moved AS (DELETE FROM fix_default WHERE fixed_at >= $1 AND fixed_at < $2 RETURNING *)
                 INSERT INTO %I SELECT * FROM moved', part) USING lower_at, upper_at;
            EXECUTE format(
                'ALTER TABLE fix ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, lower_at, upper_at);
            made := made + 1;
        END IF;
        day := day + 1;
    END LOOP;
    RETURN made;
END
$$;

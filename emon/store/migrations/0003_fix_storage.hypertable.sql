-- TimescaleDB: a hypertable of daily chunks, which the extension makes by itself.

CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE fix (LIKE fix_shape INCLUDING COMMENTS, PRIMARY KEY (device, fixed_at, seq));
DROP TABLE fix_shape;
SELECT create_hypertable('fix', 'fixed_at', chunk_time_interval => INTERVAL '1 day');

-- Chunks need no preparation: the same call as on plain PostgreSQL, with nothing to do.
CREATE FUNCTION ensure_partitions(from_day date, to_day date) RETURNS integer
LANGUAGE sql AS 'SELECT 0';

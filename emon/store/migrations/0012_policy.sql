-- Policies: each content once, by its hash, and since when it decides. An alert keeps the version that decided it.

CREATE TABLE policy_version (
    version       text PRIMARY KEY,
    content       text NOT NULL,
    first_used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE policy_version IS 'content: canonical JSON, version: its hash; rows are never changed';

CREATE TABLE policy_use (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL REFERENCES policy_version (version),
    from_at timestamptz NOT NULL
);
COMMENT ON TABLE policy_use IS 'one row whenever a service starts with another policy than the one before it';

ALTER TABLE engine_clock ADD COLUMN policy_version text REFERENCES policy_version (version);
COMMENT ON COLUMN engine_clock.policy_version IS 'the policy in force; an alert takes it when it is stored';

ALTER TABLE alert
    ADD COLUMN policy_version text REFERENCES policy_version (version),
    ADD COLUMN policy_row     text,
    ADD COLUMN also           text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN alert.policy_row IS 'the row of that policy which decided; null before policies were kept';
COMMENT ON COLUMN alert.also IS 'contacts of the policy that were told at once, beside the recipients';

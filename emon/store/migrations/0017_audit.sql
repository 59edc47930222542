-- The audit trail (docs/audit.md). What happens to a row that counts is captured by the database itself,
-- in the transaction that does it; a sealer takes what has committed into one chain of hashes. So no writer
-- has to remember anything, and none waits for another on the way to the chain.

CREATE TABLE audit_pending (
    capture_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    written_by  text NOT NULL,
    relation    text NOT NULL,
    deed        text NOT NULL,
    row_key     text NOT NULL,
    content     text NOT NULL
);
COMMENT ON TABLE audit_pending IS 'captured and not yet sealed; a row leaves only for audit';

CREATE TABLE audit (
    seq         bigint PRIMARY KEY,
    capture_id  bigint UNIQUE,
    recorded_at timestamptz NOT NULL,
    written_by  text NOT NULL,
    relation    text NOT NULL,
    deed        text NOT NULL CHECK (deed IN ('insert', 'update', 'delete', 'adopt', 'seal')),
    row_key     text NOT NULL,
    content     text NOT NULL,
    leaves      bytea,
    chain       bytea NOT NULL,
    CHECK ((deed = 'seal') = (leaves IS NOT NULL)),
    CHECK ((deed = 'seal') = (capture_id IS NULL))
);
COMMENT ON COLUMN audit.seq IS 'the place in the chain: 1, 2, 3, without a gap';
COMMENT ON COLUMN audit.written_by IS 'the database role and the application that did it, as JSON';
COMMENT ON COLUMN audit.row_key IS 'the row''s primary key as a JSON array; of a seal, its span';
COMMENT ON COLUMN audit.content IS 'the row after the deed (before it, of a delete), as JSON';
COMMENT ON COLUMN audit.leaves IS 'of a seal: eight bytes of each sealed row''s hash';
COMMENT ON COLUMN audit.chain IS 'SHA-256 of the entry before and of this one';
CREATE INDEX audit_row ON audit (relation, row_key, seq);

CREATE TABLE audit_key (
    key_id        text PRIMARY KEY,
    public_key    bytea NOT NULL,
    introduced_at timestamptz NOT NULL,
    introduced_by text,
    document      text NOT NULL
);
COMMENT ON TABLE audit_key IS 'the public halves of the keys that sign heads; each signed by the one before';

CREATE TABLE audit_head (
    seq       bigint PRIMARY KEY,
    key_id    text NOT NULL,
    signed_at timestamptz NOT NULL,
    document  text NOT NULL
);
COMMENT ON COLUMN audit_head.document IS 'the signed line as it is exported: docs/audit.md';

CREATE TABLE staff_login (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    party       text,
    deed        text NOT NULL CHECK (deed IN ('login', 'logout', 'refused')),
    address     text NOT NULL,
    happened_at timestamptz NOT NULL
);
COMMENT ON COLUMN staff_login.party IS 'null: no account has this name';

-- One entry a row. Arguments: the column that holds a secret (kept as its hash) or '', then the key's
-- columns. The sessions of emon have the settings that make the text the same everywhere; for any other
-- verification reads instants as instants.
CREATE FUNCTION audit_capture() RETURNS trigger LANGUAGE plpgsql
AS $audit_capture$
DECLARE
    line    json;
    content text;
    named   text;
BEGIN
    IF TG_OP = 'DELETE' THEN line := row_to_json(OLD); ELSE line := row_to_json(NEW); END IF;
    IF TG_NARGS = 2 THEN
        named := '[' || (line -> TG_ARGV[1])::text || ']';
    ELSE
        SELECT '[' || string_agg((line -> given.name)::text, ', ' ORDER BY given.place) || ']' INTO named
        FROM unnest(TG_ARGV[1:]) WITH ORDINALITY AS given (name, place);
    END IF;
    IF TG_ARGV[0] = '' THEN
        content := line::text;
    ELSE
        content := jsonb_set(line::jsonb, ARRAY[TG_ARGV[0]],
            to_jsonb(encode(sha256(convert_to(line ->> TG_ARGV[0], 'UTF8')), 'hex')))::text;
    END IF;
    INSERT INTO audit_pending (recorded_at, written_by, relation, deed, row_key, content)
    VALUES (clock_timestamp(), json_build_array(session_user, current_setting('application_name'))::text,
            TG_TABLE_NAME, lower(TG_OP), named, content);
    RETURN NULL;
END
$audit_capture$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql
AS $audit_refuse$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'docs/audit.md says what may be done instead';
END
$audit_refuse$;

CREATE FUNCTION audit_sealed_first() RETURNS trigger LANGUAGE plpgsql
AS $audit_sealed_first$
BEGIN
    IF EXISTS (SELECT FROM gone WHERE NOT EXISTS (
        SELECT FROM audit WHERE audit.capture_id = gone.capture_id AND audit.content = gone.content)) THEN
        RAISE EXCEPTION 'DELETE of audit_pending is refused: an entry leaves only for audit'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$audit_sealed_first$;

-- Puts a table under the audit trail and takes its rows into it as they stand.
CREATE FUNCTION audit_rows(tbl text, secret text, VARIADIC key_columns text[]) RETURNS void LANGUAGE plpgsql
AS $audit_rows$
DECLARE
    arguments text := (SELECT string_agg(quote_literal(one), ', ' ORDER BY place)
                       FROM unnest(array_prepend(secret, key_columns)) WITH ORDINALITY AS a (one, place));
    named     text := (SELECT string_agg(format('(line -> %L)::text', one), $$ || ', ' || $$ ORDER BY place)
                       FROM unnest(key_columns) WITH ORDINALITY AS a (one, place));
    kept      text := 'line';
BEGIN
    IF secret <> '' THEN
        kept := format('jsonb_set(line::jsonb, ARRAY[%1$L],
            to_jsonb(encode(sha256(convert_to(line ->> %1$L, %2$L)), %3$L)))', secret, 'UTF8', 'hex');
    END IF;
    EXECUTE format('CREATE TRIGGER audit_capture AFTER INSERT OR UPDATE OR DELETE ON %I
        FOR EACH ROW EXECUTE FUNCTION audit_capture(%s)', tbl, arguments);
    EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %I EXECUTE FUNCTION audit_refuse()', tbl);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_capture', tbl);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_no_truncate', tbl);
    EXECUTE format('INSERT INTO audit_pending (recorded_at, written_by, relation, deed, row_key, content)
        SELECT clock_timestamp(), json_build_array(session_user, current_setting(%L))::text, %L, %L,
               %L || %s || %L, (%s)::text
        FROM (SELECT row_to_json(t) AS line FROM %I AS t) AS rows_there',
        'application_name', tbl, 'adopt', '[', named, ']', kept, tbl);
END
$audit_rows$;

-- Rows that come by the thousand (fixes and what devices say) are sealed by spans of received_at after
-- their commit, at no cost to the transaction that writes them; here only what may not happen is barred.
CREATE FUNCTION audit_bulk(tbl text, barred text) RETURNS void LANGUAGE plpgsql
AS $audit_bulk$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_append_only BEFORE %s ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()', barred, tbl);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_append_only', tbl);
END
$audit_bulk$;

SELECT audit_bulk('audit', 'UPDATE OR DELETE OR TRUNCATE');
SELECT audit_bulk('audit_head', 'UPDATE OR DELETE OR TRUNCATE');
SELECT audit_bulk('audit_pending', 'UPDATE OR TRUNCATE');
CREATE TRIGGER audit_sealed_first AFTER DELETE ON audit_pending REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION audit_sealed_first();
ALTER TABLE audit_pending ENABLE ALWAYS TRIGGER audit_sealed_first;

SELECT audit_bulk('fix', 'UPDATE OR DELETE OR TRUNCATE');
SELECT audit_bulk('device_event', 'UPDATE OR DELETE OR TRUNCATE');
SELECT audit_bulk('command_reply', 'UPDATE OR DELETE OR TRUNCATE');
SELECT audit_bulk('rejected', 'DELETE OR TRUNCATE');
CREATE INDEX fix_received ON fix USING brin (received_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX device_event_received ON device_event USING brin (received_at) WITH (autosummarize = on);
CREATE INDEX command_reply_received ON command_reply USING brin (received_at) WITH (autosummarize = on);

SELECT audit_rows('order_version', '', 'id', 'version');
SELECT audit_rows('order_device', '', 'order_id', 'version', 'device', 'used_from');
SELECT audit_rows('breach', '', 'id');
SELECT audit_rows('alert', '', 'id');
SELECT audit_rows('delivery', '', 'id');
SELECT audit_rows('delivery_attempt', '', 'delivery_id', 'attempt');
SELECT audit_rows('acknowledgement', '', 'id');
SELECT audit_rows('command', '', 'id');
SELECT audit_rows('trouble', '', 'id');
SELECT audit_rows('service_stop', '', 'down_at');
SELECT audit_rows('platform_alert', '', 'alert_id');
SELECT audit_rows('climb', '', 'alert_id', 'step');
SELECT audit_rows('resolution', '', 'alert_id');
SELECT audit_rows('said_again', '', 'alert_id', 'word', 'party', 'person', 'via');
SELECT audit_rows('link_used', '', 'delivery_id');
SELECT audit_rows('alert_beside', '', 'id');
SELECT audit_rows('suspension_request', '', 'id');
SELECT audit_rows('clock_step', '', 'at');
SELECT audit_rows('policy_version', '', 'version');
SELECT audit_rows('policy_use', '', 'id');
SELECT audit_rows('app_user', 'password_hash', 'name');
SELECT audit_rows('staff_login', '', 'id');
SELECT audit_rows('audit_key', '', 'key_id');

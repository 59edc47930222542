-- The life of an alert: how it climbs until a person answers, and how a person closes it.

-- Asked of every alert that is shown: whom an order protects must not be looked for in its whole document.
ALTER TABLE order_version ADD COLUMN protected_person text;
UPDATE order_version SET protected_person = convert_from(source, 'UTF8')::jsonb ->> 'protected_person'
WHERE position('"protected_person"'::bytea IN source) > 0;

CREATE TABLE escalation (
    alert_id     text PRIMARY KEY REFERENCES alert (id),
    counted_from timestamptz NOT NULL,
    step         integer NOT NULL DEFAULT 0 CHECK (step >= 0),
    due_at       timestamptz,
    needs        text CHECK (needs IN ('each', 'any'))
);
COMMENT ON TABLE escalation IS 'how far an alert has climbed, and when it is looked at next';
COMMENT ON COLUMN escalation.counted_from IS 'its ladder''s seconds count from here; moved with the wall clock when that is set';
COMMENT ON COLUMN escalation.due_at IS 'null: it climbs no more';
COMMENT ON COLUMN escalation.needs IS 'whose answers its ladder wanted when it was looked at last; null: not yet';
CREATE INDEX escalation_due ON escalation (due_at) WHERE due_at IS NOT NULL;

-- Whoever writes an alert cannot forget that it must be answered: the row comes with it. It is due at once,
-- which is when its ladder is looked up. An alert that was decided late counts from when it was told.
CREATE FUNCTION begin_escalation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO escalation (alert_id, counted_from, due_at)
    VALUES (NEW.id, greatest(NEW.at, NEW.detected_at), greatest(NEW.at, NEW.detected_at));
    RETURN NULL;
END
$$;
CREATE TRIGGER alert_escalates AFTER INSERT ON alert FOR EACH ROW EXECUTE FUNCTION begin_escalation();
INSERT INTO escalation (alert_id, counted_from, due_at)
SELECT id, transaction_timestamp(), transaction_timestamp() FROM alert;

CREATE TABLE climb (
    alert_id   text NOT NULL REFERENCES alert (id),
    step       integer NOT NULL CHECK (step >= 1),
    first_step integer NOT NULL CHECK (first_step BETWEEN 1 AND step),
    due_at     timestamptz NOT NULL,
    made_at    timestamptz NOT NULL,
    owed       text[] NOT NULL,
    told       text[] NOT NULL,
    withheld   text[] NOT NULL,
    PRIMARY KEY (alert_id, step)
);
COMMENT ON TABLE climb IS 'an alert that nobody answered was told again, one row a stroke; rows are never changed';
COMMENT ON COLUMN climb.first_step IS 'below step where rungs passed while nobody looked: all of them are this row';
COMMENT ON COLUMN climb.owed IS 'whose answer was wanted';
COMMENT ON COLUMN climb.told IS 'to whom a new delivery was written';
COMMENT ON COLUMN climb.withheld IS 'who has not even received the last one yet, and so gets no second beside it';

ALTER TABLE delivery ADD COLUMN climb integer NOT NULL DEFAULT 0 CHECK (climb >= 0);
COMMENT ON COLUMN delivery.climb IS '0: the alert itself; else the step of the climb that tells it again';
ALTER TABLE delivery ADD COLUMN party text;
COMMENT ON COLUMN delivery.party IS 'of a contact: the party whose it is, and which answers for what it was sent';
ALTER TABLE delivery DROP CONSTRAINT delivery_alert_id_recipient_key;
ALTER TABLE delivery ADD CONSTRAINT delivery_once UNIQUE (alert_id, recipient, climb);
CREATE INDEX delivery_received ON delivery (recipient, delivered_at) WHERE delivered_at IS NOT NULL;

CREATE TABLE resolution (
    alert_id       text PRIMARY KEY REFERENCES alert (id),
    party          text NOT NULL,
    person         text NOT NULL,
    cause          text NOT NULL,
    outcome        text NOT NULL,
    victim_outcome text,
    note           text NOT NULL,
    resolved_at    timestamptz NOT NULL,
    via            text NOT NULL
);
COMMENT ON TABLE resolution IS 'a person closed the alert; nothing else ends one';

CREATE TABLE said_again (
    alert_id text NOT NULL REFERENCES alert (id),
    word     text NOT NULL CHECK (word IN ('acknowledged', 'closed')),
    party    text NOT NULL,
    person   text NOT NULL,
    via      text NOT NULL,
    times    integer NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    PRIMARY KEY (alert_id, word, party, person, via)
);
COMMENT ON TABLE said_again IS 'words that changed nothing, because the first of their kind stands';

CREATE TABLE alert_beside (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id    text NOT NULL REFERENCES alert (id),
    what        text NOT NULL CHECK (what IN ('merged', 'suspended')),
    at          timestamptz NOT NULL,
    other_alert text REFERENCES alert (id),
    detail      text NOT NULL DEFAULT '',
    CHECK ((what = 'merged') = (other_alert IS NOT NULL))
);
COMMENT ON TABLE alert_beside IS 'what happened to an alert beside its way: joined with another, its order suspended';
CREATE INDEX alert_beside_alert ON alert_beside (alert_id);

CREATE TABLE heartbeat (
    recipient     text PRIMARY KEY,
    seq           bigint NOT NULL CHECK (seq >= 1),
    sent_at       timestamptz NOT NULL,
    answered_at   timestamptz,
    failing_since timestamptz,
    last_error    text
);
COMMENT ON TABLE heartbeat IS 'one row a recipient: a heartbeat that nobody hears is not kept for later';

CREATE TABLE clock_step (
    at    timestamptz PRIMARY KEY,
    by_us bigint NOT NULL
);
COMMENT ON TABLE clock_step IS 'the wall clock was set by so much, and the deadlines that were reckoned by it with it';

-- An open incident stays alive (ADR 0031): whoever was told of a breach hears how it goes on, under the
-- breach's id, until it ends. Updates have an outbox of their own: who counts deliveries counts alerts.

CREATE TABLE incident (
    breach_id   text PRIMARY KEY REFERENCES breach (id),
    state       text NOT NULL DEFAULT 'followed' CHECK (state IN ('followed', 'unseen', 'over')),
    step        integer NOT NULL DEFAULT 0 CHECK (step >= 0),
    fix_at      timestamptz NOT NULL,
    position_at timestamptz NOT NULL,
    answer_id   bigint NOT NULL DEFAULT 0,
    looked_at   timestamptz,
    owed_at     timestamptz,
    rests       boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE incident IS 'how far the updates on a breach have come that somebody was told of while it was present';
COMMENT ON COLUMN incident.step IS 'of what was said of it last; 0: nothing yet';
COMMENT ON COLUMN incident.fix_at IS 'no update on an older fix is told; at first the instant of its first alert';
COMMENT ON COLUMN incident.position_at IS 'when a position was told last';
COMMENT ON COLUMN incident.answer_id IS 'the newest answer that was told';
COMMENT ON COLUMN incident.owed_at IS 'reckoned at looked_at: when a fix is owed, if none comes';
COMMENT ON COLUMN incident.rests IS 'nothing is to be said until something happens';
CREATE INDEX incident_awake ON incident (position_at) WHERE NOT rests;

-- Whoever writes an alert on a present breach cannot forget its incident; a further alert wakes it.
CREATE FUNCTION begin_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incident AS i (breach_id, fix_at, position_at) VALUES (NEW.breach_id, NEW.at, NEW.at)
    ON CONFLICT (breach_id) DO UPDATE SET rests = false WHERE i.rests;
    RETURN NULL;
END
$$;
CREATE TRIGGER alert_begins_incident AFTER INSERT ON alert FOR EACH ROW
    WHEN (NEW.breach_id IS NOT NULL AND NEW.event IN ('breach', 'proximity'))
    EXECUTE FUNCTION begin_incident();

CREATE FUNCTION wake_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE incident SET rests = false WHERE breach_id = NEW.id AND rests;
    RETURN NULL;
END
$$;
CREATE TRIGGER breach_wakes_incident AFTER UPDATE ON breach FOR EACH ROW
    WHEN ((OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL) OR (OLD.refuted AND NOT NEW.refuted))
    EXECUTE FUNCTION wake_incident();

INSERT INTO incident (breach_id, fix_at, position_at)
SELECT b.id, transaction_timestamp(), transaction_timestamp() FROM breach AS b
WHERE b.closed_at IS NULL AND NOT b.refuted
  AND EXISTS (SELECT FROM alert AS a WHERE a.breach_id = b.id AND a.event IN ('breach', 'proximity'));

CREATE TABLE incident_answer (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    breach_id   text NOT NULL REFERENCES breach (id),
    party       text NOT NULL,
    person      text NOT NULL,
    answer      text NOT NULL CHECK (answer IN ('unit_assigned', 'on_scene', 'found', 'not_found')),
    note        text NOT NULL,
    answered_at timestamptz NOT NULL,
    via         text NOT NULL,
    by_message  text,
    UNIQUE (by_message, answer)
);
COMMENT ON TABLE incident_answer IS 'what the police say of an incident; rows are never changed';
COMMENT ON COLUMN incident_answer.by_message IS 'the delivery or update whose link or receipt gave it: each word once';
CREATE INDEX incident_answer_breach ON incident_answer (breach_id, id);

CREATE TABLE incident_update (
    id               text PRIMARY KEY,
    breach_id        text NOT NULL REFERENCES breach (id),
    step             integer NOT NULL CHECK (step >= 1),
    recipient        text NOT NULL,
    number           integer NOT NULL CHECK (number >= 1),
    party            text NOT NULL,
    channel          text NOT NULL,
    alert_id         text NOT NULL REFERENCES alert (id),
    said             text NOT NULL CHECK (said IN ('position', 'signal_lost', 'signal_back', 'left', 'lapsed',
                                                   'goes_on', 'stand_down', 'answer')),
    because          text NOT NULL,
    made_at          timestamptz NOT NULL,
    device           text,
    fixed_at         timestamptz,
    seq              bigint,
    answer_id        bigint REFERENCES incident_answer (id),
    state            text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'superseded')),
    superseded_by    integer,
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,
    first_attempt_at timestamptz,
    delivered_at     timestamptz,
    last_error       text,
    set_aside_at     timestamptz,
    UNIQUE (breach_id, recipient, number),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (next_attempt_at IS NOT NULL)),
    CHECK ((said = 'answer') = (answer_id IS NOT NULL))
);
COMMENT ON TABLE incident_update IS 'one update on an incident for one recipient; no alert, and no delivery of one';
COMMENT ON COLUMN incident_update.step IS 'what was said to all of them at one time, numbered within the incident';
COMMENT ON COLUMN incident_update.number IS 'of this recipient''s updates on the incident: the order in which he hears them';
COMMENT ON COLUMN incident_update.alert_id IS 'the newest alert of the breach that this recipient was told';
COMMENT ON COLUMN incident_update.because IS 'what made it be said: the input of the incident''s table';
COMMENT ON COLUMN incident_update.fixed_at IS 'with device and seq: the fix whose position it tells, kept in fix alone';
COMMENT ON COLUMN incident_update.superseded_by IS 'the number of the newer one that is told in its place';
COMMENT ON COLUMN incident_update.set_aside_at IS
    'since when later ones need not wait for it: its recipient refused this message as such; it is still tried';
CREATE INDEX incident_update_waiting ON incident_update (breach_id, recipient, number) WHERE state = 'waiting';
CREATE INDEX incident_update_step ON incident_update (breach_id, step);
CREATE INDEX incident_update_received ON incident_update (recipient, delivered_at) WHERE delivered_at IS NOT NULL;

SELECT audit_rows('incident_answer', '', 'id');
SELECT audit_rows('incident_update', '', 'id');

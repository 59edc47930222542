-- Updates on incidents are found as deliveries are (0009): by an index over what waits, each recipient's in the
-- order in which they leave, read from its beginning and left at a limit, however many incidents are open.

ALTER TABLE incident_update ADD COLUMN priority smallint NOT NULL DEFAULT 5;
COMMENT ON COLUMN incident_update.priority IS
    'of its alert: the more urgent first (5: it was made before this column)';
CREATE INDEX incident_update_due ON incident_update (recipient, priority, made_at, id) WHERE state = 'waiting';

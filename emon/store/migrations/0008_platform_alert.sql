-- Alerts on the platform itself: what was wrong, since when, and when it was over.

CREATE TABLE platform_alert (
    alert_id  text PRIMARY KEY REFERENCES alert (id),
    cause     text NOT NULL,
    opened_at timestamptz NOT NULL,
    over_at   timestamptz
);
COMMENT ON TABLE platform_alert IS 'one row an alert: a fault and its end are two alerts';
COMMENT ON COLUMN platform_alert.over_at IS 'null: the alert tells of the fault; else of its end';
CREATE INDEX platform_alert_cause ON platform_alert (cause, opened_at);

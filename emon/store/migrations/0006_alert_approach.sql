-- How often an approach was told of a condition is asked whenever its past is recalled.

CREATE INDEX alert_approach ON alert (order_id, condition_id, at) WHERE event = 'approach';

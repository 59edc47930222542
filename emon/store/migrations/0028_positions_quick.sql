-- The newest position of a device is replaced with each batch. A B-tree over change_seq had to be told of each
-- replacement, and so had every other index of the table: a third of what a batch cost the database. A block
-- range index keeps only the span of each few pages: a row is replaced within its page, and nothing else is told.

DROP INDEX device_now_change;
CREATE INDEX device_now_change ON device_now USING brin (change_seq) WITH (pages_per_range = 4, autosummarize = on);

-- What waits is put on file while a live fix stands behind it in the broker's one queue, and is gone in minutes. The
-- server pressed each row of a hundred fixes together first, which was more than half of what putting it there took.

ALTER TABLE inbox ALTER COLUMN payload SET STORAGE EXTERNAL;

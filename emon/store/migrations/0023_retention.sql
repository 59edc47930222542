-- What retention takes away is an entry of the trail like a seal is: written by the service itself, of rows that
-- come by the thousand (docs/audit.md, ADR 0036).

ALTER TABLE audit DROP CONSTRAINT audit_deed_check;
ALTER TABLE audit ADD CONSTRAINT audit_deed_check
    CHECK (deed IN ('insert', 'update', 'delete', 'adopt', 'seal', 'remove'));
ALTER TABLE audit DROP CONSTRAINT audit_check1;
ALTER TABLE audit ADD CONSTRAINT audit_captured CHECK ((deed IN ('seal', 'remove')) = (capture_id IS NULL));

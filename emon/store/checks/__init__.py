"""``emon verify``: the audit trail held against the rows themselves, and against signed heads."""

"""The audit trail: one chain of hashes over what happened, and signed heads of it (docs/audit.md)."""

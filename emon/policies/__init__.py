"""Policy files: read, checked as a whole, written out, described. Core: bytes in, a policy or faults out."""

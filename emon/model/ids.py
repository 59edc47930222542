"""Derived identifiers: the same inputs give the same id on every run, machine and worker."""

from __future__ import annotations

import hashlib

_SEPARATOR = b"\x1f"  # ASCII unit separator: "ab"+"c" and "a"+"bc" must not collide


def derive_id(*parts: str | int) -> str:
    """Sixteen hexadecimal digits from the parts, in order (contract, section 5: ``id``)."""
    digest = hashlib.sha256(_SEPARATOR.join(str(part).encode() for part in parts))
    return digest.hexdigest()[:16]

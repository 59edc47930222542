"""What of the trail proves one entry to somebody who has no database: the way from it to a signed head. Pure.

The chain hangs each entry on the one before. From the link before an entry, the hashes of the entries from
it on and a head that was signed above it, everybody can recompute the link that was signed. An entry of which
only the hash is given stays unknown, and the way holds all the same.
"""

from __future__ import annotations

import msgspec

from emon.audit.chain import link

LEAF_WHOLE_BYTES = 32


class Way(msgspec.Struct, frozen=True):
    """``first``: the place of the first entry; ``before``: the link before it; ``leaves``: SHA-256 of each
    entry from it to the head, 32 bytes each; ``head``: the signed line."""

    first: int
    before: bytes
    leaves: bytes
    head: str

    @property
    def last(self) -> int:
        """The place of the entry at which the head was signed, by the number of hashes."""
        return self.first + len(self.leaves) // LEAF_WHOLE_BYTES - 1

    def leaf(self, seq: int) -> bytes | None:
        """The hash that stands for the entry at this place, or None where the way does not pass it."""
        if not self.first <= seq <= self.last:
            return None
        start = (seq - self.first) * LEAF_WHOLE_BYTES
        return self.leaves[start : start + LEAF_WHOLE_BYTES]

    def end(self) -> bytes:
        """The link that the hashes give at the last place."""
        at = self.before
        for start in range(0, len(self.leaves), LEAF_WHOLE_BYTES):
            at = link(at, self.leaves[start : start + LEAF_WHOLE_BYTES])
        return at

"""Bytes as they come to packets: a buffer, the scanner, and what of a packet is still under way.

Pure but for its own buffer. What is larger than any message of ours is cut, not closed upon: a broker
that hands out such a message would hand it out again on each new connection, and nothing else would
ever come. The cut one is still too large for the wire and is rejected as that, once.
"""

from __future__ import annotations

import numpy as np

from emon.ingest.sources.frame_scan import BODY, COLUMNS, END, FAULTS, HEAD, PAYLOAD, ScanFault, scan
from emon.ingest.sources.packets import Packet, PacketFault
from emon.limits import FRAME_BYTES_MAX, SOCKET_READ_BYTES
from emon.model.columns import Ints

_ROWS = 2_048
_HEADER_MAX = 5  # a first byte and four of length (2.1.4)


class FrameReader:
    """Turns reads of any size into rows of whole packets.

    Write into ``space``, then call ``received``; the rows' offsets hold until the next ``space``.
    ``fault`` is set when the bytes after these rows are no MQTT: nothing more can be read.
    """

    def __init__(self, *, five: bool) -> None:
        self.five = five
        self.fault: PacketFault | None = None
        self._rows = np.empty((_ROWS, COLUMNS), dtype=np.int64)
        self._start = self._end = 0  # of what was received and is not yet in a row
        self._skip = 0  # bytes of a cut packet that are still to come
        self._hold(bytearray(SOCKET_READ_BYTES))

    def _hold(self, buffer: bytearray) -> None:
        self.view = memoryview(buffer)
        self.octets = np.frombuffer(buffer, dtype=np.uint8)

    def space(self) -> memoryview:
        """Where the next bytes go; never empty."""
        left = self._end - self._start
        needed = min(self._needed(), FRAME_BYTES_MAX)
        if needed > len(self.view) or left >= len(self.view):
            larger = bytearray(max(2 * len(self.view), needed + SOCKET_READ_BYTES))
            larger[:left] = self.view[self._start : self._end]
            self._hold(larger)
        elif self._start:
            self.view[:left] = self.view[self._start : self._end]
        self._start, self._end = 0, left
        return self.view[left:]

    def received(self, count: int) -> Ints:
        """The packets that are whole now that ``count`` more bytes lie in ``space``, a row each with the
        columns of ``frame_scan``."""
        self._end += count
        if self._skip:
            skipped = min(self._skip, self._end - self._start)
            self._start += skipped
            self._skip -= skipped
        self._cut()
        found: list[Ints] = []
        while self.fault is None:
            rows, self._start, fault = scan(self.octets, self._start, self._end, self.five, self._rows)
            found.append(self._rows[:rows].copy())
            if fault:
                self.fault = PacketFault(FAULTS[ScanFault(fault)])
            if rows < _ROWS:
                break
        return found[0] if len(found) == 1 else np.concatenate([self._rows[:0], *found])

    def _needed(self) -> int:
        """The whole size of the packet that is under way, as far as its header says; 0 before."""
        size = 0
        for place in range(1, _HEADER_MAX):
            if self._start + place >= self._end:
                return 0
            byte = self.view[self._start + place]
            size |= (byte & 0x7F) << (7 * (place - 1))
            if byte < 0x80:
                return size + place + 1
        return 0  # the scanner finds the fault

    def _cut(self) -> None:
        """Shorten a PUBLISH that is too large once enough of it is here: its length is written anew."""
        needed = self._needed()
        if needed <= FRAME_BYTES_MAX:
            return
        if self.view[self._start] & 0xF0 != Packet.PUBLISH:
            self.fault = PacketFault(f"a packet of {needed:,} bytes that is no PUBLISH")
            return
        if self._end - self._start < FRAME_BYTES_MAX:
            return
        kept = FRAME_BYTES_MAX - _HEADER_MAX
        for place in range(4):
            more = 0x80 if place < 3 else 0
            self.view[self._start + 1 + place] = (kept >> (7 * place)) & 0x7F | more
        here = self._end - self._start
        rest = min(here - FRAME_BYTES_MAX, needed - FRAME_BYTES_MAX)
        self._skip = needed - FRAME_BYTES_MAX - rest
        self._close_gap(self._start + FRAME_BYTES_MAX, rest)

    def _close_gap(self, at: int, size: int) -> None:
        """Take ``size`` bytes out of what was received."""
        after = bytes(self.view[at + size : self._end])
        self.view[at : at + len(after)] = after
        self._end = at + len(after)

    def payload(self, row: Ints) -> bytes:
        """The payload of a PUBLISH, the body of any other packet."""
        at = row[PAYLOAD] if row[HEAD] & 0xF0 == Packet.PUBLISH else row[BODY]
        return bytes(self.view[at : row[END]])

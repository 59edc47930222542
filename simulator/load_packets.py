"""The PUBLISH packets of a load, made for many messages at once.

All packets of a load have the same length: numbers are written with as many digits as the longest
needs, ``seq`` with spaces before it, which JSON allows. So a thousand packets are one matrix of bytes
into whose columns the digits are written, and a fix costs a fraction of a microsecond.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emon.ingest.fixb import HEADER, RECORD
from emon.model.instant import SECOND_US
from simulator.load_plan import Ints, LoadPlan, LoadRefused, Places
from simulator.mqtt import publish_packet

Bytes = npt.NDArray[np.uint8]

ACCURACY_M = 10.0
_T_DIGITS = 13  # milliseconds since 1970 from 2001 to 2286
_DEVICE_DIGITS = 7
_DUP = 0x08  # MQTT 3.1.1, section 3.3.1.1
_FOUR = np.array([list(b"%04d" % number) for number in range(10_000)], dtype=np.uint8)
_NONE_U16, _NONE_U8 = 0xFFFF, 0xFF
_RECORD_TYPE = np.dtype(
    [
        ("seq", "<u4"),
        ("t", "<i8"),
        ("lat", "<i4"),
        ("lon", "<i4"),
        ("acc", "<u4"),
        ("spd", "<u2"),
        ("hdg", "<u2"),
        ("hdop", "<u2"),
        ("sat", "u1"),
        ("bat", "u1"),
        ("src", "u1"),
        ("pad", "u1"),
    ]
)


class Packets:
    """Packets of a plan whose second 0 is ``start_us``; a message is known by its number alone."""

    def __init__(self, plan: LoadPlan, start_us: int) -> None:
        """Raises ``LoadRefused`` for a start whose milliseconds are not 13 digits."""
        self._plan = plan
        self._places = Places(plan)
        self._start_ms = start_us // 1_000
        if not 10 ** (_T_DIGITS - 1) <= self._start_ms < 10**_T_DIGITS:
            raise LoadRefused("a load begins between 2001 and 2286")
        self._spacing_ms = plan.devices / plan.rate_per_s * 1_000.0
        self._seq_digits = len(str(plan.messages // plan.devices * plan.batch + plan.batch))
        self._record = self._record_of_json()
        payload = self._empty_payload()
        kind = "fixb" if plan.packed else "fix"
        topic = f"emon/v1/{plan.name(0)}/{kind}"
        packet = publish_packet(topic, payload, 0, retain=False, again=False)
        self._template: Bytes = np.frombuffer(packet, dtype=np.uint8)
        self._at_payload = len(packet) - len(payload)
        self._at_device = self._at_payload - 2 - len(kind) - 1 - _DEVICE_DIGITS

    @property
    def length(self) -> int:
        """Bytes of each packet."""
        return len(self._template)

    def fixes(self, messages: Ints) -> tuple[Ints, Ints, Ints]:
        """Device numbers (messages,), sequence numbers and times in ms (both messages × batch)."""
        plan = self._plan
        turn, device = np.divmod(messages, plan.devices)
        places = np.arange(plan.batch)
        seq = turn[:, None] * plan.batch + places + 1
        before_ms = (plan.batch - 1 - places) * self._spacing_ms
        t_ms = np.floor((plan.dues_s(messages) * 1_000.0)[:, None] - before_ms).astype(np.int64)
        return device, seq, self._start_ms + t_ms

    def build(self, messages: Ints, ids: Ints, *, again: bool = False) -> bytes:
        """The PUBLISH packets of these messages under these packet ids; ``again`` sets DUP."""
        device, seq, t_ms = self.fixes(messages)
        lon, lat = self._places.at(messages, t_ms)
        out = np.empty((len(messages), self.length), dtype=np.uint8)
        out[:] = self._template
        if again:
            out[:, 0] |= _DUP
        _write(out[:, self._at_device : self._at_device + _DEVICE_DIGITS], device)
        out[:, self._at_payload - 2] = ids >> 8
        out[:, self._at_payload - 1] = ids & 0xFF
        if self._plan.packed:
            self._fill_records(out[:, self._at_payload + HEADER.size :], seq, t_ms, lon, lat)
        else:
            self._fill_json(out, seq, t_ms, lon, lat)
        return out.tobytes()

    # --- payloads -------------------------------------------------------------------------------

    def _record_of_json(self) -> bytes:
        return (
            b'{"seq":' + b"0" * self._seq_digits + b',"t":' + b"0" * _T_DIGITS
            + b',"lat":00.0000000,"lon":0.0000000,"acc":%.1f}' % ACCURACY_M
        )  # fmt: skip

    def _empty_payload(self) -> bytes:
        batch = self._plan.batch
        if self._plan.packed:
            return HEADER.pack(1, 0, batch) + bytes(RECORD.size * batch)
        return self._record if batch == 1 else b"[" + b",".join([self._record] * batch) + b"]"

    def _fill_json(self, out: Bytes, seq: Ints, t_ms: Ints, lon: Ints, lat: Ints) -> None:
        """Write the digits of each record where the template has zeros."""
        record, batch = self._record, self._plan.batch
        # In an array each record has one byte after it, a comma or the bracket; alone it has none.
        begin, step = (
            (self._at_payload + 1, len(record) + 1) if batch > 1 else (self._at_payload, len(record))
        )
        rows = out[:, begin : begin + batch * step].reshape(len(seq), batch, step)
        at_seq = record.index(b":") + 1
        at_t = record.index(b'"t":') + 4
        at_lat = record.index(b'"lat":') + 6
        at_lon = record.index(b'"lon":') + 6
        column = rows[..., at_seq : at_seq + self._seq_digits]
        _write(column, seq)
        for digit in range(1, self._seq_digits):
            column[seq < 10**digit, self._seq_digits - 1 - digit] = 0x20
        _write(rows[..., at_t : at_t + _T_DIGITS], t_ms)
        whole, part = np.divmod(lat, 10_000_000)
        _write(rows[..., at_lat : at_lat + 2], whole)
        _write(rows[..., at_lat + 3 : at_lat + 10], part)
        whole, part = np.divmod(lon, 10_000_000)
        _write(rows[..., at_lon : at_lon + 1], whole)
        _write(rows[..., at_lon + 2 : at_lon + 9], part)

    def _fill_records(self, out: Bytes, seq: Ints, t_ms: Ints, lon: Ints, lat: Ints) -> None:
        records = np.zeros(seq.shape, dtype=_RECORD_TYPE)
        records["seq"], records["t"] = seq, t_ms * (SECOND_US // 1_000)
        records["lat"], records["lon"] = lat, lon
        records["acc"] = round(ACCURACY_M * 100)
        for name, none in (("spd", _NONE_U16), ("hdg", _NONE_U16), ("hdop", _NONE_U16)):
            records[name] = none
        records["sat"] = records["bat"] = _NONE_U8
        out[:] = records.view(np.uint8).reshape(len(seq), -1)


def _write(columns: Bytes, numbers: Ints) -> None:
    """Write each number, not below 0, with as many digits as there are columns."""
    left, rest = columns.shape[-1], numbers
    while left >= 4:
        rest, low = np.divmod(rest, 10_000)
        columns[..., left - 4 : left] = _FOUR[low]
        left -= 4
    if left:
        columns[..., :left] = _FOUR[rest, 4 - left :]

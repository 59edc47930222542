"""The load's connection and histogram: each acknowledgement counts once, what never came counts too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sink import Sink
from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.commands.shell import next_second
from simulator.histogram import VALUE_MAX_US, Histogram
from simulator.load import LoadReport, run_load
from simulator.load_link import LoadLink
from simulator.load_packets import Packets
from simulator.load_plan import Ints, LoadPlan
from tests.simulator.scenes import START_US

_PLAN = LoadPlan(rate_per_s=4_000.0, seconds=1.0, devices=400, connections=2, breaches=0)


@asynccontextmanager
async def _sink(silent_after: int | None = None) -> AsyncIterator[BrokerAddress]:
    server = await asyncio.get_running_loop().create_server(lambda: Sink(silent_after), "127.0.0.1", 0)
    try:
        yield BrokerAddress.parse(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(("batch", "packed"), [(1, False), (40, False), (40, True)])
async def test_a_whole_load_is_acknowledged_by_a_sink(batch: int, packed: bool) -> None:
    plan = LoadPlan(8_000.0, 1.0, 100, 2, 0, batch=batch, packed=packed)
    async with _sink() as broker:
        report = await run_load(
            plan, broker, next_second(0.0), acks=None, stop=asyncio.Event(), say=lambda sentence: None
        )
    assert (report.fixes, report.acknowledged) == (8_000, 8_000)
    assert report.latencies.total == plan.messages == 8_000 // batch


async def test_what_was_never_acknowledged_counts_with_the_time_it_waited() -> None:
    """Left out, the percentiles would be those of the few that came."""
    async with _sink(silent_after=10) as broker:
        report = await run_load(
            LoadPlan(4_000.0, 1.0, 400, 1, 0),
            broker,
            next_second(0.0),
            acks=None,
            stop=asyncio.Event(),
            say=lambda sentence: None,
            settle_s=0.5,
        )
    assert report.acknowledged == 10
    assert report.latencies.total == report.fixes == 4_000
    half_us = report.latencies.percentile_us(0.5)
    assert half_us is not None
    assert half_us > 900_000
    assert "3990 fixes without" in report.verdict or not report.kept_rate


def test_a_load_that_was_not_made_says_nothing_of_the_broker() -> None:
    report = LoadReport(fixes=10, acknowledged=10, seconds=1.0, behind_max_s=0.3)
    report.latencies.record(np.array([5e6]))
    told = report.as_json(_PLAN)
    assert told["puback_ms"] is None
    assert not told["kept_rate"]
    assert "this machine could not make the load" in told["verdict"]


def _link(heard: list[int]) -> LoadLink:
    def on_acks(numbers: Ints) -> None:
        heard.extend(numbers.tolist())

    return LoadLink(BrokerAddress.parse("mqtt://127.0.0.1"), "c", Packets(_PLAN, START_US), on_acks)


class _Wire(asyncio.Transport):
    """A transport that keeps what is written; no socket is behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.rests = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.rests += 1

    def is_closing(self) -> bool:
        return True


@given(st.lists(st.integers(1, 40), max_size=12), st.data())
async def test_acknowledgements_are_heard_once_however_the_bytes_are_cut(
    cuts: list[int], data: st.DataObject
) -> None:
    heard: list[int] = []
    link = _link(heard)
    link._transport = _Wire()
    link.publish_all(np.arange(30))
    ids = data.draw(st.permutations(range(1, 31)))
    twice = data.draw(st.lists(st.sampled_from(ids), max_size=5))
    wire = b"".join(b"\x40\x02" + one.to_bytes(2, "big") for one in [*ids, *twice])
    wire = wire[:44] + b"\xd0\x00" + wire[44:]
    at = 0
    for cut in [*cuts, len(wire)]:
        link.data_received(wire[at : at + cut])
        at += cut
    assert sorted(heard) == list(range(30))
    assert link.unacknowledged == 0


async def test_after_a_reconnect_the_same_content_is_sent_again_with_dup() -> None:
    heard: list[int] = []
    link = _link(heard)
    first, second = _Wire(), _Wire()
    link._transport = first
    link.publish_all(np.arange(5))
    link.data_received(b"\x40\x02\x00\x02")
    link._transport = second
    link._send_again()
    length = len(first.written) // 5
    packets = [bytes(first.written[i * length : (i + 1) * length]) for i in range(5)]
    again = [bytes(second.written[i * length : (i + 1) * length]) for i in range(4)]
    assert heard == [1]
    assert [one[0] for one in again] == [0x3A] * 4
    assert [one[1:] for one in again] == [packets[i][1:] for i in (0, 2, 3, 4)]


async def test_packet_ids_in_flight_are_never_taken_twice() -> None:
    heard: list[int] = []
    link = _link(heard)
    link._transport = _Wire()
    link.publish_all(np.zeros(1, dtype=np.int64))
    for turn in range(90):
        link.publish_all(np.arange(1 + turn * 900, 1 + (turn + 1) * 900))
        flying = np.flatnonzero(link._sent != -1)
        for packet_id in flying[flying != 1]:
            link._acknowledged(int(packet_id))
        if turn == 72:
            # The ids have come round to the one that is still out; it holds up those behind it.
            assert link.unacknowledged > 1
            link._acknowledged(1)
            for packet_id in np.flatnonzero(link._sent != -1):
                link._acknowledged(int(packet_id))
    while link._in_flight:
        for packet_id in np.flatnonzero(link._sent != -1):
            link._acknowledged(int(packet_id))
    assert sorted(heard) == list(range(90 * 900 + 1))


# --- the histogram ------------------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 5e9), min_size=1, max_size=200), st.floats(0.0, 1.0))
def test_a_percentile_is_that_of_the_values_to_three_digits(values: list[float], share: float) -> None:
    histogram = Histogram()
    histogram.record(np.array(values))
    exact = np.sort(np.clip(np.floor(values), 0, VALUE_MAX_US))
    wanted = exact[max(0, int(np.ceil(share * len(values) - 1e-9)) - 1)]
    found = histogram.percentile_us(share)
    assert found is not None
    assert wanted <= found <= wanted * 1.001 + 1
    assert histogram.total == len(values)


def test_the_text_is_what_hdr_histogram_prints() -> None:
    """Columns as its plotter reads them: value, share, count so far, 1/(1 - share)."""
    histogram = Histogram()
    histogram.record(np.linspace(1e3, 1e6, 1_000))
    lines = histogram.text().splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    rows = [line.split() for line in lines[2:] if not line.startswith("#")]
    shares = [float(row[1]) for row in rows]
    assert shares[0] == 0.0
    assert shares[1:6] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert shares == sorted(shares)
    assert float(rows[-1][1]) == 1.0
    assert len(rows[-1]) == 3
    assert rows[-1][0] == "1000.000"
    for value, share, count, inverse in (row for row in rows[:-1]):
        assert int(count) >= float(share) * 1_000 - 1e-6
        assert float(value) == pytest.approx(int(count), rel=0.002)
        assert float(inverse) == pytest.approx(1 / (1 - float(share)), abs=0.006)
    assert re.match(r"#\[Mean    = +500\.\d{3}, StdDeviation   = +288\.\d{3}\]", lines[-3])
    assert re.match(r"#\[Max     = +1000\.000, Total count    = +1000\]", lines[-2])


def test_an_empty_histogram_has_no_percentile() -> None:
    histogram = Histogram()
    histogram.record(np.empty(0))
    assert histogram.percentile_us(0.5) is None
    assert "Total count    =            0" in histogram.text()

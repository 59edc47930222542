"""What SIGKILL may cost: nothing that was acknowledged, and no alert told twice."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pipeline import Load, run_pipeline
from emon.demo.broker import EmbeddedBroker
from tests.fixtures_brokers import MosquittoBroker


async def test_the_service_killed_under_load_loses_and_repeats_nothing(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker")
    await broker.start()
    try:
        result = await run_pipeline(Load(200, 15, 200, 10, kills=2), _short(tmp_path), broker)
    finally:
        await broker.stop()
    assert result.faults == []
    assert (result.kills, result.stored, result.acknowledged) == (2, 3000, 3000)


async def test_the_same_on_mosquitto(tmp_path: Path, mosquitto_broker: MosquittoBroker) -> None:
    result = await run_pipeline(Load(200, 10, 200, 10, kills=1), _short(tmp_path), mosquitto_broker)
    assert result.faults == []
    assert (result.kills, result.stored) == (1, 2000)


def _short(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    folder.mkdir()
    return folder

"""What SIGKILL may cost: nothing that was acknowledged, and no alert told twice."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pipeline import Load, Result, run_pipeline
from emon.demo.broker import EmbeddedBroker
from tests.fixtures_brokers import MosquittoBroker


async def test_the_service_killed_under_load_loses_and_repeats_nothing(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker", preferred_port=0)  # other tests start one at this moment
    await broker.start()
    try:
        result = await run_pipeline(Load(200, 15, 200, 10, kills=2), _short(tmp_path), broker)
    finally:
        await broker.stop()
    assert result.faults == []
    _kept(result, kills=2, planned=3000)


async def test_the_same_on_mosquitto(tmp_path: Path, mosquitto_broker: MosquittoBroker) -> None:
    result = await run_pipeline(Load(200, 10, 200, 10, kills=1), _short(tmp_path), mosquitto_broker)
    assert result.faults == []
    _kept(result, kills=1, planned=2000)


def _kept(result: Result, *, kills: int, planned: int) -> None:
    """Each acknowledged fix is stored. On a busy machine the load may not get all of its plan out."""
    assert result.kills == kills
    assert result.lost == 0
    assert 0.9 * planned <= result.acknowledged <= result.stored <= planned


def _short(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    folder.mkdir()
    return folder

"""The table of what brokers lose: written where the page has its place, and measured by counting."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import broker_losses
from benchmarks.broker_losses import Losses, table, written

ONE = Losses("nats", 2_000, 1_999, 500, 500, 1.04, False)


def test_the_table_tells_every_count() -> None:
    text = table([ONE, ONE])
    assert text.splitlines()[0] == "|  | nats | nats |"
    for words in ("2,000 came", "1,999 came", "500 came again, the last after 1.0 s, not in order"):
        assert text.count(words) == 2


def test_the_page_has_a_place_for_it_and_keeps_the_rest(repository: Path) -> None:
    page = (repository / "docs" / "brokers.md").read_text("utf-8")
    again = written(written(page, [ONE]), [ONE])
    assert again == written(page, [ONE])
    assert table([ONE]) in again
    assert again.split("<!-- /losses -->")[1] == page.split("<!-- /losses -->")[1]
    with pytest.raises(ValueError, match="not found"):
        written("a page without it", [ONE])


async def test_what_a_broker_drops_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_losses, "AWAY", 1_050)
    monkeypatch.setattr(broker_losses, "_QUIET_S", 0.5)
    broker = broker_losses.brokers(tmp_path)["Mosquitto as Debian ships it"]
    await broker.start()
    assert await broker_losses._away(broker, killed=False) == 1_000

"""Whatever happens, each breach is explained by a part of what was received, and agrees."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings

from emon.model.lines import breach_line
from emon.replay import Received, replay
from tests.engine.stories import versions
from tests.engine.test_determinism import SCHEDULED, SECOND, stories
from tests.explanation.worked import explained_archive, read_again
from tests.soak import times_longer


@settings(max_examples=20 * times_longer(), deadline=None)
@given(stories())
def test_every_breach_is_explained_and_agrees(items: list[Received]) -> None:
    orders = versions(SCHEDULED, SECOND)
    archive = asyncio.run(replay(orders, items))
    documents = asyncio.run(explained_archive(archive, orders))
    lines = sorted((breach_line(breach) for breach in archive.breaches()), key=lambda line: str(line["id"]))
    assert sorted((d["verdict"] for d in documents), key=lambda line: str(line["id"])) == lines
    for document in documents:
        finding = asyncio.run(read_again(document))
        assert finding.agrees, finding.differences

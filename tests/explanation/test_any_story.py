"""Whatever happens, each breach is explained by a part of what was received, and agrees."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings

from emon.replay import Received
from tests.engine.stories import versions
from tests.engine.test_determinism import SCHEDULED, SECOND, stories
from tests.explanation.worked import differences
from tests.soak import times_longer


@settings(max_examples=20 * times_longer())
@given(stories())
def test_every_breach_is_explained_and_agrees(items: list[Received]) -> None:
    assert asyncio.run(differences(versions(SCHEDULED, SECOND), items)) == []

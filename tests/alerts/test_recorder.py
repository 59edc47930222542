"""Nobody waits for a record that is not made any more: a service that stops must come to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from emon.alerts.outbox import Attempt, Outcome
from emon.alerts.recorder import Recorder

_ATTEMPT = Attempt(1, Outcome.DELIVERED, 204, "", 0, 1, None)


class Away:
    """An outbox that does not answer."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        self.asked.set()
        await asyncio.Event().wait()
        return False


async def test_who_waits_and_who_comes_later_go_on_when_recording_ends() -> None:
    outbox = Away()

    async def pause(length_us: int) -> bool:
        return True

    recorder = Recorder(outbox, pause=pause, chance=lambda: 0.5, on_freed=lambda: None)
    running = asyncio.create_task(recorder.run())
    async with asyncio.timeout(120):
        in_hand = asyncio.create_task(recorder.keep("d-1", _ATTEMPT))
        await outbox.asked.wait()
        behind = asyncio.create_task(recorder.keep("d-2", _ATTEMPT))
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait((running,))
        await asyncio.gather(in_hand, behind)
        await recorder.keep("d-3", _ATTEMPT)
    assert running.cancelled()

"""What ``emon watch`` keeps, in one small file: what it has told, and what has not been received yet.

It needs no database, since its database may be what is down. The file is replaced in one step, the words
and their deliveries together, so that a restart neither tells twice nor forgets.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from emon.alerts.outbox import AlertView, Attempt, DueDelivery, Outcome
from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.platform import PlatformCause
from emon.watchdog.told_once import Seen, Word


class KeptUnusable(Exception):
    """The file cannot be read or written; the text says which and why."""


class Waiting(msgspec.Struct, frozen=True):
    """A delivery without a receipt, and when to try it next."""

    due: DueDelivery
    next_attempt_at_us: int


class Kept(msgspec.Struct, frozen=True):
    """The file's content. ``waiting``: by delivery id."""

    seen: dict[PlatformCause, Seen] = {}
    waiting: dict[str, Waiting] = {}


class KeptFile:
    """The file, and an ``emon.alerts.outbox.Outbox`` over it. Raises ``KeptUnusable``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        except FileNotFoundError:
            self._kept = Kept()
        except (OSError, msgspec.MsgspecError) as fault:
            raise KeptUnusable(f"{path} cannot be read: {fault}; move it away to begin anew") from None

    @property
    def seen(self) -> dict[PlatformCause, Seen]:
        return self._kept.seen

    @property
    def waiting(self) -> int:
        """Deliveries without a receipt."""
        return len(self._kept.waiting)

    def note(
        self, seen: dict[PlatformCause, Seen], told: Sequence[tuple[Word, Alert, Sequence[NewDelivery]]]
    ) -> None:
        """What a look has found, and what it tells, in one step."""
        waiting = dict(self._kept.waiting)
        for word, alert, deliveries in told:
            view = _view(word, alert)
            for one in deliveries:
                due = DueDelivery(one.id, one.recipient, one.channel, 0, view)
                waiting.setdefault(one.id, Waiting(due, alert.at_us))
        self._keep(Kept(seen, waiting))

    async def claim_due(
        self, now_us: int, limit: int, held: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        """See ``Outbox.claim_due``. All that is told of one cause to one recipient is a line."""
        held = held or {}
        firsts: dict[tuple[str, str | None], Waiting] = {}
        for one in self._kept.waiting.values():
            first = firsts.setdefault(_line(one.due), one)
            if one.due.alert.at_us < first.due.alert.at_us:
                firsts[_line(one.due)] = one
        found: list[DueDelivery] = []
        counts: dict[str, int] = {}
        ready = [one.due for one in firsts.values() if one.next_attempt_at_us <= now_us]
        for due in sorted(ready, key=_order):
            if held.get(due.id) == due.lane:
                continue
            counts[due.recipient] = counts.get(due.recipient, 0) + 1
            if counts[due.recipient] <= limit:
                found.append(due)
        return found

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        """See ``Outbox.record_attempts``; what is delivered is forgotten."""
        waiting = dict(self._kept.waiting)
        freed = False
        for delivery_id, attempt in attempts:
            one = waiting.pop(delivery_id, None)
            if one is None:
                continue
            if attempt.outcome is not Outcome.DELIVERED and attempt.next_attempt_at_us is not None:
                due = replace(one.due, attempts=max(one.due.attempts, attempt.number))
                waiting[delivery_id] = Waiting(due, attempt.next_attempt_at_us)
            else:
                freed = freed or any(_line(other.due) == _line(one.due) for other in waiting.values())
        self._keep(Kept(self._kept.seen, waiting))
        return freed

    async def release(self, recipient: str, now_us: int) -> None:
        """See ``Outbox.release``."""
        waiting = {
            name: Waiting(one.due, min(one.next_attempt_at_us, now_us))
            if one.due.recipient == recipient
            else one
            for name, one in self._kept.waiting.items()
        }
        self._keep(Kept(self._kept.seen, waiting))

    async def postpone(self, delivery_id: str, until_us: int) -> bool:
        """See ``Outbox.postpone``. Nothing here is of a condition, so nothing flaps."""
        raise AssertionError(f"{delivery_id} is of no condition")

    async def join(self, delivery_id: str, in_flight: Collection[str]) -> bool:
        """See ``Outbox.join``; as ``postpone``."""
        raise AssertionError(f"{delivery_id} is of no condition")

    async def next_due_us(self, after_us: int) -> int | None:
        """See ``Outbox.next_due_us``."""
        later = [one.next_attempt_at_us for one in self._kept.waiting.values()]
        return min((at_us for at_us in later if at_us > after_us), default=None)

    def _keep(self, kept: Kept) -> None:
        if kept == self._kept:
            return
        draft = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with draft.open("wb") as file:
                file.write(msgspec.json.encode(kept))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as fault:
            raise KeptUnusable(f"{self._path} cannot be written: {fault.strerror or fault}") from None
        self._kept = kept


def _order(due: DueDelivery) -> tuple[str, int, int, str]:
    return (due.recipient, due.alert.priority, due.alert.at_us, due.id)


def _line(due: DueDelivery) -> tuple[str, str | None]:
    return (due.recipient, due.alert.cause)


def _view(word: Word, alert: Alert) -> AlertView:
    return AlertView(
        id=alert.id,
        event=alert.event,
        priority=alert.priority,
        at_us=alert.at_us,
        recipients=tuple(str(party) for party in alert.recipients),
        happened_at_us=alert.happened_at_us,
        detected_at_us=alert.at_us,
        cause=str(word.cause),
        cleared_at_us=word.over_us,
    )

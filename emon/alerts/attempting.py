"""One attempt to send one message: made, timed and told, for alerts and for updates on incidents alike."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from emon.alerts.breaker import pause_us
from emon.alerts.channels import Channel, SendResult
from emon.alerts.outbox import Attempt, DueDelivery, Outcome
from emon.limits import DELIVERY_RETRY_AFTER_MAX_S
from emon.model.instant import SECOND_US

_log = logging.getLogger("emon.alerts.dispatcher")


async def send_once(channels: Mapping[str, Channel], due: DueDelivery, timeout_s: float) -> SendResult:
    """Send by the recipient's channel, for so long at most. Whatever goes wrong is a result."""
    channel = channels.get(due.recipient)
    if channel is None:
        return SendResult(Outcome.REFUSED, None, f"no route is configured for {due.recipient}")
    try:
        async with asyncio.timeout(timeout_s):
            return await channel.send(due)
    except TimeoutError:
        return SendResult(Outcome.FAILED, None, f"no receipt within {timeout_s:g} s")
    except Exception as fault:  # a fault in one route must not stop the others; it is kept and told
        _log.exception("the route to %s has a fault of our own", due.recipient)
        return SendResult(Outcome.FAILED, None, f"fault in the route: {fault!r}")


def attempt_of(
    due: DueDelivery,
    result: SendResult,
    started_at_us: int,
    ended_at_us: int,
    chance: Callable[[], float],
) -> Attempt:
    """What is kept of it: a failed one with the instant of the next, after a pause that grows."""
    number = due.attempts + 1
    next_attempt_at_us: int | None = None
    if result.outcome is not Outcome.DELIVERED:
        asked_s = min(max(result.retry_after_s or 0.0, 0.0), DELIVERY_RETRY_AFTER_MAX_S)
        own_us = pause_us(number, chance())
        next_attempt_at_us = ended_at_us + max(own_us, round(asked_s * SECOND_US))
    return Attempt(
        number,
        result.outcome,
        result.status,
        result.detail,
        started_at_us,
        ended_at_us,
        next_attempt_at_us,
        result.acknowledged,
        result.of_message and result.outcome is Outcome.REFUSED,
        result.answered,
    )


def report(due: DueDelivery, attempt: Attempt) -> None:
    """A log line of what became of it."""
    if attempt.outcome is Outcome.DELIVERED:
        _log.debug("delivered %s at attempt %d", due.id, attempt.number)
    elif attempt.outcome is Outcome.FAILED:
        _log.warning("delivery %s failed at attempt %d: %s", due.id, attempt.number, attempt.detail)
    else:
        _log.error(
            "delivery %s REFUSED at attempt %d, a person must resolve it, trying on: %s",
            due.id,
            attempt.number,
            attempt.detail,
        )

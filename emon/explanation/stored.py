"""The explanation of a breach that the service found, made of what its database holds."""

from __future__ import annotations

import asyncio

from emon.alerts.policy import Policy
from emon.explanation.document import Document, explain
from emon.explanation.select import NotExplained, OnFile, case_of
from emon.limits import EXPLANATION_CLOCKS_APART_S
from emon.model.instant import SECOND_US
from emon.policies.reader import read_policy
from emon.store.filed import FiledBreach, filed_breach


async def explain_stored(url: str, breach_id: str, policy: Policy) -> Document | None:
    """The document that ``emon explain`` reads, or None where there is no such breach.

    In a thread and on a connection of its own: judging a long breach again takes seconds, in which the
    service goes on. Told by the policies that decided its alerts, or by ``policy`` where none is kept. Raises
    ``DatabaseUnavailable``, and :class:`NotExplained` where several policies decided one breach's alerts.
    """
    return await asyncio.to_thread(asyncio.run, _explained(url, breach_id, policy))


async def _explained(url: str, breach_id: str, policy: Policy) -> Document | None:
    async with filed_breach(url, breach_id) as found:
        if found is None:
            return None
        filed, archive = found
        tries = [(then, at_us) for then in _policies(filed, policy) for at_us in _decided(filed)]
        for then, decided_us in tries:
            on_file = OnFile(filed.breach, filed.alerts, decided_us)
            try:
                return explain(*await case_of(archive, filed.versions, on_file, then))
            except NotExplained:
                if (then, decided_us) == tries[-1]:
                    raise
    raise AssertionError("the last try returns or raises")


def _policies(filed: FiledBreach, now: Policy) -> list[Policy]:
    """Those that decided its alerts, as kept with them, then that of now."""
    then = [read_policy(content.encode()) for content in filed.policies]
    return [*then, *(() if now in then else (now,))]


def _decided(filed: FiledBreach) -> list[int]:
    """Instants by which the last decision on the breach was taken, the nearest first."""
    breach = filed.breach
    if breach.closed_at_us is None and not breach.refuted:
        return [filed.decided_us]
    near_us = filed.changed_us + EXPLANATION_CLOCKS_APART_S * SECOND_US
    return [near_us, filed.decided_us] if near_us < filed.decided_us else [filed.decided_us]

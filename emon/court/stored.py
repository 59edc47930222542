"""The court file of an alert that the service raised, made of what its database holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from emon.alerts.need import Need
from emon.alerts.policy import Policy
from emon.court.document import WHOLE, Document, court_file
from emon.court.explained import disagrees
from emon.court.parts import Rows, parts_of
from emon.court.trail import shown
from emon.court.who import NotForThem, withheld_from
from emon.explanation.select import NotExplained
from emon.explanation.stored import explain_stored
from emon.model.instant import parse_instant
from emon.store.evidence import concern_of, evidence_of

_TRIES = 3
"""A breach that goes on may change between its explanation and its evidence; they must be of one state."""
NO_BREACH = "the alert is not about a breach"
NOT_EXPLAINED = "what is on file does not give this breach by today's rules"
MOVED_ON = "the breach changed each time it was explained: make the file again"
WITHHELD = "withheld from the party that asked"


async def court_file_of(
    url: str, alert_id: str, policy: Policy, *, made_at_us: int, party: str | None = None
) -> Document | None:
    """The file, or None where there is no such alert. ``party``: for whom; None makes the whole.

    Raises ``DatabaseUnavailable`` and ``NotForThem``.
    """
    note, explanation = NO_BREACH, None
    evidence = await asyncio.to_thread(evidence_of, url, alert_id)
    if evidence is None:
        return None
    concern = await asyncio.to_thread(concern_of, url, alert_id)
    if concern is None:
        return None
    withheld = () if party is None else withheld_from(party, concern, policy.needs)
    for _ in range(_TRIES):
        breach = next(iter(Rows(shown(evidence).entries).of("breach")), None)
        if breach is None:
            break
        try:
            explanation = await explain_stored(url, str(breach["id"]), policy)
        except NotExplained:
            note, explanation = NOT_EXPLAINED, None
            break
        evidence = await asyncio.to_thread(evidence_of, url, alert_id, _span(explanation))
        if evidence is None or explanation is None:
            return None
        if not disagrees(explanation, parts_of(alert_id, shown(evidence))):
            note = ""
            break
        note, explanation = MOVED_ON, None
    if explanation is not None and "fix" in withheld:
        note, explanation = WITHHELD, None
    return court_file(
        alert_id,
        evidence,
        explanation,
        explanation_note=note,
        made_at_us=made_at_us,
        made_for=party or WHOLE,
        withheld=withheld,
    )


def _span(explanation: Document | None) -> tuple[int, int] | None:
    """When the first and the last fix of an explanation were determined."""
    if explanation is None:
        return None
    times = [_fixed(one) for one in explanation["fixes"]]
    return (min(times), max(times)) if times else None


def _fixed(one: dict[str, Any]) -> int:
    at = one["fix"]["t"]
    return int(at) * 1_000 if isinstance(at, int) else parse_instant(at)


async def may_have(url: str, alert_id: str, party: str, needs: Sequence[Need]) -> bool:
    """Whether somebody of the party may have the file at all. Raises ``DatabaseUnavailable``."""
    concern = await asyncio.to_thread(concern_of, url, alert_id)
    if concern is None:
        return False
    try:
        withheld_from(party, concern, needs)
    except NotForThem:
        return False
    return True

"""How often an approach is told: who lives beside a zone must not flood the centre."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from emon.alerts.decision_table import Row
from emon.limits import APPROACH_AGAIN_S, APPROACHES_A_DAY_MAX
from emon.model.breach import Alert
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US, to_datetime
from emon.model.vocabulary import AlertEvent

_LOCAL_TZ = ZoneInfo("Europe/Amsterdam")


def judge_approach(
    row: Row,
    key: tuple[str, str],
    *,
    device: str,
    seen_at_us: int,
    rises: bool,
    before: Sequence[int],
    at_us: int,
) -> Alert | None:
    """The alert on an approach that a decision at ``at_us`` shows, or None where it was told.

    ``row``: the policy's for it. ``before``: when the condition's newest alerts on approaches were
    raised, rising. One a local day, and a second one where the approach ``rises``: from within a buffer to
    the zone within the warning time. Never two within ``APPROACH_AGAIN_S``.
    """
    if before and at_us - before[-1] < APPROACH_AGAIN_S * SECOND_US:
        return None
    today = sum(_day(told_us) == _day(at_us) for told_us in before)
    if today >= (APPROACHES_A_DAY_MAX if rises else 1):
        return None
    order, condition = key
    return Alert(
        id=derive_id("approach", order, condition, at_us),
        event=AlertEvent.APPROACH,
        priority=row.priority,
        at_us=at_us,
        recipients=row.recipients,
        happened_at_us=seen_at_us,
        received_at_us=at_us,
        order=order,
        condition=condition,
        device=device,
        row=row.name,
        also=row.also,
    )


def _day(instant_us: int) -> int:
    return to_datetime(instant_us).astimezone(_LOCAL_TZ).date().toordinal()

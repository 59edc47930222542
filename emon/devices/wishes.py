"""When the engine would like a fix now, and when a breach is worth a pursuit. Pure.

Contract, section 3: a `probable` exclusion, "and a fix is asked for at once"; a breach that an edge opens by
a fix older than 300 s, "a fix is asked for". Beside these, doubt: a fix on the wrong side that opens
nothing yet. All of it is silent on the device, so a secret zone may ask as any other may.
"""

from __future__ import annotations

from collections.abc import Sequence

from emon.geofence.fold import Fold
from emon.limits import PRESENT_AGE_MAX_S
from emon.model.breach import Alert, Breach
from emon.model.command import Chase, Wish
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind

_PRESENT_US = PRESENT_AGE_MAX_S * SECOND_US
_TOLD = (AlertEvent.BREACH, AlertEvent.PROXIMITY)
_BY_EDGE = (How.SCHEDULE, How.LATE_HOME)


def wanted_by_change(
    before: Breach | None, after: Breach, alerts: Sequence[Alert], newest_us: int | None, at_us: int
) -> list[Wish | Chase]:
    """What a change of a breach makes the engine want. ``newest_us``: the newest fix of the condition."""
    wanted: list[Wish | Chase] = []
    told = any(alert.event in _TOLD for alert in alerts)
    if told and after.kind is not Kind.INCLUSION and after.certainty is not Certainty.CERTAIN:
        wanted.append(Wish(at_us, after.device, f"{after.certainty} breach"))
    elif told and before is None and after.how in _BY_EDGE and _is_old(newest_us, after.opened_at_us):
        wanted.append(Wish(at_us, after.device, "edge by an old fix"))
    chased = _is_chased(after)
    was_chased = before is not None and _is_chased(before)
    if before is not None and before.device != after.device:
        if was_chased:
            wanted.append(Chase(at_us, before.device, after.id, False))
        was_chased = False
    if chased != was_chased:
        wanted.append(Chase(at_us, after.device, after.id, chased))
    return wanted


def _is_old(newest_us: int | None, edge_us: int) -> bool:
    return newest_us is not None and edge_us - newest_us > _PRESENT_US


def _is_chased(breach: Breach) -> bool:
    """An open, present breach that is not an inclusion's: who is not at home may be so all night, and a
    receiver at four times its rate would be empty by the morning."""
    open_still = breach.closed_at_us is None and not breach.refuted
    return open_still and not breach.historic and breach.kind is not Kind.INCLUSION


def wanted_by_doubt(fold: Fold, at_us: int) -> list[Wish | Chase]:
    """A fix for a newest one on the wrong side that opened nothing: the next one decides. Only where
    that one came just now, so that nothing hangs on what memory had to find again."""
    newest = fold.newest
    if newest is None or fold.episode is not None or not (newest.active and newest.wrong):
        return []
    if newest.fix.received_at_us != at_us or at_us - newest.at_us > _PRESENT_US:
        return []
    return [Wish(at_us, newest.fix.wire.device, "doubt")]

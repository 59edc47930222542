"""Commands and upkeep of devices in one step: what the engine wants, what was heard, what fell due.

Runs after everything else of a step has been decided, since that is what makes the engine want something;
what it decides itself changes no breach of the same step. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from emon.alerts.policy import Policy
from emon.devices.care import Clocks
from emon.devices.caring import Cared, Received, care_for_all
from emon.model.command import Chase, Wish
from emon.model.watch import ServiceStop
from emon.plan import ServiceClock
from emon.state import State


def cares_after(
    state: State,
    received: Received,
    wants: Sequence[Wish | Chase],
    at_us: int,
    ended: ServiceStop | None,
    policy: Policy,
) -> Cared:
    """``state`` is the one before the step, ``ended`` a stop of the service whose backlog it judges."""
    watching = state.watching
    before = ServiceClock(watching.stops)
    after = before if ended is None else ServiceClock((*watching.stops, ended))
    clocks = Clocks(before.shift, after.shift, still=watching.stopped_us is not None)

    in_order = sorted(wants, key=lambda want: (want.at_us, want.device))
    return care_for_all(state.caring, at_us, received, in_order, watching.duties, clocks, policy.decide)

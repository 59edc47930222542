"""How many fixes the devices' plans promised since the last one: none of several is the platform's fault.

One device that misses its fix is silence, and is told as that. When a whole fleet's fixes stay away together,
waiting for each device's grace would be slow: the plans say how many should have come.
"""

from __future__ import annotations

from emon.devices.duty import every_us
from emon.devices.watching import Watching
from emon.limits import PLATFORM_LOOK_S, PLATFORM_MISSED_FIXES
from emon.model.instant import SECOND_US
from emon.model.watch import SilenceState


def missing_since_us(watching: Watching, since_us: int, now_us: int) -> int | None:
    """``since_us`` when so many fixes are missing since then that the platform is at fault, else None.

    Devices that are known to be silent owe nothing. While the service's clocks stand still, nobody does.
    A fix since the last look is answer enough: the fleet is then not gone through.
    """
    if watching.stopped_us is not None or now_us - since_us < PLATFORM_LOOK_S * SECOND_US:
        return None
    promised = 0.0
    for device, watch in watching.watches.items():
        if watch.silence_state is not SilenceState.HEARD:
            continue
        duties = watching.duties.get(device, ())
        if any(duty.holds(now_us) for duty in duties):
            promised += (now_us - since_us) / every_us(watch, duties, now_us)
        if promised >= PLATFORM_MISSED_FIXES:
            return since_us
    return None

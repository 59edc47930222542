"""Did a living broker end our session? With MQTT 3.1.1 a takeover of our client id looks like nothing else.

MQTT 5 says it (reason 0x8E, 4.13.1). 3.1.1 only closes: so a broker that closed an established session and
yet takes connections a moment later has hung up on us, which it does for one who came under our name.
A broker that stops or restarts takes none; one that does not answer was not heard to close.
"""

from __future__ import annotations

import asyncio

import aiomqtt
from paho.mqtt.client import MQTT_ERR_KEEPALIVE
from paho.mqtt.reasoncodes import ReasonCode

_TAKEN_OVER = 0x8E  # MQTT 5, 3.14.2.1: Session taken over
_LOOK_AGAIN_S = 0.3  # a broker that is being killed may take connections until its last socket is closed
_LOOK_TIMEOUT_S = 2.0


async def is_hung_up(fault: aiomqtt.MqttError, version: str, host: str, port: int) -> bool:
    """Whether the end of an established session was the broker's will; ``fault`` is how it ended."""
    code = fault.rc if isinstance(fault, aiomqtt.MqttCodeError) else None
    if version == "5":
        return isinstance(code, ReasonCode) and code.value == _TAKEN_OVER
    if not isinstance(code, ReasonCode) and code == MQTT_ERR_KEEPALIVE:
        return False
    if not await _takes_connections(host, port):
        return False
    await asyncio.sleep(_LOOK_AGAIN_S)
    return await _takes_connections(host, port)


async def _takes_connections(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_LOOK_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True

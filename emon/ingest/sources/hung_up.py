"""Did a living broker end our session? With MQTT 3.1.1 a takeover of our client id looks like nothing else.

MQTT 5 says it (reason 0x8E, 4.13.1). 3.1.1 only closes: so a broker that closed an established session and
yet takes a connection and keeps it has hung up on us, which it does for one who came under our name.
A broker that stops takes none, or closes it too; one that does not answer was not heard to close.
"""

from __future__ import annotations

import asyncio

_KEPT_S = 0.3  # a killed process has closed its last socket by then
_LOOK_TIMEOUT_S = 2.0


async def lives(host: str, port: int) -> bool:
    """Whether it takes a connection and keeps it: one that is being killed closes that one as well."""
    try:
        async with asyncio.timeout(_LOOK_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    try:
        async with asyncio.timeout(_KEPT_S):
            await reader.read(1)  # a broker says nothing before our CONNECT: this ends with the connection
    except TimeoutError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        writer.close()

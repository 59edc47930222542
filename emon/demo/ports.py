"""A loopback port that stays ours between its choice and the start of the server that listens on it.

A port that was only probed is anybody's again at once: another server's that asks for any, or the near end
of a client's connection. So it is too while a server is killed and started again on its port, and a client
that tries it meanwhile may even be connected to itself. So the port stays bound by a socket that never
listens. The kernel gives such a port to nobody who asks for any, and lets a server that names it listen
beside us (SO_REUSEADDR, which nats-server, Mosquitto, PostgreSQL and our own page set).
"""

from __future__ import annotations

import contextlib
import socket
import weakref

_LOOPBACK = "127.0.0.1"


class HeldPort:
    """``number``, held until ``release`` or the end of this object. ``preferred``: tried first; 0 is any."""

    def __init__(self, preferred: int = 0) -> None:
        holding = (preferred and _named(preferred)) or _any()
        self.number = int(holding[0].getsockname()[1])
        self._ends = [weakref.finalize(self, one.close) for one in holding]

    def release(self) -> None:
        """A second call does nothing."""
        for end in self._ends:
            end()


def _any() -> tuple[socket.socket, ...]:
    held = socket.socket()
    held.bind((_LOOPBACK, 0))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for who listens; alone, no other gets it
    return (held,)


def _named(port: int) -> tuple[socket.socket, ...] | None:
    """None where a server listens on it or another one holds it.

    With SO_REUSEADDR from the first, since without it connections that wait out their end (TIME_WAIT) would
    keep a demo for a minute from the port of the one before. But two that hold could then both bind it, so a
    name beside it (abstract: seen where the port is seen, and gone with its process) is one's alone.
    """
    held, name = socket.socket(), socket.socket(socket.AF_UNIX)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with contextlib.suppress(OSError):
        name.bind(f"\0emon holds port {port}")
        held.bind((_LOOPBACK, port))
        return held, name
    held.close()
    name.close()
    return None

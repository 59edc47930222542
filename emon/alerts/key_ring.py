"""The keys of a route as they stand now: from the configuration, or from a file that rotation replaces.

A running service takes a rotation over by itself: the file is looked at again at most each
``KEY_FILE_LOOK_S``. One that cannot be read then changes nothing, and is reported.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from emon.alerts.keys import KeysRefused, SigningKey, holding, only_key, read_keys
from emon.alerts.routes import HttpRoute, Route, Secret
from emon.limits import KEY_FILE_LOOK_S
from emon.model.instant import SECOND_US

_log = logging.getLogger("emon.alerts.keys")


class KeyRing:
    """Made with ``of_secret`` or ``of_file``."""

    def __init__(self, keys: Sequence[SigningKey], file: Path | None = None) -> None:
        self._keys = tuple(keys)
        self._file = file
        self._looked_us: int | None = None

    @classmethod
    def of_secret(cls, secret: Secret) -> KeyRing:
        return cls(only_key(secret))

    @classmethod
    def of_file(cls, file: Path) -> KeyRing:
        """Raises ``KeysRefused`` or ``OSError`` for a file that cannot be used."""
        return cls(read_keys(file.read_bytes()), file)

    def at(self, now_us: int) -> tuple[SigningKey, ...]:
        """The keys that sign at this instant, the newest first; never none."""
        self._look(now_us)
        return holding(self._keys, now_us)

    def secrets_at(self, now_us: int) -> tuple[str, ...]:
        """Their secrets, any of which may sign what comes to us."""
        return tuple(key.secret.reveal() for key in self.at(now_us))

    def _look(self, now_us: int) -> None:
        if self._file is None:
            return
        if self._looked_us is not None and abs(now_us - self._looked_us) < KEY_FILE_LOOK_S * SECOND_US:
            return
        self._looked_us = now_us
        try:
            self._keys = read_keys(self._file.read_bytes())
        except (OSError, KeysRefused) as fault:
            _log.error("%s cannot be read now, its keys stay as they were: %s", self._file, fault)


def key_ring(route: Route | HttpRoute) -> KeyRing | None:
    """The keys that sign to and from a route's recipient; None where it has none. Raises as ``of_file``."""
    if route.keys_file is not None:
        return KeyRing.of_file(Path(route.keys_file))
    return None if route.secret is None else KeyRing.of_secret(route.secret)


def key_ring_of(route: HttpRoute) -> KeyRing:
    """The keys of a route whose messages are always signed. Raises as ``of_file``."""
    ring = key_ring(route)
    if ring is None:
        raise KeysRefused(f"the route to {route.party} has no key")
    return ring

"""How often somebody may try to log in: growing pauses after wrong passwords, bounded in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from emon.limits import (
    LOGIN_FORGET_S,
    LOGIN_KEYS_MAX,
    LOGIN_PAUSE_FIRST_S,
    LOGIN_PAUSE_MAX_S,
)
from emon.model.instant import SECOND_US


@dataclass
class _Wrong:
    tries: int
    last_us: int


class Throttle:
    """Counts wrong tries by key (an address, an address with a name). Nobody is ever locked out.

    After ``tries_free`` wrong tries in a row the next is only looked at 1, 2, 4, … up to 60
    seconds after the last. A try that comes too early is not looked at and does not count.
    """

    def __init__(self, tries_free: int) -> None:
        self._tries_free = tries_free
        self._wrong: OrderedDict[str, _Wrong] = OrderedDict()

    def wait_s(self, key: str, now_us: int) -> int:
        """Whole seconds until a try with this key is looked at, 0 for now."""
        return -(-self._wait_us(self._wrong.get(key), now_us) // SECOND_US)

    def failed(self, key: str, now_us: int) -> None:
        known = self._wrong.pop(key, None)
        fresh = known is None or now_us - known.last_us > LOGIN_FORGET_S * SECOND_US
        tries = 1 if known is None or fresh else known.tries + 1
        self._wrong[key] = _Wrong(tries, now_us)
        while len(self._wrong) > LOGIN_KEYS_MAX:
            self._wrong.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._wrong.pop(key, None)

    def _wait_us(self, wrong: _Wrong | None, now_us: int) -> int:
        if wrong is None or wrong.tries < self._tries_free:
            return 0
        doublings = min(wrong.tries - self._tries_free, 16)
        pause_s = min(LOGIN_PAUSE_FIRST_S << doublings, LOGIN_PAUSE_MAX_S)
        return max(0, wrong.last_us + pause_s * SECOND_US - now_us)

"""The sealer: takes what was captured into the chain every few seconds, signs a head every minute.

The only part of the service that holds the signing key. Whoever judges, sends or answers never waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emon import limits
from emon.audit.heads import Head, KeyLine, LineWrong, brief, key_id_of, public_of
from emon.audit.keyring import Keyring, KeyUnfit
from emon.model.instant import SECOND_US
from emon.store.errors import DatabaseUnavailable
from emon.store.sealing import AuditSealing

_log = logging.getLogger(__name__)

_HEADS_AT_ONCE = 100


class Sealer:
    """``run`` until ``stop``; ``finish`` seals and signs what is there, once."""

    def __init__(self, store: AuditSealing, keyring: Keyring, now_us: Callable[[], int]) -> None:
        self._store = store
        self._keyring = keyring
        self._now_us = now_us
        self._stopped = asyncio.Event()
        self._alone = asyncio.Lock()
        self._newest: tuple[Head, KeyLine] | None = None
        self._said = ""
        self._exported: int | None = None
        self._keys: set[str] = set()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Seal and sign until ``stop``. A database that is away, or a folder that cannot be written, is
        said once and tried again: nothing is lost, it waits in ``audit_pending``."""
        due_us = 0
        while not self._stopped.is_set():
            rest_s = limits.SEAL_EVERY_S
            try:
                await self.seal()
                if self._now_us() >= due_us:
                    await self.finish()
                    due_us = self._now_us() + limits.HEAD_EVERY_S * SECOND_US
                else:
                    rest_s = min(rest_s, await self._seal_ahead())
                self._said = ""
            except (DatabaseUnavailable, OSError, KeyUnfit, LineWrong) as fault:
                self._say(f"the audit trail waits unsealed: {fault}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._stopped.wait()
        with contextlib.suppress(DatabaseUnavailable, OSError, KeyUnfit, LineWrong):
            await self.finish()

    def _say(self, text: str) -> None:
        if text != self._said:
            _log.warning("%s", text)
        self._said = text

    async def seal(self) -> None:
        """All that has committed, in transactions of bounded size."""
        while await self._store.seal() == limits.SEAL_ENTRIES_MAX:
            pass

    async def _seal_ahead(self) -> float:
        """Seal one span of what came by the thousand, if it is a full one; how long to rest after it.

        Left to the head, a crowd's minute kept the database's cores busy for seconds, and batches waited."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        async with self._alone:
            made = await self._store.seal_full_span()
        return limits.SEAL_REST_TIMES * (loop.time() - began_s) if made else limits.SEAL_EVERY_S

    async def finish(self) -> None:
        """Seal everything, sign it, and bring the exported file up to date."""
        async with self._alone:
            private = await self.key()
            await self.seal()
            await self._store.seal_bulk()
            while await self._store.sign_audit_head(private, self._now_us()) is not None:
                pass
            await self.export()
            await self._make_brief(private)

    async def sign_now(self) -> None:
        """As ``finish``, for somebody who asks for proof of what just happened. What cannot be signed now
        is said, and signed later."""
        try:
            await self.finish()
        except (DatabaseUnavailable, OSError, KeyUnfit, LineWrong) as fault:
            self._say(f"the audit trail waits unsealed: {fault}")

    async def _make_brief(self, private: Ed25519PrivateKey) -> None:
        """The newest head without its leaves, and the line of the key that signed it, for heartbeats."""
        newest = await self._store.newest_audit_head()
        own = key_id_of(public_of(private))
        have = None if self._newest is None else (self._newest[0].seq, self._newest[1].key_id)
        if newest is None or have == (newest.seq, own):
            return
        line = next((key for key in await self._store.audit_keys() if key.key_id == own), None)
        if line is not None:
            self._newest = (brief(private, newest, self._now_us()), line)

    def sent_along(self) -> dict[str, object] | None:
        """The newest head as heartbeats carry it (docs/recipients.md); None before any was signed."""
        if self._newest is None:
            return None
        head, key = self._newest
        return {"head": json.loads(head.text), "key": json.loads(key.text)}

    async def key(self) -> Ed25519PrivateKey:
        """The current key, made at the first call, and its public half on file."""
        private = self._keyring.current()
        if private is None:
            if await self._store.audit_keys():
                _log.warning(
                    "the audit trail's signing key is not in %s: a new one is made, which the old one did "
                    "not introduce; `emon verify` will say so until it is told to --trust it",
                    self._keyring.folder,
                )
            private = self._keyring.make()
            self._keyring.adopt()
        await self._store.introduce_key(private, self._now_us(), None)
        return private

    async def rotate(self) -> KeyLine:
        """A new key, introduced by the one before, signs from now on."""
        before = await self.key()
        private = self._keyring.make()
        line = await self._store.introduce_key(private, self._now_us(), before)
        self._keyring.adopt()
        await self.finish()
        return line

    async def export(self) -> None:
        """Add to the file what it lacks of the keys and heads on file."""
        if self._exported is None:
            held = self._keyring.lines()
            self._exported = max((line.seq for line in held if isinstance(line, Head)), default=0)
            self._keys = {line.key_id for line in held if isinstance(line, KeyLine)}
        fresh = [line for line in await self._store.audit_keys() if line.key_id not in self._keys]
        self._keyring.append([line.text for line in fresh])
        self._keys.update(line.key_id for line in fresh)
        while heads := await self._store.audit_heads(self._exported, _HEADS_AT_ONCE):
            self._keyring.append([head.text for head in heads])
            self._exported = heads[-1].seq

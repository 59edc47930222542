"""Starts the demo's three recipients as processes, says how they are reached, and stops them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from emon.demo.receiver_ledger import ReceiverCount, count

_READY_WITHIN_S = 120.0  # a cold start of Python on a busy machine takes a few
_STOP_WITHIN_S = 5.0
_MAILBOX = "meldkamer-em@demo.invalid"  # RFC 2606: .invalid never resolves
_SENDER = "emon@demo.invalid"
_PERSONS = {"politie": "Centralist (demo)", "reclassering": "Toezichthouder (demo)"}
PARTIES = ("politie", "reclassering", "meldkamer_em")


class ReceiverFailed(Exception):
    """A receiver did not come up; the message holds what it said."""


class Receivers:
    """``start`` → configuration for ``load_recipients``; ``counts`` at any time; ``stop`` at the end.

    A second ``start`` in the same folder goes on where the first ended: same secrets, same ledgers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, int] = {}
        self._processes: dict[str, Process] = {}

    async def start(self, *, confirm_base: str | None = None) -> dict[str, Any]:
        """Start all three; the recipients' configuration once all listen.

        ``confirm_base``: the service's address; None confirms at any address of this machine.
        Raises ``ReceiverFailed``, and stops those that did start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            async with asyncio.TaskGroup() as group:
                for party in PARTIES:
                    group.create_task(self._start_one(party, self._arguments(party, confirm_base)))
        except* ReceiverFailed as failed:
            await self.stop()
            raise ReceiverFailed("; ".join(map(str, failed.exceptions))) from None
        return {"recipients": {party: self._entry(party) for party in PARTIES}}

    def ledger(self, party: str) -> Path:
        """The JSON Lines file in which a party keeps what it received."""
        return self.folder / f"{party}.jsonl"

    def counts(self) -> dict[str, ReceiverCount]:
        """What each party has kept so far, from its own file."""
        return {party: count(self.ledger(party)) for party in PARTIES}

    def pids(self) -> dict[str, int]:
        return {party: process.pid for party, process in self._processes.items()}

    async def stop(self) -> None:
        """End all three, by force what does not end in time. May be called twice."""
        processes = list(self._processes.values())
        self._processes.clear()
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        for process in processes:
            try:
                async with asyncio.timeout(_STOP_WITHIN_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    def _arguments(self, party: str, confirm_base: str | None) -> list[str]:
        common = [party, "--port", "0", "--dir", str(self.folder), "--parent", str(os.getpid())]
        if party not in _PERSONS:
            return [*common, "--channel", "smtp", "--mailbox", _MAILBOX]
        base = ["--confirm-base", confirm_base] if confirm_base is not None else []
        secret_file = str(self._secret_file(party))
        return [*common, "--secret-file", secret_file, "--person", _PERSONS[party], *base]

    def _secret_file(self, party: str) -> Path:
        file = self.folder / f"{party}.secret"
        if not file.exists():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        return file

    def _entry(self, party: str) -> dict[str, Any]:
        port = self.ports[party]
        if party in _PERSONS:
            url = f"http://127.0.0.1:{port}/alerts"
            return {"channel": "webhook", "url": url, "secret_file": str(self._secret_file(party).absolute())}
        server = {"server": f"127.0.0.1:{port}", "security": "none"}
        return {"channel": "smtp", "to": _MAILBOX, "from": _SENDER, **server}

    async def _start_one(self, party: str, arguments: list[str]) -> None:
        log = self.folder / f"{party}.log"
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "emon.demo.receivers", *arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the demo alone, which ends them last
            )
        self._processes[party] = process
        if process.stdout is None:
            raise ReceiverFailed(f"{party}: no output to read")
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                line = await process.stdout.readline()
            self.ports[party] = int(json.loads(line)["port"])
        except (TimeoutError, ValueError, KeyError) as fault:
            said = log.read_text(errors="replace")[-2_000:]
            raise ReceiverFailed(f"{party} did not come up ({type(fault).__name__}): {said}") from None

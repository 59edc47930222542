"""Connections to one mail server, kept for what comes next.

A kept one is asked (RSET) before a message is begun on it: where the server has closed it meanwhile, or asks
us to go, another takes its place and no attempt is lost. From MAIL on nothing is tried twice here: what fails
then is the attempt's failure, for after DATA nobody knows whether the server has the message.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import aiosmtplib
import msgspec

from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.limits import (
    DELIVERY_ATTEMPT_TIMEOUT_S,
    SMTP_IDLE_MAX_S,
    SMTP_KEPT_MAX,
    SMTP_MESSAGES_MAX,
)

_POLITE_WAIT_S = 1.0  # the message is received by then, or not begun; a server that hangs costs no more


class Kept(msgspec.Struct):
    """A connection that is open, how many messages it took, and when the last."""

    client: aiosmtplib.SMTP
    messages: int = 0
    since_s: float = 0.0


class SmtpConnections:
    """``steady_s`` rises as time does."""

    def __init__(self, route: SmtpRoute, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._route = route
        self._steady_s = steady_s
        self._idle: list[Kept] = []

    async def take(self) -> Kept:
        """One that answers, or a new one. Raises the library's faults, and ``OSError``."""
        while self._idle:
            kept = self._idle.pop()
            if self._steady_s() - kept.since_s <= SMTP_IDLE_MAX_S and await _answers(kept.client):
                return kept
            kept.client.close()
        route = self._route
        client = aiosmtplib.SMTP(
            hostname=route.host,
            port=route.port,
            username=route.username,
            password=route.password.reveal() if route.password else None,
            use_tls=route.security is MailSecurity.TLS,
            start_tls=route.security is MailSecurity.STARTTLS,
            local_hostname=route.sender.rpartition("@")[2],  # or it asks DNS for our own name
            validate_certs=True,
            cert_bundle=route.ca_file,
            timeout=DELIVERY_ATTEMPT_TIMEOUT_S,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return Kept(client)

    async def give_back(self, kept: Kept) -> None:
        """After a message that the server took."""
        kept.messages += 1
        kept.since_s = self._steady_s()
        if kept.messages < SMTP_MESSAGES_MAX and len(self._idle) < SMTP_KEPT_MAX:
            self._idle.append(kept)
        else:
            await _leave(kept.client)

    async def close(self) -> None:
        """Leave politely all that are kept."""
        while self._idle:
            await _leave(self._idle.pop().client)


async def _answers(client: aiosmtplib.SMTP) -> bool:
    if not client.is_connected:
        return False
    try:
        await client.rset(timeout=_POLITE_WAIT_S)
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


async def _leave(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_POLITE_WAIT_S)
    client.close()

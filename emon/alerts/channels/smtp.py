"""E-mail over SMTP (RFC 5321, RFC 5322): the server's 250 after the message is the receipt.

``Message-ID`` comes from the delivery's id and stays the same over all attempts, so that mail
systems and people can tell a repeat. Connections are kept (``smtp_connections``): in a storm opening one
costs more than the message.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY

import aiosmtplib

from emon.alerts.channels import SendResult, short_detail
from emon.alerts.channels.smtp_connections import SmtpConnections
from emon.alerts.compose import Composer
from emon.alerts.link_lines import links_of, with_links
from emon.alerts.links import Links
from emon.alerts.messages import Text
from emon.alerts.notices import Notice
from emon.alerts.outbox import DueDelivery, Outcome
from emon.alerts.routes import SmtpRoute
from emon.model.instant import to_datetime

_ATOM = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}\Z", re.ASCII)
_URGENT_UP_TO = 2  # priorities 1 and 2 carry the headers that mail programs show as urgent


class SmtpChannel:
    """One recipient's mailbox."""

    def __init__(
        self,
        route: SmtpRoute,
        composer: Composer,
        clock_now_us: Callable[[], int],
        links: Links | None = None,
    ) -> None:
        self._route = route
        self._connections = SmtpConnections(route)
        self._links = links
        self._composer = composer
        self._now_us = clock_now_us

    async def send(self, delivery: DueDelivery) -> SendResult:
        return await self._hand_over(
            mail_message(delivery, self._route, self._composer, self._now_us(), self._links)
        )

    async def note(self, notice: Notice, recipient: str) -> SendResult:
        """Send a notice (``emon/alerts/notices.py``)."""
        route, text = self._route, self._composer.noted(notice, recipient)
        message = _headed(text, route, f"notice-{notice.id}:{recipient}", self._now_us())
        message["X-Emon-Notice"] = notice.id
        message.set_content(text.body, charset="utf-8", cte="quoted-printable")
        return await self._hand_over(message)

    async def _hand_over(self, message: EmailMessage) -> SendResult:
        route, kept = self._route, None
        try:
            kept = await self._connections.take()
            _, answer = await kept.client.send_message(message, sender=route.sender, recipients=[route.to])
            receipt = SendResult(
                Outcome.DELIVERED, int(aiosmtplib.SMTPStatus.completed), short_detail(answer)
            )
            taken, kept = kept, None
            await self._connections.give_back(taken)
            return receipt
        except aiosmtplib.SMTPRecipientsRefused as fault:
            return _answered(fault.recipients[0].code, fault.recipients[0].message)
        except aiosmtplib.SMTPResponseException as fault:
            # After DATA it is the content that is refused (RFC 5321, section 4.2.5).
            of_message = isinstance(fault, aiosmtplib.SMTPDataError)
            return _answered(fault.code, fault.message, of_message=of_message)
        except (aiosmtplib.SMTPException, OSError) as fault:
            return SendResult(Outcome.FAILED, None, short_detail(f"{type(fault).__name__}: {fault}"))
        finally:
            if kept is not None:
                kept.client.close()

    async def close(self) -> None:
        await self._connections.close()


def _answered(code: int, message: str, *, of_message: bool = False) -> SendResult:
    """RFC 5321 section 4.2.1: 4yz may pass, 5yz will not without a change."""
    refused = 500 <= code <= 599
    return SendResult(
        Outcome.REFUSED if refused else Outcome.FAILED,
        code if code > 0 else None,
        short_detail(f"{code} {message}"),
        of_message=refused and of_message,
    )


def message_id(delivery_id: str, sender: str) -> str:
    """``<ALERT.RECIPIENT@DOMAIN>``; an id that is no RFC 5322 dot-atom goes in as its digest."""
    left = delivery_id.replace(":", ".")
    if _ATOM.match(left) is None:
        left = hashlib.sha256(delivery_id.encode(errors="backslashreplace")).hexdigest()[:32]
    return f"<{left}@{sender.rpartition('@')[2]}>"


def _headed(text: Text, route: SmtpRoute, message_of: str, sent_at_us: int) -> EmailMessage:
    """A mail without a body."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["Subject"] = text.subject
    message["From"] = Address(addr_spec=route.sender)
    message["To"] = Address(addr_spec=route.to)
    message["Date"] = to_datetime(sent_at_us)
    message["Message-ID"] = message_id(message_of, route.sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps out-of-office answers away
    return message


def _header(identifier: str) -> str:
    """An id of ours as a header's value."""
    return identifier if _ATOM.match(f"{identifier}.x") else "?"


def mail_message(
    delivery: DueDelivery, route: SmtpRoute, composer: Composer, sent_at_us: int, links: Links | None = None
) -> EmailMessage:
    """The mail, in the recipient's language, plain text in UTF-8, with its reader's links where there are
    ``links``."""
    party, composer = str(route.party), composer.at(sent_at_us)
    given = links_of(links, composer, delivery, party, sent_at_us)
    written = composer.written(delivery)
    text = with_links(written, given, party, composer.languages_of(delivery.recipient))
    message = _headed(text, route, delivery.id, sent_at_us)
    message["X-Emon-Alert"] = _header(delivery.alert.id)
    message["X-Emon-Priority"] = str(delivery.alert.priority)
    if delivery.climb:
        message["X-Emon-Climb"] = str(delivery.climb)
    if delivery.alert.priority <= _URGENT_UP_TO:
        message["Importance"] = "high"  # RFC 2156
        message["X-Priority"] = "1"
    if delivery.update is not None:
        message["X-Emon-Incident"] = _header(delivery.alert.breach or "?")
        message["X-Emon-Update"] = str(delivery.update.say)
    message.set_content(text.body, charset="utf-8", cte="quoted-printable")
    return message

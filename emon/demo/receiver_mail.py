"""An SMTP server that takes alerts for one mailbox, refuses malformed mail, and keeps the rest."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

from emon.demo.receiver_ledger import Ledger

_REQUIRED = ("From", "To", "Subject", "Date", "Message-ID", "X-Emon-Alert")


class MailReceiver:
    """A handler for ``aiosmtpd``: its answers are what the sending service takes for a receipt."""

    def __init__(self, ledger: Ledger, mailbox: str) -> None:
        self._ledger = ledger
        self._mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.lower() != self._mailbox.lower():
            self._ledger.refuse(f"no such mailbox: {address!r}")
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        message = message_from_bytes(raw, policy=default)
        if "X-Emon-Notice" in message:
            return "250 2.0.0 read"  # for information: nobody counts it
        fault = mail_fault(message)
        if fault is not None:
            self._ledger.refuse(f"mail: {fault}")
            return f"550 5.6.0 malformed: {fault}"
        named = (*_REQUIRED, *(("X-Emon-Climb",) if "X-Emon-Climb" in message else ()))
        kept = {name: str(message[name]) for name in named}
        if "X-Emon-Update" in message:
            self._ledger.update(str(message["Message-ID"]), {**kept, "body": message.get_content()})
            return "250 2.0.0 kept"
        self._ledger.keep(str(message["Message-ID"]), {**kept, "body": message.get_content()})
        return "250 2.0.0 kept"


def mail_fault(message: EmailMessage) -> str | None:
    """What is wrong with a mail by RFC 5322, or None."""
    for name in _REQUIRED:
        values = message.get_all(name, [])
        if len(values) != 1:
            return f"{len(values)} times the header {name}"
        defects = getattr(values[0], "defects", ())
        if defects or not str(values[0]).strip():
            return f"header {name}: {', '.join(map(str, defects)) or 'empty'}"
    if message.defects:
        return ", ".join(type(defect).__name__ for defect in message.defects)
    if message.get_content_type() != "text/plain" or message.get_content_charset() != "utf-8":
        return "not plain text in UTF-8"
    return None

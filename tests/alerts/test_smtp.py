"""The mail channel against servers that take, refuse, garble and hang up."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.policy import default

import msgspec
import pytest

from emon import clock
from emon.alerts.channels import SendResult
from emon.alerts.channels.smtp import SmtpChannel, mail_message, message_id
from emon.alerts.compose import Composer
from emon.alerts.outbox import DueDelivery, Outcome
from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.demo.receiver_mail import mail_fault
from emon.model.vocabulary import Party
from tests.alerts.parts import BREACH, NOON_US, due
from tests.alerts.servers import talking

COMPOSER = Composer("https://emon.example", frozenset({"politie", "meldkamer_em"}), "meldkamer_em")
DELIVERY = due(BREACH.id, "meldkamer_em")


def route(port: int, security: MailSecurity = MailSecurity.NONE) -> SmtpRoute:
    return SmtpRoute(
        Party.MELDKAMER_EM, "desk@centre.example", "emon@emon.example", "127.0.0.1", port, security
    )


class MailServer:
    """Speaks just enough SMTP; ``answers`` replaces the answer to a command by its first word."""

    def __init__(self, **answers: str | None) -> None:
        self.answers = answers
        self.mails: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._say(writer, "greeting", "220 test")
        while True:
            line = (await reader.readuntil(b"\r\n")).decode()
            word = line.split()[0].lower()
            if word == "data":
                await self._say(writer, "data", "354 go on")
                if "data" in self.answers:
                    continue
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                await self._say(writer, "end", "250 kept")
            else:
                await self._say(writer, word, "250 fine")

    async def _say(self, writer: asyncio.StreamWriter, word: str, answer: str) -> None:
        said = self.answers.get(word, answer)
        if said is None:
            raise ConnectionResetError("the server hangs up")
        writer.write(f"{said}\r\n".encode())
        await writer.drain()


async def sent_to(
    server: MailServer, *, delivery: DueDelivery = DELIVERY, security: MailSecurity = MailSecurity.NONE
) -> SendResult:
    async with talking(server) as port:
        channel = SmtpChannel(route(port, security), COMPOSER, clock.now_us)
        try:
            return await channel.send(delivery)
        finally:
            await channel.close()


async def test_the_answer_to_the_message_is_the_receipt() -> None:
    server = MailServer()
    result = await sent_to(server)
    assert (result.outcome, result.status, result.detail) == (Outcome.DELIVERED, 250, "kept")
    message = message_from_bytes(server.mails[0], policy=default)
    assert mail_fault(message) is None
    assert message["Message-ID"] == "<0123456789abcdef.meldkamer_em@emon.example>"
    assert message["To"] == "desk@centre.example"
    assert "vermoedelijke overtreding" in message["Subject"].lower()
    body = message.get_content()
    assert "kans op een fout kleiner dan 1 op 1.000" in body
    assert "the chance of an error is under 1 in 1,000" in body
    assert "https://emon.example/" in body


@pytest.mark.parametrize(
    ("answers", "outcome", "status"),
    [
        ({"greeting": "421 too busy"}, Outcome.FAILED, 421),
        ({"greeting": "554 not you"}, Outcome.REFUSED, 554),
        ({"greeting": "hello there"}, Outcome.FAILED, None),
        ({"greeting": None}, Outcome.FAILED, None),
        ({"mail": "452 disk full"}, Outcome.FAILED, 452),
        ({"rcpt": "450 greylisted"}, Outcome.FAILED, 450),
        ({"rcpt": "550 no such mailbox"}, Outcome.REFUSED, 550),
        ({"data": "451 later"}, Outcome.FAILED, 451),
        ({"end": "552 too much"}, Outcome.REFUSED, 552),
        ({"end": None}, Outcome.FAILED, None),
        ({"quit": None}, Outcome.DELIVERED, 250),
        ({"quit": "500 what"}, Outcome.DELIVERED, 250),
    ],
)
async def test_what_an_answer_means(
    answers: dict[str, str | None], outcome: Outcome, status: int | None
) -> None:
    result = await sent_to(MailServer(**answers))
    assert (result.outcome, result.status) == (outcome, status)


@pytest.mark.parametrize(
    ("then", "connections", "outcomes"),
    [
        ({}, 1, [Outcome.DELIVERED] * 3),
        ({"rset": None}, 3, [Outcome.DELIVERED] * 3),  # the server closed it while it was idle
        ({"rset": "421 too long"}, 3, [Outcome.DELIVERED] * 3),
        ({"end": None}, 2, [Outcome.DELIVERED, Outcome.FAILED, Outcome.FAILED]),  # it may have the message
        ({"mail": "421 going"}, 2, [Outcome.DELIVERED, Outcome.FAILED, Outcome.FAILED]),
    ],
)
async def test_a_connection_is_kept_and_another_made_only_before_a_message_is_begun(
    then: dict[str, str | None], connections: int, outcomes: list[Outcome]
) -> None:
    server = MailServer()
    async with talking(server) as port:
        channel = SmtpChannel(route(port), COMPOSER, clock.now_us)
        found = [(await channel.send(DELIVERY)).outcome]
        server.answers = then
        found += [(await channel.send(DELIVERY)).outcome for _ in range(2)]
        await channel.close()
    assert found == outcomes
    assert len(server.mails) == (1 if "mail" in then else 3)  # none twice within an attempt
    assert server.connections == connections


async def test_a_connection_is_left_after_so_many_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emon.alerts.channels.smtp_connections.SMTP_MESSAGES_MAX", 2)
    server = MailServer()
    async with talking(server) as port:
        channel = SmtpChannel(route(port), COMPOSER, clock.now_us)
        for _ in range(4):
            assert (await channel.send(DELIVERY)).outcome is Outcome.DELIVERED
        await channel.close()
    assert (server.connections, len(server.mails)) == (2, 4)


async def test_without_encryption_nothing_is_sent_where_it_is_required() -> None:
    server = MailServer()
    result = await sent_to(server, security=MailSecurity.STARTTLS)
    assert result.outcome is Outcome.FAILED
    assert server.mails == []


async def test_nobody_there_is_a_failure() -> None:
    async with talking(MailServer()) as port:
        pass
    result = await SmtpChannel(route(port), COMPOSER, clock.now_us).send(DELIVERY)
    assert (result.outcome, result.status) == (Outcome.FAILED, None)


def test_all_attempts_are_one_mail_to_a_mail_program() -> None:
    again = msgspec.structs.replace(DELIVERY, attempts=7)
    first, later = (
        mail_message(delivery, route(25), COMPOSER, at_us)
        for delivery, at_us in ((DELIVERY, NOON_US), (again, NOON_US + 60_000_000))
    )
    assert first["Message-ID"] == later["Message-ID"]
    assert first["Date"] != later["Date"]


@pytest.mark.parametrize(
    "wearer", ["w\r\nBcc: thief@evil.example", "w\nX: y", "w\x00", "\u202e\u2028", "\ud800", "é" * 500]
)
async def test_no_id_adds_a_header_or_breaks_the_mail(wearer: str) -> None:
    alert = msgspec.structs.replace(BREACH, wearer=wearer, id=wearer, device=wearer)
    server = MailServer()
    result = await sent_to(
        server, delivery=DueDelivery(f"{wearer}:meldkamer_em", "meldkamer_em", "smtp", 0, alert)
    )
    assert result.outcome is Outcome.DELIVERED
    message = message_from_bytes(server.mails[0], policy=default)
    assert mail_fault(message) is None
    assert set(message.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Emon-Alert", "X-Emon-Priority"),
        *("Importance", "X-Priority", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }


def test_an_odd_delivery_id_still_gives_one_message_id() -> None:
    odd = message_id("a b:<c>@d", "emon@emon.example")
    assert odd == message_id("a b:<c>@d", "emon@emon.example")
    assert odd.removesuffix("@emon.example>").removeprefix("<").isalnum()

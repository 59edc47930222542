"""The many others, through Apprise: gateways for text messages, Signal, pagers, and what else it knows.

What Apprise says is *sent* is the receipt; for most services that is their own machine's word. There is
no idempotency key: a repeat shows as a second message with the same alert id in its text. The address
holds secrets, so Apprise's own log is silent, and what is kept of a failure is that it failed.
Redirects are not followed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import apprise

from emon.alerts.channels import SendResult
from emon.alerts.compose import Composer
from emon.alerts.link_lines import links_of, with_links
from emon.alerts.links import Links
from emon.alerts.messages import Text
from emon.alerts.notices import Notice, notice_short
from emon.alerts.outbox import DueDelivery, Outcome
from emon.alerts.routes import AppriseRoute
from emon.limits import URGENT_PRIORITY_MAX

logging.getLogger("apprise").disabled = True  # it names addresses, and with them their secrets


class AppriseChannel:
    """One recipient's address at a service that Apprise reaches."""

    def __init__(
        self,
        route: AppriseRoute,
        composer: Composer,
        clock_now_us: Callable[[], int],
        links: Links | None = None,
    ) -> None:
        self._composer = composer
        self._party = str(route.party)
        self._now_us = clock_now_us
        self._links = links
        self._short = route.short
        self._apprise = apprise.Apprise(
            asset=apprise.AppriseAsset(app_id="emon", http_redirects=False, secure_logging=True)
        )
        self._known = self._apprise.add(route.url.reveal())

    async def send(self, delivery: DueDelivery) -> SendResult:
        sent_at_us = self._now_us()
        composer = self._composer.at(sent_at_us)
        given = links_of(self._links, composer, delivery, self._party, sent_at_us)
        urgent = delivery.alert.priority <= URGENT_PRIORITY_MAX
        if self._short:
            link = given.answer or given.acknowledge
            return await self._notify(Text("", composer.short(delivery, link)), urgent=urgent)
        languages = composer.languages_of(delivery.recipient)
        text = with_links(composer.written(delivery), given, self._party, languages)
        return await self._notify(text, urgent=urgent)

    async def note(self, notice: Notice, recipient: str) -> SendResult:
        """Send a notice (``emon/alerts/notices.py``)."""
        text = self._composer.noted(notice, recipient)
        if self._short:
            shown = self._composer.notice(notice, recipient)
            text = Text("", notice_short(shown, self._composer.languages_of(recipient)))
        return await self._notify(text, urgent=False)

    async def _notify(self, text: Text, *, urgent: bool) -> SendResult:
        sent = self._known and await self._apprise.async_notify(
            title=text.subject,
            body=text.body,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.FAILURE if urgent else apprise.NotifyType.INFO,
        )
        if sent:
            return SendResult(Outcome.DELIVERED, None, "sent, says Apprise")
        return SendResult(Outcome.FAILED, None, "not sent, says Apprise")

    async def close(self) -> None:
        """Nothing is kept between messages."""

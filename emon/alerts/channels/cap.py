"""CAP 1.2 XML by signed POST, for control rooms whose systems speak it; a 2xx status is the receipt."""

from __future__ import annotations

from collections.abc import Callable

from emon.alerts.cap_document import cap_document
from emon.alerts.channels import SendResult
from emon.alerts.channels.signed_post import SignedPoster
from emon.alerts.compose import Composer
from emon.alerts.link_lines import links_of
from emon.alerts.links import Links
from emon.alerts.outbox import DueDelivery
from emon.alerts.routes import CapRoute
from emon.alerts.words import EN, NL

CONTENT_TYPE = "application/cap+xml"


class CapChannel:
    """One recipient's address for CAP documents."""

    def __init__(
        self,
        route: CapRoute,
        composer: Composer,
        clock_now_us: Callable[[], int],
        links: Links | None = None,
    ) -> None:
        self._sender = route.sender
        self._party = str(route.party)
        self._links = links
        self._composer = composer
        self._now_us = clock_now_us
        self._poster = SignedPoster(route, clock_now_us)

    async def send(self, delivery: DueDelivery) -> SendResult:
        sent_at_us = self._now_us()
        composer = self._composer.at(sent_at_us)
        texts = composer.texts(delivery)
        document = cap_document(
            delivery,
            composer.shown(delivery),
            {"nl-NL": texts.nl, "en-GB": texts.en},
            asked={
                "nl-NL": composer.instruction(delivery, NL),
                "en-GB": composer.instruction(delivery, EN),
            },
            sender=self._sender,
            acknowledge_url=composer.acknowledge_url(delivery),
            links=links_of(self._links, composer, delivery, self._party, sent_at_us),
            update=composer.update(delivery),
        )
        return await self._poster.post(delivery.id, document, sent_at_us, CONTENT_TYPE)

    async def close(self) -> None:
        await self._poster.close()

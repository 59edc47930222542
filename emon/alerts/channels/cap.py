"""CAP 1.2 XML by signed POST, for control rooms whose systems speak it; a 2xx status is the receipt."""

from __future__ import annotations

from collections.abc import Callable

from emon.alerts.cap_document import cap_document
from emon.alerts.channels import SendResult
from emon.alerts.channels.signed_post import SignedPoster
from emon.alerts.compose import Composer
from emon.alerts.outbox import DueDelivery
from emon.alerts.routes import CapRoute

CONTENT_TYPE = "application/cap+xml"


class CapChannel:
    """One recipient's address for CAP documents."""

    def __init__(self, route: CapRoute, composer: Composer, clock_now_us: Callable[[], int]) -> None:
        self._sender = route.sender
        self._composer = composer
        self._now_us = clock_now_us
        self._poster = SignedPoster(route, clock_now_us)

    async def send(self, delivery: DueDelivery) -> SendResult:
        texts = self._composer.texts(delivery)
        document = cap_document(
            delivery,
            self._composer.shown(delivery),
            {"nl-NL": texts.nl, "en-GB": texts.en},
            sender=self._sender,
            acknowledge_url=self._composer.acknowledge_url(delivery),
            update=self._composer.update(delivery),
        )
        return await self._poster.post(delivery.id, document, self._now_us(), CONTENT_TYPE)

    async def close(self) -> None:
        await self._poster.close()

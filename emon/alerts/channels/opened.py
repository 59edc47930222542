"""Opens one channel for each configured recipient."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from emon.alerts.channels import Channel
from emon.alerts.channels.apprise_url import AppriseChannel
from emon.alerts.channels.cap import CapChannel
from emon.alerts.channels.mqtt import MqttChannel
from emon.alerts.channels.smtp import SmtpChannel
from emon.alerts.channels.webhook import WebhookChannel
from emon.alerts.compose import Composer
from emon.alerts.links import Links
from emon.alerts.need import DEFAULT_NEEDS, Need
from emon.alerts.recipients import Recipients
from emon.alerts.routes import AppriseRoute, CapRoute, MqttRoute, Route, SmtpRoute, WebhookRoute
from emon.alerts.templates import check_templates


@asynccontextmanager
async def open_channels(
    recipients: Recipients,
    public_url: str,
    clock_now_us: Callable[[], int],
    link_secret: bytes | None = None,
    needs: tuple[Need, ...] = DEFAULT_NEEDS,
) -> AsyncIterator[Mapping[str, Channel]]:
    """The channels of recipients by party and of contacts by name, closed on leaving. No connection is made
    before a send.

    ``public_url``: where recipients and staff reach the service (``http://127.0.0.1:8080``).
    ``link_secret``: signs the links in messages (``links.py``); without one there are none. ``needs``: what
    parties may see, where the policy says.
    """
    check_templates()
    base, fallback = public_url.rstrip("/"), str(recipients.fallback)
    routed = frozenset(str(party) for party in recipients.routes)
    contacts = {name: route.party for name, route in recipients.contacts.items()}
    composer = Composer(base, routed, fallback, contacts, needs, recipients.languages, recipients.maps)
    links = None if link_secret is None else Links(base, link_secret)
    channels: dict[str, Channel] = {}
    async with AsyncExitStack() as stack:
        routes = {**{str(party): route for party, route in recipients.routes.items()}, **recipients.contacts}
        for name, route in routes.items():
            channel = _channel(route, composer, clock_now_us, links)
            stack.push_async_callback(channel.close)
            channels[name] = channel
        yield channels


def _channel(
    route: Route, composer: Composer, clock_now_us: Callable[[], int], links: Links | None
) -> Channel:
    if isinstance(route, SmtpRoute | CapRoute | AppriseRoute) and not route.links:
        links = None
    match route:
        case SmtpRoute():
            return SmtpChannel(route, composer, clock_now_us, links)
        case AppriseRoute():
            return AppriseChannel(route, composer, clock_now_us, links)
        case MqttRoute():
            return MqttChannel(route, composer, clock_now_us)
        case CapRoute():
            return CapChannel(route, composer, clock_now_us, links)
        case WebhookRoute():
            return WebhookChannel(route, composer, clock_now_us)

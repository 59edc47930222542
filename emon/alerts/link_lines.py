"""The links for one use in a message, for every channel that may carry them: which, and in what words.

Pure. A link to take an alert in hand stands in the alert itself and its climbs, for whoever gets them may
acknowledge it; an update on an incident and a notice have none, since nobody has to answer them. A link to
answer stands only in what is for the police. The address names the delivery, the alert and the party, which
the reader knows, and nothing of the wearer or the zone. Where a channel carries data that a program
answers by itself (webhook, MQTT), there are none: it signs its acknowledgement.
"""

from __future__ import annotations

import msgspec

from emon.alerts.compose import Composer
from emon.alerts.links import Links
from emon.alerts.messages import Text
from emon.alerts.need import is_protected
from emon.alerts.outbox import DueDelivery
from emon.alerts.routes import Languages
from emon.alerts.words import EN, NL, Language


class MessageLinks(msgspec.Struct, frozen=True):
    """Addresses; a link is None where the message has none. ``page``: where to go without."""

    page: str
    acknowledge: str | None = None
    answer: str | None = None


def links_of(
    links: Links | None, composer: Composer, delivery: DueDelivery, party: str, sent_at_us: int
) -> MessageLinks:
    """The links of a message to somebody of ``party`` that is sent at that instant; without ``links``,
    none."""
    page = f"{composer.public_url}/"
    if links is None:
        return MessageLinks(page)
    acknowledge = answer = None
    if delivery.update is None:
        acknowledge = links.url(delivery.id, delivery.alert.id, party, sent_at_us)
    if delivery.alert.breach is not None and composer.answer_url(delivery) is not None:
        answer = links.answer_url(delivery.id, delivery.alert.breach, party, sent_at_us)
    return MessageLinks(page, acknowledge, answer)


def with_links(text: Text, given: MessageLinks, party: str, languages: Languages) -> Text:
    """The text with its links behind it, each under a line that says what it is for."""
    body = text.body
    if given.acknowledge is not None:
        said = [w.hers.link if is_protected(party) else w.labels["link"] for w in _words(languages)]
        body += f"\n-- {' / '.join(said)} --\n{given.acknowledge}\n"
    if given.answer is not None:
        said = [words.incident.answer_link for words in _words(languages)]
        body += f"\n-- {' / '.join(said)} --\n{given.answer}\n"
    return Text(text.subject, body)


def _words(languages: Languages) -> tuple[Language, ...]:
    return {Languages.NL: (NL,), Languages.EN: (EN,), Languages.BOTH: (NL, EN)}[languages]

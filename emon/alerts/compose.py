"""What every channel says around an alert's own text: where to confirm, and whom nobody reached."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from emon.alerts.climb_words import told_again, told_again_short, told_again_to_her
from emon.alerts.flapping import joined_short, with_joined, with_joined_to_her
from emon.alerts.incident import Say
from emon.alerts.incident_texts import PLACELESS, beside, update_texts, update_texts_to_her
from emon.alerts.messages import Text, Texts, ask_line, party_name, texts, texts_to_her, texts_to_her_contact
from emon.alerts.need import (
    DEFAULT_NEEDS,
    Fact,
    Need,
    is_protected,
    sees,
    shown_to,
    update_shown_to,
)
from emon.alerts.notices import Notice, notice_shown_to, notice_written
from emon.alerts.outbox import AlertView, DueDelivery, UpdateView
from emon.alerts.routes import Languages
from emon.alerts.short_pieces import her_ask, her_pieces, pieces
from emon.alerts.short_text import short_text
from emon.alerts.words import EN, NL, Language
from emon.model.answer import ANSWERERS
from emon.model.vocabulary import AlertEvent, Party

_NEEDS_ESCAPE = re.compile(rb"[^A-Za-z0-9._~-]")  # all but RFC 3986's unreserved characters


class Composer(msgspec.Struct, frozen=True):
    """``public_url``: the address under which recipients reach the service, without a last slash.

    ``routed``: parties with a route of their own; ``fallback`` hears the alerts of all others. ``contacts``:
    the party of each contact, ``needs``: what parties may see, where the policy says.
    ``languages``: of recipients that are not written to in both.
    """

    public_url: str
    routed: frozenset[str]
    fallback: str
    contacts: Mapping[str, Party] = {}
    needs: tuple[Need, ...] = DEFAULT_NEEDS
    languages: Mapping[str, Languages] = {}
    maps: Mapping[str, str] = {}
    """Of recipients that have a map of their own its address, with ``{lat}`` and ``{lon}``."""
    sent_at_us: int | None = None
    """When what it writes leaves; None: at the instant of which it tells."""

    def at(self, sent_at_us: int) -> Composer:
        """The same for a message that leaves now: how old a position is depends on that."""
        return replace(self, sent_at_us=sent_at_us)

    def shown(self, delivery: DueDelivery) -> AlertView:
        """What of the alert its recipient may see, whatever the channel."""
        alert, update = shown_to(self._party(delivery), delivery.alert, self.needs), delivery.update
        if update is not None and update.say in PLACELESS:
            return replace(alert, position=None, zone=None)
        made_at_us = None if update is None else update.made_at_us
        lost = update is not None and update.say is Say.SIGNAL_LOST
        alert = replace(alert, told_at_us=self.sent_at_us or made_at_us, last_known=lost)
        form = self.maps.get(delivery.recipient)
        return alert if form is None else replace(alert, map_form=form)

    def update(self, delivery: DueDelivery) -> UpdateView | None:
        """What of an update on an incident its recipient may see; None of an alert."""
        if delivery.update is None:
            return None
        return update_shown_to(self._party(delivery), delivery.alert, delivery.update, self.needs)

    def is_hers(self, delivery: DueDelivery) -> bool:
        """Whether it is for the protected person, or for a contact of hers."""
        return is_protected(self._party(delivery))

    def _party(self, delivery: DueDelivery) -> str:
        return self.contacts.get(delivery.recipient, delivery.recipient)

    def texts(self, delivery: DueDelivery) -> Texts:
        """The alert's texts for this recipient, or the update's."""
        alert = self.shown(delivery)
        update = self.update(delivery)
        if self.is_hers(delivery):
            told = self._texts_to_her(delivery, alert, update)
            return told if delivery.recipient == Party.BESCHERMDE else texts_to_her_contact(told)
        if update is not None:
            return self._update_texts(delivery, alert, update)
        place = sees(self._party(delivery), delivery.alert, Fact.POSITION, self.needs)
        own = texts(
            alert, unreached=self.unreached(delivery), answer_at=f"{self.public_url}/", with_place=place
        )
        return with_joined(told_again(own, delivery, self._party(delivery)), delivery)

    def _texts_to_her(self, delivery: DueDelivery, alert: AlertView, update: UpdateView | None) -> Texts:
        if update is not None:
            return update_texts_to_her(alert, update)
        told = texts_to_her(self._to_her(alert))
        return with_joined_to_her(told_again_to_her(told, delivery), delivery)

    def _update_texts(self, delivery: DueDelivery, alert: AlertView, update: UpdateView) -> Texts:
        place = sees(self._party(delivery), delivery.alert, Fact.POSITION, self.needs)
        page = None if self.answer_url(delivery) is None else f"{self.public_url}/"
        return update_texts(alert, update, answer_at=page, with_place=place)

    def _to_her(self, alert: AlertView) -> AlertView:
        """The alert as her words are made of it: that the police were told she reads only where they have a
        route."""
        return replace(alert, recipients=tuple(one for one in alert.recipients if one in self.routed))

    def written(self, delivery: DueDelivery) -> Text:
        """The alert as one text in the recipient's language; Dutch first, then English, where it has none."""
        texts = self.texts(delivery)
        language = self.languages_of(delivery.recipient)
        if language is not Languages.BOTH:
            return texts.nl if language is Languages.NL else texts.en
        body = f"{texts.nl.body}\n-- English --\n{texts.en.subject}\n{texts.en.body}"
        return Text(texts.nl.subject, body)

    def short(self, delivery: DueDelivery, link: str | None = None) -> str:
        """The message for a telephone that shows text messages, in the recipient's first language."""
        texts = self.texts(delivery)
        alert, english = self.shown(delivery), self.languages_of(delivery.recipient) is Languages.EN
        words, text = (EN, texts.en) if english else (NL, texts.nl)
        if self.is_hers(delivery):
            return short_text(text.subject, her_pieces(words, self._to_her(alert), delivery.update), (), link)
        told, more = pieces(words, alert, self.update(delivery))
        told += [
            *self._unreached_line(delivery, words),
            *told_again_short(delivery, self._party(delivery), english=english),
            *joined_short(delivery, english=english),
        ]
        return short_text(text.subject, told, more, link)

    def asked(self, delivery: DueDelivery, words: Language) -> str | None:
        """What the message asks of its reader, in a language; None where it only tells."""
        alert = self.shown(delivery)
        if self.is_hers(delivery):
            return her_ask(words, self._to_her(alert), delivery.update)
        return ask_line(words, alert) if delivery.update is None else None

    def instruction(self, delivery: DueDelivery, words: Language) -> str | None:
        """As ``asked``, and of an update on an incident too, where it asks for something."""
        asked, update = self.asked(delivery, words), self.update(delivery)
        if self.is_hers(delivery):
            return asked
        if update is None:
            return ". ".join([(asked or "").rstrip("."), *self._unreached_line(delivery, words)]) + "."
        return " ".join(beside(words, self.shown(delivery), update)) or None

    def notice(self, notice: Notice, recipient: str) -> Notice:
        """What of a notice its recipient may see."""
        return notice_shown_to(self.contacts.get(recipient, recipient), notice, self.needs)

    def noted(self, notice: Notice, recipient: str) -> Text:
        """A notice as one text in the recipient's language."""
        return notice_written(self.notice(notice, recipient), self.languages_of(recipient))

    def languages_of(self, recipient: str) -> Languages:
        """In which languages the recipient is written to."""
        return self.languages.get(recipient, Languages.BOTH)

    def unreached(self, delivery: DueDelivery) -> tuple[str, ...]:
        """The alert's parties that have no route, told to the fallback alone: it acts for them."""
        if delivery.recipient != self.fallback:
            return ()
        return tuple(party for party in delivery.alert.recipients if party not in self.routed)

    def _unreached_line(self, delivery: DueDelivery, words: Language) -> list[str]:
        """Whom the fallback must warn in its place, in a few words; nothing of an update, and to others."""
        unreached = () if delivery.update is not None else self.unreached(delivery)
        names = ", ".join(party_name(words, party) for party in unreached)
        return [f"{words.labels['unreached_short']}: {names}"] if names else []

    def acknowledge_url(self, delivery: DueDelivery) -> str:
        """Where the recipient posts its signed acknowledgement."""
        return f"{self.public_url}/api/v1/alerts/{_escaped(delivery.alert.id)}/acknowledge"

    def answer_url(self, delivery: DueDelivery) -> str | None:
        """Where the police say how the incident goes on for them; None for others, or without an incident."""
        alert = delivery.alert
        present = delivery.update is not None or alert.event in (AlertEvent.BREACH, AlertEvent.PROXIMITY)
        if alert.breach is None or not present or self._party(delivery) not in ANSWERERS:
            return None
        return f"{self.public_url}/api/v1/incidents/{_escaped(alert.breach)}/answers"


def _escaped(identifier: str) -> str:
    """An id as one piece of an address."""
    given = identifier.encode(errors="replace")
    return _NEEDS_ESCAPE.sub(lambda found: b"%%%02X" % ord(found[0]), given).decode()

"""What an alert says to a person, in Dutch and English: subject and body in plain words.

Pure: the same alert gives the same text. Whoever reads it may be tired, in a car, or new to the
system, so the first line says what is suspected, the second how sure that is, then who and where,
then the case, and the last what is asked. ``possible`` and ``probable`` are said to be uncertain in so
many words. A breach is what fixes show (``vermoedelijk``, suspected); only a person finds a violation.

Ids come from documents of others: they are shortened and stripped of control characters, line
breaks and writing-direction marks, so that no id can forge a line of the text or a mail header.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from emon.alerts.asked import PRESENT, ask_of, has_lapsed, is_withdrawn, since_of
from emon.alerts.direction import isolated
from emon.alerts.her_words import headline, what_to_do
from emon.alerts.outbox import AlertView
from emon.alerts.place_words import place_lines, zone_lines
from emon.alerts.trouble_words import trouble_lines
from emon.alerts.when_words import When
from emon.alerts.words import EN, NL, Language
from emon.limits import MESSAGE_VALUE_CHARS_MAX
from emon.model.vocabulary import AlertEvent

_OF_A_CONDITION = (AlertEvent.BREACH, AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH)
_HARMLESS = {"<": "‹", ">": "›", "`": "'", "[": "(", "]": ")"}
_SINCE = frozenset(
    {
        AlertEvent.SILENCE,
        AlertEvent.NO_POSITION,
        AlertEvent.OUTAGE,
        AlertEvent.RECIPIENT_DOWN,
        AlertEvent.PLATFORM,
        AlertEvent.CLOCK_WRONG,
    }
)
"""Of what goes on: their time is since when."""
_OF_NO_PLACE = (AlertEvent.OUTAGE, AlertEvent.PLATFORM, AlertEvent.RECIPIENT_DOWN)


class Text(msgspec.Struct, frozen=True):
    """One message in one language. ``subject`` is a single line."""

    subject: str
    body: str


class Texts(msgspec.Struct, frozen=True):
    nl: Text
    en: Text


def texts(
    alert: AlertView,
    *,
    unreached: Sequence[str] = (),
    answer_at: str | None = None,
    with_place: bool = True,
) -> Texts:
    """The alert in both languages. Never raises, whatever its ids hold.

    ``unreached``: parties that should hear of it too and have no route. ``answer_at``: the address
    of the page on which a person confirms. ``with_place``: whether it is the reader's to know where, and so
    to hear that nobody does.
    """
    return Texts(
        nl=_text(NL, alert, unreached, answer_at, with_place),
        en=_text(EN, alert, unreached, answer_at, with_place),
    )


def plain(value: str | None, otherwise: str = "?") -> str:
    """A foreign value as a piece of one line: printable, without breaks, at most 100 characters, and nothing
    that a program which shows texts as HTML or Markdown takes for markup."""
    if not value:
        return otherwise
    line = "".join(
        _HARMLESS.get(c, c) if c.isprintable() else "?" for c in value[: MESSAGE_VALUE_CHARS_MAX + 1]
    )
    return line if len(line) <= MESSAGE_VALUE_CHARS_MAX else line[: MESSAGE_VALUE_CHARS_MAX - 1] + "…"


def named(value: str | None, otherwise: str = "?") -> str:
    """As ``plain``, in a text for people: a name in Arabic leaves what stands beside it in its place."""
    return isolated(plain(value, otherwise))


def texts_to_her(alert: AlertView) -> Texts:
    """What the protected person reads of an alert: that it happened and what she can do. Where the wearer was
    stands in it only where the policy lets her see it."""
    found = [_to_her(words, alert) for words in (NL, EN)]
    return Texts(nl=found[0], en=found[1])


def texts_to_her_contact(hers: Texts) -> Texts:
    """The same as somebody reads it whom she trusts: it is about her, and not about the reader."""
    found = [
        Text(words.to_contact.format(told=text.subject), f"{words.contact}\n\n{text.body}")
        for words, text in ((NL.hers, hers.nl), (EN.hers, hers.en))
    ]
    return Texts(nl=found[0], en=found[1])


def _to_her(words: Language, alert: AlertView) -> Text:
    told = headline(words.hers, alert)
    lines = [f"{told}.", *what_to_do(words.hers, alert)]
    when = words.when.told(by_the_hour=alert.by_the_hour, to_her=True)
    label, instant_us = moment_to_her(alert)
    lines += ["", f"{words.labels[label]}: {when(instant_us)}"]
    if alert.position is not None:
        lines += place_lines(words.place, words.compass, alert, words.when.to_her, to_her=True)
    return Text(told, "\n".join(lines) + "\n")


def _text(
    words: Language, alert: AlertView, unreached: Sequence[str], answer_at: str | None, with_place: bool
) -> Text:
    label = words.labels
    title = _title(words, alert)
    who = _who(words, alert)
    subject = f"[P{alert.priority}] {title}" + ("" if who is None else f": {who}")
    lines = [f"{title}."]
    if alert.certainty is not None and alert.event is not AlertEvent.BREACH_CLEARED and not alert.refuted:
        short, sentence = words.certainty[alert.certainty]
        subject += f" ({short})"
        lines.append(f"{label['certainty']}: {sentence}")
    lines += _state_now(words, alert)
    lines += trouble_lines(words.trouble, words.risk, words.parties, alert, named, words.when.at)
    if alert.secret and not alert.by_the_hour:
        lines.append(label["secret"])
    lines += ["", *_person(words, alert)]
    if alert.position is not None or (with_place and alert.event not in _OF_NO_PLACE):
        lines += place_lines(words.place, words.compass, alert, words.when.at)
    lines += [*zone_lines(words.place, alert), "", *_facts(words, alert), ""]
    if unreached:
        lines.append(f"{label['unreached']}: {', '.join(party_name(words, party) for party in unreached)}")
    lines.append(f"{label['asked']}: {words.asks[ask_of(alert)]}")
    if answer_at is not None:
        lines.append(f"{label['answer']}: {answer_at}")
    return Text(subject, "\n".join(_without_gaps(lines)) + "\n")


def _without_gaps(lines: Sequence[str]) -> list[str]:
    """Without a blank line after another: a part that says nothing leaves none."""
    return [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]


def _who(words: Language, alert: AlertView) -> str | None:
    """Whom the subject names: the wearer, else the first that is known and may be told."""
    label = words.labels
    if alert.event is AlertEvent.OUTAGE:
        count = len(alert.unseen)
        many = words.trouble.one if count == 1 else words.trouble.many.format(count=count)
        return many if count else None
    if alert.event is AlertEvent.PLATFORM:
        return "emon"
    if alert.event is AlertEvent.RECIPIENT_DOWN:
        return party_name(words, alert.cause)
    if alert.wearer is not None:
        who = f"{label['against'] if alert.victim else label['wearer'].lower()} {named(alert.wearer)}"
        if alert.protected is None:
            return who
        if alert.event is AlertEvent.PROXIMITY:
            return f"{who}, {label['protected'].lower()} {named(alert.protected)}"
        return f"{named(alert.protected)}, {who}" if alert.victim else who
    orders = (alert.order, *alert.worn_for)
    known = ((label["device"], alert.device), *((label["order"], order) for order in orders))
    return next((f"{name.lower()} {named(value)}" for name, value in known if value is not None), None)


def party_name(words: Language, party: str | None) -> str:
    """A party by its name; another recipient as it is called."""
    return words.parties.get(party or "", named(party))


def ask_line(words: Language, alert: AlertView) -> str:
    """What is asked of whoever reads the alert."""
    return words.asks[ask_of(alert)]


def _title(words: Language, alert: AlertView) -> str:
    since = since_of(alert)
    title = _what(words, alert)
    return title if since is None else f"{title} ({words.labels[since]})"


def _what(words: Language, alert: AlertView) -> str:
    title = words.events[alert.event]
    if alert.cleared_at_us is not None:
        title = words.mended.get(alert.event, title)
    if is_withdrawn(alert) or has_lapsed(alert):
        title = words.refuted if alert.refuted else words.unmeasured
    if alert.kind is not None and alert.event in _OF_A_CONDITION:
        return f"{title}, {words.kinds[alert.kind]}"
    if not alert.victim or alert.event is AlertEvent.PANIC:
        return title
    if alert.event is AlertEvent.SILENCE:
        return f"{title} {words.labels['hers']}"
    return f"{title} ({words.labels['her_device']})"


def _state_now(words: Language, alert: AlertView) -> list[str]:
    """What has changed since an alert that arrives late was raised."""
    if alert.event is AlertEvent.BREACH_CLEARED:
        return []
    if alert.refuted:
        return [words.labels["now_refuted"]]
    if alert.event in PRESENT and alert.closed_at_us is not None:
        return [f"{words.labels['now_ended']}: {_when(words, alert)(alert.closed_at_us)}"]
    return []


def _person(words: Language, alert: AlertView) -> list[str]:
    """Who it is, whom the order protects, and how dangerous he is. A protected person's device has no
    wearer: who is named with it is whom she is protected from."""
    label = words.labels
    found = (
        ("against" if alert.victim else "wearer", alert.wearer and named(alert.wearer)),
        ("protected", alert.protected and named(alert.protected)),
        ("risk", words.risk[alert.risk] if alert.risk else None),
    )
    return [f"{label[name][0].upper()}{label[name][1:]}: {value}" for name, value in found if value]


def _facts(words: Language, alert: AlertView) -> list[str]:
    label, when = words.labels, _when(words, alert)
    received = "heard" if alert.breach is None else "received"
    pairs: list[tuple[str, str | None]] = [
        ("owner", owner_line(words, alert)),
        ("order", alert.order and named(alert.order)),
        ("worn_for", ", ".join(map(named, alert.worn_for)) or None),
        ("basis", alert.legal_basis and words.bases[alert.legal_basis]),
        ("condition", alert.condition and condition_line(words, alert)),
        ("how", _how(words, alert)),
        ("device", alert.device and named(alert.device)),
        (_began(alert), when(alert.happened_at_us)),
        ("gap_to" if alert.event is AlertEvent.POSSIBLE_INCURSION else "ended", _ended(words, alert)),
        (received, None if alert.received_at_us is None else words.when.at(alert.received_at_us)),
        ("detected", words.when.at(alert.detected_at_us)),
        ("before", _before(words, alert)),
        ("alert", named(alert.id)),
        ("incident", alert.breach and named(alert.breach)),
    ]
    return [*(f"{label[name]}: {value}" for name, value in pairs if value is not None), label["local"]]


def moment(alert: AlertView) -> tuple[str, int]:
    """Of what it tells the one time that says most, and what that is called: of an end, when it ended."""
    ended_us = alert.closed_at_us if alert.event is AlertEvent.BREACH_CLEARED else alert.cleared_at_us
    return (_began(alert), alert.happened_at_us) if ended_us is None or alert.refuted else ("ended", ended_us)


def moment_to_her(alert: AlertView) -> tuple[str, int]:
    """The same for the protected person, to whom whatever did not end has happened, and whatever ended
    without a measurement has stopped."""
    label, instant_us = moment(alert)
    if has_lapsed(alert) and label == "ended":
        return "stopped", instant_us
    return (label if label == "ended" else "happened"), instant_us


def _began(alert: AlertView) -> str:
    """What the first of its times is called."""
    if alert.event is AlertEvent.POSSIBLE_INCURSION:
        return "gap_from"
    if alert.breach is not None:
        return "began"
    return "since" if alert.event in _SINCE else "happened"


def _when(words: Language, alert: AlertView) -> When:
    """How the times of what happened are told: exactly, or by the hour where they would give a place away."""
    return words.when.told(by_the_hour=alert.by_the_hour)


def _how(words: Language, alert: AlertView) -> str | None:
    told = alert.how is not None and not alert.refuted and alert.event is not AlertEvent.BREACH_CLEARED
    return words.how[alert.how] if alert.how is not None and told else None


def condition_line(words: Language, alert: AlertView) -> str:
    """Which condition, and of what kind."""
    kind = f" ({words.kinds[alert.kind]})" if alert.kind else ""
    return named(alert.condition) + kind


def owner_line(words: Language, alert: AlertView) -> str | None:
    """Whom to call about the case."""
    owner = alert.owner
    if owner is None:
        return None
    parts = (
        owner.name and named(owner.name),
        party_name(words, owner.party),
        owner.contact and named(owner.contact),
    )
    return ", ".join(part for part in parts if part)


def _before(words: Language, alert: AlertView) -> str | None:
    if alert.before is None:
        return None
    last = alert.last_before_us
    return str(alert.before) + (
        "" if last is None or not alert.before else f", {words.labels['last']} {words.when.at(last)}"
    )


def _ended(words: Language, alert: AlertView) -> str | None:
    told = alert.event in (
        AlertEvent.BREACH_CLEARED,
        AlertEvent.HISTORIC_BREACH,
        AlertEvent.POSSIBLE_INCURSION,
    )
    return _when(words, alert)(alert.closed_at_us) if told and alert.closed_at_us is not None else None

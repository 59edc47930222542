"""What an alert says to a person, in Dutch and English: subject and body in plain words.

Pure: the same alert gives the same text. Whoever reads it may be tired, in a car, or new to the
system, so the first line says what is suspected, the second how sure that is, and the last what
is asked. ``possible`` and ``probable`` are said to be uncertain in so many words. A breach is what
fixes show (``vermoedelijk``, suspected); only a person finds a violation.

Ids come from documents of others: they are shortened and stripped of control characters, line
breaks and writing-direction marks, so that no id can forge a line of the text or a mail header.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from emon.alerts.her_words import headline
from emon.alerts.outbox import AlertView
from emon.alerts.place_words import place_lines, zone_lines
from emon.alerts.trouble_words import trouble_lines
from emon.alerts.words import EN, NL, Language
from emon.limits import MESSAGE_VALUE_CHARS_MAX
from emon.model.instant import to_datetime
from emon.model.vocabulary import AlertEvent, Certainty

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_OF_A_CONDITION = (AlertEvent.BREACH, AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH)
_HARMLESS = {"<": "‹", ">": "›", "`": "'", "[": "(", "]": ")"}
_OF_NO_PLACE = (AlertEvent.OUTAGE, AlertEvent.PLATFORM)

_ASKS_OF_DEVICES = {
    AlertEvent.COMMAND_UNANSWERED: "unanswered",
    AlertEvent.CLOCK_WRONG: "clock",
    AlertEvent.IMPLAUSIBLE_FIXES: "implausible",
    AlertEvent.CHARGING_MISSED: "charge",
}


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


def texts_to_her(alert: AlertView) -> Texts:
    """What the protected person reads of an alert: that it happened and what she can do. Where the wearer was
    stands in it only where the policy lets her see it."""
    found = [_to_her(words, alert) for words in (NL, EN)]
    return Texts(nl=found[0], en=found[1])


def _to_her(words: Language, alert: AlertView) -> Text:
    told = headline(words.hers, alert)
    lines = [f"{told}.", f"{words.labels['happened']}: {local_and_utc(alert.happened_at_us)}"]
    if alert.position is not None:
        lines += place_lines(words.place, words.compass, alert, local_and_utc)
    return Text(told, "\n".join([*lines, "", words.hers.unsafe]) + "\n")


def _text(
    words: Language, alert: AlertView, unreached: Sequence[str], answer_at: str | None, with_place: bool
) -> Text:
    label = words.labels
    title = _title(words, alert)
    who = f"{label['wearer'].lower()} {plain(alert.wearer, label['unknown'])}"
    if alert.wearer is None and alert.device is not None:
        who = f"{label['device'].lower()} {plain(alert.device)}"
    if alert.event is AlertEvent.OUTAGE:
        who = words.trouble.many.format(count=len(alert.unseen))
    if alert.event is AlertEvent.PLATFORM:
        who = "emon"
    subject = f"[P{alert.priority}] {title}: {who}"
    lines = [f"{title}."]
    if alert.certainty is not None and not _withdrawn(alert):
        short, sentence = words.certainty[alert.certainty]
        subject += f" ({short})"
        lines.append(f"{label['certainty']}: {sentence}")
    lines += _state_now(words, alert)
    lines += trouble_lines(words.trouble, words.risk, alert, plain, local_and_utc)
    lines.append("")
    lines += _facts(words, alert)
    if alert.position is not None or (with_place and alert.event not in _OF_NO_PLACE):
        lines += place_lines(words.place, words.compass, alert, local_and_utc)
    lines += zone_lines(words.place, alert)
    lines.append("")
    if unreached:
        lines.append(f"{label['unreached']}: {', '.join(plain(party) for party in unreached)}")
    lines.append(f"{label['asked']}: {words.asks[_ask(alert)]}")
    if answer_at is not None:
        lines.append(f"{label['answer']}: {answer_at}")
    return Text(subject, "\n".join(lines) + "\n")


def _withdrawn(alert: AlertView) -> bool:
    return alert.event is AlertEvent.BREACH_CLEARED and alert.refuted


def _title(words: Language, alert: AlertView) -> str:
    if _withdrawn(alert):
        return words.refuted
    title = words.events[alert.event]
    if alert.kind is not None and alert.event in _OF_A_CONDITION:
        return f"{title}, {words.kinds[alert.kind]}"
    return title


def _ask(alert: AlertView) -> str:
    if alert.event is AlertEvent.BREACH_CLEARED:
        return "refuted" if alert.refuted else "ended"
    if alert.event is AlertEvent.HISTORIC_BREACH:
        return "past"
    if alert.event is AlertEvent.POSSIBLE_INCURSION:
        return "incursion"
    if alert.event in (AlertEvent.BREACH, AlertEvent.PROXIMITY):
        return "certain" if alert.certainty is Certainty.CERTAIN else "uncertain"
    return _ASKS_OF_DEVICES.get(alert.event, "other")


def _state_now(words: Language, alert: AlertView) -> list[str]:
    """What has changed since an alert that arrives late was raised."""
    if alert.event in (AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH):
        return []
    if alert.refuted:
        return [words.labels["now_refuted"]]
    if alert.event is AlertEvent.BREACH and alert.closed_at_us is not None:
        return [f"{words.labels['now_ended']}: {local_and_utc(alert.closed_at_us)}"]
    return []


def _facts(words: Language, alert: AlertView) -> list[str]:
    label = words.labels
    pairs: list[tuple[str, str | None]] = [
        ("wearer", alert.wearer and plain(alert.wearer)),
        ("device", alert.device and plain(alert.device)),
        ("order", alert.order and plain(alert.order)),
        ("condition", alert.condition and _condition(words, alert)),
        ("risk", words.risk[alert.risk] if alert.risk else None),
        ("owner", _owner(alert)),
        ("how", words.how[alert.how] if alert.how and not alert.refuted else None),
        ("happened", local_and_utc(alert.happened_at_us)),
        ("ended", _ended(alert)),
        ("received", None if alert.received_at_us is None else local_and_utc(alert.received_at_us)),
        ("detected", local_and_utc(alert.detected_at_us)),
        ("before", _before(words, alert)),
        ("alert", plain(alert.id)),
    ]
    return [f"{label[name]}: {value}" for name, value in pairs if value is not None]


def _condition(words: Language, alert: AlertView) -> str:
    kind = f" ({words.kinds[alert.kind]})" if alert.kind else ""
    return plain(alert.condition) + kind


def _owner(alert: AlertView) -> str | None:
    """Whom to call about the case."""
    owner = alert.owner
    if owner is None:
        return None
    return ", ".join(plain(part) for part in (owner.name, owner.party, owner.contact) if part)


def _before(words: Language, alert: AlertView) -> str | None:
    if alert.before is None:
        return None
    last = alert.last_before_us
    return str(alert.before) + ("" if last is None else f", {words.labels['last']} {local_and_utc(last)}")


def _ended(alert: AlertView) -> str | None:
    told = alert.event in (AlertEvent.BREACH_CLEARED, AlertEvent.HISTORIC_BREACH)
    return local_and_utc(alert.closed_at_us) if told and alert.closed_at_us is not None else None


def local_and_utc(instant_us: int) -> str:
    """Local time with its offset (an autumn night has two 02:30s), then UTC."""
    try:
        utc = to_datetime(instant_us)
        local = utc.astimezone(_AMSTERDAM)
    except (OverflowError, ValueError):
        return f"{instant_us} µs UTC"
    return f"{local:%d-%m-%Y %H:%M:%S} Amsterdam (UTC{_offset(local)}) = {utc:%Y-%m-%d %H:%M:%S} UTC"


def _offset(local: datetime) -> str:
    offset = f"{local:%z}"
    return f"{offset[:3]}:{offset[3:5]}"

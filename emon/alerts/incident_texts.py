"""What an update on an incident says to a person, in Dutch and English. Pure.

The first line says what has changed; then whose incident it is, where he was, how old that is, how he
moved, and what is asked. Ids come from documents of others and are made harmless as in ``messages.py``.
"""

from __future__ import annotations

from emon.alerts.incident import Say
from emon.alerts.messages import Text, Texts, condition_line, named, party_name
from emon.alerts.outbox import AlertView, UpdateView
from emon.alerts.place_words import place_lines, zone_lines
from emon.alerts.words import EN, NL, Language
from emon.model.vocabulary import Kind

PLACELESS = frozenset({Say.ANSWER, Say.STAND_DOWN})
"""Updates that tell no place."""
_OF_WHICH = frozenset({Say.POSITION, Say.SIGNAL_LOST, Say.SIGNAL_BACK, Say.GOES_ON, Say.STAND_DOWN})
"""Whose first line names the kind of condition: another incident of the same wearer may be open."""
_UNDER_WAY = frozenset({Say.POSITION, Say.SIGNAL_LOST, Say.SIGNAL_BACK, Say.GOES_ON})


def update_texts(
    alert: AlertView, update: UpdateView, *, answer_at: str | None = None, with_place: bool = True
) -> Texts:
    """The update in both languages, of what its reader may see. ``answer_at``: where the police answer.
    ``with_place``: whether it is the reader's to know where, and so to hear that nobody does."""
    nl, en = (_text(words, alert, update, answer_at, with_place) for words in (NL, EN))
    return Texts(nl=nl, en=en)


def update_texts_to_her(alert: AlertView, update: UpdateView) -> Texts:
    """The same for the protected person: what changes for her, and where he is only where she may know."""
    nl, en = (_to_her(words, alert, update) for words in (NL, EN))
    return Texts(nl=nl, en=en)


def _to_her(words: Language, alert: AlertView, update: UpdateView) -> Text:
    own = words.incident
    told = own.hers[update.say] if _is_of_him(words, alert, update) else own.her_other
    if alert.kind is not Kind.CONTACT and update.say is Say.GOES_ON:
        told = words.hers.other_goes_on
    when = words.when.told(by_the_hour=alert.by_the_hour, to_her=True)
    lines = [f"{told}.", her_line(words, alert, update), "", own.told_at.format(when=when(update.made_at_us))]
    if alert.position is not None and update.say not in PLACELESS:
        lines += place_lines(words.place, words.compass, alert, words.when.to_her, to_her=True)
    return Text(told, "\n".join(lines) + "\n")


def her_line(words: Language, alert: AlertView, update: UpdateView) -> str:
    """What the protected person can do."""
    return words.hers.unsafe if _is_of_him(words, alert, update) else words.hers.danger


def _is_of_him(words: Language, alert: AlertView, update: UpdateView) -> bool:
    """Whether the update says something of the person who must stay away from her."""
    return alert.kind is Kind.CONTACT and update.say in words.incident.hers


def _text(
    words: Language, alert: AlertView, update: UpdateView, answer_at: str | None, with_place: bool
) -> Text:
    own, label = words.incident, words.labels
    made = words.when.told(by_the_hour=alert.by_the_hour)
    title = _title(words, alert, update)
    subject = own.subject.format(priority=alert.priority, title=title, who=_who(words, alert))
    lines = [f"{title}."]
    if update.say in _UNDER_WAY and alert.certainty is not None:
        lines.append(f"{label['certainty']}: {words.certainty[alert.certainty][1]}")
    lines += beside(words, alert, update)
    answer = update.answer
    if answer is not None:
        when = made(answer.answered_at_us)
        lines.append(
            own.answered.format(person=named(answer.person), party=party_name(words, answer.party), when=when)
        )
        lines += note_line(words, update)
    if alert.secret and not alert.by_the_hour and update.say not in PLACELESS:
        lines.append(label["secret"])
    lines.append("")
    if update.say not in PLACELESS and (alert.position is not None or with_place):
        lines += place_lines(words.place, words.compass, alert, words.when.at)
        lines += zone_lines(words.place, alert)
    pairs = (
        ("wearer", alert.wearer),
        ("protected", alert.protected),
        ("order", alert.order),
    )
    lines += [f"{label[name]}: {named(value)}" for name, value in pairs if value is not None]
    if alert.condition is not None:
        lines.append(f"{label['condition']}: {condition_line(words, alert)}")
    if alert.risk is not None:
        lines.append(f"{label['risk']}: {words.risk[alert.risk]}")
    lines.append(own.incident.format(incident=named(alert.breach)))
    lines.append(own.update.format(number=update.number, when=made(update.made_at_us)))
    lines.append(label["local"])
    if answer_at is not None:
        lines.append(own.answer_here.format(address=answer_at))
    return Text(subject, "\n".join(lines) + "\n")


def beside(words: Language, alert: AlertView, update: UpdateView) -> list[str]:
    """What else it says in whole sentences: why, what was not measured, what is asked."""
    own, found = words.incident, []
    if update.say is Say.STAND_DOWN:
        found.append(own.because[update.because])
    if update.say is Say.LAPSED:
        found.append(own.lapsed_more[alert.kind or Kind.EXCLUSION])
    return [*found, own.asks[update.say]] if update.say in own.asks else found


def note_line(words: Language, update: UpdateView) -> list[str]:
    """What the police wrote beside their answer."""
    answer = update.answer
    if answer is not None and answer.withheld:
        return [words.incident.note_withheld]
    return [] if answer is None or not answer.note else [words.incident.note.format(note=named(answer.note))]


def _who(words: Language, alert: AlertView) -> str:
    """Whom the subject names: the wearer, or the order where he is not to be told."""
    if alert.wearer is not None or alert.order is None:
        return f"{words.labels['wearer'].lower()} {named(alert.wearer, words.labels['unknown'])}"
    return f"{words.labels['order'].lower()} {named(alert.order)}"


def _title(words: Language, alert: AlertView, update: UpdateView) -> str:
    own = words.incident
    kind = alert.kind or Kind.EXCLUSION
    if update.say is Say.LEFT:
        return own.left[kind]
    if update.say is Say.LAPSED:
        return own.lapsed[kind]
    if update.say is Say.STAND_DOWN:
        title = own.stand_down[update.because]
    else:
        word = "" if update.answer is None else own.answers[update.answer.answer]
        title = own.says[update.say].format(answer=word)
    return f"{title}, {words.kinds[alert.kind]}" if update.say in _OF_WHICH and alert.kind else title

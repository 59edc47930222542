"""What happened, in a handful of plain sentences, made of the parts of a court file and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emon.alerts import words as alert_words
from emon.court.words import CAUSES, LANGUAGES, OUTCOMES, PARTIES, VICTIM_OUTCOMES, local, said
from emon.model.vocabulary import AlertEvent, Certainty

_NL = {
    "raised": "Het systeem heeft melding {id} gemaakt op {at}: {event}, prioriteit {priority} (1 is het"
    " dringendst).",
    "order": "Het gaat om drager {wearer} en voorwaarde {condition} van beslissing {order}, versie"
    " {version}.",
    "opened": "Het begon volgens de posities op {opened}{ended}.",
    "ended": " en eindigde op {closed}",
    "going_on": " en was bij het maken van dit dossier niet geëindigd",
    "refuted": "Later ontvangen posities tonen dat er geen overtreding was. De melding is daarom"
    " ingetrokken; wat er stond, blijft in dit dossier te zien.",
    "received": "Ontvangen door {names}.",
    "not_received": "Op dat moment nog niet ontvangen door {names}.",
    "taken": "{person} ({party}) nam de melding in behandeling op {at}.",
    "not_taken": "Niemand heeft de melding in behandeling genomen.",
    "climbed": "Omdat een antwoord uitbleef, is de melding {times} opnieuw verstuurd.",
    "once": "één keer",
    "times": "{n} keer",
    "closed": "{person} ({party}) sloot de melding af op {at}. Oorzaak: {cause}. Uitkomst: {outcome}.",
    "victim": "De beschermde persoon: {victim}.",
    "open": "De melding was bij het maken van dit dossier niet afgesloten.",
    "finding": "Dit systeem stelt alleen een vermoeden vast. Of de voorwaarde is overtreden, beslist een"
    " mens.",
    "and": " en ",
}
_EN = {
    "raised": "The system raised alert {id} on {at}: {event}, priority {priority} (1 is the most urgent).",
    "order": "It concerns wearer {wearer} and condition {condition} of order {order}, version {version}.",
    "opened": "By the positions it began on {opened}{ended}.",
    "ended": " and ended on {closed}",
    "going_on": " and had not ended when this file was made",
    "refuted": "Positions that came later show that there was no breach. So the alert was withdrawn; what"
    " was said before can still be seen in this file.",
    "received": "Received by {names}.",
    "not_received": "Not yet received at that time by {names}.",
    "taken": "{person} ({party}) took the alert in hand on {at}.",
    "not_taken": "Nobody has taken the alert in hand.",
    "climbed": "Because an answer did not come, the alert was sent again {times}.",
    "once": "once",
    "times": "{n} times",
    "closed": "{person} ({party}) closed the alert on {at}. Cause: {cause}. Outcome: {outcome}.",
    "victim": "The protected person: {victim}.",
    "open": "The alert had not been closed when this file was made.",
    "finding": "This system only finds a suspicion. Whether the condition was violated, a person decides.",
    "and": " and ",
}
_WORDS: Mapping[str, Mapping[str, str]] = {"nl": _NL, "en": _EN}


def summary_of(parts: Mapping[str, Any]) -> dict[str, list[str]]:
    """The sentences in both languages."""
    return {language: [*_sentences(parts, language)] for language in LANGUAGES}


def event_words(event: str, language: str) -> str:
    """What the alert is called; a word of a later release as it is."""
    words = alert_words.NL if language == "nl" else alert_words.EN
    known = {str(one) for one in AlertEvent}
    return words.events[AlertEvent(event)] if event in known else event


def certainty_words(certainty: str | None, language: str) -> str | None:
    """The word of certainty with what it means."""
    if certainty is None:
        return None
    words = alert_words.NL if language == "nl" else alert_words.EN
    return words.certainty[Certainty(certainty)][1]


def _sentences(parts: Mapping[str, Any], language: str) -> list[str]:
    words, alert = _WORDS[language], parts["alert"]
    found = [
        words["raised"].format(
            id=alert["id"],
            at=local(parts["clocks"]["detected_at"], language),
            event=event_words(alert["event"], language),
            priority=alert["priority"],
        )
    ]
    order, breach = parts["order"], parts["breach"]
    if order is not None and alert["condition"] is not None:
        named = {name: _line(order[name]) for name in ("wearer", "version")}
        found.append(
            words["order"].format(condition=_line(alert["condition"]), order=_line(order["id"]), **named)
        )
    if breach is not None:
        ended = words["going_on"] if breach["closed_at"] is None else words["ended"]
        ended = ended.format(closed=local(breach["closed_at"], language))
        found.append(words["opened"].format(opened=local(breach["opened_at"], language), ended=ended))
        found.append(
            words["refuted"] if breach["refuted"] else certainty_words(alert["certainty"], language) or ""
        )
    return [one for one in (*found, *_answers(parts, language), words["finding"]) if one]


def _answers(parts: Mapping[str, Any], language: str) -> list[str]:
    words = _WORDS[language]
    found = []
    got = [one["recipient"] for one in parts["deliveries"] if one["climb"] == 0 and one["receipt_at"]]
    not_got = [one["recipient"] for one in parts["deliveries"] if one["climb"] == 0 and not one["receipt_at"]]
    if got:
        found.append(words["received"].format(names=_names(got, language)))
    if not_got:
        found.append(words["not_received"].format(names=_names(not_got, language)))
    for one in parts["acknowledgements"]:
        found.append(words["taken"].format(**_who(one, language), at=local(one["at"], language)))
    if not parts["acknowledgements"]:
        found.append(words["not_taken"])
    n = sum(1 for one in parts["climbs"] if one["told"])  # whom all still waited for was sent nothing further
    if n:
        found.append(words["climbed"].format(times=words["once"] if n == 1 else words["times"].format(n=n)))
    closing = parts["closing"]
    if closing is None:
        return [*found, words["open"]]
    cause, outcome = said(CAUSES, language, closing["cause"]), said(OUTCOMES, language, closing["outcome"])
    at = local(closing["resolved_at"], language)
    found.append(words["closed"].format(**_who(closing, language), at=at, cause=cause, outcome=outcome))
    if closing["victim_outcome"] is not None:
        victim = said(VICTIM_OUTCOMES, language, closing["victim_outcome"])
        found.append(words["victim"].format(victim=victim))
    return found


def _who(one: Mapping[str, Any], language: str) -> dict[str, str]:
    return {"person": _line(one["person"]), "party": said(PARTIES, language, one["party"])}


def _names(recipients: list[str], language: str) -> str:
    names = [_line(said(PARTIES, language, one)) for one in dict.fromkeys(recipients)]
    return _WORDS[language]["and"].join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _line(value: object) -> str:
    """A foreign value on one line."""
    return "".join(char if char.isprintable() else " " for char in str(value))

"""An explanation as a person reads it: the sentence, how it came about, the fixes in a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emon.alerts.messages import plain
from emon.alerts.words import EN as TOLD_EN
from emon.alerts.words import NL as TOLD_NL
from emon.alerts.words import Language
from emon.explanation.method import decisive, key_of, method
from emon.explanation.sentence import local_time
from emon.explanation.verify import Difference, Finding
from emon.explanation.words import EN, NL
from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, How

DIFFERENCES_SHOWN_MAX = 20
_SHOWN_MAX = 60

_LABELS: dict[str, dict[str, Any]] = {
    "nl": {
        "rule": "Regel", "order": "Beslissing", "version": "versie", "condition": "voorwaarde",
        "came": "Hoe het oordeel ontstond", "edge": "tijdstip in de beslissing", "fix": "ontvangen positie",
        "closed": "gesloten", "historic": "achteraf gebleken", "refuted": "ingetrokken",
        "edges": "Wanneer de voorwaarde ging gelden of ophield", "holds": "geldt volgens versie",
        "ends": "geldt niet meer", "alerts": "Meldingen", "to": "aan", "none": "geen",
        "fixes": "Posities", "priority": "prioriteit",
        "head": ("gemeten (Amsterdam)", "ontvangen (UTC)", "apparaat", "seq", "lat", "lon", "acc m", "merk",
                 "versie", "geldt", "afstand m", "kans", "kant"),
        "note": "afstand: meter tot de grens, negatief binnen; kans: dat de drager aan de verkeerde kant"
                " was; *: hierop berust de zekerheid",
        "yes": "ja", "no": "nee", "wrong": "verkeerd", "right": "goed", "unclear": "onduidelijk",
        "grounds": "Gronden", "parameters": "Parameters",
        "agrees": "Opnieuw berekend: gelijk aan het bestand.",
        "differs": "Opnieuw berekend: NIET gelijk aan het bestand.", "hash": "Hash",
        "hash_good": "klopt", "hash_bad": "klopt NIET: er is iets veranderd nadat het bestand is geschreven",
        "file": "bestand", "anew": "opnieuw", "more": "en nog {n} verschillen",
        "other": "Let op: gemaakt door emon {a}, opnieuw berekend door emon {b}.",
        "lost": "Uit de invoer van dit bestand volgt deze vermoedelijke overtreding niet.",
    },
    "en": {
        "rule": "Rule", "order": "Order", "version": "version", "condition": "condition",
        "came": "How the verdict came about", "edge": "an instant of the order", "fix": "a fix received",
        "closed": "closed", "historic": "found afterwards", "refuted": "withdrawn",
        "edges": "When the condition began or ceased to hold", "holds": "holds by version",
        "ends": "ceases to hold", "alerts": "Alerts", "to": "to", "none": "none",
        "fixes": "Fixes", "priority": "priority",
        "head": ("fixed (Amsterdam)", "received (UTC)", "device", "seq", "lat", "lon", "acc m", "mark",
                 "version", "holds", "distance m", "probability", "side"),
        "note": "distance: metres to the edge, negative inside; probability: that the wearer was on the"
                " wrong side; *: on these the certainty rests",
        "yes": "yes", "no": "no", "wrong": "wrong", "right": "right", "unclear": "unclear",
        "grounds": "Grounds", "parameters": "Parameters", "agrees": "Recomputed: agrees with the file.",
        "differs": "Recomputed: does NOT agree with the file.", "hash": "Hash",
        "hash_good": "agrees", "hash_bad": "does NOT agree: something was changed after the file was written",
        "file": "file", "anew": "anew", "more": "and {n} more differences",
        "other": "Note: made by emon {a}, recomputed by emon {b}.",
        "lost": "The inputs of this file do not give this suspected breach.",
    },
}  # fmt: skip


def account(document: dict[str, Any], finding: Finding, engine: str, language: str) -> Iterator[str]:
    """Lines of text. What the file says where the recomputing agrees, else what was recomputed,
    with every difference after it."""
    shown = finding.recomputed or document
    label = _LABELS[language]
    words, told = (NL, TOLD_NL) if language == "nl" else (EN, TOLD_EN)
    if finding.recomputed is not None:
        yield shown["sentence"][language]
        yield ""
        verdict = shown["verdict"]
        yield (
            f"{label['order']} {plain(verdict['order'])}, {label['version']} {verdict['version']}, "
            f"{label['condition']} {plain(verdict['condition'])}; {_how(verdict, told)}; "
            f"id {verdict['id']}"
        )
        yield f"{label['rule']}: {shown['rule'][language]}"
        grounds = {k: v for k, v in shown["grounds"].items() if k != "run"}
        yield f"{label['grounds']}: {_pairs(grounds)}"
        yield from _history(shown, label, words, told)
        yield from _table(shown, label, words)
        yield from ["", *method(shown, language)]
        yield ""
        yield f"{label['parameters']}: {_pairs(shown['parameters'])}"
        yield ""
    else:
        yield label["lost"]
    yield from _outcome(finding, engine, label)


def _history(shown: dict[str, Any], label: Any, words: Any, told: Language) -> Iterator[str]:
    yield ""
    yield f"{label['came']}:"
    for one in shown["decisions"]:
        said = [_how(one, told)]
        if one["closed_at"]:
            said.append(f"{label['closed']} {_local(words, one['closed_at'])}")
        said += [label[name] for name in ("historic", "refuted") if one[name]]
        yield f"  {_local(words, one['at'])}, {label[one['by']]}: {', '.join(said)}"
    if shown["edges"]:
        yield f"{label['edges']}:"
    for edge in shown["edges"]:
        what = label["ends"] if edge["version"] is None else f"{label['holds']} {edge['version']}"
        yield f"  {_local(words, edge['at'])}: {what}"
    yield f"{label['alerts']}:" + ("" if shown["alerts"] else f" {label['none']}")
    for alert in shown["alerts"]:
        parties = ", ".join(told.parties.get(one, one) for one in alert["recipients"])
        yield (
            f"  {_local(words, alert['at'])}: {told.events[AlertEvent(alert['event'])]} "
            f"({told.certainty[Certainty(alert['certainty'])][0]}, {label['priority']} {alert['priority']}) "
            f"{label['to']} {parties}"
        )


def _how(one: dict[str, Any], told: Language) -> str:
    return f"{told.how[How(one['how'])]}; {told.certainty[Certainty(one['certainty'])][0]}"


def _table(shown: dict[str, Any], label: Any, words: Any) -> Iterator[str]:
    named = decisive(shown)
    rows: list[tuple[str, ...]] = [(*label["head"], "")]
    rows += [(*_row(one, label, words), "*" if key_of(one) in named else "") for one in shown["fixes"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    yield ""
    yield f"{label['fixes']} ({label['note']}):"
    for row in rows:
        cells = (cell.ljust(w) if i in (0, 1, 2, 7, 12, 13) else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        yield "  " + "  ".join(cells).rstrip()


def _row(one: dict[str, Any], label: Any, words: Any) -> tuple[str, ...]:
    fix = one["fix"]
    t = fix["t"]
    fixed_us = parse_instant(t) if isinstance(t, str) else int(t) * 1000
    distance_m, p = one["distance_m"], one["probability"]
    return (
        local_time(words, fixed_us),
        one["received_at"],
        one["device"],
        str(fix["seq"]),
        f"{fix['lat']:.6f}",
        f"{fix['lon']:.6f}",
        f"{fix['acc']:g}",
        one["mark"],
        "-" if one["version"] is None else str(one["version"]),
        label["yes" if one["holds"] else "no"],
        "-" if distance_m is None else f"{distance_m:.1f}",
        "-" if p is None else f"{p:.6f}",
        "-" if one["side"] is None else label[one["side"]],
    )


def _outcome(finding: Finding, engine: str, label: Any) -> Iterator[str]:
    good = finding.hash_agrees
    verdict = label["hash_good" if good else "hash_bad"]
    yield f"{label['hash']} sha256 {plain(finding.hash_in_file)}: {verdict}"
    if not good:
        yield f"  {label['anew']}: {finding.hash_of_content}"
    same = finding.recomputed is not None and not finding.differences
    yield label["agrees" if same else "differs"]
    for difference in finding.differences[:DIFFERENCES_SHOWN_MAX]:
        yield "  " + said(difference, label["file"], label["anew"])
    rest = len(finding.differences) - DIFFERENCES_SHOWN_MAX
    if rest > 0:
        yield "  " + label["more"].format(n=rest)
    if not finding.same_engine:
        yield label["other"].format(a=plain(finding.made_by), b=engine)


def said(difference: Difference, in_file: str = "file", anew: str = "anew") -> str:
    """One difference on a line."""
    return (
        f"{difference.path}: {in_file} {_short(difference.in_file)}, {anew} {_short(difference.recomputed)}"
    )


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, dict | list | float) else str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"


def _local(words: Any, instant: str) -> str:
    return local_time(words, parse_instant(instant))


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in values.items())

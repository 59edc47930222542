"""The court file as one HTML page that prints: no script, nothing from elsewhere, every foreign word escaped.

The page is for reading. What is checked is the JSON; its hash stands at the foot of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from emon.alerts import words as alert_words
from emon.court.conditions import edge_of
from emon.court.labels import LABELS
from emon.court.position_sheet import PositionSheet
from emon.court.sheet import STYLE, Cells, text
from emon.court.summary import certainty_words, event_words
from emon.court.suspension_sheet import SuspensionSheet
from emon.court.words import CAUSES, LEGAL_BASES, OUTCOMES, PARTIES, VIA, VICTIM_OUTCOMES, local, said
from emon.model.vocabulary import Certainty, How


def court_page(document: Mapping[str, Any], language: str = "nl") -> str:
    """The page in one language, the headings in the other beside it."""
    page = _Page(document, language)
    title = f"{page.label('title')} {document['alert']['id']}"
    body = "\n".join(page.sections())
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


class _Page(SuspensionSheet, PositionSheet):
    def sections(self) -> Iterable[str]:
        yield self._head()
        yield self._summary()
        yield self._order()
        yield self._decision()
        yield self._breach()
        yield self._clocks()
        yield self._fixes()
        yield self._device_said()
        yield self._deliveries()
        yield self._answers()
        yield self._climbs()
        yield self._updates()
        yield self._suspensions()
        yield self._commands()
        yield self._trouble()
        yield self._closing()
        yield self._corrections()
        yield self._related()
        yield self._proof()

    def _head(self) -> str:
        doc, alert = self._doc, self._doc["alert"]
        made_for = doc["made_for"]
        reader = self.label("court") if made_for == "court" else said(PARTIES, self._language, made_for)
        sub = self.label("made").format(at=local(doc["made_at"], self._language), reader=text(reader))
        withheld = f'<p class="note">{self.label("withheld")}</p>' if doc["withheld"] else ""
        side = LABELS[self._other]["title"]
        return (
            f'<h1>{self.label("title")} <span class="side">{side}</span></h1>'
            f'<p class="sub">{text(event_words(alert["event"], self._language))} · {text(alert["id"])}</p>'
            f'<p class="sub">{sub}</p>{withheld}'
        )

    def _summary(self) -> str:
        items = "".join(f"<li>{text(one)}</li>" for one in self._doc["summary"][self._language])
        return f'<div class="summary"><ul>{items}</ul></div>'

    def _order(self) -> str:
        order = self._doc["order"]
        if order is None:
            return self._part("order", self._none("withheld_part" if self._doc["withheld"] else "none"))
        owner = order["owner"]
        words = order["condition_words"]
        who = None if owner is None else f"{owner['name']}, {self._party(owner['party'])}"
        pairs = (
            ("order_id", f"{order['id']}, {self.label('version').lower()} {order['version']}"),
            ("armed", self._at(order["armed_at"])),
            ("legal_basis", LEGAL_BASES.get(order["legal_basis"], order["legal_basis"])),
            ("wearer", order["wearer"]),
            ("risk", self.label(f"risk_{order['risk']}")),
            (
                "valid",
                f"{self._at(order['valid_from'])} – {self._at(order['valid_until']) or self.label('open')}",
            ),
            ("withdrawn", self._at(order["withdrawn_at"])),
            ("owner", who),
            ("protected", order["protected_person"]),
            ("condition", None if words is None else words[self._language]),
            ("edge", edge_of(order["condition"])),
        )
        return self._part("order", self._list(pairs))

    def _decision(self) -> str:
        decision, alert = self._doc["decision"], self._doc["alert"]
        rule = decision["rule"]
        told = [*map(self._party, alert["recipients"]), *alert["also"]]
        pairs = (
            ("decided_by", " / ".join(map(str, decision["written_by"]))),
            ("decided_at", self._at(decision["at"], exact=True)),
            ("recorded_at", self._at(decision["recorded_at"], exact=True)),
            ("policy", decision["policy_version"]),
            ("policy_from", self._at(decision["policy_in_force_from"])),
            ("rule", decision["rule_name"]),
            ("priority", alert["priority"] if rule is None else rule["priority"]),
            ("told", ", ".join(told)),
        )
        return self._part("decision", f"<p>{self.label('decision_note')}</p>", self._list(pairs))

    def _breach(self) -> str:
        breach, explanation = self._doc["breach"], self._doc["explanation"]
        if breach is None:
            return self._part("breach", self._none("no_breach"))
        sentence = rule = ""
        if explanation is not None:
            sentence = f"<p>{text(explanation['sentence'][self._language])}</p>"
            rule = f'<p class="note">{text(explanation["rule"][self._language])}</p>'
        elif self._doc["explanation_note"]:
            sentence = self._none("not_explained")
        pairs = (
            ("certainty", certainty_words(breach["certainty"], self._language)),
            ("opened", self._at(breach["opened_at"])),
            ("closed", self._at(breach["closed_at"]) or self.label("going_on")),
            ("deepest", f"{breach['deepest_m']:.0f} m"),
            ("device", breach["device"]),
            ("historic", self.label("yes") if breach["historic"] else None),
            ("refuted", self.label("yes") if breach["refuted"] else None),
        )
        return self._part("breach", sentence, rule, self._list(pairs))

    def _clocks(self) -> str:
        clocks = self._doc["clocks"]
        names = ("happened_at", "received_at", "detected_at", "first_delivered_at")
        pairs = [(name, self._at(clocks[name], exact=True) or self.label("no_clock")) for name in names]
        return self._part("clocks", f'<p class="note">{self.label("clocks_note")}</p>', self._list(pairs))

    def _device_said(self) -> str:
        rows = [
            (self._when(one["fixed_at"]), one["device"], self._term(one["event"]), self._term(one["state"]))
            for one in self._doc["device_said"]
        ]
        return self._part("device_said", self._table(("at", "device", "what", "state"), rows))

    def _deliveries(self) -> str:
        rows: list[Cells] = []
        for one in self._doc["deliveries"]:
            to = self._party(one["recipient"])
            again = self.label("again").format(n=one["climb"]) if one["climb"] else self.label("first")
            for attempt in one["attempts"] or [None]:
                rows.append((to, again, self._term(one["channel"]), *self._attempt(one, attempt)))
        names = ("recipient", "which", "channel", "attempt", "sent", "answer")
        return self._part(
            "deliveries",
            f'<p class="note">{self.label("deliveries_note")}</p>',
            self._table(names, rows, numbers=(3,)),
        )

    def _attempt(self, one: Mapping[str, Any], attempt: Mapping[str, Any] | None) -> Cells:
        if attempt is None:
            joined = (
                self.label("told_in").format(id=one["told_in"]) if one["told_in"] else self.label("waits")
            )
            return (None, None, joined)
        status = "" if attempt["status"] is None else f" ({attempt['status']})"
        if attempt["outcome"] == "delivered":
            answer = f"{self.label('receipt')} {self._when(attempt['ended_at'])}{status}"
        else:
            answer = f"{self.label('failed')}{status}: {attempt['detail']}"
        return (attempt["attempt"], self._when(attempt["started_at"]), answer)

    def _answers(self) -> str:
        rows = [
            (
                one["person"],
                self._party(one["party"]),
                self._when(one["at"]),
                said(VIA, self._language, one["via"]),
            )
            for one in self._doc["acknowledgements"]
        ]
        again = [
            (one["person"], self._party(one["party"]), self._when(one["last_at"]), self.label("said_again"))
            for one in self._doc["said_again"]
        ]
        return self._part("answers", self._table(("person", "party", "at", "how_taken"), [*rows, *again]))

    def _climbs(self) -> str:
        rows = [
            (
                one["step"],
                self._when(one["made_at"]),
                ", ".join(map(self._party, one["owed"])),
                ", ".join(map(self._party, one["told"])) or None,
            )
            for one in self._doc["climbs"]
        ]
        beside = self._doc["beside"]
        notes = ""
        if beside["joined_deliveries"] or beside["tells_too"] or beside["notes"]:
            notes = self.label("joined").format(
                joined=beside["joined_deliveries"],
                too=len(beside["tells_too"]),
                notes="; ".join(f"{one['what']} {one['detail']}".strip() for one in beside["notes"]) or "-",
            )
            notes = f'<p class="note">{text(notes)}</p>'
        return self._part("climbs", self._table(("step", "at", "owed", "told"), rows, numbers=(0,)), notes)

    def _updates(self) -> str:
        """What those concerned were told while the breach went on, and what the police answered."""
        if not self._doc["updates"] and not self._doc["answers"]:
            return ""
        told = [
            (
                self._when(one["made_at"]),
                self._term(one["said"]),
                self._party(one["recipient"]),
                self._when(one["delivered_at"]) or self._term(one["state"]),
            )
            for one in self._doc["updates"]
        ]
        said_back = [
            (self._when(one["answered_at"]), self._term(one["answer"]), one["person"], one["note"] or None)
            for one in self._doc["answers"]
        ]
        return self._part(
            "updates",
            self._table(("at", "what", "recipient", "receipt"), told),
            self._table(("at", "answer", "person", "remark"), said_back) if said_back else "",
        )

    def _commands(self) -> str:
        rows = [
            (
                self._when(one["asked_at"]),
                one["device"],
                self._term(one["asks"]),
                self._term(one["reason"]),
                self._when(one["sent_at"]),
                ", ".join(f"{self._term(r['result'])} {self._when(r['received_at'])}" for r in one["replies"])
                or None,
            )
            for one in self._doc["commands"]
        ]
        names = ("at", "device", "asks", "reason", "sent", "answer")
        return self._part("commands", self._table(names, rows))

    def _trouble(self) -> str:
        found = self._doc["trouble"]
        if not found:
            return ""
        rows = [
            (
                one.get("event") or one.get("cause"),
                one.get("cause"),
                self._at(one["opened_at"]),
                self._at(one.get("cleared_at") or one.get("over_at")) or self.label("going_on"),
            )
            for one in found
        ]
        return self._part("trouble", self._table(("what", "cause", "opened", "closed"), rows))

    def _closing(self) -> str:
        one = self._doc["closing"]
        if one is None:
            return self._part("closing", self._none("not_closed"))
        victim = one["victim_outcome"]
        pairs = (
            ("person", f"{one['person']}, {self._party(one['party'])}"),
            ("at", self._at(one["resolved_at"])),
            ("cause", said(CAUSES, self._language, one["cause"])),
            ("outcome", said(OUTCOMES, self._language, one["outcome"])),
            ("victim", None if victim is None else said(VICTIM_OUTCOMES, self._language, victim)),
            ("remark", one["note"] or None),
        )
        return self._part("closing", self._list(pairs))

    def _corrections(self) -> str:
        rows = [
            (
                self._when(one["recorded_at"]),
                self.label(name),
                self._value(name, change["was"]),
                self._value(name, change["is"]),
            )
            for one in self._doc["corrections"]
            for name, change in one["changes"].items()
        ]
        note = f'<p class="note">{self.label("corrections_note")}</p>'
        return self._part("corrections", note, self._table(("at", "what", "was", "became"), rows))

    def _value(self, name: str, value: object) -> object:
        if isinstance(value, bool):
            return self.label("yes") if value else self.label("no")
        words = alert_words.NL if self._language == "nl" else alert_words.EN
        if name == "certainty":
            return words.certainty[Certainty(str(value))][0]
        if name == "how":
            return words.how[How(str(value))]
        return self._when(value) if name.endswith("_at") else value

    def _related(self) -> str:
        rows = [
            (
                self._when(one["at"]),
                event_words(one["event"], self._language),
                one["priority"],
                one["id"],
                self._closed_by(one["closing"]),
            )
            for one in self._doc["related"]
        ]
        names = ("at", "what", "priority", "alert_id", "closing")
        return self._part("related", self._table(names, rows, numbers=(2,)))

    def _closed_by(self, closing: Mapping[str, Any] | None) -> str:
        if closing is None:
            return self.label("not_closed")
        outcome = said(OUTCOMES, self._language, closing["outcome"])
        return f"{closing['person']}, {self._party(closing['party'])}: {outcome}"

    def _proof(self) -> str:
        trail, doc = self._doc["trail"], self._doc
        head = trail["newest_head"]
        waiting = sum(1 for one in trail["entries"] if one["seq"] is None)
        rows = [
            (
                one["seq"],
                f"{one['relation']} {one['row_key']}"
                if one.get("relation")
                else self.label("withheld_entry"),
                self._term(one.get("deed") or "-"),
                self._when(one.get("recorded_at")),
            )
            for one in trail["entries"]
        ]
        pairs = (
            ("sha256", doc["sha256"]),
            ("head", None if head is None else f"{head['seq']}: {head['chain']}"),
            ("head_at", None if head is None else self._at(head["at"])),
            ("key", None if head is None else head["key"]),
            ("waiting", waiting or None),
        )
        return self._part(
            "proof",
            f"<p>{self.label('proof_note')}</p>",
            f'<div class="hash">{self._list(pairs)}</div>',
            self._table(("entry", "row", "deed", "at"), rows, numbers=(0,)),
        )

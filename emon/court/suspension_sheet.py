"""Of a court file's page the part on suspensions: which there were, who asked for them, who was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emon.court.sheet import Cells, Sheet


class SuspensionSheet(Sheet):
    def _suspensions(self) -> str:
        found = self._doc["suspensions"]
        rows = [
            (self._when(one["from"]), self._when(one["to"]), one.get("reason"), ", ".join(one.get("by", [])))
            for one in found["newest"]
        ]
        asked = [
            (self._when(one["from_at"]), self._when(one["to_at"]), one["reason"], self._asked(one))
            for one in found["requests"]
        ]
        return self._part(
            "suspensions",
            self._table(("from", "to", "reason", "by"), [*rows, *asked]),
            self._notices(found["notices"]),
        )

    def _asked(self, one: Mapping[str, Any]) -> str:
        settled = one["settled_by"]
        state = self.label(f"state_{one['state']}")
        return (
            f"{one['asked_by']} ({state})" if settled is None else f"{one['asked_by']} ({state}: {settled})"
        )

    def _notices(self, notices: list[Mapping[str, Any]]) -> str:
        """Who was told that a suspension began or was over, and when he had it."""
        if not notices:
            return ""
        rows: list[Cells] = [
            (
                self._when(one["at"]),
                self._said_of(one),
                self._party(told["recipient"]),
                self._when(told["receipt_at"]) if told["receipt_at"] else self._not_received(told),
            )
            for one in notices
            for told in one["told"] or [{"recipient": "-", "receipt_at": None, "attempts": 0}]
        ]
        note = f'<p class="note">{self.label("notices_note")}</p>'
        return note + self._table(("at", "what", "recipient", "receipt"), rows)

    def _said_of(self, one: Mapping[str, Any]) -> str:
        if one["kind"] == "suspended":
            return self.label("notice_suspended").format(until=self._when(one["until"]))
        return self.label("notice_by_itself" if one["by_itself"] else "notice_resumed")

    def _not_received(self, told: Mapping[str, Any]) -> str:
        return self.label("not_received").format(attempts=told["attempts"])

"""The positions in a court file's page: each with its chance, those on which the certainty rests, and how a
chance is found, so that a reader can do it again with a table of the normal distribution."""

from __future__ import annotations

import math

from emon.court.sheet import Sheet, text
from emon.explanation.method import decisive, key_of, method


class PositionSheet(Sheet):
    """The part of the positions."""

    def _fixes(self) -> str:
        explanation = self._doc["explanation"] or {"fixes": []}
        judged_by = explanation if explanation["fixes"] else None
        named = set() if judged_by is None else decisive(judged_by)
        how = [] if judged_by is None else method(judged_by, self._language)
        seen = {(one["device"], one["fix"]["seq"], one["received_at"]): one for one in explanation["fixes"]}
        rows = []
        for fix in self._doc["fixes"]:
            judged = seen.get((fix["device"], fix["seq"], fix["received_at"]), {})
            p = judged.get("probability")
            rows.append(
                (
                    self._when(fix["fixed_at"]),
                    f"{fix['lat']:.6f}, {fix['lon']:.6f}",
                    self._decimal(f"{fix['accuracy_m']:.1f}"),
                    None
                    if judged.get("distance_m") is None
                    else self._decimal(f"{judged['distance_m']:.1f}"),
                    None
                    if p is None
                    else self._share(p) + (" *" if judged and key_of(judged) in named else ""),
                    self._term(fix["mark"]),
                    fix["device"],
                )
            )
        names = ("fixed_at", "place", "accuracy", "distance", "probability", "mark", "device")
        note = f'<p class="note">{self.label("fixes_note")}</p>'
        if not rows and "fix" in self._doc["withheld"]:
            return self._part("fixes", self._none("withheld_part"))
        worked = "".join(f'<p class="note">{text(one)}</p>' for one in how)
        return self._part("fixes", note, self._table(names, rows, numbers=(2, 3, 4)), worked)

    def _share(self, p: float) -> str:
        """In percent, rounded down: nothing reads as if it reached what it does not, or as a certainty."""
        percent = (
            "> 99.99" if p > 0.9999 else "< 0.01" if p < 0.0001 else f"{math.floor(10_000 * p) / 100:.2f}"
        )
        return self._decimal(percent)

    def _decimal(self, figure: str) -> str:
        return figure.replace(".", ",") if self._language == "nl" else figure

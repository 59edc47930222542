"""A policy: who is told what, how urgently, and to whom it climbs (contract, section 3: default policy).

Pure. The table's rows are read from above and the first that holds decides; read from a file by
``emon.policies``, which has found no fault in it.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from emon.alerts.decision_table import DEFAULT_LADDER_NAME, LOW_LADDER_NAME, Row, Situation
from emon.alerts.default_rows import DEFAULT_ROWS
from emon.alerts.ladder import DEFAULT_LADDERS, LOW_LADDER, Contact, Ladder, Shift, told_at
from emon.alerts.need import Need
from emon.model.vocabulary import AlertEvent, Party


class Policy(msgspec.Struct, frozen=True):
    """``rows`` take up every situation there is. Another policy is another value of this, never another
    rule."""

    rows: tuple[Row, ...] = DEFAULT_ROWS
    ladders: tuple[Ladder, ...] = DEFAULT_LADDERS
    shifts: tuple[Shift, ...] = ()
    contacts: tuple[Contact, ...] = ()
    needs: tuple[Need, ...] = ()
    """What parties may see, where that is not ``DEFAULT_NEEDS``."""

    def decide(self, now: Situation) -> Row:
        """The row that decides, its recipients complete but for those who were told before.

        "``beschermde`` wherever ``politie`` is told" (contract, section 3) of a present contact.
        """
        row = next((row for row in self.rows if row.when.holds(now)), None)
        if row is None:  # a situation that the check of policies does not know; told rather than lost
            row = next(row for row in self.rows if now.event in row.when.events)
        recipients, also = row.recipients, row.also
        hears = now.event is AlertEvent.PROXIMITY and Party.POLITIE in recipients
        if hears and Party.BESCHERMDE not in recipients:
            recipients = (*recipients, Party.BESCHERMDE)
        if also:
            also = told_at(also, self.shifts, (), now.at_us)
        return replace(row, recipients=recipients, also=also)

    def row(self, name: str | None) -> Row | None:
        """The row of this name, or None: an alert of another version may name one that is gone."""
        return next((row for row in self.rows if row.name == name), None)

    def ladder_of(self, row_name: str | None) -> Ladder:
        """The ladder that an alert climbs which this row decided; without such a row the default one."""
        row = self.row(row_name)
        named = DEFAULT_LADDER_NAME if row is None else row.ladder
        return next(ladder for ladder in self.ladders if ladder.name == named)

    @property
    def low_ladder(self) -> Ladder:
        """The one by which what does not hurry climbs."""
        return next((one for one in self.ladders if one.name == LOW_LADDER_NAME), LOW_LADDER)

    def parties(self) -> tuple[Party, ...]:
        """Everyone any row names, and the protected person, who hears of a contact with the police."""
        named = dict.fromkeys(party for row in self.rows for party in row.recipients)
        return tuple({**named, **({Party.BESCHERMDE: None} if Party.POLITIE in named else {})})


DEFAULT_POLICY = Policy()

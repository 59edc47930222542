"""Closing an alert: with a cause and an outcome, and how the protected person is where it concerns one."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.alerts.acknowledge import verify_closing
from emon.limits import CLOSING_NOTE_CHARS_MAX
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome, VictimOutcome
from emon.store.errors import AlertUnknown, ClosedOtherwise, ClosingIncomplete, NotTheirs
from emon.web.backend import Services
from emon.web.discreet import discreet_life, hides_words, without_note
from emon.web.guard import Guard
from emon.web.http import Json, Refused, fault_list, not_theirs, read_json, refused
from emon.web.routes.alerts import ALERT_ID, SIGNATURE, signed_word
from emon.web.said import Said, Term, Together, said
from emon.web.shapes import life_json, resolution_json
from emon.web.theirs import theirs_of, told_of


class _Closing(msgspec.Struct, forbid_unknown_fields=True):
    cause: ClosingCause
    outcome: ClosingOutcome
    victim_outcome: VictimOutcome | None = None
    note: str = ""


class ClosingRoutes:
    """``/api/v1/alerts/ID/resolve``, the same of all of a breach, and the whole ``life`` of an alert."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/alerts/{alert_id}/resolve", self.resolve, methods=["POST"])
        self.router.add_api_route(
            "/api/v1/breaches/{breach_id}/resolve", self.resolve_breach, methods=["POST"]
        )
        self.router.add_api_route("/api/v1/alerts/{alert_id}/life", self.life, methods=["GET"])

    async def resolve(self, request: Request, alert_id: str) -> Response:
        """A person closes the alert: one who is logged in, or one whose party signs for it.

        The first closing stands. The same again is answered with it; another is refused (409) and told of it.
        """
        if ALERT_ID.match(alert_id) is None:
            raise refused(404, "fault.no_alert")
        if SIGNATURE in request.headers:
            said = await signed_word(self._services, request, alert_id, verify_closing)
            return await self._close(alert_id, said.party, said.person, said.closing, "webhook")
        session = await self._guard.session(request)
        closing = await _read(request)
        return await self._close(alert_id, session.party, session.name, closing, "page")

    async def resolve_breach(self, request: Request, breach_id: str) -> Response:
        """A person closes all alerts of a breach that are open and theirs, with one word; or none of them,
        where it is not enough for one."""
        session = await self._guard.session(request)
        closing = await _read(request)
        if ALERT_ID.match(breach_id) is None:  # the ids of breaches have the same form
            raise refused(404, "fault.no_breach_alert")
        try:
            found = await self._services.backend.close_breach(
                breach_id, session.party, session.name, closing, "page", self._services.now_us()
            )
        except AlertUnknown:
            raise refused(404, "fault.no_breach_alert") from None
        except NotTheirs as fault:
            raise not_theirs(fault) from None
        except ClosingIncomplete as fault:
            raise _incomplete(fault) from None
        self._services.live.wake()
        closed = [{"alert": alert, "resolution": resolution_json(word)} for alert, word in found.closed]
        return Json({"breach": breach_id, "closed": closed, "not_yours": list(found.others)})

    async def _close(self, alert_id: str, party: str, person: str, closing: Closing, via: str) -> Response:
        try:
            closed = await self._services.backend.close_alert(
                alert_id, party, person, closing, via, self._services.now_us()
            )
        except AlertUnknown:
            raise refused(404, "fault.no_alert") from None
        except NotTheirs as fault:
            raise not_theirs(fault) from None
        except ClosingIncomplete as fault:
            raise _incomplete(fault) from None
        except ClosedOtherwise as fault:
            self._services.live.wake()
            first = resolution_json(fault.first)
            if await self._hides_words(alert_id, party):
                first = without_note(first)
            told = {"error": _before(fault), "alert": alert_id, "resolution": first}
            raise Refused(409, told) from None
        self._services.live.wake()
        return Json({"alert": alert_id, "resolution": resolution_json(closed), "again": closed.again})

    async def life(self, request: Request, alert_id: str) -> Response:
        """Who did what when, and every attempt to tell somebody. ``file``: whether the asker may have the
        alert's file."""
        session = await self._guard.session(request)
        found = await self._services.backend.alerts_by_id([alert_id]) if ALERT_ID.match(alert_id) else []
        whose = theirs_of(session.party, self._services.backend.needs)
        if not found or not whose.is_among(told_of(found[0])):
            raise refused(404, "fault.no_alert")
        life = life_json(await self._services.backend.life(alert_id), found[0])
        if await self._hides_words(alert_id, session.party):
            life = discreet_life(life)
        return Json({**life, "file": await self._services.backend.may_have_file(alert_id, session.party)})

    async def _hides_words(self, alert_id: str, party: str) -> bool:
        """Whether what others wrote of the alert is kept from somebody of the party."""
        backend = self._services.backend
        if theirs_of(party, backend.needs).secret_zones:
            return False
        (alert,) = await backend.alerts_by_id([alert_id])
        secret = await backend.secret_conditions([] if alert.order is None else [alert.order])
        return hides_words(alert.order, alert.condition, secret)


async def _read(request: Request) -> Closing:
    given = await read_json(request, _Closing)
    note = " ".join(given.note.split())
    if len(note) > CLOSING_NOTE_CHARS_MAX:
        raise refused(400, "fault.note_long", count=CLOSING_NOTE_CHARS_MAX)
    return Closing(given.cause, given.outcome, given.victim_outcome, note)


def _incomplete(fault: ClosingIncomplete) -> Refused:
    """A form shows the sentence, a program reads the members."""
    lacks = [(member, said(f"fault.closing.{because}")) for member, because in fault.lacks]
    return Refused(422, {"error": Together(tuple(one for _, one in lacks)), **fault_list(lacks)})


def _before(fault: ClosedOtherwise) -> Said:
    first = fault.first
    words = {name: Term(f"closing.{name}.{getattr(first, name)}") for name in ("cause", "outcome")}
    return said("fault.closed_before", person=first.person, party=first.party, **words)

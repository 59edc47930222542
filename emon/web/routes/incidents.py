"""Incidents: what was said of one and to whom, and what the police answer."""

from __future__ import annotations

from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.alerts.acknowledge import (
    AcknowledgementRefused,
    Secrets,
    SignedAnswer,
    plain_note,
    verify_answer,
)
from emon.alerts.links import AnswerLink, LinkFault, LinkRefused
from emon.alerts.messages import party_name
from emon.limits import (
    ACKNOWLEDGEMENT_BYTES_MAX,
    CLOSING_NOTE_CHARS_MAX,
    INCIDENT_SHOWN_MAX,
    PERSON_CHARS_MAX,
)
from emon.model.answer import PoliceAnswer
from emon.store.errors import IncidentUnknown, LinkUsed, NotTheirs
from emon.web.backend import Services
from emon.web.discreet import discreet_incident
from emon.web.guard import Guard
from emon.web.http import Json, not_theirs, read_body, read_json, refused
from emon.web.routes.alerts import ALERT_ID, SIGNATURE, signed_word
from emon.web.routes.links import beside, in_both, link_page, link_refusal
from emon.web.shapes import answer_json, incident_json
from emon.web.theirs import theirs_of


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    answer: PoliceAnswer
    note: str = ""


class IncidentRoutes:
    """``/api/v1/incidents/ID``, whose id is the breach's, and ``/answer/TOKEN``, the page behind a link."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/incidents/{incident}", self.show, methods=["GET"])
        self.router.add_api_route("/api/v1/incidents/{incident}/answers", self.answer, methods=["POST"])
        self.router.add_api_route("/answer/{token}", self.form, methods=["GET", "HEAD"])
        self.router.add_api_route("/answer/{token}", self.answer_by_link, methods=["POST"])

    async def show(self, request: Request, incident: str) -> Response:
        """One incident: its state, its newest updates with who has received them, and all answers."""
        session = await self._guard.session(request)
        backend = self._services.backend
        whose = theirs_of(session.party, backend.needs)
        if ALERT_ID.match(incident) is None:
            raise refused(404, "fault.no_incident")
        told = await backend.told_of_breaches([incident])
        if not whose.is_among(told.get(incident, ())):
            raise refused(404, "fault.no_incident")
        try:
            kept = await self._services.backend.incident(incident, INCIDENT_SHOWN_MAX)
        except IncidentUnknown:
            raise refused(404, "fault.no_incident") from None
        shown = incident_json(kept, with_places=whose.positions)
        if not whose.secret_zones:
            found = await backend.breaches_by_id([incident])
            secret = await backend.secret_conditions([one.order for one in found])
            if any((one.order, one.condition) in secret for one in found):
                shown = discreet_incident(shown)
        return Json(shown)

    async def answer(self, request: Request, incident: str) -> Response:
        """A person of the police says how it goes on for them: logged in, or by a body that the party signs.

        It is kept beside those before, in whatever order they come, and acknowledges the incident's alerts
        for the party. It closes none.
        """
        if ALERT_ID.match(incident) is None:
            raise refused(404, "fault.no_incident")
        if SIGNATURE in request.headers:
            said = await signed_word(self._services, request, incident, _verified)
            return await self._keep(incident, said.party, said.person, said.answer, said.note, "webhook")
        session = await self._guard.session(request)
        given = await read_json(request, _Answer)
        try:
            note = plain_note(given.note)
        except AcknowledgementRefused as fault:
            raise refused(fault.http_status, "fault.said", fault=fault.reason) from None
        return await self._keep(incident, session.party, session.name, given.answer, note, "page")

    async def _keep(
        self, incident: str, party: str, person: str, answer: PoliceAnswer, note: str, via: str
    ) -> Response:
        try:
            kept = await self._services.backend.answer_incident(
                incident, party, person, answer, note, via, self._services.now_us()
            )
        except IncidentUnknown:
            raise refused(404, "fault.no_incident") from None
        except NotTheirs as fault:
            raise not_theirs(fault) from None
        self._services.live.wake()
        return Json({"incident": incident, "answer": answer_json(kept), "again": kept.again})

    async def form(self, token: str) -> Response:
        """What the link is for, and a form. Changes nothing."""
        try:
            return _form(self._read(token))
        except LinkRefused as fault:
            return link_refusal(fault.fault)

    async def answer_by_link(self, request: Request, token: str) -> Response:
        """Answer by name. Each of the words counts once for the message whose link it is."""
        body = await read_body(request, ACKNOWLEDGEMENT_BYTES_MAX)
        try:
            link = self._read(token)
        except LinkRefused as fault:
            return link_refusal(fault.fault)
        given = parse_qs(body.decode(errors="replace"))
        person, note, word = (_line(given, name) for name in ("person", "note", "answer"))
        named = person and len(person) <= PERSON_CHARS_MAX and person.isprintable()
        if not named or len(note) > CLOSING_NOTE_CHARS_MAX or word not in set(PoliceAnswer):
            return _form(link, status=400)
        answer = PoliceAnswer(word)
        try:
            kept = await self._services.backend.answer_incident(
                link.incident, link.party, person, answer, note, "link", self._services.now_us(),
                by_message=link.message,
            )  # fmt: skip
        except LinkUsed:
            return _form(link, status=409)
        except (IncidentUnknown, NotTheirs):
            return link_refusal(LinkFault.FORGED)
        self._services.live.wake()
        told = in_both(
            "link.answered",
            lambda words: {
                "person": kept.person,
                "when": words.when.at(kept.answered_at_us),
                "answer": words.incident.answers[answer],
            },
        )
        return link_page(200, told)

    def _read(self, token: str) -> AnswerLink:
        if self._services.links is None:
            raise LinkRefused(LinkFault.FORGED)
        return self._services.links.read_answer(token, self._services.now_us())


def _line(given: dict[str, list[str]], name: str) -> str:
    return " ".join("".join(given.get(name, [])).split())


def _verified(
    headers: dict[str, str], body: bytes, secrets: Secrets, now_us: int, *, alert_id: str
) -> SignedAnswer:
    return verify_answer(headers, body, secrets, now_us, incident=alert_id)


_BESIDE = {400: "link.answer_wanted", 409: "link.answer_again"}


def _form(link: AnswerLink, status: int = 200) -> Response:
    asked = in_both(
        "link.answer_ask", lambda words: {"incident": link.incident, "party": party_name(words, link.party)}
    )
    more = in_both(_BESIDE[status]) if status in _BESIDE else ""
    choices = "".join(
        f'<p><label><input type="radio" name="answer" value="{word}" required> '
        f"{beside(f'answer.{word}')}</label></p>"
        for word in PoliceAnswer
    )
    return link_page(
        status,
        f'{asked}{more}<form method="post"><p><label>{beside("link.name_role")} '
        f'<input name="person" required maxlength="{PERSON_CHARS_MAX}" autocomplete="name"></label></p>'
        f"<p><label>{beside('link.answer_note')} "
        f'<input name="note" maxlength="{CLOSING_NOTE_CHARS_MAX}"></label></p>'
        f"<fieldset><legend>{beside('link.answer_choose')}</legend>{choices}</fieldset>"
        f"<p><button>{beside('link.answer_send')}</button></p></form>",
    )

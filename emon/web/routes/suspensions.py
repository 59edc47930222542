"""Suspensions: who lifts which order's bans, why, until when; long ones by two people."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Sequence

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.limits import (
    NOTICES_SHOWN_MAX,
    SUSPENSION_MAX_S,
    SUSPENSION_REASON_CHARS_MIN,
    SUSPENSIONS_SHOWN_MAX,
    TEXT_LENGTH_MAX,
)
from emon.model.instant import SECOND_US, format_instant, parse_instant
from emon.model.order import OrderVersion
from emon.model.vocabulary import Party
from emon.orders.tree import DocumentRefused
from emon.store.notices import NoticeNow
from emon.store.suspensions import AlreadySettled, NoSuchSuspension, NotYours, SuspensionRequest
from emon.web.backend import Services
from emon.web.guard import Guard, sees_secret_zones
from emon.web.http import Json, Refused, fault_list, read_json, refused
from emon.web.said import Said, said
from emon.web.sessions import Session
from emon.web.shapes import Json as Members

MAY_SUSPEND = (Party.MELDKAMER_EM, Party.RECLASSERING, Party.OM)


class _Asked(msgspec.Struct, frozen=True, rename={"from_": "from"}, forbid_unknown_fields=True):
    order: str
    to: str
    reason: str
    from_: str | None = None


class SuspensionRoutes:
    """``/api/v1/suspensions``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        base = "/api/v1/suspensions"
        self.router.add_api_route(base, self.show, methods=["GET"])
        self.router.add_api_route(base, self.ask, methods=["POST"])
        self.router.add_api_route(base + "/{request_id}/confirm", self.confirm, methods=["POST"])
        self.router.add_api_route(base + "/{request_id}/withdraw", self.withdraw, methods=["POST"])
        self.router.add_api_route("/api/v1/orders/{order}/suspension", self.end, methods=["DELETE"])

    async def show(self, request: Request) -> Response:
        """What suspends orders now or soon, each with its end, what people asked for, and what those
        concerned were told of beginnings and ends."""
        session = await self._guard.session(request)
        now_us = self._services.now_us()
        orders = await self._services.backend.orders()
        asked = await self._services.backend.suspension_requests(SUSPENSIONS_SHOWN_MAX)
        told = await self._services.backend.notices(NOTICES_SHOWN_MAX)
        holding = [one for version in orders for one in _in_force(version, now_us)]
        return Json(
            {
                "suspensions": await self._as_seen(session, holding),
                "requests": await self._as_seen(session, [_request_json(one) for one in asked]),
                "notices": await self._as_seen(session, [_notice_json(one) for one in told]),
            }
        )

    async def ask(self, request: Request) -> Response:
        """A short one holds at once (``armed``); a long one waits for a second person (``waiting``)."""
        session = await self._person(request)
        asked = await read_json(request, _Asked)
        now_us = self._services.now_us()
        made = await self._kept(self._services.backend.ask_suspension(_read(asked, session, now_us)))
        return Json(_request_json(made), 201)

    async def confirm(self, request: Request, request_id: str) -> Response:
        """The second person, who must be another than the first."""
        session = await self._person(request)
        now_us = self._services.now_us()
        confirming = self._services.backend.confirm_suspension(request_id, session.name, now_us)
        return Json((await self._as_seen(session, [_request_json(await self._kept(confirming))]))[0])

    async def withdraw(self, request: Request, request_id: str) -> Response:
        """One that waits is given up."""
        session = await self._person(request)
        now_us = self._services.now_us()
        giving_up = self._services.backend.withdraw_suspension(request_id, session.name, now_us)
        return Json((await self._as_seen(session, [_request_json(await self._kept(giving_up))]))[0])

    async def end(self, request: Request, order: str) -> Response:
        """The bans of an order hold again from now on."""
        await self._person(request)
        try:
            version = await self._services.backend.end_suspension(order, self._services.now_us())
        except NoSuchSuspension:
            raise refused(404, "fault.nothing_suspended") from None
        self._services.live.wake()
        ended_at = format_instant(version.armed_at_us)
        return Json({"order": version.id, "version": version.version, "ended_at": ended_at})

    async def _as_seen(self, session: Session, shown: Sequence[Members]) -> list[Members]:
        """Without the reason, where it stands with an order that has a secret zone: whoever wrote it may have
        named the place. A party reads what it wrote itself."""
        backend = self._services.backend
        if sees_secret_zones(session, backend.needs):
            return list(shown)
        secret = await backend.secret_conditions(sorted({one["order"] for one in shown}))
        kept = {order for order, _ in secret}
        return [
            {**one, "reason": None}
            if one["order"] in kept and one.get("asked_party") != session.party
            else one
            for one in shown
        ]

    async def _person(self, request: Request) -> Session:
        session = await self._guard.session(request)
        if session.party not in MAY_SUSPEND:
            raise refused(403, "fault.may_suspend", parties=", ".join(MAY_SUSPEND))
        return session

    async def _kept(self, work: Awaitable[SuspensionRequest]) -> SuspensionRequest:
        try:
            made = await work
        except NoSuchSuspension:
            raise refused(404, "fault.no_request") from None
        except NotYours:
            raise refused(403, "fault.second_person") from None
        except AlreadySettled:
            raise refused(409, "fault.settled") from None
        except DocumentRefused as fault:
            raise Refused(422, fault_list([(one.path, one.message) for one in fault.faults])) from None
        self._services.live.wake()
        return made


def _read(asked: _Asked, session: Session, now_us: int) -> SuspensionRequest:
    faults: list[tuple[str, Said | str]] = []
    from_us = now_us if asked.from_ is None else _instant(asked.from_, "from", faults)
    to_us = _instant(asked.to, "to", faults)
    reason = " ".join(asked.reason.split())
    if not SUSPENSION_REASON_CHARS_MIN <= len(reason) <= TEXT_LENGTH_MAX:
        wanted = said("fault.why", least=SUSPENSION_REASON_CHARS_MIN, most=TEXT_LENGTH_MAX)
        faults.append(("reason", wanted))
    if not faults and from_us < now_us:
        faults.append(("from", said("fault.past")))
    if not faults and to_us <= from_us:
        faults.append(("to", said("fault.not_after")))
    if not faults and to_us - now_us > SUSPENSION_MAX_S * SECOND_US:
        faults.append(("to", said("fault.too_far", days=SUSPENSION_MAX_S // 86_400)))
    if faults:
        raise Refused(422, fault_list(faults))
    name = secrets.token_hex(8)
    return SuspensionRequest(name, asked.order, from_us, to_us, reason, session.name, session.party, now_us)


def _instant(text: str, member: str, faults: list[tuple[str, Said | str]]) -> int:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError) as fault:
        faults.append((member, str(fault)))
        return 0


def _in_force(version: OrderVersion, now_us: int) -> list[Members]:
    """What of a version's suspensions is not over; by whom stands in its document."""
    ended = version.ends_at_us is not None and version.ends_at_us <= now_us
    listed = msgspec.json.decode(version.source).get("suspensions") or []
    return [
        {
            "order": version.id,
            "version": version.version,
            "wearer": version.wearer,
            "from": format_instant(one.from_us),
            "to": format_instant(one.to_us),
            "reason": one.reason,
            "by": written.get("by") or [],
            "holds": one.from_us <= now_us,
        }
        for one, written in zip(version.suspensions, listed, strict=True)
        if one.to_us > now_us and not ended
    ]


def _request_json(asked: SuspensionRequest) -> Members:
    return {
        "id": asked.id,
        "order": asked.order,
        "from": format_instant(asked.from_us),
        "to": format_instant(asked.to_us),
        "reason": asked.reason,
        "asked_by": asked.asked_by,
        "asked_party": asked.asked_party,
        "asked_at": format_instant(asked.asked_us),
        "needs_two": asked.needs_two,
        "state": asked.state,
        "settled_by": asked.settled_by,
        "settled_at": None if asked.settled_us is None else format_instant(asked.settled_us),
        "version": asked.version,
    }


def _notice_json(one: NoticeNow) -> Members:
    """``received``: by recipient the instant of its receipt, null while it waits."""
    told = one.notice
    return {
        "id": told.id,
        "kind": told.kind,
        "order": told.order,
        "wearer": told.wearer,
        "at": format_instant(told.at_us),
        "until": None if told.until_us is None else format_instant(told.until_us),
        "reason": told.reason,
        "by": told.by,
        "by_itself": told.by_itself,
        "received": {
            recipient: None if us is None else format_instant(us) for recipient, us in one.received.items()
        },
    }

"""One device: what it was asked, what became of it, and what was wrong with it; and asking it something."""

from __future__ import annotations

import secrets

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.ingest.topics import is_device_id
from emon.limits import (
    ALERTS_PAGE_DEFAULT,
    COMMAND_ANSWER_S,
    FIX_NOW_HOUR_MAX,
    STAFF_WHY_CHARS_MAX,
    SUSPENSION_REASON_CHARS_MIN,
)
from emon.model.instant import format_instant
from emon.model.staff_command import StaffAsks, StaffCommand
from emon.model.vocabulary import Party
from emon.store.device_file import CommandNow, SaidNow
from emon.store.staff_commands import AskedAlready, AskedTooOften, NotWatched
from emon.web.backend import Services
from emon.web.guard import Guard, sees_secret_zones
from emon.web.http import Json, Refused, fault_list, read_json, refused
from emon.web.said import said
from emon.web.shapes import instant_or_none

MAY_ASK = (Party.MELDKAMER_EM,)
"""Who watches is who asks: a device that two rooms ask at once answers neither better."""


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    asks: StaffAsks
    why: str


class DeviceRoutes:
    """``/api/v1/devices``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        base = "/api/v1/devices/{device}"
        self.router.add_api_route(base, self.show, methods=["GET"])
        self.router.add_api_route(base + "/commands", self.ask, methods=["POST"])

    async def show(self, request: Request, device: str) -> Response:
        """What it was asked and what was wrong with it, newest first; nothing of one that is unknown."""
        session = await self._guard.session(request)
        if not is_device_id(device):
            raise refused(404, "fault.no_device")
        # Why somebody of the centre asked may name any place, hers too; it is a word among those who act.
        with_why = sees_secret_zones(session, self._services.backend.needs)
        commands = await self._services.backend.device_commands(device, ALERTS_PAGE_DEFAULT)
        said = await self._services.backend.device_said(device, ALERTS_PAGE_DEFAULT)
        return Json(
            {
                "device": device,
                "commands": [command_json(one, with_why=with_why) for one in commands],
                "said": [said_json(one) for one in said],
            }
        )

    async def ask(self, request: Request, device: str) -> Response:
        """A position now, the faster rate, or the order's plan again: kept with who and why, sent at once,
        and answered for within three minutes or told."""
        session = await self._guard.session(request)
        if session.party not in MAY_ASK:
            raise refused(403, "fault.may_ask", parties=", ".join(MAY_ASK))
        asked = await read_json(request, _Asked)
        why = " ".join(asked.why.split())
        if not SUSPENSION_REASON_CHARS_MIN <= len(why) <= STAFF_WHY_CHARS_MAX:
            wanted = said("fault.why", least=SUSPENSION_REASON_CHARS_MIN, most=STAFF_WHY_CHARS_MAX)
            raise Refused(422, fault_list([("why", wanted)]))
        now_us = self._services.now_us()
        person = StaffCommand(
            secrets.token_hex(8), device, asked.asks, session.name, session.party, why, now_us
        )
        try:
            await self._services.backend.ask_device(person)
        except NotWatched:
            raise refused(404, "fault.not_worn") from None
        except AskedAlready:
            raise refused(409, "fault.asked", minutes=COMMAND_ANSWER_S // 60) from None
        except AskedTooOften:
            raise refused(429, "fault.asked_often", retry_after="300", count=FIX_NOW_HOUR_MAX) from None
        return Json(
            {"id": person.id, "device": device, "asks": person.asks, "asked_at": format_instant(now_us)}, 201
        )


def command_json(command: CommandNow, *, with_why: bool) -> dict[str, object]:
    """A command as it stands, with its first reply. ``asked_by``: the person, or null for the engine.
    ``with_why``: the reader may know secret zones."""
    return {
        "id": command.id,
        "asks": command.asks,
        "reason": command.reason,
        "asked_at": format_instant(command.asked_at_us),
        "until": format_instant(command.until_us),
        "state": command.state,
        "sent_at": instant_or_none(command.sent_at_us),
        "rate_s": command.rate_s,
        "for_s": command.for_s,
        "result": command.result,
        "replied_at": instant_or_none(command.replied_at_us),
        "asked_by": command.person,
        "asked_party": command.party,
        "why": command.why if with_why else None,
        "answered_at": instant_or_none(command.answered_us),
        "lapsed_at": instant_or_none(command.lapsed_us),
    }


def said_json(said: SaidNow) -> dict[str, object]:
    """A stretch in which something of the device was not well, by its own word."""
    return {
        "event": said.event,
        "state": said.state,
        "opened_at": format_instant(said.opened_at_us),
        "cleared_at": instant_or_none(said.cleared_at_us),
    }

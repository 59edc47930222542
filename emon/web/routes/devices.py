"""One device: what it was asked, what became of it, and what was wrong with it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.ingest.topics import is_device_id
from emon.limits import ALERTS_PAGE_DEFAULT
from emon.model.instant import format_instant
from emon.store.device_file import CommandNow, SaidNow
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Json, refused
from emon.web.shapes import instant_or_none


class DeviceRoutes:
    """``/api/v1/devices``."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/devices/{device}", self.show, methods=["GET"])

    async def show(self, request: Request, device: str) -> Response:
        """What it was asked and what was wrong with it, newest first; nothing of one that is unknown."""
        await self._guard.session(request)
        if not is_device_id(device):
            raise refused(404, "there is no such device")
        commands = await self._services.backend.device_commands(device, ALERTS_PAGE_DEFAULT)
        said = await self._services.backend.device_said(device, ALERTS_PAGE_DEFAULT)
        return Json(
            {
                "device": device,
                "commands": [command_json(one) for one in commands],
                "said": [said_json(one) for one in said],
            }
        )


def command_json(command: CommandNow) -> dict[str, object]:
    """A command as it stands, with its first reply."""
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
    }


def said_json(said: SaidNow) -> dict[str, object]:
    """A stretch in which something of the device was not well, by its own word."""
    return {
        "event": said.event,
        "state": said.state,
        "opened_at": format_instant(said.opened_at_us),
        "cleared_at": instant_or_none(said.cleared_at_us),
    }

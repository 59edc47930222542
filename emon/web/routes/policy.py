"""The policy: who hears of what, which version decided since when, and the format of its file."""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from emon.limits import POLICY_USES_SHOWN_MAX
from emon.model.instant import format_instant
from emon.policies.reader import read_policy
from emon.policies.schema import policy_schema
from emon.policies.table import table_of
from emon.policies.table_words import AS_IN_FILES, DUTCH
from emon.store.policies import KeptPolicy
from emon.web.backend import Services
from emon.web.guard import Guard
from emon.web.http import Json, refused
from emon.web.language import answer_language
from emon.web.shapes import Json as Members


class PolicyRoutes:
    """``/api/v1/policy``. Secrets and routes of recipients are in none of its answers."""

    def __init__(self, services: Services, guard: Guard) -> None:
        self._services = services
        self._guard = guard
        self.router = APIRouter()
        self.router.add_api_route("/api/v1/policy", self.show, methods=["GET"])
        self.router.add_api_route("/api/v1/policy/schema", self.schema, methods=["GET"])
        self.router.add_api_route("/api/v1/policy/versions/{version}", self.version, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """The policy in force, as a decision table and as a file would give it, and those before it."""
        await self._guard.session(request)
        backend = self._services.backend
        kept = await backend.policy_in_force()
        if kept is None:
            raise refused(404, "fault.no_policy")
        uses = await backend.policy_uses(POLICY_USES_SHOWN_MAX)
        used = [{"version": use.version, "from": format_instant(use.from_us)} for use in uses]
        return Json({**_shown(kept, request), "uses": used})

    async def version(self, request: Request, version: str) -> Response:
        """A policy that decides or once did: an alert names the one that decided it."""
        await self._guard.session(request)
        kept = await self._services.backend.policy_version(version)
        if kept is None:
            raise refused(404, "fault.no_version")
        return Json(_shown(kept, request))

    async def schema(self, request: Request) -> Response:
        """The JSON Schema of a policy file."""
        await self._guard.session(request)
        return Json(policy_schema())


def _shown(kept: KeptPolicy, request: Request) -> Members:
    """The table in Dutch for who asks for it."""
    words = DUTCH if answer_language(request) == "nl" else AS_IN_FILES
    rows = table_of(read_policy(kept.content.encode()), words)
    return {
        "version": kept.version,
        "in_force_from": None if kept.from_us is None else format_instant(kept.from_us),
        "table": {"columns": list(words.columns), "rows": [list(row) for row in rows]},
        "policy": json.loads(kept.content),
    }

"""docs/recipients.md says what the code does: its examples are read and run here."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
from pathlib import Path

import msgspec

from emon import clock, limits
from emon.alerts.acknowledge import verify_acknowledgement
from emon.alerts.channels.webhook import webhook_body
from emon.alerts.compose import Composer
from emon.alerts.incident import Given, Say
from emon.alerts.outbox import DueDelivery, PositionView, UpdateView, ZoneView
from emon.alerts.recipients import load_recipients
from emon.model.answer import PoliceAnswer
from emon.model.instant import SECOND_US
from tests.alerts.parts import BREACH, NOON_US, due
from tests.alerts.servers import HttpRecipient, http, talking

PAGE = (Path(__file__).parents[2] / "docs" / "recipients.md").read_text()
SECRET = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()


COMPOSER = Composer(
    "https://emon.example", frozenset({"politie", "reclassering", "meldkamer_em"}), "meldkamer_em"
)


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_configuration_loads(tmp_path: Path) -> None:
    (tmp_path / "reclassering.secret").write_text(SECRET)
    environ = {"EMON_SECRET_POLITIE": SECRET, "EMON_SECRET_MAIL": "geheim"}
    recipients = load_recipients(examples("json")[0].encode(), environ=environ, folder=tmp_path)
    assert set(recipients.routes) == {"politie", "reclassering", "meldkamer_em"}


def test_the_example_message_is_one_of_ours() -> None:
    body = webhook_body(due(BREACH.id, "politie"), COMPOSER, NOON_US + SECOND_US)
    assert json.loads(examples("json")[1]) == json.loads(body)


def example_update() -> DueDelivery:
    """A position to the police, the second update on the incident of the alert above."""
    update = UpdateView(2, Say.POSITION, Given.MOVED, NOON_US + 30 * SECOND_US)
    position = PositionView(4.48061, 51.92301, 9.0, NOON_US + 28 * SECOND_US, 1.6, 45.0)
    alert = msgspec.structs.replace(BREACH, position=position, zone=ZoneView(-40.0))
    return msgspec.structs.replace(
        due(BREACH.id, "politie"), id=f"{BREACH.breach}:u2:politie", alert=alert, update=update
    )


def test_the_example_of_an_update_is_one_of_ours() -> None:
    body = webhook_body(example_update(), COMPOSER, NOON_US + 30 * SECOND_US)
    given = next(one for one in examples("json") if '"incident_update"' in one)
    assert json.loads(given) == json.loads(body)


def test_every_update_and_answer_is_explained() -> None:
    for word in (*Say, *PoliceAnswer):
        assert f"`{word}`" in PAGE
    assert f"at most one message each {limits.INCIDENT_POSITION_EVERY_S} s" in PAGE
    assert f"They have {limits.INCIDENT_UPDATES_AT_ONCE_MAX} places of their own" in PAGE


async def test_the_example_of_an_acknowledgement_counts() -> None:
    server = HttpRecipient(http("200 OK"))
    async with talking(server) as port:
        script = examples("python")[0].replace("whsec_…", SECRET).replace(":8080/", f":{port}/")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script),
            env={"PATH": ""},  # no proxy setting may reach into this
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    (request,) = server.requests
    taken = verify_acknowledgement(
        request.headers, request.body, SECRET, clock.now_us(), alert_id="0123456789abcdef"
    )
    assert (taken.party, taken.person) == ("politie", "A. de Vries")


def test_the_figures_are_those_of_the_limits() -> None:
    assert f"then {limits.DELIVERY_PAUSE_MAX_S} s for ever" in PAGE
    assert f"An attempt has {limits.DELIVERY_ATTEMPT_TIMEOUT_S:g} s" in PAGE
    assert f"up to {limits.DELIVERIES_AT_ONCE_MAX} alerts at once" in PAGE
    assert f"have {limits.DELIVERIES_URGENT_EXTRA}\n  places more" in PAGE
    assert f"the first {limits.FLAP_FREE} messages" in PAGE
    assert (limits.FLAP_WINDOW_S, limits.FLAP_HOLD_S) == (600, 60), "10 minutes and a minute, in words"
    assert f"After {limits.BREAKER_FAILURES} failures in a row" in PAGE
    assert limits.DELIVERY_PAUSE_JITTER == 0.5, "shortened by chance by up to half"
    assert f"up to {limits.DELIVERY_RETRY_AFTER_MAX_S} s." in PAGE

"""Feedback from a real database: what the store reads, what the command and the API answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from emon import cli, clock, limits
from emon.feedback.report import report
from emon.feedback.rows import DecidingFix, FiledAlert, Login
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.instant import HOUR_US, MINUTE_US, SECOND_US, format_instant
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Mark, Party, Source
from emon.orders.document import parse_document
from emon.policies.reader import read_policy
from emon.policies.written import policy_bytes, version_of
from emon.store.feedback_rows import TooMuchAsked
from emon.store.store import Store
from tests.engine.stories import circle_order
from tests.fixtures_web import NAME, PASSWORD, PASSWORD_HASH, Desk
from tests.store.made import alert, breach, fix

LONG_AGO_US = HOUR_US
WRONG = Closing(ClosingCause.POSITION_ERROR, ClosingOutcome.NO_ACTION)


async def arm(store: Store) -> None:
    orders = [circle_order(), circle_order(id="o-2", wearer="w-2", device="d-2")]
    await store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=0))


async def write(store: Store, at_us: int, alerts: Sequence[Alert] = (), **rows: Any) -> None:
    async with store.batch() as tx:
        await tx.write(Effects(at_us=at_us, alerts=tuple(alerts), **rows), [])


async def a_false_breach(store: Store, name: str, *, closed: bool = True) -> int:
    """The instant of its receipt: a fix far away, one that decides, and one that came later."""
    now_us = clock.now_us()
    fixes = (
        fix("d-1", 1, now_us - 5 * MINUTE_US, lon=5.0),
        fix("d-1", 2, now_us - 2 * SECOND_US, lon=4.48, source=Source.WIFI, accuracy_m=7.0),
        fix("d-1", 3, now_us - SECOND_US, lon=5.1, mark=Mark.IMPLAUSIBLE),
    )
    taken = tuple(one if one.wire.seq == 1 else replace(one, received_at_us=now_us) for one in fixes)
    made = breach(name, now_us - 2 * SECOND_US, version=1, wearer="w-1", condition="c-1")
    told = alert(
        f"a-{name}",
        now_us,
        happened_at_us=made.opened_at_us,
        breach=name,
        order="o-1",
        condition="c-1",
        certainty=Certainty.PROBABLE,
    )
    await write(store, now_us, [told], fixes=taken, breaches=(made,))
    if closed:
        await store.close_alert(told.id, Party.MELDKAMER_EM, "A. Bruin", WRONG, "page")
    return now_us


async def test_the_rows_are_those_of_the_alerts_with_their_deciding_fix(any_store: Store) -> None:
    await arm(any_store)
    since_us = clock.now_us() - SECOND_US
    await a_false_breach(any_store, "b-1")
    device = Alert(
        "a-dev", AlertEvent.SILENCE, 3, clock.now_us(), (Party.POLITIE,), clock.now_us(), device="d-2"
    )
    await write(any_store, clock.now_us(), [device])
    await any_store.record_login(NAME, "meldkamer_em", "login", "::1", since_us - HOUR_US)
    await any_store.record_login("p", "politie", "login", "::1", since_us)
    await any_store.record_login(NAME, "meldkamer_em", "refused", "::1", since_us)
    await any_store.record_login(NAME, "meldkamer_em", "login", "::1", since_us - 20 * HOUR_US)
    filed = await any_store.feedback_rows(since_us, clock.now_us() + HOUR_US, {"d-1": "Ankle"})
    assert filed.alerts == (
        FiledAlert(
            "a-b-1",
            AlertEvent.BREACH,
            filed.alerts[0].detected_at_us,
            True,
            "b-1",
            "o-1",
            1,
            "c-1",
            "w-1",
            "d-1",
            Certainty.PROBABLE,
            How.INSIDE,
            ClosingCause.POSITION_ERROR,
            ClosingOutcome.NO_ACTION,
            DecidingFix(4.48, 51.9225, 7.0, Source.WIFI),
        ),
        FiledAlert(
            "a-dev",
            AlertEvent.SILENCE,
            filed.alerts[1].detected_at_us,
            centre=False,
            wearer="w-2",
            device="d-2",
        ),
    )
    assert [(one.id, one.version) for one in filed.decided] == [("o-1", 1)]
    assert [one.id for one in filed.newest] == ["o-1", "o-2"]
    assert filed.logins == (Login(NAME, since_us - HOUR_US, False),)
    made = report(filed)
    assert [(one.name, one.tally.false) for one in made.by_source] == [("none", 0), ("wifi", 1)]
    assert [one.name for one in made.by_model] == ["Ankle", "not known"]
    assert made.load.wearers == 2


async def test_a_period_is_half_open_and_by_the_commit(claimed_store: Store) -> None:
    await arm(claimed_store)
    await a_false_breach(claimed_store, "b-1")
    (found,) = (await claimed_store.feedback_rows(0, clock.now_us() + HOUR_US)).alerts
    at_us = found.detected_at_us
    assert len((await claimed_store.feedback_rows(at_us, at_us + 1)).alerts) == 1
    assert (await claimed_store.feedback_rows(at_us + 1, at_us + HOUR_US)).alerts == ()
    assert (await claimed_store.feedback_rows(0, at_us)).alerts == ()


async def test_where_a_timer_decided_the_newest_fix_before_it_counts(claimed_store: Store) -> None:
    await arm(claimed_store)
    now_us = clock.now_us()
    made = breach("b-1", now_us, version=1, kind=Kind.EXCLUSION, how=How.SCHEDULE)
    told = alert("a-1", now_us, received_at_us=None, breach="b-1", order="o-1", condition="c-1")
    fixes = (
        fix("d-1", 1, now_us - 10 * MINUTE_US, lon=4.1),
        fix("d-1", 2, now_us - 3 * MINUTE_US, lon=4.2),
        fix("d-1", 3, now_us + MINUTE_US, lon=4.3),
    )
    await write(claimed_store, now_us, [told], fixes=fixes, breaches=(made,))
    (found,) = (await claimed_store.feedback_rows(0, now_us + HOUR_US)).alerts
    assert found.fix is not None
    assert found.fix.lon == 4.2


async def test_the_shifts_are_those_of_the_policy_in_force(claimed_store: Store) -> None:
    policy = read_policy(
        b'{"contacts": {"desk": {"party": "meldkamer_em", "channel": "webhook"}},'
        b' "shifts": {"all": [{"contacts": ["desk"]}]}}'
    )
    await claimed_store.use_policy(version_of(policy), policy_bytes(policy).decode())
    filed = await claimed_store.feedback_rows(0, HOUR_US)
    assert ([one.name for one in filed.shifts], [one.name for one in filed.contacts]) == (["all"], ["desk"])
    assert report(filed).load.duty.operator_hours == 1.0


async def test_more_alerts_than_a_report_is_made_of_are_refused(
    claimed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_us = clock.now_us()
    await write(claimed_store, now_us, [alert("a-1", now_us), alert("a-2", now_us)])
    monkeypatch.setattr(limits, "FEEDBACK_ALERTS_MAX", 1)
    with pytest.raises(TooMuchAsked, match="more than 1 alerts"):
        await claimed_store.feedback_rows(0, now_us + HOUR_US)


async def test_the_api_answers_staff_of_the_centre_alone(desk: Desk, store: Store) -> None:
    await arm(store)
    await a_false_breach(store, "b-1")
    async with desk.signed_in() as client:
        found = (await client.get("/api/v1/feedback")).json()
        assert found["all"] == {
            "alerts": 1, "cases": 1, "true": 0, "false": 1, "unknown": 0, "open": 0, "uncounted": 0,
            "precision": {"of_true": 0.0, "low": 0.0, "high": 0.793451},
        }  # fmt: skip
        assert found["load"]["duty"]["hours_from"] == "sessions"
        long_ago = {"from": format_instant(LONG_AGO_US), "to": format_instant(2 * LONG_AGO_US)}
        assert (await client.get("/api/v1/feedback", params=long_ago)).json()["all"]["alerts"] == 0
        for wrong in ({"from": "yesterday"}, {"from": format_instant(0)}, {"to": format_instant(0)}):
            assert (await client.get("/api/v1/feedback", params=wrong)).status_code == 400
        page = await client.get("/feedback.html")
        assert (page.status_code, "js/feedback.js" in page.text) == (200, True)
    await store.create_user("bram", PASSWORD_HASH, "politie")
    async with desk.client() as other:
        assert (await other.get("/api/v1/feedback")).status_code == 401
        await other.post("/api/v1/session", json={"name": "bram", "password": PASSWORD})
        refused = await other.get("/api/v1/feedback")
        assert (refused.status_code, refused.json()) == (403, {"error": "the report is for meldkamer_em"})


def emon(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["feedback", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    monkeypatch.setenv("EMON_DATA_DIR", str(tmp_path))
    code, out, err = emon(capsys)
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == "0 alerts, 0 of them to the monitoring centre"
    to = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-03T00:00:00Z")
    code, out, _ = emon(capsys, *to, "--json")
    assert (code, json.loads(out)["from"]) == (0, "2026-01-01T00:00:00.000000Z")
    assert emon(capsys, "--from", "2026-01-03", "--to", "2026-01-01T00:00:00Z")[0] == 64
    assert emon(capsys, "--from", "2020-01-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z")[0] == 64
    (tmp_path / "device-models.json").write_text('{"d-1": 7}')
    code, out, err = emon(capsys)
    assert (code, out) == (65, "")
    assert "device-models.json: must be one JSON object" in err
    assert emon(capsys, "--models", str(tmp_path / "none"))[0] == 65
    monkeypatch.setenv("EMON_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    (tmp_path / "device-models.json").write_text("{}")
    assert emon(capsys)[0] == 69

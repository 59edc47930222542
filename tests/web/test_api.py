"""The API over a real server and a real store: who may ask, what is refused and how."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import jsonschema
import pytest

from emon import clock
from emon.limits import ORDERS_BYTES_MAX, REQUEST_BYTES_MAX
from emon.model.instant import SECOND_US
from emon.store.store import Store
from tests.fixtures_database import PostgresServers
from tests.fixtures_web import NAME, PASSWORD, SECRET, Desk
from tests.web import story

GUARDED = ("/api/v1/now", "/api/v1/alerts", "/api/v1/orders", "/api/v1/orders/schema", "/api/v1/live",
           "/api/v1/counts", "/api/v1/devices/d-1", "/api/v1/session", "/api/v1/alerts/0123456789abcdef",
           "/api/v1/breaches/0123456789abcdef/explanation")  # fmt: skip
JSON = {"content-type": "application/json"}


@pytest.fixture
async def evening(desk: Desk, store: Store) -> list[str]:
    """The whole story; the ids of its alerts, oldest first."""
    now_us = clock.now_us()
    await story.play(store, now_us)
    return [alert.id for _, alerts in story.evening(now_us) for alert in alerts]


async def test_nothing_about_anybody_is_told_without_a_log_in(desk: Desk, evening: list[str]) -> None:
    async with desk.client() as client:
        for path in GUARDED:
            answer = await client.get(path)
            assert (path, answer.status_code) == (path, 401)
            assert answer.json() == {"error": "log in first"}
        for path in ("/api/v1/orders", f"/api/v1/alerts/{evening[0]}/acknowledge"):
            assert (await client.post(path, content="{}", headers=JSON)).status_code == 401


async def test_logging_in_sets_a_cookie_no_script_and_no_other_site_can_use(desk: Desk) -> None:
    async with desk.client() as client:
        answer = await client.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
        assert answer.status_code == 200
        assert answer.json()["party"] == "meldkamer_em"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/" in cookie
        kept = client.cookies["emon_session"]
        assert (await client.delete("/api/v1/session")).status_code == 204
        assert (
            await client.get("/api/v1/session", headers={"cookie": f"emon_session={kept}"})
        ).status_code == 401


async def test_wrong_names_and_passwords_look_alike_and_get_slower(desk: Desk) -> None:
    async with desk.client() as client:
        wrong = [{"name": NAME, "password": "wrong"}, {"name": "nobody", "password": PASSWORD}]
        answers = [await client.post("/api/v1/session", json=one) for one in wrong]
        assert [(a.status_code, a.json()) for a in answers] == [
            (401, {"error": "name or password is wrong"})
        ] * 2
        for _ in range(4):
            await client.post("/api/v1/session", json=wrong[0])
        answer = await client.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"not json", JSON, 400),
        (b"\xff", JSON, 400),
        (b'{"name": "anna"}', JSON, 400),
        (b'{"name": 1, "password": "x"}', JSON, 400),
        (b'{"name": "", "password": "x"}', JSON, 400),
        (b'{"name": "anna", "password": "x", "more": 1}', JSON, 400),
        (json.dumps({"name": "anna", "password": "x" * 300}).encode(), JSON, 400),
        (b"x" * (REQUEST_BYTES_MAX + 1), JSON, 413),
        (b"name=anna&password=x", {"content-type": "application/x-www-form-urlencoded"}, 415),
        (b'{"name": "anna", "password": "x"}', {"content-type": "text/plain"}, 415),
    ],
)
async def test_bad_log_ins_are_refused_in_words(
    desk: Desk, content: bytes, headers: dict[str, str], status: int
) -> None:
    async with desk.client() as client:
        answer = await client.post("/api/v1/session", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.json()["error"]


async def test_a_foreign_page_can_neither_ask_nor_change(desk: Desk) -> None:
    async with desk.signed_in() as client:
        rebound = await client.get("/api/v1/now", headers={"host": "evil.example"})
        assert rebound.status_code == 400
        for origin in ("https://evil.example", "null", f"http://localhost:{desk.listener_port}"):
            answer = await client.delete("/api/v1/session", headers={"origin": origin})
            assert (origin, answer.status_code) == (origin, 400)
        assert (await client.get("/api/v1/session")).status_code == 200
        own = await client.delete("/api/v1/session", headers={"origin": desk.url})
        assert own.status_code == 204


async def test_every_answer_carries_the_headers_that_keep_strangers_out(desk: Desk) -> None:
    async with desk.client() as client:
        for path in ("/", "/health", "/api/v1/now", "/no-such-page", "/js/main.js", "/css/base.css"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
        assert (await client.get("/api/v1/now")).headers["cache-control"] == "no-store"


async def test_paths_lead_out_of_nothing_and_no_documentation_is_loaded_from_elsewhere(desk: Desk) -> None:
    async with desk.client() as client:
        for path in ("/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/docs", "/redoc", "/openapi.json"):
            answer = await client.get(path)
            assert (path, answer.status_code) == (path, 404)
            assert "create_app" not in answer.text


async def test_health_needs_no_log_in_and_says_when_the_engine_is_not_well(desk: Desk) -> None:
    async with desk.client() as client:
        answer = await client.get("/health", headers={"host": "10.0.0.7:8380"})
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        desk.status.update(ok=False, broker_connected=False)
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()) == (503, {"ok": False, "broker_connected": False})


async def test_now_holds_wearers_zones_and_open_breaches(desk: Desk, evening: list[str]) -> None:
    async with desk.signed_in() as client:
        now = (await client.get("/api/v1/now")).json()
    wearers = {wearer["wearer"]: wearer for wearer in now["wearers"]}
    assert sorted(wearers) == [
        "w-ahoy", "w-blaak", "w-delfshaven", "w-feijenoord", "w-katendrecht", "w-kralingen",
    ]  # fmt: skip
    assert wearers["w-ahoy"]["risk"] == "high"
    assert wearers["w-ahoy"]["position"]["accuracy_m"] == 14
    conditions = {one["condition"]: one for one in now["conditions"]}
    assert conditions["c-ahoy"]["active"] is True
    assert conditions["c-ahoy"]["buffer"]["type"] == "Polygon"
    assert conditions["c-markt"]["buffer"] is None
    assert conditions["c-plas"]["secret"] is True
    assert conditions["c-nacht"]["changes_at"] is not None
    assert [breach["wearer"] for breach in now["breaches"]] == ["w-delfshaven", "w-ahoy"]


async def test_alerts_come_in_pages_without_a_gap_or_a_repeat(desk: Desk, evening: list[str]) -> None:
    async with desk.signed_in() as client:
        seen: list[str] = []
        before: dict[str, Any] = {}
        while True:
            page = (await client.get("/api/v1/alerts", params={"limit": 2, **before})).json()
            seen += [alert["id"] for alert in page["alerts"]]
            if page["next"] is None:
                break
            before = {"before": page["next"]}
    assert seen == evening[::-1]


async def test_an_alert_shows_its_four_clocks(desk: Desk, store: Store, evening: list[str]) -> None:
    await story.deliver(store, evening[-1], "politie", clock.now_us(), tries=2)
    async with desk.signed_in() as client:
        alert = (await client.get(f"/api/v1/alerts/{evening[-1]}")).json()
    assert alert["happened_at"] < alert["received_at"] < alert["detected_at"]
    deliveries = {one["recipient"]: one for one in alert["deliveries"]}
    assert deliveries["politie"]["delivered_at"] > alert["detected_at"]
    assert deliveries["politie"]["attempts"] == 2
    assert (deliveries["reclassering"]["state"], deliveries["reclassering"]["delivered_at"]) == (
        "waiting",
        None,
    )


@pytest.mark.parametrize(
    "params",
    [{"status": "some"}, {"limit": "0"}, {"limit": "many"}, {"limit": "-1"}, {"before": "yesterday"}],
)
async def test_wishes_that_cannot_be_read_are_refused(desk: Desk, params: dict[str, str]) -> None:
    async with desk.signed_in() as client:
        answer = await client.get("/api/v1/alerts", params=params)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(next(iter(params)))


async def test_the_first_of_a_party_takes_an_alert_in_hand(
    desk: Desk, store: Store, evening: list[str]
) -> None:
    closed = evening[0]  # its breach is over: once in hand it waits no longer
    async with desk.signed_in() as client:
        assert closed in await open_alerts(client)
        answer = await client.post(f"/api/v1/alerts/{closed}/acknowledge", json={})
        assert answer.json()["acknowledgement"]["person"] == "anna"
        again = await client.post(f"/api/v1/alerts/{closed}/acknowledge", json={})
        assert again.json() == {**answer.json(), "again": True}
        assert closed not in await open_alerts(client)
        going_on = evening[-1]
        await client.post(f"/api/v1/alerts/{going_on}/acknowledge", json={})
        assert going_on in await open_alerts(client)
        for unknown in ("0123456789abcdef", "nothing", "%00"):
            answer = await client.post(f"/api/v1/alerts/{unknown}/acknowledge", json={})
            assert answer.status_code == 404


async def open_alerts(client: httpx.AsyncClient) -> list[str]:
    page = (await client.get("/api/v1/alerts", params={"status": "open"})).json()
    return [alert["id"] for alert in page["alerts"]]


def signed(body: bytes, secret: str = SECRET, at_us: int | None = None) -> dict[str, str]:
    """Headers of the Standard Webhooks specification, made here without its library."""
    at_s = str((clock.now_us() if at_us is None else at_us) // SECOND_US)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, b"msg_1." + at_s.encode() + b"." + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": at_s, "webhook-signature": signature}


async def test_a_party_acknowledges_with_its_signature_and_without_a_session(
    desk: Desk, evening: list[str]
) -> None:
    alert_id = evening[-1]
    body = json.dumps({"alert": alert_id, "party": "politie", "person": "R. Bakker"}).encode()
    async with desk.client() as client:
        path = f"/api/v1/alerts/{alert_id}/acknowledge"
        answer = await client.post(path, content=body, headers=signed(body))
        assert answer.status_code == 200
        assert answer.json()["acknowledgement"]["via"] == "webhook"
        other = "whsec_" + base64.b64encode(b"another secret of 24 bytes").decode()
        hour_ago_us = clock.now_us() - 3_600 * SECOND_US
        foreign = json.dumps({"alert": alert_id, "party": "om", "person": "x"}).encode()
        refused = {
            "another secret": (path, body, signed(body, other), 401),
            "too old": (path, body, signed(body, at_us=hour_ago_us), 401),
            "another body": (path, body.replace(b"Bakker", b"Jansen"), signed(body), 401),
            "another alert": (f"/api/v1/alerts/{evening[0]}/acknowledge", body, signed(body), 400),
            "a party without a secret": (path, foreign, signed(foreign), 401),
            "no JSON": (path, b"{", signed(b"{"), 400),
        }
        for name, (where, content, headers, status) in refused.items():
            answer = await client.post(where, content=content, headers=headers)
            assert (name, answer.status_code) == (name, status)
            assert answer.json()["error"]


async def test_a_party_cannot_take_what_was_not_for_it(desk: Desk, evening: list[str]) -> None:
    body = json.dumps({"alert": evening[0], "party": "politie", "person": "R. Bakker"}).encode()
    async with desk.client() as client:
        answer = await client.post(
            f"/api/v1/alerts/{evening[0]}/acknowledge", content=body, headers=signed(body)
        )
    assert (answer.status_code, answer.json()) == (403, {"error": "the alert was not for politie"})


async def test_orders_are_armed_whole_or_refused_by_every_fault(desk: Desk) -> None:
    document = json.loads(story.orders_document(clock.now_us()))
    async with desk.signed_in() as client:
        armed = await client.post("/api/v1/orders", json=document)
        assert armed.status_code == 200
        assert {one["version"] for one in armed.json()["armed"]} == {1}
        again = await client.post("/api/v1/orders", json=document)
        assert again.json() == armed.json()
        listed = (await client.get("/api/v1/orders")).json()["orders"]
        assert [one["id"] for one in listed] == sorted(one["id"] for one in document["orders"])
        assert listed[0]["order"]["wearer"] == "w-ahoy"

        document["orders"][0]["risk"] = "low"
        conflict = await client.post("/api/v1/orders", json=document)
        assert conflict.status_code == 409
        assert conflict.json()["faults"][0]["path"].startswith("orders[0]")

        document["orders"][1]["conditions"][0]["zone"]["radius_m"] = -1
        document["orders"][2]["valid_from"] = "yesterday"
        broken = await client.post("/api/v1/orders", json=document)
        assert broken.status_code == 422
        paths = [fault["path"] for fault in broken.json()["faults"]]
        assert "orders[1].conditions[0].zone.radius_m" in paths
        assert "orders[2].valid_from" in paths
        assert len((await client.get("/api/v1/orders")).json()["orders"]) == 6


async def test_a_document_that_is_too_large_is_not_read_to_its_end(desk: Desk) -> None:
    async with desk.signed_in() as client:
        cookie = client.cookies["emon_session"]
        plain = await client.post("/api/v1/orders", content=b"{}", headers={"content-type": "text/plain"})
        assert plain.status_code == 415
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.listener_port)
    head = f"POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nCookie: emon_session={cookie}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {ORDERS_BYTES_MAX + 1}\r\n\r\n"
    writer.write(head.encode())  # and nothing of the body
    async with asyncio.timeout(120):
        answer = await reader.readline()
    assert b" 413 " in answer
    writer.close()


async def test_the_published_schema_fits_what_is_armed(desk: Desk) -> None:
    async with desk.signed_in() as client:
        schema = (await client.get("/api/v1/orders/schema")).json()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(story.orders_document(clock.now_us())), schema)


async def test_counts_tell_what_came_and_what_waits(desk: Desk, evening: list[str]) -> None:
    async with desk.signed_in() as client:
        counts = (await client.get("/api/v1/counts")).json()
    assert counts["fixes"] == {"ok": 19}
    assert counts["alerts"] == 5
    assert counts["deliveries_waiting"] == 10
    assert counts["rejected"] == {}


async def test_a_lost_database_is_answered_with_503_and_no_inner_words(
    desk: Desk, database: str, postgres_servers: PostgresServers
) -> None:
    async with desk.signed_in() as client:
        await asyncio.to_thread(postgres_servers.drop, database)
        answer = await client.get("/api/v1/now")
        assert answer.status_code == 503
        assert answer.json() == {"error": "the database cannot be reached now"}


async def test_an_explanation_is_of_a_breach_that_its_inputs_give(desk: Desk, evening: list[str]) -> None:
    """The story's breaches were written without the fixes that would make them."""
    async with desk.signed_in() as client:
        for breach_id in ("0123456789abcdef", "x" * 16, "short"):
            answer = await client.get(f"/api/v1/breaches/{breach_id}/explanation")
            assert (answer.status_code, answer.json()) == (404, {"error": "there is no such breach"})
        alerts = [(await client.get(f"/api/v1/alerts/{alert_id}")).json() for alert_id in evening]
        breach_id = next(alert["breach"]["id"] for alert in alerts if alert["breach"])
        answer = await client.get(f"/api/v1/breaches/{breach_id}/explanation")
        assert answer.status_code == 409

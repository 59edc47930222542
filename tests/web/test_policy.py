"""The policy by the API: to staff alone, as a table and as a file, with those before it."""

from __future__ import annotations

import jsonschema

from emon.alerts.policy import DEFAULT_POLICY
from emon.policies.reader import policy_of
from emon.policies.written import policy_bytes, tree_of, version_of
from emon.store.store import Store
from tests.fixtures_web import Desk

OTHER = policy_of({"rules": {"panic": {"priority": 2}}})
ADDRESSES = ("", "/schema", f"/versions/{version_of(OTHER)}")


async def test_it_is_for_staff(desk: Desk) -> None:
    async with desk.client() as client:
        for address in ADDRESSES:
            assert (await client.get(f"/api/v1/policy{address}")).status_code == 401


async def test_the_policy_in_force_and_those_before_it(desk: Desk, store: Store) -> None:
    async with desk.signed_in() as client:
        assert (await client.get("/api/v1/policy")).status_code == 404
        for policy in (OTHER, DEFAULT_POLICY):
            await store.use_policy(version_of(policy), policy_bytes(policy).decode())
        shown = (await client.get("/api/v1/policy")).json()
        dutch = (await client.get("/api/v1/policy", headers={"accept-language": "nl"})).json()["table"]
        before = (await client.get(f"/api/v1/policy/versions/{version_of(OTHER)}")).json()
        schema = (await client.get("/api/v1/policy/schema")).json()
        assert (await client.get("/api/v1/policy/versions/none")).status_code == 404
    assert shown["version"] == version_of(DEFAULT_POLICY)
    assert shown["policy"] == tree_of(DEFAULT_POLICY)
    assert [use["version"] for use in shown["uses"]] == [version_of(DEFAULT_POLICY), version_of(OTHER)]
    assert shown["in_force_from"] == shown["uses"][0]["from"]
    by_name = {row[0]: row for row in before["table"]["rows"]}
    assert len(by_name) == len(DEFAULT_POLICY.rows)
    assert by_name["panic"][3:5] == ["2", "politie, meldkamer_em"]
    rows = {row[0]: row for row in dutch["rows"]}
    assert list(rows) == [row.name for row in DEFAULT_POLICY.rows]
    assert dutch["columns"][5] == "in behandeling binnen"
    assert rows["panic"][1] == "Noodknop ingedrukt door de beschermde persoon"
    assert rows["panic"][4] == "politie, meldkamer EM"
    jsonschema.Draft202012Validator(schema).validate(shown["policy"])

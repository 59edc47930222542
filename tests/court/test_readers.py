"""Who gets which court file: over the API and by hand, and what of it is kept from whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emon import clock
from emon.alerts.need import DEFAULT_NEEDS, Fact, Need
from emon.alerts.policy import DEFAULT_POLICY
from emon.cli import main
from emon.court.page import court_page
from emon.court.stored import court_file_of
from emon.court.trail import instant_text
from emon.court.verify import check_file, read_court_file
from emon.court.who import NotForThem, withheld_from
from emon.model.vocabulary import Party
from emon.store.evidence import Concern
from emon.store.store import Store
from tests.court.lives import PERSON, lived
from tests.court.test_court_file import checked, made
from tests.fixtures_web import PASSWORD, PASSWORD_HASH, Desk

EVERYBODY = tuple(str(party) for party in Party)


def given(secret: bool, unseen: bool = False, beside: bool = False) -> dict[str, tuple[str, ...] | None]:
    """What each party would lack; None where it gets nothing."""
    found: dict[str, tuple[str, ...] | None] = {}
    for party in EVERYBODY:
        try:
            found[party] = withheld_from(party, Concern(EVERYBODY, secret, secret or beside, unseen))
        except NotForThem:
            found[party] = None
    return found


def test_each_party_gets_what_its_need_says() -> None:
    places = ("fix", "device_event", "command_reply", "order_version", "suspension_request")
    nothing = dict.fromkeys(("cjib", "veilig_thuis", "shn", "beschermde"))
    assert given(secret=False) == {
        "meldkamer_em": (), "politie": (), "reclassering": places, "om": places, **nothing,
    }  # fmt: skip
    assert given(secret=True) == {
        "meldkamer_em": (), "politie": (), "reclassering": None, "om": None, **nothing,
    }  # fmt: skip
    assert given(secret=False, unseen=True)["politie"] == ("trouble",)
    need = Need(Party.OM, tuple(Fact), secret_zones=True)
    assert withheld_from("om", Concern(("om",), True, True, True), (need,)) == ()
    assert {need.party for need in DEFAULT_NEEDS} == set(Party)


def test_who_may_not_know_another_place_of_the_order_gets_neither_its_text_nor_its_reasons() -> None:
    need = Need(Party.OM, tuple(Fact))
    freely = ("order_version", "suspension_request", "notice")
    assert withheld_from("om", Concern(("om",), False, True, False), (need,)) == freely
    assert withheld_from("om", Concern(("om",), False, False, False), (need,)) == ()
    found = given(secret=False, beside=True)
    assert found["reclassering"] is not None
    assert "notice" in found["reclassering"]
    assert found["politie"] == ()


def test_nobody_gets_a_file_that_is_not_theirs() -> None:
    with pytest.raises(NotForThem, match="the case is not yours"):
        withheld_from("politie", Concern(("reclassering",), False, False, False))


async def test_reclassering_gets_a_file_without_places_that_still_proves_itself(
    claimed_store: Store, tmp_path: Path
) -> None:
    alert = await lived(claimed_store, tmp_path)
    document = await made(claimed_store, alert, "reclassering")
    report = await checked(document, tmp_path)
    assert report.findings == []
    assert report.proved == report.entries
    assert document["made_for"] == "reclassering"
    assert (document["fixes"], document["order"], document["explanation"]) == ([], None, None)
    text = json.dumps(document)
    for hint in ("center", "coordinates", "lat\\", '"lat"', "lon\\", '"lon"', b"center".hex()):
        assert hint not in text, hint
    whole = json.dumps(await made(claimed_store, alert))
    assert all(hint in whole for hint in ("center", '"lat"', '"lon"', b"center".hex()))


async def test_a_secret_place_is_for_those_alone_who_may_know_it(
    claimed_store: Store, tmp_path: Path
) -> None:
    alert = await lived(claimed_store, tmp_path, secret=True)
    with pytest.raises(NotForThem, match="its place is secret"):
        await made(claimed_store, alert, "reclassering")
    assert (await checked(await made(claimed_store, alert, "politie"), tmp_path)).agrees


async def test_the_owner_of_the_case_gets_it_without_having_been_told(
    claimed_store: Store, tmp_path: Path
) -> None:
    alert = await lived(claimed_store, tmp_path, owner={"party": "om", "name": "mr. X", "contact": ""})
    assert (await made(claimed_store, alert, "om"))["decision"]["rule_name"] == "certain"
    with pytest.raises(NotForThem):
        await made(claimed_store, alert, "cjib")


async def test_the_page_escapes_everything_runs_nothing_and_reads_in_two_languages(
    claimed_store: Store, tmp_path: Path
) -> None:
    document = await made(claimed_store, await lived(claimed_store, tmp_path))
    for language, words in (
        ("nl", ("Dossier van een melding", "A. de Vries &lt;b&gt; &amp; zoon", "vermoedelijk")),
        ("en", ("File of an alert", "A. de Vries &lt;b&gt; &amp; zoon", "only finds a suspicion")),
    ):
        page = court_page(document, language)
        for one in (*words, document["sha256"], "@page", "&gt; 99"):
            assert one.lower() in page.lower(), one
        for bad in ("<b>", "<i>", "<script", "http://", "https://", "src=", "javascript", PERSON):
            assert bad not in page, bad
        assert page.count("<table>") == page.count("</table>") > 5


async def test_the_api_gives_the_file_to_whom_it_concerns(desk: Desk, store: Store, tmp_path: Path) -> None:
    alert = await lived(store, tmp_path, secret=True)
    await store.create_user("roos", PASSWORD_HASH, "reclassering")
    place = f"/api/v1/alerts/{alert}/file"
    async with desk.client() as client:
        assert (await client.get(place)).status_code == 401
    async with desk.signed_in() as client:
        answer = await client.get(place)
        assert answer.headers["content-disposition"] == f'attachment; filename="alert-{alert}.json"'
        assert answer.headers["cache-control"] == "no-store"
        document = read_court_file(answer.content)
        assert (await check_file(document)).agrees
        assert document["made_for"] == "meldkamer_em"
        page = await client.get(place, params={"as": "html", "language": "en"})
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "File of an alert" in page.text
        assert (await client.get(f"/api/v1/alerts/{alert}/life")).json()["file"] is True
        assert (await client.get(f"/api/v1/alerts/{'0' * 16}/file")).status_code == 404
        assert (await client.get("/api/v1/alerts/nonsense/file")).status_code == 404
        assert (await client.get(place, params={"as": "pdf"})).status_code == 400
        assert (await client.get(place, params={"language": "fr"})).status_code == 400
    async with desk.client() as client:
        await client.post("/api/v1/session", json={"name": "roos", "password": PASSWORD})
        answer = await client.get(place)
        assert answer.status_code == 403
        assert "secret" in answer.json()["error"]
        assert (await client.get(f"/api/v1/alerts/{alert}/life")).json()["file"] is False


async def test_the_commands_write_and_check_it(
    claimed_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    alert = await lived(claimed_store, tmp_path)
    monkeypatch.setenv("EMON_DATABASE_URL", claimed_store.url)
    monkeypatch.setenv("EMON_DATA_DIR", str(tmp_path))
    file, page = tmp_path / "case.json", tmp_path / "case.html"

    async def emon(*arguments: str) -> tuple[int, str, str]:
        import asyncio

        code = await asyncio.to_thread(main, arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    code, out, _ = await emon("export", "--alert", alert, str(file))
    assert (code, alert in out, file.stat().st_mode & 0o077) == (0, True, 0)
    assert (await emon("export", "--alert", alert, str(file)))[0] == 73
    assert (await emon("export", "--alert", alert, "--html", str(page)))[0] == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    code, out, _ = await emon("export", "--alert", alert)
    assert (code, json.loads(out)["alert"]["id"]) == (0, alert)
    code, _, err = await emon("export", "--alert", "0" * 16)
    assert (code, "there is no alert" in err) == (65, True)
    code, _, err = await emon("export", "--alert", alert, "--for", "cjib")
    assert (code, "not for cjib" in err) == (77, True)
    code, _, err = await emon("export")
    assert (code, "name a TARGET" in err) == (64, True)

    code, out, _ = await emon("verify", "--file", str(file))
    assert (code, "everything agrees" in out, "note" in out) == (0, True, False)
    file.write_text(file.read_text("utf-8").replace("weggestuurd;", "aangehouden;"), "utf-8")
    code, out, _ = await emon("verify", "--file", str(file))
    assert (code, "closing.note" in out or "trail.entries" in out) == (1, True)
    code, out, _ = await emon("verify", "--file", str(file), "--json")
    assert (code, json.loads(out)["agrees"]) == (1, False)
    code, _, err = await emon("verify", "--file", str(page))
    assert (code, "is no court file" in err) == (65, True)
    assert (await emon("verify", "--file", str(tmp_path / "nowhere")))[0] == 74


async def test_a_file_for_an_alert_of_a_device_has_no_breach(claimed_store: Store, tmp_path: Path) -> None:
    await lived(claimed_store, tmp_path)
    strap = next(one for one in await claimed_store.alerts(status="all", before=None, limit=20)
                 if one.event == "strap_tamper")  # fmt: skip
    document = await court_file_of(claimed_store.url, strap.id, DEFAULT_POLICY, made_at_us=clock.now_us())
    assert document is not None
    assert (document["breach"], document["explanation"]) == (None, None)
    assert (await checked(document, tmp_path)).agrees
    assert "apparaat of het systeem" in court_page(document)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-26 11:05:00+00", "2026-11-26T11:05:00.000000Z"),
        ("2026-11-26 11:05:00.25+00", "2026-11-26T11:05:00.250000Z"),
        ("2026-11-26 13:05:00+02", "2026-11-26T11:05:00.000000Z"),
        ("2026-11-26 06:05:00-05", "2026-11-26T11:05:00.000000Z"),
        ("2026-11-26 16:35:00+05:30", "2026-11-26T11:05:00.000000Z"),
        ("2026-11-26T11:05:00+00:00", "2026-11-26T11:05:00.000000Z"),
    ],
)
def test_an_instant_of_a_whole_second_is_read_as_any_other(written: str, instant: str) -> None:
    assert instant_text(written) == instant

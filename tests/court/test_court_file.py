"""The court file agrees with itself, and every change of it is found and named by its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from emon import clock
from emon.alerts.policy import DEFAULT_POLICY
from emon.audit.keyring import Keyring
from emon.court.document import MADE, court_text, hash_of, hashes_of
from emon.court.parts import PARTS
from emon.court.schema import court_schema
from emon.court.stored import court_file_of
from emon.court.summary import summary_of
from emon.court.verify import CourtReport, check_file, read_court_file
from emon.store.store import Store
from tests.court.lives import armed, lived, walk
from tests.store.judging import judge

Document = dict[str, Any]
Path_ = tuple[Any, ...]


async def made(store: Store, alert_id: str, party: str | None = None) -> Document:
    document = await court_file_of(
        store.url, alert_id, DEFAULT_POLICY, made_at_us=clock.now_us(), party=party
    )
    assert document is not None
    return document


async def checked(document: Document, folder: Path | None = None) -> CourtReport:
    """As ``emon verify --file`` reads it, from its text."""
    known = [] if folder is None else Keyring(folder).lines()
    return await check_file(read_court_file(court_text(document).encode()), known)


@pytest.fixture
async def whole(claimed_store: Store, tmp_path: Path) -> Document:
    return await made(claimed_store, await lived(claimed_store, tmp_path))


def forged(document: Document) -> Document:
    """With hashes made anew, as somebody who knows of them would."""
    document["hashes"] = hashes_of(document)
    document["sha256"] = hash_of(document)
    return document


async def test_it_was_sent_again_as_often_as_somebody_was_told(whole: Document) -> None:
    """A rung at which everybody still waited for the last message is on file; it sent nobody anything."""

    def again(*told: list[str]) -> list[str]:
        climbed = {**whole, "climbs": [{"told": one} for one in told]}
        return [one for one in summary_of(climbed)["en"] if "sent again" in one]

    assert again() == again([], []) == []
    (once,), (twice,) = again(["politie"], [], []), again(["politie"], [], ["om"])
    assert once == "Because an answer did not come, the alert was sent again once."
    assert twice == "Because an answer did not come, the alert was sent again 2 times."


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list) and value:
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    else:
        yield path


def changed(document: Document, path: Path_) -> Document:
    """The document with the one value at this path another."""
    found = copy.deepcopy(document)
    parent: Any = found
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = other(parent[path[-1]])
    return found


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] != "1" else "2")
    return "put there" if value is None else ["put there"]


def place_of(path: Path_) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


async def test_a_whole_life_agrees_with_its_own_evidence_and_with_kept_heads(
    whole: Document, tmp_path: Path
) -> None:
    report = await checked(whole, tmp_path)
    assert report.findings == []
    assert report.remarks == []
    assert report.proved == report.entries > 25
    assert report.rows == len(whole["fixes"]) + len(whole["device_said"]) == 7
    assert [one["person"] for one in whole["acknowledgements"]] == ["A. de Vries <b>\n& zoon"]
    assert [len(one["attempts"]) for one in whole["deliveries"]] == [3, 1, 0]
    assert whole["closing"]["cause"] == "wearer"
    assert whole["corrections"][0]["changes"] == {"certainty": {"was": "possible", "is": "certain"}}
    assert whole["decision"]["rule"]["name"] == whole["decision"]["rule_name"] == "certain"
    assert whole["explanation"]["verdict"]["id"] == whole["breach"]["id"]
    alone = await checked(whole)
    assert alone.agrees
    assert "the keys are the file's own" in alone.remarks[0]


async def test_the_file_is_what_its_schema_says(whole: Document, repository: Path) -> None:
    schema = court_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(court_text(whole)))
    assert json.loads((repository / "docs" / "court.schema.json").read_text("utf-8")) == schema


async def test_every_value_of_every_readable_part_is_held_by_the_evidence(whole: Document) -> None:
    """Also against somebody who makes the hashes anew. The explanation is left out here: it is judged anew
    each time, and has a test of its own."""
    plain = forged({**whole, "explanation": None})
    assert (await checked(plain)).agrees
    swept = 0
    for name in (*PARTS, "summary"):
        for path in leaves(plain[name], (name,)):
            report = await checked(forged(changed(plain, path)))
            named = [one.place for one in report.findings]
            if path == ("alert", "id"):  # then the evidence is of no such alert
                assert named == ["alert"]
            else:
                assert place_of(path) in named, (path, named)
            swept += 1
    assert swept > 150


async def test_every_value_of_the_evidence_is_held_by_the_signed_heads(whole: Document) -> None:
    plain = forged({**whole, "explanation": None})
    for path in leaves(plain["trail"], ("trail",)):
        if path == ("trail", "left_out"):
            continue
        report = await checked(forged(changed(plain, path)))
        # What is named is the item that was changed; of a key, what hangs on it.
        stem = {"keys": "trail.", "newest_head": "trail.newest_head"}.get(path[1], place_of(path[:3]))
        assert any(one.place.startswith(stem) for one in report.findings), (path, report.findings)


@pytest.mark.parametrize(
    "path",
    [
        ("verdict", "certainty"),
        ("verdict", "opened_at"),
        ("fixes", 1, "fix", "lat"),
        ("fixes", 1, "mark"),
        ("orders", 0, "conditions", 0, "zone", "radius_m"),
        ("sentence", "nl"),
        ("sha256",),
    ],
)
async def test_a_changed_explanation_is_named(whole: Document, path: Path_) -> None:
    place = ("explanation", *path)
    report = await checked(forged(changed(whole, place)))
    assert any(one.place.startswith("explanation") for one in report.findings)


async def test_an_explanation_that_agrees_with_itself_and_not_with_the_evidence_is_named(
    whole: Document,
) -> None:
    from emon.explanation.document import hash_of as explanation_hash

    for path, place in (
        (("fixes", 1, "fix", "lon"), "explanation.fixes[1]"),
        (("orders", 0, "wearer"), "explanation.orders[0]"),
    ):
        document = changed(whole, ("explanation", *path))
        document["explanation"]["sha256"] = explanation_hash(document["explanation"])
        report = await checked(forged(document))
        assert place in [one.place for one in report.findings]


@pytest.mark.parametrize("name", [*MADE[1:], "hashes", "sha256"])
async def test_what_nothing_proves_is_at_least_hashed(whole: Document, name: str) -> None:
    document = forged({**whole, "explanation": None})
    path = (name, "alert") if name == "hashes" else (name,)
    report = await checked(changed(document, path))
    assert any(one.place in (name, "alert") for one in report.findings)


async def test_a_member_that_is_gone_or_new_is_named(whole: Document) -> None:
    less = {name: value for name, value in whole.items() if name != "closing"}
    assert "closing" in [one.place for one in (await checked(forged(less))).findings]
    assert "more" in [one.place for one in (await checked(forged({**whole, "more": 1}))).findings]


async def test_an_entry_left_out_of_the_file_shows_where_a_part_still_speaks_of_it(whole: Document) -> None:
    document = forged({**whole, "explanation": None})
    entries = document["trail"]["entries"]
    document["trail"]["entries"] = [one for one in entries if one["relation"] != "resolution"]
    assert "closing" in [one.place for one in (await checked(forged(document))).findings]


async def test_a_file_signed_by_a_stranger_does_not_agree_with_kept_heads(
    whole: Document, claimed_store: Store, tmp_path: Path
) -> None:
    from emon.sealer import Sealer

    stranger = Keyring(tmp_path / "stranger")
    stranger.make()
    stranger.adopt()
    private = stranger.current()
    assert private is not None
    from emon.audit.heads import sign_key

    stranger.append([sign_key(private, clock.now_us(), None).text])
    report = await checked(whole, tmp_path / "stranger")
    assert any("trail.keys[0]" in one.place for one in report.findings)
    assert any("a key that is not known" in one.what for one in report.findings)
    assert Sealer(claimed_store, stranger, clock.now_us).sent_along() is None


async def test_what_nobody_has_signed_yet_is_not_called_proved(claimed_store: Store, tmp_path: Path) -> None:
    await armed(claimed_store)
    effects = await judge(claimed_store, walk(clock.now_us(), [900.0, 40.0, 40.0, 50.0]))
    alert = next(alert for one in effects for alert in one.alerts)
    document = await made(claimed_store, alert.id)
    report = await checked(document)
    assert report.proved == 0
    assert report.waiting == report.entries
    assert {one.place.partition("[")[0] for one in report.findings} == {"trail.entries", "trail.rows"}
    assert any("make it again" in remark for remark in report.remarks)
    assert document["trail"]["newest_head"] is None


async def test_no_alert_no_file(claimed_store: Store) -> None:
    assert await court_file_of(claimed_store.url, "0" * 16, DEFAULT_POLICY, made_at_us=1) is None

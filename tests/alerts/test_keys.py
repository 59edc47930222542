"""Keys with ids that overlap with their successors; rotation while the service runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from emon.alerts.acknowledge import AcknowledgementRefused, verify_acknowledgement
from emon.alerts.channels.webhook import WebhookChannel
from emon.alerts.compose import Composer
from emon.alerts.key_ring import KeyRing
from emon.alerts.keys import (
    KeysRefused,
    SigningKey,
    holding,
    key_id,
    keys_document,
    read_keys,
    rotated,
)
from emon.alerts.outbox import Outcome
from emon.alerts.recipients import load_recipients
from emon.alerts.routes import Secret, WebhookRoute
from emon.cli import main
from emon.clock import now_us
from emon.limits import KEY_FILE_LOOK_S
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Party
from tests.alerts.parts import BREACH, NOON_US, due
from tests.alerts.servers import HttpRecipient, http, talking
from tests.alerts.test_acknowledge import signed

WEEK_US = 7 * 86_400 * SECOND_US
COMPOSER = Composer("https://emon.example", frozenset({"politie"}), "meldkamer_em")


def bytes_of(number: int) -> bytes:
    return bytes([number]) * 32


def secrets_of(keys: tuple[SigningKey, ...]) -> list[str]:
    return [key.secret.reveal() for key in keys]


def test_a_new_key_begins_at_once_and_the_old_one_ends_after_the_overlap() -> None:
    first = rotated((), bytes_of(1), NOON_US, WEEK_US)
    both = rotated(first, bytes_of(2), NOON_US + SECOND_US, WEEK_US)
    old, new = both
    assert (old.id, new.from_us, old.until_us) == (
        first[0].id,
        NOON_US + SECOND_US,
        NOON_US + SECOND_US + WEEK_US,
    )
    assert holding(both, NOON_US + SECOND_US) == (new, old)
    assert holding(both, NOON_US + SECOND_US + WEEK_US) == (new,)
    third = rotated(both, bytes_of(3), NOON_US + 2 * WEEK_US, WEEK_US)
    assert [key.id for key in third] == [new.id, third[-1].id], "what ended is left out"


@given(steps=st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), max_size=6))
def test_a_key_signs_at_every_instant_and_the_file_says_the_same(steps: list[tuple[int, int]]) -> None:
    keys, at_us = rotated((), bytes_of(0), NOON_US, 0), NOON_US
    for number, (after_us, overlap_us) in enumerate(steps, 1):
        at_us += after_us
        keys = rotated(keys, bytes_of(number), at_us, overlap_us)
        assert holding(keys, at_us)
        assert holding(keys, at_us + 10**15)
        if len(keys) <= 8:
            assert read_keys(keys_document(keys)) == keys


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not a file of keys"),
        (b'{"keys": []}', "1 to 8"),
        (
            b'{"keys": [{"id": "a", "secret": "whsec_AAAA", "from": "2026-01-01T00:00:00Z"}]}',
            "keys[0].secret",
        ),
        (
            b'{"keys": [{"id": "a", "secret": "whsec_' + b"A" * 32 + b'", "from": "yesterday"}]}',
            "keys[0]",
        ),
    ],
)
def test_a_file_of_keys_that_cannot_be_used_is_refused_by_its_place(content: bytes, said: str) -> None:
    with pytest.raises(KeysRefused) as fault:
        read_keys(content)
    assert said in str(fault.value)
    assert "AAAA" not in str(fault.value).replace("keys[0].secret", "")


def test_a_key_s_name_tells_nothing_of_it() -> None:
    assert key_id("whsec_" + "A" * 32) != key_id("whsec_" + "B" * 32)
    assert len(key_id("whsec_" + "A" * 32)) == 10


def policy(tmp_path: Path) -> Path:
    entry = {"channel": "webhook", "url": "https://x.invalid/", "keys_file": "centre.keys"}
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"recipients": {"meldkamer_em": entry}}))
    return file


def test_rotation_is_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = policy(tmp_path)
    rotate = ["recipients", "rotate", "meldkamer_em", "--policy", str(file)]
    assert main(rotate) == 0
    first = json.loads(capsys.readouterr().out)
    assert main([*rotate, "--overlap-h", "1"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert list(second["ends"]) == [first["key"]]
    keys = tmp_path / "centre.keys"
    assert keys.stat().st_mode & 0o777 == 0o600
    assert len(load_recipients(file).keys()["meldkamer_em"].at(now_us())) == 2
    assert main(["recipients", "keys", "meldkamer_em", "--policy", str(file)]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[:2] for line in listed.splitlines()] == [
        [first["key"], "signs"],
        [second["key"], "signs"],
    ]
    assert "whsec_" not in listed + json.dumps(second)


def test_a_route_without_a_file_of_keys_cannot_be_rotated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = policy(tmp_path)
    assert main(["recipients", "rotate", "politie", "--policy", str(file)]) == 65
    assert "neither recipients nor contacts name politie" in capsys.readouterr().err


async def test_in_the_overlap_either_key_verifies_ours_and_signs_theirs(tmp_path: Path) -> None:
    """A running service takes a rotation over from the file, without a restart."""
    file = tmp_path / "politie.keys"
    old = rotated((), bytes_of(1), 0, 0)
    file.write_bytes(keys_document(old))
    at_us = [now_us()]
    recipient = HttpRecipient(http("204 No Content"))
    async with talking(recipient) as port:
        route = WebhookRoute(Party.POLITIE, f"http://127.0.0.1:{port}/", None, keys_file=str(file))
        channel = WebhookChannel(route, COMPOSER, lambda: at_us[0])
        await channel.send(due(BREACH.id, "politie"))
        both = rotated(old, bytes_of(2), at_us[0], 2 * KEY_FILE_LOOK_S * SECOND_US)
        file.write_bytes(keys_document(both))
        at_us[0] += KEY_FILE_LOOK_S * SECOND_US
        await channel.send(due(BREACH.id, "politie"))
        file.write_text("half a fi")  # cannot be read now: the keys stay as they were
        at_us[0] += 2 * KEY_FILE_LOOK_S * SECOND_US
        assert (await channel.send(due(BREACH.id, "politie"))).outcome is Outcome.DELIVERED
        await channel.close()
    first, second = secrets_of(both)
    before, during, after = recipient.requests
    accepted = [
        [is_verified(secret, one.body, one.headers) for secret in (first, second)]
        for one in (before, during, after)
    ]
    assert accepted == [[True, False], [True, True], [False, True]]
    assert during.headers["x-emon-keys"].split() == [both[1].id, both[0].id]
    assert len(during.headers["webhook-signature"].split()) == 2


def is_verified(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def test_an_acknowledgement_may_be_signed_by_either_key() -> None:
    both = rotated(rotated((), bytes_of(1), NOON_US, 0), bytes_of(2), NOON_US, WEEK_US)
    ring = KeyRing(both)
    body = json.dumps({"alert": BREACH.id, "party": "politie", "person": "A. de Vries"}).encode()
    for secret in secrets_of(both):
        headers = signed(body, secret=secret)
        taken = verify_acknowledgement(headers, body, ring.secrets_at(NOON_US), NOON_US, alert_id=BREACH.id)
        assert taken.person == "A. de Vries"
    old = signed(body, secret=secrets_of(both)[0], at_us=NOON_US + WEEK_US)
    late_us = NOON_US + WEEK_US
    with pytest.raises(AcknowledgementRefused):
        verify_acknowledgement(old, body, ring.secrets_at(late_us), late_us, alert_id=BREACH.id)


def test_a_secret_in_the_configuration_is_a_key_without_an_end() -> None:
    secret = Secret("whsec_" + "A" * 32)
    (key,) = KeyRing.of_secret(secret).at(NOON_US)
    assert (key.secret, key.until_us) == (secret, None)

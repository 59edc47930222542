"""Acknowledgements: only the party's own signature, lately made, for this very alert."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from emon.alerts.acknowledge import AcknowledgementRefused, claimed_party, verify_acknowledgement
from emon.model.instant import SECOND_US, to_datetime
from tests.alerts.parts import NOON_US

SECRET = "whsec_" + base64.b64encode(b"p" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"r" * 32).decode()
ALERT = "0123456789abcdef"
GOOD: dict[str, Any] = {"alert": ALERT, "party": "politie", "person": "A. de Vries, centralist"}


def signed(body: bytes, *, at_us: int = NOON_US, secret: str = SECRET) -> dict[str, str]:
    at = to_datetime(at_us)
    return {
        "Webhook-Id": "ack-1",
        "Webhook-Timestamp": str(at_us // SECOND_US),
        "Webhook-Signature": Webhook(secret).sign("ack-1", at, body.decode()),
    }


def test_a_signed_acknowledgement_names_the_person() -> None:
    body = json.dumps(GOOD).encode()
    taken = verify_acknowledgement(signed(body), body, SECRET, NOON_US + SECOND_US, alert_id=ALERT)
    assert (taken.alert, taken.party, taken.person) == (ALERT, "politie", "A. de Vries, centralist")
    assert taken.signed_at_us == NOON_US
    assert claimed_party(body) == "politie"


def test_one_of_several_signatures_is_enough_while_a_secret_is_replaced() -> None:
    body = json.dumps(GOOD).encode()
    headers = signed(body)
    old = signed(body, secret=OTHER)["Webhook-Signature"]
    headers["Webhook-Signature"] = f"v2,x {old} {headers['Webhook-Signature']}"
    assert verify_acknowledgement(headers, body, SECRET, NOON_US, alert_id=ALERT).party == "politie"


@pytest.mark.parametrize(("off_s", "taken"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_five_minutes_either_way(off_s: int, taken: bool) -> None:
    body = json.dumps(GOOD).encode()
    headers = signed(body, at_us=NOON_US + off_s * SECOND_US)
    if taken:
        assert verify_acknowledgement(headers, body, SECRET, NOON_US, alert_id=ALERT).alert == ALERT
        return
    with pytest.raises(AcknowledgementRefused, match="more than 5 minutes") as refused:
        verify_acknowledgement(headers, body, SECRET, NOON_US, alert_id=ALERT)
    assert refused.value.http_status == 401


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("Webhook-Id", "", "missing header: webhook-id"),
        ("Webhook-Id", "ack-2", "no matching signature"),
        ("Webhook-Timestamp", "", "missing header: webhook-timestamp"),
        ("Webhook-Timestamp", "1777896000.5", "whole seconds"),
        ("Webhook-Timestamp", "NaN", "whole seconds"),
        ("Webhook-Timestamp", "9" * 400, "whole seconds"),
        ("Webhook-Timestamp", "٣٣٣", "whole seconds"),
        ("Webhook-Timestamp", str(NOON_US // SECOND_US + 1), "no matching signature"),
        ("Webhook-Signature", "", "missing header: webhook-signature"),
        ("Webhook-Signature", "v1", "no matching signature"),
        ("Webhook-Signature", "v1,", "no matching signature"),
        ("Webhook-Signature", "v1,%%%", "no matching signature"),
        ("Webhook-Signature", "v1,é", "no matching signature"),
        ("Webhook-Signature", "v2,AAAA", "no matching signature"),
    ],
)
def test_broken_headers_are_refused(header: str, value: str, reason: str) -> None:
    body = json.dumps(GOOD).encode()
    with pytest.raises(AcknowledgementRefused, match=reason) as refused:
        verify_acknowledgement(signed(body) | {header: value}, body, SECRET, NOON_US, alert_id=ALERT)
    assert refused.value.http_status == 401


def test_another_party_cannot_sign_for_this_one() -> None:
    body = json.dumps(GOOD).encode()
    with pytest.raises(AcknowledgementRefused, match="no matching signature"):
        verify_acknowledgement(signed(body, secret=OTHER), body, SECRET, NOON_US, alert_id=ALERT)


def test_an_acknowledgement_counts_for_its_own_alert_only() -> None:
    body = json.dumps(GOOD).encode()
    with pytest.raises(AcknowledgementRefused, match="another alert"):
        verify_acknowledgement(signed(body), body, SECRET, NOON_US, alert_id="fedcba9876543210")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"alert": "0123456789abcdef", "party": "politie"}',
        json.dumps(GOOD | {"person": "  "}).encode(),
        json.dumps(GOOD | {"person": "x" * 201}).encode(),
        json.dumps(GOOD | {"person": "x\x00"}).encode(),
        json.dumps(GOOD | {"person": 7}).encode(),
        json.dumps(GOOD | {"filler": "x" * 20_000}).encode(),
    ],
)
def test_a_body_that_names_nobody_is_refused_though_signed(body: bytes) -> None:
    with pytest.raises(AcknowledgementRefused) as refused:
        verify_acknowledgement(signed(body), body, SECRET, NOON_US, alert_id=ALERT)
    assert refused.value.http_status == 400


@given(
    body=st.binary(max_size=200),
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text(max_size=40)
    ),
)
def test_no_input_of_a_stranger_raises_anything_else(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(AcknowledgementRefused):
        verify_acknowledgement(headers, body, SECRET, NOON_US, alert_id=ALERT)

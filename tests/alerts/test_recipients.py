"""The recipients' configuration: every fault by its path, and no alert without a route."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from emon.alerts.recipients import Recipients, RecipientsRefused, load_recipients
from emon.alerts.routes import MailSecurity, SmtpRoute, WebhookRoute
from emon.model.breach import Alert
from emon.model.vocabulary import AlertEvent, Party
from tests.alerts.parts import NOON_US

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
MAIL = {"channel": "smtp", "to": "desk@centre.example", "from": "emon@emon.example", "server": "mail:587"}
HOOK = {"channel": "webhook", "url": "https://police.example/alerts", "secret": SECRET}


def load(recipients: Any, **environ: str) -> Recipients:
    return load_recipients(json.dumps({"recipients": recipients}).encode(), environ=environ)


def faults_of(recipients: Any) -> list[str]:
    with pytest.raises(RecipientsRefused) as refused:
        load(recipients)
    return [str(fault) for fault in refused.value.faults]


def alert_for(*parties: Party) -> Alert:
    return Alert("a1", AlertEvent.BREACH, 1, NOON_US, parties, NOON_US)


def test_routes_are_read_with_secrets_from_where_they_are_kept(tmp_path: Path) -> None:
    (tmp_path / "police.secret").write_text(SECRET + "\n")
    (tmp_path / "recipients.json").write_text(
        json.dumps(
            {
                "recipients": {
                    "politie": {
                        "channel": "webhook",
                        "url": "https://p.example/a",
                        "secret_file": "police.secret",
                    },
                    "reclassering": {
                        "channel": "webhook",
                        "url": "http://127.0.0.1:9/",
                        "secret_env": "RECL",
                    },
                    "meldkamer_em": MAIL | {"username": "emon", "password_env": "MAIL_PASSWORD"},
                }
            }
        )
    )
    recipients = load_recipients(
        tmp_path / "recipients.json", environ={"RECL": SECRET, "MAIL_PASSWORD": "geheim"}
    )
    police, mail = recipients.routes[Party.POLITIE], recipients.routes[Party.MELDKAMER_EM]
    assert isinstance(police, WebhookRoute)
    assert isinstance(mail, SmtpRoute)
    assert police.secret is not None
    assert police.secret.reveal() == recipients.secret_of("reclassering") == SECRET
    assert (mail.host, mail.port, mail.security) == ("mail", 587, MailSecurity.STARTTLS)
    assert mail.password is not None
    assert mail.password.reveal() == "geheim"
    assert recipients.secret_of("meldkamer_em") is None
    assert recipients.secret_of("nobody") is None
    assert SECRET not in repr(recipients)
    assert "geheim" not in repr(recipients)


def test_every_fault_is_named_at_once() -> None:
    faults = faults_of(
        {
            "politie": {"channel": "webhook", "url": "http://police.example/", "secret": "whsec_c2hvcnQ="},
            "reclassering": {"channel": "pigeon"},
            "om": 7,
            "beschermde": HOOK | {"secret_env": "ALSO", "colour": "red"},
            "shn": {"channel": "webhook", "url": "https://u:p@shn.example/", "secret_env": "UNSET"},
            "cjib": {"channel": "webhook", "url": "https://[oops", "secret_file": "/no/such/file"},
            "burgemeester": HOOK,
            "meldkamer_em": {
                "channel": "smtp",
                "to": "a@b.example, c@d.example",
                "from": "x",
                "server": "mail",
                "security": "rot13",
                "password": "p",
            },
        }
    )
    paths = [fault.partition(":")[0] for fault in faults]
    assert paths == [
        "recipients.politie.url",
        "recipients.politie.secret",
        "recipients.reclassering.channel",
        "recipients.om",
        "recipients.beschermde.colour",
        "recipients.beschermde.secret",
        "recipients.shn.url",
        "recipients.shn.secret_env",
        "recipients.cjib.url",
        "recipients.cjib.secret_file",
        "recipients.burgemeester",
        "recipients.meldkamer_em.server",
        "recipients.meldkamer_em.security",
        "recipients.meldkamer_em.username",
        "recipients.meldkamer_em.to",
        "recipients.meldkamer_em.from",
    ]
    assert not any(SECRET in fault for fault in faults)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"", "the file is empty"),
        (b"[]", "JSON, but no object"),
        (b"{}", "recipients: must be an object"),
        (b'{"recipients": {}}', "recipients: must be an object"),
        (b'{"recipients": {"om": 1}, "rulez": []}', "rulez: unknown member"),
        (b'{"recipients": {"politie": {}, "politie": {}}}', "recipients.politie: occurs more than once"),
        (b'{"recipients": ' + b"1" * 5_000 + b"}", "not JSON: .*digits"),
        (b"recipients = " + b"1" * 5_000, "neither JSON nor TOML: .*digits"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b"[" * 100_000, "neither JSON nor TOML"),
    ],
)
def test_what_is_no_configuration_is_refused(document: bytes, fault: str) -> None:
    with pytest.raises(RecipientsRefused, match=fault):
        load_recipients(document, environ={})


def test_a_missing_file_is_a_fault_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(RecipientsRefused, match=r"cannot read .*nowhere\.json"):
        load_recipients(tmp_path / "nowhere.json")


def test_the_monitoring_centre_is_required() -> None:
    assert faults_of({"politie": HOOK}) == [
        "recipients.meldkamer_em: is required: it hears what has no route of its own"
    ]


def test_clear_text_leaves_this_machine_only_when_said() -> None:
    plain = {"channel": "webhook", "url": "http://receiver:8080/", "secret": SECRET}
    assert "must be https://" in faults_of({"meldkamer_em": plain})[0]
    assert load({"meldkamer_em": plain | {"plaintext": True}}).routes
    assert "security" in faults_of({"meldkamer_em": MAIL | {"security": "none"}})[0]
    assert load({"meldkamer_em": MAIL | {"security": "none", "plaintext": True}}).routes
    assert load({"meldkamer_em": MAIL | {"security": "none", "server": "[::1]:25"}}).routes


def test_each_party_gets_its_delivery_by_its_own_channel() -> None:
    recipients = load({"politie": HOOK, "meldkamer_em": MAIL})
    deliveries = recipients.deliveries(alert_for(Party.POLITIE, Party.MELDKAMER_EM))
    assert [(d.id, d.recipient, d.channel) for d in deliveries] == [
        ("a1:politie", "politie", "webhook"),
        ("a1:meldkamer_em", "meldkamer_em", "smtp"),
    ]


def test_a_party_without_a_route_is_told_through_the_monitoring_centre_once() -> None:
    recipients = load({"politie": HOOK, "meldkamer_em": MAIL})
    deliveries = recipients.deliveries(alert_for(Party.BESCHERMDE, Party.POLITIE, Party.RECLASSERING))
    assert [d.recipient for d in deliveries] == ["meldkamer_em", "politie"]
    assert recipients.warnings([Party.POLITIE, Party.RECLASSERING]) == [
        "reclassering has no route: its alerts go to meldkamer_em, marked as not delivered to reclassering"
    ]


def test_an_alert_for_nobody_still_reaches_somebody() -> None:
    recipients = load({"meldkamer_em": MAIL})
    assert [d.recipient for d in recipients.deliveries(alert_for())] == ["meldkamer_em"]

"""Links in mails by which a person takes an alert in hand: what they open, and what opens nothing."""

from __future__ import annotations

import asyncio
import base64
import re
from email import message_from_bytes
from email.policy import default

import msgspec
import psycopg
import pytest

from emon import clock
from emon.alerts.channels.smtp import mail_message
from emon.alerts.compose import Composer
from emon.alerts.links import LinkFault, LinkRefused, Links
from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.limits import LINK_HOLDS_S
from emon.model.instant import SECOND_US
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome, VictimOutcome
from emon.model.vocabulary import Party
from emon.store.store import Store
from tests.alerts.parts import BREACH, NOON_US, due
from tests.fixtures_web import LINK_SECRET, Desk
from tests.web import story


@pytest.fixture
async def told(desk: Desk, store: Store) -> tuple[str, str]:
    """(delivery, alert) of something that the centre was told."""
    await story.play(store, clock.now_us())
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        row = await (
            await conn.execute(
                "SELECT d.id, d.alert_id FROM delivery AS d WHERE d.recipient = 'meldkamer_em' "
                "AND NOT EXISTS (SELECT FROM acknowledgement AS k WHERE k.alert_id = d.alert_id) "
                "ORDER BY d.seq LIMIT 1"
            )
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def link(desk: Desk, told: tuple[str, str], *, party: str = "meldkamer_em", sent_at_us: int = 0) -> str:
    delivery, alert = told
    return Links(desk.url, LINK_SECRET).url(delivery, alert, party, sent_at_us or clock.now_us())


async def taken(store: Store) -> list[tuple[str, str, str, str]]:
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        query = "SELECT alert_id, party, person, via FROM acknowledgement WHERE via = 'link'"
        return [tuple(row) for row in await (await conn.execute(query)).fetchall()]


async def test_asking_for_it_shows_a_page_and_changes_nothing(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    url = link(desk, told)
    async with desk.client() as client:
        for _ in range(3):  # mail scanners ask more than once, and by HEAD too
            shown = await client.get(url)
            await client.head(url)
    assert shown.status_code == 200
    assert told[1] in shown.text
    assert "form-action 'self'" in shown.headers["content-security-policy"]
    assert shown.headers["referrer-policy"] == "same-origin"
    assert await taken(store) == []


async def test_sending_the_page_takes_the_alert_in_hand_once(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    url = link(desk, told)
    person = "A. <b>de Vries</b>"
    async with desk.client() as client:
        first = await client.post(url, data={"person": person}, headers={"origin": desk.url})
        again = await client.post(url, data={"person": "Somebody else"})
        shown = await client.get(url)
        repeated = await client.post(
            link(desk, told, sent_at_us=clock.now_us() + SECOND_US), data={"person": "X"}
        )
    assert first.status_code == 200
    assert "de Vries" in first.text
    assert "<b>" not in first.text
    assert again.status_code == repeated.status_code == 409
    assert "al gebruikt" in again.text
    assert (shown.status_code, "<form" in shown.text) == (409, False), "said at once, before a name is typed"
    assert "al gebruikt" in shown.text
    assert await taken(store) == [(told[1], "meldkamer_em", person, "link")]


async def test_two_who_send_the_page_at_once_use_it_once(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    url = link(desk, told)
    async with desk.client() as client:
        answers = await asyncio.gather(*(client.post(url, data={"person": f"N{n}"}) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert len(await taken(store)) == 1


async def test_a_link_to_a_closed_alert_says_that_nothing_is_left_to_do(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY, VictimOutcome.SAFE_INFORMED)
    url = link(desk, told)
    async with desk.client() as client:
        before = await client.get(url)
        await store.close_alert(told[1], "meldkamer_em", "C. Smit", closing, "page")
        shown = await client.get(url)
        sent = await client.post(url, data={"person": "A. de Vries"})
        later = [await client.get(url), await client.post(url, data={"person": "A. de Vries"})]
    assert "al afgesloten" not in before.text
    for answer in (shown, sent):
        assert (answer.status_code, "al afgesloten" in answer.text) == (200, True)
    for answer in later:
        assert (answer.status_code, "al afgesloten" in answer.text) == (409, True)


async def test_a_link_to_an_alert_that_a_surer_one_follows_names_that_one(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    url = link(desk, told)
    copied = """
        INSERT INTO alert OVERRIDING USER VALUE
        SELECT (jsonb_populate_record(a, jsonb_build_object(
            'id', 'surer', 'event', 'breach', 'priority', 1, 'at', a.at + interval '1 s'))).*
        FROM alert AS a WHERE a.id = %s
    """
    async with desk.client() as client:
        before = await client.get(url)
        async with await psycopg.AsyncConnection.connect(store.url) as conn:
            await conn.execute(copied, (told[1],))
        answers = [await client.get(url), await client.post(url, data={"person": "A. de Vries"})]
        answers.append(await client.get(url))
    assert "zekerder melding" not in before.text
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert ["zekerder melding: surer" in answer.text for answer in answers] == [True] * 3
    assert ["later, surer alert: surer" in answer.text for answer in answers] == [True] * 3


async def test_a_link_to_an_alert_of_what_is_over_says_so(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    """Of an outage whose devices are heard again, as of a breach: nobody sets out for what has passed."""
    url = link(desk, told)
    over = """
        INSERT INTO alert OVERRIDING USER VALUE
        SELECT (jsonb_populate_record(a, jsonb_build_object(
            'id', 'over', 'event', 'breach_cleared', 'priority', 4, 'at', a.at + interval '1 s'))).*
        FROM alert AS a WHERE a.id = %s
    """
    async with desk.client() as client, await psycopg.AsyncConnection.connect(store.url) as conn:
        await conn.execute("UPDATE breach SET closed_at = NULL, refuted = false")
        await conn.execute(over, (told[1],))
        await conn.commit()
        goes_on = await client.get(url)
        await conn.execute("UPDATE breach SET closed_at = opened_at")
        await conn.commit()
        answers = [await client.get(url), await client.post(url, data={"person": "A. de Vries"})]
        answers.append(await client.get(url))
    assert "intussen voorbij" not in goes_on.text
    assert [("intussen voorbij" in one.text, one.status_code) for one in answers] == [
        (True, 200), (True, 200), (True, 409),
    ]  # fmt: skip


async def test_a_link_of_a_message_that_stands_for_others_takes_them_in_hand_with_it(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    """Whoever is told that a message stands for earlier ones answers for those too: they climb no more."""
    copied = """
        INSERT INTO alert OVERRIDING USER VALUE
        SELECT (jsonb_populate_record(a, jsonb_build_object('id', n.id, 'at', a.at - interval '1 s'))).*
        FROM alert AS a, unnest(%s::text[]) AS n (id) WHERE a.id = %s
    """
    joined = """
        INSERT INTO delivery (id, alert_id, recipient, channel, next_attempt_at, joined_into)
        SELECT n.id || ':' || d.recipient, n.id, d.recipient, d.channel, now(), d.id
        FROM delivery AS d, unnest(%s::text[]) AS n (id) WHERE d.id = %s
    """
    names = ["earlier-1", "earlier-2"]
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        await conn.execute(copied, (names, told[1]))
        await conn.execute(joined, (names, told[0]))
    await store.acknowledge("earlier-1", "meldkamer_em", "B. Bakker", "page")
    url = link(desk, told)
    async with desk.client() as client:
        shown = await client.get(url)
        answered = await client.post(url, data={"person": "A. de Vries"})
    assert "ook voor 2 eerdere" in shown.text
    assert "with 2 earlier ones" in answered.text
    assert sorted(await taken(store)) == sorted(
        (alert, "meldkamer_em", "A. de Vries", "link") for alert in (told[1], "earlier-2")
    )


@pytest.mark.parametrize("person", ["", "  ", "a\x1b[2J", "x" * 201])
async def test_nobody_takes_it_without_a_name(
    desk: Desk, store: Store, told: tuple[str, str], person: str
) -> None:
    async with desk.client() as client:
        answer = await client.post(link(desk, told), data={"person": person})
    assert answer.status_code == 400
    assert await taken(store) == []


async def test_another_page_may_not_send_it(desk: Desk, store: Store, told: tuple[str, str]) -> None:
    async with desk.client() as client:
        answer = await client.post(
            link(desk, told), data={"person": "A"}, headers={"origin": "https://evil.example"}
        )
    assert answer.status_code == 400
    assert await taken(store) == []


async def test_forged_old_and_foreign_links_are_refused_in_words(
    desk: Desk, store: Store, told: tuple[str, str]
) -> None:
    good = link(desk, told)
    other = Links(desk.url, b"\1" * 32).url(*told, "meldkamer_em", clock.now_us())
    old = link(desk, told, sent_at_us=clock.now_us() - (LINK_HOLDS_S + 1) * SECOND_US)
    foreign = link(desk, (told[0], "f" * 16))
    not_theirs = link(desk, told, party="shn")
    async with desk.client() as client:
        for url, status in (
            (other, 404),
            (good[:-2] + "AA", 404),
            (f"{desk.url}/ack/x", 404),
            (f"{desk.url}/ack/{'x' * 4000}", 404),
            (old, 410),
        ):
            for answer in (await client.get(url), await client.post(url, data={"person": "A"})):
                assert (answer.status_code, "emon" in answer.text) == (status, True), url
        assert (await client.post(foreign, data={"person": "A"})).status_code == 409
        assert (await client.post(not_theirs, data={"person": "A"})).status_code == 404
        assert (await client.post(good, data={"person": "A"})).status_code == 200, "none of these used it up"
    assert len(await taken(store)) == 1


def test_a_link_is_bound_to_all_that_it_says() -> None:
    links = Links("https://emon.example", LINK_SECRET)
    token = links.url("a1:politie", "a1", "politie", NOON_US).rpartition("/")[2]
    held = links.read(token, NOON_US)
    assert (held.alert, held.party) == ("a1", "politie")
    content, _, seal = token.partition(".")
    changed = msgspec.json.encode(msgspec.structs.replace(held, party="om"))
    forged = base64.urlsafe_b64encode(changed).decode().rstrip("=") + "." + seal
    for wrong in (forged, content, f".{seal}", "", f"{content}.é"):
        with pytest.raises(LinkRefused) as refused:
            links.read(wrong, NOON_US)
        assert refused.value.fault is LinkFault.FORGED
    with pytest.raises(LinkRefused) as refused:
        links.read(token, NOON_US + LINK_HOLDS_S * SECOND_US)
    assert refused.value.fault is LinkFault.OLD


def test_a_mail_has_the_link_of_its_party() -> None:
    links = Links("https://emon.example", LINK_SECRET)
    route = SmtpRoute(Party.MELDKAMER_EM, "a@b.nl", "emon@b.nl", "mail", 25, MailSecurity.NONE)
    composer = Composer("https://emon.example", frozenset({"meldkamer_em"}), "meldkamer_em")
    mail = mail_message(due(BREACH.id, "meldkamer_em"), route, composer, NOON_US, links)
    body = message_from_bytes(mail.as_bytes(), policy=default).get_content()
    found = re.search(r"https://emon\.example/ack/(\S+)", body)
    assert found is not None
    assert links.read(found[1], NOON_US).party == "meldkamer_em"

"""Links for one use in what people read: who gets which, in what words, and what they give away."""

from __future__ import annotations

import base64
import json
import re

import pytest
from msgspec.structs import replace

from emon import clock
from emon.alerts.channels.apprise_url import AppriseChannel
from emon.alerts.channels.opened import open_channels
from emon.alerts.compose import Composer
from emon.alerts.incident import Given, Say
from emon.alerts.link_lines import links_of, with_links
from emon.alerts.links import Links
from emon.alerts.notices import Notice, NoticeKind
from emon.alerts.outbox import DueDelivery, UpdateView
from emon.alerts.recipients import RecipientsRefused, load_recipients
from emon.alerts.routes import AppriseRoute, Languages, Secret
from emon.model.vocabulary import Party
from tests.alerts.golden import BASE, COMPOSER
from tests.alerts.parts import BREACH, NOON_US, due
from tests.alerts.servers import HttpRecipient, http, talking

LINKS = Links("https://emon.example", b"\7" * 32)
ADDRESS = re.compile(r"https://emon\.example/(ack|answer)/(\S+)")


async def told_by_apprise(
    delivery: DueDelivery | None, party: Party, *, links: bool = True, composer: Composer = COMPOSER
) -> str:
    """What a real server gets by Apprise, as a text; a notice where no delivery is given."""
    server = HttpRecipient(http("200 OK"))
    config = {
        "recipients": {
            "meldkamer_em": {"channel": "apprise", "url": "json://127.0.0.1:1/"},
            str(party): {"channel": "apprise", "url": "json://127.0.0.1:1/", "links": links},
        }
    }
    route = load_recipients(json.dumps(config).encode()).routes[party]
    assert isinstance(route, AppriseRoute)
    async with talking(server) as port:
        route = replace(route, url=Secret(f"json://127.0.0.1:{port}/in"))
        given = LINKS if route.links else None
        channel = AppriseChannel(route, composer, clock.now_us, given)
        if delivery is None:
            notice = Notice("n-1", NoticeKind.SUSPENDED, "o-1", "w-1", 2, NOON_US)
            await channel.note(notice, str(party))
        else:
            await channel.send(delivery)
    message: str = json.loads(server.requests[0].body)["message"]
    return message


async def test_a_text_message_takes_the_alert_in_hand_and_lets_the_police_answer() -> None:
    found = dict(ADDRESS.findall(await told_by_apprise(due(BREACH.id, "politie"), Party.POLITIE)))
    link = LINKS.read(found["ack"], clock.now_us())
    assert (link.delivery, link.alert, link.party) == (f"{BREACH.id}:politie", BREACH.id, "politie")
    assert LINKS.read_answer(found["answer"], clock.now_us()).incident == BREACH.breach


async def test_only_the_police_get_the_link_to_answer() -> None:
    text = await told_by_apprise(due(BREACH.id, "reclassering"), Party.RECLASSERING)
    assert [way for way, _ in ADDRESS.findall(text)] == ["ack"]


async def test_what_nobody_has_to_answer_has_no_link_to_acknowledge() -> None:
    update = UpdateView(2, Say.LEFT, Given.LEFT, NOON_US)
    to_police = replace(due(BREACH.id, "politie"), update=update)
    assert [w for w, _ in ADDRESS.findall(await told_by_apprise(to_police, Party.POLITIE))] == ["answer"]
    assert ADDRESS.findall(await told_by_apprise(None, Party.POLITIE)) == []


async def test_a_route_that_many_read_may_be_without_links() -> None:
    text = await told_by_apprise(due(BREACH.id, "politie"), Party.POLITIE, links=False)
    assert ADDRESS.findall(text) == []


@pytest.mark.parametrize("channel", ["webhook", "mqtt"])
def test_a_route_for_programs_knows_no_links(channel: str) -> None:
    config = {"recipients": {"meldkamer_em": {"channel": channel, "links": True}}}
    with pytest.raises(RecipientsRefused, match=r"recipients\.meldkamer_em\.links: unknown member"):
        load_recipients(json.dumps(config).encode())


def test_links_are_yes_or_no() -> None:
    config = {"recipients": {"meldkamer_em": {"channel": "apprise", "url": "json://h/", "links": "yes"}}}
    with pytest.raises(RecipientsRefused, match=r"meldkamer_em\.links: must be true or false"):
        load_recipients(json.dumps(config).encode())


async def test_the_configured_route_decides_in_the_service_too() -> None:
    for links, ways in ((True, ["ack", "answer"]), (False, [])):
        server = HttpRecipient(http("200 OK"))
        async with talking(server) as port:
            url = f"json://127.0.0.1:{port}/in"
            route = {"channel": "apprise", "url": url, "links": links}
            recipients = load_recipients(
                json.dumps({"recipients": {"politie": route, "meldkamer_em": route}}).encode()
            )
            async with open_channels(
                recipients, "https://emon.example", clock.now_us, b"\7" * 32
            ) as channels:
                await channels["politie"].send(due(BREACH.id, "politie"))
        assert [w for w, _ in ADDRESS.findall(json.loads(server.requests[0].body)["message"])] == ways


@pytest.mark.parametrize("party", [Party.RECLASSERING, Party.BESCHERMDE, Party.SHN])
def test_a_link_says_nothing_of_a_secret_zone(party: Party) -> None:
    """What it carries can be read by anybody: the delivery, its alert, its party, and when it ends."""
    delivery = DueDelivery(f"{BASE.id}:{party}", party, "smtp", 0, replace(BASE, secret=True))
    given = links_of(LINKS, COMPOSER, delivery, party, NOON_US)
    assert given.acknowledge is not None
    content = given.acknowledge.rsplit("/", 1)[1].split(".")[0]
    read = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    assert read == [
        f"{BASE.id}:{party}",
        BASE.id,
        party,
        LINKS.read(given.acknowledge.rsplit("/", 1)[1], NOON_US).until_s,
    ]


@pytest.mark.parametrize(
    ("languages", "line"),
    [
        (Languages.NL, "-- Eenmalige link: in behandeling nemen --"),
        (Languages.EN, "-- Link for one use: take in hand --"),
        (Languages.BOTH, "-- Eenmalige link: in behandeling nemen / Link for one use: take in hand --"),
    ],
)
def test_a_link_is_told_of_in_the_reader_s_language(languages: Languages, line: str) -> None:
    delivery = due(BREACH.id, "reclassering")
    composer = replace(COMPOSER, languages={"reclassering": languages})
    given = links_of(LINKS, composer, delivery, "reclassering", NOON_US)
    text = with_links(composer.written(delivery), given, "reclassering", languages)
    assert line in text.body.splitlines()


def test_her_link_is_in_words_of_her_own() -> None:
    delivery = DueDelivery(f"{BASE.id}:beschermde", "beschermde", "smtp", 0, BASE)
    given = links_of(LINKS, COMPOSER, delivery, "beschermde", NOON_US)
    body = with_links(COMPOSER.written(delivery), given, "beschermde", Languages.NL).body
    assert "-- Laat ons weten dat u dit hebt gelezen, dan herhalen wij het niet --" in body
    assert "behandeling" not in body.split("-- English --")[0]


def test_a_contact_of_hers_reads_her_words() -> None:
    """Whom she trusts gets her message, not the one to staff with everything left out."""
    composer = replace(COMPOSER, contacts={"sister": Party.BESCHERMDE})
    delivery = DueDelivery(f"{BASE.id}:sister", "sister", "smtp", 0, BASE)
    hers = COMPOSER.texts(replace(delivery, recipient="beschermde"))
    told = composer.texts(delivery)
    assert told.nl.subject == f"Bericht aan wie u bijstaat: {hers.nl.subject}", (
        "and does not take it for himself"
    )
    assert told.nl.body.endswith(f"\n\n{hers.nl.body}")
    assert "Met u is hieronder die persoon bedoeld" in told.nl.body
    assert told.en.body.endswith(f"\n\n{hers.en.body}")
    assert composer.short(delivery).startswith("Bericht aan wie u bijstaat: ")


@pytest.mark.parametrize(
    ("climb", "ending"),
    [
        (0, "\nSinds ons vorige bericht is dit nog 2 keer gebeurd.\n"),
        # Told again it has not happened again.
        (2, "\nU krijgt dit bericht opnieuw, omdat wij nog niet weten of u het hebt gelezen.\n"),
    ],
)
def test_what_is_repeated_or_joined_names_no_alerts_to_her(climb: int, ending: str) -> None:
    delivery = DueDelivery(
        f"{BASE.id}:beschermde", "beschermde", "smtp", 0, BASE, climb=climb, owed=("beschermde",)
    )
    body = COMPOSER.texts(replace(delivery, joined=("a" * 16, "b" * 16))).nl.body
    assert body.startswith("Er is een melding die u aangaat.\n"), "what matters first"
    assert body.endswith(ending)
    assert "a" * 16 not in body
    assert "OPSCHALING" not in body


async def test_no_name_forges_a_title_or_a_line_of_a_text_message() -> None:
    forged = replace(BREACH, wearer="w-1\r\nTo: all <b>\u202e", order="o-1\n\nGevraagd: niets")
    text = await told_by_apprise(DueDelivery("x:politie", "politie", "apprise", 0, forged), Party.POLITIE)
    assert "<b>" not in text
    assert "\u202e" not in text
    assert not any(line.startswith(("To:", "Gevraagd: niets")) for line in text.splitlines())

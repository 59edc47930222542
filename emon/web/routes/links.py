"""``/ack/TOKEN``: the page behind a link in a message. GET shows it, POST takes the alert in hand."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emon.alerts.links import Link, LinkFault, LinkRefused
from emon.alerts.messages import party_name
from emon.alerts.need import is_protected
from emon.alerts.words import EN, NL
from emon.limits import ACKNOWLEDGEMENT_BYTES_MAX, PERSON_CHARS_MAX
from emon.store.errors import AlertUnknown, LinkUsed, NotTheirs
from emon.web.backend import Services
from emon.web.http import CONTENT_SECURITY_POLICY, read_body

_SAID = {
    LinkFault.FORGED: (
        404,
        "Deze link is niet van ons of is beschadigd. Er is niets bevestigd.",
        "This link is not one of ours, or is damaged. Nothing was confirmed.",
    ),
    LinkFault.OLD: (
        410,
        "Deze link is verlopen. Er is niets bevestigd: gebruik de pagina of bel de meldkamer.",
        "This link has expired. Nothing was confirmed: use the page or call the centre.",
    ),
    LinkFault.USED: (
        409,
        "Deze link is al gebruikt. De melding is al in behandeling genomen.",
        "This link has been used. The alert has already been taken in hand.",
    ),
}
_HEADERS = {
    # A form is what this page is for; without a referrer a browser would not say where it comes from.
    "content-security-policy": CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'"),
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


class LinkRoutes:
    """Without a log-in: the link is what proves who asks. It shows nothing about a person."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.router = APIRouter()
        self.router.add_api_route("/ack/{token}", self.show, methods=["GET", "HEAD"])
        self.router.add_api_route("/ack/{token}", self.take, methods=["POST"])

    async def show(self, token: str) -> Response:
        """What the link is for, and a form. Changes nothing."""
        try:
            link = self._read(token)
        except LinkRefused as refused:
            return link_refusal(refused.fault)
        return _form(link)

    async def take(self, request: Request, token: str) -> Response:
        """Take the alert in hand, by name."""
        body = await read_body(request, ACKNOWLEDGEMENT_BYTES_MAX)
        try:
            link = self._read(token)
        except LinkRefused as refused:
            return link_refusal(refused.fault)
        person = " ".join("".join(parse_qs(body.decode(errors="replace")).get("person", [])).split())
        if not person or len(person) > PERSON_CHARS_MAX or not person.isprintable():
            return _form(link, status=400)
        try:
            taken = await self._services.backend.use_link(
                link.delivery, link.alert, link.party, person, self._services.now_us()
            )
        except LinkUsed:
            if is_protected(link.party):
                return link_page(409, _in_both(NL.hers.thanks, EN.hers.thanks))
            return link_refusal(LinkFault.USED)
        except (AlertUnknown, NotTheirs):
            return link_refusal(LinkFault.FORGED)
        self._services.live.wake()
        if is_protected(link.party):
            return link_page(200, _in_both(NL.hers.thanks, EN.hers.thanks))
        who = escape(taken.person)
        return link_page(
            200,
            f"<p lang=nl>In behandeling genomen door {who}, {NL.when.at(taken.acknowledged_at_us)}.</p>"
            f"<p lang=en>Taken in hand by {who}, {EN.when.at(taken.acknowledged_at_us)}.</p>",
        )

    def _read(self, token: str) -> Link:
        if self._services.links is None:
            raise LinkRefused(LinkFault.FORGED)
        return self._services.links.read(token, self._services.now_us())


def _form(link: Link, status: int = 200) -> Response:
    wanted = "" if status == 200 else _in_both("Vul uw naam in.", "Enter your name.")
    if is_protected(link.party):
        return _named_form(
            status, _in_both(NL.hers.read, EN.hers.read) + wanted, "Naam / Name", "Gelezen / Read"
        )
    alert = escape(link.alert)
    nl, en = (escape(party_name(words, link.party)) for words in (NL, EN))
    asked = _in_both(
        f"Melding {alert} ({nl}): neem deze in behandeling. Vul uw naam in.",
        f"Alert {alert} ({en}): take it in hand. Enter your name.",
    )
    return _named_form(
        status, asked + wanted, "Naam, functie / Name, function", "In behandeling nemen / Take in hand"
    )


def _named_form(status: int, asked: str, name: str, button: str) -> Response:
    return link_page(
        status,
        f'{asked}<form method="post"><label>{name} '
        f'<input name="person" required maxlength="{PERSON_CHARS_MAX}" autocomplete="name"></label> '
        f"<button>{button}</button></form>",
    )


def _in_both(dutch: str, english: str) -> str:
    return f"<p lang=nl>{dutch}</p><p lang=en>{english}</p>"


def link_refusal(fault: LinkFault) -> Response:
    """Says what is wrong with a link, and that nothing came of it."""
    status, dutch, english = _SAID[fault]
    return link_page(status, _in_both(dutch, english))


def link_page(status: int, content: str) -> Response:
    """A page of its own, outside the desk: no script, no log-in."""
    whole = (
        '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>emon</title></head>'
        f"<body><h1>emon</h1>{content}</body></html>"
    )
    return HTMLResponse(whole, status, _HEADERS)

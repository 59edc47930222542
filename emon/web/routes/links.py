"""``/ack/TOKEN``: the page behind a link in a message. GET shows it, POST takes the alert in hand."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emon.alerts.links import Link, LinkFault, LinkRefused
from emon.limits import ACKNOWLEDGEMENT_BYTES_MAX, PERSON_CHARS_MAX
from emon.model.instant import to_datetime
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
            return link_refusal(LinkFault.USED)
        except (AlertUnknown, NotTheirs):
            return link_refusal(LinkFault.FORGED)
        self._services.live.wake()
        at = f"{to_datetime(taken.acknowledged_at_us):%Y-%m-%d %H:%M:%S} UTC"
        who = escape(taken.person)
        return link_page(
            200,
            f"<p lang=nl>In behandeling genomen door {who}, {at}.</p>"
            f"<p lang=en>Taken in hand by {who}, {at}.</p>",
        )

    def _read(self, token: str) -> Link:
        if self._services.links is None:
            raise LinkRefused(LinkFault.FORGED)
        return self._services.links.read(token, self._services.now_us())


def _form(link: Link, status: int = 200) -> Response:
    about = f"{escape(link.alert)} ({escape(link.party)})"
    wanted = "" if status == 200 else "<p lang=nl>Vul uw naam in.</p><p lang=en>Enter your name.</p>"
    return link_page(
        status,
        f"<p lang=nl>Melding {about}: neem haar in behandeling met uw naam.</p>"
        f"<p lang=en>Alert {about}: take it in hand with your name.</p>{wanted}"
        f'<form method="post"><label>Naam, functie / Name, function '
        f'<input name="person" required maxlength="{PERSON_CHARS_MAX}" autocomplete="name"></label> '
        "<button>In behandeling nemen / Take in hand</button></form>",
    )


def link_refusal(fault: LinkFault) -> Response:
    """Says what is wrong with a link, and that nothing came of it."""
    status, dutch, english = _SAID[fault]
    return link_page(status, f"<p lang=nl>{dutch}</p><p lang=en>{english}</p>")


def link_page(status: int, content: str) -> Response:
    """A page of its own, outside the desk: no script, no log-in."""
    whole = (
        '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>emon</title></head>'
        f"<body><h1>emon</h1>{content}</body></html>"
    )
    return HTMLResponse(whole, status, _HEADERS)

"""``/ack/TOKEN``: the page behind a link in a message. GET shows it, POST takes the alert in hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emon.alerts.direction import kept_apart
from emon.alerts.lifecycle import Fact
from emon.alerts.links import Link, LinkFault, LinkRefused
from emon.alerts.messages import party_name
from emon.alerts.need import is_protected
from emon.alerts.words import EN, NL, Language
from emon.limits import ACKNOWLEDGEMENT_BYTES_MAX, PERSON_CHARS_MAX
from emon.store.errors import AlertUnknown, LinkUsed, NotTheirs
from emon.store.pages import AlertNow
from emon.web.backend import Services
from emon.web.http import CONTENT_SECURITY_POLICY, read_body
from emon.web.texts import text

_REFUSED = {
    LinkFault.FORGED: (404, "link.forged"),
    LinkFault.OLD: (410, "link.old"),
    LinkFault.USED: (409, "link.used"),
}
LANGUAGE_OF = {"nl": NL, "en": EN}
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
        """What the link is for, and a form, or that it has been used. Changes nothing."""
        try:
            link = self._read(token)
        except LinkRefused as refused:
            return link_refusal(refused.fault)
        since = await self._since(link)
        if await self._services.backend.link_used(link.delivery):
            return _used(link, since)
        return _form(link, since + await self._beside(link, "link.joined"))

    async def take(self, request: Request, token: str) -> Response:
        """Take the alert in hand, by name."""
        body = await read_body(request, ACKNOWLEDGEMENT_BYTES_MAX)
        try:
            link = self._read(token)
        except LinkRefused as refused:
            return link_refusal(refused.fault)
        person = " ".join("".join(parse_qs(body.decode(errors="replace")).get("person", [])).split())
        if not person or len(person) > PERSON_CHARS_MAX or not person.isprintable():
            since = await self._since(link) + await self._beside(link, "link.joined")
            return _form(link, since, status=400)
        try:
            taken = await self._services.backend.use_link(
                link.delivery, link.alert, link.party, person, self._services.now_us()
            )
        except LinkUsed:
            return _used(link, await self._since(link))
        except (AlertUnknown, NotTheirs):
            return link_refusal(LinkFault.FORGED)
        self._services.live.wake()
        if is_protected(link.party):
            return link_page(200, _paragraphs(NL.hers.thanks, EN.hers.thanks))
        said = in_both(
            "link.taken",
            lambda words: {"person": taken.person, "when": words.when.at(taken.acknowledged_at_us)},
        )
        return link_page(200, said + await self._beside(link, "link.taken_joined") + await self._since(link))

    async def _beside(self, link: Link, id_: str) -> str:
        """That the message stands for further alerts, which are answered with it, as markup."""
        count = await self._services.backend.told_beside(link.delivery)
        if count == 0 or is_protected(link.party):
            return ""
        return in_both(id_, lambda _: {"count": count})

    async def _since(self, link: Link) -> str:
        """What has become of the alert, as markup: whoever opens an old mail must not set out for what others
        have dealt with, nor take his answer to it for one to the surer alert that climbs in its place."""
        found = await self._services.backend.alerts_by_id([link.alert])
        if is_protected(link.party) or not found:
            return ""
        if found[0].resolution is not None:
            return in_both("link.closed")
        surer = [one.other for one in found[0].happened if one.fact is Fact.RISEN]
        if surer:
            return in_both("link.surer", lambda _: {"alert": surer[0]})
        return in_both("link.over") if _is_over(found[0]) else ""

    def _read(self, token: str) -> Link:
        if self._services.links is None:
            raise LinkRefused(LinkFault.FORGED)
        return self._services.links.read(token, self._services.now_us())


def _is_over(alert: AlertNow) -> bool:
    """Whether what it tells of has ended since it was raised, and does not go on after all."""
    breach = alert.breach
    goes_on = breach is not None and breach.closed_at_us is None and not breach.refuted
    return not goes_on and any(one.fact is Fact.CLEARED for one in alert.happened)


def _used(link: Link, since: str) -> Response:
    if is_protected(link.party):
        return link_page(409, _paragraphs(NL.hers.thanks, EN.hers.thanks))
    return link_refusal(LinkFault.USED, since)


def _form(link: Link, since: str, status: int = 200) -> Response:
    wanted = "" if status == 200 else in_both("link.name_wanted")
    if is_protected(link.party):
        asked = _paragraphs(NL.hers.read, EN.hers.read)
        return _named_form(status, asked + wanted, "link.name", "link.read")
    asked = in_both("link.ask", lambda words: {"alert": link.alert, "party": party_name(words, link.party)})
    return _named_form(status, since + asked + wanted, "link.name_role", "link.take")


def _named_form(status: int, asked: str, name: str, button: str) -> Response:
    return link_page(
        status,
        f'{asked}<form method="post"><label>{beside(name)} '
        f'<input name="person" required maxlength="{PERSON_CHARS_MAX}" autocomplete="name"></label> '
        f"<button>{beside(button)}</button></form>",
    )


def in_both(id_: str, names: Callable[[Language], Mapping[str, object]] = lambda _: {}) -> str:
    """A text in both languages, a paragraph each, as markup. ``names``: what fills it in a language."""
    return _paragraphs(*(text(code, id_, **names(words)) for code, words in LANGUAGE_OF.items()))


def beside(id_: str) -> str:
    """A short text in both languages on one line, as markup."""
    return " / ".join(f"<span lang={code}>{escape(text(code, id_))}</span>" for code in LANGUAGE_OF)


def _paragraphs(dutch: str, english: str) -> str:
    return f"<p lang=nl>{kept_apart(escape(dutch))}</p><p lang=en>{kept_apart(escape(english))}</p>"


def link_refusal(fault: LinkFault, since: str = "") -> Response:
    """Says what is wrong with a link, and that nothing came of it. ``since``: what became of its alert."""
    status, id_ = _REFUSED[fault]
    return link_page(status, since + in_both(id_))


def link_page(status: int, content: str) -> Response:
    """A page of its own, outside the desk: no script, no log-in."""
    whole = (
        '<!doctype html><html lang="nl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>emon</title>'
        '<link rel="stylesheet" href="/css/base.css"><link rel="stylesheet" href="/css/sheet.css"></head>'
        f'<body class="sheet"><h1>emon</h1>{content}</body></html>'
    )
    return HTMLResponse(whole, status, _HEADERS)

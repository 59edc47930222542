"""In which language a person is answered."""

from __future__ import annotations

from starlette.requests import Request

from emon.web.texts import LANGUAGES

COOKIE = "emon_language"
"""What a person chose on the page. It holds no more than ``nl`` or ``en``."""

_ELSE = "en"
_ACCEPTED_CHARS_MAX = 200


def page_language(request: Request) -> str:
    """As the person chose, else as the browser asks, else English (ADR 0055)."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else (accepted(request) or _ELSE)


def answer_language(request: Request) -> str:
    """Of a refusal in JSON: Dutch for who asks for it, as the page does for its reader; else English."""
    return accepted(request) or _ELSE


def accepted(request: Request) -> str | None:
    """The first of ours among what ``Accept-Language`` prefers (RFC 9110, 12.5.4); None where none is."""
    best: tuple[float, str] | None = None
    header = ",".join(request.headers.getlist("accept-language"))[:_ACCEPTED_CHARS_MAX]
    for part in header.split(","):
        tag, _, parameters = part.strip().lower().partition(";")
        language = tag.strip().partition("-")[0]
        weight = _weight(parameters)
        if language in LANGUAGES and weight > 0.0 and (best is None or weight > best[0]):
            best = (weight, language)
    return None if best is None else best[1]


def _weight(parameters: str) -> float:
    """``q=0.8`` as a number; one that cannot be read counts as no wish."""
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        found = float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
    return found if 0.0 <= found <= 1.0 else 0.0

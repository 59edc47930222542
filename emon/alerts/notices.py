"""Notices: what those concerned are told once, and nobody has to answer. Not alerts: no clock runs on them.

Now there is one kind: that an order is suspended, and that it is not any more, also where that came by
itself. Pure: whether there is something to tell follows from the order as it stands and what was told last.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from emon.alerts.messages import Text, Texts, named
from emon.alerts.need import DEFAULT_NEEDS, Need, hides_zone
from emon.alerts.routes import Languages
from emon.alerts.short_text import short_text
from emon.alerts.when_words import WHEN_EN, WHEN_NL
from emon.alerts.words import EN, NL
from emon.model.ids import derive_id
from emon.model.instant import format_instant
from emon.model.order import Interval, OrderVersion
from emon.model.vocabulary import SEES_NO_WEARERS, Party

CONCERNED = (Party.MELDKAMER_EM, Party.RECLASSERING, Party.POLITIE)
"""Told beside the order's owner: who watches, who supervises, and who would be sent. What the protected
person is told of leave is not ours to decide: people tell her."""


class NoticeKind(StrEnum):
    """``suspended``: an order's places do not hold for a while. ``resumed``: they hold again."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"


class Notice(msgspec.Struct, frozen=True):
    """``at_us``: when it began or ended. ``until_us``: of one that began, its end as it stands. ``by``: who
    decided it. ``by_itself``: its end had come; no person put the order back in force. ``secret``: a zone of
    the order is. ``withheld``: there is a reason, which its reader may not see."""

    id: str
    kind: NoticeKind
    order: str
    wearer: str
    version: int
    at_us: int
    until_us: int | None = None
    reason: str = ""
    by: tuple[str, ...] = ()
    by_itself: bool = False
    recipients: tuple[str, ...] = ()
    secret: bool = False
    withheld: bool = False


class Told(msgspec.Struct, frozen=True):
    """What was told of an order last. ``until_us``: until when it was said to be suspended."""

    kind: NoticeKind
    at_us: int
    until_us: int | None


def notice_due(version: OrderVersion, told: Told | None, by: Sequence[str], now_us: int) -> Notice | None:
    """What is to be told of an order now, or None. ``told``: what was told of it last.

    Suspensions that touch or overlap are one; one whose end was moved is told with its new end. By level and
    not by edge: however rarely one looks, and over any restart, what is told last is how it stands. Of an
    order that is not in force nothing is told.
    """
    if not _in_force(version, now_us):
        return None
    held = _stretch(version, now_us)
    last = told if told is not None and told.kind is NoticeKind.SUSPENDED else None
    if held is not None and (last is None or last.until_us != held.to_us):
        since_us = held.from_us if told is None else max(held.from_us, told.at_us)
        return _notice(NoticeKind.SUSPENDED, version, since_us, held.to_us, held.reason, tuple(by))
    if held is None and last is not None:
        ended_us = max((o.to_us for o in version.suspensions if last.at_us < o.to_us <= now_us), default=None)
        # One that a person ended has the instant of that as its end, and came with a version of its own.
        by_itself = ended_us is not None and ended_us > version.armed_at_us
        if ended_us is None:
            ended_us = max(last.at_us, min(version.armed_at_us, now_us))
        return _notice(NoticeKind.RESUMED, version, ended_us, by_itself=by_itself)
    return None


def may_turn(version: OrderVersion, told: Told | None, now_us: int) -> bool:
    """Whether something may be due of this version later, ``told`` being what was told of it last."""
    suspended = told is not None and told.kind is NoticeKind.SUSPENDED
    return suspended or any(now_us < one.to_us for one in version.suspensions)


def _in_force(version: OrderVersion, now_us: int) -> bool:
    return version.valid_from_us <= now_us and (version.ends_at_us is None or now_us < version.ends_at_us)


def _stretch(version: OrderVersion, now_us: int) -> Interval | None:
    """The stretch of suspensions that holds at an instant, or None."""
    found: Interval | None = None
    for one in sorted(version.suspensions, key=lambda each: each.from_us):
        if found is not None and one.from_us <= found.to_us:
            reason = one.reason if one.from_us <= now_us else found.reason
            found = Interval(found.from_us, max(found.to_us, one.to_us), reason)
        elif one.from_us <= now_us:
            found = one
    return found if found is not None and now_us < found.to_us else None


def _notice(
    kind: NoticeKind,
    version: OrderVersion,
    at_us: int,
    until_us: int | None = None,
    reason: str = "",
    by: tuple[str, ...] = (),
    *,
    by_itself: bool = False,
) -> Notice:
    owner = () if version.owner is None else (version.owner.party,)
    concerned = dict.fromkeys((*CONCERNED, *owner))
    recipients = tuple(str(party) for party in concerned if party not in SEES_NO_WEARERS)
    return Notice(
        derive_id("notice", kind, version.id, at_us, until_us or 0),
        kind,
        version.id,
        version.wearer,
        version.version,
        at_us,
        until_us,
        reason,
        by,
        by_itself,
        recipients,
    )


def notice_shown_to(party: str, notice: Notice, needs: Sequence[Need] = DEFAULT_NEEDS) -> Notice:
    """The notice as somebody of the party may see it: whoever wrote the reason may have named the place."""
    if not hides_zone(party, notice, needs):
        return notice
    return replace(notice, reason="", withheld=notice.reason != "")


def notice_texts(notice: Notice) -> Texts:
    """In both languages; whatever ids and reasons hold, no line of theirs."""
    return Texts(nl=_text_nl(notice), en=_text_en(notice))


def _text_nl(notice: Notice) -> Text:
    order, wearer = named(notice.order), named(notice.wearer)
    when = WHEN_NL.at(notice.at_us)
    if notice.kind is NoticeKind.SUSPENDED:
        until = "?" if notice.until_us is None else WHEN_NL.at(notice.until_us)
        lines = [
            f"De verboden gebieden en verplichte plaatsen van beslissing {order} (drager {wearer}) "
            "gelden tijdelijk niet.",
            f"Vanaf: {when}",
            f"Tot: {until}. Dan gelden ze vanzelf weer, en hoort u dat.",
            f"Reden: {_reason_nl(notice)}",
            f"Besloten door: {named(', '.join(notice.by))}",
            "",
            "Contactverboden, enkelband, behuizing en noodknop blijven bewaakt, met meldingen zoals altijd.",
        ]
        subject = f"OPSCHORTING BEGONNEN: beslissing {order}, drager {wearer}"
    else:
        how = (
            "Het einde was bereikt." if notice.by_itself else "Iemand heeft de opschorting eerder beëindigd."
        )
        lines = [
            f"De verboden gebieden en verplichte plaatsen van beslissing {order} (drager {wearer}) "
            "gelden weer.",
            f"Sinds: {when}. {how}",
            "",
            "Is de drager nu in een verboden gebied of niet op een verplichte plaats, dan volgt daarover een "
            "eigen melding.",
        ]
        subject = f"OPSCHORTING VOORBIJ: beslissing {order}, drager {wearer}"
    lines.append(NL.labels["local"])
    lines.append("Dit is een bericht ter informatie. U hoeft niets te bevestigen.")
    return Text(subject, "\n".join(lines) + "\n")


def _text_en(notice: Notice) -> Text:
    order, wearer = named(notice.order), named(notice.wearer)
    when = WHEN_EN.at(notice.at_us)
    if notice.kind is NoticeKind.SUSPENDED:
        until = "?" if notice.until_us is None else WHEN_EN.at(notice.until_us)
        lines = [
            f"The exclusion zones and required places of order {order} (wearer {wearer}) "
            "do not hold for a while.",
            f"From: {when}",
            f"Until: {until}. Then they hold again by themselves, and you will hear of it.",
            f"Reason: {_reason_en(notice)}",
            f"Decided by: {named(', '.join(notice.by))}",
            "",
            "Contact bans, strap, case and panic button go on being watched, with alerts as always.",
        ]
        subject = f"SUSPENSION BEGAN: order {order}, wearer {wearer}"
    else:
        how = "Its end had come." if notice.by_itself else "Somebody ended the suspension before its time."
        lines = [
            f"The exclusion zones and required places of order {order} (wearer {wearer}) hold again.",
            f"Since: {when}. {how}",
            "",
            "If the wearer is in an exclusion zone now, or not at a required place, an alert of its own will "
            "follow.",
        ]
        subject = f"SUSPENSION OVER: order {order}, wearer {wearer}"
    lines.append(EN.labels["local"])
    lines.append("This is for your information. You need not confirm anything.")
    return Text(subject, "\n".join(lines) + "\n")


def _reason_nl(notice: Notice) -> str:
    return "op te vragen bij de meldkamer EM" if notice.withheld else named(notice.reason)


def _reason_en(notice: Notice) -> str:
    return "ask the monitoring centre for it" if notice.withheld else named(notice.reason)


def notice_written(notice: Notice, language: Languages) -> Text:
    """As one text in a recipient's language; Dutch first, then English, where it has none."""
    texts = notice_texts(notice)
    if language is not Languages.BOTH:
        return texts.nl if language is Languages.NL else texts.en
    body = f"{texts.nl.body}\n-- English --\n{texts.en.subject}\n{texts.en.body}"
    return Text(texts.nl.subject, body)


def notice_short(notice: Notice, language: Languages) -> str:
    """As a text message: until when, what that means, and why."""
    english, texts = language is Languages.EN, notice_texts(notice)
    subject = (texts.en if english else texts.nl).subject
    when = (WHEN_EN if english else WHEN_NL).short
    if notice.kind is NoticeKind.RESUMED:
        return short_text(subject, [f"{'Since' if english else 'Sinds'} {when(notice.at_us)}"])
    until = "?" if notice.until_us is None else when(notice.until_us)
    if english:
        held = "Zones and places do not hold; contact bans and devices go on being watched."
        return short_text(subject, [f"Until {until}", held, f"Reason: {_reason_en(notice)}"])
    held = "Gebieden en plaatsen gelden niet; contactverboden en apparaten blijven bewaakt."
    return short_text(subject, [f"Tot {until}", held, f"Reden: {_reason_nl(notice)}"])


def notice_body(notice: Notice, recipient: str, sent_at_us: int) -> bytes:
    """The JSON body of a webhook, documented in docs/recipients.md."""
    content = {
        "type": "notice",
        "timestamp": format_instant(notice.at_us),
        "data": {
            "id": notice.id,
            "kind": notice.kind,
            "order": notice.order,
            "version": notice.version,
            "wearer": notice.wearer,
            "at": format_instant(notice.at_us),
            "until": None if notice.until_us is None else format_instant(notice.until_us),
            "reason": notice.reason,
            "by": notice.by,
            "by_itself": notice.by_itself,
            "recipient": recipient,
            "sent_at": format_instant(sent_at_us),
            "texts": notice_texts(notice),
        },
    }
    return msgspec.json.encode(content)

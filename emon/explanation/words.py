"""The words of explanations, Dutch and English, in one place; ``sentence.py`` builds sentences of them.

A breach is what fixes show (``vermoedelijke overtreding``); only a person finds a violation. The words
are for a reader who knows the law and not the machine.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.explanation.grounds import Reason
from emon.model.vocabulary import Certainty, How, Kind


class Words(msgspec.Struct, frozen=True):
    """``what`` is filled in by ``sentence.py``; braces name what stands there."""

    opening: str
    opening_refuted: str
    kinds: Mapping[Kind, str]
    what: Mapping[How, str]
    what_refuted: str
    ended: str
    goes_on: str
    reach_path: str
    reach_speed: str
    afterwards: str
    certainty: Mapping[Certainty, str]
    reasons: Mapping[Reason, str]
    lone_place: str
    position: str
    positions: str
    minute: tuple[str, str]
    second: tuple[str, str]
    and_: str
    under: str
    months: tuple[str, ...]
    day: str


NL = Words(
    opening="Vermoedelijke overtreding van voorwaarde {condition} ({kind}) van beslissing {order}: ",
    opening_refuted="Ingetrokken, geen vermoedelijke overtreding meer van voorwaarde {condition} ({kind})"
    " van beslissing {order}: ",
    kinds={
        Kind.EXCLUSION: "locatieverbod",
        Kind.INCLUSION: "locatiegebod",
        Kind.CONTACT: "contactverbod",
    },
    what={
        How.INSIDE: "drager {wearer} was vanaf {opened} volgens {positions} van apparaat {device} binnen"
        " het verboden gebied, op het verste punt {deepest} binnen de grens, {end}",
        How.CROSSED: "de weg van drager {wearer} tussen twee posities van apparaat {device}, van {from} tot"
        " {to}, loopt door het verboden gebied, op het verste punt {deepest} binnen de grens",
        How.REACHABLE: "van {from} tot {to} is van drager {wearer} geen positie van apparaat {device}"
        " bekend, en {reach}",
        How.SCHEDULE: "toen het verbod inging, {opened}, was drager {wearer} volgens apparaat {device}"
        " binnen het verboden gebied, op het verste punt {deepest} binnen de grens, {end}",
        How.LATE_HOME: "drager {wearer} was vanaf {opened} volgens apparaat {device} niet op de verplichte"
        " plaats, op het verste punt {deepest} buiten de grens, hoewel de verplichting was ingegaan, {end}",
        How.LEFT_EARLY: "drager {wearer} was vanaf {opened} volgens {positions} van apparaat {device} niet"
        " meer op de verplichte plaats, op het verste punt {deepest} buiten de grens, {end}",
        How.ABSENT: "drager {wearer} was vanaf {opened} volgens apparaat {device} de hele verplichte tijd"
        " niet op de verplichte plaats, op het verste punt {deepest} buiten de grens, {end}",
        How.PROXIMITY: "drager {wearer} was vanaf {opened} volgens apparaat {device} dichter bij de"
        " beschermde persoon dan is toegestaan, op het dichtste punt {deepest} binnen de toegestane"
        " afstand, {end}",
    },
    what_refuted="wat eerder over drager {wearer} werd gemeld vanaf {opened}, klopt niet volgens"
    " posities van apparaat {device} die later binnenkwamen",
    ended="tot {closed}",
    goes_on="zonder dat bij de laatste beoordeling, {until}, een einde was gebleken",
    reach_path="de rechte lijn tussen de posities ervoor en erna loopt door het verboden gebied",
    reach_speed="in die tijd was het verboden gebied te bereiken met gemiddeld {speed} kilometer per uur",
    afterwards=", wat pas achteraf bleek",
    certainty={
        Certainty.CERTAIN: "; dit is zeker, want ",
        Certainty.PROBABLE: "; dit is waarschijnlijk en niet zeker, want ",
        Certainty.POSSIBLE: "; dit is mogelijk en niet meer dan dat, want ",
    },
    reasons={
        Reason.TWO_WITNESSES: "ten minste twee onafhankelijke metingen liggen elk zo ver aan de verkeerde"
        " kant van de grens dat een meetfout dat volgens het model in minder dan 1 op 1.000 gevallen"
        " verklaart",
        Reason.ONE_WITNESS: "er zijn geen twee onafhankelijke metingen die elk zo ver aan de verkeerde"
        " kant van de grens liggen dat een meetfout vrijwel uitgesloten is",
        Reason.NEAR_EDGE: "de posities liggen, vergeleken met hun meetfout, zo dicht bij de grens dat die"
        " meetfout ze kan verklaren",
        Reason.SHORT: "het duurde volgens de posities korter dan een minuut, zodat zij elkaar toevallig"
        " voorbij kunnen zijn gegaan",
        Reason.REFLECTION: "weerkaatste signalen kunnen een ontvanger die buiten het gebied was enkele"
        " minuten zo ver opzij hebben geleid",
        Reason.LONG_APART: "de posities die dit duidelijk laten zien, liggen meer dan 15 minuten uit elkaar,"
        " zodat zij elkaar maar ten dele bevestigen",
        Reason.OLD_FIX: "de laatste positie voor dat moment was toen al {age} oud",
        Reason.HOME_IN_TIME: "vanaf de gemeten plaats had de drager op tijd aanwezig kunnen zijn",
        Reason.PATH: "tussen beide posities is niets gemeten en de werkelijke weg kan van de rechte lijn"
        " afwijken; de kans dat hij door het gebied liep, is volgens het model {percent} procent",
        Reason.REACH: "niemand heeft de drager in het gebied gezien",
        Reason.MERGED: "dit is hetzelfde voorval als een eerder vastgelegde vermoedelijke overtreding",
    },
    lone_place="slechts één positie laat de drager aan de andere kant van het gebied zien, en één positie"
    " alleen kan verkeerd zijn",
    position="1 positie",
    positions="{count} posities",
    minute=("{n} minuut", "{n} minuten"),
    second=("{n} seconde", "{n} seconden"),
    and_="en",
    under="minder dan 1",
    months=("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
            "oktober", "november", "december"),
    day="{day} {month} {year} om {time} uur (UTC{offset})",
)  # fmt: skip

EN = Words(
    opening="Suspected breach of condition {condition} ({kind}) of order {order}: ",
    opening_refuted="Withdrawn, no longer a suspected breach of condition {condition} ({kind}) of order"
    " {order}: ",
    kinds={
        Kind.EXCLUSION: "exclusion zone",
        Kind.INCLUSION: "required place",
        Kind.CONTACT: "contact ban",
    },
    what={
        How.INSIDE: "from {opened} wearer {wearer} was inside the exclusion zone by {positions} of device"
        " {device}, at its furthest {deepest} inside the edge, {end}",
        How.CROSSED: "the way of wearer {wearer} between two positions of device {device}, from {from} to"
        " {to}, runs through the exclusion zone, at its furthest {deepest} inside the edge",
        How.REACHABLE: "from {from} to {to} no position of device {device} of wearer {wearer} is known, and"
        " {reach}",
        How.SCHEDULE: "when the ban began, on {opened}, wearer {wearer} was inside the exclusion zone by"
        " device {device}, at its furthest {deepest} inside the edge, {end}",
        How.LATE_HOME: "from {opened} wearer {wearer} was not at the required place by device {device}, up"
        " to {deepest} metres outside its edge, although the duty had begun, {end}",
        How.LEFT_EARLY: "from {opened} wearer {wearer} was no longer at the required place by {positions} of"
        " device {device}, at its furthest {deepest} outside the edge, {end}",
        How.ABSENT: "from {opened} wearer {wearer} was not at the required place by device {device} for the"
        " whole of the required time, at its furthest {deepest} outside the edge, {end}",
        How.PROXIMITY: "by device {device} wearer {wearer} was closer to the protected person than is allowed"
        " from {opened}, at the closest {deepest} within the distance allowed, {end}",
    },
    what_refuted="what had been told of wearer {wearer} from {opened} is not borne out by positions of"
    " device {device} that were received later",
    ended="until {closed}",
    goes_on="with no end shown when last judged, on {until}",
    reach_path="the straight line between the positions before and after runs through the exclusion zone",
    reach_speed="the exclusion zone could be reached in that time at {speed} kilometres an hour on average",
    afterwards=", which was found only afterwards",
    certainty={
        Certainty.CERTAIN: "; this is certain, for ",
        Certainty.PROBABLE: "; this is probable and not certain, for ",
        Certainty.POSSIBLE: "; this is possible and no more than that, for ",
    },
    reasons={
        Reason.TWO_WITNESSES: "at least two independent measurements each lie so far on the wrong side of the"
        " edge that by the model an error of measurement explains that in fewer than 1 in 1,000 cases",
        Reason.ONE_WITNESS: "there are no two independent measurements that each lie so far on the wrong"
        " side of the edge that an error of measurement is as good as excluded",
        Reason.NEAR_EDGE: "the positions lie, compared with their error of measurement, so near the edge that"
        " this error may explain them",
        Reason.SHORT: "by the positions it lasted less than a minute, so that they may have passed each"
        " other by chance",
        Reason.REFLECTION: "reflected signals may have led a receiver that was outside the zone so far aside"
        " for some minutes",
        Reason.LONG_APART: "the positions that show this clearly are more than 15 minutes apart, so that they"
        " bear each other out only in part",
        Reason.OLD_FIX: "the last position before that moment was {age} old by then",
        Reason.HOME_IN_TIME: "from the place measured the wearer could have been there in time",
        Reason.PATH: "nothing was measured between the two positions and the true way may leave the straight"
        " line; the chance that it ran through the zone is {percent} per cent by the model",
        Reason.REACH: "nobody saw the wearer in the zone",
        Reason.MERGED: "this is the same event as a suspected breach recorded earlier",
    },
    lone_place="only one position shows the wearer on the other side of the zone, and one position alone may"
    " be wrong",
    position="1 position",
    positions="{count} positions",
    minute=("{n} minute", "{n} minutes"),
    second=("{n} second", "{n} seconds"),
    and_="and",
    under="less than 1",
    months=("January", "February", "March", "April", "May", "June", "July", "August", "September",
            "October", "November", "December"),
    day="{day} {month} {year} at {time} (UTC{offset})",
)  # fmt: skip

RULES: dict[How, dict[str, str]] = {
    How.INSIDE: {
        "nl": "Twee posities na elkaar binnen het gebied (kans ten minste 0,5), of één met een kans van ten"
        " minste 0,8, terwijl het verbod geldt.",
        "en": "Two positions in a row inside the zone (probability at least 0.5), or one with a probability"
        " of at least 0.8, while the ban holds.",
    },
    How.CROSSED: {
        "nl": "Beide posities buiten het gebied, ten hoogste 120 seconden na elkaar, en de weg ertussen"
        " raakt het gebied.",
        "en": "Both positions outside the zone, at most 120 seconds apart, and the path between them meets"
        " the zone.",
    },
    How.REACHABLE: {
        "nl": "Beide posities buiten het gebied, meer dan 120 seconden na elkaar, en de rechte weg raakt het"
        " gebied of het was in die tijd bereikbaar.",
        "en": "Both positions outside the zone, more than 120 seconds apart, and the straight path meets the"
        " zone or it was in reach in that time.",
    },
    How.SCHEDULE: {
        "nl": "Het verbod ging in terwijl de drager binnen was, volgens een positie van ten hoogste 900"
        " seconden oud.",
        "en": "The ban began while the wearer was inside, by a position at most 900 seconds old.",
    },
    How.LATE_HOME: {
        "nl": "De verplichting ging in terwijl de drager buiten was, volgens een positie van ten hoogste 900"
        " seconden oud of de eerste positie daarna.",
        "en": "The duty began while the wearer was outside, by a position at most 900 seconds old or the"
        " first one after.",
    },
    How.LEFT_EARLY: {
        "nl": "Buiten de verplichte plaats na een positie binnen in hetzelfde tijdvak, of ten hoogste 900"
        " seconden daarvoor.",
        "en": "Outside the required place after a position inside in the same window, or at most 900 seconds"
        " before it.",
    },
    How.ABSENT: {
        "nl": "Te laat op de verplichte plaats, zonder positie binnen tot het einde van het tijdvak.",
        "en": "Late at the required place, without a position inside until the end of the window.",
    },
    How.PROXIMITY: {
        "nl": "Beide wegen op hetzelfde moment vergeleken: de afstand is kleiner dan toegestaan.",
        "en": "Both tracks compared at one instant: the distance is below the allowed one.",
    },
}
"""The rule that each ``how`` stands for (contract, section 3), in plain words."""

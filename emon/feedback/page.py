"""docs/feedback.md, with the tables as the code has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emon.feedback.remedies import remedy_table
from emon.feedback.verdict import CLAIM_COLUMNS, CLAIMS, Claim, verdict_table
from emon.limits import (
    FEEDBACK_ALERTS_MAX,
    FEEDBACK_DAYS_DEFAULT,
    FEEDBACK_DAYS_MAX,
    FEEDBACK_DUTY_STEP_S,
    FEEDBACK_HOME_NEAR_M,
    FEEDBACK_NIGHTS_MIN,
    FEEDBACK_NOISY_MAX,
    FEEDBACK_PATTERN_MIN,
    FEEDBACK_STRETCH_MIN_M,
    SESSION_HOURS,
)

_PAGE = """\
# Feedback to the field

What people close alerts with says how good the alerts are, and where it goes wrong. `emon feedback` reports
on a period; so do `GET /api/v1/feedback` and the page `feedback.html`, for staff of the monitoring centre
alone. All three only read.

```sh
emon feedback
emon feedback --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z --json
```

A period is `[from, to)` by the instant at which an alert was committed (`detected_at`), by default the last
{days} days, at most {days_max} days and {alerts_max:,} alerts. The SQL stands in
`emon/store/feedback_rows.py`.

**Proposals are for people to weigh.** Nothing reads them but a person; above all nothing is silenced by
them.

## True, false, unknown

Precision counts *cases*: a breach with all its alerts is one, an alert without a breach is one by itself. A
breach's alerts rest on the same fixes; counted one by one they would make the interval narrower than what
is known. Of a case with several closings the verdict is what they agree on; where one says true and another
false, it is unknown. A case that falls into several groups of a table (its alerts rose in certainty) counts
in each, so that alerts add up over a table and cases need not.

| cause | {claims} |
|---|{lines}|
{verdicts}

`open`: nobody has closed it yet. `uncounted`: an exercise, and `breach_cleared`, which only tells the end
of what was told. *Permitted* is false of a place, though the position was right: whoever decides about
orders allowed it, and the file did not say so. A wrong area or wrong hours likewise: the precision of what
is told is that of receivers **and** of files. The causes show which.

The outcome counts where the police met somebody (`arrested`, `sent_away`) after an alert about a place:
then "nobody could find out" is true, and a cause that calls the position false contradicts it: unknown.

What alerts claim: {events}.

**Precision** is true / (true + false), with Wilson's interval at 95 % (E. B. Wilson 1927, JASA 22,
209-212). It takes cases to be independent of each other; those of one wearer are not quite, so read it as
the narrowest that can be said. *Closed with* gives each cause as a share of all closed alerts.

## Groups

- **event**, **how**, **certainty**: as the contract names them. `none`: it has no such thing.
- **source**: what the deciding fix was computed from. That fix is, of those that came with the receipt that
  decided and may be judged, the first not before the alert's beginning, else the newest; where a timer
  decided, the newest of the quarter of an hour before.
- **model**: of the device, by `EMON_DATA_DIR/device-models.json` or `--models`, one JSON object (`{{"d-1":
  "model"}}`). Orders do not name models; without a list they are `not known`.
- **edge**: the stretch of the zone's outline that is nearest to the deciding fix, as the geofence answers
  it. An outline is cut into stretches of whole edges of at least {stretch:g} m, a circle into eight by the
  wind. Equal zones of several orders are one, by the first of their names (`order/condition`).

## Load

- **Per operator-hour**: alerts that the monitoring centre was told, over the hours that its people were on
  duty: by the policy's shifts that name contacts of the centre (each contact on duty is one operator;
  looked at each {step} minutes), else by sessions at the page, from log-in to log-out, at most {session}
  hours, and of one person never twice at a time. Without either it is *not known*, and not guessed.
- **Per shift**: alerts to the centre in each turn of those shifts; without any, in three of eight hours
  (local time of Amsterdam).
- **Per wearer and day**: all alerts over the days on which wearers had a device and an order in force, as
  the newest version of each order says. Public programmes have 0.3 to 0.4.

## The noisiest, and what could be done

The {noisy} wearers, zones and devices of which most alerts were closed as false; among equals those with
most alerts. A row of this table is proposed where at least {pattern} of their alerts, and at least half of
the closed ones, were closed with its causes, and what else it asks for shows. Each proposal comes with the
figures on which it rests.

| name | of | closed with | and | proposal |
|---|---|---|---|---|
{remedies}

`home`: a required place (a `locatiegebod`) of the same wearer lies within {home:g} m of the ban, or in it.
`erred`: positions lay on the wrong side by more than the 95 % circle they claimed; since a person found
that they were wrong, that depth is the least by which they erred. `edge`: the false ones lie nearer to one
stretch than they claim to know. `coarse`: most came from masts or Wi-Fi. `nights`: on at least {nights}
days. `waits`: more than half are open.
"""


def feedback_page() -> str:
    """The whole page."""
    return _PAGE.format(
        days=FEEDBACK_DAYS_DEFAULT,
        days_max=FEEDBACK_DAYS_MAX,
        alerts_max=FEEDBACK_ALERTS_MAX,
        claims=" | ".join(CLAIM_COLUMNS),
        lines="---|" * (len(CLAIM_COLUMNS) - 1) + "---",
        verdicts=_rows(verdict_table()),
        events="; ".join(_claimed(claim) for claim in Claim),
        stretch=FEEDBACK_STRETCH_MIN_M,
        step=FEEDBACK_DUTY_STEP_S // 60,
        session=SESSION_HOURS,
        noisy=FEEDBACK_NOISY_MAX,
        pattern=FEEDBACK_PATTERN_MIN,
        remedies=_rows(remedy_table()),
        home=FEEDBACK_HOME_NEAR_M,
        nights=FEEDBACK_NIGHTS_MIN,
    )


def _claimed(claim: Claim) -> str:
    events = ", ".join(f"`{event}`" for event, one in CLAIMS.items() if one is claim)
    return f"*{claim}*: {events}"


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

"""The sentences of the report that no figure changes."""

from __future__ import annotations

HEAD = """\
# Who is told, and what of: this engine and the rules of the known systems on the same fixes

Written by `python -m benchmarks.detection`.

**What was asked.** A court bans somebody from a place; a bracelet says where he is, with errors. A rule
decides when to raise an alarm. Two things go wrong: a breach is missed, and somebody who kept to his
ban is reported. Which rule does how much of either, and how soon does it tell? Nobody publishes such
figures, because nobody knows where people truly were. Here that is known: people live in a simulated
city, their receivers err as recorded ones do, and every rule is given the same fixes.

**On what.** {seeds} that no parameter was chosen on. *Kept*: {wearers} wearers over {days}
wearer-days who live and work 30 to 500 m from the edge of a ban and are never inside: every breach told
of them is false. *Broken*: {approaches} suites of people who do go where they must not, on foot, by
bicycle, car and train, and at the hour at which a ban begins, with {due} breaches that were due.
{fixes} fixes in all. A breach is *due* when three fixes were taken while the wearer was truly deeper
inside than they claim to err, and at least 30 m; shorter and shallower visits count on neither side. In
brackets are intervals of 95 %; those of rates draw whole wearers anew. "A month" is thirty days of a
hundred wearers who keep to their bans.

A rival has one alarm, which goes to everybody; ours tells the police only when it is sure by its own
account (or probable, at high risk), and the monitoring centre before that. Orders are of medium risk
where bans are kept and, but for the evening's ban, of high risk where they are broken: were all of high
risk, the police would be called as often as the line *probable or certain* says, which is a cut through
the same alerts. A *possible incursion* goes to the centre alone and says that somebody could have been
inside while nothing was seen of him. Each rival stands there as it comes and at its best.

"""

PARTS = {
    "figures": """## Figures of this engine

What was asked for beside what was measured. *60 s, 30 m, seen*: the wearer was truly inside for a minute
and thirty metres deep, and at least one fix was taken in it and came; it is missed where no unrefuted
breach of any certainty overlaps it. A contact counts from a minute within the radius on, where both were
seen: at some instant of it each had a position at most 120 s old, however wide its claim. Who is near
somebody whose device is silent, or reports by the hour because she sits still, is near unseen. Stays in
which no fix came are a row of their own. *A line of 100 m*, between where he truly was at two fixes, is told
where a breach overlaps the stay or the part of the line that runs inside; the row below it asks for the stay,
and counts a nick of a corner before the entry that ends such a line. All stays stand in the curve. None of N
shows no less than 3/N. Curfews stand with the suites below. *Were all of high risk*: false breaches of
the same run told as probable or certain, of which the police hear at high risk. *Where a fix came*: in
the 75 s after `probable` came a further fix whose 95 % circle was all inside. A ban that begins about
somebody who lies still finds him by a fix up to 900 s old, as probable, and his next may be an hour
away; the engine asks for one, which no device of these worlds hears. A rate is a wearer-day's.
""",
    "shown": """
### What was missed, by what its fixes showed

Of the rows above with 0 asked: what the fixes taken during those that were missed showed, whoever judges
them. What no position and no line shows, no rule can tell that reads positions. For a contact positions
are instants, a second apart, at which both tracks, straight between their fixes, stood within the radius.
""",
    "events": "\n### Alerts at the centre, a compliant wearer-day, by event\n",
    "incursions": """
The contract's rule of reach is a letter: fixes were owed, and a way through the ban needs no more than a
speed; told once a condition and local day. What is free in it is the speed, and the time that a device said
it lay still, which is not counted. If nobody were faster than the left column says, so many a wearer-day
would be told of these same fixes. Two bans a wearer are the most there can be. 0.2 is asked for all alerts
together.
""",
    "depth": """
### By depth and duration

Every true stay, none left out: what share was told of at all / reached the police, of how many.
""",
    "trade-off": """## Misses against false alarms

Small dots are all settings that were tried; a line joins those of a rule that none of its others beat on
the training seeds, and its best; hollow marks are the rules as they come. Bars are intervals. Down and to
the left is better.
""",
    "words": "## What each rule does to people\n\nEach rival at its best.\n",
    "delay": """## How soon

From the moment the wearer truly came in to the first alert of it. A line that ends below 100 % misses
the rest. Part of the wait is the receiver's: one fix a minute.
""",
    "suites": "## By kind of breach\n\nDue breaches missed, each rival at its best.\n",
    "apart": """## Errors from a model, and errors that were recorded

A third of the wearers carry errors drawn in blocks from recordings of real receivers, which follow no
model that an engine could know. Where the recordings were not at hand, there are none of them. They
stand apart:
""",
    "recorded": """## Recorded tracks, bans laid beside them

Real receivers as they were, with bans whose edge lies 60 m beside where their wearers were. What is
told here is false. The recordings are other people's and not in the repository.
""",
    "causes": "## Precision by cause, ours\n",
    "blind": """## Blind time

Hours in which a ban held and no fix came. No rule can see then; what it can do is say so.
""",
    "obeyed": """## Devices that obey

All else here is of devices that send by their plan and hear nothing. The engine asks on doubt for a fix at
once, and for one each 15 s while a breach goes on. Here devices hear it: what they send then depends on
what the engine asked (docs/adr/0038). More fixes are more breaches due by three of them, and "two fixes"
are half a minute in place of two. An hour's sleep ends at the first doubt: a receiver that is led aside
while its wearer sleeps is then looked at each 15 s, which a device by plan is not.
""",
    "staged": """## Thirty-five scenarios

Written after a police trial in Queensland in which a quarter of the scenarios raised no alert; played
once each, every rival at its best. *Quiet* is right where nothing was due. *3 of 4* alerts due were
raised. Rivals are not asked whom they tell, how sure they are, or to say that something is over; ours
is.
""",
    "ablations": """## The engine without its parts

For what a part is worth: a difference smaller than its intervals says nothing.
""",
    "sensitivity": """## What it depends on

One thing of the world is turned at a time; each rival at its best.
""",
    "tuning": """## The settings

Chosen on training seeds: *best* has the fewest false alerts among the settings that miss hardly more
than the rule must (two in a hundred). A rule is not to look good by keeping silent. Ours has no setting
that was tuned here.
""",
}

LIMITS = """
## What this does not show

- It is a simulation. People's habits, a city's streets and the share of gaps are assumptions; receivers
  are calibrated on few recordings and on cited figures. Ratios between rules on the same fixes are
  worth more than any figure by itself.
- What is *due* is a choice: three plain fixes. Another choice moves all rules, not equally.
- Rivals are their rules as their makers describe them, written anew here. Their products have more
  around them: people, servers that fail, settings not modelled. Repeats of a fix are kept from them,
  which favours those that count points.
- An alert of what is over, told as if it went on, counts as false. Rules that know no late fix do that.
- The tuning had few seeds, and some rules have few settings.
- Ours was made by the people who made the simulator. The score, the worlds and the rivals share the
  engine's geometry and nothing of its judgement; who doubts it may play other seeds, other cities and
  other rules: all is in `simulator/` and here.
"""

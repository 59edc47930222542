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

**On what.** {seeds} that no parameter was chosen on. *Kept*: {wearers} wearers over {days} wearer-days who
live and work 30 to 500 m from the edge of a ban and are never inside: every breach told of them is false.
*Broken*: {approaches} suites of people who do go where they must not, on foot, by bicycle, car and train,
and at the hour at which a ban begins, with {due} breaches that were due. {fixes} fixes in all. A breach is
*due* when three fixes were taken while the wearer was truly deeper inside than they claim to err, and at
least 30 m; shorter and shallower visits count on neither side. In brackets are intervals of 95 %; those of
rates draw whole wearers anew. "A month" is thirty days of a hundred wearers who keep to their bans. A *fix*
is one position that a receiver made; its *claim*, or circle, is how far it says that it may err. *Certain*,
*probable* and *possible* are this engine's words for how sure it is of a breach.

A rival has one alarm, which goes to everybody; ours tells the police only when it is sure by its own
account (or probable, at high risk), and the monitoring centre before that. Orders are of medium risk
where bans are kept and, but for the evening's ban, of high risk where they are broken: were all of high
risk, the police would be called as often as the line *probable or certain* says, which is a cut through
the same alerts. A *possible incursion* goes to the centre alone and says that somebody could have been
inside while nothing was seen of him. Each rival stands there as it comes and at its best.

"""

PARTS = {
    "figures": """## Figures of this engine

What was asked for beside what was measured. *Reached* goes by the measured value alone; how sure that is,
the interval in brackets says. The words of the rows:

- *Missed, bans: 60 s, 30 m, seen*. The wearer was truly inside for a minute or more and thirty metres deep
  or more, and at least one position was taken meanwhile and came. He is missed where the engine says of
  that time no breach of any certainty, or takes back what it said (*refuted*).
- *Missed, contacts: 60 s within the radius, both seen*. He was truly as near to the protected person as he
  must not be for a minute or more, at any depth, and at some instant of it each of the two had a position
  at most 120 s old, however wide its claim. Who is near somebody whose device is silent, or reports by the
  hour because she sits still, is near unseen, and counts as unseen time.
- *Due by three plain fixes*. Stays that nobody who reads positions should miss: see *On what*, above. Here
  they are missed where no breach overlaps them. The table above, which treats all rules alike, wants an alert
  for each: a breach on file that spans two visits, told once when stored fixes come, is one told and one
  missed there.
- *A line of 100 m*. The straight line between where he truly was at two fixes, at most 120 s apart, ran 100
  m and more through the ban. It is told where a breach overlaps the stay, or the part of the line that lies
  inside. The row below it asks for the stay itself, and so counts a nick of a corner just before the entry
  that ends such a line.
- *No fix came*, *due by neither*. Stays of which nothing was asked, so that none is left out: no position
  came, or they were shorter or less deep.
- *3/N*. Where none of N was missed, up to 3 of every N may be missed in truth, at 95 %.
- *Reached politie*. The share that the police heard of while it went on, and the seconds from true entry
  until half, and nine in ten, of these were told.
- *Probable within two fixes*. *Probable* is what Reclassering and the centre are told; the police hear of
  it at high risk.
- *Police within 75 s of probable*, of stays a hundred metres deep and three minutes long. *Where a fix
  came*: of those in which a further position, its whole 95 % circle inside, came within these 75 s. A ban
  that begins about somebody who lies still finds him by a position up to 900 s old, as probable, and his
  next may be an hour away. The engine asks for one, which no device of these worlds hears; those that do
  stand under *Devices that obey*.
- *False police alerts*, and *the same, were all of high risk*: alerts to the police about people who were
  not inside; and how many there would be if all orders were of high risk, at which the police hear what is
  probable too.
- *False among all police alerts*. If wearers truly broke their bans 0.05 times a day, and the police heard
  of as many of these as they did here: the share of their alerts at low and medium risk behind which there
  is nothing.
- *Contacts told where nobody was near*: what it costs the centre that a contact which masts alone show is
  told as possible. Measured of people who do seek the protected person out, about once a day.
- *Parametric receivers* err by a model; *recorded errors* are those of real receivers, in wearers who are
  made.

Curfews stand with the suites below. A rate is that of one day of one wearer. What judging a position costs,
which was asked for too, is measured by itself: [STEP.md](../STEP.md).
""",
    "shown": """
### What was missed, by what its fixes showed

Of the rows above of which none was to be missed: what the positions taken during those that were missed
showed, whoever judges them. What no position and no line shows, no rule can tell that reads positions.
*With its whole circle*: not the position alone, but all of the circle that the receiver itself draws about
it, was on the wrong side; without that the receiver says that he may as well have been on the right one.
For a contact positions are instants, a second apart, at which both tracks, straight between their fixes,
stood within the radius.
""",
    "events": """
### Alerts at the centre, by event

About people who keep to their bans, for each day of one wearer. What the events mean stands in
`docs/events.md`.
""",
    "incursions": """
A *possible incursion* says that positions which were due did not come, and that in the meantime he could
have gone into the ban and out again. It accuses nobody: the centre alone hears of it, once a ban and day,
and nobody is sent. The rule is fixed from outside; free in it are the speed that is held possible, and that
the time in which a device said it lay still is not counted. If nobody were faster than the left column
says, so many would be told of these same fixes for each day of one wearer. Each has two bans, so two are
the most there can be. 0.2 is asked for all alerts together.
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
    "causes": """## What this engine's alerts rest on, and how often that is right

*inside*: a position in the ban. *crossed*: two positions outside, and the straight way between them leads
through it. *schedule*: he was inside when the ban began to hold. *reachable*: a possible incursion, for
which nothing was seen inside at all; *false* of these says that he was not there, not that somebody was
accused. *right* are due breaches; *true, but not due or told before* are visits that were shorter or less
deep, and further alerts of one that was told.
""",
    "blind": """## Blind time

Hours in which a ban held and no position came. No rule can see then; what it can do is say so, which this
engine does for each order and cause. Last, the true stays that fell into such hours, and how many were told
all the same.
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

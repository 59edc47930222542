"""Every bound of the engine in one file, each with its unit and its source.

Sources: [contract] is the project's published contract of wire, orders and judgement; a number
there changes only with a decision record. [field] cites the public record of electronic
monitoring. [own] is our own choice, with the reason.
"""

from __future__ import annotations

from emon.model.platform import PlatformCause

# --- wire -----------------------------------------------------------------------------------
PAYLOAD_BYTES_MAX = 1_048_576  # [contract] section 1: payloads up to 1 MiB
FIXES_PER_MESSAGE_MAX = 1_000  # [contract] section 1: store and forward
DEVICE_ID_LENGTH_MAX = 64  # [contract] section 1
SEQ_MAX = 2**32 - 1  # [contract] section 1: uint32
ACCURACY_MIN_M = 0.0  # [own] a radius; 0 is what some receivers send for "unknown"
ACCURACY_MAX_M = 1_000_000.0  # [own] beyond it a position says nothing anywhere
SPEED_MAX_M_S = 1_000.0  # [own] beyond it the member is broken, not fast
COMMAND_ID_LENGTH_MAX = 64  # [own] ours have 16; a device repeats what it was given
JSON_DEPTH_MAX = 32  # [own] a fix needs 2; deeper is an attack or a fault
R95_PER_R68 = 1.6214  # [contract] section 1: OwnTracks reports the 68 % radius
R95_PER_SIGMA = 2.4477  # radius of the 95 % circle of a circular normal, sqrt(-2 ln 0.05)

# --- the platform itself -------------------------------------------------------------------------
PLATFORM_LOOK_S = 1.0  # [own] the service's watchdog looks so often; a look costs one pass over the devices
PLATFORM_MISSED_FIXES = 3.0  # [own] a single device's three minutes, the gap that its plan allows at most
PLATFORM_WELL_S = 20  # [own] a part that flickers is not yet back
PLATFORM_AFTER_S = {  # [field] a platform's staleness is told within 2 minutes; a taken session at once
    PlatformCause.NO_FIXES: 90,
    PlatformCause.BROKER_LOST: 60,
    PlatformCause.SESSION_TAKEN: 0,
    PlatformCause.SERVICE_DOWN: 60,
    PlatformCause.DATABASE_DOWN: 60,
    PlatformCause.INBOX_OLD: 0,
    PlatformCause.CANARY: 0,
}

WATCH_LOOK_S = 10.0  # [own] emon watch looks so often: seen within a look, told after PLATFORM_AFTER_S
WATCH_ANSWER_S = 5.0  # [own] half a look; who does not answer by then does not answer
WATCH_HEART_S = 60.0  # [own] six of the service's heartbeats (HEARTBEAT_S) without one

CANARY_EACH_S = 60.0  # [own] as a bracelet's plan
CANARY_ABSENT_S = 150  # [own] two of its fixes have not come through, and half a minute
CANARY_LOOK_S = 1.0  # [own] how often its alert is looked for, once a minute for mostly one look

# --- identities at the broker ------------------------------------------------------------------
BROKER_PASSWORD_BYTES = 24  # [own] 192 random bits: no guess succeeds, whatever the hash costs
BROKER_PBKDF2_ROUNDS = 101  # [own] what mosquitto_passwd writes; paid at every connection
BROKER_BCRYPT_COST = 4  # [own] the least of bcrypt: a returning fleet pays it at every connection

PACKET_BYTES_MIN = PAYLOAD_BYTES_MAX + 4_096  # [contract] section 1: payloads of 1 MiB, and their envelope
NATS_MONITOR_ANSWER_S = 5.0  # [own] asked once at start, on the broker's own network
NATS_ACK_WAIT_MAX_S = 5.0  # [own] longest that a fix waits after a crash of the service; ours is 1 s

# --- admission --------------------------------------------------------------------------------
CLOCK_AHEAD_MAX_S = 120  # [own] device clocks come from GNSS; two minutes cover a cell clock
CLOCK_BEHIND_MAX_S = 30 * 86_400  # [own] longest stored backlog taken at its word: 30 days
LATE_AFTER_S = 120  # [own] two plan intervals of 60 s: older is not "now" any more
PLAUSIBLE_SPEED_MAX_M_S = 100.0  # [own] 360 km/h: above any train or car in the Netherlands
REANCHOR_FIXES = 3  # [own] so many fixes that agree with each other overrule the one before
UNKNOWN_DEVICE_RETAKE_S = 24 * 3_600  # [contract] section 2: rejected fixes taken again

# --- orders -----------------------------------------------------------------------------------
VERTICES_MAX = 100_000  # [contract] section 2
RADIUS_MAX_M = 300_000.0  # [contract] section 2: radius or width over 300 km is refused
BUFFER_MAX_M = 300_000.0  # [own] as a radius

# --- judgement ----------------------------------------------------------------------------------
PLAN_S = 60  # [contract] section 3: a fix each 60 s
OWED_GRACE_S = 60  # [contract] section 3: owed beyond twice the plan's interval and a minute
CELL_PLAN_S = 180  # [contract] section 3: while the newest fix is cell
STILL_AFTER_S = 600  # [contract] section 3: hourly from 10 minutes after motion: still
STILL_PLAN_S = 3_600  # [contract] section 3: hourly
CROSSING_GAP_MAX_S = 120  # [contract] section 3, how = crossed
EDGE_FIX_AGE_MAX_S = 900  # [contract] section 3, how = schedule
PRESENT_AGE_MAX_S = 300  # [contract] section 3, historic
REACH_GAP_MAX_S = 1_800  # [contract] section 3, how = reachable
REACH_SPEED_MAX_M_S = 14.0  # [own] 50 km/h, the urban limit: plausible door to door in a town
EDGE_TOLERANCE_M = 0.0005  # [contract] section 5: "on" is within half a millimetre of the edge
ACCURACY_FLOOR_M = 10.0  # [own] receivers claim 3 to 5 m in streets where they err by 10 and more
ACCURACY_COARSE_M = 1_000.0  # [own] beyond it a position is a cell or a fault, and may lie on either side
COMMON_ERROR_SIGMA_M = 8.0  # [own] error shared by neighbouring fixes; agreement cannot remove it
WAY_CLAIM_MAX_M = 100.0  # [own] a way between wider claims is known by where masts stand
WAY_SIGMA_PER_M = 0.1  # [own] how far a way leaves the straight line, a metre of its length
SWEPT_WAY_MIN_M = 100.0  # [own] who comes so far past a fix barely inside went on: no receiver's error alone
SPAN_ERROR = 0.006  # haversine on the mean sphere against the ellipsoid, largest relative error
INCURSION_DAYS_KEPT = 4  # [own] days remembered for "at most one alert a condition and local day"
REFLECTION_FROM_M = 40.0  # [field] recorded excursions begin at 20 m; shorter steps are depth's to judge
REFLECTION_REACH_M = 300.0  # [field] multipath leads 50 to 300 m aside with claims of some metres
REFLECTION_PROBABLE_S = 120  # [own] recorded ones are mostly one fix of 30 s; so long lasts one in three
REFLECTION_CERTAIN_S = 840  # [own] seven times the mean stay of the longest kind, 2 minutes: one in 1,100
STANDING_REACH_M = 600.0  # [own] twice that reach: an error of where he stood, and drift, lie on top of it
STANDING_PROBABLE_S = 480  # [own] four times the mean stay of a reflection (docs/adr/0039)
STANDING_CERTAIN_S = 840  # [own] what was seen before is remembered: RUN_MEMORY_S less an interval
PERSISTS_FIXES = 3  # [own] coarse positions inside, one after the other (docs/adr/0039)
PERSISTS_S = 300  # [own] five intervals of the plan; who passes by is gone by then
PERSISTS_CLAIM_MAX_M = 500.0  # [own] networks of houses claim up to it, a mast alone more
COURSE_CARRY = 1.5  # [own] how much faster than before somebody may go on
COURSE_TURN = 0.3  # [own] how far off his course, of what he covers: a bend of 17 degrees
TRAVEL_BEFORE_S = 180  # [own] three fixes of the plan show where somebody was going
TRAVEL_MIN_M = 50.0  # [own] walkers go 80 m in a minute; indoors fixes wander by 30 and more
TRAVEL_SPEED_MIN_M_S = 1.0  # [own] a stroll; receivers that stand say less
TRAVEL_WITNESSES = 3  # [own] of one who travels, since his reflection travels with him
WITNESSES_APART_S = 45  # [own] recorded errors in motion: correlated by 0.57 after 10 s, by 0.05 after 60
STANDING_SPEED_MAX_M_S = 0.5  # [own] Doppler speeds are good to decimetres a second
RUN_FIXES_MAX = 8  # [own] newest fixes kept to judge agreement
RUN_SLOT_S = 30  # [own] of older fixes the last of each half minute is kept: 38 in all
COLLECT_AFTER = (50_000, 20, 100)  # [own] allocations, then collections: state has no cycles to find
STATE_BYTES_A_DEVICE_MAX = 24_000  # [own] remembered of a device, without its fixes' own bytes
STATE_BYTES_A_CONDITION_MAX = 24_000  # [own] and of each of its conditions: 38 fixes as they were judged
QUIET_BYTES_A_DEVICE_MAX = 48_000  # [own] of those fixes, without their own bytes
QUIET_FIXES_MAX = 80  # [own] fixes kept beside a row before they are put where the object path looks
QUIET_RUN_MAX = 64  # [own] fixes of a device in one batch that may be judged together
TRACK_FIXES_MAX = 32  # [own] newest fixes a device keeps in memory for admission
PANIC_AGAIN_S = 60  # [own] presses closer together are one call for help; a later one is told again
RUN_MEMORY_S = 900  # [own] evidence older than the edge's limit says nothing about now

# --- devices ----------------------------------------------------------------------------------
SILENCE_MISSING_S = 300  # [field] UK Ministry of Justice: a gap over 5 minutes is "missing"
SILENCE_GRACE_MAX_S = 900  # [field] UK Ministry of Justice: stale after 15 minutes, wherever he was
NO_POSITION_AFTER_S = 600  # [field] UK Ministry of Justice: motion without a fix for 10 minutes
NO_POSITION_STILL_S = 43_200  # [own] half a day: longer than a night indoors, and told the same day
NO_POSITION_JOIN_S = 3_600  # [field] UK Ministry of Justice: 10 minutes in 60; in and out of one hall
NO_POSITION_AGAIN_S = 43_200  # [own] a place without a sky is told twice a day at most
ORDER_WAITS_S = 3_600  # [own] a bracelet is fitted at the office; after an hour nobody is fitting it
OUTAGE_DEVICES_MIN = 3  # [own] two that fall silent together may be one couple's flat battery
OUTAGE_SHARE_MIN = 0.1  # [own] of those expected; NL 2018 was 0.64, and below it single causes are likelier
OUTAGE_WITHIN_S = 300  # [own] a network's failure reaches everyone within two or three plan intervals
OUTAGE_MISSED_S = 60  # [own] an interval is missed when its message is a minute late: the plan's own grace
RATES_KEPT = 4  # [own] newest intervals a device confirmed: a pursuit and its end, twice
TURNS_KEPT = 8  # [own] newest changes of motion kept in memory; older ones are asked of the archive

if not 2 * PLAN_S + OWED_GRACE_S <= SILENCE_MISSING_S <= SILENCE_GRACE_MAX_S <= EDGE_FIX_AGE_MAX_S:
    raise AssertionError("limits.py: the order of the limits of silence is broken")

# --- approach -------------------------------------------------------------------------------------
APPROACH_WARNING_S = 60  # [own] a plan interval: the fix after may already be inside (docs/adr/0010)
APPROACH_NEAR_P = 0.8  # [own] as one fix alone opens a breach; two inside the buffer are asked for
APPROACH_MOTION_SIGMAS = 2.0  # [own] nearer by more than chance gives one time in forty
APPROACH_TURN_MAX_DEG = 60.0  # [own] a heading that differs by more has turned away
APPROACH_SPEED_MIN_M_S = 8.0  # [own] a vehicle's; on foot the warning time is 80 m, a receiver's drift
APPROACH_AGAIN_S = 3_600  # [own] in and out of a buffer's edge is one approach
APPROACHES_A_DAY_MAX = 2  # [own] a condition and local day: the buffer, and once more the warning time

# --- commands to devices ----------------------------------------------------------------------
COMMANDS_AT_ONCE_MAX = 256  # [own] of as many devices; the rest waits in the outbox
COMMAND_ANSWER_S = 180  # [field] position on demand within 3 min (NIJ, GAO)
FIX_NOW_HOUR_MAX = 12  # [own] one in five minutes: a receiver near an edge must not empty its battery
PURSUIT_PLAN_S = 15  # [contract] section 3: 15 s in pursuit
PURSUIT_FOR_S = 1_800  # [own] half an hour, as long as a car is on its way; renewed while it lasts
PURSUIT_RENEW_S = 1_500  # [own] five minutes before the time given runs out
PURSUIT_AGAIN_S = 600  # [own] a rate nobody confirmed is asked for again while the breach lasts
STAFF_COMMANDS_BACK_S = 7_200  # [own] a wish of longer ago, over a stop of the service, is told no more
STAFF_WHY_CHARS_MAX = 500  # [own] a sentence or two
STAFF_COMMANDS_LOOK_S = 2.0  # [own] of the three minutes that a device has to answer a person
CHARGE_AFTER_LOW_S = 7_200  # [own] two hours: a warning that came at a meeting or in a train
CHARGE_AFTER_CRITICAL_S = 900  # [own] half of the half hour that a critical battery lasts
CHARGE_EACH_S = 86_400  # [own] devices of the field run one to two days from full
CHARGE_GRACE_S = 300  # [own] a stored word about a battery is often followed by the next one
IMPLAUSIBLE_FIXES = 3  # [own] two, and the third that agrees, are believed (REANCHOR_FIXES)
IMPLAUSIBLE_WITHIN_S = 600  # [own] ten intervals of the plan

# --- contact with a protected person --------------------------------------------------------------
CONTACT_PAIR_AGE_MAX_S = 120  # [contract] section 3, how = proximity
CONTACT_PASS_MAX_S = 60  # [contract] section 3, how = proximity
CONTACT_RADIUS_DEFAULT_M = 1_000.0  # [field] domain.md, section 3: default 1 km
CONTACT_BETWEEN_MAX_S = 2 * CONTACT_PAIR_AGE_MAX_S  # [own] beyond, most of the way has no position
CONTACT_RUN_MEMORY_S = 300  # [own] five plan intervals: meetings further apart are two matters
CONTACT_TRACK_S = CONTACT_BETWEEN_MAX_S + CONTACT_PAIR_AGE_MAX_S  # [own] what a position may rest on
CARRY_SIGMA_M_S = 1.0  # [own] one who stood still may walk off at 1.4 m/s in any direction
CARRY_SPEED_SHARE = 0.5  # [own] of the speed: one who moves may stop or turn at any time
CARRY_SPEED_SPAN_S = 10  # [own] over less time the receiver's error makes the speed

# --- store ----------------------------------------------------------------------------------
DATABASE_CONNECT_TIMEOUT_S = 5  # [own] a server that does not answer in 5 s is not there now
DATABASE_KEEPALIVE_S = 5  # [own] a dead peer is found within three of them, 15 s
DATABASE_POOL_SIZE = 4  # [own] connections beside the engine's: page, dispatcher, arming
RECONNECT_PAUSE_FIRST_S = 0.5  # [own] a restart of the server takes about a second
RECONNECT_PAUSE_MAX_S = 15.0  # [own] pauses double up to this: found again within 15 s
ENGINE_CLAIM_WAIT_S = 5.0  # [own] the server needs a moment to see that a killed engine is gone
STATEMENT_TIMEOUT_S = 30  # [own] a statement of a page or a batch beyond it hangs
PARTITIONS_BEHIND_DAYS = 31  # [own] CLOCK_BEHIND_MAX_S and one day: where stored fixes may fall
PARTITIONS_AHEAD_DAYS = 14  # [own] two weeks in which nobody need run anything
RETAKE_ROWS_MAX = 50_000  # [own] taken again in one batch: 35 devices for 24 h at one a minute
REMARKS_SHOWN_MAX = 20  # [own] of `emon arm`: a screen; beyond, what was armed would be scrolled away
PAGE_ROWS_MAX = 1_000  # [own] alerts or feed rows answered to one request

# A fold begun anew knows nothing for CONTACT_BETWEEN_MAX_S, and no run may reach back into that time.
if not CONTACT_TRACK_S + CONTACT_RUN_MEMORY_S < RUN_MEMORY_S:
    raise AssertionError("limits.py: a contact's evidence outlasts the memory it is folded from")
if not (CROSSING_GAP_MAX_S < PRESENT_AGE_MAX_S < EDGE_FIX_AGE_MAX_S <= RUN_MEMORY_S):
    raise AssertionError("limits.py: the order of the time limits is broken")
REPLAY_BEYOND_MAX_DAYS = 3_660  # [own] after the last receipt: ten years of windows and timers, some seconds

# --- delivery of alerts -------------------------------------------------------------------------
DELIVERY_PAUSE_FIRST_S = 1  # [own] a passing fault is over in a second; then 2, 4, 8, …
DELIVERY_PAUSE_MAX_S = 60  # [own] a recipient that is back hears within a minute; no end
DELIVERY_RETRY_AFTER_MAX_S = 60  # [own] a recipient may ask for a longer pause, not for silence
DELIVERY_ATTEMPT_TIMEOUT_S = 10.0  # [own] far above a healthy answer, far below the 75 s target
DELIVERY_CONNECT_TIMEOUT_S = 5.0  # [own] a host that is there accepts within this on any network
DELIVERY_PAUSE_JITTER = 0.5  # [own] chance takes away at most so much of a pause: knocks spread out
DELIVERIES_AT_ONCE_MAX = 16  # [own] for each recipient; one that is down gets one at a time
DELIVERIES_URGENT_EXTRA = 8  # [own] more for urgent ones: attempts that hang never hold them up
DELIVERIES_UNRECORDED_MAX = 64  # [own] for each recipient, answered and not on file: a crash repeats them
RECORD_PAUSE_MAX_S = 1  # [own] between tries to keep attempts: a kill meanwhile repeats what is not kept
URGENT_PRIORITY_MAX = 2  # [own] priorities 1 and 2: what a person must act on at once
BREAKER_FAILURES = 3  # [own] in a row; one or two are a hiccup, more is a recipient that is down
DELIVERIES_CLAIMED_MAX = 128  # [own] for each recipient in memory; the rest waits in the outbox
ATTEMPTS_RECORDED_TOGETHER_MAX = 512  # [own] in one transaction: 10 ms of work for the database
HANDED_OVER_WITHIN_S = 0.5  # [own] after its notice: a commit's answer comes with it; later it is not coming
OUTBOX_POLL_S = 5  # [own] finds what no wake-up told of, well within the 75 s target
DISPATCHER_STOP_GRACE_S = 3.0  # [own] attempts in flight may end; what is cut off is repeated
RECIPIENT_ANSWER_BYTES_MAX = 4_096  # [own] of an answer's body; only its status is the receipt
RECIPIENT_DETAIL_CHARS_MAX = 300  # [own] of what a recipient answered, kept with the attempt
HTTP_HEAD_BYTES_MAX = 65_536  # [own] of an answer; servers send a few hundred bytes
SMTP_KEPT_MAX = 4  # [own] idle connections to one recipient's mail server; most servers take ten of a client
SMTP_IDLE_MAX_S = 60  # [own] servers wait five minutes for a command (RFC 5321, 4.5.3.2.7), firewalls less
SMTP_MESSAGES_MAX = 100  # [own] of one connection: Postfix and others end it after so many
KEY_BYTES = 32  # [own] of a new key, within the 24 to 64 that Standard Webhooks asks for
KEY_FILE_KEYS_MAX = 8  # [own] of one party; two overlap, more are a rotation that nobody finished
KEY_FILE_LOOK_S = 5  # [own] a rotation is taken over within it, without a restart
FLAP_FREE = 4  # [own] messages of a condition that go by themselves: two breaches and their ends
FLAP_WINDOW_S = 600  # [own] so many within it are no two visits, they are an edge
FLAP_HOLD_S = 60  # [own] from then on one message a minute tells the rest
FLAP_KEYS_MAX = 10_000  # [own] conditions remembered, each with a few instants: a few MB
LINK_HOLDS_S = 3 * 86_400  # [own] a weekend; who comes later finds the alert on the page
LINK_BYTES_MAX = 2_048  # [own] of a link's token; ours have about 200
KEY_OVERLAP_S = 7 * 86_400  # [own] a recipient has a week to take a new key over
SIGNATURE_TOLERANCE_S = 300  # Standard Webhooks reference libraries: five minutes either way
WEBHOOK_SECRET_BYTES_MIN = 24  # Standard Webhooks, "Signature scheme": 24 to 64 bytes
WEBHOOK_SECRET_BYTES_MAX = 64  # Standard Webhooks, "Signature scheme"
ACKNOWLEDGEMENT_BYTES_MAX = 16_384  # [own] three short members; more is no acknowledgement
PERSON_CHARS_MAX = 200  # [own] a person's name and function
MESSAGE_VALUE_CHARS_MAX = 100  # [own] an id longer than this is cut in texts, never in data

# --- escalation -----------------------------------------------------------------------------------
CLIMB_FIRST_S = 60  # [field] EN 50518 practice: an alert that nobody acknowledges climbs within a minute
CLIMB_AGAIN_S = 180  # [field] EN 50518 practice: and again after three
CLIMB_REPEAT_S = 180  # [own] the last rung comes again as seldom as the second came after the first, and more
CLIMB_MAX_S = 7 * 86_400  # [own] a deadline beyond a week is a mistake: nobody would wait for it
CLIMB_LOW_FIRST_S = 8 * 3_600  # [own] priorities 4 and 5: a shift has ended and nobody looked
CLIMB_LOW_REPEAT_S = 86_400  # [own] then once a day
CLIMB_LOOK_S = 1.0  # [own] longest wait of the loop; a wall clock that was set is noticed by then
CLIMBS_AT_ONCE_MAX = 500  # [own] alerts a transaction; the most urgent first, the rest at once after it
CLOCK_STEP_MIN_S = 2.0  # [own] a clock that is slewed runs 0.05 % off: 1 s in half an hour of one look
RECIPIENT_DOWN_AFTER_S = 180  # [own] three heartbeats: a receiver that is restarted is back by then
RECIPIENTS_LOOK_S = 5.0  # [own] one small query; told within RECIPIENT_DOWN_AFTER_S and this
HEARTBEAT_EVERY_S = 60  # [own] three of them fit into HEARTBEAT_ALARM_S; costs one small request each
HEARTBEAT_TIMEOUT_S = 10.0  # [own] as DELIVERY_ATTEMPT_TIMEOUT_S
HEARTBEAT_ALARM_S = 180  # [own] silence of ours after which a recipient should telephone: three missed
CLOSING_NOTE_CHARS_MAX = 2_000  # [own] as TEXT_LENGTH_MAX

# --- incidents ------------------------------------------------------------------------------------
INCIDENT_POSITION_EVERY_S = 15  # [field] issue 8, item 3: "at most every 15 s"; the pursuit plan's interval
INCIDENT_LOOK_S = 1.0  # [own] longest wait between two looks at open incidents: one query on an index
INCIDENTS_AT_ONCE_MAX = 100  # [own] incidents a transaction, the longest unheard first: some 20 ms of ours
INCIDENT_OWED_MIN_S = 90  # twice the shortest plan's 15 s and a minute: before that no fix is owed
INCIDENT_UPDATES_AT_ONCE_MAX = 4  # [own] a recipient: places of their own, beside those of alerts
INCIDENT_UPDATES_CLAIMED_MAX = 64  # [own] a recipient, read at once: some tenths of a second of sending
INCIDENT_UPDATES_HELD_S = 0.25  # [own] what was read is believed so long: then read anew, newer or not at all
INCIDENT_SHOWN_MAX = 200  # [own] newest updates of an incident that the API gives: 50 min of positions

PLACED_ORDERS_MAX = 2_000  # [own] orders kept for the texts of alerts: some 20 MB
SECRET_TIME_S = 3_600  # [own] of a secret zone, whoever may speak with the wearer hears times by the hour
WALK_M_S = 1_000 / 720  # [field] 1 km is 12 min on foot
DRIVE_M_S = 1_000 / 36  # [field] 1 km is 36 s by car
MOVING_MIN_M_S = 0.5  # [own] slower is a receiver's noise, and its heading means nothing
CAP_REFERENCES_MAX = (
    32  # [own] earlier messages that a CAP document names; each of them has named those before
)
UNSEEN_LINES_MAX = 25  # [own] lines of an outage's list in a message: a screen; the page has all

# --- suspensions ----------------------------------------------------------------------------------
SUSPENSION_ALONE_S = 2 * 3_600  # [field] vendors' suspensions of alerts run to 2 h; more needs two people
SUSPENSION_DAY_S = 24 * 3_600  # [own] short ones so near each other add up: many in a row are a long one
SUSPENSION_MAX_S = 31 * 86_400  # [own] a longer one is a variation, which whoever imposed the order decides
SUSPENSION_REASON_CHARS_MIN = 5  # [own] "x" is no reason
SUSPENSIONS_LOOK_S = 10.0  # [own] a suspension's end is told within so long; a look reads those orders alone
NOTICES_AT_ONCE_MAX = 64  # [own] as many as one look sends; they share no place with alerts
NOTICES_SHOWN_MAX = 50  # [own] newest ones on the page of suspensions
SUSPENSIONS_SHOWN_MAX = 200  # [own] newest requests in one answer

# --- policies -------------------------------------------------------------------------------------
POLICY_BYTES_MAX = 1_048_576  # [own] a thousand rows need a third of it
POLICY_ROWS_MAX = 1_000  # [own] beyond it nobody can read the table any more
POLICY_NAME_CHARS_MAX = 64  # [own] of a row, a ladder, a shift, a contact
POLICY_VERSION_DIGITS = 16  # [own] 64 bits of its content's hash, as the ids of alerts
POLICY_USES_SHOWN_MAX = 100  # [own] newest changes of policy in one answer
LADDER_RUNGS_MAX = 50  # [own] with every ladder that follows; far beyond what a person would write

# --- documents of orders ------------------------------------------------------------------------
ORDERS_BYTES_MAX = 64 * 1_048_576  # [own] ten zones of VERTICES_MAX vertices, or some 50,000 plain orders
ORDER_VERSION_MAX = 2**31 - 1  # [own] what a PostgreSQL integer holds
ID_LENGTH_MAX = 128  # [own] characters of the ids of orders, wearers, conditions and zones
TEXT_LENGTH_MAX = 2_000  # [own] characters of a name, contact or reason
PLAN_MIN_S = 1  # [own] receivers fix once a second at most
PLAN_MAX_S = 86_400  # [own] a device that is not to be heard daily is no monitoring
NEXT_CHANGE_LOOK_AHEAD_DAYS = 400  # [own] a year and a clock change: a week repeats well before

# --- explanations ---------------------------------------------------------------------------------
EXPLANATION_BYTES_MAX = 256 * 1_048_576  # [own] 30 days at a fix a minute are some 15 MB, zones beside them

EXPLANATION_CLOCKS_APART_S = 600  # [own] the database's clock and the engine's agree much better than this

# --- what a check of orders calls unwise ----------------------------------------------------------
CHECK_DAYS_MAX = 1_100  # [own] of a validity looked through day by day: three years and a bit
RECEIVER_ERROR_M = 30.0  # [field] 95 % of fixes indoors (NIJ Standard-1004.00; UK Ministry of Justice)
SUSPENSION_BY_ONE_MAX_S = 24 * 3_600  # [own] a longer one is decided by two people
BEGUN_BEFORE_ARMING_MAX_S = 2 * 86_400  # [own] a judgment of Friday is armed on Sunday at the latest
PLAN_WISE_MIN_S = 15  # [field] pursuit mode is a fix each 15 s (SCRAM, Attenti); nobody lasts a day on it
BUFFER_WISE_MAX_M = 5_000.0  # [own] ten minutes by car through a town
PLACES_APART_MAX_M = 50_000.0  # [own] farther apart no buffer and no error makes two places meet
HOME_NIGHT_HOURS = (0, 5)  # [own] local hours in which nearly everybody is where he lives
HOME_NIGHTS_MIN = 3  # [own] one night is a visit, two a week-end
HOME_FIXES_MIN = 5  # [own] a night: fewer are a receiver that hardly sees the sky
HOME_APART_M = 100.0  # [own] nights closer together are at one place
HOME_CELL_M = 50.0  # [own] from a night's middle; most fixes indoors stay within it (RECEIVER_ERROR_M)
PASSAGE_SPEED_MIN_M_S = 60.0 / 3.6  # [own] above the urban limit of 50 km/h
PASSAGE_STRAIGHT_MIN = 0.9  # [own] beeline over way: a road with a bend is 0.95, a tour of a town 0.5
PASSAGES_MIN = 2  # [own] one may be an errand
CHECK_FIXES_MAX = 1_000_000  # [own] held in memory at 1.2 kB each; two years of one wearer, a fix a minute
WHAT_IF_FIRST_ALERTS = 5  # [own] shown with their times; the rest is counted
WHAT_IF_SHALLOW_M = 30.0  # as RECEIVER_ERROR_M: a breach no deeper is what drift at an edge looks like
WHAT_IF_HINT_MIN = 3  # [own] so many alike are no accident
VERTICES_APART_M = 2 * 0.0005  # [contract] section 5: on an edge is within half a millimetre of it
SPIKE_ANGLE_DEG = 0.5  # [own] a corner so sharp is a slip of the hand: 9 mm wide a metre from its tip
SPIKE_LENGTH_M = 1.0  # [own] shorter ones do no harm
NETHERLANDS_DEG = (3.2, 50.7, 7.3, 53.7)  # [own] west, south, east, north in Europe, rounded outward

# --- wire: members and sources --------------------------------------------------------------------
INSTANT_MIN_US = -62_135_510_400_000_000  # [own] 0001-01-02T00:00Z: a day inside what datetime holds,
INSTANT_MAX_US = 253_402_214_399_999_999  # so that any offset and any bound of a day still fits
TIME_TEXT_LENGTH_MAX = 64  # [own] characters; an RFC 3339 instant with nanoseconds has 35
HEADING_MAX_DEG = 360.0  # [own] receivers write north as 0 and as 360
SATELLITES_MAX = 254  # [own] more than all systems together have in view; 255 is "none" in fixb
HDOP_MAX = 655.34  # [own] what fixb can hold; receivers write 99.99 for "none"
FIXB_VERSION = 1  # docs/wire.md; a change of the record is another version
RECEIVE_WINDOW_MESSAGES = 1_000  # [own] unacknowledged QoS 1 messages: half a second of 2,000 fixes/s
UNPROMISED_QUEUE_MAX = 10_000  # [own] QoS 0 messages held; MQTT promises nothing for those beyond
RECONNECT_PAUSE_MIN_S = 0.5  # [own] a broker restarts in less than a second
RECONNECT_PAUSE_MAX_S = 30.0  # [own] longest time a returned broker stays unused
RECEIVE_BYTES_MAX = 64 * PAYLOAD_BYTES_MAX  # [own] payload waiting here at which no more is read
SCAN_BYTES = (
    4_194_304  # [own] of payloads decoded at once: columns of the densest fixes take three times that
)
FRAME_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX + 5  # [own] of a larger packet the rest is skipped; 5: its header
SOCKET_READ_BYTES = 262_144  # [own] one read: about two windows of fixes
READ_REST_S = 0.01  # [own] while nobody waits for what comes: what comes meanwhile is one read
TOPIC_ALIASES_MAX = 1_000  # [own] a connection; as many as the window has messages
TOPICS_KNOWN_MAX = 400_000  # [own] names kept as text, so that each is read once; some 60 MB
KEEPALIVE_S = 20  # [own] a dead connection is noticed within 1.5 times this (MQTT 5, 3.1.2.10)
LINE_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX  # [own] one line of FIXES; an object of 1 MiB and its envelope

# --- page and API -------------------------------------------------------------------------------
SESSION_HOURS = 12  # [own] a shift and its handover
USER_CACHE_S = 10  # [own] so long may a disabled person's session still be served
LOGIN_BYTES_MAX = 4_096  # [own] a name and a password
PASSWORD_CHARS_MIN = 12  # NIST SP 800-63B section 3.1.1.2 asks 15 without and 8 with a second factor
PASSWORD_CHARS_MAX = 256  # [own] NIST asks for at least 64; hashing a megabyte is an attack
LOGIN_TRIES_FREE = 5  # [own] wrong passwords for a name from an address before a pause
LOGIN_TRIES_FREE_ADDRESS = 20  # [own] from an address, whatever the names: a shift behind one address
LOGIN_PAUSE_FIRST_S = 1  # [own] then 2, 4, 8, … between tries
LOGIN_PAUSE_MAX_S = 60  # [own] a shift that mistyped waits no longer than this
LOGIN_FORGET_S = 900  # [own] so long after the last wrong try the count starts anew
LOGIN_KEYS_MAX = 10_000  # [own] addresses and names remembered; the oldest go first
LOGIN_HASHES_AT_ONCE = 2  # [own] each takes 64 MiB and a core for some 50 ms
LOGIN_QUEUE_MAX = 16  # [own] waiting log-ins beyond this are sent away, not piled up
ALERTS_PAGE_DEFAULT = 100  # [own] a screen and some scrolling
ALERTS_PAGE_MAX = 500  # [own] rows an answer
LIVE_EVENTS_KEPT = 4_096  # [own] in memory for all streams; who is further behind reads the database
LIVE_READ_MAX = 1_000  # [own] feed rows or positions read at once
LIVE_BEHIND_MAX = 20_000  # [own] feed rows; who is further behind starts from a new snapshot
LIVE_STREAMS_MAX = 200  # [own] open pages; one takes a descriptor and some kilobytes
LIVE_POLL_S = 2.0  # [own] finds what no wake-up told of, well under "map under 10 s behind"
LIVE_READ_MIN_S = 0.05  # [own] wakings closer together than this share one read
LIVE_POSITIONS_MIN_S = 0.25  # [own] positions are gathered this long: an eye sees no more
PROTECTED_KEPT_S = 2.0  # [own] one read for all pages that ask; they ask each 5 s
LIVE_HEARTBEAT_S = 10.0  # [own] tells a page, and what stands between, that the stream lives
LIVE_SEND_TIMEOUT_S = 30.0  # [own] a reader that takes nothing for so long is let go; it resumes
CIRCLE_CORNERS = 96  # [own] drawn circles; the chord leaves the arc by 0.05 % of the radius
BLIND_DAYS_DEFAULT = 7  # [own] a week of a ledger: what a probation officer looks back on
BLIND_DAYS_MAX = 93  # [own] a quarter: 134,000 fixes of a device at one a minute are read for it
BLIND_WORST_MAX = 50  # [own] orders in the list of the worst: a ledger is made for each
BLIND_WORST_DAYS_MAX = 7  # [own] of that list: 50 ledgers of 10,000 fixes each
REQUEST_BYTES_MAX = 16_384  # [own] every body but orders

# --- feedback from closings -----------------------------------------------------------------------
FEEDBACK_SIGMAS = 1.959964  # a two-sided interval of 95 % under the normal curve (Wilson 1927)
FEEDBACK_DAYS_DEFAULT = 28  # [own] four whole weeks: every shift of the week four times
FEEDBACK_DAYS_MAX = 366  # [own] a year, for the report that is due each half of it
FEEDBACK_ALERTS_MAX = 200_000  # [field] 0.4 a wearer and day: 1,300 wearers for a year; some 200 MB
FEEDBACK_NOISY_MAX = 10  # [own] as many as one meeting can talk about
FEEDBACK_PATTERN_MIN = 3  # [own] once is chance, twice a coincidence
FEEDBACK_PATTERN_SHARE_MIN = 0.5  # [own] what is behind less than half is not the pattern
FEEDBACK_NIGHTS_MIN = 3  # [own] as above, on days of their own
FEEDBACK_HOME_NEAR_M = 100.0  # [field] three times a receiver's 30 m indoors
FEEDBACK_STRETCH_MIN_M = 100.0  # [own] what one street corner at a zone's edge is long
FEEDBACK_DUTY_STEP_S = 300  # [own] rotas begin on the quarter; a year is 105,408 looks

if LIVE_READ_MAX > PAGE_ROWS_MAX or ALERTS_PAGE_MAX > PAGE_ROWS_MAX:
    raise AssertionError("limits.py: the page reads more rows at once than the store answers")

# --- geofence -----------------------------------------------------------------------------------
ON_EDGE_M = 0.0005  # [contract] section 5: within half a millimetre of the edge is on it, and so inside
OUTLINE_LENGTH_MAX_M = 1e10  # [own] 250 times round the Earth: no place a court means, and bounds the pieces
PIECE_LENGTH_MIN_M = 2_000.0  # [own] a chord of 2 km leaves the ellipsoid by 8 cm: few near pieces to refine
PIECE_LENGTH_MAX_M = 50_000.0  # [own] still one minimum of distance a piece
PIECE_DEGREES_MAX = 5.0  # [own] of longitude: a parallel near a pole turns by no more within a piece
PIECES_ADDED_MAX = 200_000  # [own] 20 MB; longer outlines are cut more coarsely
UNION_GRID_DEG = 1e-10  # [own] 11 µm: parts and holes are joined on it, so that no sliver is left between
FRAME_REACH_MAX_M = 30_000.0  # [own] outlines farther from their middle have no plane of their own
FRAME_PLANE_MAX_M = (
    40_000.0  # [own] its lengths err by 0.7 mm in 10 km there: half the contract's bound is kept
)
FRAME_LATITUDE_MAX_DEG = 85.0  # [own] beyond, meridians draw together too fast for the plane's series
CIRCLE_FRAME_MAX_M = 25_000.0  # [own] from the centre; the plane's radius errs by 0.2 mm there
SEGMENT_LENGTH_MAX_M = 1_000.0  # [own] a parabola follows the true edge over it to 0.01 mm
SEGMENT_SAGITTA_MAX_M = 0.05  # [own] as the line above, where meridians draw together
PROBABILITY_REACH = 6.5  # standard deviations beyond which a circular normal holds exp(-6.5²/2) = 7e-10
PROBABILITY_SIGMA_MAX_M = 500_000.0  # [own] above ACCURACY_MAX_M / R95_PER_SIGMA
COUNTRY_CELLS_MAX = 2_000_000  # [own] coarse cells of a country's index: 40 MB
COUNTRY_FINE_A_ZONE = 10  # [own] fine cells across a zone of middling size
COUNTRY_CLOSE_M = 0.003  # [own] nearer to an edge the exact kernels decide; the closed edge is 0.5 mm
FIELD_HALF_MAX_DEG = 6.0  # [own] half a field's box; so half a cell is below 0.2 degrees
FIELD_DISTANCE_MAX_M = 250_000.0  # [own] beyond, a distance may err by more than a field's margin
WEARERS_MAX = 100_000_000  # [own] of one watch: 6 GB of certificates; a country has thousands
OWN_ZONES_MAX = 32  # [own] two flags each in a word of 64 bits
WATCH_THREADS_MAX = 64  # [own] of one batch
WATCH_THREAD_FIXES_MIN = 4_096  # [own] a tenth of a millisecond of work: fewer are done before a thread wakes
POINTS_AT_ONCE = 4_096  # [own] lines that emon locate reads before it answers them together

# --- runtime ------------------------------------------------------------------------------------
TIMER_LOOK_S = 1.0  # [own] longest wait of an idle loop; a wall clock that was set back is noticed by then
HEARTBEAT_S = 10  # [own] an idle service commits so often: its stops are known to within it
SERVICE_GAP_MAX_S = 30  # [own] three heartbeats without a commit: the service judged nothing, it stood still
BACKLOG_MIN_S = 5  # [own] after a start the broker sends within its first round trips what it kept
BACKLOG_MAX_S = 900  # [field] domain figures, row 10: a backlog is drained within 15 min
RETRY_PAUSE_MIN_S = 0.25  # [own] a database restarts in about a second
RETRY_PAUSE_MAX_S = 10.0  # [own] longest time a returned database stays unused
PRIORITY_LOWEST = 5  # [contract] section 5: priorities run from 1 (highest) to 5
KERNELS_HINT_S = 3.0  # [own] from the cache they come in about two seconds
PARTITIONS_EVERY_S = 3_600  # [own] days ahead are made well before they come, also after a clock change
STOP_GRACE_S = 5.0  # [own] for what is in hand at a stop; everything unfinished comes again

# --- lanes: what waits in the inbox ---------------------------------------------------------------
BEHIND_MESSAGES = 100  # [own] at once: some 30 ms of judging, in which a live fix would stand behind them
BEHIND_BYTES = 262_144  # [own] of payloads at once: some 2,000 fixes, a second's work
BUDGET_FIXES_PER_S = 0.25  # [own] a device's: one each 4 s, four times as many as in pursuit (15 s)
BUDGET_FIXES_BURST = 60.0  # [own] an hour of one a minute, sent together after a tunnel
BUDGET_DEVICES_MAX = 200_000  # [own] budgets remembered: some 30 MB
SHARE_OF_MEDIAN = (
    4  # [own] of one taking: who sends no more than so many times the median is not the noisy one
)
INBOX_FIXES_MAX = (
    20_000_000  # [own] 2,000 devices for a week at one a minute; beyond, the broker is held back
)
INBOX_AGE_MAX_S = 900  # [field] domain figures, row 10: drained within 15 min; older is told as `platform`
WAITING_ROW_FIXES_MAX = 100  # [own] of one row there: some milliseconds of judging, whatever a message holds
INBOX_ROWS_AT_ONCE = 20_000  # [own] put into the inbox by one transaction, which must stay short
PORTION_FIXES_MIN, PORTION_FIXES_FIRST, PORTION_FIXES_MAX = 20, 100, 1_000  # [own] taken from it at once
PORTION_MEMORY = 0.8  # [own] weight of a portion against the one after it: some five tell what the next costs
PORTION_AIM_LIVE = 2.0  # [own] times what a live batch takes lately: then a live fix at most triples its wait
PORTION_AIM_MIN_S, PORTION_AIM_MAX_S = 0.008, 0.05  # [own] two quiet commits; a delay that nobody notices
PORTION_AIM_ALONE_S = 0.25  # [own] of a portion while nothing live has come for LIVE_WITHIN_S
OVER_BUDGET_TOLD_EACH_S = 3_600  # [own] of each device in the log
URGENT_FIRST_FIXES = 256  # [own] a smaller batch is judged and written in milliseconds; parting costs one
URGENT_FIRST_SHARE = 0.125  # [own] of a batch: at most so much of it is judged on trial, in vain most times
LIVE_BATCHES_REMEMBERED = 32  # [own] whose median says what one takes
LIVE_BATCH_MESSAGES_MAX = 10  # [own] a larger one says what a crowd takes
LIVE_WITHIN_S = 60  # [own] a fix that came within a plan's interval: another may come at any moment

# --- audit trail --------------------------------------------------------------------------------
SEAL_EVERY_S = 2.0  # [own] what happened hangs in the chain so soon; an edit before that leaves no trace
SEAL_ENTRIES_MAX = 5_000  # [own] one transaction of the sealer: a few megabytes
SEAL_ROWS_MAX = 5_000  # [own] of one span: below a tenth of a second of the database's time, as measured
SEAL_LOOK_MIN_S = 0.25  # [own] of received_at: a span of a crowd is no longer
SEAL_REST_TIMES = 4.0  # [own] after a span, so many times as long as it took: at most a fifth of one core
HEAD_EVERY_S = 60  # [own] what was signed and kept elsewhere is never more than a minute behind
HEAD_ENTRIES_MAX = 10_000  # [own] a line of heads.jsonl stays below 120 kB
RETENTION_DAYS_MIN = PARTITIONS_BEHIND_DAYS + 1  # [own] younger days still take late fixes
RETENTION_BEFORE_DAYS = (
    2  # [own] kept before a breach or open alert: an explanation begins where all was quiet
)
RETENTION_AFTER_DAYS = 1  # [own] and after its end: the fix that shows it over, and what came late
RETENTION_LOCK_WAIT_MS = 900  # [own] below deadlock_timeout: a removal gives way, never the engine
RETENTION_EVERY_S = 3_600  # [own] a day goes within an hour of midnight UTC; what was put off is tried again
EXPORT_PART_BYTES = 8_388_608  # [own] of one file of an export, which is held in memory whole
IMPORT_DAY_FIXES_MIN = 1_000  # [own] a day with so many fixes gets a partition of its own
COURT_AROUND_S = 900  # [own] what stood before and after it; the breach itself is there whole
COURT_ROWS_MAX = 20_000  # [own] fixes of a court file, two weeks of them; it says what it left out
COURT_FILE_BYTES_MAX = 512 * 1_048_576  # [own] an explanation of 256 MiB, and its evidence beside it
VERIFY_BLOCK_ENTRIES = 2_000  # [own] entries read at once: a megabyte
VERIFY_ROWS_BYTES = 1_048_576  # [own] of rows put into text at once
VERIFY_BESIDE_FROM = 50_000  # [own] entries: below it a second process costs more than it saves
VERIFY_FINDINGS_MAX = 1_000  # [own] named one by one; more are counted
VERIFY_AHEAD_S = 3_600  # [own] what the engine remembers may be so much later than its newest alert or fix
VERIFY_SLACK_S = 60  # [own] a deadline may lie so much later than it should: clocks of two machines differ

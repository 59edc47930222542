"""Every bound of the engine in one file, each with its unit and its source.

Sources: [contract] is the project's published contract of wire, orders and judgement; a number
there changes only with a decision record. [field] cites the public record of electronic
monitoring. [own] is our own choice, with the reason.
"""

from __future__ import annotations

# --- wire -----------------------------------------------------------------------------------
PAYLOAD_BYTES_MAX = 1_048_576  # [contract] section 1: payloads up to 1 MiB
FIXES_PER_MESSAGE_MAX = 1_000  # [contract] section 1: store and forward
DEVICE_ID_LENGTH_MAX = 64  # [contract] section 1
SEQ_MAX = 2**32 - 1  # [contract] section 1: uint32
ACCURACY_MIN_M = 0.0  # [own] a radius; 0 is what some receivers send for "unknown"
ACCURACY_MAX_M = 1_000_000.0  # [own] beyond it a position says nothing anywhere
SPEED_MAX_M_S = 1_000.0  # [own] beyond it the member is broken, not fast
JSON_DEPTH_MAX = 32  # [own] a fix needs 2; deeper is an attack or a fault
R95_PER_R68 = 1.6214  # [contract] section 1: OwnTracks reports the 68 % radius
R95_PER_SIGMA = 2.4477  # radius of the 95 % circle of a circular normal, sqrt(-2 ln 0.05)

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
CROSSING_GAP_MAX_S = 120  # [contract] section 3, how = crossed
EDGE_FIX_AGE_MAX_S = 900  # [contract] section 3, how = schedule
PRESENT_AGE_MAX_S = 300  # [contract] section 3, historic
REACH_GAP_MAX_S = 1_800  # [contract] section 3, how = reachable
REACH_SPEED_MAX_M_S = 14.0  # [own] 50 km/h, the urban limit: plausible door to door in a town
RUN_MEMORY_S = 900  # [own] evidence older than the edge's limit says nothing about now

if not (CROSSING_GAP_MAX_S < PRESENT_AGE_MAX_S < EDGE_FIX_AGE_MAX_S <= RUN_MEMORY_S):
    raise AssertionError("limits.py: the order of the time limits is broken")

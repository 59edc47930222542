"""Every bound of the simulator and of its score, each with its unit and its source.

Sources as in ``emon.limits``, which holds the engine's; a bound of both stands there.
"""

from __future__ import annotations

from emon.limits import EDGE_FIX_AGE_MAX_S

# --- scenarios and load ---------------------------------------------------------------------------
SCENARIO_DURATION_MAX_S = 40 * 86_400.0  # [own] a month and more, played offline in a moment
SCENARIO_FIXES_MAX = 1_000_000  # [own] all fixes of a scenario are held in memory
WALK_SPEED_MAX_M_S = 100.0  # [own] as PLAUSIBLE_SPEED_MAX_M_S: faster would be marked, not judged
LOAD_RATE_MAX_PER_S = 1_000_000.0  # [own] above what one publishing process reaches
LOAD_DEVICES_MAX = 1_000_000  # [own] device names are numbered with seven digits
LOAD_CONNECTIONS_MAX = 4_096  # [own] well below a usual descriptor limit of 20,000
LOAD_SECONDS_MAX = 86_400.0  # [own] a load that nobody watches stops within a day
PUBLISH_WINDOW = 1_000  # [own] unacknowledged messages a connection; brokers keep 1,000 in flight
ACK_READ_REST_S = 0.002  # [own] a PUBACK's latency is told at most so much too long
SETTLE_S = 20.0  # [own] how long the end of a run waits for the last acknowledgements

# --- score --------------------------------------------------------------------------------------
DUE_DEPTH_MIN_M = 30.0  # [field] NIJ and MoJ: 30 m indoors is what a receiver must keep; shallower is grey
DUE_FIXES = 3  # [own] one may be lost to a plausibility test, and the two left agree
DUE_LATE_S = 240  # [field] NIJ Standard-1004.00 5.3.5: breach to delivered never over 4 min
TAMPER_TOLD_S = 180  # [field] NIJ Standard-1004.00 5.4.1: a cut strap is told at the centre within 3 min
SCORE_EARLY_S = 30  # [own] an alert so little before a stay is that stay's: 40 m of drift at a walk
SCORE_AFTER_S = EDGE_FIX_AGE_MAX_S  # [contract] a fix so old may still open a breach at an edge
SCORE_RESAMPLES = 2_000  # [own] of the bootstrap; an end of a 95 % interval then rests on 50 of them
TRUTH_STEP_MAX_M = 4.0  # [own] true depth is looked at so often along a way; it errs by half of it at most

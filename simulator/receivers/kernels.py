"""What a receiver does from fix to fix, compiled: each depends on the one before.

All kernels stand in this file, so Numba's own check of a cached binary against the file's time
suffices. Uniform chance is a hash of a key, the fix's row and a salt, so that it costs nothing where it
is not needed and one part never disturbs another's draws; normal noise for every fix comes in as an array.
``met`` is the table of a receiver's conditions, a record for each code of ``Surroundings``, and ``own`` its
one record of numbers that hold everywhere (``tables.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import numba
import numpy as np

from simulator.receivers.observed import Codes, Flags, Floats

Function = TypeVar("Function", bound=Callable[..., Any])

METRES_PER_DEGREE = 111_195.0
"""Of a great circle on the mean sphere (6,371 km): errors need no ellipsoid."""
MODE_GNSS, MODE_WIFI, MODE_CELL, MODE_FAR, MODE_HOLD = range(5)
SILENT = -1
STANDING_M_S = 0.3
"""Slower than this nobody walks: phones doze, and receivers call it standing."""
NORMALS = 8
"""Standard normals a fix: drift of two time constants on two axes, swing, claim, white on two axes."""
_SPEED_SIGMA_M_S = 0.2  # [own] Doppler speeds are good to decimetres a second
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LARGE = np.uint64(0xBF58476D1CE4E5B9)
_OTHER = np.uint64(0x94D049BB133111EB)
_SALTS = tuple(np.uint64(number) for number in range(1, 55, 2))  # a normal takes two
_STAY, _CHOICE, _FLICKER, _LOST, _DOZE = _SALTS[0:5]
_BEARING, _SETTLE, _ASTRAY, _ASTRAY_CLAIM, _ASTRAY_OFF = _SALTS[5:10]
_ASTRAY_TURN, _POOR, _POOR_CLAIM, _POOR_OFF, _POOR_TURN = _SALTS[10:15]
_SCAN, _SCAN_NORTH, _WIFI_CLAIM, _MAST, _RANK = _SALTS[15:20]
_WHICH, _WANDER, _WANDER_NORTH, _DOPPLER, _SESSION = _SALTS[20:25]
_SCAN_WHITE, _SCAN_WHITE_NORTH = _SALTS[25:]


def _compiled(function: Function) -> Function:
    """IEEE arithmetic as written; kept on disk where a cache can be written."""
    kernel: Any = numba.njit(error_model="numpy", nogil=True)(function)
    if kernel is not function:  # the same under NUMBA_DISABLE_JIT=1
        with suppress(RuntimeError):  # neither the package nor the user's cache can be written
            kernel.enable_caching()
    found: Function = kernel
    return found


@_compiled
def _mixed(word: np.uint64) -> np.uint64:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014)."""
    word = (word ^ (word >> np.uint64(30))) * _LARGE
    word = (word ^ (word >> np.uint64(27))) * _OTHER
    return word ^ (word >> np.uint64(31))


@_compiled
def _fraction(word: np.uint64) -> float:
    return (float(word >> np.uint64(12)) + 0.5) * 2.0**-52


@_compiled
def _unit(key: np.uint64, row: int, salt: np.uint64) -> float:
    """A number in (0, 1) for this row and salt."""
    return _fraction(_mixed(_mixed(key + salt * _GOLDEN) + np.uint64(row) * _GOLDEN))


@_compiled
def _normal(key: np.uint64, row: int, salt: np.uint64) -> float:
    """A standard normal by Box and Muller, for what is rarely needed."""
    away = math.sqrt(-2.0 * math.log(_unit(key, row, salt)))
    return away * math.cos(2.0 * math.pi * _unit(key, row, salt + np.uint64(1)))


@_compiled
def _lattice(key: np.uint64, column: int, row: int, salt: int) -> float:
    """A number in (0, 1) that belongs to a lattice point, the same at every visit."""
    word = _mixed((key ^ (np.uint64(salt) * _GOLDEN)) + _GOLDEN + np.uint64(column))
    return _fraction(_mixed(word + _GOLDEN + np.uint64(row)))


@_compiled
def _log_uniform(low: float, high: float, chance: float) -> float:
    return low * (high / low) ** chance if low > 0.0 else high * chance


@_compiled
def _often(own: Any, key: np.uint64) -> float:
    """The odds that reception is poor or lost in this session, times the usual; 1 in the mean."""
    spread = own["session_poor"]
    return math.exp(spread * _normal(key, 4, _SESSION) - spread * spread / 2.0)


@_compiled
def _scaled(share: float, odds: float) -> float:
    """A share whose odds are so many times as large."""
    return share * odds / (1.0 - share + share * odds)


@_compiled
def _still_on(on: bool, first: bool, dt_s: float, share: float, mean_on_s: float, chance: float) -> bool:
    """Whether a process with exponential stays is on after ``dt_s``, exactly for constant numbers.

    The chance is ``p + (s - p) exp(-dt (1/on + 1/off))`` with ``off = on (1 - p) / p``.
    """
    if share <= 0.0 or share >= 1.0 or first:
        return chance < share
    return chance < share + ((1.0 if on else 0.0) - share) * math.exp(-dt_s / (mean_on_s * (1.0 - share)))


@_compiled
def _chosen(met: Any, jammed: bool, chance: float) -> int:
    """Which source answers. A jammer drowns satellites alone; where nothing else is, they stay chosen."""
    edge = met["gnss"]
    if jammed and edge < 1.0 - 1e-9:
        chance = edge + chance * (1.0 - edge)
    if chance < edge:
        return MODE_GNSS
    edge += met["wifi"]
    if chance < edge:
        return MODE_WIFI
    edge += met["cell"]
    if chance < edge:
        return MODE_CELL
    return MODE_FAR if chance < edge + met["far"] or met["hold"] <= 0.0 else MODE_HOLD


@_compiled
def modes(
    t_s: Floats, codes: Codes, speed_m_s: Floats, jammed: Flags, cold: bool,
    met: Any, own: Any, key: np.uint64, mode: Codes, settling: Floats,
) -> None:  # fmt: skip
    """Which source answers at each instant, or none; and the offset while settling after a loss.

    A stay with one source ends by chance, or when surroundings or jamming change. ``mode`` i8[n] is one of
    ``MODE_*`` or ``SILENT``, ``settling`` f64[n, 2] metres.
    """
    lost = dozes = False
    often = _often(own, key)
    chosen = MODE_GNSS
    heard_before, heard_s = False, -1.0
    since_s = depth = off_east_m = off_north_m = 0.0
    for i in range(t_s.size):
        here = met[codes[i]]
        first = i == 0
        dt_s = 0.0 if first else t_s[i] - t_s[i - 1]
        changed = first or codes[i] != codes[i - 1] or jammed[i] != jammed[i - 1]
        if changed or _unit(key, i, _STAY) < -math.expm1(-dt_s / here["stay_s"]):
            chosen = _chosen(here, jammed[i], _unit(key, i, _CHOICE))
        now = chosen
        if now == MODE_FAR and here["gnss"] > 0.0 and not jammed[i]:
            now = MODE_GNSS if _unit(key, i, _FLICKER) < own["far_flicker_share"] else now
        if here["lost_share"] > 0.0:
            share = _scaled(here["lost_share"], often)
            lost = _still_on(lost, first, dt_s, share, here["lost_s"], _unit(key, i, _LOST))
        else:
            lost = False
        standing = speed_m_s[i] < STANDING_M_S
        if own["doze_share"] > 0.0 and standing:
            chance = _unit(key, i, _DOZE)
            dozes = _still_on(dozes, first, dt_s, own["doze_share"], own["doze_s"], chance)
        else:
            dozes = False
        if lost or dozes:
            mode[i] = SILENT
            heard_before = False
            continue
        heard = (now == MODE_GNSS and not jammed[i]) or now == MODE_WIFI
        if heard and not heard_before:
            loss_s = t_s[i] - heard_s if heard_s >= 0.0 else (math.inf if cold else 0.0)
            depth = min(max((loss_s - own["cold_warm_s"]) / own["cold_cold_s"], 0.0), 1.0)
            since_s = t_s[i]
            # Even a warm restart begins with a position that has yet to settle.
            size_m = own["cold_off_m"] * math.sqrt(max(depth, 0.1)) * _unit(key, i, _SETTLE)
            size_m = size_m if loss_s >= own["cold_warm_s"] else 0.0
            bearing = 2.0 * math.pi * _unit(key, i, _BEARING)
            off_east_m, off_north_m = size_m * math.sin(bearing), size_m * math.cos(bearing)
        heard_before = heard
        if heard:
            heard_s = t_s[i]
        age_s = t_s[i] - since_s
        if now == MODE_GNSS:
            if jammed[i] or age_s < depth * own["cold_first_fix_s"]:
                now = SILENT
            elif off_east_m != 0.0:
                faded = math.exp(-age_s / own["cold_settle_s"])
                settling[i, 0], settling[i, 1] = off_east_m * faded, off_north_m * faded
        mode[i] = now


@_compiled
def _biased(key: np.uint64, lon: float, lat: float, low_m: float, high_m: float, spacing_m: float) -> Any:
    """The constant error of a place, metres east and north: see ``places.place_bias``."""
    x = lon * METRES_PER_DEGREE * math.cos(math.radians(math.floor(lat) + 0.5)) / spacing_m
    y = lat * METRES_PER_DEGREE / spacing_m
    left, low = math.floor(x), math.floor(y)
    cos = sin = size = 0.0
    for corner in range(4):
        dx, dy = corner & 1, corner >> 1
        weight = (x - left if dx else 1.0 - (x - left)) * (y - low if dy else 1.0 - (y - low))
        angle = 2.0 * math.pi * _lattice(key, int(left) + dx, int(low) + dy, 1)
        cos += weight * math.cos(angle)
        sin += weight * math.sin(angle)
        size += weight * _lattice(key, int(left) + dx, int(low) + dy, 2)
    reach_m = (low_m + (high_m - low_m) * size) / max(math.hypot(cos, sin), 1e-9)
    return reach_m * sin, reach_m * cos


@_compiled
def place_biases(
    key: np.uint64, lon: Floats, lat: Floats, low_m: float, high_m: float, spacing_m: float, out: Floats
) -> None:
    """``_biased`` for each place, computed once while one stays: ``out`` f64[n, 2]."""
    for i in range(lon.size):
        if i > 0 and lon[i] == lon[i - 1] and lat[i] == lat[i - 1]:
            out[i, 0], out[i, 1] = out[i - 1, 0], out[i - 1, 1]
        else:
            out[i, 0], out[i, 1] = _biased(key, lon[i], lat[i], low_m, high_m, spacing_m)


@_compiled
def satellite(
    t_s: Floats, lon: Floats, lat: Floats, codes: Codes, mode: Codes, met: Any, own: Any,
    keys: Any, noise: Floats, settling: Floats, out: Floats,
) -> None:  # fmt: skip
    """Error east and north and claimed 68 % radius where satellites answer: ``out`` f64[n, 3].

    Drift, swing and claim are stationary Gauss-Markov processes, exact at uneven times: ``x' = a x +
    sqrt(1 - a^2) n`` with ``a = exp(-dt / tau)``. They run on while another source answers.
    """
    key, place_key = keys[0], keys[1]
    state = np.zeros(6)
    keep, fresh = np.zeros(6), np.ones(6)
    taus_s = (own["fast_s"], own["fast_s"], own["slow_s"], own["slow_s"], own["wild_s"], own["claim_s"])
    session = _normal(key, 0, _SESSION)
    worse, often = math.exp(own["session"] * session), _often(own, key)
    aside_east_m = own["session_m"] * _normal(key, 1, _SESSION)
    aside_north_m = own["session_m"] * _normal(key, 2, _SESSION)
    step_s, at = 0.0, -1
    bias_east_m = bias_north_m = 0.0
    astray, poor = False, False
    episode = np.zeros(8)  # of each: claim, offset east, offset north; then when the poor one began
    for i in range(t_s.size):
        dt_s = 0.0 if i == 0 else t_s[i] - t_s[i - 1]
        if dt_s != step_s:
            step_s = dt_s
            for k in range(6):
                keep[k] = math.exp(-dt_s / taus_s[k])
                fresh[k] = math.sqrt(1.0 - keep[k] * keep[k])
        for k in range(6):
            state[k] = keep[k] * state[k] + fresh[k] * noise[i, k]
        here = met[codes[i]]
        astray = _astray(astray, i, dt_s, here, key, episode)
        poor = _poor(poor, i, dt_s, t_s[i], often, here, key, episode)
        if mode[i] != MODE_GNSS:
            continue
        spread = here["claim_spread"] * state[5] + here["session_claim"] * session
        claim_m = max(here["claim68_m"] * math.exp(spread), own["floor68_m"])
        # Errors do not shrink with claims below the knee, and grow slower than claims above: the boldest
        # claims are too optimistic, the most careful too pessimistic.
        swing = worse * math.exp(here["wild"] * state[4])
        if claim_m > own["knee68_m"]:
            swing *= (claim_m / own["knee68_m"]) ** here["error_per_claim"]
        if at < 0 or lon[i] != lon[at] or lat[i] != lat[at]:
            low_m, high_m = own["bias_m_low"], own["bias_m_high"]
            bias_east_m, bias_north_m = _biased(
                place_key, lon[i], lat[i], low_m, high_m, own["bias_spacing_m"]
            )
            at = i
        fast_m, slow_m, white_m = here["fast_m"], here["slow_m"], here["white_m"]
        east_m = swing * (fast_m * state[0] + slow_m * state[2] + white_m * noise[i, 6])
        north_m = swing * (fast_m * state[1] + slow_m * state[3] + white_m * noise[i, 7])
        if poor:
            ramp = -math.expm1(-(t_s[i] - episode[6]) / here["poor_ramp_s"])
            east_m, north_m = east_m + ramp * episode[4], north_m + ramp * episode[5]
            claim_m = episode[3]
        if astray:
            east_m, north_m = east_m + episode[1], north_m + episode[2]
            claim_m = episode[0] if episode[0] > 0.0 else claim_m
        out[i, 0] = east_m + bias_east_m + aside_east_m + settling[i, 0]
        out[i, 1] = north_m + bias_north_m + aside_north_m + settling[i, 1]
        out[i, 2] = claim_m


@_compiled
def _astray(on: bool, i: int, dt_s: float, here: Any, key: np.uint64, episode: Floats) -> bool:
    """Whether multipath leads astray: one offset and, where it has its own, one claim an episode."""
    share = here["astray_share"]
    if share <= 0.0:
        return False
    now = _still_on(on, i == 0, dt_s, share, here["astray_stay_s"], _unit(key, i, _ASTRAY))
    if now and not on:
        low_m, high_m = here["astray_claim68_m_low"], here["astray_claim68_m_high"]
        episode[0] = _log_uniform(low_m, high_m, _unit(key, i, _ASTRAY_CLAIM)) if high_m > 0.0 else 0.0
        low_m, high_m = here["astray_off_m_low"], here["astray_off_m_high"]
        off_m = _log_uniform(low_m, high_m, _unit(key, i, _ASTRAY_OFF))
        turn = 2.0 * math.pi * _unit(key, i, _ASTRAY_TURN)
        episode[1], episode[2] = off_m * math.sin(turn), off_m * math.cos(turn)
    return now


@_compiled
def _poor(
    on: bool, i: int, dt_s: float, now_s: float, often: float, here: Any, key: np.uint64, episode: Floats
) -> bool:
    """Whether reception is so bad that the receiver says so itself."""
    share = _scaled(here["poor_share"], often)
    if share <= 0.0:
        return False
    now = _still_on(on, i == 0, dt_s, share, here["poor_stay_s"], _unit(key, i, _POOR))
    if now and not on:
        low_m, high_m = here["poor_claim68_m_low"], here["poor_claim68_m_high"]
        episode[3] = _log_uniform(low_m, high_m, _unit(key, i, _POOR_CLAIM))
        low, high = here["poor_off_per_claim_low"], here["poor_off_per_claim_high"]
        off_m = episode[3] * _log_uniform(low, high, _unit(key, i, _POOR_OFF))
        turn = 2.0 * math.pi * _unit(key, i, _POOR_TURN)
        episode[4], episode[5], episode[6] = off_m * math.sin(turn), off_m * math.cos(turn), now_s
    return now


@_compiled
def wifi(t_s: Floats, lon: Floats, lat: Floats, mode: Codes, own: Any, keys: Any, out: Floats) -> None:
    """Positions from Wi-Fi: a target found anew at each scan, and a filter that runs after it.

    Scans fall on whole multiples of ``wifi_scan_s``, so fixes of one scan share its target; the distance
    to it shrinks by ``exp(-dt / relax)``. Fills ``out`` f64[n, 3] as ``satellite`` does, where Wi-Fi answers.
    """
    key, place_key = keys[0], keys[2]
    slow_east_m = slow_north_m = target_east_m = target_north_m = seen_east_m = seen_north_m = 0.0
    bias_east_m = bias_north_m = 0.0
    scan, at, since = 0.0, -1, -1
    sigma_m = own["wifi_sigma_m"] * math.exp(own["wifi_session"] * _normal(key, 3, _SESSION))
    scan_m = sigma_m * math.sqrt(own["wifi_scan_share"])
    slow_m = sigma_m * math.sqrt(1.0 - own["wifi_scan_share"])
    for i in range(t_s.size):
        if mode[i] != MODE_WIFI:
            continue
        now = math.floor(t_s[i] / own["wifi_scan_s"])
        if since < 0 or now != scan:
            keep = math.exp(-(now - scan) * own["wifi_scan_s"] / own["wifi_drift_s"]) if since >= 0 else 0.0
            fresh_m = slow_m * math.sqrt(1.0 - keep * keep)
            slow_east_m = keep * slow_east_m + fresh_m * _normal(key, i, _SCAN)
            slow_north_m = keep * slow_north_m + fresh_m * _normal(key, i, _SCAN_NORTH)
            target_east_m = slow_east_m + scan_m * _normal(key, i, _SCAN_WHITE)
            target_north_m = slow_north_m + scan_m * _normal(key, i, _SCAN_WHITE_NORTH)
            scan = now
        left = math.exp(-(t_s[i] - t_s[since]) / own["wifi_relax_s"]) if since >= 0 else 0.0
        seen_east_m = target_east_m + left * (seen_east_m - target_east_m)
        seen_north_m = target_north_m + left * (seen_north_m - target_north_m)
        since = i
        if at < 0 or lon[i] != lon[at] or lat[i] != lat[at]:
            low_m, high_m = own["wifi_bias_m_low"], own["wifi_bias_m_high"]
            bias_east_m, bias_north_m = _biased(
                place_key, lon[i], lat[i], low_m, high_m, own["bias_spacing_m"]
            )
            at = i
        out[i, 0], out[i, 1] = bias_east_m + seen_east_m, bias_north_m + seen_north_m
        spread = own["wifi_claim_spread"]
        out[i, 2] = own["wifi_claim68_m"] * (
            math.exp(spread * _normal(key, i, _WIFI_CLAIM)) if spread else 1.0
        )


@_compiled
def _mast(key: np.uint64, lon: float, lat: float, choice: float, spacing_m: float) -> Any:
    """Degrees of a mast that serves here and its own number in (0, 1): see ``places``."""
    narrow = math.cos(math.radians(math.floor(lat) + 0.5))
    east, north = lon * METRES_PER_DEGREE * narrow, lat * METRES_PER_DEGREE
    column, row = math.floor(east / spacing_m) - 1, math.floor(north / spacing_m) - 1
    heard, at_x, at_y, chance = np.empty(9), np.empty(9), np.empty(9), np.empty(9)
    for k in range(9):
        x, y = column + k % 3, row + k // 3
        at_x[k] = (x + _lattice(key, x, y, 3)) * spacing_m
        at_y[k] = (y + _lattice(key, x, y, 4)) * spacing_m
        # A mast behind a house is heard less than its distance says, always by the same.
        heard[k] = math.hypot(at_x[k] - east, at_y[k] - north) * (0.5 + _lattice(key, x, y, 5))
        chance[k] = _lattice(key, x, y, 6)
    rank = min(int(-math.log2(choice)), 8)
    for _ in range(rank):
        heard[np.argmin(heard)] = math.inf
    best = np.argmin(heard)
    return at_x[best] / (METRES_PER_DEGREE * narrow), at_y[best] / METRES_PER_DEGREE, chance[best]


@_compiled
def near_masts(
    t_s: Floats, lon: Floats, lat: Floats, speed_m_s: Floats, mode: Codes, own: Any, keys: Any, out: Floats
) -> None:
    """The place of the mast that serves now; it changes by chance, and sooner for who moves on."""
    key, place_key = keys[0], keys[3]
    stale = True
    mast_lon = mast_lat = claim_m = 0.0
    for i in range(t_s.size):
        if i > 0 and not stale:
            rate = 1.0 / own["cell_stay_s"] + speed_m_s[i] / own["cell_spacing_m"]
            stale = _unit(key, i, _MAST) < -math.expm1(-(t_s[i] - t_s[i - 1]) * rate)
        if mode[i] != MODE_CELL:
            continue
        if stale:
            choice = _unit(key, i, _RANK)
            mast_lon, mast_lat, chance = _mast(place_key, lon[i], lat[i], choice, own["cell_spacing_m"])
            if chance < own["cell_bold_share"]:
                low_m, high_m = own["cell_bold_claim68_m_low"], own["cell_bold_claim68_m_high"]
                claim_m = _log_uniform(low_m, high_m, chance / own["cell_bold_share"])
            else:
                claim_m = _log_uniform(own["cell_claim68_m_low"], own["cell_claim68_m_high"], chance)
            stale = False
        out[i, 0] = (mast_lon - lon[i]) * METRES_PER_DEGREE * math.cos(math.radians(lat[i]))
        out[i, 1] = (mast_lat - lat[i]) * METRES_PER_DEGREE
        out[i, 2] = claim_m


@_compiled
def far_masts(lon: Floats, lat: Floats, mode: Codes, own: Any, keys: Any, out: Floats) -> None:
    """One of two places kilometres away, the same for a whole region: the position hops to and fro."""
    key, place_key = keys[0], keys[4]
    which = 0
    region_m = own["far_region_m"]
    for i in range(lon.size):
        if mode[i] != MODE_FAR:
            continue
        if i == 0 or mode[i - 1] != MODE_FAR:
            which = 1 if _unit(key, i, _WHICH) < 0.3 else 0
        east = lon[i] * METRES_PER_DEGREE * math.cos(math.radians(math.floor(lat[i]) + 0.5))
        north = lat[i] * METRES_PER_DEGREE
        column, row = math.floor(east / region_m), math.floor(north / region_m)
        x, y = 2 * int(column) + which, int(row)
        bearing = 2.0 * math.pi * _lattice(place_key, x, y, 7)
        off_m = _log_uniform(own["far_off_m_low"], own["far_off_m_high"], _lattice(place_key, x, y, 8))
        chance = _lattice(place_key, x, y, 9)
        out[i, 0] = (column + 0.5) * region_m - east + off_m * math.sin(bearing)
        out[i, 1] = (row + 0.5) * region_m - north + off_m * math.cos(bearing)
        out[i, 2] = _log_uniform(own["far_claim68_m_low"], own["far_claim68_m_high"], chance)
        if own["far_wander_m"] > 0.0:
            out[i, 0] += own["far_wander_m"] * _normal(key, i, _WANDER)
            out[i, 1] += own["far_wander_m"] * _normal(key, i, _WANDER_NORTH)


@_compiled
def told(
    t_s: Floats, lon: Floats, lat: Floats, speed_m_s: Floats, mode: Codes, own: Any, levels_m: Floats,
    r95_per_r68: float, most_m: float, key: np.uint64, seen: Floats, out: Floats, keep: Flags,
) -> None:  # fmt: skip
    """What leaves the receiver: which fixes, and ``out`` f64[4, n]: longitude, latitude, 95 % radius, speed.

    Positions have seven decimals (1 cm) as receivers write them. A held one repeats the last real one with
    a claim that grows. What moved less than ``quiet_m`` since the last fix delivered is kept to itself.
    """
    real, last = -1, -1
    for i in range(t_s.size):
        if mode[i] == SILENT or (mode[i] == MODE_HOLD and real < 0):
            continue
        if mode[i] == MODE_HOLD:
            out[0, i], out[1, i], out[3, i] = out[0, real], out[1, real], out[3, real]
            grown_m = seen[real, 2] + own["hold_growth68_m_s"] * (t_s[i] - t_s[real])
            claim_m = min(grown_m, max(seen[real, 2], own["hold_claim68_max_m"]))
        else:
            real = i
            at_lat = min(max(lat[i] + seen[i, 1] / METRES_PER_DEGREE, -90.0), 90.0)
            narrow = max(math.cos(math.radians(lat[i])), 1e-6)
            at_lon = lon[i] + seen[i, 0] / (METRES_PER_DEGREE * narrow)
            out[0, i] = math.floor(((at_lon + 180.0) % 360.0 - 180.0) * 1e7 + 0.5) / 1e7
            out[1, i] = math.floor(at_lat * 1e7 + 0.5) / 1e7
            out[3, i] = math.nan
            if mode[i] == MODE_GNSS:
                off_m_s = _SPEED_SIGMA_M_S * _normal(key, i, _DOPPLER) if speed_m_s[i] > 0.0 else 0.0
                out[3, i] = max(speed_m_s[i] + off_m_s, 0.0)
                if levels_m.size:  # the nearest claim that this receiver makes, by ratio
                    k = 0
                    while k + 1 < levels_m.size and seen[i, 2] ** 2 >= levels_m[k] * levels_m[k + 1]:
                        k += 1
                    seen[i, 2] = levels_m[k]
            claim_m = seen[i, 2]
        out[2, i] = min(max(math.floor(claim_m * r95_per_r68 * 10.0 + 0.5) / 10.0, 0.1), most_m)
        keep[i] = True
        if own["quiet_m"] > 0.0 and last >= 0:
            narrow = math.cos(math.radians(out[1, i]))
            moved_m = METRES_PER_DEGREE * math.hypot(
                (out[0, i] - out[0, last]) * narrow, out[1, i] - out[1, last]
            )
            keep[i] = moved_m >= own["quiet_m"]
        if keep[i]:
            last = i

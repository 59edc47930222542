"""The kinds of receiver, each number with its source.

[track NAME] was set on a recorded track of the training share (``situations.py``), [README] on the
tables that come with the tracks, made from all sessions of the same experiment, [NIJ] on Standard-1004.00
as the field cites it (10 m at 90 % under open sky, 30 m indoors), [field] on the record of electronic
monitoring (claims of 1.7 to 9 m while 200 m off; positions from masts each 3 min), [own] is our choice.
What is not named takes the default of ``parameters.py``. Radii are of 68 % circles.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.path import Surroundings
from simulator.receivers.parameters import Astray, Cell, Cold, Conditions, Far, Poor, Receiver, Wifi

_S = Surroundings


def _by_code(met: dict[Surroundings, Conditions]) -> tuple[Conditions, ...]:
    return tuple(met[code] for code in sorted(_S, key=int))


def _android() -> Receiver:
    # [README] moving, claims: 47 % up to 5 m, 75 % up to 10 m, 91 % up to 20 m; sideways 3.6, 24 and
    # 68 m at 50, 95 and 99 %. Time constant of cars and bicycles 12 to 30 s.
    street = Conditions(
        gnss=0.989, cell=0.002, hold=0.009, stay_s=20.0, fast_m=4.0, slow_m=1.0, white_m=0.0, wild=0.72,
        claim68_m=5.2, claim_spread=0.6, session_claim=0.6, error_per_claim=0.56,
        astray=Astray(0.018, 30.0, (30.0, 120.0)),
    )  # fmt: skip
    # [README] city-centre walk: sideways 13, 87 m and 1.2 km; [field] 200 m off with a bold claim,
    # [own] sizes up to 300 m.
    canyon = replace(
        street, gnss=0.948, cell=0.02, far=0.012, hold=0.02, fast_m=9.5, slow_m=8.0, claim68_m=20.0,
        claim_spread=0.6, wild=0.4, error_per_claim=0.4,
        astray=Astray(0.04, 40.0, (50.0, 300.0), (3.0, 12.0)),
    )  # fmt: skip
    # [README] 16 phone-nights: 3.3, 4.5, 9.8, 24 m at 50, 68, 95, 99 %; excursions over 20 m 1.4 an hour, one
    # or two fixes of 30 s; claims 15.7 m [track still-home-android], half of the fixes Wi-Fi's.
    indoor = Conditions(
        gnss=0.6, wifi=0.4, stay_s=500.0, fast_m=0.5, slow_m=2.2, white_m=1.6, wild=0.2,
        claim68_m=15.7, claim_spread=0.4, session_claim=0.28, error_per_claim=0.15,
        astray=Astray(0.022, 30.0, (20.0, 70.0)),
        poor=Poor(0.13, 120.0, (25.0, 100.0), (0.001, 0.45)),
    )  # fmt: skip
    # [track daytrip-android] outbound train: 23 % repeats, 68 steps over 60 m/s an hour, claims 110 m.
    train = replace(
        street, gnss=0.715, cell=0.10, far=0.012, hold=0.173, stay_s=15.0, claim68_m=45.0, claim_spread=0.9,
        session_claim=0.7, fast_m=5.0, slow_m=2.0, wild=0.6, astray=Astray(0.006, 30.0, (30.0, 120.0)),
    )  # fmt: skip
    # [track daytrip-android] underground: 64 % repeats, claims 1.3 km, 36 unexplained steps an hour.
    tunnel = replace(train, gnss=0.08, cell=0.10, far=0.18, hold=0.64, stay_s=150.0, claim68_m=90.0)
    deep = replace(indoor, gnss=0.0, wifi=0.4, cell=0.6, stay_s=300.0)  # [own]
    return Receiver(
        name="android",
        map_name="android",
        conditions=_by_code(
            {
                _S.OPEN: replace(street, astray=Astray(0.002, 30.0, (20.0, 70.0)), wild=0.5),
                _S.STREET: street,
                _S.CANYON: canyon,
                _S.INDOOR: indoor,
                _S.DEEP: deep,
                _S.TUNNEL: tunnel,
                _S.CAR: street,
                _S.TRAIN: train,
                _S.GARAGE: replace(deep, wifi=0.1, cell=0.5, hold=0.4),
                _S.BUS: replace(street, hold=0.06, gnss=0.938, claim68_m=15.0),
            }
        ),
        fast_s=18.0,  # [README] moving, mostly 12 to 20 s
        # [README] 16 nights: slower than 10 min is seen at lags of 20 to 40 min.
        wifi=Wifi(scan_s=30.0, sigma_m=1.8, drift_s=1_200.0, relax_s=15.0, bias_m=(0.5, 2.5)),
        cell=Cell(claim68_m=(250.0, 1_200.0)),  # [track daytrip-android]
        bias_m=(0.3, 2.7),  # what all phones of the kind share cannot be seen: small [own]
        far=Far(off_m=(4_000.0, 28_000.0), claim68_m=(500.0, 4_000.0)),  # [README] hops of 15 to 28 km
        doze_share=0.85,  # [README] 82 % of the nights' hours are silent
        doze_s=7_000.0,  # [track still-home-android] 0.44 silences of over 5 min an hour, up to 226 min
        slow_s=1_200.0,
        session=0.2,  # [README] sigma 1.9 to 4.3 m from night to night
        session_m=1.1,  # [README] each phone's nightly median is 1 to 5 m aside
    )


def _iphone() -> Receiver:
    levels = (5.0, 10.0, 30.0, 50.0, 65.0, 100.0, 200.0)  # [track daytrip-iphone]: nine fixes in ten
    # [README] moving: sideways 2.5, 25, 59 m at 50, 95, 99 %; claims 11 % up to 5 m,
    # 70 % 10 m, 13 % 50 to 100 m.
    street = Conditions(
        gnss=0.998, cell=0.002, stay_s=20.0, lost_share=0.04, lost_s=60.0, fast_m=2.4, slow_m=0.8,
        white_m=0.0, wild=0.9, claim68_m=10.2, claim_spread=0.3, error_per_claim=0.8,
        astray=Astray(0.010, 30.0, (20.0, 100.0), (4.0, 12.0)),
        poor=Poor(0.17, 40.0, (42.0, 100.0), (0.08, 1.0)),
    )  # fmt: skip
    # [README] city-centre walk: sideways 17, 56, 75 m.
    canyon = replace(
        street, fast_m=11.0, slow_m=9.0, wild=0.3, claim68_m=30.0, error_per_claim=0.2, lost_share=0.2,
        astray=Astray(0.03, 40.0, (40.0, 150.0), (5.0, 12.0)),
    )  # fmt: skip
    # [README] 12 phone-nights of Wi-Fi positions: 6.5 and 17 m about their median; nearly all claim 65 m.
    indoor = replace(
        street, gnss=0.0015, wifi=0.9975, cell=0.001, stay_s=20.0, lost_share=0.0, fast_m=2.0, slow_m=2.0,
        wild=0.3, astray=Astray(0.005, 30.0, (20.0, 70.0)), poor=Poor(),
    )  # fmt: skip
    # [track daytrip-iphone] outbound train and underground.
    train = replace(
        street, gnss=0.996, cell=0.002, far=0.002, stay_s=60.0, fast_m=5.5, slow_m=2.0, wild=0.3,
        claim68_m=13.5, claim_spread=0.4, lost_share=0.25, lost_s=80.0, astray=Astray(0.002),
        poor=Poor(0.18, 60.0, (60.0, 250.0), (0.6, 1.25), 30.0),
    )  # fmt: skip
    tunnel = replace(
        train, gnss=0.75, cell=0.03, far=0.22, stay_s=40.0, fast_m=7.0, claim68_m=30.0, claim_spread=0.5,
        lost_share=0.72, lost_s=75.0, poor=Poor(0.25, 40.0, (60.0, 1_500.0), (0.2, 1.4), 20.0),
    )  # fmt: skip
    deep = replace(indoor, gnss=0.0, wifi=0.6, cell=0.4, lost_share=0.2)  # [own]
    return Receiver(
        name="iphone",
        map_name="iphone",
        conditions=_by_code(
            {
                _S.OPEN: replace(street, lost_share=0.01, wild=0.5),
                _S.STREET: street,
                _S.CANYON: canyon,
                _S.INDOOR: indoor,
                _S.DEEP: deep,
                _S.TUNNEL: tunnel,
                _S.CAR: street,
                _S.TRAIN: train,
                _S.GARAGE: replace(deep, wifi=0.3, cell=0.7, lost_share=0.6),
                _S.BUS: street,
            }
        ),
        fast_s=18.0,
        levels68_m=levels,
        floor68_m=5.0,
        # [track still-home-iphone] a target each 4 min, half of the way in 15 s; [README] 20 to 35 m aside.
        wifi=Wifi(250.0, 6.0, 3_600.0, 21.6, (20.0, 35.0), 65.0, 0.0, 0.75, 0.4),
        session_poor=0.7,  # [README] sigma 0.8 to 8.4 m from stay to stay
        cell=Cell(claim68_m=(800.0, 2_000.0)),  # [track still-home-iphone] one fix of a night claims 2000 m
        far=Far(
            off_m=(1_000.0, 6_000.0),
            claim68_m=(2_500.0, 19_000.0),
            region_m=2_500.0,
            flicker_share=0.02,
            wander_m=30.0,
        ),
        quiet_m=1.0,  # [track still-home-iphone] no two fixes on end are closer
    )


def _bracelet() -> Receiver:
    # [NIJ] 10 m at 90 %: 4.7 m an axis under open sky; wilder than normal, as [README] has all receivers.
    sky = Conditions(
        fast_m=2.6, slow_m=2.2, white_m=0.5, wild=0.4, claim68_m=5.0, claim_spread=0.4,
        astray=Astray(0.002, 40.0, (20.0, 70.0)),
    )  # fmt: skip
    street = replace(
        sky, gnss=0.985, cell=0.015, fast_m=4.3, slow_m=2.8, wild=0.7, claim68_m=6.0, claim_spread=0.6,
        lost_share=0.005, lost_s=60.0, astray=Astray(0.015, 60.0, (30.0, 150.0)),
    )  # fmt: skip
    # [field] claims of 1.7 to 9 m while 200 m off.
    canyon = replace(
        street, gnss=0.95, cell=0.05, fast_m=9.0, slow_m=6.0, claim68_m=11.0, lost_share=0.03,
        astray=Astray(0.08, 90.0, (50.0, 300.0), (1.7, 9.0)),
    )  # fmt: skip
    # [NIJ] 30 m at 90 % indoors: 14 m an axis; [own] a third of the time too weak, then Wi-Fi or a mast.
    indoor = replace(
        sky, gnss=0.7, wifi=0.15, cell=0.15, stay_s=600.0, fast_m=4.5, slow_m=7.5, white_m=1.5, wild=0.35,
        claim68_m=14.0, claim_spread=0.5, lost_share=0.10, lost_s=240.0,
        astray=Astray(0.01, 120.0, (50.0, 300.0), (1.7, 9.0)),
    )  # fmt: skip
    deep = replace(indoor, gnss=0.0, wifi=0.3, cell=0.7, lost_share=0.3, lost_s=600.0)  # [own]
    train = replace(
        street, gnss=0.80, cell=0.16, far=0.04, stay_s=60.0, fast_m=7.0, lost_share=0.15, lost_s=80.0
    )
    # [README] underground: kilometres off, without warning.
    tunnel = replace(train, gnss=0.0, cell=0.65, far=0.35, lost_share=0.6, lost_s=90.0)
    return Receiver(
        name="bracelet",
        map_name="bracelet",
        conditions=_by_code(
            {
                _S.OPEN: sky,
                _S.STREET: street,
                _S.CANYON: canyon,
                _S.INDOOR: indoor,
                _S.DEEP: deep,
                _S.TUNNEL: tunnel,
                _S.CAR: street,
                _S.TRAIN: train,
                _S.GARAGE: replace(deep, wifi=0.0, cell=1.0, lost_share=0.6, lost_s=300.0),
                _S.BUS: street,
            }
        ),
        floor68_m=1.7,  # [field] the boldest claim on record
        bias_m=(1.0, 8.0),  # [own] a wrist or an ankle at a wall hears half of the sky, always the same half
        session=0.25,  # [README] this and the next two: as phones differ from night to night
        session_poor=0.5,
        session_m=1.0,
        # [README] Wi-Fi stands 20 to 35 m aside at one place for ever; [own] claims of 40 m.
        wifi=Wifi(60.0, 4.0, 600.0, 20.0, (20.0, 35.0), 40.0, 0.1, 0.3, 0.4),
        cell=Cell(stay_s=320.0, claim68_m=(400.0, 1_500.0)),  # [README] minutes on each, claims about 900 m
        far=Far(claim68_m=(130.0, 4_000.0)),  # [README] most claims of the far ones
    )


def _android_low_power() -> Receiver:
    # [track still-home-android-cell, README] 340 and 769 m at 50 and 95 %, a position for 5 min and more.
    near = Conditions(gnss=0.0, cell=1.0, stay_s=3_600.0)
    train = replace(near, cell=0.9, far=0.1, stay_s=60.0)
    tunnel = replace(near, cell=0.6, far=0.4, stay_s=60.0, lost_share=0.4)
    met = dict.fromkeys(_S, near) | {_S.TRAIN: train, _S.TUNNEL: tunnel}
    met[_S.GARAGE] = met[_S.DEEP] = replace(near, lost_share=0.3, lost_s=300.0)  # [own]
    return Receiver(
        name="android-low-power",
        map_name="android",
        conditions=_by_code(met),
        cell=Cell(spacing_m=560.0, stay_s=170.0, bold_share=0.04),
        doze_share=0.83,  # [track still-home-android-cell] silent 83 % of the time, up to 339 min on end
        doze_s=9_000.0,
    )


def _watch() -> Receiver:
    # [track shanghai-ride] 88 % of the claims are 2 m, none above 9 m; errors as the bracelet's: nothing in
    # the track says how large they were, and [field] knows claims of 1.7 m while 200 m off.
    base = _bracelet()
    conditions = tuple(
        replace(met, claim68_m=2.0, claim_spread=0.2, wifi=0.0, cell=0.0, far=0.0, gnss=1.0)
        for met in base.conditions
    )
    # [track shanghai-ride] nothing at all where others fall back on masts.
    blind = {_S.TUNNEL: (0.98, 300.0), _S.DEEP: (0.98, 900.0), _S.GARAGE: (0.95, 300.0)}
    conditions = tuple(
        replace(met, lost_share=blind[_S(code)][0], lost_s=blind[_S(code)][1]) if _S(code) in blind else met
        for code, met in enumerate(conditions)
    )
    levels = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0)
    return replace(
        base, name="watch", map_name="watch", conditions=conditions, floor68_m=1.0,
        levels68_m=levels, cold=Cold(off_m=60.0),
    )  # fmt: skip


def _android_balanced() -> Receiver:
    # [README] Wi-Fi first: 1.6 and 5.7 m at 50 and 95 %, half within 0.2 m of the night's own median, one fix
    # in 170 at a mast up to 770 m off with a claim of 1 km or more; 2.5 % outside their claim.
    android = _android()
    indoor = replace(
        android.conditions[_S.INDOOR], gnss=0.104, wifi=0.89, cell=0.006, stay_s=60.0, fast_m=3.2, slow_m=2.2,
        claim68_m=5.0, claim_spread=0.3, poor=Poor(),
    )  # fmt: skip
    # [own] outside there are fewer routers and they are passed quickly; masts fill in.
    street = replace(indoor, gnss=0.10, wifi=0.70, cell=0.20, stay_s=40.0, fast_m=5.0)
    rail = replace(street, wifi=0.35, cell=0.50, far=0.05)
    met = dict.fromkeys(_S, street) | {_S.INDOOR: indoor, _S.TRAIN: rail}
    met[_S.TUNNEL] = replace(rail, gnss=0.0, wifi=0.10, cell=0.60, far=0.10, hold=0.20, lost_share=0.3)
    met[_S.DEEP] = replace(indoor, gnss=0.0, wifi=0.6, cell=0.4, stay_s=300.0)
    met[_S.GARAGE] = replace(met[_S.DEEP], wifi=0.2, cell=0.8)
    return replace(
        android,
        name="android-balanced",
        conditions=_by_code(met),
        wifi=Wifi(scan_s=30.0, sigma_m=0.4, drift_s=1_800.0, relax_s=15.0, bias_m=(0.5, 2.8)),
        cell=Cell(claim68_m=(1_000.0, 1_500.0)),
    )


KINDS: dict[str, Receiver] = {
    made.name: made
    for made in (
        _bracelet(), _android(), _android_balanced(), _android_low_power(), _iphone(), _watch(),
    )
}  # fmt: skip
"""By name: ``bracelet``; ``android`` asked for its best accuracy, ``android-balanced``, ``android-low-power``
(masts alone); ``iphone``; ``watch``, a sports watch or bike computer that claims 2 m."""

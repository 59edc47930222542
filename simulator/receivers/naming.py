"""A kind of receiver by its name, parametric or resampled."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path as File

from simulator.receivers.kinds import KINDS
from simulator.receivers.parameters import Receiver
from simulator.receivers.real import read_named, tracks_folder
from simulator.receivers.resample import Resampled
from simulator.receivers.strands import PARTS, resampled_kind

NAMES = (*KINDS, *PARTS)
"""What ``kind`` knows; those of ``PARTS`` need the recorded tracks."""


def kind(name: str, tracks: File | None = None) -> Receiver | Resampled:
    """The receiver of this name; one that is ``resampled`` from the folder given or that of ``EMON_TRACKS``.

    Raises ``ValueError`` for an unknown name, and its subclass ``TracksMissing`` where the name asks for
    recorded tracks and there are none.
    """
    if name in KINDS:
        return KINDS[name]
    if name not in PARTS:
        raise ValueError(f"receiver {name!r} is unknown; must be one of {', '.join(NAMES)}")
    return _resampled(name, tracks_folder(tracks).resolve())


@lru_cache(maxsize=8)
def _resampled(name: str, folder: File) -> Resampled:
    """Reading and smoothing a folder takes a second; many wearers ask for the same."""
    return resampled_kind(name, read_named(folder))

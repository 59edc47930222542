"""What receivers make of a true path: parametric kinds, resampled recordings, and their calibration.

    seen = observe(path, np.arange(0.0, 86_400.0, 60.0), KINDS["bracelet"], generator(7, "w-1", "receiver"))

docs/simulator-receivers.md says what is modelled, from which source, and what is not.
"""

from __future__ import annotations

from simulator.receivers.kinds import KINDS
from simulator.receivers.naming import kind
from simulator.receivers.observe import observe
from simulator.receivers.observed import SOURCES, Observed
from simulator.receivers.parameters import Receiver
from simulator.receivers.real import TracksMissing
from simulator.receivers.resample import Resampled
from simulator.receivers.strands import resampled_kinds

__all__ = [
    "KINDS",
    "SOURCES",
    "Observed",
    "Receiver",
    "Resampled",
    "TracksMissing",
    "kind",
    "observe",
    "resampled_kinds",
]

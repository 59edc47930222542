"""How long the tests by chance run: as long as a working day bears, or so many times longer.

``make soak`` sets ``EMON_SOAK``; the same seeds come first, so what fails there fails again.
"""

from __future__ import annotations

import os


def times_longer() -> int:
    """1, or what ``EMON_SOAK`` says."""
    return max(1, int(os.environ.get("EMON_SOAK", "1")))

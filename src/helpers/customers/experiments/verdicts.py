"""The verdict that an interval bears, in words."""

from __future__ import annotations

EARNED = "earned"
LOST = "lost"
UNKNOWN = "not yet knowable"
SUSPECT_ARMS = "arms are suspect"
NOBODY_HELD_OUT = "nobody held out"


def verdict_of(low: float, high: float) -> str:
    """Return earned where the interval lies above 0, lost where below, else not yet knowable."""
    if low > 0:
        return EARNED
    return LOST if high < 0 else UNKNOWN

"""How the figures of experiments are written in sentences."""

from __future__ import annotations

import math

UNKNOWN_NUMBER = "not known"


def money(value: float) -> str:
    """Return money, with cents below a hundred."""
    if not math.isfinite(value):
        return UNKNOWN_NUMBER
    text = f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return text.replace("-", "\N{MINUS SIGN}")


def span(low: float, high: float) -> str:
    """Return an interval of money."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "interval not known"
    return f"{money(low)} to {money(high)}"


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage."""
    if not math.isfinite(share):
        return UNKNOWN_NUMBER
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def count(number: float, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,.0f} {what}{'' if round(number) == 1 else 's'}"

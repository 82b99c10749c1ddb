"""What if: another budget for this week's orders, other service targets; the same verbs, called again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.inventory.policy import CLASSES, recommend_policy
from helpers.inventory.promise import promise_of
from helpers.inventory.result import InventoryPlan
from helpers.inventory.settings import WEEKS_PER_YEAR, InventorySettings


def service_scenarios(
    plan: InventoryPlan, points: Sequence[float] = (-0.02, -0.01, 0.0, 0.01)
) -> pd.DataFrame:
    """Return what other fill rate targets cost and bring in a year.

    Parameters
    ----------
    points
        Added to the target of every ABC class, as shares; kept below 99.9 %.

    Returns
    -------
    pandas.DataFrame
        what, change, fill_rate (promised), stock_value (money, expected), holding_cost, lost_margin (money
        a year),
        total (their sum). The last row is without a target: what money alone would choose.
    """
    settings = plan.settings
    rows = []
    for point in points:
        a, b, c = (_kept(settings.target(name), point) for name in CLASSES)
        moved = replace(settings, aim="fill_rate", fill_rate_a=a, fill_rate_b=b, fill_rate_c=c)
        rows.append(_promised(plan, moved, point))
    rows.append(_promised(plan, replace(settings, aim="economic"), np.nan))
    words = [_points(point) if point else "as planned" for point in points]
    return pd.DataFrame(rows).assign(what=[*words, "no target: money alone"])


def _kept(target: float, change: float) -> float:
    """A moved target, kept between 1 % and 99.9 %, and as it is where nothing moves."""
    return min(max(target + change, 0.01), 0.999) if change else target


def _points(share: float) -> str:
    """A difference of shares in points, the sign as a sign."""
    size = f"{abs(100 * share):.0f}"
    return f"{'+' if share > 0 else chr(0x2212)}{size} point{'' if size == '1' else 's'}"


def _promised(plan: InventoryPlan, settings: InventorySettings, change: float) -> dict[str, float]:
    """Promise of levels under other settings, at its pace over a year."""
    found = promise_of(plan.outlook, recommend_policy(plan.outlook, settings), settings)
    holding, lost = (part * WEEKS_PER_YEAR / found.weeks for part in (found.holding_cost, found.lost_margin))
    return {
        "change": change,
        "fill_rate": found.fill_rate,
        "stock_value": found.stock_value,
        "holding_cost": holding,
        "lost_margin": lost,
        "total": holding + lost,
    }

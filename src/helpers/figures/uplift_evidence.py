"""Whom messages move, and below it whether contacting in that order would have gained anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.figures.qini_curve import describe_qini_curve, plot_qini_curve
from helpers.figures.style import stacked_axes
from helpers.figures.uplift_groups import describe_uplift_groups, plot_uplift_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.uplift import Uplift

_GROUPS, _CURVE = 2.4, 3.2


def plot_uplift_evidence(uplift: Uplift) -> Axes:
    """Draw the groups, and the curve of past campaigns where there is one; return the first axes."""
    if uplift.score is None:
        return plot_uplift_groups(uplift)
    above, below = stacked_axes(_GROUPS, _CURVE)
    plot_qini_curve(uplift.score, below)
    return plot_uplift_groups(uplift, above)


def describe_uplift_evidence(uplift: Uplift) -> str:
    """Return the alt text."""
    groups = describe_uplift_groups(uplift)
    return groups if uplift.score is None else f"{groups} {describe_qini_curve(uplift.score)}"

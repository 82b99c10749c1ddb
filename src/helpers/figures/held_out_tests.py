"""Values and chances to leave, each held against days that its model had not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.figures.churn_calibration import describe_churn_calibration, plot_churn_calibration
from helpers.figures.style import stacked_axes
from helpers.figures.value_by_decile import describe_value_by_decile, plot_value_by_decile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.churn import Churn
    from helpers.customers.value import CustomerValue

_VALUE, _LEAVING = 3.2, 3.4


def plot_held_out_tests(value: CustomerValue, churn: Churn) -> Axes:
    """Draw value by tenth above stated against seen chances to leave; return the first axes."""
    above, below = stacked_axes(_VALUE, _LEAVING)
    plot_churn_calibration(churn, below)
    return plot_value_by_decile(value, above)


def describe_held_out_tests(value: CustomerValue, churn: Churn) -> str:
    """Return the alt text."""
    return f"{describe_value_by_decile(value)} {describe_churn_calibration(churn)}"

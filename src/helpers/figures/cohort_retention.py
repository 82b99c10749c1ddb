"""How many new customers still buy, by time since their first order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.figures.style import COLOURS, LINE, MARKERS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.value.customer_value import CustomerValue

LEAST = 20  # customers below which a point is not drawn


def plot_cohort_retention(result: CustomerValue, ax: Axes | None = None) -> Axes:
    """Draw the share that buys in each later quarter: all new customers with their interval, cohorts thin."""
    cohorts, curve = _drawn(result.retention.cohorts), _drawn(result.retention.curve)
    axes = new_axes(ax)
    for name, rows in cohorts.groupby("cohort", sort=True):
        is_old = name == "before"
        style = (
            {"color": COLOURS["baseline"], "linestyle": "--"} if is_old else {"color": LINE, "alpha": 0.55}
        )
        axes.plot(rows["age"], rows["share"], linewidth=1.4 if is_old else 0.8, **style)
        label = "customers since before the data" if is_old else str(name)
        end = rows.iloc[-1]
        if is_old or len(cohorts["cohort"].unique()) < 8:
            axes.annotate(f" {label}", (float(end["age"]), float(end["share"])), fontsize=7, va="center")
    if len(curve):
        axes.fill_between(
            curve["age"], curve["low"], curve["high"], color=COLOURS["forecast"], alpha=0.2, linewidth=0
        )
        axes.plot(
            curve["age"], curve["share"], color=COLOURS["forecast"], marker=MARKERS["forecast"], markersize=4
        )
    ages = sorted({int(age) for age in [*cohorts["age"], *curve["age"]]})
    axes.set_xticks(ages)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [percent(share) for share in (0, 0.25, 0.5, 0.75, 1)])
    return finish_axes(
        axes, claim_cohort_retention(result), "quarters (91 days) since the first order", "share that buys"
    )


def claim_cohort_retention(result: CustomerValue) -> str:
    """Return the claim: how many still buy after a quarter, and after the longest time seen."""
    curve = _drawn(result.retention.curve)
    if curve.empty:
        return "Not yet knowable how many new customers stay"
    first, last = curve.iloc[0], curve.iloc[-1]
    start = f"{percent(first['share'])} of new customers buy again one quarter on"
    if len(curve) == 1:
        return start
    return f"{start}, {percent(last['share'])} still buy {int(last['age'])} quarters on"


def describe_cohort_retention(result: CustomerValue) -> str:
    """Return the alt text."""
    rows = _drawn(result.retention.curve)
    said = [
        f"{int(age)}: {percent(share)} of {int(number):,}"
        for age, share, number in zip(rows["age"], rows["share"], rows["customers"], strict=True)
    ]
    return (
        "Line chart of the share of new customers that buys, by quarters since the first order, with "
        f"thin lines for single cohorts. {'; '.join(said) or 'No new customer has been here long enough'}. "
        f"{claim_cohort_retention(result)}."
    )


def _drawn(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["customers"] >= LEAST]

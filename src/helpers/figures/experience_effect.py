"""What a short order goes with afterwards, group by group, beside the placebo before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, MARKERS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.experience import Experience

ROW, APART = 0.36, 0.16
KIND, OUTCOME, SEEN = "short", "orders_again", "seen"


def plot_experience_effect(experience: Experience, ax: Axes | None = None) -> Axes:
    """Draw the change of ordering again after a short order, after all groups were seen, and the placebo."""
    rows = _rows(experience)
    axes = new_axes(ax, max(2.4, 1.6 + ROW * len(rows)))
    place = np.arange(len(rows), dtype=float)
    axes.axvline(0.0, color=LINE, linewidth=0.8, linestyle=":")
    _draw(axes, place - APART, rows[["share", "low", "high"]], "forecast", "later buying, after the order")
    before = rows[["placebo", "placebo_low", "placebo_high"]]
    _draw(axes, place + APART, before, "baseline", "ordering in the days before it (placebo)")
    events = rows["events"].astype("int64")
    names = [f"{group} ({count:,})" for group, count in zip(rows["group"], events, strict=True)]
    axes.set_yticks(place, names, fontsize=8)
    axes.invert_yaxis()
    if len(rows):
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=2, frameon=False, fontsize=8)
    label = f"difference within {experience.settings.after_days} days, % of what was expected"
    return finish_axes(axes, claim_experience_effect(experience), label, "")


def _draw(axes: Axes, place: np.ndarray, rows: pd.DataFrame, meaning: str, label: str) -> None:
    middle, low, high = (100 * rows.iloc[:, at].to_numpy(float) for at in range(3))
    axes.hlines(place, low, high, color=COLOURS[meaning], linewidth=2.5, alpha=0.6)
    marker = MARKERS[meaning]
    axes.plot(middle, place, marker, color=COLOURS[meaning], markersize=5, linestyle="none", label=label)


def claim_experience_effect(experience: Experience) -> str:
    """Return the claim: where later buying is lowest after a short order, if that is knowable anywhere."""
    rows = _rows(experience)
    if rows.empty:
        return "What follows a short order is not yet knowable"
    is_sure = rows["is_knowable"].astype(bool) & ~rows["is_confounded"].astype(bool)
    known = rows[is_sure & (rows["share"] < 0)]
    if known.empty:
        return _claim_all(experience)
    worst = known.iloc[0]
    limits = f"{percent(-worst['high'])} to {percent(-worst['low'])}"
    return f"After a short order {worst['group']} buys {percent(-worst['share'])} less ({limits})"


def _claim_all(experience: Experience) -> str:
    """Return what is seen after short orders over all groups together, where no group shows it alone."""
    rows = experience.overall()
    seen = rows[(rows["kind"] == KIND) & (rows["verdict"] == SEEN) & (rows["relative_high"] < 0)]
    if seen.empty:
        return "In no group is a loss after a short order sure"
    fewer = percent(-float(seen["relative"].iloc[0]), 1)
    return f"After short orders {fewer} fewer order again; in no single group is the loss sure"


def describe_experience_effect(experience: Experience) -> str:
    """Return the alt text."""
    parts = [
        f"{row['group']} {percent(row['share'], 1)} ({percent(row['low'], 1)} to {percent(row['high'], 1)}), "
        f"placebo {percent(row['placebo'], 1)}"
        for row in _rows(experience).to_dict("records")
    ]
    return (
        "Change of later buying after a short order by group with intervals, not randomised: "
        f"{'; '.join(parts) or 'nothing was measured'}. {claim_experience_effect(experience)}."
    )


def _rows(experience: Experience) -> pd.DataFrame:
    """Return the groups with an estimate of their own and their placebo, the largest loss first."""
    effects = experience.effects
    kept = effects[(effects["kind"] == KIND) & (effects["outcome"] == OUTCOME)]
    placebo = kept[["group", "placebo", "placebo_low", "placebo_high"]]
    rows = experience.shares[experience.shares["events"].astype(float) > 0]
    return rows.merge(placebo, on="group", how="left").sort_values(["share", "group"], ignore_index=True)

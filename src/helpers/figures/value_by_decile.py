"""What customers brought in the weeks kept aside, by tenths of what the model foresaw, beside the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.value.customer_value import CustomerValue

BAR = 0.27
SERIES = (
    ("predicted", "the model", "forecast"),
    ("actual", "what came", "actual"),
    ("rule", "last year's pace", "baseline"),
)


def plot_value_by_decile(result: CustomerValue, ax: Axes | None = None) -> Axes:
    """Draw money per customer by tenth: foreseen, actual, and the plain rule."""
    rows = result.calibration.deciles
    axes = new_axes(ax)
    place = np.arange(len(rows))
    for step, (name, label, meaning) in enumerate(SERIES):
        axes.bar(place + (step - 1) * BAR, rows[name].astype(float), BAR, color=COLOURS[meaning], label=label)
    if len(rows):
        axes.set_xticks(place, [str(tenth) for tenth in rows["decile"]])
        axes.legend(frameon=False, fontsize=8)
    else:
        axes.set_xticks([])
    weeks = result.calibration.weeks
    return finish_axes(
        axes,
        claim_value_by_decile(result),
        "tenth of the customers, highest foreseen first",
        f"{result.money_word} per customer in {weeks} week{'' if weeks == 1 else 's'}",
    )


def claim_value_by_decile(result: CustomerValue) -> str:
    """Return the claim: what the tenth that the model put first brought."""
    calibration = result.calibration
    if calibration.deciles.empty or not calibration.customers["actual"].sum() > 0:
        return "Not yet knowable how well values are foreseen"
    model, rule, low, high = (calibration.of(name)["top_share"] for name in ("model", "rule", "low", "high"))
    said = f"The model's top tenth brought {percent(model)} of the {result.money_word}"
    if low > 0:
        return f"{said}, that of last year's pace only {percent(rule)}"
    if high < 0:
        return f"{said}, that of last year's pace even {percent(rule)}"
    return f"{said}, that of last year's pace {percent(rule)}: no clear difference"


def describe_value_by_decile(result: CustomerValue) -> str:
    """Return the alt text."""
    said = [
        f"{row.decile}: foreseen {row.predicted:,.0f}, came {row.actual:,.0f}, rule {row.rule:,.0f}"
        for row in result.calibration.deciles.itertuples()
    ]
    return (
        f"Bar chart of {result.money_word} per customer by tenth. "
        f"{'; '.join(said) or 'No weeks were kept aside'}. {claim_value_by_decile(result)}."
    )

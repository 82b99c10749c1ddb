"""What the planners' overrides do and did, in sentences made from the result."""

from __future__ import annotations

import pandas as pd

from helpers.forecasting.planners.overrides import Overridden
from helpers.forecasting.planners.value_added import ADDS, UNTOLD, OverrideValue
from helpers.forecasting.review import percent

NOT_TOLD = ("the week is past", "a newer override of the same product, site and week counts")


def say_overrides(value: OverrideValue, overridden: Overridden | None = None) -> list[str]:
    """Return what the overrides change now, what past ones were worth, and whose hurt.

    Parameters
    ----------
    value
        The past ones, judged.
    overridden
        The forecast with the coming ones in it.
    """
    coming = [] if overridden is None else [_say_coming(overridden)]
    if value.judged.empty:
        return [*coming, "No past override can be compared with what then came."]
    return [*coming, _say_ladder(value), *_say_authors(value)]


def _say_coming(overridden: Overridden) -> str:
    applied = overridden.applied
    kept = ~overridden.findings["why"].isin(NOT_TOLD)
    left = f" {int(kept.sum()):,} more cannot be applied as they are." if kept.any() else ""
    if applied.empty:
        return f"No override changes the weeks to come.{left}"
    return (
        f"{len(applied):,} overrides change the weeks to come, by {applied['change'].sum():+,.0f} units "
        f"from {applied['statistical'].sum():,.0f}.{left}"
    )


def _say_ladder(value: OverrideValue) -> str:
    """The three steps side by side on the same product-weeks."""
    row = value.groups.iloc[0]
    steps = [percent(row[f"{step}_wape"], 1) for step in ("naive", "statistical", "override")]
    low, high = (100 * row[f"override_{end}"] for end in ("low", "high"))
    said = (
        f"On the {row['overrides']:,} product-weeks that planners changed, the error was {steps[0]} of "
        f"demand for the naive forecast, {steps[1]} for the statistical one and {steps[2]} with the override "
        f"(gain of the override {100 * row['override_gain']:+.1f} points, {percent(0.9)} interval "
        f"{low:.1f} to {high:.1f})"
    )
    return f"{said}: in all it {row['verdict']}." if row["verdict"] != UNTOLD else f"{said}: no verdict."


def _say_authors(value: OverrideValue) -> list[str]:
    """Whose overrides hurt first, then whose help, then of whom nothing can be told."""
    authors = value.groups[value.groups["kind"] == "author"]
    hurt = [
        f"The overrides of {row['group']} hurt: {row['overrides']:,} of them moved the error from "
        f"{percent(row['statistical_wape'], 1)} to {percent(row['override_wape'], 1)} of demand "
        f"(bias {percent(row['override_bias'], 1, signed=True)}); the error they added is worth "
        f"{row['money']:,.0f} at unit value."
        for _, row in _rows(value.hurting)
    ]
    good = _names(authors[authors["verdict"] == ADDS])
    open_ = _names(authors[authors["verdict"] == UNTOLD])
    helped = [f"The overrides of {good} add value: keep them."] if good else []
    untold = [f"Whether those of {open_} help or hurt cannot be told from chance."] if open_ else []
    return [*hurt, *helped, *untold]


def _names(rows: pd.DataFrame) -> str:
    names = [str(name) for name in rows["group"]]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _rows(table: pd.DataFrame) -> list[tuple[int, pd.Series]]:
    return [(position, table.iloc[position]) for position in range(len(table))]

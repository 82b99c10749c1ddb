"""What is coming, what promotions do and what changed within a week, in sentences made from the result."""

from __future__ import annotations

from helpers.forecasting.result import Forecast
from helpers.forecasting.review import percent

KINDS = {
    "promotion": ("promotion", "promotions"),
    "launch": ("new product", "new products"),
    "end": ("product that ends", "products that end"),
    "override": ("product changed by a planner", "products changed by planners"),
}

CAUSES = {
    "level": "demand that came in inside its interval",
    "new demand": "demand outside its interval",
    "override": "planners' overrides",
    "promotion": "promotions added or taken out",
    "history repaired": "past weeks restated",
    "launch or end": "launches and ends",
    "method": "another method",
    "settings": "other settings",
}


def say_coming(forecast: Forecast) -> str:
    """Return how many promotions, launches, ends and overrides lie in the weeks ahead."""
    table = forecast.coming
    # two planners may have changed one product
    single = table[(table["kind"] == "promotion") | ~table.duplicated(["kind", "product_id"])]
    counts = single["kind"].value_counts()
    said = [
        f"{counts[kind]:,} {words[int(counts[kind] != 1)]}" for kind, words in KINDS.items() if kind in counts
    ]
    if not said:
        return "Nothing is known to change in the weeks ahead."
    return f"Already in the forecast: {_joined(said)}."


def say_planned(forecast: Forecast) -> str:
    """Return which promotions that are only planned would pay."""
    table = forecast.planned
    if table.empty:
        return "No promotion is planned that is not decided yet."
    known = table.dropna(subset=["margin"])
    pays, costs = known[known["low_margin"] > 0], known[known["high_margin"] < 0]
    said = [
        f"{_joined(list(rows['promotion_id']))} {verb}"
        for rows, verb in ((pays, "would win margin"), (costs, "would lose margin"))
        if len(rows)
    ]
    count = len(table) - len(pays) - len(costs)
    if count:
        said.append(f"for {count:,} of {len(table):,} it cannot be told")
    return f"Not in the forecast, because only planned: {'; '.join(said)}."


def say_changes(forecast: Forecast) -> str:
    """Return how far the forecast moved since a week ago, and what moved it most."""
    table = forecast.changes
    if table.empty:
        return "No forecast moved by more than a twentieth within a week."
    has_money = bool(table["money"].sum() > 0)
    weight = (
        table["money"] if has_money else table["money"] * 0.0 + 1
    )  # without unit values every pair counts
    causes = weight.groupby(table["cause"], sort=True).sum().sort_values(ascending=False, kind="stable")
    first = table.iloc[0]
    return (
        f"{len(table):,} product × site pair{'s' * (len(table) != 1)} moved by more than a twentieth since a "
        f"week ago. The main cause{' by money' * has_money} is: {CAUSES[str(causes.index[0])]}. "
        f"The first is {first['product_id']} at {first['site_id']}, from {first['before_units']:,.0f} "
        f"to {first['now_units']:,.0f} units."
    )


def say_repair(forecast: Forecast) -> str:
    """Return what stock-outs hid of the demand."""
    table = forecast.repair.set_index("estimate")
    recorded, wanted = (float(table["units"][name]) for name in ("as recorded", "censored model"))
    if not recorded > 0 or wanted <= recorded:
        return "No demand is known to have been lost to empty shelves."
    low, high = (float(table[end]["censored model"]) / recorded - 1 for end in ("low", "high"))
    return (
        f"Customers wanted {percent(wanted / recorded - 1, 1)} more than the orders show ({percent(0.9)} "
        f"interval {100 * low:.1f} to {percent(high, 1)}): that much was lost where stock ran short."
    )


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

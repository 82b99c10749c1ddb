"""Sentences about suggested products, made from the result; the page types no number itself."""

from __future__ import annotations

from helpers.customers.next_product.result import NextProducts

_NAMES = {
    "popularity": "what is popular in the customer's segment",
    "own history": "what the customer bought last",
    "co-purchase": "what is bought together",
    "blend": "own history, what is bought together and popularity in one",
}


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def say_next_products(found: NextProducts) -> list[str]:
    """Return what is suggested, how often such suggestions were bought, and what co-purchase gains."""
    return [say_suggestions(found), *say_test(found), *found.notes]


def say_suggestions(found: NextProducts) -> str:
    """Return how many customers get suggestions from how many products."""
    rows = found.suggestions
    if rows.empty:
        return "No product can be suggested to anybody."
    count = rows["customer_id"].nunique()
    swapped = int(rows["instead_of"].notna().sum())
    text = (
        f"{count:,} {'customer gets' if count == 1 else 'customers get'} up to {found.settings.top} "
        f"suggestions from {found.products:,} {'product' if found.products == 1 else 'products'} that "
        f"{'can be supplied' if found.has_stock else 'are in the range'}, ranked by {_NAMES[found.ranker]}."
    )
    if swapped:
        noun = "suggestion stands" if swapped == 1 else "suggestions stand"
        text += f" {swapped:,} {noun} in for a product that is not supplied."
    return text


def say_test(found: NextProducts) -> list[str]:
    """Return hit rate and recall beside the baselines, and whether co-purchase gains anything."""
    if found.scores.empty:
        return []
    top, scores = found.settings.top, found.scores.astype(float)
    names = ("hit_rate", "hit_rate_low", "hit_rate_high", "recall")
    rate, low, high, recall = (float(scores[name][found.ranker]) for name in names)
    popular, own = (float(scores["hit_rate"][name]) for name in ("popularity", "own history"))
    noun = "customer" if found.customers_tested == 1 else "customers"
    tested = (
        f"In the last {found.settings.window_days} days, which nothing was learnt from, "
        f"{percent(rate, 1)} ({percent(low, 1)} to {percent(high, 1)}) of {found.customers_tested:,} {noun} "
        f"with a purchase they could be suggested bought one of their {top} (recall {percent(recall, 1)}); "
        f"popularity reaches {percent(popular, 1)}, what they bought last {percent(own, 1)}."
    )
    return [tested, _say_co_purchase(found)]


def _say_co_purchase(found: NextProducts) -> str:
    row = found.scores.loc["co-purchase"]
    limits = f"{100 * row['gain_low']:+.1f} to {100 * row['gain_high']:+.1f}".replace("-", "\N{MINUS SIGN}")
    if found.co_purchase_gains:
        return f"What is bought together gains {100 * row['gain']:+.1f} points over popularity ({limits})."
    return f"What is bought together gains nothing over popularity ({limits} points)."

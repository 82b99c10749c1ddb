"""Sentences with figures, made from the plan; the page types no number itself."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from helpers.inventory.comparison import Comparison, Gain
from helpers.inventory.result import InventoryPlan

LEAST_SHARE = 0.005
LATER_WEEKS, CATCHING_UP = 4, 1.3  # weeks that this week's orders are laid beside, and how much more is told
UNITS = {"money": "unit of money"}


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage."""
    return _minus(f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%")


def money(value: float) -> str:
    """Return money, whole."""
    return f"{value:,.0f}"


def say_recommendation(plan: InventoryPlan) -> list[str]:
    """Return the verdict: what to order, what it gains, what to stop; says first where nothing is proven."""
    said = [say_orders(plan), say_gain(plan), say_stock(plan)]
    return said if plan.orders.gap <= plan.settings.gap else [plan.orders.sentence, *said]


def say_orders(plan: InventoryPlan) -> str:
    """Return what to order this week, and the line that earns most."""
    firm = plan.next_orders()
    if firm.empty and plan.settings.budget > 0 and len(plan.ranked.table):
        return f"The budget of {money(plan.settings.budget)} pays for no order that is worth placing."
    if firm.empty and plan.orders.clashes:
        return "Limits leave no room for an order; the ones that are passed already are named below."
    if firm.empty:
        return f"Order nothing in the week of {plan.first_week:%-d %B %Y}: stock and open orders are enough."
    first = firm.iloc[0]
    suppliers = firm["supplier_id"].nunique()
    head = (
        f"Order {_count(len(firm), 'line')} from {_count(suppliers, 'supplier')} for "
        f"{money(plan.firm_value)} in the week of {plan.first_week:%-d %B %Y}."
    )
    covered = float(first["weeks_of_cover"])
    why = f": stock and open orders cover {covered:.1f} weeks" if math.isfinite(covered) else ""
    return (
        f"{head} First {first['quantity']:,.0f} of {first['product_id']} ({first['product_name']}) for "
        f"{first['site_id']} from {first['supplier_id']}{why}.{_say_catching_up(plan)}"
    )


def _say_catching_up(plan: InventoryPlan) -> str:
    """Say where this week's orders are much more than those of the weeks after it."""
    weekly = plan.orders.orders.groupby("order_week")["value"].sum()
    now, later = float(weekly.get(0, 0.0)), weekly[(weekly.index > 0) & (weekly.index <= LATER_WEEKS)]
    usual = float(later.mean()) if len(later) else 0.0
    if not usual or now < CATCHING_UP * usual:
        return ""
    return f" That catches up: the {len(later)} weeks after it need {money(usual)} each."


def say_gain(plan: InventoryPlan) -> str:
    """Return what the levels save beside a min–max rule: on the weeks that were, then on futures."""
    said = [say_replay(plan)] if plan.replay is not None else []
    gain, lost = plan.futures.stock, plan.futures.lost
    if math.isfinite(gain.share):
        served = f"the service of a min–max rule ({percent(gain.at, 1)} of the units served)"
        return " ".join([*said, f"On sampled futures, at {served}, they need {_less(gain)}."])
    if math.isfinite(lost.share):
        word = f"{percent(lost.share)} less" if lost.share > 0 else f"{percent(-lost.share)} more"
        return " ".join(
            [
                *said,
                f"On sampled futures, at the stock of a min–max rule, they lose {word} margin "
                f"({_interval(lost)}).",
            ]
        )
    return " ".join(
        [*said, "What the levels save beside a min–max rule could not be measured on sampled futures."]
    )


def _less(gain: Gain, over: str = "of futures") -> str:
    """How much less stock, and whether that is proven."""
    word = f"{percent(abs(gain.share))} {'less' if gain.share > 0 else 'more'} stock"
    doubt = ", which is not proven" if gain.share > 0 and gain.low <= 0 else ""
    return f"{word} ({_interval(gain, over)}){doubt}"


def say_stock(plan: InventoryPlan) -> str:
    """Return what stock there is, what is too much of it, and what is at risk."""
    risk = plan.risk.at_risk()
    lost = float(risk["lost_margin"].sum())
    now = float(plan.outlook.pairs["stock_value"].sum())
    wanted = float(plan.policy.table["expected_value"].sum())
    served = percent(float(plan.promised_fill_rate.value or 0.0), 1)
    places = _count(len(risk), "product")
    ahead = plan.futures.table.set_index("measure")["recommended"]["fill_rate"]
    return (
        f"Stock stands at {money(now)}; serving {served} from stock takes {money(wanted)} on average. From "
        f"today's stock the next {_count(plan.futures.weeks, 'week')} serve {percent(ahead, 1)}. "
        f"{money(plan.excess.value)} of what is there or on order will not be needed. {places} at a site may "
        f"run out before help can come (chance above {percent(plan.risk.threshold)}), at an expected loss of "
        f"{money(lost)} of margin."
    )


def say_purchases(plan: InventoryPlan) -> str:
    """Return how the next lots are ranked and where the budget ends."""
    table = plan.ranked.table
    if table.empty:
        return "No next lot earns money."
    half = int((table["earned"].cumsum() < table["earned"].sum() / 2).sum()) + 1
    spent = table["spent"].cumsum().iloc[half - 1]
    tail = (
        f" The budget ends at {money(plan.ranked.budget)}: one more unit of it would earn "
        f"{plan.ranked.price:.2f}."
        if plan.settings.budget > 0
        else " There is no budget limit: the list ends where the next lot earns nothing by coming now "
        "rather than later."
    )
    return f"{money(spent)} of {money(table['spent'].sum())} earn half of what ordering now can earn.{tail}"


def say_limits(plan: InventoryPlan, most: int = 3) -> str:
    """Return the limits that bind, with what one more unit of each is worth."""
    table = plan.orders.limits
    binding = table[table["price"] > 0.005].sort_values("price", ascending=False)
    clash = " ".join(plan.orders.clashes)
    if binding.empty:
        return (
            clash
            or "No shared limit binds: money, space, hands and trucks are enough for what is worth ordering."
        )
    monday = pd.Timestamp(plan.first_week)
    weeks = monday + pd.to_timedelta(7 * binding["week"], unit="D")
    parts = [
        f"one more {UNITS.get(row['unit'], row['unit'])} of {row['rule']}"
        f"{f' at {row["key"]}' if row['key'] else ''} "
        f"in the week of {week:%-d %B} is worth {row['price']:,.2f}"
        for row, week in zip(binding.head(most).to_dict("records"), weeks, strict=False)
    ]
    more = f" (and {len(binding) - most} more)" if len(binding) > most else ""
    return " ".join(part for part in (clash, f"{_sentence('; '.join(parts))}{more}.") if part)


def say_solve(plan: InventoryPlan) -> str:
    """Return status, gap and time of the order plan."""
    orders = plan.orders
    return (
        f"Order plan over {plan.settings.horizon} weeks: {orders.status}, gap {percent(orders.gap, 3)} of "
        f"its cost, "
        f"{len(orders.orders):,} lines, {_count(orders.rounds, 'round')} of prices.{_say_beyond(plan)}"
    )


def _say_beyond(plan: InventoryPlan) -> str:
    """Say how many of this week's orders go above the level, and why."""
    why = plan.next_orders()["beyond"]
    counts = why[why != ""].value_counts()
    if counts.empty:
        return ""
    parts = ", ".join(f"{reason}: {count}" for reason, count in counts.items())
    return f" {_count(int(counts.sum()), 'line')} of this week above the order-up-to level ({parts})."


def say_lead_times(plan: InventoryPlan) -> str:
    """Return who delivers later than promised, and who has changed."""
    if plan.outlook.measured.lines.empty:
        return "No purchase order came with the data: lead times are as promised, kept by nobody's measure."
    table = plan.outlook.measured.promised_against_measured()
    late = table[table["late_by"] >= 1]
    if late.empty:
        return f"Suppliers deliver as promised, or within a day of it.{say_overdue(plan)}"
    parts = [f"{row['supplier_id']} {row['late_by']:.0f} days" for row in late.to_dict("records")]
    drifted = table.loc[table["has_drifted"], "supplier_id"].tolist()
    grew = (
        f" Of {', '.join(drifted)} the last deliveries count most, since they have changed."
        if drifted
        else ""
    )
    return (
        f"Later than promised, on average: {', '.join(parts)}. The plan reckons with what was measured.{grew}"
        f"{say_overdue(plan)}"
    )


def say_overdue(plan: InventoryPlan) -> str:
    """Return the open orders past due, and which to chase first: those that most margin waits for."""
    lines = plan.outlook.measured.open_lines
    late = lines[lines["days_past_due"] > 0]
    if late.empty:
        return ""
    risk = plan.risk.table[["product_id", "site_id", "lost_margin"]]
    first = late.merge(risk, on=["product_id", "site_id"], how="left", validate="many_to_one")
    first = first.sort_values(["lost_margin", "days_past_due"], ascending=False).head(2)
    said = [
        f"{row['po_id']} line {row['line']} ({row['open_units']:,.0f} of {row['product_id']} from "
        f"{row['supplier_id']}, {row['days_past_due']:.0f} days)"
        for row in first.to_dict("records")
    ]
    return f" {_count(len(late), 'open line')} past due; chase first {' and '.join(said)}."


def say_replay(plan: InventoryPlan) -> str:
    """Return what the levels would have done over the last weeks, or that it was not measured."""
    replay = plan.replay
    if replay is None:
        return "The levels were not replayed on history: there is no earlier forecast."
    gain = replay.stock
    head = f"Replayed over the last {replay.weeks} weeks with a forecast of their first day"
    if not math.isfinite(gain.share):
        return f"{head}, the two rules do not reach the same service."
    return (
        f"{head}, the levels need {_less(gain, 'of draws of lead times')} at the service of the min–max rule."
    )


def say_promise(plan: InventoryPlan) -> str:
    """Return whether each class keeps its promise in simulation."""
    table = plan.futures.promise
    table = table[table["group"] != "total"]
    off = table[~table["is_kept"]]
    short = off[off["difference"] < 0]
    if off.empty:
        worst = float(table["difference"].abs().max())
        return (
            f"Simulated on {plan.futures.paths:,} futures, every class comes within one point of its "
            f"promise (the "
            f"worst by {100 * worst:.1f})."
        )
    more = ", ".join(_by_points(row) for row in off[off["difference"] > 0].to_dict("records"))
    kept = f"{more} above the promise: more stock than was asked for." if more else ""
    if short.empty:
        return (
            f"Simulated on {plan.futures.paths:,} futures, no class falls short by more than a point; {kept}"
        )
    parts = ", ".join(_by_points(row) for row in short.to_dict("records"))
    return (
        f"Simulated, these classes fall short of their promise by more than a point: {parts}. {kept}".strip()
    )


def _by_points(row: dict[Hashable, Any]) -> str:
    return f"{row['group']} by {abs(100 * row['difference']):.1f} points"


def say_echelons(plan: InventoryPlan) -> str:
    """Return what planning warehouses and stores together saves."""
    found = plan.echelons
    if found is None:
        return "No site supplies another: there is nothing to plan together."
    share = found.saving / found.own_cost if found.own_cost > 0 else 0.0
    last = 1 - found.cost / found.last_cost if found.last_cost > 0 else 0.0
    own = f"{percent(share)} less than" if share >= LEAST_SHARE else "no less than"
    return (
        f"Placed in warehouses and stores together, safety stock costs {own} each site on its own, and "
        f"{percent(last)} less than stock at the last sites alone (guaranteed-service model)."
    )


def say_comparison(found: Comparison) -> str:
    """Return how the two rules were played."""
    return (
        f"Both rules start from the same stock and meet the same {found.paths:,} futures of {found.weeks} "
        f"weeks. The "
        f"min–max rule holds {found.safety_weeks:g} weeks of safety, at which its service comes nearest."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _sentence(text: str) -> str:
    """Start with a capital; names keep theirs."""
    return text[:1].upper() + text[1:]


def _interval(gain: Gain, over: str = "of futures") -> str:
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        return "no interval could be given"
    return f"90\N{NO-BREAK SPACE}% {over}: {percent(gain.low)} to {percent(gain.high)}"


MEASURES = {
    "fill_rate": "Units served from stock",
    "stock_value": "Mean stock at cost",
    "lost_units": "Units lost",
    "stockout_cost": "Margin of units short",
    "holding_cost": "Holding cost",
    "orders": "Order lines",
}


def comparison_rows(found: Comparison) -> pd.DataFrame:
    """Return the two rules side by side in words: what, recommended, incumbent, difference, range."""

    def said(measure: str, value: float) -> str:
        return percent(value, 1) if measure == "fill_rate" else money(value)

    def moved(measure: str, value: float) -> str:
        return _minus(f"{100 * value:+.1f} points" if measure == "fill_rate" else f"{value:+,.0f}")

    rows = [
        {
            "what": MEASURES[row["measure"]],
            **{rule: said(row["measure"], row[rule]) for rule in ("recommended", "incumbent")},
            "difference": moved(row["measure"], row["difference"]),
            "range": f"{moved(row['measure'], row['low'])} to {moved(row['measure'], row['high'])}",
        }
        for row in found.table.to_dict("records")
    ]
    return pd.DataFrame(rows)

"""Seconds, memory and gap of order plans within a binding budget and storage.

    uv run python benchmarks/order_plan.py [--only 500|2000|10000] [--limits budget,storage,suppliers,minimum]

Products at four sites from 30 suppliers, made from a seed: demand with 20 points a week, lots of 1, 2, 6 or
12, minimum quantities of up to three weeks, a fixed cost per line, a third with a price break, a fifth with a
faster, dearer way. The budget of every four weeks is 85 % of what would be spent without it, storage of every
site 90 % of the peak. `suppliers` adds a weekly capacity per supplier, `minimum` a minimum order value per
supplier and site. "Of planned" is the gap over what can be planned at all: the objective less the purchase of
the mean demand at the lowest cost, which no plan escapes. Memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.cost import value_of
from helpers.inventory.orders.limits import OrderLimits, SharedLimit, budget, storage, supplier_capacity
from helpers.inventory.orders.plan import OrderPlan, OrderSettings, plan_orders
from helpers.inventory.orders.problem import OrderItems, OrderOptions, end_values
from helpers.inventory.orders.ranking import ranked_purchases

SIZES = {500: 13, 2_000: 26, 10_000: 26}


def main() -> None:
    """Run the sizes asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", type=int, choices=list(SIZES), default=None)
    arguments.add_argument("--limits", default="budget,storage")
    arguments.add_argument("--lots", type=int, default=128)
    options = arguments.parse_args()
    for count, weeks in SIZES.items():
        if options.only in {None, count}:
            run(count, weeks, options.limits.split(","), options.lots)


def run(count: int, weeks: int, kinds: list[str], lots: int) -> None:
    """Plan one size and print what it took."""
    items, options = case_of(count, weeks)
    settings = OrderSettings(most_lots=lots)
    limits = limits_of_case(items, options, kinds, settings)
    begun = time.process_time()
    plan = plan_orders(items, options, limits, settings)
    spent = time.process_time() - begun
    started = time.perf_counter()
    ranked = ranked_purchases(plan)
    seconds = time.perf_counter() - started
    binding = int((plan.limits["price"] > 1e-9).sum())
    print(f"{count:,} items x {weeks} weeks, {len(options):,} options, {len(plan.limits):,} limits {kinds}")
    print(
        f"  {plan.seconds:.1f} s, {spent:.1f} s of processor, {plan.master_seconds:.1f} s in masters",
        end="",
    )
    print(f", peak {peak():.2f} GB, {plan.rounds} rounds, {binding} limits bind")
    print(f"  {plan.status}: gap {plan.gap:.4%} ({gap_of_planned(plan):.3%} of planned)")
    print(f"  ranked list: {len(ranked.table):,} steps in {seconds:.1f} s")
    print(f"  {plan.sentence}", flush=True)


def gap_of_planned(plan: OrderPlan) -> float:
    """Return the gap over the money that can be planned."""
    items, options = plan.problem.items, plan.problem.options
    _, lowest = end_values(items, options)
    supply, until, _ = items.arrays
    fixed = float((lowest * (until[:, -1].mean(axis=1) - supply[:, -1])).sum())
    return (plan.objective - plan.bound) / (plan.objective - fixed)


def case_of(count: int, weeks: int, seed: int = 0) -> tuple[OrderItems, OrderOptions]:
    """Return items and options."""
    drawn = np.random.default_rng(seed)
    mean = drawn.lognormal(1.5, 1.0, count)
    lead = drawn.integers(1, 6, count)
    until, before = demand_of(drawn, mean, lead, weeks)
    cost = drawn.lognormal(2.0, 0.8, count)
    items = OrderItems(
        pd.DataFrame({"product_id": np.arange(count) // 4, "site_id": np.arange(count) % 4}),
        np.repeat(np.round(mean * drawn.uniform(2, 8, count))[:, None], weeks, axis=1),
        until,
        before,
        holding_cost=0.005 * cost,
        stockout_cost=0.5 * cost,
        volume=drawn.lognormal(-3.0, 0.5, count),
    )
    minimum, lot = np.round(mean * drawn.uniform(0, 3, count)), drawn.choice([1, 2, 6, 12], count)
    breaks = np.where(drawn.random(count) < 1 / 3, np.ceil(6 * mean), np.inf)
    usual = pd.DataFrame(
        {"item": np.arange(count), "supplier_id": np.arange(count) // 4 % 30, "mode": "usual"}
    )
    usual = usual.assign(lead_time=lead, unit_cost=cost, minimum=minimum, lot=lot)
    usual = usual.assign(break_quantity=breaks, break_cost=0.97 * cost)
    rush = usual[drawn.random(count) < 0.2].assign(
        mode="rush", lead_time=1, minimum=0.0, break_quantity=np.inf
    )
    rush["unit_cost"] *= 1.1
    both = pd.concat([usual, rush], ignore_index=True)
    return items, OrderOptions(
        both[["supplier_id", "mode"]],
        both["item"].to_numpy(),
        both["lead_time"].to_numpy(),
        both["unit_cost"].to_numpy(),
        minimum_quantity=both["minimum"].to_numpy(),
        order_multiple=both["lot"].to_numpy(),
        break_quantity=both["break_quantity"].to_numpy(),
        break_cost=both["break_cost"].to_numpy(),
        fixed_cost=5.0,
    )


def demand_of(
    drawn: np.random.Generator, mean: Floats, lead: np.ndarray, weeks: int, points: int = 20
) -> tuple[Floats, Floats]:
    """Return points of cumulated demand; the risk of a week covers lead time and review."""
    shock = np.sort(drawn.standard_normal((len(mean), 1, points)), axis=2)
    week, level = np.arange(1, weeks + 1)[None, :, None], mean[:, None, None]
    sd = 0.6 * level * np.sqrt(np.minimum(week, lead[:, None, None] + 2))
    until = np.maximum(level * week + sd * shock, 0.0)
    return until, np.minimum(np.maximum(level * (week - 1) + sd * shock, 0.0), until)


def limits_of_case(
    items: OrderItems, options: OrderOptions, kinds: list[str], settings: OrderSettings
) -> OrderLimits:
    """Return limits that bind, from the plan without any."""
    free = plan_orders(items, options, settings=settings)
    spent = value_of(options, free.quantities).sum(axis=0)
    shared: list[SharedLimit] = []
    if "budget" in kinds:
        table = pd.DataFrame({"first_week": np.arange(0, items.weeks, 4)})
        table["last_week"] = np.minimum(table["first_week"] + 3, items.weeks - 1)
        table["limit"] = 0.85 * np.add.reduceat(spent, table["first_week"])
        shared.append(budget(table))
    if "storage" in kinds:
        volume = items.per_item("volume")[:, None] * free.cost.held
        space = pd.DataFrame(volume).groupby(items.keys["site_id"]).sum().max(axis=1)
        shared.append(storage(space.mul(0.9).rename("limit").reset_index()))
    if "suppliers" in kinds:
        units = pd.DataFrame(free.quantities).groupby(options.keys["supplier_id"]).sum()
        most = units.mean(axis=1).mul(1.5).rename("limit").reset_index()
        shared.append(supplier_capacity(most))
    minimum = None
    if "minimum" in kinds:
        pairs = pd.MultiIndex.from_product([range(30), range(4)], names=["supplier_id", "site_id"])
        minimum = pairs.to_frame(index=False).assign(limit=spent[:4].mean() / len(pairs))
    return OrderLimits(tuple(shared), minimum)


def peak() -> float:
    """Return the most memory that the process has held, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()

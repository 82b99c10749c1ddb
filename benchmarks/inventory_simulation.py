"""Seconds and memory of simulating replenishment rules, and of tuning the incumbent.

    uv run python benchmarks/inventory_simulation.py [--only many_paths|many_series|incumbent]

Demand is negative binomial, made from a seed; lead times are samples of one to six weeks; packs of 6.
many_paths: 500 series × 500 paths × 26 weeks. many_series: 10,000 × 50 × 26. incumbent: k and c for 10,000
series on 52 weeks of history, two groups. Memory is the peak of the process, demand included.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.inventory.simulation.case import Costs, SimulationCase
from helpers.inventory.simulation.incumbent import BuyersMinMax, fit_incumbent
from helpers.inventory.simulation.policy_rules import FixedQuantityRule, ReplenishmentRule, UpToRule
from helpers.inventory.simulation.simulate import simulate


def main() -> None:
    """Run the parts asked for and print one line each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=list(PARTS), default=None)
    options = arguments.parse_args()
    for name, part in PARTS.items():
        if options.only in {None, name}:
            part()


def case_of(series: int, paths: int, weeks: int) -> tuple[SimulationCase, np.ndarray]:
    """Return a case and the mean weekly demand of its series."""
    drawn = np.random.default_rng(0)
    mean = drawn.lognormal(1.5, 1.2, series)
    demand = drawn.negative_binomial(1.5, 1.5 / (1.5 + mean[:, None, None]), (series, paths, weeks))
    keys = pd.DataFrame({"product_id": np.arange(series), "abc": np.repeat(["A", "B"], series // 2)})
    case = SimulationCase(
        keys,
        demand.astype("int32"),
        lead_times=drawn.integers(1, 7, (series, 40)),
        opening_stock=np.round(5 * mean),
        order_multiple=6.0,
        lost_share=0.8,
        sales_before=np.repeat(mean[:, None], 13, axis=1),
        costs=Costs(unit_cost=10.0, holding_cost=0.05, fixed_cost=4.0, stockout_cost=5.0),
    )
    return case, mean


def play(series: int, paths: int) -> None:
    """Simulate three rules over 26 weeks."""
    case, mean = case_of(series, paths, 26)
    rules: dict[str, ReplenishmentRule] = {
        "(r, Q)": FixedQuantityRule(6 * mean, np.ceil(4 * mean)),
        "(R, S)": UpToRule(8 * mean),
        "min-max": BuyersMinMax(3.5, 3.0, 3.0),
    }
    for name, rule in rules.items():
        started = time.perf_counter()
        found = simulate(case, rule, group="abc")
        seconds = time.perf_counter() - started
        print(
            f"{series:,} series x {paths} paths x 26 weeks, {name}: {seconds:.1f} s, peak {peak():.2f} GB, "
            f"fill rate {found.value('fill_rate'):.4f}, stock value {found.value('stock_value'):,.0f}",
            flush=True,
        )


def incumbent() -> None:
    """Tune k and c on history."""
    case, _ = case_of(10_000, 1, 52)
    started = time.perf_counter()
    fitted = fit_incumbent(case, 0.95, lead_time=3.5, group="abc")
    print(f"incumbent, 10,000 series x 52 weeks: {time.perf_counter() - started:.1f} s", flush=True)
    print(fitted.table.round(4).to_string(index=False))


def peak() -> float:
    """Return the most memory that the process has held, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


PARTS: dict[str, Callable[[], None]] = {
    "many_paths": lambda: play(500, 500),
    "many_series": lambda: play(10_000, 50),
    "incumbent": incumbent,
}

if __name__ == "__main__":
    main()

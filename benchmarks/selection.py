"""Gap, seconds and peak memory of campaign selection, each size and method in a fresh process.

    uv run python benchmarks/selection.py [customers:method ...]

Five offers under a budget, four channel capacities, three stock rows, consent, a hold-out of 15 % and at
most one contact per customer. `greedy` takes pairs by value ÷ cost while everything fits: what one would do
by hand. The bars: a million customers within 10 s, 1 GB and a proven gap of 1e-4; at 10,000 as good as the
whole-number model within 1e-4.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from helpers.customers.selection import select_contacts

RUNS = ("1000:milp", "10000:milp", "10000:lp", "10000:dual", "100000:dual", "1000000:dual", "10000:greedy")
GAP = 1e-4


def main() -> None:
    """Run every size and method in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", default=list(RUNS))
    parser.add_argument("--here", action="store_true", help="measure in this process")
    asked = parser.parse_args()
    for run in asked.runs:
        if asked.here:
            measure(run)
        else:
            subprocess.run([sys.executable, __file__, "--here", run], check=True)


def measure(run: str) -> None:
    """Print one run."""
    size, _, method = run.partition(":")
    given = problem(int(size))
    begun = time.perf_counter()
    if method == "greedy":
        worth = greedy(given)
        print(f"{run:>16}: value {worth:>14,.2f}, {time.perf_counter() - begun:6.2f} s, nothing proven")
        return
    found = select_contacts(**given, method=method, gap=GAP)
    seconds = time.perf_counter() - begun
    check(given, found.chosen)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    channels, stock = (np.round(some, 2).tolist() for some in (found.prices.channel, found.prices.stock))
    print(
        f"{run:>16}: value {found.value:>14,.2f}, bound {found.bound:>14,.2f}, gap {found.gap:.1e}, "
        f"{seconds:6.2f} s, peak {peak:,.0f} MB, {found.status}; prices: budget {found.prices.budget:.3f}, "
        f"channels {channels}, stock {stock}"
    )


def problem(customers: int, seed: int = 1) -> dict[str, Any]:
    """Return customers with a taste each, in float64."""
    rng = np.random.default_rng(seed)
    taste = rng.gamma(2, 2, (customers, 1))
    consent = rng.random((customers, 5)) < np.array([0.7, 0.7, 0.4, 0.6, 0.2])
    return {
        "value": taste * rng.lognormal(0, 0.8, (customers, 5)) - 1,
        "cost": np.array([0.08, 0.08, 3.2, 1.1, 6.0]),
        "budget": 0.1 * customers,
        "channel": np.array([0, 0, 1, 2, 3]),
        "channel_capacity": customers * np.array([0.3, 0.02, 0.1, 0.004]),
        "offer_stock": np.array([0.1 * customers, np.inf, 0.01 * customers, 0.05 * customers, np.inf]),
        "eligible": consent & (rng.random((customers, 1)) > 0.15),
    }


def check(given: dict[str, Any], chosen: np.ndarray[Any, Any]) -> None:
    """Stop where a limit is broken."""
    counts = chosen.sum(axis=0)
    by_channel = np.bincount(given["channel"], counts, minlength=4)
    kept = (
        counts @ given["cost"] <= given["budget"] * (1 + 1e-9)
        and (by_channel <= given["channel_capacity"]).all()
        and (counts <= given["offer_stock"]).all()
        and chosen.sum(axis=1).max() <= 1
        and not (chosen & ~given["eligible"]).any()
    )
    if not kept:
        raise SystemExit("a limit is broken")


def greedy(given: dict[str, Any]) -> float:
    """Return the net value of taking pairs by value ÷ cost while everything fits."""
    net = np.where(given["eligible"], given["value"] - given["cost"], -np.inf)
    order = np.argsort(-(given["value"] / given["cost"]), axis=None)
    order = order[net.ravel()[order] > 0]
    money, calls, stock = given["budget"], given["channel_capacity"].copy(), given["offer_stock"].copy()
    met, worth = np.zeros(len(net), dtype=bool), 0.0
    for pair in order.tolist():
        n, k = divmod(pair, net.shape[1])
        j = given["channel"][k]
        if met[n] or given["cost"][k] > money or calls[j] < 1 or stock[k] < 1:
            continue
        met[n], worth = True, worth + net[n, k]
        money, calls[j], stock[k] = money - given["cost"][k], calls[j] - 1, stock[k] - 1
    return float(worth)


if __name__ == "__main__":
    main()

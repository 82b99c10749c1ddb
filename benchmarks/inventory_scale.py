"""Levels of thousands of products at sites, and how long they take.

    uv run python benchmarks/inventory_scale.py [PAIRS ...]

Made-up pairs with intermittent to steady demand (negative binomial), 200 paths × 26 weeks, lead times of one
to eight weeks and more, three ABC classes; every fifth pair is a warehouse that supplies the four after it.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd

from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import recommend_policy
from helpers.inventory.settings import InventorySettings

PATHS, WEEKS, STORES = 200, 26, 4


def make_outlook(pairs: int, seed: int = 0) -> Outlook:
    """Return an outlook of made-up pairs."""
    rng = np.random.default_rng(seed)
    number = np.arange(pairs)
    warehouse = number - number % (STORES + 1)
    is_store = number != warehouse
    mean = rng.lognormal(1.5, 1.2, pairs)
    size = np.maximum(mean, 0.5)
    draws = rng.negative_binomial(size[:, None, None], 0.5, (pairs, PATHS, WEEKS)).astype("float32")
    cost = rng.lognormal(2, 0.8, pairs)
    table = pd.DataFrame(
        {
            "product_id": [f"P{row // (STORES + 1):05d}" for row in number],
            "site_id": [f"S{row % (STORES + 1)}" for row in number],
            "abc": np.array(["A", "B", "C"])[rng.integers(0, 3, pairs)],
            "is_lane": is_store,
            "source": np.where(is_store, warehouse, -1),
            "inventory_position": np.rint(4 * mean),
            "unit_cost": cost,
            "unit_margin": 0.4 * cost,
            "holding_cost": cost * 0.25 / 52,
            "stockout_cost": 0.4 * cost,
            "order_multiple": np.where(is_store, 1.0, 6.0),
            "minimum_quantity": np.where(is_store, 1.0, 12.0),
        }
    )
    lead = np.where(
        is_store[:, None], 0, rng.integers(1, 9, pairs)[:, None] + rng.integers(0, 3, (pairs, PATHS))
    )
    empty = pd.DataFrame()
    start = pd.Timestamp("2026-11-16")
    zeros = np.zeros((pairs, WEEKS))
    return Outlook(table, empty, zeros, lead, draws, None, None, start, ())  # type: ignore[arg-type]  # levels ask for no lead times as measured


def main() -> None:
    """Time the levels and print one line per size."""
    print("pairs  seconds  CPU seconds  peak GB  promised A, B, C (warehouses)")
    for pairs in [int(text) for text in sys.argv[1:]] or [500, 2_000, 10_000]:
        outlook = make_outlook(pairs)
        begun, cpu = time.perf_counter(), time.process_time()
        policy = recommend_policy(outlook, InventorySettings())
        took, used = time.perf_counter() - begun, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        kept = policy.promise[policy.promise["echelon"] == "warehouse"]["fill_rate"].round(4).tolist()
        print(f"{pairs:>6,} {took:8.1f} {used:12.1f} {peak:8.2f}  {kept}", flush=True)


if __name__ == "__main__":
    main()

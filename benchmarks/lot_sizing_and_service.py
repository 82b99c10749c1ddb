"""Seconds, gaps and answers of the inventory policies: lots, networks, joint orders, service targets.

    uv run python benchmarks/lot_sizing_and_service.py [--seconds 60] [--only lots|networks|joint|service]

All instances are made from seeds. Lots: the form of Trigeiro, Thomas and McClain (demand 75–125, a quarter of
the first four periods empty, set-up time 10–50, set-up cost 200–1000, holding cost 1–5); the less
capacity per item and period, the harder. Networks: general acyclic ones of 22 stages. Service: pairs with
negative binomial demand and pairs with 500 samples each, fill rate and cycle service level.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.inventory import (
    Exposure,
    NegativeBinomialDemand,
    SampledDemand,
    guaranteed_service,
    joint_replenishment,
    lot_sizes_capacitated,
    reorder_points_for_target,
)
from helpers.inventory.policies.service import Measure

LOTS = [(12, 1, 130.0), (12, 2, 126.0), (12, 3, 124.0), (12, 11, 122.0), (24, 4, 126.0), (24, 13, 122.0)]
PAIRS = 10_000


def main() -> None:
    """Run the parts asked for and print one line per instance."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--only", choices=list(PARTS), default=None)
    options = arguments.parse_args()
    for name, part in PARTS.items():
        if options.only in {None, name}:
            part(options.seconds)


def lots(seconds: float) -> None:
    """Capacitated lot sizing, 15 periods."""
    for items, seed, per_item in LOTS:
        drawn = np.random.default_rng(seed)
        demand = drawn.integers(75, 126, (items, 15)).astype("float64")
        demand[:, :4] *= drawn.random((items, 4)) >= 0.25
        holding = drawn.integers(1, 6, items)
        set_up_time, fixed = 10 * drawn.integers(1, 6, items), 200 * drawn.integers(1, 6, items)
        started = time.perf_counter()
        plan = lot_sizes_capacitated(
            fixed,
            holding,
            demand,
            round(per_item * items),
            setup_time=set_up_time,
            time_limit=seconds,
        )
        print(
            f"lots {items}x15 seed {seed} capacity {per_item:g} per item: cost {plan.cost:,.0f}, "
            f"gap {plan.gap:.3%}, proven {plan.is_proven}, {time.perf_counter() - started:.1f} s",
            flush=True,
        )


def networks(seconds: float) -> None:
    """Guaranteed service on 22 stages, four of them sources, with one and a half feeders a stage."""
    for seed, longest in [(1, 5), (2, 20), (3, 20), (4, 60), (5, 20)]:
        stages, arcs = random_network(22, seed, longest)
        started = time.perf_counter()
        found = guaranteed_service(stages, arcs, time_limit=seconds)
        print(
            f"network 22 stages {len(arcs)} arcs, times up to {longest}: cost {found.cost:,.2f}, "
            f"gap {found.gap:.1e}, proven {found.is_proven}, {time.perf_counter() - started:.1f} s",
            flush=True,
        )


def random_network(size: int, seed: int, longest: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return stages and arcs of a general acyclic network, holding costs rising downstream."""
    drawn = np.random.default_rng(seed)
    arcs = {
        (int(i), j)
        for j in range(4, size)
        for i in drawn.choice(j, 1 + int(drawn.random() < 0.5), replace=False)
    }
    ends = {i for i in range(size) if not any(a == i for a, _ in arcs)}
    stages = pd.DataFrame(
        {
            "stage": range(size),
            "processing_time": drawn.integers(1, longest + 1, size),
            "holding_cost": np.cumsum(drawn.uniform(0.5, 2, size)),
            "demand_sd": [drawn.uniform(5, 50) if i in ends else np.nan for i in range(size)],
            "safety_factor": 1.645,
            "external_inbound_time": np.nan,
            "max_service_time": [float(drawn.integers(0, 6)) if i in ends else np.nan for i in range(size)],
        }
    )
    return stages, pd.DataFrame(sorted(arcs), columns=["from_stage", "to_stage"])


def joint(seconds: float) -> None:
    """Joint replenishment of 1,000 products, proven optimal (there is no limit to keep)."""
    del seconds
    drawn = np.random.default_rng(0)
    own, holding, rates = drawn.uniform(1, 50, 1000), drawn.uniform(0.1, 2, 1000), drawn.uniform(1, 500, 1000)
    started = time.perf_counter()
    plan = joint_replenishment(200, own, holding, rates)
    print(f"joint 1,000 products: cost {plan.cost:,.2f}, {time.perf_counter() - started:.3f} s", flush=True)


def service(seconds: float) -> None:
    """Reorder points of 10,000 pairs (there is no limit to keep)."""
    del seconds
    drawn = np.random.default_rng(0)
    mean = drawn.lognormal(1.5, 1.2, PAIRS)
    sd = np.sqrt(mean * drawn.uniform(1.1, 5, PAIRS))
    quantity = np.maximum(1, np.round(mean * drawn.uniform(1, 6, PAIRS)))
    binomial = Exposure(
        NegativeBinomialDemand(2 * mean, sd * 2**0.5), NegativeBinomialDemand(3 * mean, sd * 3**0.5)
    )
    paths = drawn.poisson(mean[:, None, None], (PAIRS, 500, 3)).cumsum(axis=2)
    samples = (paths[:, :, 1].astype("float64"), paths[:, :, 2].astype("float64"))
    measures: list[Measure] = ["fill_rate", "cycle_service_level"]
    for name in ("negative binomial", "500 samples"):
        for measure in measures:
            started = time.process_time()
            sampled = Exposure(*map(SampledDemand, samples)) if name == "500 samples" else binomial
            found = reorder_points_for_target(sampled, quantity, 0.95, measure)
            print(
                f"service {PAIRS:,} pairs, {name}, {measure}: {found.reorder_point.sum():,.0f} units, "
                f"{time.process_time() - started:.2f} s of processor",
                flush=True,
            )


PARTS: dict[str, Callable[[float], None]] = {
    "lots": lots,
    "networks": networks,
    "joint": joint,
    "service": service,
}

if __name__ == "__main__":
    main()

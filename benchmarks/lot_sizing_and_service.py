"""Seconds, gaps and answers of the inventory policies: lots, networks, joint orders, service targets.

    uv run python benchmarks/lot_sizing_and_service.py [--seconds 60] [--instances 3]
        [--only lots|networks|joint|service|echelons]

All instances are made from seeds. Lots: by the design of Trigeiro, Thomas and McClain (demand 75–125, a
quarter of the first four periods empty, set-up cost 200–1000, holding cost 1–5), in classes: 12 or 24 items;
set-up time 10–50 (theirs) or 20–100; capacity 728 per six items (theirs), or such that the items' plans
without a limit would need 85 % of it (loose), 90 % (medium) or 95 % (tight). Networks: general acyclic ones
of 22 stages. Service: pairs with negative binomial demand and pairs with 500 samples each, fill rate and
cycle service level. Echelons: 120 products at a warehouse and seven stores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.inventory import (
    CapacitatedPlan,
    Exposure,
    NegativeBinomialDemand,
    SampledDemand,
    guaranteed_service,
    joint_replenishment,
    lot_sizes,
    lot_sizes_capacitated,
    reorder_points_for_target,
)
from helpers.inventory.echelons.compare import compare_echelons
from helpers.inventory.policies.service import Measure

ITEMS = (12, 24)
SET_UP_TIMES = (10, 20)  # steps; one to five of them each
TIGHTNESS = {"as published": None, "loose": 0.85, "medium": 0.90, "tight": 0.95}
PUBLISHED_CAPACITY = 728 / 6
PAIRS = 10_000


def main() -> None:
    """Run the parts asked for and print one line per instance."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--only", choices=list(PARTS), default=None)
    arguments.add_argument("--instances", type=int, default=3, help="of each class of lots")
    options = arguments.parse_args()
    for name, part in PARTS.items():
        if options.only in {None, name}:
            part(options.seconds, options.instances)


def lots(seconds: float, instances: int) -> None:
    """Capacitated lot sizing, 15 periods: what is proven of each class."""
    for items, step, (name, share) in product(ITEMS, SET_UP_TIMES, TIGHTNESS.items()):
        if share is None and step != SET_UP_TIMES[0]:
            continue
        head = f"lots {items}x15, set-up time {step}-{5 * step}, {name}"
        proven = 0
        for seed in range(instances):
            plan, taken = timed_plan(lot_instance(items, seed, step, share), seconds)
            proven += plan is None or plan.is_proven
            said = "no plan exists" if plan is None else f"cost {plan.cost:,.0f}, gap {plan.gap:.3%}"
            print(f"{head}, seed {seed}: {said}, {taken:.1f} s", flush=True)
        print(f"{head}: {proven} of {instances} proven", flush=True)


def timed_plan(instance: dict[str, Any], seconds: float) -> tuple[CapacitatedPlan | None, float]:
    """Return the plan, None where it is proven that there is none, and the seconds."""
    started = time.perf_counter()
    try:
        plan = lot_sizes_capacitated(**instance, time_limit=seconds)
    except ParameterError:
        plan = None
    return plan, time.perf_counter() - started


def lot_instance(items: int, seed: int, step: int, share: float | None) -> dict[str, Any]:
    """Return the arguments of `lot_sizes_capacitated` for one instance."""
    drawn = np.random.default_rng([items, seed, step])
    demand = drawn.integers(75, 126, (items, 15)).astype("float64")
    demand[:, :4] *= drawn.random((items, 4)) >= 0.25
    holding, fixed = drawn.integers(1, 6, items), 200 * drawn.integers(1, 6, items)
    times = step * drawn.integers(1, 6, items)
    alone = [lot_sizes(*one) for one in zip(fixed, holding, demand, strict=True)]
    needed = demand.sum() + times @ np.array([(plan.order_quantities > 0).sum() for plan in alone])
    capacity = PUBLISHED_CAPACITY * items if share is None else needed / 15 / share
    return {
        "fixed_cost": fixed,
        "holding_cost": holding,
        "demand": demand,
        "capacity": round(capacity),
        "setup_time": times,
    }


def echelons(seconds: float, instances: int) -> None:
    """Warehouse and stores together against each on its own (there is no limit to keep)."""
    del seconds, instances
    drawn, sites, products = np.random.default_rng(0), ["DC", *(f"S{n}" for n in range(7))], 120
    is_store = np.tile([False] + [True] * 7, products)
    lead_time = np.where(is_store, drawn.integers(2, 22, len(is_store)), drawn.integers(3, 70, len(is_store)))
    stages = pd.DataFrame(
        {
            "product": np.repeat([f"P{n:03d}" for n in range(products)], len(sites)),
            "site": sites * products,
            "lead_time": lead_time / 7,
            "holding_cost": drawn.lognormal(-1, 0.7, products).repeat(len(sites))
            * np.where(is_store, 1, 0.9),
            "demand_sd": np.where(is_store, drawn.lognormal(1.5, 0.8, len(is_store)), np.nan),
            "cycle_service_level": np.where(is_store, 0.95, np.nan),
        }
    )
    lanes = pd.DataFrame({"from_site": "DC", "to_site": sites[1:]})
    started = time.perf_counter()
    found = compare_echelons(stages, lanes)
    print(
        f"echelons {products} products x {len(sites)} sites: together {found.cost:,.0f}, each on its own "
        f"{found.own_cost:,.0f}, only at the stores {found.last_cost:,.0f}, "
        f"{time.perf_counter() - started:.1f} s",
        flush=True,
    )


def networks(seconds: float, instances: int) -> None:
    """Guaranteed service on 22 stages, four of them sources, with one and a half feeders a stage."""
    for seed, longest in product(range(1, 2 + instances), (5, 20, 60)):
        stages, arcs = random_network(22, seed, longest)
        started = time.perf_counter()
        found = guaranteed_service(stages, arcs, time_limit=seconds)
        print(
            f"network 22 stages {len(arcs)} arcs, times up to {longest}, seed {seed}: "
            f"cost {found.cost:,.2f}, gap {found.gap:.1e}, proven {found.is_proven}, "
            f"{time.perf_counter() - started:.1f} s",
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


def joint(seconds: float, instances: int) -> None:
    """Joint replenishment of 1,000 products, proven optimal (there is no limit to keep)."""
    del seconds, instances
    drawn = np.random.default_rng(0)
    own, holding, rates = drawn.uniform(1, 50, 1000), drawn.uniform(0.1, 2, 1000), drawn.uniform(1, 500, 1000)
    started = time.perf_counter()
    plan = joint_replenishment(200, own, holding, rates)
    print(f"joint 1,000 products: cost {plan.cost:,.2f}, {time.perf_counter() - started:.3f} s", flush=True)


def service(seconds: float, instances: int) -> None:
    """Reorder points of 10,000 pairs (there is no limit to keep)."""
    del seconds, instances
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


PARTS: dict[str, Callable[[float, int], None]] = {
    "lots": lots,
    "networks": networks,
    "joint": joint,
    "service": service,
    "echelons": echelons,
}

if __name__ == "__main__":
    main()

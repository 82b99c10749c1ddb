"""Facility location: OR-Library files against their published optima, and made problems of larger size.

    uv run python benchmarks/location.py [FOLDER] [--capacity 8000] [--time-limit 60] [--made]

FOLDER holds OR-Library files (cap41.txt, orlib_cap41.txt, ...); the optimum is looked up by the name. The
large ones (capa, capb, capc) leave the capacity open: `--capacity` gives it. From cap41 all thirteen problems
with 16 sites are made, which differ in capacity and fixed cost alone. `--made` also solves
problems made from a seed: demand × distance × 1 to 1.25 on a square.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from helpers.transport import FacilityPlan, OrlibInstance, locate_facilities, read_orlib

# Published optima of the problems with 16 sites: capacity by the first digit, fixed cost by the last.
OPTIMA = {
    "41": 1040444.375,
    "42": 1098000.450,
    "43": 1153000.450,
    "44": 1235500.450,
    "51": 1025208.225,
    "61": 932615.750,
    "62": 977799.400,
    "63": 1014062.050,
    "64": 1045650.250,
    "71": 932615.750,
    "72": 977799.400,
    "73": 1010641.450,
    "74": 1034976.975,
}
CAPACITY = {"4": 5_000.0, "5": 10_000.0, "6": 15_000.0, "7": 58_268.0}
FIXED_COST = {"1": 7_500.0, "2": 12_500.0, "3": 17_500.0, "4": 25_000.0}
MADE = (  # sites, customers, fixed cost, capacity
    (50, 500, 100_000, np.inf),
    (50, 500, 30_000, np.inf),
    (50, 500, 100_000, 2_000),
    (100, 1000, 300_000, 8_000),
    (100, 1000, 900_000, 8_000),
    (100, 1000, 150_000, 5_000),
    (100, 1000, 60_000, 2_500),
    (100, 1000, 100_000, np.inf),
    (100, 1000, 1_300_000, 8_700),  # a few large sites, nearly full: the hardest shape
)


def main() -> None:
    """Solve what is asked for and print one line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--capacity", type=float, default=None)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--made", action="store_true")
    options = parser.parse_args()
    for file in sorted(options.folder.glob("*cap*.txt")) if options.folder else []:
        found = read_orlib(file, capacity=options.capacity)
        show(file.stem, found, options.time_limit, OPTIMA.get(file.stem.split("cap")[-1]))
        if file.stem.endswith("cap41"):
            for number, optimum in OPTIMA.items():
                show(f"made cap{number}", variant(found, number), options.time_limit, optimum)
    for size in MADE if options.made else ():
        show(" ".join(f"{n:g}" for n in size), made(*size), options.time_limit, None)


def variant(found: OrlibInstance, number: str) -> OrlibInstance:
    """Return another problem of the same sites; the site without a fixed cost keeps none."""
    fixed = FIXED_COST["3" if number == "51" else number[-1]]
    capacity = np.full(len(found.capacity), CAPACITY[number[0]])
    return OrlibInstance(np.where(found.fixed_cost > 0, fixed, 0.0), capacity, found.demand, found.cost)


def made(sites: int, customers: int, fixed_cost: float, capacity: float) -> OrlibInstance:
    """Return a problem made from the seed sites + customers."""
    drawn = np.random.default_rng(sites + customers)
    where, there = drawn.uniform(0, 1000, (sites, 2)), drawn.uniform(0, 1000, (customers, 2))
    demand = drawn.uniform(10, 110, customers).round(2)
    distance = np.hypot(*(where[:, None] - there[None]).transpose(2, 0, 1))
    cost = distance * demand * drawn.uniform(1, 1.25, (sites, customers))
    return OrlibInstance(drawn.uniform(0.7, 1.3, sites) * fixed_cost, np.full(sites, capacity), demand, cost)


def show(name: str, problem: OrlibInstance, time_limit: float, optimum: float | None) -> None:
    """Print cost, gap and seconds, and the distance from the published optimum."""
    plan: FacilityPlan = locate_facilities(
        problem.fixed_cost, problem.capacity, problem.demand, problem.cost, time_limit=time_limit
    )
    known = "" if optimum is None else f", {plan.cost - optimum:+.3f} from the published optimum"
    print(
        f"{name}: {len(plan.open_sites)} sites, {plan.cost:,.3f}, bound {plan.bound:,.3f}, "
        f"gap {plan.gap:.5%}, {plan.seconds:.2f} s{known}",
        flush=True,
    )


if __name__ == "__main__":
    main()

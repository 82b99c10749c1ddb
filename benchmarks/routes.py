"""Routes: VRPLIB files against their best known cost, and a day with 200 drops.

    uv run python benchmarks/routes.py [FILE.vrp ...] [--seconds 20] [--seeds 0 1 2] [--plain] [--day]

A file's best known cost is read from the `.sol` beside it. `--plain` also runs PyVRP with its own settings
for the same seconds. `--day` plans 200 drops of two depots with vans and trucks, windows, pick-ups and prizes
in ten seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.transport import check_routes, plan_routes


def main() -> None:
    """Plan what is asked for and print one line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--day", action="store_true")
    options = parser.parse_args()
    for file in options.files:
        for seed in options.seeds:
            show_file(file, options.seconds, seed, plain=options.plain)
    for seed in options.seeds if options.day else []:
        show_day(seed)


def show_file(file: Path, seconds: float, seed: int, *, plain: bool) -> None:
    """Print cost and distance from the best known one."""
    known = file.with_suffix(".sol")
    best = float(known.read_text(encoding="utf-8").split()[-1]) if known.is_file() else np.nan
    plan = plan_routes(file, iterations=None, time_limit=seconds, seed=seed)
    line = f"{file.stem}, seed {seed}: {plan.cost:,.0f} ({plan.cost / best - 1:.2%})"
    line += f", {plan.iterations:,} iterations, {plan.seconds:.1f} s, {len(check_routes(plan))} findings"
    if plain:
        import pyvrp

        data = pyvrp.read(file, round_func="round")
        raw = pyvrp.solve(data, pyvrp.stop.MaxRuntime(seconds), seed=seed, display=False)
        line += f"; PyVRP's own settings {raw.cost():,.0f} ({raw.cost() / best - 1:.2%})"
    print(line, flush=True)


def show_day(seed: int) -> None:
    """Plan a day with 200 drops, three of which cannot be served."""
    plan = plan_routes(*make_day(200, seed), iterations=None, time_limit=10, seed=seed)
    print(f"200 drops, seed {seed}: {plan.sentence} {plan.iterations:,} iterations, {plan.seconds:.1f} s")
    print(f"  {len(check_routes(plan))} findings; left out: {plan.left_out['kind'].value_counts().to_dict()}")


def make_day(drops: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return drops, vehicles and depots around a city."""
    drawn = np.random.default_rng(seed)
    opens = drawn.choice([480.0, 540.0, 600.0, 780.0], drops)
    wanted = pd.DataFrame(
        {
            "drop": [f"D{i:03d}" for i in range(drops)],
            "latitude": 52.46 + drawn.normal(0, 0.12, drops),
            "longitude": 13.35 + drawn.normal(0, 0.2, drops),
            "weight_kg": drawn.gamma(2, 30, drops).round(1),
            "volume_m3": drawn.gamma(2, 0.2, drops).round(2),
            "pickup_kg": np.where(drawn.random(drops) < 0.1, 20.5, 0.0),
            "opens": opens,
            "closes": opens + drawn.choice([120.0, 240.0, 480.0], drops),
            "service_minutes": drawn.integers(4, 12, drops),
            "prize": np.where(drawn.random(drops) < 0.1, 8.0, np.nan),
        }
    )
    wanted.loc[3, "weight_kg"] = 9000.0
    wanted.loc[5, "closes"] = 300.0
    wanted.loc[7, "latitude"] = 60.0
    kinds = pd.DataFrame(
        {
            "vehicle": ["van", "truck"],
            "available": [8, 4],
            "capacity_kg": [900.0, 3500.0],
            "capacity_m3": [8.0, 20.0],
            "fixed_cost": [60.0, 110.0],
            "cost_per_km": [0.35, 0.62],
            "cost_per_hour": [28.0, 31.0],
            "shift_start": 420.0,
            "shift_end": 1080.0,
            "max_minutes": 540.0,
            "max_km": 250.0,
            "speed_kmh": [38.0, 33.0],
        }
    )
    depots = pd.DataFrame({"depot": ["North", "South"], "latitude": [52.52, 52.4], "longitude": [13.4, 13.3]})
    fleet = kinds.merge(depots[["depot"]], how="cross")
    return wanted, fleet.assign(vehicle=fleet["vehicle"] + " " + fleet["depot"]), depots


if __name__ == "__main__":
    main()

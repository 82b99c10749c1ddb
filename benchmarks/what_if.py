"""How long a newly solved view takes, per decision, without a browser.

    uv run python benchmarks/what_if.py [data/sample] [--moves 60]

Random settings of all controls, seeded; the first view, which builds what all others share, is told apart.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Sequence

import numpy as np

from helpers.contract import load_case
from helpers.whatif import Choice, Control, Decision, Slider, Value
from helpers.whatif.prepare import prepare_suite


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("source", nargs="?", default="data/sample")
    arguments.add_argument("--moves", type=int, default=60)
    given = arguments.parse_args()
    started = time.perf_counter()
    suite = prepare_suite(load_case(given.source), {})
    print(f"prepared in {time.perf_counter() - started:.1f} s; load {os.getloadavg()[0]:.1f}")
    print("| decision | first view ms | new p50 ms | new p95 ms | CPU p50 ms | seen p95 ms |")
    for decision in suite.decisions:
        print(measured(decision, given.moves))


def measured(decision: Decision, moves: int) -> str:
    first = seconds(decision, {})[0]
    settings = [random_setting(decision.controls, random.Random(move)) for move in range(moves)]
    fresh = np.array([seconds(decision, one) for one in settings]) * 1000
    seen = np.array([seconds(decision, one)[0] for one in settings]) * 1000
    middle, late = np.quantile(fresh[:, 0], [0.5, 0.95])
    return (
        f"| {decision.name} | {first * 1000:.0f} | {middle:.0f} | {late:.0f} | "
        f"{np.median(fresh[:, 1]):.0f} | {np.quantile(seen, 0.95):.1f} |"
    )


def seconds(decision: Decision, settings: dict[str, Value]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    decision.try_view(settings)
    return time.perf_counter() - wall, time.process_time() - cpu


def random_setting(controls: Sequence[Control], draw: random.Random) -> dict[str, Value]:
    """Move one or two controls, as a person does."""
    moved = draw.sample(list(controls), draw.choice([1, 1, 2]))
    return {control.name: random_value(control, draw) for control in moved}


def random_value(control: Control, draw: random.Random) -> Value:
    if isinstance(control, Slider):
        reach = min(control.high, control.default + 0.5 * (control.high - control.default) + control.step)
        value = round(draw.uniform(control.low, reach) / control.step) * control.step
        return min(max(value, control.low), control.high)
    if isinstance(control, Choice):
        return draw.choice([name for name, _ in control.options])
    return not control.default


if __name__ == "__main__":
    main()

"""What building a model costs beside raw HiGHS, and what a moved limit costs.

    uv run python benchmarks/model_building.py [--variables 100000] [--rounds 3] [--wall] [--quick]

A transport model (supply and demand rows, every lane allowed) and a location model (the same with a
switch per source) are built six ways, handed to HiGHS and read back. Counted is everything but the
solver itself, which runs with a limit of one iteration where it does not matter. Seconds are those
of the process (two cores are shared with others here), or of the clock with `--wall`; ratios are to
raw arrays passed to HiGHS. The ways take turns; the best of all rounds counts.
"""

from __future__ import annotations

import argparse
import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pulp

# isort: split
import highspy

from helpers.solver import Model, WhatIf, at_least, at_most, solve, triples
from helpers.solver.flat import FlatModel, compress_rows, fill_pulp
from helpers.solver.handover import QuickHiGHS, new_highs, pass_model
from helpers.solver.options import SolveOptions

OPTIONS = SolveOptions(time_limit=600.0, gap=0.01)


@dataclass(frozen=True)
class Case:
    """Costs (sources × sinks), supply, demand; with a fixed cost per source where switched."""

    cost: np.ndarray
    supply: np.ndarray
    demand: np.ndarray
    fixed: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        return self.cost.shape[0], self.cost.shape[1]


def make_case(variables: int, *, switched: bool) -> Case:
    """Return a case with about so many lanes."""
    sinks = round(math.sqrt(variables))
    sources = round(variables / sinks)
    rng = np.random.default_rng(7)
    demand = rng.integers(5, 20, sinks).astype(float)
    supply = np.full(sources, math.ceil(demand.sum() / sources * 1.5))
    fixed = rng.uniform(50, 100, sources) if switched else None
    return Case(rng.uniform(1, 10, (sources, sinks)), supply, demand, fixed)


def case_triples(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, column, coefficient: supply rows, then demand rows; switches are the last columns."""
    sources, sinks = case.shape
    lane = np.arange(sources * sinks)
    row = np.concatenate([lane // sinks, sources + lane % sinks])
    column, value = np.concatenate([lane, lane]), np.ones(2 * len(lane))
    if case.fixed is not None:
        row = np.concatenate([row, np.arange(sources)])
        column = np.concatenate([column, len(lane) + np.arange(sources)])
        value = np.concatenate([value, -case.supply])
    return row, column, value


def flat_of(case: Case) -> FlatModel:
    """Return the case as arrays."""
    sources, sinks = case.shape
    lanes, switches = sources * sinks, 0 if case.fixed is None else sources
    starts, columns, values = compress_rows(*case_triples(case), (sources + sinks, lanes + switches))
    supply = case.supply if case.fixed is None else np.zeros(sources)
    return FlatModel(
        cost=np.concatenate([case.cost.ravel(), case.fixed if case.fixed is not None else []]),
        lower=np.zeros(lanes + switches),
        upper=np.concatenate([np.full(lanes, np.inf), np.ones(switches)]),
        integer=np.arange(lanes + switches) >= lanes,
        row_lower=np.concatenate([np.full(sources, -np.inf), case.demand]),
        row_upper=np.concatenate([supply, np.full(sinks, np.inf)]),
        starts=starts,
        columns=columns,
        coefficients=values,
    )


def raw(case: Case) -> np.ndarray:
    """Pass arrays straight to HiGHS."""
    highs = new_highs()
    pass_model(highs, flat_of(case))
    run(highs)
    return np.asarray(highs.getSolution().col_value)


def batches(case: Case) -> np.ndarray:
    """Fill PuLP's core in batches, pass the same arrays to HiGHS, read back without PuLP."""
    flat = flat_of(case)
    problem = fill_pulp(flat)
    highs = new_highs()
    pass_model(highs, flat)
    run(highs)
    values = highs.getSolution().col_value
    problem.toRustModel().set_variable_values(list(enumerate(values)))
    return np.asarray(values)


class Timed(QuickHiGHS):
    """Our hand-over with the solver's own seconds left out."""

    def callSolver(self, lp: Any) -> None:  # noqa: N802 (PuLP's name)
        run(lp.solverModel)


class TimedStock(pulp.HiGHS):
    """PuLP's hand-over with the solver's own seconds left out."""

    def callSolver(self, lp: Any) -> None:  # noqa: N802 (PuLP's name)
        run(lp.solverModel)


def ours(case: Case) -> np.ndarray:
    """Build with `Model` over index tables, rules found by key."""
    sources, sinks = case.shape
    lanes = pd.DataFrame(
        {"source": np.repeat(np.arange(sources), sinks), "sink": np.tile(np.arange(sinks), sources)}
    )
    model = Model("transport")
    ship = model.add_variables("ship", lanes)
    at = pd.DataFrame({"source": np.arange(sources)})
    if case.fixed is None:
        model.add_rows("supply", at, ship, at_most(case.supply))
    else:
        switch = model.add_variables("open", at, upper=1.0, integer=True)
        model.add_rows("supply", at, ship - switch * case.supply, at_most(0.0))
        model.add_objective("fixed", switch * case.fixed)
    model.add_rows("demand", pd.DataFrame({"sink": np.arange(sinks)}), ship, at_least(case.demand))
    model.add_objective("freight", ship * case.cost.ravel())
    return finish(model)


def ours_by_triples(case: Case) -> np.ndarray:
    """Build with `Model`, rules given as triples."""
    sources, sinks = case.shape
    model = Model("transport")
    ship = model.add_variables("ship", pd.RangeIndex(sources * sinks, name="lane"))
    lane = np.arange(len(ship))
    supply = triples(lane // sinks, ship.ids, 1.0)
    limit = case.supply
    if case.fixed is not None:
        switch = model.add_variables("open", pd.RangeIndex(sources, name="source"), upper=1.0, integer=True)
        supply, limit = supply + triples(np.arange(sources), switch.ids, -case.supply), np.zeros(sources)
        model.add_objective("fixed", switch * case.fixed)
    model.add_rows("supply", pd.RangeIndex(sources, name="source"), supply, at_most(limit))
    model.add_rows(
        "demand",
        pd.RangeIndex(sinks, name="sink"),
        triples(lane % sinks, ship.ids, 1.0),
        at_least(case.demand),
    )
    model.add_objective("freight", ship * case.cost.ravel())
    return finish(model)


def finish(model: Model) -> np.ndarray:
    model.problem.solve(Timed(OPTIONS, model.flat))
    highs: Any = model.problem.solverModel
    return np.asarray(highs.getSolution().col_value)


def bulk_api(case: Case, solver: Callable[[], Any]) -> np.ndarray:
    """Build with PuLP's public bulk calls."""
    sources, sinks = case.shape
    problem = pulp.LpProblem("transport", pulp.LpMinimize)
    pairs = [(i, j) for i in range(sources) for j in range(sinks)]
    ship = problem.add_variable_dict("ship_%s_%s", pairs, lowBound=0)
    lanes = list(ship.values())
    costs = list(zip(lanes, case.cost.ravel().tolist(), strict=True))
    if case.fixed is None:
        for i, supply in enumerate(case.supply.tolist()):
            problem += pulp.lpSum_vars(lanes[i * sinks : (i + 1) * sinks]) <= supply
    else:
        switch = list(problem.add_variable_dict("open", range(sources), cat="Binary").values())
        costs += zip(switch, case.fixed.tolist(), strict=True)
        for i, supply in enumerate(case.supply.tolist()):
            row = [(lane, 1.0) for lane in lanes[i * sinks : (i + 1) * sinks]]
            problem += pulp.lpSum_vars_coefs([*row, (switch[i], -supply)]) <= 0
    for j, demand in enumerate(case.demand.tolist()):
        problem += pulp.lpSum_vars(lanes[j::sinks]) >= demand
    problem.setObjective(pulp.lpSum_vars_coefs(costs))
    problem.solve(solver())
    return np.array([v.varValue for v in problem.variables()])


def as_people_write(case: Case) -> np.ndarray:
    """Build with dictionaries and sums, PuLP's own class."""
    sources, sinks = case.shape
    problem = pulp.LpProblem("transport", pulp.LpMinimize)
    ship = problem.add_variable_dicts("ship", (range(sources), range(sinks)), lowBound=0)
    freight = pulp.lpSum(float(case.cost[i, j]) * ship[i][j] for i in range(sources) for j in range(sinks))
    if case.fixed is None:
        problem += freight
        for i in range(sources):
            problem += pulp.lpSum(ship[i][j] for j in range(sinks)) <= float(case.supply[i])
    else:
        switch = problem.add_variable_dicts("open", range(sources), cat="Binary")
        problem += freight + pulp.lpSum(float(case.fixed[i]) * switch[i] for i in range(sources))
        for i in range(sources):
            problem += pulp.lpSum(ship[i][j] for j in range(sinks)) <= float(case.supply[i]) * switch[i]
    for j in range(sinks):
        problem += pulp.lpSum(ship[i][j] for i in range(sources)) >= float(case.demand[j])
    problem.solve(TimedStock(msg=False, gapRel=OPTIONS.gap))
    return np.array([v.varValue for v in problem.variables()])


WAYS: dict[str, Callable[[Case], np.ndarray]] = {
    "raw arrays to passModel": raw,
    "PuLP core in batches, same arrays": batches,
    "helpers.solver, rules as triples": ours_by_triples,
    "helpers.solver, rules by key": ours,
    "public bulk API + own hand-over": lambda case: bulk_api(case, lambda: Timed(OPTIONS)),
    "public bulk API, stock class": lambda case: bulk_api(
        case, lambda: TimedStock(msg=False, gapRel=OPTIONS.gap)
    ),
    "dicts + lpSum, stock class": as_people_write,
}
clock: Callable[[], float] = time.process_time
solver_seconds = [0.0]


def run(highs: highspy.Highs) -> None:
    """Stop the solver at once, and note what it took all the same."""
    begun = clock()
    highs.setOptionValue("solver", "simplex")
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("simplex_iteration_limit", 1)
    highs.setOptionValue("mip_max_nodes", 0)
    highs.setOptionValue("time_limit", 0.01)
    highs.run()
    solver_seconds[0] += clock() - begun


def overhead(way: Callable[[Case], np.ndarray], case: Case) -> float:
    """Return the seconds of one build, hand-over and read-back."""
    gc.collect()
    solver_seconds[0] = 0.0
    begun = clock()
    way(case)
    return clock() - begun - solver_seconds[0]


def compare_ways(variables: int, rounds: int, names: list[str]) -> None:
    """Print the table of evidence."""
    print(f"\n{variables:,} variables: seconds (× raw)\n{'':36}{'LP':>16}{'MILP':>16}")
    cases = [make_case(variables, switched=switched) for switched in (False, True)]
    best = {name: [math.inf, math.inf] for name in names}
    for _ in range(rounds):
        for name in names:
            for k, case in enumerate(cases):
                best[name][k] = min(best[name][k], overhead(WAYS[name], case))
    base = best["raw arrays to passModel"]
    for name, seconds in best.items():
        cells = "".join(f"{s:10.3f} ({s / b:3.1f})" for s, b in zip(seconds, base, strict=True))
        print(f"{name:36}{cells}")


def whole_solve(variables: int) -> None:
    """Print the seconds of a whole solve, ours and stock, and of a moved limit, warm and cold."""
    case = make_case(variables, switched=False)
    model = ours_model(case)
    begun = time.perf_counter()
    plan = solve(model, time_limit=600, gap=0.0)
    print(f"\nwhole solve {time.perf_counter() - begun:.2f} s, {plan.sentence}")
    problem = fill_pulp(model.flat)
    begun = time.perf_counter()
    stats = problem.solve(pulp.HiGHS(msg=False, threads=1))
    print(
        f"same arrays, stock hand-over {time.perf_counter() - begun:.2f} s, objective {stats.objective:.6f}"
    )
    seconds = []
    with WhatIf(plan) as trial:
        for step in range(1, 6):
            begun = time.perf_counter()
            moved = trial.move("supply", {"source": step}, by=-3.0)
            seconds.append(time.perf_counter() - begun)
    cold = solve(moved.model, time_limit=600, gap=0.0)
    print(f"moved limit, warm {min(seconds):.3f}–{max(seconds):.3f} s, cold {cold.seconds:.2f} s")
    print(f"objective warm {moved.objective:.6f}, cold {cold.objective:.6f}")


def ours_model(case: Case) -> Model:
    sources, sinks = case.shape
    lanes = pd.DataFrame(
        {"source": np.repeat(np.arange(sources), sinks), "sink": np.tile(np.arange(sinks), sources)}
    )
    model = Model("transport")
    ship = model.add_variables("ship", lanes)
    model.add_rows("supply", pd.DataFrame({"source": np.arange(sources)}), ship, at_most(case.supply))
    model.add_rows("demand", pd.DataFrame({"sink": np.arange(sinks)}), ship, at_least(case.demand))
    model.add_objective("freight", ship * case.cost.ravel())
    return model


def main() -> None:
    """Print both tables for each size asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variables", type=int, nargs="+", default=[100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wall", action="store_true")
    parser.add_argument("--quick", action="store_true", help="leave out the public API and the whole solve")
    asked = parser.parse_args()
    globals()["clock"] = time.perf_counter if asked.wall else time.process_time
    names = [name for name in WAYS if not (asked.quick and ("bulk" in name or "dicts" in name))]
    for variables in asked.variables:
        compare_ways(variables, asked.rounds, names)
        if not asked.quick:
            whole_solve(variables)


if __name__ == "__main__":
    main()

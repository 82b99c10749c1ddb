"""A solve is judged before anything can be read."""

from __future__ import annotations

import math
import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from tests.solver.tiny_models import clashing, shelf

from helpers.errors import ParameterError, SolverError
from helpers.solver import Model, Status, at_least, at_most, equals, solve


def hard_model(size: int = 60) -> Model:
    """A market split: even any plan at all is out of reach for long."""
    rng = np.random.default_rng(1)
    model = Model("market split")
    pick = model.add_variables("pick", pd.RangeIndex(size, name="item"), upper=1.0, integer=True)
    for k in range(6):
        weights = rng.integers(1, 1000, size).astype(float)
        model.add_rows(f"half {k}", None, pick * weights, equals(float(weights.sum() // 2)))
    model.add_objective("cost", pick * rng.uniform(0, 1, size))
    return model


def knapsack(size: int = 80) -> Model:
    rng = np.random.default_rng(2)
    model = Model("knapsack", maximise=True)
    pick = model.add_variables("pick", pd.RangeIndex(size, name="item"), upper=1.0, integer=True)
    for k in range(8):
        weights = rng.integers(20, 99, size).astype(float)
        model.add_rows(f"limit {k}", None, pick * weights, at_most(float(weights.sum() // 3)))
    model.add_objective("value", pick * rng.integers(20, 99, size).astype(float))
    return model


def test_optimal_plan_is_known_by_hand() -> None:
    plan = solve(shelf(), time_limit=5, gap=0)
    assert plan.status is Status.OPTIMAL
    assert (plan.objective, plan.bound, plan.gap) == (760.0, 760.0, 0.0)
    assert plan.values("sell").tolist() == [20.0, 20.0]
    assert plan.rows("space")["slack"].tolist() == [0.0]
    assert plan.sentence.startswith("shelf: optimal, 760, proven in ")


def test_time_limit_without_a_plan_gives_no_values() -> None:
    plan = solve(hard_model(), time_limit=0.3, gap=0)
    assert plan.status is Status.STOPPED_WITHOUT_PLAN
    assert not plan.has_solution
    assert math.isinf(plan.gap)
    assert plan.sentence == "market split: stopped early, without a plan (the time limit of 0.3 s)."
    for read in (lambda: plan.objective, lambda: plan.values("pick"), lambda: plan.table("pick"), plan.money):
        with pytest.raises(SolverError, match="no values to read. Allow more time"):
            read()
    written = [v.varValue for v in plan.model.problem.variables()]
    assert np.isnan(np.array(written, dtype=np.float64)).all()


def test_gap_is_said_even_where_the_solver_calls_it_optimal() -> None:
    plan = solve(knapsack(), time_limit=20, gap=0.05)
    assert plan.status is Status.WITHIN_GAP
    assert 1e-6 < plan.gap <= 0.05
    assert plan.bound > plan.objective
    assert f"at most {plan.gap:.2%} from the best (asked 5.00%)" in plan.sentence
    assert plan.is_proven


def test_a_plan_that_time_cut_short_says_so() -> None:
    plan = solve(knapsack(400), time_limit=1.0, gap=0.0)
    assert plan.status is Status.STOPPED_WITH_PLAN
    assert not plan.is_proven
    assert plan.gap > 0
    assert "stopped early, with a plan (the time limit of 1 s)" in plan.sentence


def test_a_simplex_that_was_stopped_has_no_plan() -> None:
    """It stands at a point with a finite objective that breaks rows; PuLP's class calls it a solution."""
    rng = np.random.default_rng(0)
    model = Model("stopped")
    lanes = pd.MultiIndex.from_product([range(20), range(20)], names=["source", "sink"])
    ship = model.add_variables("ship", lanes, upper=100.0)
    model.add_rows("demand", pd.RangeIndex(20, name="sink"), ship, at_least(10.0))
    model.add_rows("supply", pd.RangeIndex(20, name="source"), ship, at_most(11.0))
    model.add_objective("freight", ship * rng.uniform(1, 9, 400))
    plan = solve(model, time_limit=5, gap=0, more={"simplex_iteration_limit": 3, "presolve": "off"})
    assert plan.status is Status.STOPPED_WITHOUT_PLAN
    assert plan.verdict.reason == "the iteration limit"
    with pytest.raises(SolverError):
        plan.values(ship)


def test_infeasible_and_unbounded_are_told_apart() -> None:
    assert solve(clashing(), time_limit=5, gap=0).status is Status.INFEASIBLE
    for integer in (False, True):
        model = Model("greedy", maximise=True)
        buy = model.add_variables("buy", pd.Index(["a", "b"], name="product"), integer=integer)
        model.add_rows("balance", None, buy * [1.0, -1.0], equals(0.0))
        model.add_objective("gain", buy * [2.0, -1.0])
        plan = solve(model, time_limit=5, gap=0)
        assert plan.status is Status.UNBOUNDED
        with pytest.raises(SolverError, match="explain_infeasibility"):
            _ = plan.objective


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mip_rel_gpa": 0.1}, "does not exist. Did you mean 'mip_rel_gap'"),
        ({"mip_rel_gap": 0.1}, "say gap= instead"),
        ({"presolve": 3}, "does not take 3"),
        ({"qqq": 3}, "does not exist"),
    ],
)
def test_options_that_do_not_exist_are_refused(more: dict[str, float], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        solve(shelf(), time_limit=5, gap=0, more=more)


@pytest.mark.parametrize(
    "wrong", [{"time_limit": math.inf}, {"time_limit": 0}, {"gap": -0.1}, {"gap": math.nan}, {"threads": 0}]
)
def test_settings_out_of_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        solve(shelf(), **({"time_limit": 5.0, "gap": 0.0} | wrong))  # type: ignore[arg-type]  # wrong on purpose


def test_same_seed_same_plan() -> None:
    plans = [solve(knapsack(), time_limit=20, gap=0.02, seed=3) for _ in range(2)]
    np.testing.assert_array_equal(plans[0].values("pick"), plans[1].values("pick"))
    assert plans[0].summary()["seed"] == 3


def test_a_start_is_taken_for_integers_only() -> None:
    model = knapsack(400)
    first = solve(model, time_limit=5, gap=0.01)
    again = solve(model, time_limit=5, gap=0.9, start={"pick": first.values("pick")})
    assert again.objective >= first.objective - 1e-6
    with pytest.raises(SolverError, match="3 values for 400 variables"):
        solve(model, time_limit=5, gap=0.9, start={"pick": np.zeros(3)})


def test_ctrl_c_stops_the_solver_at_once() -> None:
    timer = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    begun = time.perf_counter()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(hard_model(), time_limit=30, gap=0)
    timer.join()
    assert time.perf_counter() - begun < 10
    assert solve(shelf(), time_limit=5, gap=0).objective == 760.0


def test_summary_names_solver_versions_and_what_was_asked() -> None:
    summary = solve(shelf(), time_limit=5, gap=0.01).summary()
    assert summary["solver"].startswith("HiGHS 1.")
    assert "through PuLP 4." in summary["solver"]
    assert (summary["time limit"], summary["gap asked"], summary["threads"]) == (5, 0.01, 1)

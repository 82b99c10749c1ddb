"""A moved limit gives the answer of a model built anew, at once, and is moved back."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from tests.solver.tiny_models import assert_same, shelf, two_weeks

from helpers.errors import SolverError
from helpers.solver import Model, Status, WhatIf, at_least, at_most, prices, solve


@pytest.mark.parametrize("integer", [False, True])
def test_a_moved_limit_gives_the_objective_of_a_cold_solve(integer: bool) -> None:
    plan = solve(shelf(integer=integer), time_limit=5, gap=0)
    with WhatIf(plan) as trial:
        for space in (30.0, 61.5, 45.0, 500.0):
            warm = trial.move("space", to=space)
            cold = solve(shelf(integer=integer, space=space), time_limit=5, gap=0)
            assert warm.objective == pytest.approx(cold.objective)
            assert warm.rows("space")["limit"].tolist() == [space]
    assert plan.objective == 760.0


def test_pulp_and_highs_agree_during_and_after() -> None:
    from helpers.solver.flat import read_pulp

    model, order, _ = two_weeks()
    plan = solve(model, time_limit=5, gap=0)
    with WhatIf(plan) as trial:
        moved = trial.move("supplier", {"week": 1}, by=2.0)
        assert moved.objective < plan.objective
        assert_same(read_pulp(model.problem), moved.model.flat)
        values = np.array([v.varValue for v in model.problem.variables()[:6]], dtype=np.float64)
        np.testing.assert_allclose(values, moved.values(order))
    assert_same(read_pulp(model.problem), model.flat)
    assert solve(model, time_limit=5, gap=0).objective == pytest.approx(plan.objective)


def test_moves_add_up_until_reset() -> None:
    model, _, _ = two_weeks()
    trial = WhatIf(solve(model, time_limit=5, gap=0))
    trial.move("supplier", {"week": 3}, by=2.0)
    both = trial.move("storage", to=[9.0, 9.0, 9.0])
    assert both.model.rule("supplier").limit.tolist() == [14.0, 14.0, 16.0]
    assert both.model.rule("storage").limit.tolist() == [9.0, 9.0, 9.0]
    trial.reset()
    assert trial.move("supplier", by=0.0).objective == pytest.approx(trial.base.objective)


def test_a_move_that_leaves_no_plan_says_so_and_does_no_harm() -> None:
    plan = solve(shelf(), time_limit=5, gap=0)
    with WhatIf(plan) as trial:
        assert trial.move("space", to=-5.0).status is Status.INFEASIBLE
        assert trial.move("space", to=60.0).objective == pytest.approx(760.0)


def test_prices_of_a_moved_plan_are_those_of_its_own_limits() -> None:
    plan = solve(shelf(), time_limit=5, gap=0)
    with WhatIf(plan) as trial:
        tight = trial.move("space", to=20.0)
    table = prices(tight).set_index("rule")
    assert table.loc["space", "price"] == pytest.approx(14.0)
    assert prices(plan).set_index("rule").loc["space", "price"] == pytest.approx(10.0)


def test_two_what_ifs_of_one_plan_are_refused() -> None:
    plan = solve(shelf(), time_limit=5, gap=0)
    with WhatIf(plan) as trial:
        trial.move("space", to=20.0)
        with pytest.raises(SolverError, match="End it first"):
            WhatIf(plan)
    WhatIf(plan)


def test_moves_that_cannot_be_meant_are_refused() -> None:
    with WhatIf(solve(shelf(), time_limit=5, gap=0)) as trial:
        for wrong, words in (
            ({"to": 1.0, "by": 1.0}, "either to= or by="),
            ({}, "either to= or by="),
            ({"to": np.inf}, "finite"),
            ({"where": {"product": "sofa"}, "to": 1.0}, "no row where"),
            ({"where": {"week": 1}, "to": 1.0}, "no key column 'week'"),
        ):
            with pytest.raises(SolverError, match=words):
                trial.move("demand", **wrong)


def test_the_time_limit_holds_for_each_move_not_for_their_sum() -> None:
    """HiGHS counts all runs of one object together."""
    plan = solve(shelf(), time_limit=0.5, gap=0)
    with WhatIf(plan) as trial:
        begun = time.perf_counter()
        while time.perf_counter() - begun < 0.8:
            assert trial.move("space", to=50.0).is_proven
            time.sleep(0.1)


def test_a_large_model_is_solved_again_in_a_moment() -> None:
    """Bar: 0.15 s at 100,000 variables; processor time, so that a busy machine does not matter."""
    sources, sinks = 250, 400
    lanes = pd.DataFrame(
        {"source": np.repeat(np.arange(sources), sinks), "sink": np.tile(np.arange(sinks), sources)}
    )
    model = Model("large")
    ship = model.add_variables("ship", lanes, upper=100.0)
    model.add_rows("supply", pd.RangeIndex(sources, name="source"), ship, at_most(25.0))
    model.add_rows("demand", pd.RangeIndex(sinks, name="sink"), ship, at_least(12.0))
    model.add_objective("freight", ship * np.random.default_rng(0).uniform(1, 9, len(lanes)))
    plan = solve(model, time_limit=60, gap=0)
    seconds = []
    with WhatIf(plan) as trial:
        for source in range(3):
            begun = time.process_time()
            moved = trial.move("supply", {"source": source}, by=-2.0)
            seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.15
    assert solve(moved.model, time_limit=60, gap=0).objective == pytest.approx(moved.objective, rel=1e-9)

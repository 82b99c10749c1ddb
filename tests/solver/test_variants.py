"""A variant of a linear model gives what the model built anew gives, whatever was asked before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.solver.tiny_models import random_flat, shelf, two_weeks

from helpers.errors import SolverError
from helpers.solver import SolveOptions, Status, Variants, WhatIf, solve
from helpers.solver.flat import FlatModel
from helpers.solver.solving import run_flat

OPTIONS = SolveOptions(5, 0.0)


def changed(flat: FlatModel, seed: int) -> FlatModel:
    """Return other costs, bounds, limits and coefficients in the same places."""
    rng = np.random.default_rng(seed)
    high = np.where(np.isfinite(flat.upper), flat.upper + rng.integers(0, 3, len(flat.cost)), flat.upper)
    wider = rng.integers(0, 4, len(flat.row_upper)).astype(float)
    return replace(
        flat,
        cost=flat.cost + rng.integers(-3, 4, len(flat.cost)),
        upper=high,
        row_upper=np.where(flat.row_lower == flat.row_upper, flat.row_upper, flat.row_upper + wider),
        coefficients=flat.coefficients * rng.choice([1.0, 1.0, 1.5], len(flat.coefficients)),
        offset=flat.offset + 1.0,
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_variant_has_the_objective_of_a_cold_solve(seed: int) -> None:
    model, _, _ = two_weeks()
    again = Variants(solve(model, time_limit=5, gap=0))
    for number in range(3):
        flat = changed(again.base, 10 * seed + number)
        cold = run_flat(flat, OPTIONS)
        warm = again.solve(flat)
        assert warm.verdict.status is cold.verdict.status
        if cold.found is not None:
            assert warm.verdict.objective == pytest.approx(cold.verdict.objective)
            assert float(flat.cost @ warm.require().columns) + flat.offset == pytest.approx(
                warm.verdict.objective
            )


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    model, _, _ = two_weeks()
    again = Variants(solve(model, time_limit=5, gap=0))
    flats = [changed(again.base, seed) for seed in range(4)]
    first = [again.solve(flat) for flat in flats]
    back = [again.solve(flat) for flat in flats[::-1]][::-1]
    for one, other in zip(first, back, strict=True):
        assert one.verdict.status is other.verdict.status
        if one.found is not None:
            np.testing.assert_array_equal(one.require().columns, other.require().columns)


def test_a_variant_without_a_plan_says_so_and_does_no_harm() -> None:
    again = Variants(solve(shelf(), time_limit=5, gap=0))
    none = again.solve(replace(again.base, row_upper=again.base.row_upper - 100.0))
    assert none.verdict.status is Status.INFEASIBLE
    with pytest.raises(SolverError, match="no plan"):
        none.require()
    assert again.solve(again.base).verdict.objective == pytest.approx(760.0)


def test_duals_of_a_variant_are_those_of_its_own_limits() -> None:
    again = Variants(solve(shelf(), time_limit=5, gap=0))
    assert again.solve(again.base).require().row_duals == pytest.approx([10.0, 8.0])
    # With 30 m³ there is room for chairs alone, and no more than 15 of them.
    tight = replace(again.base, row_upper=np.array([30.0, 20.0]))
    assert again.solve(tight).require().row_duals == pytest.approx([14.0, 0.0])


def test_other_rows_or_columns_are_refused() -> None:
    again = Variants(solve(shelf(), time_limit=5, gap=0))
    with pytest.raises(SolverError, match="Solve it anew"):
        again.solve(random_flat(0, integers=False, maximise=True))


def test_whole_numbers_and_open_what_ifs_are_refused() -> None:
    with pytest.raises(SolverError, match="without integers"):
        Variants(solve(shelf(integer=True), time_limit=5, gap=0))
    plan = solve(shelf(), time_limit=5, gap=0)
    with WhatIf(plan) as trial:
        trial.move("space", to=30.0)
        with pytest.raises(SolverError, match="End it first"):
            Variants(plan)

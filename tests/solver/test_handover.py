"""The quick way into HiGHS and back gives what PuLP's own class gives."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pulp
import pytest
from tests.solver.tiny_models import assert_same, random_flat

from helpers.solver.flat import compress_rows, fill_pulp, read_pulp
from helpers.solver.handover import QuickHiGHS
from helpers.solver.options import SolveOptions

OPTIONS = SolveOptions(time_limit=20, gap=0.0)


@pytest.mark.parametrize("maximise", [False, True])
@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_answers_are_those_of_the_stock_class(seed: int, integers: bool, maximise: bool) -> None:
    flat = random_flat(seed, integers=integers, maximise=maximise)
    ours: Any = fill_pulp(flat)
    stock: Any = fill_pulp(flat)
    quick = ours.solve(QuickHiGHS(OPTIONS, flat))
    slow = stock.solve(pulp.HiGHS(msg=False, gapRel=0.0, threads=1, timeLimit=20))
    assert (quick.status, quick.has_solution) == (slow.status, slow.has_solution)
    assert quick.has_solution
    assert quick.objective == pytest.approx(slow.objective, abs=1e-7)
    assert ours.objective.value() == pytest.approx(quick.objective, abs=1e-7)
    for mine, theirs in zip(ours.constraints(), stock.constraints(), strict=True):
        assert mine.slack == pytest.approx(-mine.value() if mine.sense == -1 else mine.value(), abs=1e-6)
        if not integers:
            assert mine.pi == pytest.approx(theirs.pi, abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_a_problem_written_by_hand_is_read_whole(seed: int) -> None:
    flat = random_flat(seed, integers=True, maximise=bool(seed % 2))
    problem = fill_pulp(flat)
    assert_same(flat, read_pulp(problem))
    without_arrays = problem.solve(QuickHiGHS(OPTIONS))
    assert without_arrays.objective == pytest.approx(problem.solve(QuickHiGHS(OPTIONS, flat)).objective)


def test_problem_made_with_pulps_own_words_is_solved() -> None:
    problem: Any = pulp.LpProblem("own", pulp.LpMaximize)
    x = problem.add_variable("x", 0, 4)
    y = problem.add_variable("y", 0, cat="Binary")
    z = problem.add_variable("unused", 1, 3)
    problem += 2 * x + 5 * y + 1
    problem += x + 3 * y <= 6
    stats = problem.solve(QuickHiGHS(OPTIONS))
    assert (x.varValue, y.varValue, stats.objective) == (3.0, 1.0, 12.0)
    assert 1 <= z.varValue <= 3


def test_a_run_without_a_plan_leaves_no_zeros() -> None:
    problem: Any = pulp.LpProblem("none")
    x = problem.add_variable("x", 0, 1)
    problem += x >= 2
    problem += x
    stats = problem.solve(QuickHiGHS(OPTIONS))
    assert not stats.has_solution
    assert stats.objective is None
    assert math.isnan(x.varValue)


def test_a_model_with_integers_has_no_duals() -> None:
    flat = random_flat(1, integers=True, maximise=False)
    problem = fill_pulp(flat)
    problem.solve(QuickHiGHS(OPTIONS, flat))
    assert {row.pi for row in problem.constraints()} == {None}


def test_another_number_of_threads_is_taken() -> None:
    flat = random_flat(2, integers=False, maximise=False)
    for threads in (1, 2, 1):
        options = SolveOptions(time_limit=20, gap=0.0, threads=threads)
        assert fill_pulp(flat).solve(QuickHiGHS(options, flat)).has_solution


def test_rows_do_not_depend_on_the_order_of_triples() -> None:
    rng = np.random.default_rng(3)
    row, column = rng.integers(0, 5, 60), rng.integers(0, 7, 60)
    value = rng.integers(-3, 4, 60).astype(float)
    dense = np.zeros((5, 7))
    np.add.at(dense, (row, column), value)
    for order in (np.arange(60), rng.permutation(60)):
        starts, columns, values = compress_rows(row[order], column[order], value[order], (5, 7))
        rebuilt = np.zeros((5, 7))
        rebuilt[np.repeat(np.arange(5), np.diff(starts)), columns] = values
        np.testing.assert_array_equal(rebuilt, dense)
        assert all(np.all(np.diff(columns[a:b]) > 0) for a, b in pairwise(starts))

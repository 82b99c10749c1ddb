"""Two arms: equal to tea-tasting, to hand sums and to a slow regression; degenerate arms say so."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.customers.experiments import (
    check_sample_ratio,
    compare_arms,
    compare_shares,
    confidence_sequence,
)
from helpers.errors import ParameterError


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    before = rng.gamma(2.0, 3.0, 1500)
    variant = (rng.random(1500) < 0.7).astype(int)
    spend = before * rng.gamma(2, 0.5, 1500) + 0.8 * variant
    bought = (rng.random(1500) < 0.2 + 0.05 * variant).astype(int)
    return pd.DataFrame({"variant": variant, "before": before, "spend": spend, "bought": bought})


def assert_same(found: object, theirs: object) -> None:
    for mine, name in (
        ("mean_held_out", "control"),
        ("mean_treated", "treatment"),
        ("effect", "effect_size"),
        ("low", "effect_size_ci_lower"),
        ("high", "effect_size_ci_upper"),
        ("relative", "rel_effect_size"),
        ("relative_low", "rel_effect_size_ci_lower"),
        ("relative_high", "rel_effect_size_ci_upper"),
        ("p_value", "pvalue"),
    ):
        assert getattr(found, mine) == pytest.approx(getattr(theirs, name), rel=1e-9, abs=1e-12), mine


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_plain_and_adjusted_effects_equal_tea_tasting(users: pd.DataFrame, level: float) -> None:
    found = compare_arms(users["spend"], users["variant"], before=users["before"], level=level)
    theirs = tt.Experiment(
        plain=tt.Mean("spend", confidence_level=level),
        adjusted=tt.Mean("spend", "before", confidence_level=level),
    ).analyze(users)
    assert_same(found.plain, theirs["plain"])
    assert_same(found.adjusted, theirs["adjusted"])
    assert found.variance_saved > 0.3


def test_shares_equal_tea_tasting(users: pd.DataFrame) -> None:
    theirs = tt.Experiment(bought=tt.Proportion("bought", method="norm")).analyze(users)["bought"]
    assert_same(compare_shares(users["bought"], users["variant"]), theirs)


@pytest.mark.parametrize("rows", [300, 1500])
def test_sample_ratio_equals_tea_tasting(users: pd.DataFrame, rows: int) -> None:
    some = users.head(rows)
    theirs = tt.Experiment(ratio=tt.SampleRatio(0.65 / 0.35)).analyze(some)["ratio"]
    found = compare_arms(some["spend"], some["variant"], expected_share=0.65).ratio
    assert found is not None
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (found.treated, found.held_out) == (theirs.treatment, theirs.control)


def test_sizes_far_from_the_design_are_suspect() -> None:
    assert check_sample_ratio(700, 300, 0.6).is_suspect
    assert not check_sample_ratio(620, 380, 0.6).is_suspect
    assert math.isnan(check_sample_ratio(0, 0, 0.6).p_value)


def test_several_columns_give_the_residuals_of_a_regression(users: pd.DataFrame) -> None:
    x = np.column_stack([users["before"], np.sin(users["before"]), users["bought"]])
    found = compare_arms(users["spend"], users["variant"], before=x)
    design = np.column_stack([np.ones(len(x)), x])
    theta = np.linalg.solve(design.T @ design, design.T @ users["spend"].to_numpy())
    rest = users["spend"].to_numpy() - (x - x.mean(axis=0)) @ theta[1:]
    arms = [rest[users["variant"] == side] for side in (1, 0)]
    factor = (len(x) - 2) / (len(x) - 1 - 3)
    assert found.best.effect == pytest.approx(arms[0].mean() - arms[1].mean())
    variance = factor * sum(arm.var(ddof=1) / len(arm) for arm in arms)
    assert found.best.standard_error == pytest.approx(math.sqrt(variance))


def test_equal_weights_change_nothing_and_weights_stand_for_copies(users: pd.DataFrame) -> None:
    some = users.head(200)
    plain = compare_arms(some["spend"], some["variant"])
    assert compare_arms(some["spend"], some["variant"], weights=np.full(200, 3.0)) == plain
    copied = some.loc[some.index.repeat(1 + some["bought"])]
    weighted = compare_arms(some["spend"], some["variant"], weights=1 + some["bought"])
    assert weighted.plain.effect == pytest.approx(
        compare_arms(copied["spend"], copied["variant"]).plain.effect
    )


def test_missing_values_before_are_filled_alike_and_told_apart(users: pd.DataFrame) -> None:
    gaps = users["before"].where(np.arange(len(users)) % 5 > 0)
    found = compare_arms(users["spend"], users["variant"], before=gaps)
    assert (
        0.2
        < found.variance_saved
        < compare_arms(users["spend"], users["variant"], before=users["before"]).variance_saved
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 10**6), st.floats(0.01, 1e6))
def test_order_of_rows_and_currency_do_not_matter(n1: int, n0: int, seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    y, arm, x = rng.normal(5, 2, n1 + n0), np.r_[np.ones(n1), np.zeros(n0)], rng.normal(0, 1, n1 + n0)
    first = compare_arms(y, arm, before=x).best
    order = rng.permutation(n1 + n0)
    again = compare_arms(rate * y[order], arm[order], before=x[order]).best
    assert [again.effect, again.low, again.high] == pytest.approx(
        [rate * first.effect, rate * first.low, rate * first.high], rel=1e-6, abs=1e-6 * rate
    )
    assert again.p_value == pytest.approx(first.p_value, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("y", "arm"), [([], []), ([1.0], [1]), ([1.0, 2.0], [1, 1]), ([3.0] * 6, [0, 0, 0, 1, 1, 1])]
)
def test_no_interval_where_nothing_can_be_compared(y: list[float], arm: list[int]) -> None:
    found = compare_arms(y, arm, before=np.ones(len(y)))
    assert not found.plain.is_knowable
    assert not found.best.is_knowable
    assert math.isnan(found.best.p_value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError, match=r"outcome has 1 values that are not finite.*neither 0 nor 1"):
        compare_arms([1.0, np.nan, 2.0], [0, 1, 2])
    with pytest.raises(ParameterError, match="treated has 2 values, outcome has 3"):
        compare_arms([1.0, 2.0, 3.0], [0, 1])
    with pytest.raises(ParameterError, match="level"):
        compare_arms([1.0, 2.0], [0, 1], level=1.0)
    with pytest.raises(ParameterError, match="0 and 1 only"):
        compare_shares([0.5, 1.0], [0, 1])


def test_fourteen_looks_rarely_raise_a_false_alarm_and_fixed_intervals_often_do() -> None:
    rng = np.random.default_rng(3)
    at = np.arange(1, 15) * 100
    per_look = 2000, 14
    n1 = np.cumsum(rng.binomial(100, 0.5, per_look), axis=1)
    n0 = at - n1
    steps = np.diff(n1, prepend=0, axis=1), np.diff(n0, prepend=0, axis=1)
    sums = [np.cumsum(np.sqrt(step) * rng.standard_normal(per_look), axis=1) for step in steps]
    effect, error = sums[0] / n1 - sums[1] / n0, np.sqrt(1 / n1 + 1 / n0)
    found = confidence_sequence(effect, error, np.broadcast_to(at, per_look), planned=1400)
    alarms = ((found.low > 0) | (found.high < 0)).any(axis=1).mean()
    assert alarms <= 0.05
    assert (np.abs(effect) > 1.96 * error).any(axis=1).mean() == pytest.approx(0.21, abs=0.04)


def test_sequence_is_tightest_in_relation_at_the_planned_end() -> None:
    units = np.array([100, 500, 1000, 2000, 20000])
    found = confidence_sequence(0.0, 1.0, units, planned=1000)
    assert found.width_ratio[2] == pytest.approx(1.55, abs=0.005)
    assert found.width_ratio.argmin() == 2
    with pytest.raises(ParameterError, match="planned 0"):
        confidence_sequence(0.0, 1.0, 10, planned=0)


def test_results_can_be_kept_on_disk(users: pd.DataFrame) -> None:
    found = compare_arms(users["spend"], users["variant"], before=users["before"], expected_share=0.7)
    assert pickle.loads(pickle.dumps(found)) == found

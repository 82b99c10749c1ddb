"""Power, hold-outs and pooled effects against published figures, simulation and slow sums."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.customers.experiments import (
    Belief,
    customers_needed,
    design_holdout,
    holdout_needed,
    holdouts_by_size,
    pool_effects,
    power_of,
    shrink_effects,
    smallest_effect,
)
from helpers.errors import ParameterError

SCHOOLS = [28, 8, -3, 7, -1, 1, 18, 12]
SCHOOL_ERRORS = [15, 10, 16, 11, 9, 11, 10, 18]


def test_smallest_effect_agrees_with_tea_tasting() -> None:
    frame = pd.DataFrame({"y": np.random.default_rng(0).normal(10, 4, 3000)})
    metric = tt.Mean("y", ratio=4, alpha=0.05, power=0.8, n_obs=3000)
    theirs = tt.Experiment(y=metric).solve_power(frame, "effect_size")["y"][0].effect_size
    assert smallest_effect(3000, 0.2, float(frame["y"].std())) == pytest.approx(theirs, rel=2e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(500, 5000), st.floats(0.02, 0.5), st.floats(0.1, 500), st.floats(0, 0.9))
def test_hold_out_power_and_size_undo_each_other(
    customers: int, share: float, sd: float, saved: float
) -> None:
    least = smallest_effect(customers, share, sd, variance_saved=saved)
    assert holdout_needed(customers, sd, least * 1.0001, variance_saved=saved) == pytest.approx(
        share, rel=0.02
    )
    assert customers_needed(share, sd, least, variance_saved=saved) == pytest.approx(customers)
    assert power_of(least, customers, share, sd * math.sqrt(1 - saved)) == pytest.approx(0.8, abs=1e-3)


def test_half_held_out_that_is_not_enough_is_said() -> None:
    assert math.isnan(holdout_needed(500, 100.0, 1.0))
    with pytest.raises(ParameterError, match="share_held_out is 1.5"):
        smallest_effect(500, 1.5, 1.0)


def test_worth_of_a_hold_out_is_what_better_decisions_bring() -> None:
    belief = Belief(effect=0.5, sd=1.0, future_contacts=10_000)
    design = design_holdout(2000, sd=20.0, least_effect=2.0, belief=belief)
    rng = np.random.default_rng(1)
    row = design.shares.iloc[3]
    error = 20.0 / math.sqrt(2000 * row["share"] * (1 - row["share"]))
    true = rng.normal(0.5, 1.0, 400_000)
    seen = true + rng.normal(0, error, len(true))
    believed = (0.5 / 1.0 + seen / error**2) / (1 + 1 / error**2)
    brings = 10_000 * (np.where(believed > 0, true, 0).mean() - 0.5)
    assert row["worth"] == pytest.approx(brings, rel=0.05)
    assert row["cost"] == pytest.approx(2000 * row["share"] * 0.5)
    assert design.row["net"] == design.shares["net"].max()


def test_a_sure_belief_holds_out_least_and_an_expected_loss_costs_nothing_to_hold_out() -> None:
    sure = design_holdout(1000, sd=10, least_effect=1, belief=Belief(5.0, 0.01, 1000))
    assert sure.recommended == pytest.approx(0.05)
    loss = design_holdout(1000, sd=10, least_effect=1, belief=Belief(-1.0, 2.0, 1000))
    assert loss.recommended == pytest.approx(0.5)
    assert (loss.shares["cost"] == 0).all()


def test_response_rates_and_bad_designs() -> None:
    assert design_holdout(5000, base_rate=0.1, least_effect=0.03).sd == pytest.approx(0.3)
    for wrong in ({}, {"sd": 1.0, "base_rate": 0.1}, {"sd": 0.0}, {"sd": 1.0, "bounds": (0.2, 0.7)}):
        with pytest.raises(ParameterError, match="design_holdout"):
            design_holdout(500, least_effect=1.0, **wrong)


def test_more_customers_show_smaller_effects() -> None:
    table = holdouts_by_size(design_holdout(800, sd=10, least_effect=1))
    assert table["audience"].tolist() == [500, 1000, 2000, 5000]
    assert (np.diff(table["smallest_effect"]) < 0).all()
    assert (np.diff(table["campaigns_needed"]) <= 0).all()
    own = holdouts_by_size(design_holdout(800, sd=10, least_effect=1), [800]).iloc[0]
    assert own["held_out"] == design_holdout(800, sd=10, least_effect=1).row["held_out"]


def test_pooled_mean_of_the_eight_schools_is_the_published_one() -> None:
    pooled = pool_effects(SCHOOLS, SCHOOL_ERRORS)
    assert (pooled.effect, pooled.standard_error) == pytest.approx((7.7, 4.1), abs=0.05)
    assert pooled.spread == 0
    assert pooled.p_same == pytest.approx(0.70, abs=0.01)


def test_shrunk_effects_of_the_eight_schools_are_the_published_ones() -> None:
    found = shrink_effects(SCHOOLS, SCHOOL_ERRORS)
    published = [11, 8, 6, 8, 5, 6, 11, 8]  # medians, Bayesian Data Analysis, table 5.3
    assert np.median(found.draws, axis=0) == pytest.approx(published, abs=1.0)
    assert (found.low < found.mean).all()


def test_campaigns_that_differ_are_told_and_the_next_one_is_wider() -> None:
    pooled = pool_effects([10, -10, 12, -8], [1, 1, 1, 1])
    assert pooled.p_same < 1e-6
    assert pooled.next_high - pooled.next_low > pooled.high - pooled.low
    assert pooled.spread == pytest.approx(np.sqrt(np.var([10, -10, 12, -8], ddof=1) - 1))


def test_one_campaign_stands_as_it_is_and_none_is_not_knowable() -> None:
    assert pool_effects([3.0], [2.0]).low == pytest.approx(3 - 1.96 * 2, abs=1e-3)
    assert not pool_effects([], []).is_knowable
    assert not pool_effects([np.nan], [1.0]).is_knowable
    assert shrink_effects([3.0], [2.0]).mean == pytest.approx([3.0], abs=0.1)
    assert shrink_effects([], []).draws.shape[1] == 0
    with pytest.raises(ParameterError, match="2 effects, but 1"):
        pool_effects([1, 2], [1])
    with pytest.raises(ParameterError, match="missing"):
        shrink_effects([1, np.nan], [1, 1])

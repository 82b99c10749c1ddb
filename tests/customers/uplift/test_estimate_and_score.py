"""Uplift from arrays: learners, scores, and the verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.customers.uplift.checks import sample_ratio_p
from helpers.customers.uplift.estimate import estimate_uplift
from helpers.customers.uplift.learners import BASES, LEARNERS, Base, LearnerName
from helpers.customers.uplift.score import (
    area_under_uplift,
    policy_values,
    qini_coefficient,
    score_uplift,
    uplift_at,
)
from helpers.customers.uplift.settings import UpliftSettings
from helpers.customers.uplift.signal import judge_heterogeneity
from helpers.errors import ParameterError

ROWS = 1500


def trial(effect: float, seed: int = 0, rows: int = ROWS) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(
        {
            "spend": rng.normal(size=rows),
            "channel": rng.choice(["web", "counter"], rows),
            "age": rng.normal(size=rows),
        }
    )
    x.loc[::17, "age"] = np.nan
    treated = rng.random(rows) < 0.5
    moved = effect * treated * np.sign(x["spend"].to_numpy()) * (x["channel"] == "web").to_numpy()
    return x, treated, (rng.random(rows) < 0.35 + moved).astype(float)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_ranks_those_first_whom_treatment_moves(learner: LearnerName, base: Base) -> None:
    x, treated, y = trial(0.3)
    found = estimate_uplift(x, treated, y, learner=learner, base=base, treatment_probability=0.5, folds=2)
    moved = (x["spend"] > 0) & (x["channel"] == "web")
    put_off = (x["spend"] < 0) & (x["channel"] == "web")
    assert found.uplift[moved].mean() > found.uplift[~moved].mean() > found.uplift[put_off].mean()
    assert found.test.verdict == "signal"
    assert np.corrcoef(found.predict(x), found.uplift)[0, 1] > 0.6


def test_the_learner_is_chosen_by_its_error_on_rows_not_seen() -> None:
    x, treated, y = trial(0.3)
    found = estimate_uplift(x, treated, y, treatment_probability=0.5, folds=2)
    assert set(found.choice["learner"]) == set(LEARNERS)
    assert found.learner == found.choice.loc[found.choice["loss"].idxmin(), "learner"]
    assert found.choice["gain"].iloc[0] > 0
    low, high = found.predict_interval(x)
    assert ((low <= found.predict(x)) & (found.predict(x) <= high)).all()


def test_money_as_outcome_works_too() -> None:
    x, treated, y = trial(0.3)
    found = estimate_uplift(x, treated, 20 * y + 0.5, learner="X", treatment_probability=0.5, folds=2)
    assert found.test.verdict == "signal"


def test_rows_of_one_group_share_a_fold() -> None:
    x, treated, y = trial(0.0, rows=200)
    groups = np.arange(200) // 4
    found = estimate_uplift(x, treated, y, learner="T", groups=groups, folds=3)
    assert all(len(set(found.fold[groups == number])) == 1 for number in range(50))


def test_equal_features_give_one_effect_for_all() -> None:
    _, treated, y = trial(0.0, rows=200)
    found = estimate_uplift(np.ones((200, 1)), treated, y, learner="T", folds=2)
    assert np.ptp(found.predict(np.ones((3, 1)))) == 0


def test_permuted_treatments_give_a_signal_in_few_cases() -> None:
    x, treated, y = trial(0.3, rows=600)
    signals = 0
    for seed in range(12):
        dealt = np.random.default_rng(seed).permutation(treated)
        found = estimate_uplift(x, dealt, y, learner="T", treatment_probability=0.5, folds=2, seed=seed)
        signals += found.test.verdict == "signal"
    assert signals <= 2


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        estimate_uplift(np.ones((30, 1)), [1] * 29, [0.0] * 30, learner="Z", folds=1)  # type: ignore[arg-type]  # on purpose
    for word in ("treated has 29 rows", "learner 'Z'", "folds must be 2"):
        assert word in str(caught.value)
    with pytest.raises(ParameterError, match=r"folds.*gap"):
        UpliftSettings(folds=1, gap=-1.0)


def test_qini_of_the_perfect_ranking_is_one_and_of_its_reverse_is_minus_one() -> None:
    treated, y = np.array([1, 1, 0, 0, 1, 0]), np.array([1, 0, 0, 1, 1, 0])
    perfect = np.where(treated == 1, y, -y)
    assert qini_coefficient(perfect, treated, y) == pytest.approx(1.0)
    assert qini_coefficient(np.zeros(6), treated, y) == pytest.approx(0.0)


def test_qini_is_the_area_counted_row_by_row() -> None:
    rng = np.random.default_rng(5)
    treated, y, rank = rng.random(60) < 0.4, (rng.random(60) < 0.3).astype(float), rng.random(60)

    def area(by: np.ndarray) -> float:
        order, total, before = np.argsort(-by, kind="stable"), 0.0, (0.0, 0.0)
        points = []
        for k in range(1, 61):
            if k < 60 and by[order[k]] == by[order[k - 1]]:
                continue
            top = order[:k]
            t, c = top[treated[top]], top[~treated[top]]
            points.append((k, y[t].sum() - (y[c].sum() * len(t) / len(c) if len(c) else 0.0)))
        for point in points:
            total += (point[0] - before[0]) * (point[1] + before[1]) / 2
            before = point
        return float(total - 60 * points[-1][1] / 2)

    expected = area(rank) / area(np.where(treated, y, -y))
    assert qini_coefficient(rank, treated, y) == pytest.approx(expected)


def test_uplift_at_everybody_is_the_average_effect_and_weights_undo_the_design() -> None:
    rng = np.random.default_rng(2)
    p = np.where(rng.random(20000) < 0.5, 0.3, 0.8)
    treated = rng.random(20000) < p
    y = (rng.random(20000) < np.where(p > 0.5, 0.6, 0.2) + 0.1 * treated).astype(float)
    rank = rng.random(20000)
    assert uplift_at(rank, treated, y, 1.0) == pytest.approx(y[treated].mean() - y[~treated].mean())
    assert uplift_at(rank, treated, y, 1.0, treatment_probability=p) == pytest.approx(0.1, abs=0.02)
    assert area_under_uplift(rank, treated, y, treatment_probability=p) == pytest.approx(0.05, abs=0.02)


def test_scores_come_with_intervals_that_hold_them() -> None:
    x, treated, y = trial(0.3, rows=400)
    table = score_uplift(x["spend"], treated, y, draws=30, groups=np.arange(400) // 2).table
    assert (table["low"] <= table["high"]).all()
    assert table["value"].between(table["low"] - 0.05, table["high"] + 0.05).all()


def test_a_policy_that_treats_nobody_earns_nothing_and_all_earns_the_average_less_cost() -> None:
    rng = np.random.default_rng(0)
    treated = rng.random(4000) < 0.5
    y = (rng.random(4000) < 0.2 + 0.1 * treated).astype(float)
    known = {"control": np.full(4000, 0.2), "treated_outcome": np.full(4000, 0.3)}
    table = policy_values(np.full(4000, 0.1), treated, y, 0.05, treatment_probability=0.5, **known)
    values = table.set_index("policy")
    none, every = (values.loc[[name]].iloc[0] for name in ("none", "all"))
    assert none["value"] == 0
    assert every["low"] < 0.05 < every["high"]
    assert values.loc["uplift above cost", "share"] == 1


def test_thin_evidence_is_not_yet_knowable_and_says_how_much_would_do() -> None:
    rng = np.random.default_rng(0)
    scores, groups = rng.normal(0, 1, 200), np.arange(200)
    test = judge_heterogeneity(scores, rng.normal(size=200), groups % 5, groups, gap=0.1)
    assert test.verdict == "not yet knowable"
    assert test.rows_needed == pytest.approx(7.849 * 4 * scores.var() / 0.01, rel=0.01)
    assert test.campaigns_needed(500.0) == int(np.ceil((test.rows_needed - 200) / 500))
    assert judge_heterogeneity(scores, rng.normal(size=200), groups % 5, groups, 2.0).verdict == "no signal"


def test_sample_ratio_of_hillstrom_fits_its_design() -> None:
    assert sample_ratio_p(21_387, 42_693, 0.5) == pytest.approx(0.70, abs=0.005)
    assert sample_ratio_p(600, 1000, 0.5) < 1e-9
    assert np.isnan(sample_ratio_p(1, 2, float("nan")))

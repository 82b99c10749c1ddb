"""The doors for arrays refuse what cannot be meant, in words, and never by a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.customers import (
    agents_needed,
    compare_arms,
    erlang_c,
    estimate_uplift,
    fit_bg_nbd,
    fit_gamma_gamma,
    lifetime_value,
    select_contacts,
)
from helpers.errors import ParameterError

X, TX, AGE, MONEY = [2, 1, 0, 4], [9.0, 3, 0, 8], [10.0] * 4, [5.0, 6, 0, 7]
RNG = np.random.default_rng(0)
FEATURES, ARM = RNG.normal(size=(60, 2)), np.arange(60) % 2
BOUGHT = (RNG.random(60) < 0.4).astype(float)


def _select(**changed: Any) -> object:
    usual: dict[str, Any] = {"budget": 5.0, "channel": [0], "channel_capacity": [2]}
    return select_contacts([[3.0], [2.0]], [1.0], **(usual | changed))


def _value(**changed: Any) -> object:
    return lifetime_value(fit_bg_nbd(X, TX, AGE), fit_gamma_gamma(X, MONEY), X, TX, AGE, MONEY, **changed)


def _uplift(**changed: Any) -> object:
    usual: dict[str, Any] = {"features": FEATURES, "treated": ARM, "outcome": BOUGHT, "learner": "T"}
    return estimate_uplift(**(usual | changed))


@pytest.mark.parametrize(
    "call",
    [
        lambda: fit_bg_nbd(["a"], [1], [2]),
        lambda: fit_bg_nbd([1], [1], pd.to_datetime(["2026-01-01"])),
        lambda: fit_bg_nbd([[1], [1, 2]], [1, 2], [3, 4]),
        lambda: fit_gamma_gamma([1], ["5"]),
        lambda: fit_bg_nbd(X, TX, AGE).expected_purchases("a", X, TX, AGE),
        lambda: _value(horizon=1e7),
        lambda: _value(horizon="a", discount_rate=None),
        lambda: lifetime_value(None, None, X, TX, AGE, MONEY),  # type: ignore[arg-type] # meant
        lambda: erlang_c(np.inf, 3, 5),
        lambda: erlang_c([1, 2], [3, 3, 3], 4),
        lambda: erlang_c("a", 3, 4),
        lambda: agents_needed(200, -3),
        lambda: agents_needed([1, 2], 3),  # type: ignore[arg-type] # meant
        lambda: compare_arms([1.0, 2], [0, 1], before=np.ones((2, 1, 1))),
        lambda: compare_arms([1e200, 2], [0, 1]),
        lambda: compare_arms(["a", "b"], [0, 1]),
        lambda: compare_arms([1.0, 2], [0, 1], level="a"),  # type: ignore[arg-type] # meant
        lambda: _uplift(outcome=["a"] * 60),
        lambda: _uplift(treated=ARM * 2),
        lambda: _uplift(treated=["treated", "control"] * 30),
        lambda: _uplift(treatment_probability=1e-300),
        lambda: _uplift(seed=-1),
        lambda: _uplift(gap=np.nan),
        lambda: _select(budget="a"),
        lambda: _select(max_per_customer=None),
        lambda: _select(gap="a"),
        lambda: _select(eligible=[["no"], ["no"]]),
        lambda: _select(eligible=[[np.nan], [1.0]]),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(call: Callable[[], object]) -> None:
    with pytest.raises(ParameterError, match=r"[a-z]+ .*\."):
        call()


def test_findings_of_several_arguments_come_together() -> None:
    with pytest.raises(ParameterError, match="calls_per_hour.*handling_minutes.*answer_seconds"):
        erlang_c(-1, 0, 3, np.nan)
    with pytest.raises(ParameterError, match="folds.*gap.*seed"):
        _uplift(folds=np.nan, gap=-1, seed=-1)


def test_no_customer_has_no_expected_purchases() -> None:
    assert not len(fit_bg_nbd(X, TX, AGE).expected_purchases(5.0, [], [], []))


def test_one_treated_row_and_spoilt_features_still_give_finite_effects() -> None:
    spoilt = pd.DataFrame(np.where(FEATURES > 1, 1e300, FEATURES), columns=["a", "a"], index=range(9, 69))
    for found in (
        estimate_uplift(FEATURES, np.arange(60) == 0, BOUGHT),
        estimate_uplift(spoilt, ARM, BOUGHT, learner="T"),
    ):
        assert np.isfinite(found.uplift).all()
        assert np.isfinite(found.scores).all()

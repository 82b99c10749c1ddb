"""Regret is recomputed the slow way, and by the published example."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.errors import ParameterError
from helpers.whatif.regret import losses_of, regret

# Bonds, stocks or deposit under rising, static or falling rates: the textbook payoffs with their minus sign.
PAYOFFS = pd.DataFrame(
    [[-4, 4, 12], [12, 3, -2], [7, 1, 3]],
    index=["stocks", "bonds", "deposit"],
    columns=["rise", "static", "fall"],
    dtype=float,
)


def test_textbook_example() -> None:
    found = regret(-PAYOFFS)
    assert found.regrets.to_numpy().tolist() == [[16, 0, 0], [0, 1, 14], [5, 3, 9]]
    assert found.least_regret == "deposit"
    assert found.least_expected == "bonds"
    assert "deposit hurts least: it loses at most 9 more" in found.sentence
    assert "equally likely" in found.sentence


def test_chances_weigh_the_losses() -> None:
    found = regret(-PAYOFFS, {"rise": 0.0, "static": 0.0, "fall": 1.0})
    assert found.least_expected == "stocks"
    assert found.plans["expected_loss"].tolist() == [-12, -3, 2]
    assert found.assumed == "the chances as given"


@settings(max_examples=15, deadline=None)
@given(arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(-50, 50)))
def test_regret_equals_the_slow_computation(values: np.ndarray) -> None:
    names = [f"p{n}" for n in range(values.shape[0])], [f"f{n}" for n in range(values.shape[1])]
    found = regret(pd.DataFrame(values, *names))
    worst: dict[str, float] = {}
    for plan, future in itertools.product(range(values.shape[0]), range(values.shape[1])):
        slow = values[plan, future] - min(values[other, future] for other in range(values.shape[0]))
        assert found.regrets.iloc[plan, future] == slow
        worst[f"p{plan}"] = max(worst.get(f"p{plan}", 0.0), slow)
    assert worst[found.least_regret] == min(worst.values())
    assert found.plans["expected_loss"].is_monotonic_increasing
    assert str(found)


def test_adding_to_a_future_changes_no_regret() -> None:
    moved = regret(-PAYOFFS + [100, 0, -7])
    assert moved.regrets.equals(regret(-PAYOFFS).regrets)


def test_one_plan_leaves_nothing_to_choose() -> None:
    assert "nothing to choose" in regret(pd.DataFrame([[1.0]], index=["a"], columns=["x"])).sentence


def test_plan_best_everywhere_is_said_to_be() -> None:
    found = regret(pd.DataFrame([[1.0, 1.0], [2.0, 3.0]], index=["a", "b"], columns=["x", "y"]))
    assert "a is the best plan" in found.sentence
    assert found._repr_html_().count("<table") == 2


def test_losses_come_from_the_function() -> None:
    table = losses_of(
        lambda plan, future: float(plan["budget"]) * float(future["growth"]),
        {"small": {"budget": 1.0}, "large": {"budget": 10.0}},
        {"flat": {"growth": 0.0}, "up": {"growth": 2.0}},
    )
    assert table.to_numpy().tolist() == [[0, 2], [0, 20]]


@pytest.mark.parametrize(
    ("losses", "chances", "words"),
    [
        (pd.DataFrame(), None, "empty table"),
        (pd.DataFrame([[1.0, np.nan]], index=["a"], columns=["x", "y"]), None, "plan a in future y"),
        (pd.DataFrame([[1.0], [2.0]], index=["a", "a"], columns=["x"]), None, "plan a stands twice"),
        (PAYOFFS, {"rise": 1.0}, "the futures are rise, static, fall"),
        (PAYOFFS, {"rise": 0.5, "static": 0.2, "fall": 0.2}, "add up to 0.9"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    losses: pd.DataFrame, chances: dict[str, float] | None, words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        regret(losses, chances)

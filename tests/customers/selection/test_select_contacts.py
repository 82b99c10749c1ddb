"""Selection for arrays: the optimum by brute force, proven bounds, ties, limits, and what is refused."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.customers.selection import ContactSelection, select_contacts
from helpers.customers.selection.program import Programme
from helpers.errors import ParameterError

METHODS = ("milp", "lp", "dual")


def problem(customers: int, offers: int, seed: int) -> dict[str, Any]:
    """Random selection with every kind of row."""
    rng = np.random.default_rng(seed)
    cost = np.round(rng.uniform(0, 3, offers), 2)
    return {
        "value": np.round(rng.gamma(2, 2, (customers, 1)) * rng.uniform(0.3, 1.6, (customers, offers)), 2),
        "cost": cost,
        "budget": float(np.round(cost.mean() * customers / 2, 2)),
        "channel": np.arange(offers) % 2,
        "channel_capacity": [customers / 2, customers / 3],
        "offer_stock": np.where(np.arange(offers) == 1, max(customers // 4, 1), np.inf),
        "eligible": rng.random((customers, offers)) < 0.8,
    }


def assert_feasible(given: dict[str, Any], found: ContactSelection, most: int = 1) -> None:
    """Every row holds, and value, bound and gap agree with what was chosen."""
    chosen, cost = found.chosen, np.asarray(given["cost"])
    counts = chosen.sum(axis=0)
    assert counts @ cost <= given["budget"] * (1 + 1e-9) + 1e-9
    for number, capacity in enumerate(given["channel_capacity"]):
        assert counts[np.asarray(given["channel"]) == number].sum() <= capacity
    if given.get("offer_stock") is not None:
        assert (counts <= given["offer_stock"]).all()
    assert chosen.sum(axis=1).max(initial=0) <= most
    if given.get("eligible") is not None:
        assert not (chosen & ~np.asarray(given["eligible"])).any()
    assert found.value == pytest.approx((np.asarray(given["value"]) - cost)[chosen].sum())
    assert found.bound >= found.value
    assert found.gap == pytest.approx((found.bound - found.value) / found.value if found.value else 0)


def best_by_trying(given: dict[str, Any], most: int) -> float:
    """Return the best value of all plans, one by one."""
    net = np.asarray(given["value"]) - np.asarray(given["cost"])
    offers = net.shape[1]
    options = [np.array(some) for some in product([0, 1], repeat=offers) if sum(some) <= most]
    states: dict[tuple[int, ...], float] = {(0,) * offers: 0.0}
    for customer, row in enumerate(net):
        allowed = np.asarray(given["eligible"])[customer]
        grown: dict[tuple[int, ...], float] = {}
        for counts, worth in states.items():
            for some in options:
                if (some > allowed).any():
                    continue
                key = tuple((np.array(counts) + some).tolist())
                grown[key] = max(grown.get(key, -np.inf), worth + float(row @ some))
        states = grown
    channel, stock = np.asarray(given["channel"]), np.asarray(given["offer_stock"])
    best = 0.0
    for done, worth in states.items():
        made = np.array(done)
        fits = made @ np.asarray(given["cost"]) <= given["budget"] + 1e-9 and (made <= stock).all()
        if fits and all(made[channel == c].sum() <= cap for c, cap in enumerate(given["channel_capacity"])):
            best = max(best, worth)
    return best


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 7), st.integers(1, 3), st.integers(1, 2), st.integers(0, 10_000))
def test_the_optimum_is_that_of_trying_every_plan(customers: int, offers: int, most: int, seed: int) -> None:
    given = problem(customers, offers, seed)
    found = select_contacts(**given, max_per_customer=most)
    assert_feasible(given, found, most)
    assert found.value == pytest.approx(best_by_trying(given, most), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("most", [1, 2])
def test_all_methods_agree_on_value_bound_and_prices(most: int) -> None:
    given = problem(90, 4, 3)
    found = {name: select_contacts(**given, max_per_customer=most, method=name) for name in METHODS}
    for one in found.values():
        assert_feasible(given, one, most)
        assert one.gap < 2e-2
        assert one.bound >= found["milp"].value
        assert one.value == pytest.approx(found["milp"].value, rel=1e-3)
        assert one.prices.budget == pytest.approx(found["milp"].prices.budget, rel=0.1, abs=0.02)


def test_the_way_is_chosen_by_the_number_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem(60, 3, 1)
    assert select_contacts(**given).method == "milp"
    monkeypatch.setattr("helpers.customers.selection.solving.MILP_PAIRS", 10)
    assert select_contacts(**given).method == "lp"
    monkeypatch.setattr("helpers.customers.selection.solving.LP_PAIRS", 20)
    assert select_contacts(**given).method == "dual"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("most", [1, 2])
def test_ties_at_the_cut_are_parted(method: str, most: int) -> None:
    """All customers are worth the same: prices alone choose all or nobody."""
    given = problem(3_000, 3, 0) | {
        "value": np.tile([5.0, 4.0, 4.0], (3_000, 1)),
        "cost": np.array([1.0, 1.0, 0.5]),
        "budget": 1_234.5,
        "channel_capacity": [2_000.0, 777.0],
        "offer_stock": [np.inf, 500.0, 901.0],
        "eligible": None,
    }
    found = select_contacts(**given, max_per_customer=most, method=method)
    assert_feasible(given, found, most)
    assert found.gap <= 1e-4


def test_a_large_selection_in_float32_has_a_valid_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem(600, 3, 5)
    exact = select_contacts(**given, method="dual")
    monkeypatch.setattr("helpers.customers.selection.program.DOUBLE_PAIRS", 0)
    monkeypatch.setattr("helpers.customers.selection.lagrangian.SAMPLE", 100)
    found = select_contacts(**given, method="dual")
    assert_feasible(given, found)
    assert found.bound >= exact.value
    assert found.gap < 5e-3


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1e-9, 3.0, 1e12]))
def test_scaling_the_currency_scales_value_bound_and_channel_prices(seed: int, factor: float) -> None:
    given = problem(30, 3, seed)
    scaled = given | {
        "value": given["value"] * factor,
        "cost": given["cost"] * factor,
        "budget": given["budget"] * factor,
    }
    one, other = select_contacts(**given), select_contacts(**scaled)
    assert other.value == pytest.approx(one.value * factor, rel=1e-6)
    assert other.bound == pytest.approx(one.bound * factor, rel=1e-5)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000))
def test_more_budget_never_lowers_the_value(seed: int) -> None:
    given = problem(25, 3, seed)
    values = [
        select_contacts(**given | {"budget": given["budget"] * share}).value for share in (0.3, 0.6, 1, 2)
    ]
    assert all(low <= high * (1 + 1e-7) + 1e-9 for low, high in pairwise(values))


def test_permuting_customers_changes_no_value() -> None:
    given = problem(80, 3, 9)
    order = np.random.default_rng(1).permutation(80)
    moved = given | {"value": given["value"][order], "eligible": given["eligible"][order]}
    one, other = select_contacts(**given), select_contacts(**moved)
    assert other.value == pytest.approx(one.value, rel=1e-9)
    assert (other.chosen == one.chosen[order]).mean() > 0.98  # equal values may change places


def test_two_runs_are_the_same() -> None:
    given = problem(100, 3, 2)
    for method in METHODS:
        one, other = (select_contacts(**given, method=method) for _ in range(2))
        assert (one.chosen == other.chosen).all()
        assert one.bound == other.bound


def test_the_price_is_what_one_unit_more_earns() -> None:
    value = np.arange(1.0, 11.0)[:, None]
    given: dict[str, Any] = {"cost": [1.0], "channel": [0], "eligible": None}
    three = select_contacts(value, budget=np.inf, channel_capacity=[3], **given)
    four = select_contacts(value, budget=np.inf, channel_capacity=[4], **given)
    assert three.value == 24.0
    assert four.value - three.value <= three.prices.channel[0] <= 7.0
    money = select_contacts(value, budget=3.0, channel_capacity=[99], **given)
    assert money.value == 24.0
    assert 6.0 <= money.prices.budget <= 7.0


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ({"budget": 0.0}, 0.0),
        ({"channel_capacity": [0, 0]}, 0.0),
        ({"offer_stock": [0, 0]}, 0.0),
        ({"eligible": np.zeros((2, 2), bool)}, 0.0),
        ({"budget": None}, 7.0 + 5.0),
        ({"channel_capacity": [1.9, np.inf]}, 7.0 + 4.0),
        ({"cost": [0.0, 0.0], "budget": 0.0}, 8.0 + 6.0),
    ],
)
def test_edges_of_the_limits(change: dict[str, Any], value: float) -> None:
    given: dict[str, Any] = {"value": [[8.0, 2.0], [6.0, 5.0]], "cost": [1.0, 1.0], "channel": [0, 1]}
    found = select_contacts(**{**given, "budget": 5.0, "channel_capacity": [5, 5], **change})
    assert found.value == pytest.approx(value)
    assert found.gap <= 1e-9


def test_nobody_and_one_offer_work() -> None:
    empty = select_contacts(np.zeros((0, 1)), [1.0], budget=1.0, channel=[0], channel_capacity=[1])
    assert (empty.chosen.shape, empty.value, empty.bound, empty.gap) == ((0, 1), 0.0, 0.0, 0.0)
    one = select_contacts([[3.0]], [1.0], budget=1.0, channel=[0], channel_capacity=[1])
    assert (one.chosen.tolist(), one.value, one.status) == ([[True]], 2.0, "optimal")


def test_closed_pairs_may_have_no_value() -> None:
    found = select_contacts(
        [[np.nan, 3.0]], [1.0, 1.0], budget=9, channel=[0, 0], channel_capacity=[5], eligible=[[False, True]]
    )
    assert found.chosen.tolist() == [[False, True]]


def test_all_findings_come_at_once() -> None:
    with pytest.raises(ParameterError) as error:
        select_contacts([[1.0]], [-1.0], budget=-3, channel=[0, 1], channel_capacity=[-2], method="guess")
    said = str(error.value)
    for word in (
        "'budget' is -3",
        "'channel' has the shape",
        "'cost' has 1",
        "'channel_capacity' has 1",
        "'guess'",
    ):
        assert word in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": [[np.nan, 1.0]]}, "customer 0, offer 0"),
        ({"value": [[np.inf, 1.0]]}, "NaN or infinite"),
        ({"value": [1.0, 2.0]}, "1 dimensions"),
        ({"channel": [0, 7]}, "channel' of offer 1 is 7"),
        ({"cost": ["a", "b"]}, "'cost' is not made of numbers"),
        ({"eligible": [[True]]}, "'eligible' has the shape"),
        ({"max_per_customer": 0}, "'max_per_customer' is 0"),
        ({"budget": np.nan}, "'budget' is nan"),
        ({"gap": -1.0}, "'gap' is -1.0"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {
        "value": [[1.0, 1.0]],
        "cost": [0.1, 0.1],
        "channel": [0, 0],
        "channel_capacity": [1],
    }
    with pytest.raises(ParameterError, match=words):
        select_contacts(**{**given, "budget": 1.0, **change})


def test_the_bound_is_valid_at_any_prices() -> None:
    given = problem(50, 3, 4)
    best = select_contacts(**given).value
    use = np.vstack([given["cost"], np.eye(3)])
    programme = Programme(given["value"], given["cost"], given["eligible"], use, np.full(4, 5.0))
    rng = np.random.default_rng(0)
    tight = select_contacts(
        given["value"],
        given["cost"],
        budget=5.0,
        channel=[0, 1, 2],
        channel_capacity=[5, 5, 5],
        eligible=given["eligible"],
    )
    assert tight.value <= best
    for _ in range(5):
        assert programme.bound_at(rng.gamma(1, 1, 4)) >= tight.value

"""Two rules beside each other, the promise beside the result, service against cash."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.inventory import Exposure, PoissonDemand, reorder_points_for_target
from helpers.inventory.simulation.case import Costs, SimulationCase
from helpers.inventory.simulation.compare import beside_promise, compare_simulations, service_cash_frontier
from helpers.inventory.simulation.policy_rules import FixedQuantityRule, ReplenishmentRule, UpToRule
from helpers.inventory.simulation.simulate import simulate

MEANS = np.array([0.7, 3.0, 8.0, 20.0])
KEYS = pd.DataFrame({"product_id": list("wxyz"), "abc": ["C", "B", "A", "A"]})
EXPOSURE = Exposure(PoissonDemand(2 * MEANS), PoissonDemand(3 * MEANS))


def poisson_case(paths: int = 60, weeks: int = 140) -> SimulationCase:
    demand = np.random.default_rng(8).poisson(MEANS[:, None, None], (4, paths, weeks)).astype("float64")
    return SimulationCase(KEYS, demand, 2, np.ceil(4 * MEANS), costs=Costs([1, 2, 3, 4]), warm_up=20)


def rule_for(target: float) -> ReplenishmentRule:
    found = reorder_points_for_target(EXPOSURE, np.ceil(2 * MEANS), target, "fill_rate")
    return FixedQuantityRule(found.reorder_point, found.order_quantity)


def test_a_kept_promise_is_within_a_point_in_every_class() -> None:
    policy = reorder_points_for_target(EXPOSURE, np.ceil(2 * MEANS), 0.95, "fill_rate")
    found = simulate(poisson_case(), rule_for(0.95), group="abc")
    table = beside_promise(found, policy.fill_rate)
    assert table["group"].tolist() == ["C", "B", "A", "total"]
    assert table["series"].tolist() == [1, 1, 2, 4]
    assert table["is_kept"].all()
    weight = found.series["demand"].to_numpy()
    assert table["promised"].iloc[-1] == pytest.approx(policy.fill_rate @ weight / weight.sum())
    assert not beside_promise(found, 0.5)["is_kept"].any()
    with pytest.raises(ParameterError, match="measure"):
        beside_promise(found, 0.9, measure="cost")


def test_pairs_of_paths_tell_a_small_difference() -> None:
    case = poisson_case()
    more, less = simulate(case, UpToRule(3 * MEANS + 5)), simulate(case, UpToRule(3 * MEANS + 4))
    table = compare_simulations(more, less).set_index("measure").astype("float64")
    stock = table.loc["stock_value"].to_dict()
    assert stock["difference"] == pytest.approx(more.value("stock_value") - less.value("stock_value"))
    assert stock["relative"] == pytest.approx(stock["difference"] / stock["incumbent"])
    assert 0 < stock["low"] <= stock["difference"] <= stock["high"]
    assert table["low"]["fill_rate"] >= 0  # though single paths spread far wider than the difference
    spread = more.groups.iloc[0].drop("group").astype("float64")
    assert spread["fill_rate_high"] - spread["fill_rate_low"] > table["difference"]["fill_rate"]
    with pytest.raises(ParameterError, match="same demand"):
        compare_simulations(more, simulate(poisson_case(paths=20), UpToRule(9)))


def test_frontier_rises_and_reads_between_its_points() -> None:
    frontier = service_cash_frontier(poisson_case(), rule_for, [0.8, 0.9, 0.95, 0.99])
    table = frontier.table
    assert (np.diff(table["fill_rate"]) > 0).all()
    assert (np.diff(table["stock_value"]) > 0).all()
    middle = table["fill_rate"].iloc[1:3].mean()
    assert frontier.at_fill_rate(middle) == pytest.approx(table["stock_units"].iloc[1:3].mean())
    assert frontier.fill_rate_at(frontier.at_fill_rate(middle)) == pytest.approx(middle)
    assert np.isnan(frontier.at_fill_rate(0.9999))
    with pytest.raises(ParameterError, match="targets"):
        service_cash_frontier(poisson_case(), rule_for, [])


def test_a_measure_in_money_needs_costs_and_the_message_says_so() -> None:
    case = SimulationCase(KEYS.iloc[:1], np.ones((1, 1, 4)), 0)
    found = simulate(case, UpToRule(1))
    assert found.total["standard_error"].isna().all()  # one path
    assert "100.0%" in found.summary()
    with pytest.raises(ParameterError, match="costs"):
        found.value("stock_value")

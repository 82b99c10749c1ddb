"""The buyer's min–max rule and its tuning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.inventory.simulation import incumbent
from helpers.inventory.simulation.case import Costs, SimulationCase
from helpers.inventory.simulation.incumbent import BuyersMinMax, choose_tries, fit_incumbent
from helpers.inventory.simulation.policy_rules import Situation
from helpers.inventory.simulation.simulate import simulate


def history(weeks: int = 78) -> SimulationCase:
    drawn = np.random.default_rng(11)
    keys = pd.DataFrame({"product_id": range(20), "site": ["warehouse", "store"] * 10})
    mean = drawn.lognormal(2, 0.8, 20)
    demand = drawn.negative_binomial(2, 2 / (2 + mean[:, None, None]), (20, 1, weeks)).astype("float64")
    return SimulationCase(
        keys,
        demand,
        lead_times=drawn.integers(1, 5, (20, 30)),
        opening_stock=5 * mean,
        lost_share=0.9,
        sales_before=np.repeat(mean[:, None], 13, axis=1),
    )


def test_levels_follow_the_formula_by_hand() -> None:
    # 13 weeks before at 4, then 1 a week: the look at week 13 sees only the ones.
    sold = np.r_[0, np.cumsum(np.r_[np.full(13, 4.0), np.full(20, 1.0)])][:, None, None]
    rule = BuyersMinMax(lead_time=2, safety_weeks=1.5, cover_weeks=3)
    for week, mean in [(0, 4.0), (12, 4.0), (13, 1.0), (15, 1.0)]:
        low, up_to = np.ceil(mean * 3.5), np.ceil(mean * 3.5) + np.ceil(mean * 3)
        seen = Situation(week, np.array([0]), np.array([[low, low + 1]]), sold, 13)
        assert rule.order(seen).tolist() == [[up_to - low, 0.0]]


def test_without_sales_it_keeps_the_least_stock() -> None:
    seen = Situation(0, np.array([0]), np.array([[2.0, 3.0]]), np.zeros((1, 1, 2)), 0)
    assert BuyersMinMax(2, 3, 4, least=2.0).order(seen).tolist() == [[1.0, 0.0]]


def test_it_does_not_see_what_was_lost() -> None:
    case = replace(history(), lost_share=0.0)
    rule = BuyersMinMax(2.5, 0.0, 1.0)
    lost = simulate(replace(case, lost_share=1.0), rule)
    assert lost.value("ordered_units") < simulate(case, rule).value("ordered_units")


def test_tuned_rule_reaches_the_fill_rate_with_the_least_stock_of_all_tries() -> None:
    case, covers = history(), (1.0, 4.0)
    fitted = fit_incumbent(case, 0.95, lead_time=2.5, group="site", covers=covers)
    assert fitted.table["group"].tolist() == ["warehouse", "store"]
    assert fitted.table["is_reached"].all()
    assert fitted.history.groups["fill_rate"].to_numpy() == pytest.approx(
        fitted.table["fill_rate"].to_numpy()
    )
    least = fitted.table["stock_units"].to_numpy()
    for cover in covers:
        for safety in range(10):
            tried = simulate(case, BuyersMinMax(2.5, safety, cover), group="site").groups
            reached = tried["fill_rate"].to_numpy() >= 0.95
            # The fill rate is not quite monotone in k, hence a little room.
            assert (least <= 1.02 * tried["stock_units"].to_numpy())[reached].all()


def test_with_costs_the_cover_is_chosen_by_them() -> None:
    costs = Costs(1.0, holding_cost=0.01, fixed_cost=500.0)
    case = replace(history(), costs=costs)
    by_stock, by_cost = (
        fit_incumbent(case, 0.9, lead_time=2.5, covers=(1.0, 6.0), least_by=name)
        for name in ("stock_value", "cost")
    )
    assert by_stock.table["cover_weeks"].tolist() == [1.0]
    assert by_cost.table["cover_weeks"].tolist() == [6.0]
    assert by_cost.history.value("orders") < by_stock.history.value("orders")
    with pytest.raises(ParameterError, match="least_by"):
        fit_incumbent(history(), 0.9, lead_time=2.5, least_by="cost")


def test_a_step_less_of_safety_misses_the_target() -> None:
    fitted = fit_incumbent(history(), 0.95, lead_time=2.5, covers=(3.0,))
    safety = fitted.table["safety_weeks"].iloc[0]
    assert simulate(history(), BuyersMinMax(2.5, safety - 0.1, 3.0)).value("fill_rate") < 0.95


def test_a_target_beyond_reach_is_said() -> None:
    case = replace(history(), opening_stock=0.0)  # the first weeks are short whatever is ordered
    fitted = fit_incumbent(case, 0.999999, lead_time=2.5, covers=(2.0,))
    assert not fitted.table["is_reached"].any()


def test_a_cover_that_misses_the_target_never_wins_by_its_low_stock() -> None:
    columns = {"safety_weeks": 1.0, "cover_weeks": 1.0}
    misses, reaches, reaches_dearly = (
        pd.DataFrame({"group": ["all"], "fill_rate": rate, "stock_units": stock, **columns})
        for rate, stock in [(0.94, 5.0), (0.95, 9.0), (0.97, 11.0)]
    )
    tries = [reaches_dearly, misses, reaches]
    assert choose_tries(tries, np.array([0.95]), "stock_units")["stock_units"].tolist() == [9.0]
    assert choose_tries(tries, np.array([0.99]), "stock_units")["stock_units"].tolist() == [11.0]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"fill_rate.*covers"):
        fit_incumbent(history(), 95, lead_time=2, covers=())
    with pytest.raises(ParameterError, match="no column 'size'"):
        fit_incumbent(history(), 0.95, lead_time=2, group="size")


def test_warehouse_and_stores_are_tuned_together_with_the_mean_outflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(incumbent, "MOST_SAFETY_WEEKS", 6.4)
    monkeypatch.setattr(incumbent, "ROUNDS", 3)
    case = replace(
        history(26), source=np.where(np.arange(20) % 2 == 0, -1, np.arange(20) // 4 * 4), lost_share=1.0
    )
    case = replace(case, opening_stock=8 * np.asarray(case.sales_before)[:, 0] * 2)
    fitted = fit_incumbent(case, 0.9, lead_time=2.5, group="site", covers=(2.0,))
    table = fitted.table.set_index("group")
    assert table["is_reached"].all()
    assert fitted.history.groups["fill_rate"].to_numpy() == pytest.approx(table["fill_rate"].to_numpy())
    least = table["stock_units"].sum()
    for warehouse in (0.5, 1.5, 2.5):
        for store in (0.5, 1.5, 2.5):
            rule = BuyersMinMax(2.5, np.tile([warehouse, store], 10), 2.0)
            tried = simulate(case, rule, group="site").groups
            if (tried["fill_rate"] >= 0.9).all():
                assert least <= 1.02 * tried["stock_units"].sum()

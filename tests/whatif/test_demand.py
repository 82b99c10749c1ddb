"""The demand what-if: its views against the forecast of the same scenario, and money added up by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop
from tests.forecasting.customers_shop import NamedCase, customers_case, customers_forecast

from helpers.errors import ParameterError
from helpers.forecasting import DemandChange, Forecast, largest_customers
from helpers.forecasting.promotions_ahead import DepthSlope
from helpers.whatif import Decision, View, changed_decisions, compare_tiles
from helpers.whatif.demand import demand_under, demand_what_if
from helpers.whatif.demand_words import Outcome, say_outcome

TILES = ["demand ahead", "value of demand ahead", "revenue ahead", "margin ahead"]


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return customers_forecast()


@pytest.fixture(scope="module")
def decision(forecast: Forecast) -> Decision:
    return demand_what_if(customers_case(), forecast)


def tile(view: View, name: str) -> float:
    """A tile that has a value."""
    value = view.value(name)
    assert value is not None
    return value


def money_by_loop(forecast: Forecast, points: float = 0.0) -> tuple[float, float]:
    """Revenue and margin of a forecast, row by row: prices of the last year outside promotions."""
    orders = customers_case().table("orders")
    since = pd.Timestamp(forecast.cutoff - timedelta(weeks=52))
    recent = orders[(orders["order_date"] > since) & orders["promotion_id"].isna()]
    prices = {}
    for product in forecast.series["product_id"].unique():
        sold = recent[recent["product_id"] == product]
        net = sold["quantity"] * sold["unit_price"] * (1 - sold["discount"])
        prices[product] = net.sum() / sold["quantity"].sum() if len(sold) else shop.PRICE  # else list price
    revenue = margin = 0.0
    for row in forecast.forecast.to_dict("records"):
        promoted = row["product_id"] == "P0" and row["week"] == shop.monday(shop.AHEAD)
        # it runs the whole week, so all of the week is sold at the discount
        price = prices[row["product_id"]] * (1 - (shop.DEPTH + points if promoted else 0.0))
        revenue += row["mean"] * price
        if row["product_id"] != "P4":
            margin += row["mean"] * (price - shop.COST)
    return revenue, margin


def test_the_plan_is_the_forecast_as_it_is(decision: Decision, forecast: Forecast) -> None:
    base = decision.base
    assert [kpi.name for kpi in base.tiles] == TILES
    assert base.value("demand ahead") == pytest.approx(forecast.forecast["mean"].sum())
    counted = forecast.forecast["mean"] * forecast.forecast["unit_value"]
    assert base.value("value of demand ahead") == pytest.approx(counted.sum())
    low, high = (forecast.horizon_total()[name] for name in ("q05", "q95"))
    words = f"90\N{NO-BREAK SPACE}% interval {low:,.0f} to {high:,.0f}"
    assert base.tiles[0].note == words
    assert base.sentence.startswith("As planned: ")
    assert words in base.sentence


@pytest.mark.parametrize(
    "what_if",
    [
        {"growth": 0.2},
        {"promotion_depth": -0.05},
        {"lost_customer": "K1"},
        {"growth": -0.1, "promotion_depth": 0.1, "lost_customer": "K3"},
    ],
)
def test_a_view_shows_the_forecast_of_the_same_scenario(
    decision: Decision, forecast: Forecast, what_if: dict[str, float | str]
) -> None:
    view, changed = decision.view(what_if), demand_under(forecast, what_if, customers_case())
    total = changed.horizon_total()
    assert view.value("demand ahead") == pytest.approx(total["mean"])
    assert f"interval {max(total['q05'], 0):,.0f} to {total['q95']:,.0f}" in view.sentence
    drawn = {one.name: one.values for one in view.chart.series}  # noqa: PD011  # a series of a chart, not of pandas
    np.testing.assert_allclose(drawn["this setting"], changed.total()["mean"])
    before = forecast.total()
    np.testing.assert_allclose(drawn["the plan"], before["mean"])
    np.testing.assert_allclose(drawn["the plan's upper limit"], before["q95"])
    np.testing.assert_allclose(drawn["the plan's lower limit"], before["q05"])
    by_product = changed.forecast.groupby("product_id")["mean"].sum()
    rows = view.decisions.set_index("decision")
    np.testing.assert_allclose(rows["quantity"], by_product.reindex(rows.index).fillna(0.0))
    expected = money_by_loop(changed, float(what_if.get("promotion_depth", 0.0)))
    assert (view.value("revenue ahead"), view.value("margin ahead")) == pytest.approx(expected)
    assert rows["money"].sum() == pytest.approx(view.value("value of demand ahead"))


def test_every_point_of_the_grid_has_a_view(decision: Decision) -> None:
    points = [
        {"growth": growth, "promotion_depth": depth, "lost_customer": customer}
        for growth in decision.grid["growth"]
        for depth in decision.grid["promotion_depth"]
        for customer in decision.grid["lost_customer"]
    ]
    assert 60 <= len(points) <= 150
    views = [decision.view(point) for point in points]
    assert {tuple(kpi.name for kpi in view.tiles) for view in views} == {tuple(TILES)}
    units = {
        tuple(point.values()): tile(view, "demand ahead") for point, view in zip(points, views, strict=True)
    }
    assert units[0.1, 0.0, ""] > units[0.0, 0.0, ""] > units[0.0, 0.0, "K1"]


def test_a_lost_customer_changes_only_what_was_bought(decision: Decision) -> None:
    lost = decision.view({"lost_customer": "K1"})
    changed = changed_decisions(decision.base, lost)
    assert set(changed["decision"]) == {f"P{number}" for number in range(5)}
    assert (changed["change"] < 0).all()
    assert {one.is_good for one in compare_tiles(decision.base, lost)} == {False, None}, (
        "its value is spending"
    )
    assert any("10 series lose something" in note for note in lost.notes)
    assert "1 product has no unit cost: the margin leaves it out." in lost.notes
    assert lost.sentence.startswith("Customer K1 lost: ")


def test_the_depth_alone_is_said_with_its_interval_and_what_it_rests_on(decision: Decision) -> None:
    deeper, base = decision.view({"promotion_depth": 0.1}), decision.base
    units = tile(deeper, "demand ahead") - tile(base, "demand ahead")
    margin = tile(deeper, "margin ahead") - tile(base, "margin ahead")
    said = " ".join(deeper.notes)
    assert f"changes demand by +{units:.0f} units (90 % interval +" in said
    assert f"and the margin by −{-margin:.0f}: 1 promotion that runs" in said
    assert "8 past promotions, all at one depth: that a smaller discount brings less is assumed" in said
    assert "1 promotion comes to a discount outside the 20\N{NO-BREAK SPACE}% to 20" in said
    assert "substitutes" not in " ".join(base.notes)


def test_customers_are_offered_by_what_they_bought_in_the_last_year(
    decision: Decision, forecast: Forecast
) -> None:
    orders = customers_case().table("orders")
    recent = orders[orders["order_date"] > pd.Timestamp(forecast.cutoff - timedelta(weeks=52))]
    money = recent["quantity"] * recent["unit_price"] * (1 - recent["discount"])
    shares = (money.groupby(recent["customer_id"]).sum() / money.sum()).sort_values(ascending=False)
    found = largest_customers(forecast, customers_case())
    assert found["customer_id"].tolist() == shares.index.tolist()
    assert len(found) == 3
    np.testing.assert_allclose(found["share"], shares)
    assert shares.sum() < 1  # some sales are nobody's
    first = decision.controls[2].options[1]  # type: ignore[union-attr]  # the choice
    assert first == (
        shares.index[0],
        f"{shares.index[0]}: {100 * shares.iloc[0]:.1f}\N{NO-BREAK SPACE}% of sales",
    )
    assert largest_customers(forecast, customers_case(), 1)["customer_id"].tolist() == [shares.index[0]]


def unpromoted(forecast: Forecast) -> Forecast:
    """The forecast of a company that never promoted anything."""
    return replace(forecast, promotions=forecast.promotions.iloc[:0], effects=forecast.effects.iloc[:0])


def without_money() -> NamedCase:
    orders = customers_case().table("orders").assign(unit_price=np.nan)
    return customers_case().without("products").replace(orders=orders)


def test_without_costs_and_prices_there_are_units_and_the_money_is_not_known(forecast: Forecast) -> None:
    decision = demand_what_if(without_money(), unpromoted(forecast))
    view = decision.view({"growth": 0.1, "lost_customer": "K1", "promotion_depth": 0.1})
    assert [kpi.value is None for kpi in view.tiles] == [False, True, True, True]
    assert view.tiles[3].note == "no product has both a price and a cost"
    assert view.decisions["money"].tolist() == [0.0] * 11
    assert view.decisions["name"].tolist() == view.decisions["decision"].tolist()
    assert "No approved promotion runs in these weeks: its depth moves nothing." in view.notes
    assert not [note for note in view.notes if "leaves" in note]  # the tiles say why they have no value
    assert decision.grid["promotion_depth"] == (0.0,)
    assert all(words.endswith("of units") for _, words in decision.controls[2].options[1:])  # type: ignore[union-attr]  # the choice


def test_without_named_customers_nobody_can_be_lost(forecast: Forecast) -> None:
    nobody = customers_case().replace(orders=customers_case().table("orders").assign(customer_id=None))
    decision = demand_what_if(nobody, unpromoted(forecast))
    assert decision.controls[2].options == (("", "none"),)  # type: ignore[union-attr]  # the choice
    assert decision.grid["lost_customer"] == ("",)


def test_a_forecast_that_was_never_tested_gives_no_interval(forecast: Forecast) -> None:
    untested = replace(unpromoted(forecast), backtest=forecast.backtest.iloc[:0])
    view = demand_what_if(customers_case(), untested).view({"growth": 0.1})
    assert "the history is too short to give an interval" in view.sentence
    assert [one.role for one in view.chart.series] == ["plan", "setting"]


def test_a_scenario_without_demand_leaves_the_same_forecast(forecast: Forecast) -> None:
    for what_if in ({}, {"growth": 0, "lost_customer": ""}, {"budget": 1000, "closed_site": "S1"}):
        assert demand_under(forecast, what_if, customers_case()) is forecast
    with pytest.raises(ParameterError, match="Did you mean 'growth'"):
        demand_under(forecast, {"growht": 0.1}, customers_case())
    with pytest.raises(ParameterError, match="'growth' is 7"):
        demand_under(forecast, {"growth": 7}, customers_case())
    with pytest.raises(ParameterError, match="'K9' bought nothing"):
        demand_under(forecast, {"lost_customer": "K9"}, customers_case())


def outcome(units: float, planned: float, weeks: int = 2) -> Outcome:
    return Outcome(units, planned, 3.0, 0.9, weeks, 1.0, 1.0, 1.0, (0, 0, 0), 0.0, 0, 0)


@pytest.mark.parametrize(
    ("units", "planned", "weeks", "said"),
    [
        (
            11,
            10,
            2,
            "Demand +10 %: 11 units over 2 weeks (90 % interval 8 to 14), 1 unit more than planned (10.0 %).",
        ),
        (
            1,
            3,
            1,
            "Demand +10 %: 1 unit over 1 week (90 % interval 0 to 4), 2 units fewer than planned (66.7 %).",
        ),
        (10.2, 10, 2, "Demand +10 %: 10 units over 2 weeks (90 % interval 7 to 13), as many as planned."),
        (0, 0, 2, "Demand +10 %: 0 units over 2 weeks (90 % interval 0 to 3), as many as planned."),
    ],
)
def test_sentences_are_true_for_one_for_many_and_for_nothing(
    units: float, planned: float, weeks: int, said: str
) -> None:
    sentence, _ = say_outcome(DemandChange(growth=0.1), outcome(units, planned, weeks))
    assert sentence.replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_slope_is_clear_only_where_its_interval_leaves_nothing_out() -> None:
    slope = DepthSlope(3.0, 1.0, 5.0, (0.0,) * 4, 9, 0.1, 0.3)
    assert slope.is_clear
    assert not replace(slope, low=-1.0).is_clear
    assert not replace(slope, rests_on=0).is_clear

"""Growth, deeper promotions and a lost customer in a forecast, each computed again the slow way."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.forecasting import eventful_shop as shop
from tests.forecasting.customers_shop import customers_case, customers_forecast

from helpers.errors import ParameterError
from helpers.forecasting import DemandChange, DemandLevers, Forecast, change_demand
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.known import know, read_background
from helpers.inventory.outlook import draw_demand

KEYS = ["product_id", "site_id"]
QUANTILES = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return customers_forecast()


@pytest.fixture(scope="module")
def grown(forecast: Forecast) -> Forecast:
    return change_demand(forecast, DemandChange(growth=0.1), customers_case())


@pytest.fixture(scope="module")
def levers(forecast: Forecast) -> DemandLevers:
    return DemandLevers(forecast, customers_case())


def ratio_of(changed: Forecast, forecast: Forecast, column: str = "mean") -> Floats:
    """Changed ÷ as it was, series × weeks; 1 where there was nothing."""
    grid = np.ones((len(forecast.series), forecast.settings.horizon))
    row = pd.MultiIndex.from_frame(forecast.series).get_indexer(
        pd.MultiIndex.from_frame(forecast.forecast[KEYS])
    )
    old, new = forecast.forecast[column].to_numpy(), changed.forecast[column].to_numpy()
    grid[row, forecast.forecast["lead"].to_numpy() - 1] = np.where(
        old > 0, new / np.where(old > 0, old, 1), 1
    )
    return grid


def shares_by_loop(forecast: Forecast, customer: str) -> list[float]:
    """The customer's units ÷ all units of the last 52 weeks, line by line."""
    since = pd.Timestamp(forecast.cutoff - timedelta(weeks=52))
    found = []
    lines = customers_case().table("orders").to_dict("records")
    for series in forecast.series.to_dict("records"):
        mine = total = 0.0
        for line in lines:
            there = line["product_id"] == series["product_id"] and line["site_id"] == series["site_id"]
            if there and since < line["order_date"] <= pd.Timestamp(forecast.cutoff):
                total += line["quantity"]
                mine += line["quantity"] if line["customer_id"] == customer else 0.0
        found.append(mine / total if total else 0.0)
    return found


def test_nothing_changed_gives_the_same_forecast(forecast: Forecast) -> None:
    assert change_demand(forecast, DemandChange(), customers_case()) is forecast
    assert DemandChange().words == ""


def test_growth_multiplies_every_mean_and_the_planners_word(forecast: Forecast, grown: Forecast) -> None:
    for column in ("mean", "statistical_mean", "override"):
        np.testing.assert_allclose(grown.forecast[column], forecast.forecast[column] * 1.1, rtol=1e-12)
    assert grown.forecast["override"].notna().sum() == 5
    assert list(grown.forecast) == list(forecast.forecast)
    assert grown.forecast.dtypes.tolist() == forecast.forecast.dtypes.tolist()
    same = ["product_id", "site_id", "week", "lead", "override_author", "override_reason", "unit_value"]
    pd.testing.assert_frame_equal(grown.forecast[same], forecast.forecast[same])


def test_sums_grow_with_demand_and_their_spread_by_the_square_root(
    forecast: Forecast, grown: Forecast
) -> None:
    was, total = forecast.horizon_total(), grown.horizon_total()
    np.testing.assert_allclose(total["mean"], 1.1 * was["mean"])
    for limit in ("q05", "q95"):
        spread = (was[limit] - was["mean"]) * np.sqrt(1.1)
        np.testing.assert_allclose(total[limit], max(total["mean"] + spread, 0.0))
    before, now = forecast.total(), grown.total()
    width = (now["q95"] - now["mean"]) / (before["q95"] - before["mean"])
    np.testing.assert_allclose(width, np.sqrt(1.1))


def test_another_demand_has_another_fingerprint_and_can_be_pickled(
    forecast: Forecast, grown: Forecast
) -> None:
    more = change_demand(forecast, DemandChange(growth=0.11), customers_case())
    assert len({forecast.fingerprint, grown.fingerprint, more.fingerprint}) == 3
    read = pickle.loads(pickle.dumps(grown))
    assert read.fingerprint == grown.fingerprint
    np.testing.assert_array_equal(read.paths(3), grown.paths(3))
    assert grown.notes[-1].startswith("What if: demand +10\N{NO-BREAK SPACE}%; accuracy, review")


@pytest.mark.parametrize("growth", [-0.5, 0.1])
def test_paths_follow_the_means_and_keep_what_counts_are(forecast: Forecast, growth: float) -> None:
    changed = change_demand(forecast, DemandChange(growth=growth), customers_case())
    before, now = forecast.paths(300), changed.paths(300)
    np.testing.assert_array_equal(np.isnan(before), np.isnan(now))
    assert (np.sign(growth) * np.nan_to_num(now - before) >= 0).all()  # the same luck, another level
    assert np.nansum(now) / np.nansum(before) == pytest.approx(1 + growth, rel=0.03)
    table = changed.forecast
    overridden = table.loc[table["override"].notna(), KEYS].drop_duplicates()
    plain = ~pd.MultiIndex.from_frame(forecast.series).isin(pd.MultiIndex.from_frame(overridden))
    counts = np.nan_to_num(now[plain])
    np.testing.assert_array_equal(counts, np.rint(counts))


def test_quantiles_rise_hold_the_mean_and_grow_slower_than_it(forecast: Forecast) -> None:
    doubled = change_demand(forecast, DemandChange(growth=1.0), customers_case()).forecast
    assert (np.diff(doubled[QUANTILES], axis=1) >= 0).all()
    plain = forecast.forecast["override"].isna() & (forecast.forecast["demand_class"] == "smooth")
    width, before = ((table["q95"] - table["q05"])[plain].sum() for table in (doubled, forecast.forecast))
    assert width / before == pytest.approx(np.sqrt(2), rel=0.05)


def test_overridden_weeks_keep_the_relation_of_their_quantiles_to_the_statistical_ones(
    forecast: Forecast, grown: Forecast
) -> None:
    said = forecast.forecast["override"].notna().to_numpy()
    row = forecast._rows_of(forecast.forecast[said])
    step = forecast.forecast.loc[said, "lead"].to_numpy() - 1
    scale = (grown.forecast["mean"] / grown.forecast["statistical_mean"])[said].to_numpy()
    expected = grown.prediction.quantiles[row, step] * scale[:, None]
    np.testing.assert_allclose(grown.forecast.loc[said, QUANTILES], expected)
    pd.testing.assert_frame_equal(grown.overridden.forecast, grown.forecast)


def test_losing_a_customer_removes_exactly_that_customers_share(forecast: Forecast) -> None:
    lost = change_demand(forecast, DemandChange(lost_customer="K1"), customers_case())
    shares = np.array(shares_by_loop(forecast, "K1"))
    assert 0.3 < shares[:10].mean() < 0.7
    expected = np.broadcast_to(1 - shares[:, None], (len(shares), forecast.settings.horizon))
    table = forecast.forecast
    sold = np.ones(expected.shape, dtype=bool)
    sold[forecast._rows_of(table[table["mean"] <= 0]), table.loc[table["mean"] <= 0, "lead"] - 1] = False
    known = np.zeros(expected.shape, dtype=bool)
    known[forecast._rows_of(table), table["lead"] - 1] = True
    np.testing.assert_allclose(ratio_of(lost, forecast)[known & sold], expected[known & sold], rtol=1e-9)


def test_two_who_bought_everything_leave_nothing(forecast: Forecast, levers: DemandLevers) -> None:
    shared = levers.share("K1") + levers.share("K2")
    first = forecast.series["product_id"].isin([f"P{number}" for number in range(5)]).to_numpy()
    np.testing.assert_allclose(shared[first], 1.0)
    assert (shared[~first] == 0).all()
    one = customers_case().table("orders").assign(customer_id="K1")
    gone = change_demand(forecast, DemandChange(lost_customer="K1"), customers_case().replace(orders=one))
    launched = gone.forecast["product_id"] == "N1"  # not sold yet, so nobody's share of it is known
    assert (gone.forecast.loc[~launched, "mean"] == 0).all()
    assert (gone.forecast.loc[launched, "mean"] > 0).any()
    rows = np.flatnonzero(gone.series["product_id"] != "N1").tolist()
    assert np.nansum(gone.paths(2, rows=rows)) == 0


def test_a_customer_who_bought_nothing_in_the_last_year_changes_nothing(forecast: Forecast) -> None:
    assert change_demand(forecast, DemandChange(lost_customer="K4"), customers_case()) is forecast


def test_lines_that_are_no_demand_are_nobodys_share(forecast: Forecast, levers: DemandLevers) -> None:
    orders = customers_case().table("orders")
    mine = orders[(orders["customer_id"] == "K1") & (orders["order_date"] > shop.monday(shop.WEEKS - 10))]
    late = pd.Series(shop.monday(shop.WEEKS), mine.index).astype("datetime64[ns]")
    odd = pd.concat(
        [
            mine.assign(status="cancelled", order_id="C" + mine["order_id"]),
            mine.assign(order_type="special", order_id="S" + mine["order_id"]),
            mine.assign(order_date=late, order_id="L" + mine["order_id"]),
            mine.head(3).assign(quantity=1e4, order_id="O" + mine["order_id"].head(3)),
        ]
    )
    apart = odd.tail(3).assign(week=shop.monday(0), units=1e4, usual=1.0, limit=10.0)
    kept = replace(forecast, outliers=apart[forecast.outliers.columns])
    case = customers_case().replace(orders=pd.concat([orders, odd], ignore_index=True))
    np.testing.assert_allclose(DemandLevers(kept, case).share("K1"), levers.share("K1"), rtol=1e-12)
    assert not np.allclose(DemandLevers(forecast, case).share("K1"), levers.share("K1"))


def test_another_depth_gives_the_effects_that_estimating_anew_would_give(forecast: Forecast) -> None:
    promotions = customers_case().table("promotions")
    moved = promotions.assign(discount=promotions["discount"] + 0.1 * (promotions["promotion_id"] == "AHEAD"))
    case = customers_case().replace(promotions=moved)
    history, background = read_background(case, read_history(case, shop.LIGHT), shop.LIGHT)
    anew = know(history, background, shop.LIGHT).factors.effects.factor[:, history.length :]
    changed = change_demand(forecast, DemandChange(promotion_depth=0.1), customers_case())
    table = forecast.forecast
    cell = forecast._rows_of(table), table["lead"] - 1
    found = ratio_of(changed, forecast)[cell]
    sold = table["mean"] > 0
    # the table holds the factor of the forecast as it is, to six digits
    np.testing.assert_allclose(found[sold], anew[cell][sold] / table["promotion"][sold], rtol=2e-6)
    assert (np.abs(found - 1) > 0.02).sum() >= 4


def test_deeper_sells_more_in_its_week_less_after_and_leaves_all_else_alone(forecast: Forecast) -> None:
    deeper = change_demand(forecast, DemandChange(promotion_depth=0.1), customers_case())
    ratio = ratio_of(deeper, forecast)
    mine = (forecast.series["product_id"] == "P0").to_numpy()
    week = shop.AHEAD - shop.WEEKS
    assert (ratio[mine, week] > 1.2).all()
    assert (ratio[mine, week + 1] < 0.99).all()
    assert (ratio[mine, :week] == 1).all()
    others = forecast.forecast["product_id"] != "P0"
    pd.testing.assert_frame_equal(deeper.forecast[others], forecast.forecast[others])
    assert deeper.fingerprint != forecast.fingerprint


def test_a_shallower_discount_takes_a_lift_away_and_makes_no_loss_of_it(levers: DemandLevers) -> None:
    ahead = levers.promotions
    assert ahead.depths(-0.5).tolist() == [0.0]
    assert ahead.depths(0.9).tolist() == [1.0]
    assert ahead.lifts(-0.2, slope=100.0).tolist() == [1.0]
    assert ahead.lifts(-0.2, slope=1.0) == pytest.approx(ahead.table["lift"].to_numpy() * np.exp(-0.2))
    hurting = replace(ahead, table=ahead.table.assign(lift=0.9))
    assert hurting.lifts(-0.2, slope=1.0).tolist() == pytest.approx([0.9])


@cache
def shared_levers() -> DemandLevers:
    """For hypothesis, to which no fixture can be handed."""
    return DemandLevers(customers_forecast(), customers_case())


@settings(max_examples=10, deadline=None)
@given(
    growth=st.floats(-0.5, 1),
    points=st.floats(-0.2, 0.2),
    customer=st.sampled_from(["", "K1", "K3", "K4"]),
)
def test_changes_together_are_the_product_of_each_alone(growth: float, points: float, customer: str) -> None:
    levers = shared_levers()
    found = levers.factor(DemandChange(growth, points, customer))
    alone = [DemandChange(growth), DemandChange(0, points), DemandChange(0, 0, customer)]
    np.testing.assert_allclose(found, np.prod([levers.factor(change) for change in alone], axis=0))
    assert (found >= 0).all()


def test_a_customer_who_is_not_there_is_refused_in_words(forecast: Forecast) -> None:
    with pytest.raises(ParameterError, match="'K9' bought nothing up to .* The orders name 4 customers"):
        change_demand(forecast, DemandChange(lost_customer="K9"), customers_case())
    with pytest.raises(ParameterError, match="Did you mean 'K1'"):
        change_demand(forecast, DemandChange(lost_customer="K1 "), customers_case())
    with pytest.raises(ParameterError, match="'x''; DROP'|\"x'; DROP\""):
        change_demand(forecast, DemandChange(lost_customer="x'; DROP"), customers_case())
    nobody = customers_case().table("orders").assign(customer_id=None)
    with pytest.raises(ParameterError, match="The orders name no customers"):
        change_demand(forecast, DemandChange(lost_customer="K1"), customers_case().replace(orders=nobody))


def test_without_promotions_ahead_their_depth_changes_nothing(forecast: Forecast) -> None:
    past = forecast.promotions.assign(applied_ahead=False)
    none = replace(forecast, promotions=past.iloc[:0], effects=forecast.effects.iloc[:0])
    for found in (replace(forecast, promotions=past), none):
        assert change_demand(found, DemandChange(promotion_depth=0.1), customers_case()) is found


def test_a_promotion_that_was_let_count_moves_too(forecast: Forecast) -> None:
    ahead = forecast.promotions[forecast.promotions["promotion_id"] == "AHEAD"]
    plan = ahead.assign(promotion_id="PLAN2", product_id="P2", status="planned")
    approved = replace(forecast, promotions=pd.concat([forecast.promotions, plan], ignore_index=True))
    moved = DemandLevers(approved, customers_case()).factor(DemandChange(promotion_depth=0.1)) != 1
    assert set(forecast.series.loc[moved.any(axis=1), "product_id"]) == {"P0", "P2"}


def test_a_forecast_of_another_case_is_refused(forecast: Forecast) -> None:
    promotions = customers_case().table("promotions")
    other = customers_case().replace(promotions=promotions[promotions["promotion_id"] != "A00"])
    with pytest.raises(ParameterError, match="was not made from this case"):
        change_demand(forecast, DemandChange(promotion_depth=0.1), other)


def test_an_inventory_plan_draws_the_changed_demand(forecast: Forecast) -> None:
    lost = change_demand(forecast, DemandChange(lost_customer="K1"), customers_case())
    pairs = forecast.series.iloc[::-1]
    before, now = (draw_demand(pairs, each, 200, 0) for each in (forecast, lost))
    first = pairs["product_id"].isin([f"P{number}" for number in range(5)]).to_numpy()
    np.testing.assert_array_equal(before[~first], now[~first])
    assert 0.3 < now[first].sum() / before[first].sum() < 0.7


def test_what_cannot_be_meant_is_refused_all_at_once() -> None:
    with pytest.raises(ParameterError, match=r"growth: -1 came.*\npromotion_depth: 2 came"):
        DemandChange(growth=-1, promotion_depth=2)
    with pytest.raises(ParameterError, match="growth: nan"):
        DemandChange(growth=float("nan"))
    words = DemandChange(-0.125, -0.05, "K1").words
    assert words == "demand −12.5\N{NO-BREAK SPACE}%, promotions 5 points shallower, customer K1 lost"
    assert DemandChange(promotion_depth=0.01).words == "promotions 1 point deeper"

"""The true demand: its identity with the order lines, its patterns, season, promotions and lives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

KEYS = ["product_id", "site_id", "week"]
LAST_WEEK = pd.Timestamp("2026-11-09")


def _recorded(orders: Any) -> Any:
    monday = orders["order_date"] - orders["order_date"].dt.dayofweek.to_numpy().astype("timedelta64[D]")
    return orders.assign(week=monday).groupby(KEYS)["quantity"].sum()


@pytest.mark.parametrize("size", ["tiny", "default"])
def test_order_lines_sum_to_true_demand_minus_what_was_lost(
    size: str, request: pytest.FixtureRequest
) -> None:
    sample: Any = request.getfixturevalue(size)
    demand = sample.truth["demand"].set_index(KEYS).astype(float)
    expected = demand[["demand_units", "campaign_units", "special_units"]].sum(axis=1) - demand["lost_units"]
    recorded = _recorded(request.getfixturevalue(f"clean_{size}")["orders"])
    assert recorded.index.isin(expected.index).all()
    pd.testing.assert_series_equal(recorded.reindex(expected.index).fillna(0.0), expected, check_names=False)


def test_drawn_demand_agrees_with_its_mean(default: Any) -> None:
    for name in ("demand", "demand_ahead"):
        frame = default.truth[name]
        ratio = frame["demand_units"].sum() / frame["demand_mean"].sum()
        # about 300,000 and 45,000 units in lines of unequal size: under one percent is three deviations
        assert ratio == pytest.approx(1.0, abs=0.01 if name == "demand" else 0.025)


def classes(demand: Any) -> Any:
    """Syntetos–Boylan class by product × site: ADI against 1.32, CV² of weeks with demand against 0.49."""
    units = demand.groupby(["product_id", "site_id"])["demand_units"]
    nonzero = demand[demand["demand_units"] > 0].groupby(["product_id", "site_id"])["demand_units"]
    weeks = units.size().reindex(nonzero.size().index)
    interval = weeks / nonzero.size()
    variation = nonzero.var(ddof=0) / nonzero.mean() ** 2
    names = np.array([["smooth", "erratic"], ["intermittent", "lumpy"]])
    kind = names[(interval > 1.32).astype(int), (variation > 0.49).astype(int)]
    return pd.Series(kind, index=interval.index)


def test_all_four_demand_classes_have_a_fair_share(default: Any) -> None:
    shares = classes(default.truth["demand"]).value_counts(normalize=True)
    assert set(shares.index) == {"smooth", "erratic", "intermittent", "lumpy"}
    assert shares.min() > 0.12


def test_categories_peak_at_different_times_of_the_year(default: Any) -> None:
    demand = default.truth["demand"]
    category = default.tables["products"].set_index("product_id")["category"]
    rows = demand.assign(category=demand["product_id"].map(category), month=demand["week"].dt.month)
    profile = rows.groupby(["category", "month"])["demand_mean"].mean().unstack("category")  # noqa: PD010
    peaks = profile.idxmax()
    assert peaks["Garden and outdoor"] in (4, 5, 6)
    assert peaks["Electrical and lighting"] in (11, 12, 1)
    assert peaks.nunique() >= 4
    assert (profile["Garden and outdoor"].max() / profile["Garden and outdoor"].min()) > 2


def test_promotions_lift_then_dip_and_take_from_their_family(default: Any) -> None:
    """Compared with the mean of the week before, which no effect has touched in most cases."""
    demand, truth = default.truth["demand"], default.truth["lift"]
    table = default.tables["promotions"].set_index("promotion_id")
    mean = demand.set_index(KEYS)["demand_mean"].unstack("week")  # noqa: PD010
    week = np.timedelta64(7, "D")
    lifts, dips = [], []
    for row in truth.itertuples():
        promotion = table.loc[row.promotion_id]
        if promotion["status"] != "past" or promotion["end"] + 3 * week > LAST_WEEK:
            continue
        own = mean.loc[row.product_id]
        own = (
            own
            if promotion["site_id"] is None
            else own.loc[[site for site in own.index if site == promotion["site_id"]]]
        )
        if own.empty:
            continue
        before = own[row.start - week].sum()
        lifts.append(own[row.start].sum() / before / row.lift)
        after = promotion["end"] + np.timedelta64(1, "D")
        dips.append(own[after].sum() / before / (1 - row.dip))
    assert len(lifts) > 50
    assert np.median(lifts) == pytest.approx(1.0, abs=0.05)
    assert np.median(dips) == pytest.approx(1.0, abs=0.08)


def test_promoted_weeks_sell_more_in_the_order_lines(clean_default: dict[str, Any]) -> None:
    orders = clean_default["orders"]
    promoted = orders[orders["promotion_id"].notna()]
    assert len(promoted) > 1_000
    table = clean_default["promotions"].set_index("promotion_id")
    rows = promoted.join(table[["product_id", "start", "end"]], on="promotion_id", rsuffix="_promoted")
    assert (rows["product_id"] == rows["product_id_promoted"]).all()
    assert rows["order_date"].between(rows["start"], rows["end"]).all()


def test_some_promotions_are_approved_and_some_only_planned_for_the_coming_weeks(default: Any) -> None:
    promotions = default.tables["promotions"]
    coming = promotions[promotions["start"] > LAST_WEEK]
    assert (coming["status"] == "approved").sum() >= 4
    assert (coming["status"] == "planned").sum() >= 1
    assert (promotions.loc[promotions["start"] <= LAST_WEEK, "status"] == "past").all()


def test_eight_products_are_new_eight_end_and_two_are_followed(default: Any) -> None:
    products = default.tables["products"]
    new, ending = products[products["status"] == "new"], products[products["status"] == "eol"]
    assert (len(new), len(ending)) == (8, 8)
    assert new["launch_date"].min() >= LAST_WEEK - np.timedelta64(7 * 20, "D")
    assert ending["end_date"].between("2026-09-01", "2027-02-28").all()
    assert products["successor_id"].notna().sum() == 2


def test_there_is_no_demand_before_the_launch_and_after_the_end(default: Any) -> None:
    products = default.tables["products"].set_index("product_id")
    for name in ("demand", "demand_ahead"):
        rows = default.truth[name].join(products[["launch_date", "end_date"]], on="product_id")
        assert (rows["week"] >= rows["launch_date"]).all()
        assert ((rows["week"] <= rows["end_date"]) | rows["end_date"].isna()).all()


def test_a_successor_takes_the_demand_over(default: Any) -> None:
    products = default.tables["products"].set_index("product_id")
    mean = default.truth["demand"].groupby(["product_id", "week"])["demand_mean"].sum()
    for old, new in products["successor_id"].dropna().items():
        # both are sold for two weeks; the successor starts at nine tenths
        both = pd.concat([mean[old], mean[new]], axis=1, join="inner").sum()
        assert both.iloc[1] / both.iloc[0] == pytest.approx(
            0.9, abs=0.01
        )  # means are rounded to three digits


def test_special_orders_are_few_and_large(clean_default: dict[str, Any]) -> None:
    orders = clean_default["orders"]
    special = orders[orders["order_type"] == "special"]
    assert 50 <= len(special) <= 250
    usual = orders[orders["site_id"].str.startswith("DC") & (orders["order_type"] == "stock")]
    assert special["quantity"].median() > 5 * usual["quantity"].median()
    assert (orders["order_type"] == "rush").mean() > 0.01

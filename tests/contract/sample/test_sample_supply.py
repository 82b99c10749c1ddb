"""The simulated supply: its ledger closes from the tables, and suppliers misbehave as promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract.sample.supply import serve_in_turn

WEEK = np.timedelta64(7, "D")


def _by_week(frame: Any, date: str, units: str) -> Any:
    monday = frame[date] - frame[date].dt.dayofweek.to_numpy().astype("timedelta64[D]")
    rows = frame.assign(week=monday, units=frame[units])
    return rows.groupby(["product_id", "site_id", "week"], as_index=False)["units"].sum()


def _flows(tables: dict[str, Any], truth: dict[str, Any]) -> Any:
    """Units in (+) and out (−) by product × site × week, from the tables and the truth's transfers."""
    lines = tables["orders"][["order_id", "line", "product_id", "site_id"]]
    sent = tables["shipments"].merge(
        lines, left_on=["order_id", "order_line"], right_on=["order_id", "line"], validate="many_to_one"
    )
    bought = tables["purchase_orders"][["po_id", "line", "product_id", "site_id"]]
    came = tables["receipts"].merge(
        bought, left_on=["po_id", "po_line"], right_on=["po_id", "line"], validate="many_to_one"
    )
    came = came.assign(units=came["quantity"] - came["rejected_quantity"])
    moved = truth["transfers"].assign(units=truth["transfers"]["units"].astype(float))
    away = moved.assign(site_id=moved["origin_id"], units=-moved["units"])
    parts = [
        _by_week(came, "date", "units"),
        _by_week(sent.assign(units=-sent["quantity"]), "ship_date", "units"),
        _by_week(moved, "received_week", "units"),
        _by_week(away, "sent_week", "units"),
    ]
    return pd.concat(parts)


@pytest.mark.parametrize("size", ["tiny", "default"])
def test_stock_is_stock_before_plus_receipts_and_transfers_minus_shipments(
    size: str, request: pytest.FixtureRequest
) -> None:
    """on_hand[t] = on_hand[t−1] + accepted receipts + transfers in − transfers out − shipped, every pair."""
    sample: Any = request.getfixturevalue(size)
    tables = request.getfixturevalue(f"clean_{size}")
    flows = _flows(tables, dict(sample.truth)).set_index(["product_id", "site_id", "week"])["units"]
    net = flows.groupby(level=[0, 1, 2]).sum()
    stock = tables["stock"].assign(week=tables["stock"]["date"] - np.timedelta64(6, "D"))
    stock = stock.set_index(["product_id", "site_id", "week"])["on_hand"].sort_index()
    before = stock.groupby(level=[0, 1]).shift(1)
    expected = (before + net.reindex(stock.index).fillna(0.0)).dropna()
    pd.testing.assert_series_equal(stock[expected.index], expected, check_names=False)


def test_no_stock_is_negative_and_allocated_stock_is_there(clean_default: dict[str, Any]) -> None:
    stock = clean_default["stock"]
    assert (stock[["on_hand", "allocated", "blocked", "in_transit"]] >= 0).all().all()
    assert (stock["allocated"] + stock["blocked"] <= stock["on_hand"]).all()
    assert stock.loc[stock["site_id"].str.startswith("S"), "in_transit"].gt(0).any()
    assert stock.loc[stock["site_id"].str.startswith("DC"), "in_transit"].gt(0).any()


def test_nothing_is_shipped_beyond_what_was_ordered(clean_default: dict[str, Any]) -> None:
    orders, shipments = clean_default["orders"], clean_default["shipments"]
    shipped = shipments.groupby(["order_id", "order_line"])["quantity"].sum()
    lines = orders.set_index(["order_id", "line"])
    shipped = shipped.reindex(lines.index).fillna(0.0)
    assert (shipped <= lines["quantity"]).all()
    assert (
        shipped[lines["status"] == "shipped"] == lines.loc[lines["status"] == "shipped", "quantity"]
    ).all()
    assert (shipped[lines["status"].isin(["cancelled", "open"])] == 0).all()
    assert (shipments["ship_date"] <= pd.Timestamp("2026-11-15")).all()


def test_open_lines_and_late_backorders_exist(clean_default: dict[str, Any]) -> None:
    orders, shipments = clean_default["orders"], clean_default["shipments"]
    stock_lines = orders[orders["order_type"] != "special"]
    assert set(orders["status"]) == {"open", "shipped", "cancelled", "backorder"}
    opened = stock_lines.loc[stock_lines["status"] == "open", "order_date"]
    assert opened.min() > pd.Timestamp("2026-11-09")
    sent = shipments.merge(stock_lines, left_on=["order_id", "order_line"], right_on=["order_id", "line"])
    assert (sent["ship_date"] - sent["order_date"] > WEEK).sum() > 500
    parts = shipments.groupby(["order_id", "order_line"]).size()
    assert (parts > 1).sum() > 50
    assert shipments["damaged_quantity"].gt(0).any()


def test_purchase_orders_respect_packs_and_minimum_quantities(
    clean_default: dict[str, Any],
) -> None:
    terms = clean_default["supply_terms"].query("priority == 1")
    keys = ["supplier_id", "product_id"]
    lines = clean_default["purchase_orders"].merge(
        terms[[*keys, "minimum_quantity", "order_multiple"]], on=keys
    )
    regular = lines[lines["quantity"] % lines["order_multiple"] == 0]
    # only goods bought for special orders come in odd quantities
    assert len(lines) - len(regular) <= 180
    assert (regular["quantity"] >= regular["minimum_quantity"]).mean() > 0.98


def test_open_purchase_orders_are_confirmed_or_approved(clean_default: dict[str, Any]) -> None:
    lines = clean_default["purchase_orders"]
    received = clean_default["receipts"].groupby(["po_id", "po_line"])["quantity"].sum()
    got = received.reindex(pd.MultiIndex.from_frame(lines[["po_id", "line"]])).fillna(0.0).to_numpy()
    assert ((lines["status"] == "closed") == (got >= lines["quantity"])).all()
    assert {"confirmed", "approved"} <= set(lines["status"])
    assert clean_default["receipts"]["date"].max() <= pd.Timestamp("2026-11-15")


def _delays(tables: dict[str, Any]) -> Any:
    """First receipt of each line against its due date."""
    first = tables["receipts"].groupby(["po_id", "po_line"], as_index=False)["date"].min()
    lines = tables["purchase_orders"].merge(
        first, left_on=["po_id", "line"], right_on=["po_id", "po_line"], validate="one_to_one"
    )
    return lines.assign(delay=(lines["date"] - lines["due_date"]) / np.timedelta64(1, "D"))


def test_one_supplier_is_late_and_one_drifts(clean_default: dict[str, Any]) -> None:
    delays = _delays(clean_default)
    mean = delays.groupby("supplier_id")["delay"].mean()
    assert mean["SUP2"] > mean["SUP1"] + 3
    drifting = delays[delays["supplier_id"] == "SUP4"].sort_values("order_date")["delay"]
    third = len(drifting) // 3
    assert drifting.iloc[-third:].mean() > drifting.iloc[:third].mean() + 4


def test_one_supplier_delivers_in_parts(clean_default: dict[str, Any]) -> None:
    receipts = clean_default["receipts"]
    parts = receipts.groupby(["po_id", "po_line"]).size().rename("parts").reset_index()
    lines = parts.merge(
        clean_default["purchase_orders"], left_on=["po_id", "po_line"], right_on=["po_id", "line"]
    )
    share = lines.assign(split=lines["parts"] > 1).groupby("supplier_id")["split"].mean()
    assert share["SUP3"] > 0.45
    assert share.drop("SUP3").max() < 0.15


def test_nothing_comes_from_the_supplier_that_is_shut(default: Any, clean_default: dict[str, Any]) -> None:
    shut = default.truth["lead_times"].set_index("supplier_id").loc["SUP5"]
    lines = clean_default["purchase_orders"][["po_id", "line", "supplier_id", "product_id"]]
    came = clean_default["receipts"].merge(lines, left_on=["po_id", "po_line"], right_on=["po_id", "line"])
    window = came["date"].between(shut["shut_from"], shut["shut_to"])
    weeks = came[window].groupby("supplier_id")["date"].nunique()
    assert (shut["shut_to"] - shut["shut_from"]) / WEEK > 6
    assert weeks.get("SUP5", 0) == 0
    assert weeks["SUP1"] >= 7


def test_shortages_come_from_the_policy_and_cost_a_few_percent(default: Any) -> None:
    demand = default.truth["demand"]
    wanted = demand["demand_units"].sum() + demand["campaign_units"].sum()
    assert 0.03 <= demand["lost_units"].sum() / wanted <= 0.06
    lost = demand[demand["lost_units"] > 0]
    assert (lost["in_stock_share"] < 1).all()
    assert 0.02 <= (demand["in_stock_share"] == 0).mean() <= 0.15


def test_a_stock_out_in_the_truth_is_seen_in_the_snapshots(
    default: Any, clean_default: dict[str, Any]
) -> None:
    stock = clean_default["stock"]
    closing = stock.assign(week=stock["date"] - np.timedelta64(6, "D"))
    both = default.truth["demand"].merge(closing, on=["product_id", "site_id", "week"], validate="one_to_one")
    empty = both["on_hand"] == 0
    assert both.loc[empty, "lost_units"].mean() > 5 * both.loc[~empty, "lost_units"].mean()


def test_serving_in_turn_equals_a_slow_loop() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        count = int(rng.integers(1, 30))
        pair = np.sort(rng.integers(0, 4, count))
        wanted = rng.integers(1, 9, count).astype(float)
        on_hand = rng.integers(0, 30, 4).astype(float)
        can_split = rng.random(count) < 0.5
        left, expected = on_hand.copy(), np.zeros(count)
        for line in range(count):
            have = left[pair[line]]
            if wanted[line] <= have:
                expected[line] = wanted[line]
            elif can_split[line]:
                expected[line] = have
            left[pair[line]] -= expected[line]
        np.testing.assert_array_equal(serve_in_turn(pair, wanted, on_hand, can_split), expected)

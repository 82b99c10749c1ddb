"""Dirt is little, typed, and listed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.contract.schema import contract

LAST_DAY = pd.Timestamp("2026-11-15")


def _faults(sample: Any, table: str) -> Any:
    dirt = sample.truth["dirt"]
    rows = dirt[dirt["table"] == table]
    frame = sample.tables[table].loc[rows["row"]].reset_index(drop=True)
    return frame.assign(fault=rows["fault"].to_numpy(), key=rows["key"].to_numpy())


def test_a_few_dirty_rows_of_every_kind_are_there(default: Any) -> None:
    dirt = default.truth["dirt"]
    assert 15 <= len(dirt) <= 25
    assert set(dirt["table"]) == {"orders", "stock", "customers", "shipments"}
    assert set(dirt["fault"]) == {
        "duplicate key",
        "dangling product",
        "dangling order",
        "negative quantity",
        "zero quantity",
        "impossible date",
        "impossible value",
        "discount above 1",
        "missing required value",
    }


def test_the_key_in_the_truth_is_the_key_of_the_row(default: Any) -> None:
    for table in ("orders", "shipments"):
        frame = _faults(default, table)
        names = list(contract()[table].key)
        assert (frame[names].astype(str).agg("|".join, axis=1) == frame["key"]).all()


def test_dirty_order_lines_really_break_the_contract(default: Any) -> None:
    orders = _faults(default, "orders").set_index("fault")
    products = default.tables["products"]["product_id"]
    assert not orders.loc["dangling product", "product_id"].isin(products).any()
    assert (orders.loc["negative quantity", "quantity"] < 0).all()
    assert orders.loc["zero quantity", "quantity"] == 0
    assert orders.loc["discount above 1", "discount"] > 1
    dates = orders.loc["impossible date", "order_date"]
    assert ((dates > LAST_DAY) | (dates < pd.Timestamp("1950-01-01"))).all()
    assert orders.loc["missing required value", ["site_id", "order_date"]].isna().any(axis=1).all()


def test_duplicates_repeat_a_key_that_is_there(default: Any) -> None:
    dirt = default.truth["dirt"]
    for table, row in dirt.loc[dirt["fault"] == "duplicate key", ["table", "row"]].itertuples(index=False):
        frame, names = default.tables[table], list(contract()[table].key)
        same = (frame[names] == frame.loc[row, names]).all(axis=1)
        assert same.sum() == 2
        assert not frame.loc[same].iloc[0].equals(frame.loc[same].iloc[1])


def test_clean_order_lines_are_dated_within_the_history(clean_default: dict[str, Any]) -> None:
    dates = clean_default["orders"]["order_date"]
    assert dates.min() >= pd.Timestamp("2023-11-20")
    assert dates.max() <= LAST_DAY

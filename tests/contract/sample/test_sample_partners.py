"""Partner documents agree with the books but for the faults in the truth; planners differ in quality."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract.sample.codes import with_check_digit
from helpers.contract.sample.holidays import easter

FAULTS = {
    "unit of measure",
    "pack",
    "cut-off shift",
    "duplicate document",
    "missing week",
    "wrong GTIN",
    "stale file",
}


@pytest.fixture(scope="module")
def compared(clean_default: dict[str, Any]) -> Any:
    """Each reported figure beside the one in our own books."""
    tables = clean_default
    feed = tables["partner_feed"].merge(
        tables["sites"][["gln", "site_id"]], left_on="location_gln", right_on="gln"
    )
    feed = feed.merge(tables["products"][["gtin", "product_id", "units_per_case"]], on="gtin", how="left")
    sent = tables["shipments"].merge(
        tables["orders"][["order_id", "line", "site_id", "product_id"]],
        left_on=["order_id", "order_line"],
        right_on=["order_id", "line"],
    )
    monday = sent["ship_date"] - sent["ship_date"].dt.dayofweek.to_numpy().astype("timedelta64[D]")
    keys = ["site_id", "product_id", "period_start"]
    sold = sent.assign(period_start=monday).groupby(keys, as_index=False)["quantity"].sum()
    stock = tables["stock"].assign(period_start=tables["stock"]["date"] - np.timedelta64(6, "D"))
    books = pd.concat(
        [sold.rename(columns={"quantity": "own"}).assign(measure="sold"),
         stock.rename(columns={"on_hand": "own"})[[*keys, "own"]].assign(measure="on_hand")]
    )  # fmt: skip
    rows = feed.merge(books, on=[*keys, "measure"], how="left")
    return rows.assign(own=rows["own"].fillna(0.0))


def test_every_kind_of_fault_is_in_the_feed(default: Any) -> None:
    faults = default.truth["feed_faults"]
    assert set(faults["fault"]) == FAULTS
    assert set(default.tables["partner_feed"]["document_type"]) == {"852", "SLSRPT", "INVRPT"}
    assert default.tables["partner_feed"]["partner_id"].nunique() == 2
    documents = faults["document_id"].dropna()
    assert documents.isin(default.tables["partner_feed"]["document_id"]).all()


def test_faultless_documents_agree_with_the_books(default: Any, compared: Any) -> None:
    faulty = default.truth["feed_faults"]["document_id"]
    honest = compared[~compared["document_id"].isin(faulty)]
    assert len(honest) > 1_000
    assert (honest["quantity"] == honest["own"]).all()


@pytest.mark.parametrize("fault", ["unit of measure", "pack", "cut-off shift", "stale file"])
def test_faulty_documents_disagree_with_the_books(default: Any, compared: Any, fault: str) -> None:
    faults = default.truth["feed_faults"]
    documents = faults.loc[faults["fault"] == fault, "document_id"]
    rows = compared[compared["document_id"].isin(documents)]
    assert (rows["quantity"] != rows["own"]).mean() > 0.1


def test_cases_are_told_in_one_fault_and_hidden_in_the_other(default: Any, compared: Any) -> None:
    faults = default.truth["feed_faults"].set_index("fault")["document_id"]
    for fault, uom in (("unit of measure", "case"), ("pack", "unit")):
        rows = compared[compared["document_id"] == faults[fault]]
        assert (rows["uom"] == uom).all()
        np.testing.assert_allclose(rows["quantity"] * rows["units_per_case"], rows["own"], atol=0.26)


def test_a_wrong_gtin_belongs_to_no_product(default: Any) -> None:
    feed, products = default.tables["partner_feed"], default.tables["products"]["gtin"]
    wrong = feed.loc[~feed["gtin"].isin(products), "gtin"].unique()
    assert len(wrong) == 2
    valid = [with_check_digit(code[:12]) == code for code in wrong]
    assert sorted(valid) == [False, True]
    assert all(with_check_digit(code[:12]) == code for code in products)


def test_one_week_is_missing_and_one_document_came_twice(default: Any) -> None:
    feed, faults = default.tables["partner_feed"], default.truth["feed_faults"].set_index("fault")
    missing = faults.loc["missing week"]
    own = feed[feed["partner_id"] == missing["partner_id"]]
    assert not (own["period_start"] == missing["week"]).any()
    assert own["period_start"].nunique() == 15
    twice = faults.loc["duplicate document", "document_id"]
    columns = ["location_gln", "gtin", "measure", "quantity"]
    first = feed[feed["document_id"] == twice.removesuffix("-B")][columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, feed[feed["document_id"] == twice][columns].reset_index(drop=True))


def test_one_planner_adds_value_and_one_is_biased_upwards(default: Any) -> None:
    keys = ["product_id", "site_id", "week", "author"]
    rows = default.tables["overrides"].merge(default.truth["overrides"], on=keys, validate="one_to_one")
    error = (rows["quantity"] - rows["demand_units"]).abs().groupby(rows["quality"]).sum()
    wanted = rows["demand_units"].groupby(rows["quality"]).sum()
    naive = (rows["demand_mean"] - rows["demand_units"]).abs().groupby(rows["quality"]).sum()
    bias = (rows["quantity"] - rows["demand_units"]).groupby(rows["quality"]).sum() / wanted
    assert error["adds value"] < 0.7 * naive["adds value"]
    assert error["biased upwards"] > naive["biased upwards"]
    assert bias["biased upwards"] > 0.2
    assert abs(bias["adds value"]) < 0.1


def test_overrides_reach_into_the_coming_weeks_and_were_made_before(default: Any) -> None:
    overrides = default.tables["overrides"]
    assert overrides["week"].gt("2026-11-15").any()
    assert (overrides["made_on"] < overrides["week"]).all()
    assert overrides["made_on"].max() <= pd.Timestamp("2026-11-15")


@pytest.mark.parametrize(
    ("year", "day"), [(2023, "04-09"), (2024, "03-31"), (2025, "04-20"), (2026, "04-05"), (2027, "03-28")]
)
def test_easter_falls_on_the_published_day(year: int, day: str) -> None:
    assert easter(year) == np.datetime64(f"{year}-{day}")


def test_check_digit_agrees_with_the_example_of_gs1() -> None:
    assert with_check_digit("629104150021") == "6291041500213"

"""Purchases and campaign history of a shop that can be added up by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from helpers.contract import Case, load_case
from helpers.customers.history import FEATURES, OUTCOMES, read_history
from helpers.customers.purchases import read_purchases

DAYS = {
    "1": "2025-06-02",  # C1 buys a drill, long before
    "2": "2026-01-05",  # C1 buys a saw before the first campaign
    "3": "2026-02-03",  # C1, treated, buys the drill that is offered
    "4": "2026-02-20",  # C1 buys a saw after the window
    "5": "2026-02-04",  # C2, held out, buys the drill too
    "6": "2026-02-05",  # C3, treated, orders the drill and cancels
    "7": "2026-04-02",  # C2, treated in the second campaign, buys a saw: the category is offered
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["A", "B"],
                "name": ["Drill", "Saw"],
                "category": ["Power", "Hand"],
                "unit_cost": [10.0, 4.0],
                "list_price": [20.0, 6.0],
            }
        ),
        "sites": pd.DataFrame({"site_id": ["S1"], "name": ["Main street"], "kind": ["store"]}),
        "customers": pd.DataFrame(
            {
                "customer_id": ["C1", "C2", "C3"],
                "segment": ["trade", "home", None],
                "created": ["2025-05-01"] * 3,
            }
        ),
        "orders": pd.DataFrame(
            {
                "order_id": list(DAYS),
                "line": 1,
                "order_date": list(DAYS.values()),
                "customer_id": ["C1", "C1", "C1", "C1", "C2", "C3", "C2"],
                "site_id": "S1",
                "product_id": ["A", "B", "A", "B", "A", "A", "B"],
                "quantity": [1, 2, 1, 1, 2, 1, 3],
                "unit_price": [20.0, 6.0, 20.0, 6.0, 20.0, 20.0, 6.0],
                "discount": [0.0, 0.0, 0.1, 0.0, 0.0, 0.1, 0.0],
                "status": ["shipped"] * 5 + ["cancelled", "shipped"],
            }
        ),
        "campaigns": pd.DataFrame(
            {
                "campaign_id": ["K1", "K2", "K3"],
                "name": ["Drills", "Hand tools", "Drills again"],
                "channel": ["email", "phone", "email"],
                "start": ["2026-02-02", "2026-03-30", "2026-05-04"],
                "end": ["2026-02-15", "2026-04-12", "2026-05-17"],
                "cost_per_contact": [0.1, 3.0, 0.1],
                "offer_product_id": ["A", None, "A"],
                "offer_category": [None, "Hand", None],
                "offer_discount": [0.1, 0.0, 0.1],
                "treatment_probability": [0.5, 0.5, 0.5],
                "status": ["past", "past", "planned"],
            }
        ),
        "contacts": pd.DataFrame(
            {
                "campaign_id": ["K1", "K1", "K1", "K2", "K2"],
                "customer_id": ["C1", "C2", "C3", "C1", "C2"],
                "arm": ["treated", "control", "treated", "control", "treated"],
                "sent": [True, False, True, False, True],
                "responded": [True, False, True, False, True],
            }
        ),
    }


def load(tables: dict[str, pd.DataFrame], folder: Path) -> Case:
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return load_case(str(folder))


@pytest.fixture(scope="module")
def shop(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Case:
    return load(tables, tmp_path_factory.mktemp("shop"))


def in_campaign(rows: pd.DataFrame, campaign: str, customer: str) -> pd.Series:
    found = rows[(rows["campaign_id"] == campaign) & (rows["customer_id"] == customer)]
    assert len(found) == 1
    return found.iloc[0]


def test_an_order_has_its_money_and_a_cancelled_one_is_none(shop: Case) -> None:
    orders = read_purchases(shop).orders.set_index("order_id").to_dict("index")
    assert "6" not in orders
    assert orders["3"]["revenue"] == pytest.approx(18.0)
    assert orders["3"]["margin"] == pytest.approx(8.0)
    assert (orders["5"]["lines"], orders["5"]["units"], orders["5"]["margin"]) == (1, 2.0, 20.0)


def test_purchases_end_with_the_day_asked(shop: Case) -> None:
    purchases = read_purchases(shop, dt.date(2026, 2, 3))
    assert sorted(purchases.orders["order_id"]) == ["1", "2", "3"]
    assert purchases.has_margin
    assert not purchases.notes


def with_costs(tables: dict[str, pd.DataFrame], costs: list[float]) -> dict[str, pd.DataFrame]:
    return tables | {"products": tables["products"].assign(unit_cost=costs)}


def test_without_costs_money_is_revenue_and_a_note_says_so(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    purchases = read_purchases(load(with_costs(tables, [float("nan")] * 2), tmp_path))
    assert purchases.money_word == "revenue"
    assert purchases.orders["margin"].tolist() == purchases.orders["revenue"].tolist()
    assert "unit_cost" in purchases.notes[0]


def test_a_line_without_a_cost_has_the_mean_margin_rate_of_the_others(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    purchases = read_purchases(load(with_costs(tables, [10.0, float("nan")]), tmp_path))
    orders = purchases.orders.set_index("order_id")
    rate = (20 + 18 + 40 - 4 * 10) / (20 + 18 + 40)
    assert orders.loc["4", "margin"] == pytest.approx(6 * rate)
    assert "mean margin rate" in purchases.notes[0]


def test_both_arms_are_read_from_orders_not_from_the_mailing_system(shop: Case) -> None:
    past = read_history(shop).past
    assert in_campaign(past, "K1", "C1")["bought"]
    assert in_campaign(past, "K1", "C2")["bought"], "a held-out buyer whom the system does not mark"
    assert not in_campaign(past, "K1", "C3")["bought"], "the order was cancelled"


def test_outcomes_are_those_of_the_window_and_the_weeks_behind_it(shop: Case) -> None:
    row = in_campaign(read_history(shop).past, "K1", "C1")
    assert row["offer_margin"] == pytest.approx(8.0)
    assert row["margin"] == pytest.approx(8.0 + 2.0)
    shorter = read_history(shop, after_days=2).past
    assert in_campaign(shorter, "K1", "C1")["margin"] == pytest.approx(8.0)


def test_features_know_nothing_of_the_campaign_or_later(shop: Case) -> None:
    row = in_campaign(read_history(shop).past, "K1", "C1")
    assert row["orders_before"] == 2
    assert row["margin_before"] == pytest.approx(10 + 4)
    assert row["offer_orders_before"] == 1
    assert row["days_since_last_order"] == 28
    assert row["tenure_days"] == (dt.date(2026, 2, 2) - dt.date(2025, 5, 1)).days
    assert row["treated_before"] == row["held_out_before"] == 0


def test_earlier_campaigns_are_remembered_by_arm(shop: Case) -> None:
    history = read_history(shop)
    first = in_campaign(history.past, "K2", "C1")
    assert first[["treated_before", "bought_when_treated", "held_out_before"]].tolist() == [1, 1, 0]
    assert first["days_since_last_contact"] == (dt.date(2026, 3, 30) - dt.date(2026, 2, 2)).days
    planned = in_campaign(history.planned, "K3", "C2")
    assert planned[["treated_before", "bought_when_treated"]].tolist() == [1, 1]
    assert planned[["held_out_before", "bought_when_held_out"]].tolist() == [1, 1]


def test_every_customer_is_in_every_planned_campaign_without_an_outcome(shop: Case) -> None:
    planned = read_history(shop).planned
    assert sorted(planned["customer_id"]) == ["C1", "C2", "C3"]
    assert set(FEATURES) <= set(planned.columns)
    assert not {"treated", *OUTCOMES} & set(planned.columns)


def test_an_unfinished_campaign_says_so(shop: Case) -> None:
    history = read_history(shop, dt.date(2026, 2, 10))
    assert not history.past["is_complete"].any()
    assert len(history.past) == 3


def test_on_an_earlier_day_a_later_campaign_is_still_planned(shop: Case) -> None:
    history = read_history(shop, dt.date(2026, 3, 1))
    assert history.past["campaign_id"].unique().tolist() == ["K1"]
    assert history.planned["campaign_id"].unique().tolist() == ["K2", "K3"]
    assert in_campaign(history.planned, "K2", "C1")["bought_when_treated"] == 1


def test_the_order_of_rows_does_not_matter(shop: Case, tables: dict[str, pd.DataFrame]) -> None:
    turned = shop.replace(orders=shop.table("orders").iloc[::-1], contacts=shop.table("contacts").iloc[::-1])
    keys = ["campaign_id", "customer_id"]
    one, other = (read_history(case).past.sort_values(keys, ignore_index=True) for case in (shop, turned))
    pd.testing.assert_frame_equal(one, other)


def test_a_case_without_campaigns_has_a_history_without_rows(company_folder: Path) -> None:
    history = read_history(load_case(str(company_folder)))
    assert history.past.empty
    assert history.planned.empty
    assert set(FEATURES) | set(OUTCOMES) <= set(history.past.columns)

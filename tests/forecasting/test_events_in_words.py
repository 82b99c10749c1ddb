"""Sentences about events say what the crafted tables say, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting import Forecast, say_changes, say_coming, say_planned, say_repair
from helpers.forecasting.review import percent

NOTHING = "Nothing is known to change in the weeks ahead."


def coming(forecast: Forecast, *rows: tuple[str, str]) -> Forecast:
    return replace(forecast, coming=pd.DataFrame(list(rows), columns=["kind", "product_id"]))


def planned(forecast: Forecast, **margins: tuple[float, float]) -> Forecast:
    rows = [(name, (low + high) / 2, low, high) for name, (low, high) in margins.items()]
    table = pd.DataFrame(rows, columns=["promotion_id", "margin", "low_margin", "high_margin"])
    return replace(forecast, planned=table)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], NOTHING),
        ([("promotion", "P1")], "Already in the forecast: 1 promotion."),
        ([("promotion", "P1"), ("promotion", "P1")], "Already in the forecast: 2 promotions."),
        (
            [("end", "P1"), ("launch", "P2"), ("launch", "P3")],
            "Already in the forecast: 2 new products and 1 product that ends.",
        ),
        (
            [("override", "P1"), ("override", "P1")],
            "Already in the forecast: 1 product changed by a planner.",
        ),
        (
            [("promotion", "P1"), ("end", "P1"), ("end", "P2"), ("override", "P1"), ("override", "P2")],
            "Already in the forecast: 1 promotion, 2 products that end and 2 products changed by planners.",
        ),
    ],
)
def test_events_ahead_are_counted(shop_forecast: Forecast, rows: Any, said: str) -> None:
    assert say_coming(coming(shop_forecast, *rows)) == said


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"A": (1.0, 5.0)}, "A would win margin."),
        ({"A": (-5.0, -1.0), "B": (1.0, 2.0)}, "B would win margin; A would lose margin."),
        ({"A": (1.0, 2.0), "B": (1.0, 2.0), "C": (1.0, 3.0)}, "A, B and C would win margin."),
        ({"A": (-1.0, 2.0)}, "for 1 of 1 it cannot be told."),
        ({"A": (np.nan, np.nan), "B": (1.0, 2.0)}, "B would win margin; for 1 of 2 it cannot be told."),
    ],
)
def test_plans_win_or_lose_only_where_their_whole_interval_does(
    shop_forecast: Forecast, margins: Any, said: str
) -> None:
    assert say_planned(planned(shop_forecast, **margins)) == (
        f"Not in the forecast, because only planned: {said}"
    )


def test_no_plan_is_said_as_such(shop_forecast: Forecast) -> None:
    assert say_planned(planned(shop_forecast)) == "No promotion is planned that is not decided yet."


def changes(*rows: tuple[str, str, float, float, float, str]) -> pd.DataFrame:
    columns = ["product_id", "site_id", "before_units", "now_units", "money", "cause"]
    return pd.DataFrame(list(rows), columns=columns)


def test_changes_name_the_cause_with_most_money_and_the_first_row(shop_forecast: Forecast) -> None:
    table = changes(
        ("P1", "A", 1_000.0, 2_000.0, 50.0, "method"),
        ("P2", "A", 10.0, 20.0, 40.0, "new demand"),
        ("P3", "B", 10.0, 20.0, 30.0, "new demand"),
    )
    assert say_changes(replace(shop_forecast, changes=table)) == (
        "3 product × site pairs moved by more than a twentieth since a week ago. The main cause by money is: "
        "demand outside its interval. The first is P1 at A, from 1,000 to 2,000 units."
    )


def test_one_change_is_one_pair(shop_forecast: Forecast) -> None:
    said = say_changes(replace(shop_forecast, changes=changes(("P1", "A", 1.0, 2.0, 5.0, "level"))))
    assert said.startswith("1 product × site pair moved")


def test_changes_without_money_do_not_speak_of_money(shop_forecast: Forecast) -> None:
    table = changes(
        ("P1", "A", 1.0, 2.0, 0.0, "method"),
        ("P2", "A", 1.0, 9.0, 0.0, "new demand"),
        ("P3", "A", 1.0, 2.0, 0.0, "new demand"),
    )
    said = say_changes(replace(shop_forecast, changes=table))
    assert "money" not in said
    assert "The main cause is: demand outside its interval." in said


def test_without_changes_none_is_claimed(shop_forecast: Forecast) -> None:
    said = say_changes(replace(shop_forecast, changes=changes()))
    assert said == "No forecast moved by more than a twentieth within a week."


def repair(recorded: float, wanted: float, low: float, high: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimate": ["as recorded", "in-stock weeks only", "censored model"],
            "units": [recorded, recorded, wanted],
            "low": [np.nan, np.nan, low],
            "high": [np.nan, np.nan, high],
        }
    )


def test_lost_demand_is_a_share_of_what_was_recorded(shop_forecast: Forecast) -> None:
    said = say_repair(replace(shop_forecast, repair=repair(1_000.0, 1_050.0, 1_020.0, 1_080.0)))
    assert f"{percent(0.05, 1)} more than the orders show" in said
    assert f"interval 2.0 to {percent(0.08, 1)}" in said


@pytest.mark.parametrize(("recorded", "wanted"), [(1_000.0, 1_000.0), (0.0, 0.0)])
def test_nothing_lost_is_said_as_such(shop_forecast: Forecast, recorded: float, wanted: float) -> None:
    said = say_repair(replace(shop_forecast, repair=repair(recorded, wanted, recorded, wanted)))
    assert said == "No demand is known to have been lost to empty shelves."

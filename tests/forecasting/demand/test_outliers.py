"""One-off order lines: found where they are strange, left where demand is lumpy; and returns by rule."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.order_lines import HistoryRules
from helpers.forecasting.demand.outliers import OutlierRule
from helpers.forecasting.settings import ForecastSettings

PLAIN = ForecastSettings()


def lines(small: ModuleType, demand: Any, **tables: pd.DataFrame) -> Any:
    orders = small.order_lines({("P", "A"): list(demand)})
    return small.TinyCase({"orders": orders, **tables}, small.last_sunday(len(demand)))


def test_one_huge_line_is_kept_apart_listed_and_told(small: ModuleType) -> None:
    demand = np.tile([2.0, 3.0, 4.0, 5.0], 15)
    demand[30] = 400.0
    history = read_history(lines(small, demand), PLAIN)
    assert history.demand[0, 30] == 0
    assert history.apart[0, 30] == 400
    assert history.outliers["units"].tolist() == [400]
    assert history.outliers["usual"].tolist() == [3.5]
    assert "1 one-off order lines (400 units)" in " ".join(history.notes)
    assert len(history.until(30).outliers) == 0
    kept = HistoryRules(outliers=OutlierRule(chance=0))
    assert read_history(lines(small, demand), PLAIN, kept).demand[0, 30] == 400


def test_upper_tail_of_lumpy_demand_stays(small: ModuleType) -> None:
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        sizes = 1 + rng.negative_binomial(0.45, 0.45 / (0.45 + 5), 120)
        found += len(read_history(lines(small, sizes), PLAIN).outliers)
    assert found == 0


def test_rule_refuses_what_is_no_share() -> None:
    with pytest.raises(ParameterError, match="chance"):
        OutlierRule(chance=2)


def test_returns_count_only_where_a_rule_says_so(small: ModuleType) -> None:
    returns = pd.DataFrame(
        {
            "return_id": ["B1", "B2"],
            "order_id": ["O0", "O1"],
            "product_id": "P",
            "quantity": [2.0, 1.0],
            "date": [pd.Timestamp(small.last_sunday(3))] * 2,
            "reason": ["damaged", "wrong order"],
        }
    )
    case = lines(small, [5.0, 6.0, 7.0], returns=returns)
    plain = read_history(case, PLAIN)
    assert plain.demand.tolist() == [[5, 6, 7]]
    assert "2 returns (3 units) do not reduce demand" in " ".join(plain.notes)
    undone = read_history(case, PLAIN, HistoryRules(never_wanted=("wrong order",)))
    assert undone.demand.tolist() == [[5, 5, 7]]
    assert "1 returns (1 units) were never wanted" in " ".join(undone.notes)


def test_supply_is_opening_stock_and_what_came_in(small: ModuleType) -> None:
    sundays = [pd.Timestamp(small.last_sunday(week)) for week in range(1, 5)]
    stock = pd.DataFrame({"date": sundays, "site_id": "A", "product_id": "P", "on_hand": [5.0, 0, 4, 3]})
    history = read_history(lines(small, [1.0, 5.0, 1.0, 1.0], stock=stock), PLAIN)
    assert history.supply is not None
    assert history.left is not None
    # Opened with 5; with 0, then 5 came in (4 left, 1 sold); with 4.
    assert history.supply[0, 1:].tolist() == [5, 5, 4]
    assert history.left[0, 1:].tolist() == [0, 4, 3]
    assert np.isinf(history.supply[0, 0])

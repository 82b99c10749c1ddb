"""A new product is expected to sell like its predecessor or its kind, until its own weeks say more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import NEVER, History
from helpers.forecasting.demand.launches import SUCCESSOR_PRECISION, launch_levels
from helpers.forecasting.demand.lives import NOBODY, Lives

WEEKS = 60


def history_of(demand: dict[tuple[str, str], Floats]) -> History:
    """A history of one category from rows of demand, NaN before the start."""
    keys = pd.DataFrame(list(demand), columns=["product_id", "site_id"]).assign(category="C", unit_value=1.0)
    grid = np.array(list(demand.values()))
    known = np.isfinite(grid)
    return History(
        keys=keys,
        weeks=pd.date_range("2024-01-01", periods=WEEKS, freq="7D"),
        demand=grid,
        stockout=np.zeros(grid.shape, dtype=bool),
        apart=np.zeros(grid.shape),
        cancelled=np.zeros(grid.shape),
        start=np.where(known.any(axis=1), known.argmax(axis=1), WEEKS),
        end=np.full(len(keys), NEVER),
        notes=(),
    )


def steady(level: float) -> Floats:
    return np.full(WEEKS, level, dtype=np.float64)


def young(weeks: int, level: float) -> Floats:
    return np.concatenate([np.full(WEEKS - weeks, np.nan), np.full(weeks, level, dtype=np.float64)])


def levels(demand: dict[tuple[str, str], Floats], follows: dict[int, int] | None = None) -> Floats:
    history = history_of(demand)
    predecessor = np.full(len(demand), NOBODY)
    for row, before in (follows or {}).items():
        predecessor[row] = before
    lives = Lives(np.full(len(demand), -NEVER), predecessor, np.zeros(len(demand), dtype=bool))
    new = np.isfinite(history.demand).sum(axis=1) < 26
    shape = np.ones((len(demand), WEEKS))
    return launch_levels(history, lives, shape, np.ones(len(demand)), new)


KIND = {("P1", "A"): steady(8), ("P2", "A"): steady(12), ("P1", "B"): steady(2), ("P2", "B"): steady(4)}


def test_product_without_any_week_is_expected_to_sell_like_the_mean_of_its_kind_at_the_site() -> None:
    found = levels({**KIND, ("N", "A"): young(0, 0), ("N", "B"): young(0, 0)})
    assert np.isnan(found[:4]).all()
    assert found[4:].tolist() == [10, 3]


def test_successor_without_any_week_is_expected_to_sell_like_its_predecessor() -> None:
    found = levels({**KIND, ("N", "A"): young(0, 0)}, follows={4: 1})
    assert found[4] == 12


def test_successor_moves_to_its_own_sales_by_the_rule_of_the_docstring() -> None:
    found = levels({**KIND, ("N", "A"): young(4, 20)}, follows={4: 1})
    units, expected = 80, 48
    product = (SUCCESSOR_PRECISION + units) / (SUCCESSOR_PRECISION + expected)
    settled = history_of(KIND).demand.mean(axis=1)
    of_product = {"P1": 10 / 13, "P2": 16 / 13}
    ratios = settled / np.array([10, 10, 3, 3]) / np.array([of_product["P1"], of_product["P2"]] * 2)
    within = np.clip(1 / (np.var(ratios) / np.mean(ratios) ** 2), 0.3, 50)
    site = (within + units) / (within + expected * product)
    assert np.isclose(found[4], 12 * product * site)


def test_many_weeks_outweigh_the_kind() -> None:
    found = levels({**KIND, ("N", "A"): young(25, 40)})
    assert 38 < found[4] < 40


def test_good_sales_at_one_site_raise_the_other_site() -> None:
    both = {**KIND, ("N", "A"): young(10, 40), ("N", "B"): young(0, 0)}
    assert levels(both)[5] > 3 * 2


def test_overdispersed_weeks_weigh_less() -> None:
    history = history_of({**KIND, ("N", "A"): young(4, 40)})
    lives = Lives(np.full(5, -NEVER), np.full(5, NOBODY), np.zeros(5, dtype=bool))
    new = np.array([False] * 4 + [True])
    calm, wild = (
        launch_levels(history, lives, np.ones((5, WEEKS)), np.full(5, phi), new)[4] for phi in (1.0, 20.0)
    )
    assert 10 < wild < calm < 40

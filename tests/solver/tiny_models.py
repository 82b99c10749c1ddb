"""Models small enough to be checked by hand, and random ones to compare ways of solving."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.solver import Model, Variables, at_least, at_most, equals
from helpers.solver.flat import FlatModel, compress_rows


def shelf(*, integer: bool = False, space: float = 60.0) -> Model:
    """Margin 28 on chairs of 2 m³, 10 on lamps of 1 m³, at most 20 chairs: 560 + 20 × 10 = 760."""
    model = Model("shelf", maximise=True)
    goods = pd.DataFrame({"product": ["chair", "lamp"]})
    sell = model.add_variables("sell", goods, upper=1000.0, integer=integer)
    model.add_rows(
        "space", None, sell * [2.0, 1.0], at_most(space, unit="m³", words="DC-North stores {limit} {unit}")
    )
    model.add_rows("demand", goods.iloc[:1], sell.where([True, False]), at_most(20.0, unit="units"))
    model.add_objective("margin", sell * [28.0, 10.0])
    return model


def two_weeks(volume: float = 1.0) -> tuple[Model, Variables, Variables]:
    """Two products over three weeks: stock + order − demand, storage in each week."""
    keys = pd.DataFrame(
        {"product": ["SKU-7"] * 3 + ["SKU_7"] * 3, "week": [1, 2, 3] * 2, "demand": [5.0, 5, 20, 2, 2, 2]}
    )
    index = keys[["product", "week"]]
    model = Model("orders")
    order = model.add_variables("order", index, upper=20.0)
    stock = model.add_variables("stock", index, upper=100.0)
    last_week = stock.relabel(week=stock.keys["week"] + 1)
    model.add_rows("flow balance", index, last_week + order - stock, equals(keys["demand"]))
    weeks = pd.DataFrame({"week": [1, 2, 3]})
    model.add_rows("storage", weeks, stock * volume, at_most(10.0, unit="m³"))
    model.add_rows("supplier", weeks, order, at_most(14.0, unit="units"))
    model.add_objective("purchase", order * np.tile([1.0, 2.0, 3.0], 2))
    model.add_objective("holding", stock * 0.5)
    return model, order, stock


def random_flat(seed: int, *, integers: bool, maximise: bool) -> FlatModel:
    """All three kinds of rows, free, one-sided, fixed and integer columns, an offset; never infeasible."""
    rng = np.random.default_rng(seed)
    n, m = 12, 9
    row, column = np.nonzero(rng.random((m, n)) < 0.5)
    value = rng.integers(-4, 6, len(row)).astype(float)
    lower = rng.choice(np.array([0.0, -5.0, -30.0]), n)
    upper = rng.choice(np.array([4.0, 25.0, 60.0]), n)
    lower[0], upper[0], upper[2] = -np.inf, np.inf, np.inf
    lower[1] = upper[1] = 2.0
    inside = np.clip(rng.integers(-5, 5, n).astype(float), lower, upper)
    activity = np.bincount(row, weights=value * inside[column], minlength=m)
    kind = rng.integers(0, 3, m)
    # Rows of their own hold the columns that have no bound, so that nothing runs away.
    row, column, value = (
        np.append(row, [m, m + 1, m + 2]),
        np.append(column, [0, 0, 2]),
        np.append(value, [1.0] * 3),
    )
    starts, columns, values = compress_rows(row, column, value, (m + 3, n))
    return FlatModel(
        cost=rng.integers(-9, 10, n).astype(float),
        lower=lower,
        upper=upper,
        integer=(rng.random(n) < 0.5) & integers,
        row_lower=np.append(np.where(kind == 0, -np.inf, activity), [-40.0, -np.inf, -np.inf]),
        row_upper=np.append(np.where(kind == 1, np.inf, activity), [np.inf, 40.0, 70.0]),
        starts=starts,
        columns=columns,
        coefficients=values,
        offset=17.5,
        maximise=maximise,
    )


def clashing() -> Model:
    """100 promised, 80 fit: room costs 2 a m³, a promise 9 a unit, so 20 m³ more for 40."""
    model = Model("week 3")
    sites = pd.DataFrame({"site": ["DC-North", "DC-South"]})
    buy = model.add_variables("buy", sites, upper=1000.0)
    storage = at_most([80.0, 500.0], unit="m³", relax_cost=2.0, words="{site} stores at most {limit} {unit}")
    model.add_rows("storage", sites, buy, storage)
    model.add_rows("promised", sites, buy, at_least([100.0, 50.0], unit="units", relax_cost=9.0))
    model.add_objective("purchase", buy * 3.0)
    return model


ARRAYS = (
    *("cost", "lower", "upper", "integer", "row_lower", "row_upper"),
    *("starts", "columns", "coefficients"),
)


def assert_same(one: FlatModel, other: FlatModel) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.offset, one.maximise) == (other.offset, other.maximise)

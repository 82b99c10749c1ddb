"""What a simulation of stock needs to know: demand by path, stock, open orders, lead times, terms, costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.simulation.echelons import Rows, find_wrong_source


@dataclass(frozen=True, eq=False)
class Costs:
    """Money per series; each one number, or one per series.

    Parameters
    ----------
    unit_cost
        c, money per unit: what stock is valued at.
    holding_cost
        h, money per unit on hand at the end of a week.
    fixed_cost
        K, money per order.
    stockout_cost
        p, money per unit not served at once, lost or not.
    """

    unit_cost: ArrayLike
    holding_cost: ArrayLike = 0.0
    fixed_cost: ArrayLike = 0.0
    stockout_cost: ArrayLike = 0.0


@dataclass(frozen=True, eq=False)
class SimulationCase:
    """n product × site series over P paths of T weeks.

    Parameters
    ----------
    keys
        One row per series; its columns come back in the result.
    demand
        Units wanted, n × P × T: sampled futures, or history with P = 1.
    lead_times
        L, whole weeks. One number; one per series; samples n × k, of which each order draws its own; or
        n × P × T, the lead time of an order of that path placed in that week (for suppliers that are late
        together, and for history). An order of week t arrives at the start of week t + L.
    opening_stock
        Units on hand at the start, less what is owed; one or n.
    open_orders
        Units already ordered that arrive at the start of each week, n × any number of weeks. What arrives
        beyond T counts as on order.
    order_weeks
        Whether a series may be ordered in a week (see `order_calendar`); None = in every week. T or n × T.
    minimum_quantity, order_multiple
        Units; orders are raised to the former, then rounded up to the latter (0 = any quantity). One or n.
    lost_share
        θ, share of the units not served at once that is lost; the rest is back-ordered. One or n.
    sales_before
        Units sold in the weeks before the start, n × any number, for rules that look back; of a series
        that supplies others, what it sent them as well.
    source
        Row of the series that supplies each one (the warehouse of a store), −1 = an outside supplier; n.
        None = all from outside. Lead times, open orders and terms of a series with a source are those of
        the transfers to it.
    costs
        Money; None = tables in units only.
    warm_up
        First weeks that are simulated and not counted.
    """

    keys: pd.DataFrame
    demand: ArrayLike
    lead_times: ArrayLike
    opening_stock: ArrayLike = 0.0
    open_orders: ArrayLike | None = None
    order_weeks: ArrayLike | None = None
    minimum_quantity: ArrayLike = 0.0
    order_multiple: ArrayLike = 0.0
    lost_share: ArrayLike = 0.0
    sales_before: ArrayLike | None = None
    source: ArrayLike | None = None
    costs: Costs | None = None
    warm_up: int = 0


@dataclass(frozen=True, eq=False)
class CaseArrays:
    """A checked case: everything repeated to one row per series."""

    demand: NDArray[Any]
    lead_times: NDArray[np.int64]
    opening_stock: Floats
    open_orders: Floats
    order_weeks: NDArray[np.bool_]
    minimum_quantity: Floats
    order_multiple: Floats
    lost_share: Floats
    sales_before: Floats
    costs: dict[str, Floats]
    warm_up: int
    source: Rows | None
    whole: bool
    """Whether all demand is in whole units; not asked where there is no source."""

    def at(self, part: slice | Rows) -> CaseArrays:
        """Only these series, each with its own row."""
        return CaseArrays(
            demand=self.demand[part],
            lead_times=self.lead_times[part],
            opening_stock=self.opening_stock[part],
            open_orders=self.open_orders[part],
            order_weeks=self.order_weeks[part],
            minimum_quantity=self.minimum_quantity[part],
            order_multiple=self.order_multiple[part],
            lost_share=self.lost_share[part],
            sales_before=self.sales_before[part],
            costs={name: cost[part] for name, cost in self.costs.items()},
            warm_up=self.warm_up,
            source=self.source,
            whole=self.whole,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Series, paths, weeks."""
        return self.demand.shape[0], self.demand.shape[1], self.demand.shape[2]


def order_calendar(review_period: ArrayLike, weeks: int, first: ArrayLike = 0) -> NDArray[np.bool_]:
    """Return in which weeks each series may be ordered.

    Parameters
    ----------
    review_period
        R, whole weeks of 1 or more; one or one per series.
    weeks
        T.
    first
        First order week; one or one per series.

    Examples
    --------
    >>> order_calendar([1, 3], 4, first=[0, 1]).astype(int).tolist()
    [[1, 1, 1, 1], [0, 1, 0, 0]]
    """
    period, start = np.broadcast_arrays(np.atleast_1d(review_period), np.atleast_1d(first))
    findings = find_wrong("positive", {"review_period": period}) + find_wrong(
        "not negative", {"first": start}
    )
    if (period % 1 != 0).any() or (start % 1 != 0).any():
        findings.append("'review_period' and 'first' must be whole weeks. Round them.")
    refuse("order_calendar", findings)
    since = np.arange(weeks) - start[:, None]
    return np.asarray((since >= 0) & (since % period[:, None] == 0))


def read_case(case: SimulationCase) -> CaseArrays:
    """Check a case, all findings at once, and return it as arrays."""
    demand = np.asarray(case.demand)
    if demand.ndim != 3 or not demand.size:
        refuse("simulate", [f"'demand' has the shape {demand.shape}. Give series × paths × weeks."])
    series, paths, weeks = demand.shape
    found = _Findings(series)
    found.check_demand(case, demand)
    per_series = {
        name: found.repeat(name, getattr(case, name))
        for name in ("opening_stock", "minimum_quantity", "order_multiple", "lost_share")
    }
    costs = (
        {name: found.repeat(name, value) for name, value in vars(case.costs).items()} if case.costs else {}
    )
    lead_times = found.lead_times(case.lead_times, paths, weeks)
    by_week = {name: found.by_week(name, getattr(case, name)) for name in ("open_orders", "sales_before")}
    calendar = True if case.order_weeks is None else np.asarray(case.order_weeks, dtype=bool)
    if np.shape(calendar) not in {(), (weeks,), (1, weeks), (series, weeks)}:
        found.add(f"'order_weeks' has the shape {np.shape(calendar)}. Give {weeks} weeks, or series × weeks.")
    checked = {name: values for name, values in per_series.items() if name != "opening_stock"}
    found.all += find_wrong("not negative", {**checked, **costs, **by_week})
    found.check_shares(per_series["lost_share"], case.warm_up, weeks)
    source = found.source(case.source)
    refuse("simulate", found.all)
    return CaseArrays(
        demand=demand,
        lead_times=lead_times.astype("int64"),
        order_weeks=np.broadcast_to(calendar, (series, weeks)),
        costs=costs,
        warm_up=case.warm_up,
        source=source,
        whole=source is not None and bool((demand % 1 == 0).all()),
        **per_series,
        **by_week,
    )


class _Findings:
    """Collects what is wrong while the arguments are repeated to one row per series."""

    def __init__(self, series: int) -> None:
        self.series = series
        self.all: list[str] = []

    def add(self, finding: str) -> None:
        self.all.append(finding)

    def check_demand(self, case: SimulationCase, demand: NDArray[Any]) -> None:
        if len(case.keys) != self.series:
            self.add(f"'keys' has {len(case.keys)} rows for {self.series} series. Give one row per series.")
        lowest, highest = float(demand.min()), float(demand.max())
        if not (np.isfinite(lowest) and np.isfinite(highest) and lowest >= 0):
            self.add("'demand' has empty or negative values. Give units of 0 or more.")

    def repeat(self, name: str, value: ArrayLike) -> Floats:
        array = np.asarray(value, dtype="float64")
        if array.shape not in {(), (1,), (self.series,)}:
            self.add(
                f"'{name}' has the shape {array.shape}. Give one number, or one per series ({self.series})."
            )
            return np.zeros(self.series)
        if not np.isfinite(array).all():
            self.add(f"'{name}' has empty or infinite values. Fill them in.")
        return np.broadcast_to(array, (self.series,)).copy()

    def by_week(self, name: str, value: ArrayLike | None) -> Floats:
        array = np.zeros((self.series, 0)) if value is None else np.asarray(value, dtype="float64")
        if array.ndim != 2 or len(array) != self.series:
            self.add(f"'{name}' has the shape {array.shape}. Give {self.series} series × weeks.")
            return np.zeros((self.series, 0))
        return array

    def lead_times(self, value: ArrayLike, paths: int, weeks: int) -> Floats:
        array = np.asarray(value, dtype="float64")
        if array.ndim < 2:
            array = self.repeat("lead_times", array)[:, None]
        if array.shape != (self.series, paths, weeks) and (
            array.ndim != 2 or len(array) != self.series or not array.size
        ):
            self.add(
                f"'lead_times' has the shape {array.shape}. Give one per series, series × samples, "
                f"or {(self.series, paths, weeks)}."
            )
            return np.zeros((self.series, 1))
        if not ((array >= 0) & (array % 1 == 0)).all():  # also where it is empty
            self.add(
                "'lead_times' must be whole weeks of 0 or more. Round them, as the receipts are counted."
            )
            return np.zeros((self.series, 1))
        return array

    def source(self, value: ArrayLike | None) -> Rows | None:
        if value is None:
            return None
        array = np.asarray(value)
        if array.shape != (self.series,) or array.dtype.kind not in "iu":
            self.add(
                f"'source' has the shape {array.shape} and type {array.dtype}. "
                f"Give one whole number per series ({self.series})."
            )
            return None
        rows = array.astype("int64")
        self.all += find_wrong_source(rows)
        return rows if (rows >= 0).any() else None

    def check_shares(self, lost_share: Floats, warm_up: int, weeks: int) -> None:
        if (lost_share > 1).any():
            self.add(f"'lost_share' is {lost_share.max():g}. Give a share between 0 and 1.")
        if not 0 <= warm_up < weeks:
            self.add(f"'warm_up' is {warm_up} of {weeks} weeks. Leave at least one week to count.")

"""The recommended levels: when to order each pair, and up to what, for a fill rate or by money.

Reviewed every R weeks, with L the sampled whole weeks of the lead time and D the sampled demand:

    r_t   reorder point of week t:   P( D[t, t + L + R) ≤ r ) = p ÷ (p + h τ)
    Q     order quantity:            √(2 K λ ÷ h), raised to minimum and pack, at most `slow_weeks` of demand
    τ     weeks between orders:      max(R, Q ÷ λ)

p is the cost of a unit short, λ mean weekly demand. For a target fill rate, p is θ times the cost of a unit
short, with one θ per ABC class and echelon: the least at which the class as a whole reaches its target. So
within a class service goes where it costs least, which needs less stock than the same target for each pair.

Stores come first: their levels give what they call from their warehouse (`call_off`), and so the warehouse's
demand. A store's lead time is a week longer with the chance that its warehouse is to be out of stock.

Source: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains (4th ed.), sections
6.7–6.9 (cost per unit short, aggregate service); `policies/service.py` for the promise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook
from helpers.inventory.policies.lead_time_demand import SampledDemand
from helpers.inventory.policies.service import Exposure, ServicePolicy, fill_rate_of, service_of
from helpers.inventory.run_dry import play_without_orders, promise_without_orders
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.offers import PAIR

CLASSES = ("A", "B", "C")
DIAL = (1e-4, 1e6)  # θ is looked for between these
HALVINGS = 40
LOOKS = 3  # weeks of the horizon at which the promise is taken


@dataclass(frozen=True, eq=False)
class Policy:
    """Levels per pair and week, with what they promise.

    Parameters
    ----------
    table
        product_id, site_id, abc, echelon (`store`: replenished from another site; `warehouse`: bought),
        demand (mean units a week, calls of stores included), order_quantity, reorder_point,
        order_up_to_level (units, of week 0), safety_stock, cycle_service_level, fill_rate (0–1, promised),
        expected_on_hand (units), expected_value (money), expected_short (units a week), dial (θ). Where the
        only supplier is closed, the last four but θ are what stock and open orders serve (`run_dry.py`).
    reorder_points
        r, pairs × weeks, units; `order_quantities`, Q, pairs, units.
    demand
        Sampled demand met at each pair, calls of stores included, pairs × paths × weeks.
    promise
        echelon, abc, target (NaN where economic), fill_rate (promised), stock_value, dial: of the levels,
        with all their suppliers open.
    """

    table: pd.DataFrame
    reorder_points: Floats
    order_quantities: Floats
    demand: NDArray[np.float32]
    promise: pd.DataFrame

    @property
    def order_up_to_levels(self) -> Floats:
        """Return r + Q, pairs × weeks, units."""
        return np.asarray(self.reorder_points + self.order_quantities[:, None])


def recommend_policy(outlook: Outlook, settings: InventorySettings, *, dial: float | None = None) -> Policy:
    """Return levels for every pair and week of the outlook.

    Parameters
    ----------
    outlook
        Pairs, lead times and demand.
    settings
        Aim, targets and costs.
    dial
        θ for all, in place of the aim: what a unit short costs as a multiple of `stockout_cost`.

    Examples
    --------
    >>> recommend_policy(outlook, InventorySettings()).promise           # doctest: +SKIP
    """
    lane = outlook.source >= 0
    demand = outlook.own_demand.copy()
    stores = _set_levels(outlook, demand, np.flatnonzero(lane), settings, dial)
    for row, calls in zip(stores.rows, stores.calls(outlook), strict=True):
        demand[outlook.source[row]] += calls
    warehouses = _set_levels(outlook, demand, np.flatnonzero(~lane), settings, dial)
    parts = [stores, warehouses]
    order = np.argsort(np.concatenate([part.rows for part in parts]))
    table = pd.concat([part.table for part in parts], ignore_index=True).iloc[order].reset_index(drop=True)
    points = np.vstack([part.points for part in parts])[order]
    quantities = np.concatenate([part.quantity for part in parts])[order]
    if outlook.cut_off.any():
        played = play_without_orders(outlook, points, quantities, settings)
        table = promise_without_orders(table, played, outlook.pairs["unit_cost"].to_numpy())
    return Policy(
        table=table,
        reorder_points=points,
        order_quantities=quantities,
        demand=demand,
        promise=pd.concat([part.promise for part in parts], ignore_index=True),
    )


def demand_between(cumulated: Floats, start: int, span: NDArray[np.int64]) -> Floats:
    """Return demand of `span` whole weeks from week `start` on; a path goes on with its mean behind its end.

    Parameters
    ----------
    cumulated
        Demand before each week, pairs × paths × (weeks + 1).
    span
        Whole weeks, pairs × paths.
    """
    weeks = cumulated.shape[2] - 1
    end = start + span
    inside = np.minimum(end, weeks)
    first = cumulated[:, :, min(start, weeks)]
    last = at_weeks(cumulated, inside)
    beyond = end - np.maximum(inside, start)
    return np.asarray(last - first + beyond * cumulated[:, :, -1] / weeks)


def cumulate(demand: NDArray[np.float32] | Floats) -> Floats:
    """Demand before each week, pairs × paths × (weeks + 1)."""
    start = np.zeros((*demand.shape[:2], 1))
    return np.concatenate([start, np.cumsum(demand, axis=2, dtype="float64")], axis=2)


def at_weeks(cumulated: Floats, week: NDArray[np.int64]) -> Floats:
    """Return the entry of a week of each pair and path; weeks are pairs × paths, or pairs × 1."""
    pairs, paths, many = cumulated.shape
    line = np.arange(pairs * paths).reshape(pairs, paths) * many
    return np.asarray(cumulated.reshape(-1).take(line + week))


def call_off(cumulated: Floats, position: Floats, levels: Floats) -> Floats:
    """Return what stores call in each week, pairs × paths × weeks: C_w − C_{w−1} of `outlook.py`.

    Parameters
    ----------
    cumulated
        D, demand before each week, pairs × paths × (weeks + 1).
    position
        x, units per pair.
    levels
        S, pairs × weeks, units.
    """
    wanted = np.maximum(levels[:, None, :] + cumulated[:, :, :-1] - position[:, None, None], 0.0)
    called = np.maximum.accumulate(wanted, axis=2)
    return np.asarray(np.diff(called, axis=2, prepend=0.0))


@dataclass(frozen=True, eq=False)
class _Echelon:
    """Levels of the pairs of one echelon."""

    rows: NDArray[np.int64]
    cumulated: Floats
    points: Floats
    quantity: Floats
    table: pd.DataFrame
    promise: pd.DataFrame

    def calls(self, outlook: Outlook) -> NDArray[np.float32]:
        """What these pairs call from the site above."""
        position = outlook.pairs["inventory_position"].to_numpy()[self.rows]
        levels = self.points + self.quantity[:, None]
        return call_off(self.cumulated, position, levels).astype("float32")


def _set_levels(
    outlook: Outlook,
    demand: NDArray[np.float32],
    rows: NDArray[np.int64],
    settings: InventorySettings,
    dial: float | None,
) -> _Echelon:
    """Levels of these pairs: quantities, then θ per class, then a reorder point per week."""
    pairs = outlook.pairs.iloc[rows].reset_index(drop=True)
    cumulated = cumulate(demand[rows])
    problem = _Problem(pairs, cumulated, _lead_times(outlook, rows, settings), settings)
    theta, promise = _find_dials(problem, dial)
    points = np.stack([problem.points(theta, week) for week in range(cumulated.shape[2] - 1)], axis=1)
    now = problem.promise(points[:, 0], 0)
    table = pairs[[*PAIR, "abc"]].assign(
        echelon=np.where(pairs["is_lane"], "store", "warehouse"),
        demand=problem.rate,
        order_quantity=problem.quantity,
        reorder_point=points[:, 0],
        order_up_to_level=points[:, 0] + problem.quantity,
        safety_stock=now.safety_stock,
        cycle_service_level=now.cycle_service_level,
        fill_rate=now.fill_rate,
        expected_on_hand=now.expected_on_hand,
        expected_value=now.expected_on_hand * pairs["unit_cost"],
        expected_short=(1 - now.fill_rate) * problem.rate,
        dial=theta,
    )
    return _Echelon(rows, cumulated, points, problem.quantity, table, promise)


def _lead_times(outlook: Outlook, rows: NDArray[np.int64], settings: InventorySettings) -> NDArray[np.int64]:
    """Weeks to wait; a store waits a week more as often as its warehouse is to be out of stock."""
    times = outlook.lead_times[rows]
    source = outlook.source[rows]
    if settings.aim == "economic" or not (source >= 0).any():
        return times
    senders = outlook.pairs["abc"].to_numpy()[np.maximum(source, 0)]
    out = np.array([1 - settings.target(abc) for abc in senders])
    drawn = np.random.default_rng((settings.seed, 1)).random(times.shape)
    return np.asarray(times + (drawn < np.where(source >= 0, out, 0.0)[:, None]))


class _Problem:
    """One echelon's pairs: reorder points at a dial, and what they promise."""

    def __init__(
        self,
        pairs: pd.DataFrame,
        cumulated: Floats,
        lead_times: NDArray[np.int64],
        settings: InventorySettings,
    ) -> None:
        self.pairs, self.settings = pairs, settings
        self.cumulated, self.lead_times = cumulated, lead_times
        weeks = cumulated.shape[2] - 1
        self.rate = cumulated[:, :, -1].mean(axis=1) / weeks
        self.holding = np.maximum(pairs["holding_cost"].to_numpy(), 1e-9)
        self.quantity = _order_quantities(pairs, self.rate, self.holding, settings)
        self.cycle = np.maximum(
            settings.review_period, self.quantity / np.where(self.rate > 0, self.rate, np.inf)
        )
        self._exposures: dict[int, Exposure] = {}
        self._protections: dict[int, SampledDemand] = {}
        self._fills: dict[int, list[tuple[Floats, Floats]]] = {}

    def exposure(self, week: int) -> Exposure:
        """Demand over the lead time, and until the next review has arrived."""
        if week not in self._exposures:
            over_lead_time = demand_between(self.cumulated, week, self.lead_times)
            self._exposures[week] = Exposure(self._samples(over_lead_time), self.protection(week))
        return self._exposures[week]

    def protection(self, week: int) -> SampledDemand:
        """Demand until the next review has arrived."""
        if week not in self._protections:
            reach = self.lead_times + self.settings.review_period
            self._protections[week] = self._samples(demand_between(self.cumulated, week, reach))
        return self._protections[week]

    def _samples(self, units: Floats) -> SampledDemand:
        """Demand in whole units, as it is met; as it is where packs are not whole either."""
        whole = bool((self.quantity % 1 == 0).all())
        return SampledDemand(np.rint(units) if whole else units, whole=whole)

    def points(self, theta: Floats, week: int) -> Floats:
        """Reorder points of a week, whole units."""
        short = theta * np.maximum(self.pairs["stockout_cost"].to_numpy(), 1e-9)
        ratio = short / (short + self.holding * self.cycle)
        return np.ceil(self.protection(week).quantile(ratio) - 1e-9) + 0.0  # no −0

    def promise(self, points: Floats, week: int) -> ServicePolicy:
        """What reorder points of a week promise."""
        return service_of(self.exposure(week), points, self.quantity)

    @property
    def looks(self) -> list[int]:
        """Weeks at which the promise of the whole horizon is taken."""
        weeks = self.cumulated.shape[2] - 1
        return sorted({look * weeks // LOOKS for look in range(LOOKS)})

    def fill_rate(self, theta: Floats) -> Floats:
        """Promised fill rate per pair, over the horizon."""
        return np.asarray(
            np.mean([self._fill(self.points(theta, week), week) for week in self.looks], axis=0)
        )

    def _fill(self, points: Floats, week: int) -> Floats:
        """Promised fill rate of a week; dials nearby share most points, so each is computed once."""
        found = np.full(len(points), np.nan)
        for known, fill in self._fills.setdefault(week, []):
            np.copyto(found, fill, where=points == known)
        new = np.flatnonzero(np.isnan(found))
        if len(new):
            found[new] = fill_rate_of(self.exposure(week).at(new), points[new], self.quantity[new])
        self._fills[week].append((points, found))
        return found

    def fill_and_value(self, theta: Floats) -> tuple[Floats, Floats]:
        """Promised fill rate and stock value per pair, over the horizon."""
        found = [self.promise(self.points(theta, week), week) for week in self.looks]
        value = np.mean([look.expected_on_hand for look in found], axis=0) * self.pairs["unit_cost"]
        return np.mean([look.fill_rate for look in found], axis=0), np.asarray(value)


def _order_quantities(
    pairs: pd.DataFrame, rate: Floats, holding: Floats, settings: InventorySettings
) -> Floats:
    """Q: the economic lot in whole packs; where goods come from an own site, a pack (none where any goes)."""
    multiple, least = pairs["order_multiple"].to_numpy(), pairs["minimum_quantity"].to_numpy()
    economic = np.sqrt(2 * settings.line_cost * rate / holding)
    wanted = np.minimum(economic, settings.slow_weeks * rate)
    packed = np.ceil(np.maximum(wanted, least) / multiple - 1e-9) * multiple
    sent = np.where((multiple > 1) | (least > 1), np.maximum(multiple, least), 0.0)
    found = np.where(pairs["is_lane"], sent, packed)
    return np.asarray(np.where(rate > 0, found, 0.0))  # what nobody wants is not ordered


def _find_dials(problem: _Problem, dial: float | None) -> tuple[Floats, pd.DataFrame]:
    """θ per pair and the promise per class."""
    settings, abc = problem.settings, problem.pairs["abc"].to_numpy()
    fixed = dial if dial is not None else (1.0 if settings.aim == "economic" else None)
    wanted = np.array([np.nan if fixed is not None else settings.target(name) for name in CLASSES])
    codes = np.searchsorted(CLASSES, abc)

    def served(by_class: Floats) -> Floats:
        fill = problem.fill_rate(by_class[codes])
        return _ratio(_by_class(codes, fill * problem.rate), _by_class(codes, problem.rate))

    by_class = np.full(len(CLASSES), fixed) if fixed is not None else bisect_dials(served, wanted)
    theta = by_class[codes]
    fill, value = problem.fill_and_value(theta)
    promise = pd.DataFrame(
        {
            "echelon": np.where(problem.pairs["is_lane"].any(), "store", "warehouse"),
            "abc": CLASSES,
            "pairs": np.bincount(codes, minlength=len(CLASSES)),
            "demand": _by_class(codes, problem.rate),
            "target": wanted,
            "fill_rate": _ratio(_by_class(codes, fill * problem.rate), _by_class(codes, problem.rate)),
            "stock_value": _by_class(codes, value),
            "dial": by_class,
        }
    )
    return theta, promise[promise["pairs"] > 0]


def bisect_dials(served: Callable[[Floats], Floats], wanted: Floats) -> Floats:
    """Return per class the least dial at which `served` reaches what is wanted."""
    low, high = np.full(len(wanted), np.log(DIAL[0])), np.full(len(wanted), np.log(DIAL[1]))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = served(np.exp(middle)) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        if (high - low).max() < 1e-4:
            break
    return np.exp(high)


def _by_class(codes: NDArray[np.int64], values: Floats) -> Floats:
    return np.bincount(codes, weights=values, minlength=len(CLASSES)).astype("float64")


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.ones_like(above), where=below > 0)

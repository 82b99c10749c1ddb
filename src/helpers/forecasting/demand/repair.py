"""Demand that was wanted, where sales were limited by what could be served.

    D ~ NB(mean μ = level · shape, variance μ + φ μ²)          what customers wanted in the week
    E[y | C] = μ − θ E[(D − C)+]                               what was recorded of it
    C = max(A − k, 0)        A: supply of the week (`supply.py`), k: a part of the usual order line

C is the point from which the next line can no longer be served: a line of ten does not leave a stock
of three. θ is the share of the demand beyond C that leaves no order line (the rest is back-ordered,
and stands in the orders). A is settled before the customers come, so θ is found by weighted least
squares of y on μ and E[(D − C)+], site by site, drawn towards all sites; where everything that ran
short is back-ordered, θ comes out near zero and nothing is added. The level is a local mean
(`level.py`) with exposure shape · E[y | C] / μ; level, φ and θ are found in turns until they stand
(an EM of the same fixed point, as in Conrad (1976), "Sales data and the estimation of demand",
Operational Research Quarterly 27, 123-127, and Nahmias (1994), Naval Research Logistics 41, 739-757).

A week is *short* where it was left with no more than k. Only short weeks are repaired:

    repaired[s, t] = y + θ E[(D − C)+] / P(D ≥ C) · a

with a the one factor that makes the units added equal those of the model over all weeks.

The three estimates stand side by side: as recorded; mean of the weeks that were neither opened nor
closed empty (low, because such weeks sold little: that is why they did not run out); this model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.level import LEAST_MEAN, local_level, scatter

BANDWIDTH = 9.0  # weeks; half a quarter either side follows a drifting level
LINE_SHARE = 0.5  # k in units of the usual line (mean size of the line that a unit is ordered in)
TURNS = 6
LEAST_RECORDED = 0.05
LEAST_CHANCE = 0.02
AMPLE = 2.5  # supply in units of the mean from which a week tells about scatter
RESAMPLES = 200
MOST_LOST = 1.0


@dataclass(frozen=True, eq=False)
class RepairedHistory:
    """A history with its short weeks repaired, and the three estimates beside each other.

    Parameters
    ----------
    history
        As given, with `demand` repaired and `recorded` as it was.
    repaired
        Series × weeks, whether units were added.
    series
        One row per series: product_id, site_id, weeks, short_weeks, recorded, in_stock, censored (units
        over the series' weeks), added_units.
    total
        One row per estimate: estimate, units, ratio to recorded, low, high (90 % interval of the
        units, of the censored model only).
    lost_share
        One row per site: site_id, lost_share (θ).
    mean
        Series × weeks, μ.
    """

    history: History
    repaired: NDArray[np.bool_]
    series: pd.DataFrame
    total: pd.DataFrame
    lost_share: pd.DataFrame
    mean: Floats


@dataclass(frozen=True, eq=False)
class _Fit:
    mean: Floats
    scatter: Floats
    beyond: Floats
    lost_share: Floats


def repair_in_passes(
    history: History, shape_of: Callable[[History], Floats], passes: int = 3
) -> RepairedHistory:
    """Repair, learn season and promotions again from the repaired demand, and repair once more.

    Stock runs out where season and promotions peak, so what they were learned from was cut there.

    Parameters
    ----------
    shape_of
        Returns the shape (series × weeks, or more) learned from a history.
    """
    repaired = repair_history(history, shape_of(history))
    for _ in range(passes - 1):
        repaired = repair_history(history, shape_of(repaired.history))
    return repaired


def repair_history(history: History, shape: Floats) -> RepairedHistory:
    """Return the history with the demand of short weeks estimated.

    Parameters
    ----------
    history
        Its `recorded` demand is used if it was repaired before.
    shape
        Series × weeks (or more): season × promotion × life.
    """
    recorded = history.demand if history.recorded is None else history.recorded
    alive = np.isfinite(recorded)
    short = _short(history)
    # A line that was cancelled while stock was short was wanted: it is part of what is known.
    demand = np.where(alive, recorded + np.where(short, history.cancelled, 0.0), 0.0)
    shape = np.where(alive, shape[:, : history.length], 0.0)
    limit = _limits(history, demand)
    reachable = alive & np.isfinite(limit) & (shape > 0)
    if not reachable.any():
        return _result(history, recorded, np.zeros(demand.shape), demand, np.zeros(len(demand)), (1.0, 1.0))
    site = np.unique(history.keys["site_id"].to_numpy(), return_inverse=True)[1]
    fit = _fit(demand, shape, limit, reachable, site)
    expected = fit.lost_share[:, None] * fit.beyond
    added = demand - np.where(alive, recorded, 0.0) + _added(fit, limit, short & reachable, expected)
    spread = _interval(history, demand, fit, reachable)
    return _result(history, recorded, added, fit.mean, fit.lost_share, spread)


def _limits(history: History, demand: Floats) -> Floats:
    """C: units from which the next line could not be served; infinite where supply is unknown."""
    if history.supply is None:
        return np.full(demand.shape, np.inf)
    return np.maximum(history.supply - _line_part(history)[:, None], 0.0)


def _line_part(history: History) -> Floats:
    """Return k of each series: a part of the size of the line that a unit is ordered in."""
    units = np.nansum(history.demand if history.recorded is None else history.recorded, axis=1)
    squares = units if history.line_squares is None else history.line_squares.sum(axis=1)
    return LINE_SHARE * np.where(units > 0, squares / np.where(units > 0, units, 1.0), 1.0)


def _short(history: History) -> NDArray[np.bool_]:
    """Weeks that were left with no more than k: the next usual line could not be served in full."""
    if history.left is None:
        return np.zeros(history.demand.shape, dtype=bool)
    short: NDArray[np.bool_] = history.left <= _line_part(history)[:, None]
    return short


def _fit(
    demand: Floats, shape: Floats, limit: Floats, reachable: NDArray[np.bool_], site: NDArray[np.int64]
) -> _Fit:
    share, lost = np.ones(demand.shape), np.zeros(len(demand))
    for _ in range(TURNS):
        level = local_level(demand, shape * share, BANDWIDTH)
        mean = np.maximum(level * shape, LEAST_MEAN)
        ample = (shape > 0) & (limit > AMPLE * mean)
        phi = scatter(demand, mean, ample)
        beyond = np.zeros(demand.shape)
        cells = np.nonzero(reachable & (limit < mean + 5 * np.sqrt(mean * (1 + phi[:, None] * mean)) + 2))
        beyond[cells] = units_beyond(limit[cells], mean[cells], 1 / phi[cells[0]])
        lost = _lost_share(demand, mean, phi, beyond, reachable, site)[site]
        share = np.clip(1 - lost[:, None] * beyond / mean, LEAST_RECORDED, 1.0)
    return _Fit(mean, phi, beyond, lost)


def units_beyond(limit: Floats, mean: Floats, shape: Floats) -> Floats:
    """Return E[(D − C)+] of a negative binomial with mean μ and shape r = 1/φ.

    E[D; D ≥ C] = μ P(D' ≥ C − 1), D' negative binomial with shape r + 1 and the same odds;
    E[(D − C)+] = μ P(D' ≥ C) − C P(D ≥ C + 1), for C between whole numbers by continuation.
    """
    odds = mean / (shape + mean)
    beyond = mean * chance_of(limit, shape + 1, odds) - limit * chance_of(limit + 1, shape, odds)
    return np.maximum(beyond, 0.0)


def chance_of(units: Floats, shape: Floats, odds: Floats) -> Floats:
    """Return P(D ≥ units) of a negative binomial: the incomplete beta function I(odds; units, r)."""
    from scipy.special import betainc

    chance: Floats = np.where(units <= 0, 1.0, betainc(np.maximum(units, 1e-9), shape, odds))
    return chance


def _lost_share(
    demand: Floats,
    mean: Floats,
    phi: Floats,
    beyond: Floats,
    reachable: NDArray[np.bool_],
    site: NDArray[np.int64],
) -> Floats:
    """θ of each site: weighted least squares of y on μ and −E[(D − C)+], drawn towards all sites."""
    weight = reachable / (mean * (1 + phi[:, None] * mean))
    sums = _normal_sums(demand, mean, beyond, weight)
    by_site = np.column_stack([np.bincount(site, weights=column) for column in sums.T])
    theta, variance = _solve(by_site)
    common, common_variance = (float(value[0]) for value in _solve(by_site.sum(axis=0, keepdims=True)))
    known = np.isfinite(variance)
    if not known.any() or not np.isfinite(common_variance):
        return np.zeros(len(by_site))
    between = max(float(np.mean((theta - common)[known] ** 2 - variance[known])), 0.0)
    trust = np.where(known, between / np.maximum(between + np.where(known, variance, 1.0), 1e-12), 0.0)
    return np.clip(common + trust * (np.where(known, theta, common) - common), 0.0, MOST_LOST)


def _normal_sums(demand: Floats, mean: Floats, beyond: Floats, weight: Floats) -> Floats:
    """Sums per series of w μ², w μ e, w e², w μ y, w e y."""
    products = (mean * mean, mean * beyond, beyond * beyond, mean * demand, beyond * demand)
    return np.column_stack([(weight * product).sum(axis=1) for product in products])


def _solve(sums: Floats) -> tuple[Floats, Floats]:
    """θ = −b2/b1 of y = b1 μ + b2 e, and its variance; variance infinite where nothing ran short."""
    mm, me, ee, my, ey = sums.T
    rest = mm * ee - me * me
    known = rest > 1e-9 * np.maximum(mm * ee, 1e-12)
    rest = np.where(known, rest, 1.0)
    first, second = (ee * my - me * ey) / rest, (mm * ey - me * my) / rest
    known &= first > 0
    theta = np.where(known, -second / np.where(known, first, 1.0), 0.0)
    return theta, np.where(known, mm / rest, np.inf)


def _added(fit: _Fit, limit: Floats, short: NDArray[np.bool_], expected: Floats) -> Floats:
    """Units added to the short weeks, as many in all as the model expects over all weeks."""
    shape = 1 / fit.scatter[np.nonzero(short)[0]]
    mean = fit.mean[short]
    chance = chance_of(limit[short], shape, mean / (shape + mean))
    added = np.zeros(limit.shape)
    added[short] = expected[short] / np.maximum(chance, LEAST_CHANCE)
    total = added.sum()
    return added * (expected.sum() / total) if total > 0 else added


def _interval(
    history: History, demand: Floats, fit: _Fit, reachable: NDArray[np.bool_]
) -> tuple[float, float]:
    """90 % interval of censored ÷ recorded units, by resampling products (θ found anew each time)."""
    products, product = np.unique(history.keys["product_id"].to_numpy(), return_inverse=True)
    weight = reachable / (fit.mean * (1 + fit.scatter[:, None] * fit.mean))
    sums = _normal_sums(demand, fit.mean, fit.beyond, weight)
    drawn = np.random.default_rng(0).multinomial(
        len(products), np.full(len(products), 1 / len(products)), RESAMPLES
    )[:, product]
    units, beyond = demand.sum(axis=1), fit.beyond.sum(axis=1)
    theta_all = np.column_stack([_solve(drawn @ sums)[0]]).clip(0, MOST_LOST)[:, 0]
    common = _solve(sums.sum(axis=0, keepdims=True))[0].clip(0, MOST_LOST)[0]
    relative = np.where(common > 0, theta_all / max(common, 1e-9), 1.0)
    added = relative * (drawn @ (fit.lost_share * beyond))
    recorded = np.nansum(history.demand if history.recorded is None else history.recorded, axis=1)
    ratio = (drawn @ units + added) / np.maximum(drawn @ recorded, 1e-9)
    low, high = np.quantile(ratio, [0.05, 0.95])
    return float(low), float(high)


def _result(
    history: History,
    recorded: Floats,
    added: Floats,
    mean: Floats,
    lost_share: Floats,
    spread: tuple[float, float],
) -> RepairedHistory:
    alive = np.isfinite(recorded)
    repaired = alive & (added > 0)
    demand = np.where(alive, recorded + added, np.nan)
    whole = replace(history, demand=demand, recorded=recorded, repaired=repaired)
    series = _series_table(history, recorded, added, repaired)
    units = float(series["recorded"].sum())
    total = pd.DataFrame(
        {
            "estimate": ["as recorded", "in-stock weeks only", "censored model"],
            "units": [units, float(series["in_stock"].sum()), float(series["censored"].sum())],
            "low": [np.nan, np.nan, units * spread[0]],
            "high": [np.nan, np.nan, units * spread[1]],
        }
    )
    total.insert(2, "ratio", total["units"] / units if units > 0 else np.nan)
    sites = pd.DataFrame({"site_id": history.keys["site_id"], "lost_share": lost_share})
    sites = sites.drop_duplicates("site_id").sort_values("site_id").reset_index(drop=True)
    return RepairedHistory(whole, repaired, series, total, sites, mean)


def _series_table(
    history: History, recorded: Floats, added: Floats, repaired: NDArray[np.bool_]
) -> pd.DataFrame:
    alive = np.isfinite(recorded)
    weeks = alive.sum(axis=1)
    units = np.where(alive, recorded, 0.0)
    seen = alive & ~history.stockout
    in_stock = np.where(seen, units, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1) * weeks
    in_stock = np.where(seen.any(axis=1), in_stock, units.sum(axis=1))
    return history.keys[["product_id", "site_id"]].assign(
        weeks=weeks,
        short_weeks=repaired.sum(axis=1),
        recorded=units.sum(axis=1),
        in_stock=in_stock,
        censored=units.sum(axis=1) + added.sum(axis=1),
        added_units=added.sum(axis=1),
    )

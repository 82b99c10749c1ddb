"""Forecasts that agree at every level: product × site, product, category, site and total.

With b the product × site means and S the rows of ones and zeros that sum them to every node,

    y* = S b*      b* = argmin (y - S b)' W^-1 (y - S b), then max(0, b*)
    W  = wls_struct   number of members of each node
         wls_var      v, the variance of each node's errors in the back-test
         mint_shrink  their covariance, shrunk towards its diagonal
         bottom_up    only b is believed: b* = b
    v_n = (sum e_n^2 + K phi_l m_n) / (points + K)        phi_l = sum e^2 / sum m over level l

where y holds the forecasts made at each node by itself, e its errors and m its mean forecast. A
node's own forecast is made on its level, demand ÷ shape, as for a single series:

    shape_gt = sum over members on sale of w_s shape_st / sum over members of w_s
    w_s = demand / shape over the last year

so a member that is not on sale yet counts as missing, not as a loss of demand. Nodes with one
member, or with the members of another node, are left out: they say nothing new. Sums are made
from b* at last, so that levels agree to rounding. Sites cross products, so the hierarchy is
grouped; categories nest.

Source: Wickramasuriya, Athanasopoulos and Hyndman (2019), JASA 114(526), 804-819. Solved by
hierarchicalforecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.methods import run_methods

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rule = Literal["bottom_up", "wls_struct", "wls_var", "mint_shrink"]
RULES: tuple[Rule, ...] = ("bottom_up", "wls_struct", "wls_var", "mint_shrink")
LEVELS = {"product": "product_id", "category": "category", "site": "site_id", "total": ""}
GROUP_METHODS = ("ets", "window_26")
WEIGHT_WEEKS = 52
FEWEST_ON_SALE = 0.25  # share of a node's weight that must be on sale for a week to count
PRIOR_POINTS = 13.0
MOST_PRODUCTS = 5_000  # beyond, product nodes are left out: their forecasts cost more than they can give
MOST_DENSE = 2_000  # nodes of which mint_shrink can hold a covariance
LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The nodes above product × site.

    Parameters
    ----------
    level, name
        Of each node: a key of `LEVELS`, and the product, category or site ("all" for the total).
    members
        Nodes × series, ones and zeros.
    notes
        What was left out.
    """

    level: NDArray[np.str_]
    name: NDArray[np.object_]
    members: csr_matrix
    notes: tuple[str, ...] = ()

    @property
    def nodes(self) -> int:
        """Number of nodes above product × site."""
        return len(self.level)

    @property
    def all_levels(self) -> NDArray[np.str_]:
        """Level of every node, then of every series."""
        return np.concatenate([self.level, np.full(self.members.shape[1], "product × site")])


@dataclass(frozen=True, eq=False)
class NodeErrors:
    """Errors and forecasts of one back-test window, nodes first and then series, × horizon.

    NaN where nothing could be scored.
    """

    error: Floats
    mean: Floats


@dataclass(frozen=True, eq=False)
class Reconciled:
    """Coherent means: `bottom` series × horizon, at least 0, and `upper` nodes × horizon, its sums."""

    bottom: Floats
    upper: Floats
    rule: Rule


def build_hierarchy(keys: pd.DataFrame, most_products: int = MOST_PRODUCTS) -> Hierarchy:
    """Return the nodes above product × site.

    Parameters
    ----------
    keys
        One row per series: product_id, category, site_id.
    most_products
        With more products than this the level product is left out.
    """
    from scipy import sparse

    levels, names, columns = [], [], []
    notes: tuple[str, ...] = ()
    for level, column in LEVELS.items():
        labels = keys[column].to_numpy() if column else np.full(len(keys), "all", dtype=object)
        found, codes = np.unique(labels, return_inverse=True)
        if level == "product" and len(found) > most_products:
            notes = (f"{len(found):,} products: above {most_products:,} their own level is not reconciled.",)
            continue
        levels.append(np.full(len(found), level))
        names.append(found)
        columns.append(sparse.csr_matrix((np.ones(len(keys)), (codes, np.arange(len(keys))))))
    level_names, node_names = np.concatenate(levels), np.concatenate(names).astype(object)
    members = sparse.csr_matrix(sparse.vstack(columns))
    kept = _tells_something_new(members)
    return Hierarchy(level_names[kept], node_names[kept], members[kept], notes)


def group_shapes(hierarchy: Hierarchy, demand: Floats, shape: Floats, on_sale: NDArray[np.bool_]) -> Floats:
    """Return the shape of every node, nodes × (weeks + horizon).

    Parameters
    ----------
    demand
        Series × weeks, NaN outside a series' life.
    shape
        Series × (weeks + horizon), the product of all known factors.
    on_sale
        Series; the others count neither now nor before.
    """
    weeks = demand.shape[1]
    weight = np.where(on_sale, _recent_level(demand, shape), 0.0)
    alive = np.concatenate(
        [np.isfinite(demand), np.ones((len(demand), shape.shape[1] - weeks), bool)], axis=1
    )
    total = hierarchy.members @ weight
    summed = hierarchy.members @ (weight[:, None] * np.where(alive, shape, 0.0))
    found: Floats = summed / np.where(total > 0, total, 1.0)[:, None]
    return found


def forecast_groups(
    hierarchy: Hierarchy,
    demand: Floats,
    shape: Floats,
    on_sale: NDArray[np.bool_],
    horizon: int,
    *,
    methods: Sequence[str] = GROUP_METHODS,
    n_jobs: int = 1,
) -> Floats:
    """Return each node's own forecast, nodes × horizon: the median of `methods` on its level × its shape."""
    weeks = demand.shape[1]
    shapes = group_shapes(hierarchy, demand, shape, on_sale)
    summed = hierarchy.members @ np.where(np.isfinite(demand) & on_sale[:, None], demand, 0.0)
    usable = shapes[:, :weeks] > FEWEST_ON_SALE * np.median(shapes, axis=1, keepdims=True)
    usable = np.logical_and.accumulate(usable[:, ::-1], axis=1)[:, ::-1]
    level = np.where(usable, summed / np.where(usable, shapes[:, :weeks], 1.0), np.nan)
    found = run_methods(level, methods, horizon, 1, n_jobs)
    median: Floats = np.median(list(found.values()), axis=0)
    return median * shapes[:, weeks:]


def node_errors(hierarchy: Hierarchy, actual: Floats, bottom: Floats, upper: Floats) -> NodeErrors:
    """Return the errors of one back-test window at every node, from the actuals of the series.

    Parameters
    ----------
    actual, bottom
        Series × horizon, NaN where a series was not forecast or has no actual.
    upper
        Nodes × horizon: the nodes' own forecasts.
    """
    scored = np.isfinite(actual) & np.isfinite(bottom)
    counted = hierarchy.members @ scored.astype("float64") > 0
    summed = hierarchy.members @ np.where(scored, actual, 0.0)
    error = np.concatenate(
        [np.where(counted, upper - summed, np.nan), np.where(scored, bottom - actual, np.nan)]
    )
    mean = np.concatenate([np.where(counted, upper, np.nan), np.where(scored, bottom, np.nan)])
    return NodeErrors(error, mean)


def error_variances(hierarchy: Hierarchy, windows: Sequence[NodeErrors]) -> Floats:
    """Return v of every node and then of every series, drawn towards its level's variance ÷ mean."""
    error = np.concatenate([window.error for window in windows], axis=1)
    mean = np.concatenate([window.mean for window in windows], axis=1)
    squares, points = np.nansum(error**2, axis=1), np.isfinite(error).sum(axis=1)
    typical = np.nansum(mean, axis=1) / np.maximum(points, 1)
    levels, codes = np.unique(hierarchy.all_levels, return_inverse=True)
    by_level = np.bincount(codes, weights=squares, minlength=len(levels))
    sizes = np.bincount(codes, weights=np.nansum(mean, axis=1), minlength=len(levels))
    phi = by_level / np.where(sizes > 0, sizes, 1.0)
    found = (squares + PRIOR_POINTS * phi[codes] * typical) / (points + PRIOR_POINTS)
    least = LEAST_VARIANCE * max(float(found.max()), LEAST_VARIANCE)
    floored: Floats = np.maximum(found, least)
    return floored


def reconcile(
    hierarchy: Hierarchy,
    bottom: Floats,
    upper: Floats,
    *,
    rule: Rule = "bottom_up",
    windows: Sequence[NodeErrors] = (),
) -> Reconciled:
    """Return means that agree at every level.

    Parameters
    ----------
    bottom
        Series × horizon, finite and at least 0 (0 where a series is not on sale).
    upper
        Nodes × horizon: the nodes' own forecasts; not read by `bottom_up`.
    rule
        One of `RULES`.
    windows
        Back-test errors, for `wls_var` and `mint_shrink`; without any they become `wls_struct`.

    Raises
    ------
    ParameterError
        If the rule is unknown, or `mint_shrink` is asked for too many nodes.
    """
    _check(hierarchy, rule, bottom)
    if not windows and rule in ("wls_var", "mint_shrink"):
        rule = "wls_struct"
    found = bottom
    if rule != "bottom_up" and hierarchy.nodes:
        found = _solve(hierarchy, bottom, upper, rule, windows)
    # a series that is forecast as nothing (ended, never asked) takes no part of another's surprise
    found = np.where(bottom > 0, np.clip(found, 0.0, None), 0.0)
    return Reconciled(found, hierarchy.members @ found, rule)


def _solve(
    hierarchy: Hierarchy, bottom: Floats, upper: Floats, rule: Rule, windows: Sequence[NodeErrors]
) -> Floats:
    """Solve for b* by the library; its bottom rows stand last."""
    from hierarchicalforecast.methods import (
        MinTrace,
        MinTraceSparse,
    )
    from scipy import sparse

    series = bottom.shape[0]
    summing = sparse.csr_matrix(sparse.vstack([hierarchy.members, sparse.identity(series)]))
    base = np.concatenate([upper, bottom])
    if rule == "mint_shrink":
        errors = np.nan_to_num(np.concatenate([window.error for window in windows], axis=1))
        dense = summing.toarray()
        solver = MinTrace("mint_shrink").fit(
            dense, base, y_insample=-errors, y_hat_insample=np.zeros_like(errors)
        )
        return np.asarray(solver.predict(dense, base)["mean"])[-series:]
    if rule == "wls_struct":
        solver = MinTraceSparse(rule).fit(summing, base)
        return np.asarray(solver.predict(summing, base)["mean"])[-series:]
    variance = error_variances(hierarchy, windows)
    # in units of their own error all series are alike, and the library's iterations are few
    scaled = sparse.csr_matrix(summing @ sparse.diags(np.sqrt(variance[-series:])))
    residuals = _as_residuals(variance)
    solver = MinTraceSparse(rule).fit(
        scaled, base, y_insample=residuals, y_hat_insample=np.zeros_like(residuals)
    )
    return np.asarray(solver.predict(scaled, base)["mean"])[-series:]


def _as_residuals(variance: Floats) -> Floats:
    """Two residuals per node with exactly this variance: the library takes residuals, not variances.

    The 1 keeps their sum off zero, which the library would read as an overfitted model.
    """
    half = np.sqrt(variance / 2)
    return np.column_stack([1 + half, 1 - half])


def _recent_level(demand: Floats, shape: Floats) -> Floats:
    recent = demand[:, -WEIGHT_WEEKS:]
    known = np.where(np.isfinite(recent), shape[:, : demand.shape[1]][:, -WEIGHT_WEEKS:], 0.0).sum(axis=1)
    found: Floats = np.nansum(recent, axis=1) / np.where(known > 0, known, 1.0)
    return found


def _tells_something_new(members: csr_matrix) -> NDArray[np.bool_]:
    """Whether a node has at least two members, and not exactly those of a later node."""
    sizes = np.diff(members.indptr)
    seen: set[bytes] = set()
    kept = np.zeros(len(sizes), dtype=bool)
    for node in range(len(sizes) - 1, -1, -1):
        inside = np.sort(members.indices[members.indptr[node] : members.indptr[node + 1]]).tobytes()
        kept[node] = sizes[node] > 1 and inside not in seen
        seen.add(inside)
    return kept


def _check(hierarchy: Hierarchy, rule: str, bottom: Floats) -> None:
    if rule not in RULES:
        raise ParameterError(f"reconciliation: unknown {rule!r}. Known: {', '.join(RULES)}.")
    size = hierarchy.nodes + len(bottom)
    if rule == "mint_shrink" and size > MOST_DENSE:
        raise ParameterError(
            f"reconciliation: mint_shrink holds the full covariance of {size:,} nodes and series. "
            f"Use wls_var above {MOST_DENSE:,}."
        )

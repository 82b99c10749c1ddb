"""Supplier × product × site cells: their levels pooled, their distributions as a grid of quantiles.

The model stands in `lead_times.py`, the estimators in `pooling.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.supply.deliveries import with_promise
from helpers.inventory.supply.pooling import (
    Groups,
    between_variance,
    fit_censored,
    group_means,
    shrink,
    survival_quantiles,
)

PROBABILITIES = (np.arange(200) + 0.5) / 200
ORDERS_FOR_OWN_SHAPE = 30
PRIOR_ORDERS = 10.0  # a supplier's variance is drawn to that of all by so many orders
UNKNOWN_SD = 0.25  # of log days, where nobody has ever delivered
KEYS = ["supplier_id", "product_id", "site_id"]


@dataclass(frozen=True, eq=False)
class Spreads:
    """What is known per supplier before pooling.

    Parameters
    ----------
    suppliers
        supplier_id, mean (m_i, pooled), mean_sd, sd (s_i), orders (effective number).
    lines
        The lines used, with stands and tells (see `LogNormalFit`).
    """

    suppliers: pd.DataFrame
    lines: pd.DataFrame
    mean: float
    mean_sd: float
    sd: float


@dataclass(frozen=True, eq=False)
class Cells:
    """Lead time distributions.

    Parameters
    ----------
    table
        See `LeadTimes.table`.
    days
        Cells × grid: days at `PROBABILITIES`.
    suppliers
        supplier_id, promised_days, mean_days, sd_days: over the supplier's cells, weighted by lines.
    """

    table: pd.DataFrame
    days: Floats
    suppliers: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def days_or_nothing(self) -> Floats:
        """`days` with a last row of NaN, which is where the row −1 of an unknown key points."""
        return np.vstack([self.days, np.full((1, len(PROBABILITIES)), np.nan)])

    def rows_of(self, keys: pd.DataFrame) -> Groups:
        """Return the row of each key (product_id, site_id, maybe supplier_id); −1 where unknown."""
        if "supplier_id" in keys:
            index, wanted = pd.MultiIndex.from_frame(self.table[KEYS]), KEYS
        else:
            index, wanted = pd.MultiIndex.from_frame(self.table[KEYS[1:]]), KEYS[1:]
        # The table lists the supplier that is asked first before the others.
        first = np.flatnonzero(~index.duplicated())
        at = index[first].get_indexer(pd.MultiIndex.from_frame(keys[wanted]))
        return np.asarray(np.where(at >= 0, np.r_[first, -1][at], -1), dtype="int64")


def spread_of(lines: pd.DataFrame) -> Spreads:
    """Fit each supplier's level and spread, and draw the levels to that of all suppliers."""
    open_, value, weight = (lines[name].to_numpy() for name in ("is_open", "log_ratio", "weight"))
    if (~open_).any():
        whole = fit_censored(value, open_, weight)
        everyone, every_sd = whole.mean, whole.sd
    else:
        everyone, every_sd = 0.0, UNKNOWN_SD
    stands, tells = value.copy(), np.where(open_, 0.0, 1.0)
    rows = []
    for supplier, at in lines.reset_index(drop=True).groupby("supplier_id", sort=True).indices.items():
        if open_[at].all():
            continue
        fit = fit_censored(value[at], open_[at], weight[at])
        stands[at], tells[at] = fit.stands, fit.tells / np.maximum(weight[at], 1e-300)
        orders = _effective(lines.iloc[at])
        variance = (orders * fit.sd**2 + PRIOR_ORDERS * every_sd**2) / (orders + PRIOR_ORDERS)
        shown = fit.sd if orders >= ORDERS_FOR_OWN_SHAPE else float(np.sqrt(variance))
        rows.append((supplier, fit.mean, shown, orders))
    found = pd.DataFrame(rows, columns=["supplier_id", "own_mean", "sd", "orders"])
    noise = (found["sd"].astype("float64") ** 2 / found["orders"]).to_numpy(dtype="float64")
    own = found["own_mean"].to_numpy(dtype="float64")
    tau = float(np.sqrt(between_variance(own, noise)))
    centre = float(np.average(own, weights=1 / (noise + tau**2))) if len(own) else everyone
    centre_sd = float(np.sqrt(1 / (1 / (noise + tau**2)).sum())) if len(own) else UNKNOWN_SD
    pooled = shrink(own, noise, np.full(len(own), centre), np.full(len(own), centre_sd), max(tau, 1e-6))
    return Spreads(
        found.assign(mean=pooled.mean, mean_sd=pooled.sd),
        lines.reset_index(drop=True).assign(stands=stands, tells=tells),
        centre,
        max(tau, 0.05),
        float(np.sqrt(np.average(found["sd"] ** 2, weights=found["orders"]))) if len(own) else every_sd,
    )


def pool_cells(lines: pd.DataFrame, spreads: Spreads, case: Case, terms: pd.DataFrame) -> Cells:
    """Return the distribution of every supplier × product × site, and of lanes where no supplier delivers."""
    table = _levels(_cell_keys(lines, case, terms), spreads)
    grids = _shapes(table, spreads)
    days = table["promised_days"].to_numpy()[:, None] * np.exp(table["level"].to_numpy()[:, None] + grids)
    lanes, lane_days = _lane_cells(case, table)
    spread = 1.645 * table["level_sd"]
    table = table.assign(
        ratio_low=np.exp(table["level"] - spread) * np.exp(grids).mean(axis=1),
        ratio_high=np.exp(table["level"] + spread) * np.exp(grids).mean(axis=1),
        source=np.where(table["lines"] > 0, "measured", "pooled"),
    )
    whole, grid = pd.concat([table, lanes], ignore_index=True), np.vstack([days, lane_days])
    whole = whole.assign(
        mean_days=grid.mean(axis=1), sd_days=grid.std(axis=1), **_named_quantiles(grid)
    ).assign(ratio=lambda cells: cells["mean_days"] / cells["promised_days"])
    order = np.lexsort((whole["supplier_id"], -whole["lines"], whole["priority"]))
    whole = whole.iloc[order].reset_index(drop=True)
    notes = (f"{len(lanes)} product × site pairs are replenished over lanes.",) if len(lanes) else ()
    return Cells(whole.drop(columns=["level", "level_sd"]), grid[order], _by_supplier(whole), notes)


def _effective(lines: pd.DataFrame) -> float:
    """Effective number of orders under weights: (Σ w)² ÷ Σ w² over orders."""
    order = lines.groupby("po_id")["weight"].sum()
    return float(order.sum() ** 2 / (order**2).sum())


def _cell_keys(lines: pd.DataFrame, case: Case, terms: pd.DataFrame) -> pd.DataFrame:
    """Every supplier × product × site that was ordered or has terms; terms without a site hold at all."""
    bought = lines[[*KEYS, "promised_days"]].groupby(KEYS, as_index=False).median()
    sites = (
        sorted(lines["site_id"].unique())
        or case.query("SELECT DISTINCT site_id FROM stock ORDER BY 1")["site_id"].tolist()
    )
    anywhere = (
        terms[terms["site_id"] == ""]
        .drop(columns="site_id")
        .merge(pd.DataFrame({"site_id": pd.Series(sites, dtype=object)}), how="cross")
    )
    named = pd.concat([terms[terms["site_id"] != ""], anywhere]).drop_duplicates(KEYS)
    keys = pd.concat([bought[KEYS], named[KEYS]]).drop_duplicates().sort_values(KEYS, ignore_index=True)
    promised = with_promise(keys, terms)["promised_days"]
    asked = keys.merge(bought, on=KEYS, how="left", validate="one_to_one")["promised_days"]
    priority = keys.merge(named[[*KEYS, "priority"]], on=KEYS, how="left", validate="one_to_one")["priority"]
    return keys.assign(promised_days=promised.fillna(asked).clip(lower=1.0), priority=priority.fillna(9.0))


def _levels(keys: pd.DataFrame, spreads: Spreads) -> pd.DataFrame:
    """Add lines, level (m_ijk) and level_sd: supplier, then its product, then the product at a site."""
    known = keys[["supplier_id"]].merge(
        spreads.suppliers, on="supplier_id", how="left", validate="many_to_one"
    )
    mean = known["mean"].astype("float64").fillna(spreads.mean).to_numpy(dtype="float64")
    mean_sd = known["mean_sd"].astype("float64").fillna(spreads.mean_sd).to_numpy(dtype="float64")
    sd = known["sd"].astype("float64").fillna(spreads.sd).to_numpy(dtype="float64")
    lines = spreads.lines
    at_cell = pd.MultiIndex.from_frame(keys[KEYS]).get_indexer(pd.MultiIndex.from_frame(lines[KEYS]))
    product = keys.groupby(KEYS[:2], sort=False).ngroup().to_numpy()
    for group in (np.asarray(product, dtype="int64"), np.arange(len(keys), dtype="int64")):
        first = np.unique(group, return_index=True)[1]
        weight = (lines["fade"] * lines["tells"]).to_numpy()
        own, count = group_means(lines["stands"].to_numpy(), weight, group[at_cell], len(first))
        squares = np.bincount(group[at_cell], weights=weight * lines["fade"], minlength=len(first))
        effective = np.divide(count**2, squares, out=np.zeros(len(first)), where=squares > 0)
        noise = np.divide(sd[first] ** 2, effective, out=np.full(len(first), np.inf), where=effective > 0)
        seen = np.isfinite(noise)
        tau = np.sqrt(between_variance((own - mean[first])[seen], noise[seen]))
        drawn = shrink(
            own, noise, np.asarray(mean[first], "float64"), np.asarray(mean_sd[first], "float64"), float(tau)
        )
        mean, mean_sd = drawn.mean[group], drawn.sd[group]
    counted = np.bincount(at_cell, minlength=len(keys))
    return keys.assign(lines=counted, level=mean, level_sd=mean_sd)


def _shapes(table: pd.DataFrame, spreads: Spreads) -> Floats:
    """Quantiles of e for each cell, cells × grid."""
    from scipy import special

    normal = special.ndtri(PROBABILITIES)
    shapes = np.tile(spreads.sd * normal, (len(table), 1))
    level = table.set_index(KEYS)["level"]
    lines = spreads.lines.assign(cell=level.reindex(pd.MultiIndex.from_frame(spreads.lines[KEYS])).to_numpy())
    by_supplier = dict(list(lines.groupby("supplier_id")))
    for supplier, sd, orders in spreads.suppliers[["supplier_id", "sd", "orders"]].itertuples(index=False):
        rows = table["supplier_id"].to_numpy() == supplier
        own = by_supplier[supplier]
        if orders < ORDERS_FOR_OWN_SHAPE:
            shapes[rows] = sd * normal
            continue
        rest = (own["log_ratio"] - own["cell"]).to_numpy()
        weight = own["weight"].to_numpy()
        shapes[rows] = survival_quantiles(rest, own["is_open"].to_numpy(), weight, PROBABILITIES)
    return shapes


def _lane_cells(case: Case, table: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """Pairs in stock at sites that no supplier serves: the shortest lane from another stock site."""
    from scipy import special

    pairs = case.query("SELECT DISTINCT product_id, site_id FROM stock ORDER BY ALL")
    served = pd.MultiIndex.from_frame(table[KEYS[1:]])
    pairs = pairs[~pd.MultiIndex.from_frame(pairs).isin(served)]
    lanes = case.query(
        "SELECT origin_id AS supplier_id, destination_id AS site_id, transit_days, transit_sd_days "
        "FROM lanes WHERE origin_id IN (SELECT site_id FROM stock) ORDER BY transit_days, lane_id"
    ).drop_duplicates("site_id")
    found = pairs.merge(lanes, on="site_id", validate="many_to_one")
    mean = found["transit_days"].clip(lower=0.1).to_numpy(dtype="float64")
    sd = found["transit_sd_days"].fillna(0.0).to_numpy(dtype="float64")
    log_sd = np.sqrt(np.log1p((sd / mean) ** 2))
    logs = np.log(mean)[:, None] - log_sd[:, None] ** 2 / 2 + log_sd[:, None] * special.ndtri(PROBABILITIES)
    cells = found[KEYS].assign(
        promised_days=mean, priority=1.0, lines=0, ratio_low=np.nan, ratio_high=np.nan, source="lane"
    )
    return cells, np.exp(logs)


def _named_quantiles(grid: Floats) -> dict[str, Floats]:
    return {f"q{int(100 * p):02d}": np.quantile(grid, p, axis=1) for p in (0.05, 0.5, 0.95)}


def _by_supplier(cells: pd.DataFrame) -> pd.DataFrame:
    """Weighted by lines over the supplier's cells; the variance includes that between cells."""
    bought = cells[cells["source"] != "lane"]
    weight = bought["lines"] + 1e-9
    moments = pd.DataFrame(
        {
            "supplier_id": bought["supplier_id"],
            "weight": weight,
            "promised": weight * bought["promised_days"],
            "mean": weight * bought["mean_days"],
            "square": weight * (bought["sd_days"] ** 2 + bought["mean_days"] ** 2),
        }
    )
    sums = moments.groupby("supplier_id").sum()
    mean = sums["mean"] / sums["weight"]
    variance = (sums["square"] / sums["weight"] - mean**2).clip(lower=0.0)
    return pd.DataFrame(
        {"promised_days": sums["promised"] / sums["weight"], "mean_days": mean, "sd_days": np.sqrt(variance)}
    ).reset_index()

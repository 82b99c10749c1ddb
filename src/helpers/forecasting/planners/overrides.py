"""Planners' overrides: which of them count, how they are spread, and what becomes of the quantiles.

An override says how many units a product will sell in a week, at one site or, with a blank site,
at all sites together. It changes the forecast if it was made up to the cutoff for a week after it.

1. The newest override of a product, site and week wins; of several made on the same day, that of
   the author who comes first in the alphabet, then the larger one. A day that is not given counts
   as the oldest.
2. An override of one site stands as it is. One of all sites takes what the others leave:

       mean_i = share_i (Q - sum of fixed sites)    share_i = F_i / sum F over the free sites

   by the statistical forecast F; where that is zero, by recent demand; else in equal parts.
   Where nothing is left, the free sites get 0, never less, and a finding says so.
3. Quantiles keep their relation to the mean: q* = q mean / F. Where F or the median is zero and
   the planner expects more, there is nothing to scale; q* is then that of a Poisson count.

All levels are sums of the same rows, so they agree after any override.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ContractError, ParameterError
from helpers.forecasting.classify import Floats

KEYS = ["product_id", "site_id", "week"]
COLUMNS = ["product_id", "site_id", "week", "author", "quantity", "reason", "made_on"]
NEEDED = ["product_id", "week", "author", "quantity"]
ADDED = ["statistical_mean", "override", "override_author", "override_reason"]
EXACT = 1e-9
WHAT_IF = "what-if"


@dataclass(frozen=True, eq=False)
class Overridden:
    """A forecast with the planners' word in it.

    Parameters
    ----------
    forecast
        The table that came, with mean, limits and quantiles changed, and the columns
        `statistical_mean`, `override` (units; NaN where none), `override_author`, `override_reason`.
    applied
        The overrides that count: the columns of the table, and `statistical` (units before) and
        `change` (units).
    findings
        The others and the ones that could not be met: the columns of the table, and `why`.
    """

    forecast: pd.DataFrame
    applied: pd.DataFrame
    findings: pd.DataFrame


def read_overrides(overrides: pd.DataFrame) -> pd.DataFrame:
    """Return the table with Mondays, days and numbers as such, and "" for a blank site.

    Raises
    ------
    ContractError
        If a column is missing.
    """
    missing = [name for name in NEEDED if name not in overrides]
    if missing:
        raise ContractError(
            f"overrides: column {', '.join(missing)} is missing. Needed: {', '.join(NEEDED)}."
        )
    table = overrides.reindex(columns=COLUMNS)
    day = pd.to_datetime(table["week"], errors="coerce").to_numpy().astype("datetime64[D]")
    since_monday = ((day.astype("int64") + 3) % 7).astype("timedelta64[D]")
    return table.assign(
        site_id=table["site_id"].fillna("").astype(str),
        week=(day - since_monday).astype("datetime64[ns]"),
        author=table["author"].fillna("unknown").astype(str),
        quantity=pd.to_numeric(table["quantity"], errors="coerce").astype("float64"),
        reason=table["reason"].fillna("").astype(str),
        made_on=pd.to_datetime(table["made_on"], errors="coerce").astype("datetime64[ns]"),
    ).reset_index(drop=True)


def apply_overrides(
    forecast: pd.DataFrame,
    overrides: pd.DataFrame,
    cutoff: date,
    *,
    history: pd.DataFrame | None = None,
) -> Overridden:
    """Return the forecast with the overrides that count, and those that do not with their reasons.

    Parameters
    ----------
    forecast
        Columns product_id, site_id, week, mean; `low`, `high` and quantiles (`q05`...) where there are.
    overrides
        Columns product_id, site_id (blank = all sites), week, author, quantity, reason, made_on.
    cutoff
        Last day that is known: later overrides do not count.
    history
        Columns product_id, site_id, demand: to spread by where the forecast is zero, and to tell an
        ended series from an unknown one.

    Raises
    ------
    ContractError
        If a column of `overrides` is missing.
    """
    table = read_overrides(overrides)
    why = _why_not(table, forecast, cutoff, history)
    usable = table[why == ""]
    winners = _newest(usable)
    why[usable.index.difference(winners.index)] = "a newer override of the same product, site and week counts"
    rows = forecast.reset_index(drop=True)
    before = _statistical(rows)
    target = np.full(len(rows), np.nan)
    source = np.full(len(rows), -1)
    sites = winners[winners["site_id"] != ""]
    position = _positions(rows, sites)
    target[position], source[position] = sites["quantity"], sites.index
    products = winners[winners["site_id"] == ""]
    conflict = _fill_products(rows, products, target, source, _recent(rows, history))
    applied = _applied(winners, source, before, target)
    why[conflict.index] = conflict
    findings = table.assign(why=why)[why != ""].reset_index(drop=True)
    changed = _with_mean(rows, target)
    # source -1, no override, reads the empty word at the end
    author, reason = (np.append(table[name].to_numpy(), "")[source] for name in ("author", "reason"))
    changed = _labelled(changed, before, target, author, reason)
    return Overridden(changed, applied, findings)


def spread_override(
    forecast: pd.DataFrame,
    quantity: float,
    *,
    product_id: str | None = None,
    site_id: str | None = None,
    category: str | None = None,
    weeks: Sequence[date] | date | None = None,
    history: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the forecast with one sum of it set to `quantity` units, spread in proportion.

    Parameters
    ----------
    forecast
        As in `apply_overrides`; `category` is needed where it is named.
    quantity
        Units over all the rows that are meant, at least 0.
    product_id, site_id, category, weeks
        Which rows are meant; what is left out means all. So none at all is the total.
    history
        As in `apply_overrides`. The author is written as "what-if".

    Raises
    ------
    ParameterError
        If the quantity is negative or no row is meant.
    """
    if not (np.isfinite(quantity) and quantity >= 0):
        raise ParameterError(f"quantity: {quantity} came. Give units, at least 0.")
    rows = forecast.reset_index(drop=True)
    wanted = {"product_id": product_id, "site_id": site_id, "category": category}
    chosen = _chosen(rows, {name: value for name, value in wanted.items() if value is not None}, weeks)
    group = np.where(chosen, 0, -1)
    share = _shares(rows["mean"].to_numpy("float64"), group, 1, _recent(rows, history))
    target = np.where(chosen, share * quantity, np.nan)
    changed = _with_mean(rows, target)
    author, reason = (np.where(chosen, word, "") for word in (WHAT_IF, ""))
    return _labelled(changed, _statistical(rows), target, author, reason)


def _why_not(
    table: pd.DataFrame, forecast: pd.DataFrame, cutoff: date, history: pd.DataFrame | None
) -> pd.Series[str]:
    """Why a row does not count; empty where it does. The first reason found stands."""
    day = np.datetime64(cutoff)
    series = pd.MultiIndex.from_frame(table[["product_id", "site_id"]])
    with_forecast = table["product_id"].isin(forecast["product_id"]) & (
        (table["site_id"] == "") | series.isin(pd.MultiIndex.from_frame(forecast[["product_id", "site_id"]]))
    )
    named = [part[["product_id", "site_id"]] for part in (forecast, history) if part is not None]
    seen = pd.concat(named).drop_duplicates()
    whole = (table["site_id"] == "") | series.isin(pd.MultiIndex.from_frame(seen))
    rules = {
        "the quantity is not a number of at least 0": ~(table["quantity"] >= 0),
        "the week is not a day": table["week"].isna(),
        "the week is past": table["week"] <= day,
        "made after the cutoff": table["made_on"] > day,
        "unknown product": ~table["product_id"].isin(seen["product_id"]),
        "the product has no demand at this site": ~whole,
        "the series has ended": ~with_forecast,
        "the week lies beyond the forecast": table["week"] > forecast["week"].max(),
    }
    found = np.select(list(rules.values()), list(rules), default="")
    return pd.Series(found, index=table.index, dtype="object")


def _newest(table: pd.DataFrame) -> pd.DataFrame:
    """The override of each product, site and week that counts; independent of the order of rows."""
    ranked = table.sort_values(
        ["made_on", "author", "quantity", "reason"],
        ascending=[False, True, False, True],
        na_position="last",
        kind="stable",
    )
    return ranked.drop_duplicates(KEYS).sort_index()


def _positions(rows: pd.DataFrame, overrides: pd.DataFrame) -> NDArray[np.int64]:
    found = pd.MultiIndex.from_frame(rows[KEYS]).get_indexer(pd.MultiIndex.from_frame(overrides[KEYS]))
    return np.asarray(found, dtype="int64")


def _fill_products(
    rows: pd.DataFrame, products: pd.DataFrame, target: Floats, source: NDArray[np.int64], recent: Floats
) -> pd.Series[str]:
    """Spread overrides of all sites over the sites that are free, in place; return conflicts in words."""
    keys = ["product_id", "week"]
    group = pd.MultiIndex.from_frame(products[keys]).get_indexer(pd.MultiIndex.from_frame(rows[keys]))
    count = len(products)
    inside, fixed = group >= 0, np.isfinite(target)
    free = np.where(inside & ~fixed, group, -1)
    held = np.bincount(group[inside & fixed], weights=target[inside & fixed], minlength=count)
    sites = np.bincount(free[free >= 0], minlength=count)
    left = products["quantity"].to_numpy() - held
    share = _shares(rows["mean"].to_numpy("float64"), free, count, recent)
    taken = free >= 0
    target[taken] = (share * np.append(np.maximum(left, 0.0), 0.0)[free])[taken]
    source[taken] = products.index.to_numpy()[free[taken]]
    unmet = (left < -EXACT) | ((sites == 0) & (np.abs(left) > EXACT))
    words = [
        f"the sites' own overrides hold {units:,.0f} of {quantity:,.0f} units: they stand, the rest cannot"
        for units, quantity in zip(held[unmet], products["quantity"].to_numpy()[unmet], strict=True)
    ]
    return pd.Series(words, index=products.index[unmet], dtype="object")


def _shares(base: Floats, group: NDArray[np.int64], count: int, recent: Floats) -> Floats:
    """Share of each row in its group (-1 = in none): by `base`, else by `recent`, else equal."""
    inside = group >= 0
    found, settled = np.zeros(len(base)), np.zeros(count + 1, dtype=bool)  # the last one: in no group
    for weight in (base, recent, np.ones(len(base))):
        total = np.append(np.bincount(group[inside], weights=weight[inside], minlength=count), 0.0)
        used = inside & ~settled[group] & (total > 0)[group]
        found[used] = weight[used] / total[group[used]]
        settled |= total > 0
    return found


def _recent(rows: pd.DataFrame, history: pd.DataFrame | None) -> Floats:
    """Mean weekly demand of each row's series over the history that was given; 0 without."""
    if history is None:
        return np.zeros(len(rows))
    mean = history.groupby(["product_id", "site_id"], sort=True)["demand"].mean().rename("recent")
    found: Floats = (
        rows[["product_id", "site_id"]].join(mean, on=["product_id", "site_id"])["recent"].to_numpy()
    )
    return np.nan_to_num(found)


def _with_mean(rows: pd.DataFrame, target: Floats) -> pd.DataFrame:
    """Put new means in, and move limits and quantiles with them; NaN leaves a row as it is."""
    from scipy import stats

    old = rows["mean"].to_numpy("float64")
    changed = np.isfinite(target)
    ratio = np.where(changed & (old > 0), target / np.where(old > 0, old, 1.0), 1.0)
    columns = _probabilities(rows)
    middle = rows["q50"].to_numpy("float64") if "q50" in rows else old
    anew = changed & ((old <= 0) | ((middle <= 0) & (target > old)))
    found = {"mean": np.where(changed, target, old)}
    for name, probability in columns.items():
        scaled = rows[name].to_numpy("float64") * ratio
        scaled[anew] = stats.poisson.ppf(probability, target[anew])
        found[name] = scaled
    return rows.assign(**found)


def _probabilities(rows: pd.DataFrame) -> dict[str, float]:
    """Limits and quantile columns of the table, with their probabilities.

    The lower limit is one of the quantiles, which tells the probability of both limits.
    """
    named = [str(name) for name in rows]
    found = {name: float(f"0.{name[1:]}") for name in named if name[0] == "q" and name[1:].isdigit()}
    if {"low", "high"} <= set(named):
        low = next((p for name, p in found.items() if rows[name].equals(rows["low"])), 0.05)
        found |= {"low": low, "high": 1 - low}
    return found


def _statistical(rows: pd.DataFrame) -> Floats:
    """The mean before any override, also if an earlier one is in the table already."""
    name = "statistical_mean" if "statistical_mean" in rows else "mean"
    return rows[name].to_numpy("float64")


def _labelled(
    rows: pd.DataFrame,
    before: Floats,
    target: Floats,
    author: NDArray[np.object_],
    reason: NDArray[np.object_],
) -> pd.DataFrame:
    """Add what was overridden, by whom and why; earlier overrides keep their words."""
    said = rows.reindex(columns=ADDED)
    new = np.isfinite(target)
    return rows.assign(
        statistical_mean=before,
        override=np.where(new, target, said["override"].astype("float64")),
        override_author=np.where(new, author, said["override_author"].fillna("")).astype(object),
        override_reason=np.where(new, reason, said["override_reason"].fillna("")).astype(object),
    )


def _applied(
    winners: pd.DataFrame, source: NDArray[np.int64], before: Floats, target: Floats
) -> pd.DataFrame:
    used = source >= 0
    cells = pd.DataFrame({"source": source[used], "statistical": before[used], "after": target[used]})
    sums = cells.groupby("source")[["statistical", "after"]].sum()
    found = winners.join(sums, how="inner")
    found = found.assign(change=found["after"] - found["statistical"]).drop(columns="after")
    return found.sort_values([*KEYS, "author"]).reset_index(drop=True)


def _chosen(
    rows: pd.DataFrame, wanted: dict[str, str], weeks: Sequence[date] | date | None
) -> NDArray[np.bool_]:
    """Which rows are meant."""
    chosen = np.ones(len(rows), dtype=bool)
    for name, value in wanted.items():
        chosen &= (rows[name] == value).to_numpy()
    if weeks is not None:
        days = [weeks] if isinstance(weeks, date) else list(weeks)
        missing = [day for day in days if np.datetime64(day) not in rows["week"].to_numpy()]
        if missing:
            raise ParameterError(f"weeks: {missing[0]} is no Monday of the forecast. Give its Mondays.")
        chosen &= rows["week"].isin(pd.to_datetime(days)).to_numpy()
    if not chosen.any():
        said = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise ParameterError(f"override: no row of the forecast has {said}. Check the names.")
    return chosen

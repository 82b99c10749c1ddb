"""Products to look at by hand, ranked by the money that hangs on the doubt.

    bias           held-out sum off by > 25 % and > 2 standard deviations      |sum F - sum A| × value
    changed level  last 8 weeks against 44 before, > 30 % and > 3 sigma    |gap| × horizon × value
    drift          tracking signal beyond its limit (`watch.py`)     |mean error| × horizon × value
    new            less than `new_weeks` of history                           forecast sum × value
    ends           end date within the horizon                                forecast sum × value
    stock-outs     marked in > 20 % of the last 26 weeks         forecast sum × that share × value
    override       by an author whose overrides hurt (`value_added.py`)      |change| × value

Value is the unit cost. The level is compared after dividing out the yearly profile. The money of a
series is that of its largest doubt, never their sum. Sites of a product with the same doubts share
a row, whose money is the sum over the sites and whose words are about them together; doubts stand
in the order of their money.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History

BIAS_SHARE, BIAS_SIGMAS = 0.25, 2.0
LEVEL_SHARE, LEVEL_SIGMAS = 0.30, 3.0
RECENT, BEFORE = 8, 44
STOCKOUT_SHARE, STOCKOUT_WEEKS = 0.20, 26
MOST_NAMED = 3  # sites that a row names one by one
COLUMNS = ["product_id", "site_id", "name", "reason", "forecast_units", "money_at_stake", "sites"]
SERIES = ["product_id", "site_id"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Doubt:
    """One kind of doubt about the series of a history.

    Parameters
    ----------
    side
        Per series: 0 without doubt, else 1 (too high, up) or -1 (too low, down). Sites that err to
        different sides do not share a row.
    stake
        Units that hang on it, per series; 0 where there is no doubt or nothing at stake.
    describe
        From the positions of some series in doubt to words about them together.
    """

    side: NDArray[np.int64]
    stake: Floats
    describe: Callable[[Rows], str]


def review_table(
    history: History,
    mean: Floats,
    held: tuple[Window, Floats] | None,
    profile: Floats,
    classes: NDArray[np.str_],
    more: Sequence[Doubt] = (),
) -> pd.DataFrame:
    """Return what to review, most money first.

    Parameters
    ----------
    history, mean, profile, classes
        The series; their forecast (series × horizon), profile (series × (weeks + horizon)) and class.
    held
        The held-out window and the forecast that had not seen it.
    more
        Further doubts, such as `drift_doubt` and `override_doubt`.

    Returns
    -------
    DataFrame
        product_id, site_id ("all 3 sites" or their names), name, reason, forecast_units,
        money_at_stake, sites (how many).
    """
    units = np.nansum(mean, axis=1)
    doubts = [
        *([_biased(history, *held)] if held is not None else []),
        _new(history, classes, units),
        _ends(history, mean, units),
        _changed_level(history, profile, mean.shape[1]),
        _stockouts(history, units),
        *more,
    ]
    value = history.keys["unit_value"].to_numpy("float64")
    sides = np.array([np.where(history.active, doubt.side, 0) for doubt in doubts])
    money = np.where(sides != 0, [doubt.stake * value for doubt in doubts], 0.0)
    rows = [
        _row(history, doubts, sides, money, members) | {"forecast_units": float(units[members].sum())}
        for members in _same_doubts(history, sides)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"sites": "int64"})
    by = ["money_at_stake", *SERIES]
    return table.sort_values(by, ascending=[False, True, True], kind="stable").reset_index(drop=True)


def drift_doubt(history: History, signals: pd.DataFrame, horizon: int) -> Doubt:
    """Return the doubt about series whose tracking signal is beyond its limit.

    `signals`: product_id, site_id, weeks, cumulative_error (units), signal, alarm.
    """
    known = history.keys[SERIES].merge(signals, on=SERIES, how="left", validate="one_to_one")
    weeks, error = (
        np.nan_to_num(np.asarray(known[name], dtype="float64")) for name in ("weeks", "cumulative_error")
    )
    flag = known["alarm"].eq(True).to_numpy()
    per_week = error / np.maximum(weeks, 1)

    def describe(rows: Rows) -> str:
        side = "above" if error[rows].sum() > 0 else "below"
        return f"forecast {side} demand week after week for {weeks[rows].max():.0f} weeks"

    return Doubt(_towards(flag, error), np.where(flag, np.abs(per_week) * horizon, 0.0), describe)


def override_doubt(history: History, forecast: pd.DataFrame, hurting: Sequence[str]) -> Doubt:
    """Return the doubt about series that are overridden by an author whose overrides hurt.

    `forecast`: product_id, site_id, mean, statistical_mean, override_author.
    """
    rows = forecast[forecast["override_author"].isin(list(hurting))]
    change = rows[SERIES].assign(
        change=rows["mean"] - rows["statistical_mean"], size=(rows["mean"] - rows["statistical_mean"]).abs()
    )
    sums = change.groupby(SERIES, sort=True)[["change", "size"]].sum()
    found = history.keys[SERIES].join(sums, on=SERIES)[["change", "size"]].astype("float64").fillna(0.0)
    net, size = found["change"].to_numpy(), found["size"].to_numpy()
    authors = rows[[*SERIES, "override_author"]].drop_duplicates().sort_values([*SERIES, "override_author"])
    joined = authors.groupby(SERIES, sort=True)["override_author"].agg(" and ".join)
    named = history.keys[SERIES].join(joined, on=SERIES)["override_author"].to_numpy()

    def describe(chosen: Rows) -> str:
        names = " and ".join(sorted(set(named[chosen])))
        return f"changed by {net[chosen].sum():+,.0f} units by {names}, whose overrides hurt so far"

    return Doubt(np.where(size > 0, np.where(net < 0, -1, 1), 0), size, describe)


def _same_doubts(history: History, sides: NDArray[np.int64]) -> list[Rows]:
    """Positions of the series in doubt, those of a product with the same doubts together."""
    rows = np.flatnonzero((sides != 0).any(axis=0))
    products = np.unique(history.keys["product_id"].to_numpy()[rows], return_inverse=True)[1]
    patterns = np.unique(sides[:, rows], axis=1, return_inverse=True)[1].ravel()
    groups = products * (patterns.max(initial=0) + 1) + patterns
    order = np.argsort(groups, kind="stable")
    first = np.unique(groups[order], return_index=True)[1]
    return list(np.split(rows[order], first[1:])) if len(rows) else []


def _row(
    history: History, doubts: Sequence[Doubt], sides: NDArray[np.int64], money: Floats, members: Rows
) -> dict[str, object]:
    """One row about the series `members` of a product."""
    stakes = money[:, members].sum(axis=1)
    raised = [index for index in np.argsort(-stakes, kind="stable") if sides[index, members[0]]]
    product, name = history.keys[["product_id", "name"]].iloc[members[0]]
    sites = sorted(history.keys["site_id"].to_numpy()[members])
    on_sale = int((history.active & (history.keys["product_id"] == product).to_numpy()).sum())
    return {
        "product_id": product,
        "site_id": _site_words(sites, on_sale),
        "name": name,
        "reason": "; ".join(doubts[index].describe(members) for index in raised),
        "money_at_stake": float(money[:, members].max(axis=0).sum()),
        "sites": len(members),
    }


def _site_words(sites: Sequence[str], on_sale: int) -> str:
    if len(sites) == 1:
        return sites[0]
    if len(sites) == on_sale:
        return f"all {on_sale} sites"
    more = len(sites) - MOST_NAMED
    return ", ".join(sites[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _biased(history: History, window: Window, mean: Floats) -> Doubt:
    scored = window.scored
    forecast = np.where(scored, mean, 0.0).sum(axis=1)
    actual = np.where(scored, window.actual, 0.0).sum(axis=1)
    error = forecast - actual
    noise = np.sqrt(np.maximum(window.dispersion * np.maximum(forecast, actual), 1e-12))
    flag = (np.abs(error) > BIAS_SIGMAS * noise) & (np.abs(error) > BIAS_SHARE * actual)
    flag &= history.active
    weeks = scored.sum(axis=1)

    def describe(rows: Rows) -> str:
        count, sold, planned = weeks[rows].max(), actual[rows].sum(), forecast[rows].sum()
        if not sold > 0:
            return f"forecast {planned:,.0f}, nothing asked in the last {count} weeks"
        side = "high" if planned > sold else "low"
        return f"forecast {percent(abs(planned - sold) / sold)} too {side} over the last {count} weeks"

    return Doubt(_towards(flag, error), np.where(flag, np.abs(error), 0.0), describe)


def _new(history: History, classes: NDArray[np.str_], units: Floats) -> Doubt:
    flag = (classes == "new") & history.active
    weeks = np.isfinite(history.demand).sum(axis=1)
    return Doubt(
        _towards(flag), np.where(flag, units, 0.0), lambda rows: f"new: {weeks[rows].max()} weeks of history"
    )


def _ends(history: History, mean: Floats, units: Floats) -> Doubt:
    flag = history.active & (history.end < history.length + mean.shape[1])
    days = history.keys["end_date"].dt.strftime("%Y-%m-%d").fillna("").to_numpy()
    return Doubt(_towards(flag), np.where(flag, units, 0.0), lambda rows: f"ends on {days[rows].min()}")


def _changed_level(history: History, profile: Floats, horizon: int) -> Doubt:
    level = history.demand / profile[:, : history.length]
    recent, before = level[:, -RECENT:], level[:, -(RECENT + BEFORE) : -RECENT]
    if before.shape[1] < RECENT:
        none = np.zeros(len(level))
        return Doubt(none.astype("int64"), none, lambda _: "")
    new, _, new_count = _moments(recent)
    old, old_variance, old_count = _moments(before)
    counts = 1 / np.maximum(new_count, 1) + 1 / np.maximum(old_count, 1)
    error = np.sqrt(np.maximum(old_variance, old) * counts)
    gap = new - old
    flag = history.active & (old_count >= RECENT) & (np.abs(gap) > LEVEL_SIGMAS * error)
    flag &= np.abs(gap) > LEVEL_SHARE * old

    def describe(rows: Rows) -> str:
        base, moved = old[rows].sum(), gap[rows].sum()
        if not base > 0:
            return "demand came back"
        return (
            f"demand {'up' if moved > 0 else 'down'} {percent(abs(moved) / base)} in the last {RECENT} weeks"
        )

    return Doubt(_towards(flag, gap), np.where(flag, np.abs(gap) * horizon, 0.0), describe)


def _stockouts(history: History, units: Floats) -> Doubt:
    marked = history.stockout[:, -STOCKOUT_WEEKS:].sum(axis=1)
    share = marked / np.maximum(np.isfinite(history.demand[:, -STOCKOUT_WEEKS:]).sum(axis=1), 1)
    flag = history.active & (share > STOCKOUT_SHARE)
    return Doubt(
        _towards(flag),
        np.where(flag, units * share, 0.0),
        lambda rows: f"out of stock in {marked[rows].max()} recent weeks",
    )


def _towards(flag: NDArray[np.bool_], error: Floats | None = None) -> NDArray[np.int64]:
    """The side of each series in doubt; 1 for a doubt that has none."""
    return np.where(flag, np.where((0.0 if error is None else error) < np.zeros(len(flag)), -1, 1), 0)


def percent(share: float, digits: int = 0, *, signed: bool = False) -> str:
    """Return a share as a percentage, the sign kept on its line."""
    return f"{100 * share:{'+' if signed else ''}.{digits}f}\N{NO-BREAK SPACE}%"


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    count = np.isfinite(values).sum(axis=1).astype("float64")
    mean = np.nansum(values, axis=1) / np.maximum(count, 1)
    squares = np.nansum((values - mean[:, None]) ** 2, axis=1)
    return mean, squares / np.maximum(count - 1, 1), count

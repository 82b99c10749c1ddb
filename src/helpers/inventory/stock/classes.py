"""ABC by money, XYZ by how steady demand is: which pairs deserve which attention.

ABC   pairs sorted by margin (or cost of goods) of the last year, most first; with the share c that the pairs
      before one hold together: A where c < 0.80, B where c < 0.95, else C. So the pair that crosses a limit
      is in the better class, and a pair without money is in C.
XYZ   coefficient of variation of weekly demand after season, CV = sd(d_w ÷ s_w) ÷ mean(d_w ÷ s_w), over the
      weeks since the pair's first demand, at most two years:  X where CV ≤ 0.5, Y where CV ≤ 1.0, else Z
      (also without demand). Season s_w: demand of the category in that week of the year (mean over years,
      smoothed over five weeks) ÷ its mean; 1 where there is less than two years. The limits are those of
      Scholz-Reiter et al.

Source: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains (4th ed.), section 2.4
(ABC); Scholz-Reiter, Heger, Meinecke and Bergmann, Integration of demand forecasts in ABC-XYZ analysis
(2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats, find_wrong, refuse

PAIR = ["product_id", "site_id"]
YEAR_DAYS = 364
WEEKS = 104
SMOOTHING = 5
MONEY = """
SELECT o.product_id, o.site_id, sum(o.quantity * p.unit_cost) AS cost_of_goods,
       sum(o.quantity * (o.unit_price * (1 - coalesce(o.discount, 0)) - p.unit_cost)) AS margin
FROM orders o JOIN products p USING (product_id)
WHERE o.status <> 'cancelled' AND o.order_date > $1 AND o.order_date <= $2 GROUP BY ALL
"""
DEMAND = """
SELECT product_id, site_id, date_diff('day', o.order_date, $1::DATE) // 7 AS weeks_ago, sum(quantity) AS
demand FROM orders o WHERE status <> 'cancelled' AND coalesce(order_type, 'stock') <> 'special'
  AND order_date <= $1 AND order_date > $1::DATE - 728 GROUP BY ALL
"""


@dataclass(frozen=True)
class ClassSettings:
    """Limits of the classes.

    Parameters
    ----------
    by
        `margin` or `cost_of_goods` of the last year.
    a_share, b_share
        Cumulative shares at which A and B end.
    x_limit, y_limit
        Largest CV of X and of Y.
    """

    by: Literal["margin", "cost_of_goods"] = "margin"
    a_share: float = 0.80
    b_share: float = 0.95
    x_limit: float = 0.5
    y_limit: float = 1.0

    def __post_init__(self) -> None:
        """Refuse limits out of order."""
        known = self.by in ("margin", "cost_of_goods")
        refuse(
            "ClassSettings",
            [
                "" if known else f"'by' is '{self.by}'. Give margin or cost_of_goods.",
                *find_wrong("a share", {"a_share": self.a_share, "b_share": self.b_share}),
                *find_wrong("positive", {"x_limit": self.x_limit, "y_limit": self.y_limit}),
                "" if self.a_share < self.b_share else "'a_share' is not below 'b_share'.",
                "" if self.x_limit < self.y_limit else "'x_limit' is not below 'y_limit'.",
            ],
        )


@dataclass(frozen=True, eq=False)
class Classes:
    """ABC–XYZ classes.

    Parameters
    ----------
    table
        product_id, site_id, category, margin, cost_of_goods (money of the last year), share_before (of the
        pairs ahead), abc, cv, xyz, abc_xyz.
    settings
        The limits.
    """

    table: pd.DataFrame
    settings: ClassSettings

    def matrix(self) -> pd.DataFrame:
        """Return per abc × xyz the number of pairs and their share of the money."""
        money = self.table[self.settings.by].clip(lower=0.0)
        found = (
            self.table.assign(money=money)
            .groupby(["abc", "xyz"])
            .agg(pairs=("money", "size"), money=("money", "sum"))
        )
        return found.assign(share=found["money"] / max(float(money.sum()), 1e-300)).reset_index()


def abc_classes(money: Floats, a_share: float = 0.80, b_share: float = 0.95) -> tuple[np.ndarray, Floats]:
    """Return the class (A, B, C) of each pair, and the share that the pairs ahead of it hold.

    Parameters
    ----------
    money
        Money per pair; what is negative counts as 0. Of equals, the first given is ahead.

    Examples
    --------
    >>> abc_classes(np.array([5.0, 80.0, 15.0]))[0].tolist()
    ['C', 'A', 'B']
    """
    worth = np.maximum(np.nan_to_num(money), 0.0)
    order = np.argsort(-worth, kind="stable")
    total = worth.sum()
    before = np.ones(len(worth))
    if total > 0:
        before[order] = np.r_[0.0, np.cumsum(worth[order])[:-1]] / total
    # Sums of money must not put a pair past a limit by their last binary digit.
    before = np.round(before, 12)
    letters = np.select([(before < a_share) & (worth > 0), (before < b_share) & (worth > 0)], ["A", "B"], "C")
    return letters, before


def xyz_classes(cv: Floats, x_limit: float = 0.5, y_limit: float = 1.0) -> np.ndarray:
    """Return X, Y or Z by the coefficient of variation; Z where it is NaN.

    Examples
    --------
    >>> xyz_classes(np.array([0.5, 0.7, 3.0, np.nan])).tolist()
    ['X', 'Y', 'Z', 'Z']
    """
    return np.select([cv <= x_limit, cv <= y_limit], ["X", "Y"], "Z")


def coefficient_of_variation(demand: Floats, season: Floats) -> Floats:
    """Return sd ÷ mean of demand after season, from each series' first demand on; NaN without demand.

    Parameters
    ----------
    demand, season
        d_w and s_w, series × weeks, oldest first; s_w > 0.
    """
    level = demand / season
    alive = np.cumsum(demand > 0, axis=1) > 0
    count = np.maximum(alive.sum(axis=1), 1)
    mean = (level * alive).sum(axis=1) / count
    variance = (((level - mean[:, None]) ** 2) * alive).sum(axis=1) / count
    return np.where(mean > 0, np.sqrt(variance) / np.where(mean > 0, mean, 1.0), np.nan)


def season_of(demand: Floats, group: np.ndarray) -> Floats:
    """Return the season of each series' group, series × weeks; 1 where there are fewer than 104 weeks.

    Parameters
    ----------
    demand
        Series × weeks, oldest first; the last 104 are read.
    group
        Number of each series' group (its category), 0..G−1.
    """
    season = np.ones_like(demand)
    year = WEEKS // 2
    if demand.shape[1] < WEEKS:
        return season
    totals = np.zeros((int(group.max(initial=-1)) + 1, WEEKS))
    np.add.at(totals, group, demand[:, -WEEKS:])
    halves = totals.reshape(len(totals), 2, year)
    # A category that began within the two years has no season that could be told from its growth.
    whole = (halves.sum(axis=2) > 0).all(axis=1)
    scaled = halves / np.maximum(halves.mean(axis=2, keepdims=True), 1e-300)
    usual = scaled.mean(axis=1)
    smooth = sum(np.roll(usual, step, axis=1) for step in range(-(SMOOTHING // 2), SMOOTHING // 2 + 1))
    index = np.where(whole[:, None], np.maximum(np.asarray(smooth) / SMOOTHING, 0.05), 1.0)
    season[:, -WEEKS:] = np.tile(index, 2)[group]
    return season


def classify(case: Case, settings: ClassSettings | None = None) -> Classes:
    """Classify every product × site that was ordered in the last two years.

    Parameters
    ----------
    case
        Uses orders (cancelled lines left out; special orders count for money, not for steadiness) and
        products.
    settings
        Limits.
    """
    chosen = settings or ClassSettings()
    as_of = pd.Timestamp(case.as_of)
    money = case.query(MONEY, [(as_of - timedelta(days=YEAR_DAYS)).date(), case.as_of])
    weekly = case.query(DEMAND, [case.as_of])
    pairs = pd.concat([money[PAIR], weekly[PAIR]]).drop_duplicates().sort_values(PAIR, ignore_index=True)
    named = case.query("SELECT product_id, category FROM products")
    table = pairs.merge(named, on="product_id", how="left", validate="many_to_one")
    table = table.merge(money, on=PAIR, how="left", validate="one_to_one")
    table = table.fillna({"margin": 0.0, "cost_of_goods": 0.0})
    demand = _by_week(pairs, weekly, (as_of - pd.Timestamp(case.first_day)).days // 7 + 1)
    group = pd.factorize(table["category"], use_na_sentinel=False)[0]
    cv = coefficient_of_variation(demand, season_of(demand, group))
    abc, before = abc_classes(table[chosen.by].to_numpy(), chosen.a_share, chosen.b_share)
    xyz = xyz_classes(cv, chosen.x_limit, chosen.y_limit)
    table = table.assign(share_before=before, abc=abc, cv=cv, xyz=xyz)
    return Classes(table.assign(abc_xyz=table["abc"] + table["xyz"]), chosen)


def _by_week(pairs: pd.DataFrame, weekly: pd.DataFrame, weeks: int) -> Floats:
    found = np.zeros((len(pairs), min(weeks, WEEKS)))
    row = pd.MultiIndex.from_frame(pairs).get_indexer(pd.MultiIndex.from_frame(weekly[PAIR]))
    place = found.shape[1] - 1 - weekly["weeks_ago"].to_numpy(dtype="int64")
    kept = place >= 0
    np.add.at(found, (row[kept], place[kept]), weekly["demand"].to_numpy(dtype="float64")[kept])
    return found

"""How much will still be wanted of what lies at a site, and when: sampled demand, carried on behind its end.

    D(t)   = Σ_{w<t} d_w                              t ≤ H, the weeks of the sampled paths
    D(t)   = D(H) + m · (G(t) − G(H))                 H < t ≤ E, after that D(E)
    T(u)   = least t with D(t) ≥ u                    infinite where D(E) < u

m is the path's own mean; at a site that supplies others, that of its customers and of theirs (what the sites
below hold or call once is not carried on). G cumulates the season of the category, scaled to a mean of 1
over the H weeks; without seasons G(t) = t. E is the end of the product's last week of sale. What is not
wanted within ten years counts as never wanted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy, cumulate
from helpers.inventory.stock.classes import season_of
from helpers.inventory.supply.offers import PAIR

YEAR = 52
LONGEST = 10 * YEAR
SALES = """
SELECT o.product_id, o.site_id, p.category, date_diff('day', o.order_date, $1::DATE) // 7 AS age,
       sum(o.quantity) AS units
FROM orders o JOIN products p USING (product_id)
WHERE o.status <> 'cancelled' AND o.order_type <> 'special' AND o.order_date <= $1
  AND date_diff('day', o.order_date, $1::DATE) < $2 GROUP BY ALL
"""


@dataclass(frozen=True, eq=False)
class DemandCourse:
    """What the past says of the weeks behind the forecast.

    Parameters
    ----------
    season
        Season of each category (index) in the 52 weeks after the cutoff, mean 1.
    past
        Mean units a week of the last 52 weeks, by product_id and site_id; own customers only.
    """

    season: pd.DataFrame
    past: pd.Series


def demand_course(case: Case) -> DemandCourse:
    """Return seasons of the categories, and what each pair's own customers asked for in the last year.

    Parameters
    ----------
    case
        Uses orders (cancelled and special lines left out) and products. A category with fewer than two
        whole years has no season.

    Examples
    --------
    >>> demand_course(case).season.loc["Garden"]                         # doctest: +SKIP
    """
    sold = case.query(SALES, [case.as_of, 2 * YEAR * 7])
    names, group = np.unique(sold["category"].to_numpy(dtype=str), return_inverse=True)
    weekly = np.zeros((len(names), 2 * YEAR))
    np.add.at(weekly, (group, 2 * YEAR - 1 - sold["age"].to_numpy(dtype="int64")), sold["units"].to_numpy())
    season = season_of(weekly, np.arange(len(names)))[:, -YEAR:]
    last_year = sold[sold["age"] < YEAR].groupby(PAIR)["units"].sum() / YEAR
    return DemandCourse(pd.DataFrame(season, index=names), last_year)


@dataclass(frozen=True, eq=False)
class RemainingDemand:
    """Sampled demand that is still to come, per pair.

    Parameters
    ----------
    cumulated
        D at the ends of the forecast's weeks, pairs × paths × (H + 1), units.
    rate
        m, pairs × paths, units a week.
    course
        G at whole weeks, seasons × (520 + 1); `season` names each pair's row.
    season
        Row of `course`, pairs.
    end
        E, weeks from the cutoff, pairs; infinite where the product goes on.
    """

    cumulated: Floats
    rate: Floats
    course: Floats
    season: NDArray[np.int64]
    end: Floats

    @property
    def horizon(self) -> int:
        """H, weeks of the sampled paths."""
        return int(self.cumulated.shape[2] - 1)

    def rows(self, rows: NDArray[np.int64]) -> RemainingDemand:
        """Return these pairs."""
        parts = (self.cumulated[rows], self.rate[rows])
        return RemainingDemand(*parts, self.course, self.season[rows], self.end[rows])

    def mean(self) -> RemainingDemand:
        """Return the mean over the paths, as one path."""
        parts = (self.cumulated.mean(axis=1, keepdims=True), self.rate.mean(axis=1, keepdims=True))
        return RemainingDemand(*parts, self.course, self.season, self.end)

    def until(self, weeks: float | Floats) -> Floats:
        """Return D(weeks), pairs × paths, units; `weeks` is one number, or one per pair."""
        span = np.minimum(np.broadcast_to(np.asarray(weeks, dtype="float64"), self.end.shape), self.end)
        span = np.clip(span, 0.0, LONGEST)
        inside = np.minimum(span, self.horizon)
        low = np.minimum(inside.astype("int64"), max(self.horizon - 1, 0))
        part = (inside - low)[:, None]
        at = np.arange(len(span))
        early = self.cumulated[at, :, low] * (1 - part) + self.cumulated[at, :, low + 1] * part
        return np.asarray(early + self.rate * self._season_after(span)[:, None])

    def weeks_until(self, units: Floats) -> Floats:
        """Return T(units), pairs × paths, weeks; 0 for 0 units or fewer, infinite where never."""
        wanted = np.asarray(units, dtype="float64")[:, None]
        week = (self.cumulated[:, :, 1:] < wanted[:, :, None]).sum(axis=2)
        low = np.minimum(week, self.horizon - 1)[:, :, None]
        start = np.take_along_axis(self.cumulated, low, axis=2)[:, :, 0]
        step = np.take_along_axis(self.cumulated, low + 1, axis=2)[:, :, 0] - start
        inside = low[:, :, 0] + np.divide(wanted - start, step, out=np.zeros_like(start), where=step > 0)
        rest = np.divide(
            wanted - self.cumulated[:, :, -1], self.rate, out=np.full_like(start, np.inf), where=self.rate > 0
        )
        found = np.where(week < self.horizon, inside, self._weeks_of(np.maximum(rest, 0.0)))
        found = np.where(wanted > 0, found, 0.0)
        return np.asarray(np.where((found > self.end[:, None] + 1e-9) & (wanted > 0), np.inf, found))

    def _season_after(self, span: Floats) -> Floats:
        """G(span) − G(H) of each pair, 0 or more."""
        low = np.minimum(span.astype("int64"), LONGEST - 1)
        grid = self.course[self.season, low]
        reached = grid + (span - low) * (self.course[self.season, low + 1] - grid)
        return np.asarray(np.maximum(reached - self.course[self.season, self.horizon], 0.0))

    def _weeks_of(self, rest: Floats) -> Floats:
        """Week at which G has grown by `rest` since H; infinite beyond ten years."""
        found = np.empty_like(rest)
        weeks = np.arange(self.course.shape[1], dtype="float64")
        for number, course in enumerate(self.course):
            rows = self.season == number
            found[rows] = np.interp(rest[rows] + course[self.horizon], course, weeks, right=np.inf)
        return found


def remaining_demand(outlook: Outlook, policy: Policy, course: DemandCourse | None = None) -> RemainingDemand:
    """Return what is still to be wanted at every pair of the outlook, calls of the sites below included.

    Parameters
    ----------
    outlook, policy
        Pairs with end dates, own demand, and demand with calls.
    course
        Seasons; demand goes on flat without.
    """
    own = outlook.own_demand.mean(axis=2, dtype="float64")
    rate, source = own.copy(), outlook.source
    below = np.flatnonzero(source >= 0)
    np.add.at(rate, source[below], own[below])
    courses, season = _courses(outlook, course)
    return RemainingDemand(cumulate(policy.demand), rate, courses, season, weeks_to_end(outlook))


def weeks_to_end(outlook: Outlook) -> Floats:
    """Return E: whole weeks until the last week of sale is over; infinite without an end date."""
    ends = pd.to_datetime(outlook.pairs["end_date"])
    days = (ends - outlook.first_week).dt.days.to_numpy(dtype="float64") + 1
    return np.where(np.isnan(days), np.inf, np.maximum(np.ceil(np.nan_to_num(days) / 7), 0.0))


def _courses(outlook: Outlook, course: DemandCourse | None) -> tuple[Floats, NDArray[np.int64]]:
    """G per season, and the season of each pair; the first is flat."""
    flat = np.arange(LONGEST + 1, dtype="float64")[None, :]
    if course is None:
        return flat, np.zeros(len(outlook.pairs), dtype="int64")
    weekly = np.tile(course.season.to_numpy(dtype="float64"), (1, LONGEST // YEAR))
    seen = weekly[:, : outlook.weeks].mean(axis=1, keepdims=True)
    weekly = weekly / np.where(seen > 0, seen, 1.0)
    grown = np.cumsum(np.hstack([np.zeros((len(weekly), 1)), weekly]), axis=1)
    row = course.season.index.get_indexer(pd.Index(outlook.pairs["category"]))
    return np.vstack([flat, grown]), np.asarray(row + 1, dtype="int64")

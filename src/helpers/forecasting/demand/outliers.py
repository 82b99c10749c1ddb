"""One-off order lines, far larger than anything usual, that nobody has flagged as special.

    limit = q + s (ln n + ln 10 − ln ε)      q: 90 % quantile of the lines' sizes, n: their number
    s = (median excess of the lines at or over q) / ln 2

Beyond a high quantile line sizes fall off about exponentially (Pickands (1975), Annals of Statistics 3,
119-131, with shape zero); s is the mean excess, taken from its median so that the outliers themselves do
not widen it. By chance, one such series in 1/ε has a line beyond the limit. A line also has to make up
a good part of its week, and of a series with enough lines to know what is usual. Sizes are compared
within product × site. Lumpy demand keeps its upper tail: its q and s are large.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Protocol

import pandas as pd

from helpers.errors import ParameterError

COLUMNS = ["product_id", "site_id", "week", "order_id", "line", "units", "usual", "limit"]
FEWEST_LINES = 20
LEAST_TIMES = 5.0  # a line below five times the 90 % quantile is large, not strange


class OrderCase(Protocol):
    """What finding outliers needs of a `Case`."""

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of SQL over the tables."""


@dataclass(frozen=True)
class OutlierRule:
    """When an order line is a one-off.

    Parameters
    ----------
    chance
        ε: share of series in which a usual line is taken for a one-off; 0 keeps nothing apart.
    week_share
        Least share of the units of its week.
    """

    chance: float = 0.00001
    week_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        for name in ("chance", "week_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ParameterError(f"{name}: {value!r} came. Give a share from 0 to 1.")


DEFAULT_OUTLIERS = OutlierRule()


def no_outliers() -> pd.DataFrame:
    """Return an empty table of outliers."""
    kinds = {"week": "datetime64[ns]", "line": "int64"}
    numbers = ("units", "usual", "limit")
    return pd.DataFrame(
        {
            name: pd.Series(dtype=kinds.get(name, "float64" if name in numbers else "object"))
            for name in COLUMNS
        }
    )


def find_outliers(case: OrderCase, base_lines: str, rule: OutlierRule) -> pd.DataFrame:
    """Return the one-off lines, largest first.

    Parameters
    ----------
    base_lines
        SQL of the lines of base demand: product_id, site_id, week, order_id, line, quantity.

    Returns
    -------
    pandas.DataFrame
        product_id, site_id, week (Monday), order_id, line, units, usual (median line), limit.
    """
    if rule.chance <= 0:
        return no_outliers()
    rows = case.query(_outlier_sql(base_lines, rule)).astype({"week": "datetime64[ns]"})
    return rows[COLUMNS] if len(rows) else no_outliers()


def _outlier_sql(base_lines: str, rule: OutlierRule) -> str:
    return f"""
        WITH lines AS ({base_lines}),
        high AS (
            SELECT product_id, site_id, count(*) AS n, median(quantity) AS usual,
                quantile_cont(quantity, 0.9) AS q
            FROM lines GROUP BY ALL HAVING n >= {FEWEST_LINES}
        ),
        tails AS (
            SELECT product_id, site_id, median(quantity - q) / ln(2) AS s
            FROM lines JOIN high USING (product_id, site_id) WHERE quantity >= q GROUP BY ALL
        ),
        limits AS (
            SELECT high.*,
                greatest(q + s * (ln(n) + {log(10) - log(rule.chance)}), {LEAST_TIMES} * q) AS "limit"
            FROM high JOIN tails USING (product_id, site_id)
        ),
        strange AS (
            SELECT lines.*, usual, "limit" FROM lines JOIN limits USING (product_id, site_id)
            WHERE quantity > "limit"
        ),
        totals AS (
            SELECT product_id, site_id, week, sum(quantity) AS week_units
            FROM lines SEMI JOIN strange USING (product_id, site_id, week) GROUP BY ALL
        )
        SELECT product_id, site_id, week, order_id, line, CAST(quantity AS DOUBLE) AS units,
            CAST(usual AS DOUBLE) AS usual, round(CAST("limit" AS DOUBLE), 6) AS "limit"
        FROM strange JOIN totals USING (product_id, site_id, week)
        WHERE quantity >= {rule.week_share} * week_units
        ORDER BY units DESC, product_id, site_id, week, order_id, line
    """  # noqa: S608 - the numbers come from checked settings, the lines from SQL of our own

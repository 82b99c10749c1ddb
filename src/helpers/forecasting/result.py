"""What a forecast gives: tables, KPIs, and what was assumed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.kpis import Kpi
from helpers.forecasting.aggregate import sum_forecast
from helpers.forecasting.classify import Floats
from helpers.forecasting.planners.overrides import Overridden
from helpers.forecasting.planners.value_added import OverrideValue
from helpers.forecasting.prediction import Prediction
from helpers.forecasting.settings import ForecastSettings

MOST_OF_SEEN, MOST_OF_EXPECTED, LEAST_TOP = 2.0, 4.0, 4.0  # largest week of a path; see `Forecast.paths`
FROM_NOTHING = 3  # a random stream beside those of `paths.py`


@dataclass(frozen=True, eq=False)
class Forecast:
    """Demand per product × site × week with quantiles, and how far to trust it.

    Parameters
    ----------
    forecast
        product_id, site_id, category, week (Monday), lead (1..h), mean, low and high (limits of
        the stated interval), one column per quantile (`q05`...), promotion (factor of promotions
        and holidays), method, demand_class, unit_value (money per unit), statistical_mean,
        override (units), override_author, override_reason.
    history
        product_id, site_id, week, demand (what was wanted), recorded (what the orders say), repaired,
        stockout, kept_apart, cancelled.
    accuracy
        level, group, series, units, wape, bias, mase, pinball, coverage, and the same of the
        seasonal naive with `naive_` before; on the held-out window.
    calibration
        probability, share_below, share_at_most; on the held-out window.
    ladder
        WAPE, bias and RMSE of each single method on the held-out window.
    selection
        product_id, site_id, demand_class, method, reason, loss, ensemble_loss.
    review
        product_id, site_id, name, reason, forecast_units, money_at_stake, sites; most money first.
    backtest
        origin (first forecast week), product_id, site_id, category, week, lead, actual (what was
        wanted), seen (whether stock lasted, or actual is an estimate), mean, naive, held_out.
    repair
        estimate (as recorded, in-stock weeks only, censored model), units, ratio, low, high.
    outliers
        One-off order lines that were kept apart, with what is usual.
    promotions, effects
        One row per promotion with lift, dip and cannibalisation; pooled effects. See `promotions.py`.
    planned
        What promotions that are only planned would bring; see `planned.py`. They are not in the forecast.
    coming
        What changes in the weeks ahead; see `coming.py`.
    overridden, override_value
        Overrides in this forecast, and what past ones were worth.
    changes
        Series whose forecast changed within a week, with the reason; see `watch.py`.
    signals
        Tracking signal of each series.
    prediction, series
        What sample paths are drawn from, and the product and site of each of its rows.
    kpis, baseline_kpis
        WAPE, bias, MASE, pinball, coverage and FVA; the same of the seasonal naive without FVA.
    value_added_interval
        90 % bootstrap interval of the FVA; NaN where it cannot be measured.
    notes
        What was left out or assumed, with counts.
    settings, cutoff
        What was asked; last day whose data were used.
    """

    forecast: pd.DataFrame
    history: pd.DataFrame
    accuracy: pd.DataFrame
    calibration: pd.DataFrame
    ladder: pd.DataFrame
    selection: pd.DataFrame
    review: pd.DataFrame
    backtest: pd.DataFrame
    repair: pd.DataFrame
    outliers: pd.DataFrame
    promotions: pd.DataFrame
    effects: pd.DataFrame
    planned: pd.DataFrame
    coming: pd.DataFrame
    overridden: Overridden
    override_value: OverrideValue
    changes: pd.DataFrame
    signals: pd.DataFrame
    prediction: Prediction
    series: pd.DataFrame
    kpis: tuple[Kpi, ...]
    baseline_kpis: tuple[Kpi, ...]
    value_added_interval: tuple[float, float]
    notes: tuple[str, ...]
    settings: ForecastSettings
    cutoff: date

    def kpi(self, name: str) -> Kpi:
        """Return the KPI called `name`."""
        return next(kpi for kpi in self.kpis if kpi.name == name)

    def baseline_kpi(self, name: str) -> Kpi:
        """Return the seasonal naive's KPI called `name`."""
        return next(kpi for kpi in self.baseline_kpis if kpi.name == name)

    @cached_property
    def fingerprint(self) -> str:
        """Name of the content, for what is built on this forecast."""
        table = self.forecast[["product_id", "site_id", "week", "mean"]]
        rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
        return hashlib.blake2b(repr(self.settings).encode() + rows, digest_size=8).hexdigest()

    @property
    def first_week(self) -> date:
        """Monday of the first forecast week."""
        return self.cutoff + timedelta(days=1)

    @property
    def held_out(self) -> pd.DataFrame:
        """The back-test rows of the window that nothing had seen; empty where there is none."""
        return self.backtest[self.backtest["held_out"]]

    def paths(self, count: int, seed: int = 0, rows: Sequence[int] | None = None) -> Floats:
        """Return sample paths of demand, series × `count` × horizon, units; NaN where there is no forecast.

        Weeks of a series and series of a product go together as they did in the back-test, so sums
        over weeks (lead time) and over series have the right spread. No week brings more than twice the
        largest that was seen (or four times what is expected, and four units): the fitted tails of lumpy
        series know no end, and one freak week among hundreds would move their mean. Overrides scale the
        paths; where there was nothing to scale, a Poisson count of what the planner expects is drawn.

        Parameters
        ----------
        count
            Paths.
        seed
            The same seed gives the same paths, whichever rows are drawn together.
        rows
            Positions in `series`; all where not given. Draw thousands of series in parts.
        """
        chosen = np.arange(len(self.series)) if rows is None else np.asarray(rows)
        drawn = self.prediction.draw(count, seed, [int(row) for row in chosen])
        drawn = np.minimum(drawn, self._ceiling[chosen][:, None, None])
        paths = np.asarray(drawn * self._override_ratio()[chosen][:, None, :])
        for row, step, mean in self._from_nothing().itertuples(index=False):
            for place in np.flatnonzero(chosen == row):
                stream = np.random.default_rng((seed, FROM_NOTHING, int(row), int(step)))
                paths[place, :, int(step)] = stream.poisson(mean, count)
        return paths

    @cached_property
    def _ceiling(self) -> Floats:
        """Most units that a week of a path may bring, per series."""
        largest = self.history.groupby(["product_id", "site_id"])["demand"].max()
        seen = largest.reindex(pd.MultiIndex.from_frame(self.series[["product_id", "site_id"]]))
        expected = np.nan_to_num(self.prediction.mean).max(axis=1, initial=0.0)
        return np.asarray(
            np.maximum(MOST_OF_SEEN * seen.fillna(0.0), MOST_OF_EXPECTED * expected + LEAST_TOP)
        )

    def _from_nothing(self) -> pd.DataFrame:
        """Row, step and mean of what planners expect where the statistical forecast is zero."""
        table = self.forecast
        table = table[(table["override"] > 0) & (table["statistical_mean"] <= 0)]
        step, mean = table["lead"].to_numpy() - 1, table["mean"].to_numpy()
        return pd.DataFrame({"row": self._rows_of(table), "step": step, "mean": mean})

    def _rows_of(self, table: pd.DataFrame) -> NDArray[np.int64]:
        keys = ["product_id", "site_id"]
        found = pd.MultiIndex.from_frame(self.series[keys]).get_indexer(pd.MultiIndex.from_frame(table[keys]))
        return np.asarray(found, dtype=np.int64)

    def _override_ratio(self) -> Floats:
        """Mean ÷ statistical mean, series × horizon; 1 where there is no override."""
        ratio = np.ones(self.prediction.mean.shape)
        changed = self.forecast[self.forecast["override"].notna() & (self.forecast["statistical_mean"] > 0)]
        cells = self._rows_of(changed), changed["lead"].to_numpy() - 1
        ratio[cells] = changed["mean"] / changed["statistical_mean"]
        return ratio

    def by_product(self) -> pd.DataFrame:
        """Return product_id, week, mean and quantiles measured at that level."""
        return self.sums("product_id", "week")

    def total(self) -> pd.DataFrame:
        """Return week, mean and quantiles measured at the level of the total."""
        return self.sums("week")

    def horizon_total(self) -> pd.Series:
        """Return mean and quantiles of all demand over the whole horizon."""
        return self.sums().iloc[0]

    def sums(self, *by: str) -> pd.DataFrame:
        """Return the forecast summed to `by` (product_id, site_id, category, week).

        The interval comes from back-test errors of the same sums; quantiles are never added.
        """
        return sum_forecast(self.forecast, self.backtest, by, self.settings.quantile_columns)

    def notes_table(self) -> pd.DataFrame:
        """Return the notes as a table with the column note."""
        return pd.DataFrame({"note": self.notes})

    def summary(self) -> pd.Series:
        """Return the result in a dozen figures, by name."""
        named = {kpi.name: kpi.value for kpi in self.kpis}
        baseline = {f"{kpi.name} of seasonal naive": kpi.value for kpi in self.baseline_kpis}
        head = {
            "cutoff": self.cutoff,
            "weeks ahead": self.settings.horizon,
            "series forecast": self.forecast[["product_id", "site_id"]].drop_duplicates().shape[0],
            "units forecast": float(self.forecast["mean"].sum()),
            "series to review": int(self.review["sites"].sum()),
        }
        return pd.Series(head | named | baseline, name="forecast")

"""What a forecast may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from helpers.errors import ParameterError
from helpers.forecasting.hierarchy import RULES, Rule
from helpers.forecasting.methods import CANDIDATES, ENSEMBLE

DEFAULT_METHODS = (
    "seasonal_naive",
    "seasonal_smoothing",
    "window_26",
    "ets",
    "tsb",
    "imapa",
    "product_share",
)
ORDER_TYPES = ("stock", "special", "rush")


@dataclass(frozen=True)
class ForecastSettings:
    """Settings of `forecast_demand`.

    Parameters
    ----------
    horizon
        Weeks to forecast, h.
    cutoff
        Day (ISO) after which nothing is used; empty = the last day of the data. The history
        ends with the last whole week (Monday to Sunday) up to that day.
    season_length
        Weeks in a season, m; 1 = no season.
    quantiles
        Probabilities of the quantile columns, rising, each in (0, 1).
    interval
        Probability of the stated interval; the quantiles that it needs are added.
    windows
        Back-test windows for choosing the method; one more is held out to measure accuracy.
    methods
        Candidate methods, names in `helpers.forecasting.methods.CANDIDATES`. The ensemble is always
        there, and so is the baseline `seasonal_naive`. `boosted` (LightGBM) is left out by default: on
        the data it was measured on it gained nothing clear without further drivers.
    kept_apart
        Order types that are not base demand. Rush orders are demand: someone wanted the units from
        stock, only sooner. Leaving them out made the sample 10 % low.
    count_cancelled
        Whether cancelled lines are demand.
    history_weeks
        Longest history that is used, in weeks.
    most_series
        Most product × site pairs that get a forecast; beyond that, those that sold most units in
        the last season. What is left out is counted and told.
    new_weeks
        Below this many weeks of history a series counts as new.
    bootstrap
        Resamples of the interval of the forecast value added.
    seed
        Seed of that bootstrap.
    n_jobs
        Processes; the result does not depend on it.
    reconciliation
        How the forecast is made to agree with the levels' own forecasts: `bottom_up` (levels are sums,
        nothing more), `wls_struct`, `wls_var` or `mint_shrink`; see `hierarchy.py`. On the data it was
        measured on nothing beat `bottom_up` (benchmarks/README.md).
    """

    horizon: int = 13
    cutoff: str = ""
    season_length: int = 52
    quantiles: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    interval: float = 0.9
    windows: int = 3
    methods: tuple[str, ...] = DEFAULT_METHODS
    kept_apart: tuple[str, ...] = ("special",)
    count_cancelled: bool = False
    history_weeks: int = 260
    most_series: int = 10_000
    new_weeks: int = 26
    bootstrap: int = 500
    seed: int = 0
    n_jobs: int = 1
    reconciliation: Rule = "bottom_up"

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, and complete the quantiles and methods."""
        for name, low, high in _BOUNDS:
            _check_integer(name, getattr(self, name), low, high)
        if not 0 < self.interval < 1:
            raise ParameterError(
                f"interval: {self.interval} is not between 0 and 1. Give a probability such as 0.9."
            )
        _check_cutoff(self.cutoff)
        _check_words("methods", self.methods, (*CANDIDATES, ENSEMBLE))
        _check_words("kept_apart", self.kept_apart, ORDER_TYPES)
        _check_words("reconciliation", (self.reconciliation,), RULES)
        object.__setattr__(self, "quantiles", _complete_quantiles(self.quantiles, self.interval))
        members = tuple(name for name in CANDIDATES if name in {*self.methods, "seasonal_naive"})
        object.__setattr__(self, "methods", members)

    def earlier(self, as_of: date, weeks: int = 26) -> ForecastSettings:
        """Return settings of the forecast that would have been made some weeks ago, with quick methods.

        Parameters
        ----------
        as_of
            Last day of the data.
        weeks
            How long ago, and how far it looks: what it did not know can be compared with what came.
        """
        last = date.fromisoformat(self.cutoff) if self.cutoff else as_of
        methods = ("seasonal_smoothing", "product_share")
        return replace(
            self,
            horizon=weeks,
            cutoff=(last - timedelta(weeks=weeks)).isoformat(),
            methods=methods,
            windows=min(self.windows, 2),
            bootstrap=10,
        )

    @property
    def quantile_columns(self) -> dict[str, float]:
        """Column name (`q05`) to probability (0.05)."""
        return {quantile_column(probability): probability for probability in self.quantiles}


_BOUNDS = (
    ("horizon", 1, 520),
    ("season_length", 1, 520),
    ("windows", 1, 20),
    ("history_weeks", 2, 5200),
    ("most_series", 1, 1_000_000),
    ("new_weeks", 1, 520),
    ("bootstrap", 1, 100_000),
    ("seed", 0, 2**32 - 1),
    ("n_jobs", 1, 256),
)


def quantile_column(probability: float) -> str:
    """Return the column name of a quantile.

    >>> quantile_column(0.05), quantile_column(0.5), quantile_column(0.975)
    ('q05', 'q50', 'q975')
    """
    digits = f"{probability:.6f}"[2:].rstrip("0")
    return "q" + digits.ljust(2, "0")


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ParameterError(f"{name}: {value!r} came. Give a whole number from {low} to {high}.")


def _check_cutoff(cutoff: str) -> None:
    try:
        date.fromisoformat(cutoff or "2000-01-01")
    except (TypeError, ValueError) as error:
        message = f"cutoff: {cutoff!r} is not a day. Write it as 2026-11-15, or leave it empty."
        raise ParameterError(message) from error


def _check_words(name: str, words: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ParameterError(f"{name}: unknown {', '.join(map(repr, unknown))}. Known: {', '.join(known)}.")


def _complete_quantiles(quantiles: tuple[float, ...], interval: float) -> tuple[float, ...]:
    wrong = [probability for probability in quantiles if not 0 < probability < 1]
    if wrong:
        raise ParameterError(
            f"quantiles: {wrong[0]} is not between 0 and 1. Give probabilities such as 0.95."
        )
    needed = ((1 - interval) / 2, 0.5, interval, (1 + interval) / 2)
    return tuple(sorted({round(float(probability), 6) for probability in (*quantiles, *needed)}))

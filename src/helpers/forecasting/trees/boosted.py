"""One gradient-boosted model for all series, over all leads, with known drivers.

Each row of `features.py` is one example; the lead is one of its terms, so that one model
forecasts the whole horizon directly, without feeding its own forecasts back. With y the demand,
L the recent level of the series and f the sum of the trees:

    mean      y / L ~ Poisson deviance, weight L     F = L exp(f)     sum of F = sum of y
    median    |y / L - f|, weight L                  F = L f          half of y lies below
    relative  (log(y / L) - f)^2, weight L / y       F = L exp(f)     least |F - y| / y

The Poisson deviance of a ratio weighted by L is that of y itself with exposure L: it asks for
the mean only (Gourieroux, Monfort and Trognon 1984), so demand need not be Poisson. `relative`
minimises percentage errors: where y is log-normal(u, v), the forecast of least percentage error
is the median of y weighted by 1/y, exp(u - v), which is what the weighted squares of the
logarithm give; it lies below the mean and is for a percentage target only.

The trees are LightGBM's (Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision
tree, NeurIPS). scikit-learn's histogram trees were measured beside them: as accurate, at four to
six times the processor time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from helpers.errors import MissingExtraError, ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.trees.features import Panel, Rows, Views

Target = Literal["mean", "median", "relative"]
TARGETS: tuple[Target, ...] = ("mean", "median", "relative")
FEWEST_ROWS = 200
MOST_CODES = 250  # the trees take 255 categories
MOST_UNEQUAL = 20.0  # times the usual weight: one tiny demand must not rule a relative forecast


@dataclass(frozen=True)
class BoostedSettings:
    """Settings of `forecast_boosted`.

    Parameters
    ----------
    target
        What is forecast: the mean, the median, or the value of least percentage error.
    leads
        Leads to learn and forecast; empty = 1 to the horizon.
    trees, learning_rate, leaves, smallest_leaf
        Number of trees, their step, their most leaves, and the fewest rows of a leaf.
    features_share, rows_share
        Shares of the terms and of the rows that each tree may look at.
    first_periods
        Known periods that a series needs before it is an example.
    most_rows
        Rows to learn from; beyond that a seeded sample.
    quantiles
        Probabilities; one model more for each.
    seed
        Of the sample and of the trees.
    """

    target: Target = "mean"
    leads: tuple[int, ...] = ()
    trees: int = 150
    learning_rate: float = 0.08
    leaves: int = 31
    smallest_leaf: int = 40
    features_share: float = 0.6
    rows_share: float = 0.8
    first_periods: int = 8
    most_rows: int = 300_000
    quantiles: tuple[float, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant."""
        wrong = [
            f"{name}: {getattr(self, name)} came, give a whole number from {least}"
            for name, least in _LEAST.items()
            if getattr(self, name) < least
        ]
        if self.target not in TARGETS:
            wrong.append(f"target: {self.target!r} came, give one of {', '.join(TARGETS)}")
        wrong += [
            f"{name}: {getattr(self, name)} came, give a share above 0, at most 1"
            for name in ("learning_rate", "features_share", "rows_share")
            if not 0 < getattr(self, name) <= 1
        ]
        if any(not 0 < probability < 1 for probability in self.quantiles):
            wrong.append(f"quantiles: {self.quantiles} came, give probabilities between 0 and 1")
        if any(lead < 1 for lead in self.leads):
            wrong.append(f"leads: {self.leads} came, give whole numbers from 1")
        if wrong:
            raise ParameterError("; ".join(wrong) + ".")


_LEAST = {"trees": 1, "leaves": 2, "smallest_leaf": 1, "first_periods": 1, "most_rows": 1, "seed": 0}


@dataclass(frozen=True, eq=False)
class BoostedForecast:
    """A forecast of the global model.

    Parameters
    ----------
    point
        Series × horizon, units, never negative; NaN at leads that were not asked for and for
        series without any demand record.
    quantiles
        Series × horizon × probabilities, rising along the last axis; empty where none were asked.
    target
        What `point` is: mean, median or relative.
    rows
        Examples learnt from; 0 where they were too few and the recent level was carried forward.
    """

    point: Floats
    quantiles: Floats
    target: Target
    rows: int


def forecast_boosted(panel: Panel, horizon: int, settings: BoostedSettings | None = None) -> BoostedForecast:
    """Forecast all series of a panel with one boosted model.

    Parameters
    ----------
    panel
        Demand, drivers and groups; its `known` drivers reach `horizon` periods beyond the demand.
    horizon
        Periods to forecast, h.
    settings
        Target, leads, size of the model.

    Raises
    ------
    ParameterError
        If parts of the panel do not fit together, or a lead lies beyond the horizon.
    """
    settings = settings or BoostedSettings()
    leads = np.array(settings.leads or range(1, horizon + 1))
    if leads.max(initial=0) > horizon:
        raise ParameterError(f"leads: {leads.max()} lies beyond the horizon of {horizon} periods.")
    panel.check(horizon)
    series, periods = panel.demand.shape
    values = np.full((series, horizon), np.nan)
    quantiles = np.full((series, horizon, len(settings.quantiles)), np.nan)
    begun = np.flatnonzero(np.isfinite(panel.demand).any(axis=1))
    if not begun.size:
        return BoostedForecast(values, quantiles, settings.target, 0)
    views = Views(panel)
    ahead = Rows(
        np.repeat(begun, len(leads)),
        np.full(len(begun) * len(leads), periods - 1),
        np.tile(leads, len(begun)),
    )
    design = _learn_from(views, leads, settings)
    found, spread = _predict(views, design, ahead, settings)
    values[ahead.series, ahead.lead - 1] = found
    quantiles[ahead.series, ahead.lead - 1] = spread
    return BoostedForecast(values, quantiles, settings.target, len(design.series))


def boosted_level(
    known: History,
    shape: Floats,
    horizon: int,
    settings: BoostedSettings | None = None,
    season_length: int = 52,
    drivers: Mapping[str, Floats] | None = None,
) -> Floats:
    """Forecast the level, demand ÷ shape, of every series of a history, from what it knows.

    Weeks in which stock ran out are learnt from as they stand in `known`, so give repaired demand.
    They are not left out: stock runs out in weeks of high demand, and without them the sample came
    out four percent lower, with a better WAPE and for the wrong reason.

    Parameters
    ----------
    known
        History up to the origin.
    shape
        Known factors (season, promotions, life): series × (weeks + horizon). A week of zero (before
        the launch, after the end) is no example.
    horizon, season_length
        In weeks.
    drivers
        More that is known ahead (planned displays, log price), of the same shape as `shape`.

    Returns
    -------
    Series × horizon, mean level in units per week; NaN for series that have not begun.
    """
    groups = ("product_id", "category", "site_id")
    fixed = {name: _codes(known.keys[name].to_numpy()) for name in groups}
    usual = np.where(shape > 0, shape, np.nan)
    panel = Panel(
        demand=known.demand / usual[:, : known.length],
        known={"shape": np.log(usual), **(drivers or {})},
        fixed=fixed,
        season_length=season_length,
    )
    return forecast_boosted(panel, horizon, settings or LEVEL_SETTINGS).point


LEVEL_SETTINGS = BoostedSettings(trees=80, learning_rate=0.08, leaves=15, smallest_leaf=100, most_rows=60_000)


def _codes(labels: NDArray[Any]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.unique(labels.astype(str), return_inverse=True)[1]
    return found


def _learn_from(views: Views, leads: NDArray[np.int64], settings: BoostedSettings) -> Rows:
    """Draw the examples: target periods that are recorded, not out of stock, with a past."""
    panel = views.panel
    usable = np.isfinite(panel.demand)
    if panel.stockout is not None:
        usable &= ~panel.stockout
    if settings.target == "relative":
        usable &= np.nan_to_num(panel.demand) > 0
    past = np.cumsum(np.isfinite(panel.demand), axis=1)
    usable[:, 1:] &= past[:, :-1] >= settings.first_periods
    usable[:, 0] = False
    series, target = np.nonzero(usable)
    drawn = _draw(len(series) * len(leads), settings.most_rows, settings.seed)
    cell, lead = drawn // len(leads), leads[drawn % len(leads)]
    rows = Rows(series[cell], target[cell] - lead, lead)
    kept = rows.origin >= 0
    kept &= past[rows.series, np.maximum(rows.origin, 0)] >= settings.first_periods
    return Rows(rows.series[kept], rows.origin[kept], rows.lead[kept])


def _draw(population: int, most: int, seed: int) -> NDArray[np.int64]:
    if population <= most:
        return np.arange(population)
    return np.sort(np.random.default_rng(seed).choice(population, most, replace=False, shuffle=False))


def _predict(views: Views, design: Rows, ahead: Rows, settings: BoostedSettings) -> tuple[Floats, Floats]:
    """Values and quantiles of the rows ahead."""
    level = views.level(ahead)
    demand = views.panel.demand[design.series, design.target]
    if len(demand) < FEWEST_ROWS or not demand.any():
        carried = level if np.nan_to_num(views.panel.demand).any() else level * 0
        return carried, np.repeat(carried[:, None], len(settings.quantiles), axis=1)
    names, terms = _matrix(views, design)
    told = np.array([_varies(column) for column in terms.T])
    names, terms = [name for name, tells in zip(names, told, strict=True) if tells], terms[:, told]
    terms_ahead = _matrix(views, ahead)[1][:, told]
    scale = views.level(design)
    importance = np.ones(len(demand)) if views.panel.weight is None else views.panel.weight[design.series]
    learner = _Learner(terms, demand / scale, scale, importance, _categories(names, views.panel), settings)
    values = learner.fit_target().forecast(terms_ahead)
    spread = np.empty((len(level), len(settings.quantiles)))
    for position, probability in enumerate(settings.quantiles):
        spread[:, position] = learner.fit_quantile(probability).forecast(terms_ahead)
    spread = np.maximum.accumulate(np.maximum(spread, 0.0), axis=1)
    return level * np.maximum(values, 0.0), level[:, None] * spread


def _matrix(views: Views, rows: Rows) -> tuple[list[str], NDArray[np.float32]]:
    found = views.features(rows)
    large = {name for name, codes in views.panel.fixed.items() if codes.max() >= MOST_CODES}
    names = [name for name in found if name not in large]
    return names, np.column_stack([found[name].astype("float32") for name in names])


def _varies(column: NDArray[np.float32]) -> bool:
    """Whether a term tells rows apart; one that is never known would stop the trees."""
    seen = column[np.isfinite(column)]
    return bool(seen.size) and bool(seen.max() > seen.min())


def _categories(names: Sequence[str], panel: Panel) -> list[int]:
    return [position for position, name in enumerate(names) if name in panel.fixed]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Trees, and whether they speak of the logarithm of the ratio."""

    trees: Any
    logarithm: bool

    def forecast(self, terms: NDArray[np.float32]) -> Floats:
        found: Floats = np.asarray(self.trees.predict(terms), dtype="float64")
        return np.exp(found) if self.logarithm else found


@dataclass(frozen=True, eq=False)
class _Learner:
    """Examples and how to learn from them: `ratio` is demand ÷ `scale`."""

    terms: NDArray[np.float32]
    ratio: Floats
    scale: Floats
    importance: Floats
    categories: list[int]
    settings: BoostedSettings

    def fit_target(self) -> _Fitted:
        if self.settings.target == "relative":
            weight = 1 / self.ratio
            usual = float(np.median(weight))
            weight = np.clip(weight, usual / MOST_UNEQUAL, usual * MOST_UNEQUAL)
            return self._fit("regression", np.log(self.ratio), weight, logarithm=True)
        loss = "poisson" if self.settings.target == "mean" else "regression_l1"
        return self._fit(loss, self.ratio, self.scale)

    def fit_quantile(self, probability: float) -> _Fitted:
        return self._fit("quantile", self.ratio, self.scale, probability=probability)

    def _fit(
        self, loss: str, target: Floats, weight: Floats, *, logarithm: bool = False, probability: float = 0.5
    ) -> _Fitted:
        library = _library()
        settings = self.settings
        weight = weight * self.importance
        options = {
            "objective": loss,
            "alpha": probability,
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.leaves,
            "min_data_in_leaf": settings.smallest_leaf,
            "feature_fraction": settings.features_share,
            "bagging_fraction": settings.rows_share,
            "bagging_freq": 1,
            "lambda_l2": 1.0,
            "cat_smooth": 20.0,
            "seed": settings.seed,
            # The same trees whatever the number of cores; two threads under load were slower than one.
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        examples = library.Dataset(
            self.terms,
            target,
            weight=weight / weight.mean(),
            categorical_feature=self.categories,
            params=options,
        )
        return _Fitted(library.train(options, examples, settings.trees), logarithm)


def _library() -> Any:
    """LightGBM, or words for what its import says where the system lacks OpenMP."""
    try:
        import lightgbm
    except OSError as error:
        raise MissingExtraError(
            f"lightgbm: {error}. The boosted model needs the OpenMP library of the system: install libgomp1 "
            "(Debian, Ubuntu), libgomp (Fedora, conda) or libomp (macOS), or leave the method 'boosted' out."
        ) from error
    return lightgbm

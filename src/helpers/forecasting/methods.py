"""The candidate methods: thin adapters over statsforecast, each a point forecast per series.

A method without a season of its own sees demand divided by the product's yearly profile
(`season.py`) and its forecast is multiplied back. `ensemble` is the mean of three members that err
in different ways: one follows the level, one pools weeks, one pools sites. Measured on three sample
cases and Complete Journey, four origins each, it was better on each than the median of these three
with two moving averages and TSB (WAPE lower by 0.2 to 0.6 points). Left out for their cost on
thousands of weekly series, measured on the sample: Theta and AutoETS with trend (20 to 80 times the
time, no gain), and complex smoothing (`ces`): with `theta` and `ces` as two more candidates 500
series × 5 windows were not done after 180 seconds, beside 9 without them. `forecast_series` uses
`ces` and `damped`, on series that sell steadily. Small AutoARIMA costs 0.3 seconds a series for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from helpers.cluster import Client, cluster_address, map_chunks
from helpers.forecasting.classify import Floats

BASELINE = "seasonal_naive"
ENSEMBLE = "ensemble"
POOLED = "product_share"
BOOSTED = "boosted"
LAUNCH = "launch"  # of products too new to tell; see launches.py
FALLBACK_WEEKS = 13
SHARE_WEEKS = 52
CHUNK = 250
MEMBERS = ("ets", "imapa", POOLED)


class Model(Protocol):
    """A statsforecast model."""

    def forecast(self, y: Floats, h: int) -> dict[str, Floats]:
        """Return the point forecast under `mean`."""


@dataclass(frozen=True)
class Candidate:
    """One method: what it does, whether it brings its own season, and the history it needs.

    `build` takes the imported `statsforecast.models` and the season length; it is empty for
    the methods that need sister series.
    """

    meaning: str
    build: Callable[[Any, int], Model] | None
    own_season: bool = False
    seasons_needed: float = 0.0


CANDIDATES: Mapping[str, Candidate] = MappingProxyType(
    {
        BASELINE: Candidate(
            "demand of the same week one season ago (baseline)",
            lambda models, season: models.SeasonalNaive(season),
            own_season=True,
            seasons_needed=1.0,
        ),
        "seasonal_smoothing": Candidate(
            "exponential smoothing of each week of the year",
            lambda models, season: models.SeasonalExponentialSmoothingOptimized(season),
            own_season=True,
            seasons_needed=2.0,
        ),
        "window_13": Candidate("mean of the last 13 weeks", lambda models, _: models.WindowAverage(13)),
        "window_26": Candidate("mean of the last 26 weeks", lambda models, _: models.WindowAverage(26)),
        "smoothing": Candidate(
            "simple exponential smoothing", lambda models, _: models.SimpleExponentialSmoothingOptimized()
        ),
        "ets": Candidate(
            "exponential smoothing in state-space form (additive or multiplicative errors)",
            lambda models, _: models.AutoETS(season_length=1, model="ZNN"),
        ),
        "theta": Candidate(
            "dynamic optimised theta", lambda models, _: models.DynamicOptimizedTheta(season_length=1)
        ),
        "damped": Candidate(
            "exponential smoothing with damped trend and multiplicative errors",
            lambda models, _: models.AutoETS(season_length=1, model="MAN", damped=True),
        ),
        "ces": Candidate("complex exponential smoothing", lambda models, season: models.AutoCES(season)),
        "tsb": Candidate(
            "Teunter-Syntetos-Babai: smoothed size × smoothed probability",
            lambda models, _: models.TSB(alpha_d=0.1, alpha_p=0.1),
        ),
        "imapa": Candidate("mean over several weekly groupings", lambda models, _: models.IMAPA()),
        POOLED: Candidate("forecast of the product × the site's share of the last year", None),
        BOOSTED: Candidate("one boosted model over all series (LightGBM)", None),
    }
)


def run_methods(
    demand: Floats,
    names: Iterable[str],
    horizon: int,
    season_length: int,
    n_jobs: int = 1,
    cluster: str | Client | None = None,
) -> dict[str, Floats]:
    """Return the point forecasts of several methods for many series.

    Parameters
    ----------
    demand
        Series × weeks, NaN before the start of a series; nothing after its start is missing.
    names
        Methods with a `build`.
    horizon, season_length
        In weeks.
    n_jobs, cluster
        Processes here, or a Dask cluster (`helpers.cluster`; by default that of the run, if it was
        given one). Each series stands alone, so the result does not depend on them.

    Returns
    -------
    dict
        Method name to series × horizon, never negative.
    """
    chosen, cluster = tuple(names), cluster or cluster_address()
    rows = [_trim(row) for row in demand]
    forecast = partial(_forecast_rows, names=chosen, horizon=horizon, season_length=season_length)
    parts = 1 if n_jobs == 1 and cluster is None else -(-len(rows) // CHUNK)
    chunks = [rows[index::parts] for index in range(parts)]
    found = np.empty((len(chosen), len(rows), horizon))
    for index, part in enumerate(map_chunks(forecast, chunks, n_jobs, cluster)):
        found[:, index::parts] = part
    return {name: found[position] for position, name in enumerate(chosen)}


def share_of_product(
    demand: Floats, products: NDArray[np.object_], active: NDArray[np.bool_], horizon: int, n_jobs: int = 1
) -> Floats:
    """Return each series' share of its product's demand × the product's forecast (by `ets`).

    The share is that of the mean weekly demand over the last 52 weeks of the series' life.
    """
    recent = demand[:, -SHARE_WEEKS:]
    weeks = np.maximum(np.isfinite(recent).sum(axis=1), 1)
    mean = np.where(active, np.nansum(recent, axis=1) / weeks, 0.0)
    codes = np.unique(products, return_inverse=True)[1]
    totals = np.zeros((codes.max() + 1, demand.shape[1]))
    np.add.at(totals, codes[active], np.nan_to_num(demand[active]))
    begun = np.zeros_like(totals, dtype=bool)
    np.logical_or.at(begun, codes[active], np.isfinite(demand[active]))
    product = run_methods(np.where(begun, totals, np.nan), ("ets",), horizon, 1, n_jobs)["ets"]
    total_mean = np.bincount(codes, weights=mean)
    share = mean / np.where(total_mean[codes] > 0, total_mean[codes], 1.0)
    return share[:, None] * product[codes]


def ensemble_mean(forecasts: Mapping[str, Floats]) -> Floats:
    """Return the mean of the members that were computed (of all, if there is no member)."""
    members = [forecasts[name] for name in MEMBERS if name in forecasts]
    return np.mean(members or list(forecasts.values()), axis=0)


def _trim(row: Floats) -> Floats:
    return row[np.isfinite(row)]


def _forecast_rows(rows: list[Floats], names: tuple[str, ...], horizon: int, season_length: int) -> Floats:
    """Methods × series × horizon."""
    from statsforecast import models as library

    built = [(CANDIDATES[name], _build(CANDIDATES[name], library, season_length)) for name in names]
    needed = [candidate.seasons_needed * season_length for candidate, _ in built]
    found = np.empty((len(names), len(rows), horizon))
    with np.errstate(all="ignore"):  # a method that fails numerically is replaced below
        for position, (_, model) in enumerate(built):
            for index, row in enumerate(rows):
                found[position, index] = _forecast_one(model, row, horizon, needed[position])
    return found


def _build(candidate: Candidate, library: Any, season_length: int) -> Model:
    if candidate.build is None:
        raise ValueError("This method needs sister series; call share_of_product.")
    return candidate.build(library, season_length)


def _forecast_one(model: Model, row: Floats, horizon: int, weeks_needed: float) -> Floats:
    """Forecast one series on its own scale; its recent mean where the method cannot speak."""
    recent = float(row[-FALLBACK_WEEKS:].mean()) if len(row) else 0.0
    flat = np.full(horizon, recent)
    scale = float(row.mean()) if len(row) else 0.0
    if len(row) < max(weeks_needed, 6) or scale <= 0 or np.ptp(row) <= 1e-12 * scale:
        return flat
    try:
        mean = np.asarray(model.forecast(row / scale, horizon)["mean"], dtype="float64") * scale
    except (ValueError, ZeroDivisionError, FloatingPointError, RuntimeError):
        return flat
    return np.clip(mean, 0.0, None) if np.isfinite(mean).all() else flat

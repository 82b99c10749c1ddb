"""The door for any table of series: `forecast_series`, one rule for every frequency and length.

A series that skips periods (classify.py: intermittent or lumpy), or is a small count, goes through
`intermittent.py`, all of them in one call since that method pools what it learns; every other one
through `steady.py`. Of the steady series only the form of the error distribution is pooled
(`spread.py`), never level, trend, season or scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.cluster import Client, map_chunks
from helpers.errors import ParameterError
from helpers.forecasting.classify import ADI_LIMIT, Floats
from helpers.forecasting.counts.intermittent import forecast_intermittent
from helpers.forecasting.series.periods import Integers
from helpers.forecasting.series.series_table import SeriesTable, read_series
from helpers.forecasting.series.smooth import Smoothed
from helpers.forecasting.series.spread import standard_quantiles, steady_quantiles
from helpers.forecasting.series.steady import SteadySettings, forecast_steady
from helpers.forecasting.settings import quantile_column

EFFORTS = ("default", "fast")
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
CHUNK = 400
SMALL_MEAN = 5.0
SHORT = 6


def forecast_series(  # noqa: PLR0913 -- the public door: one argument per choice, four of them by name
    history: pd.DataFrame,
    horizon: int,
    season_length: int,
    quantiles: Sequence[float] = QUANTILES,
    seed: int = 0,
    *,
    effort: str = "default",
    n_jobs: int = 1,
    cluster: str | Client | None = None,
) -> pd.DataFrame:
    """Forecast any number of series of any frequency, with quantiles.

    Parameters
    ----------
    history
        Columns series_id, period (date or whole number), demand; one row per series and period,
        in any order. A missing period is filled (`series_table.py` says how).
    horizon
        Periods to forecast, after the last period of each series.
    season_length
        Periods in a season: 12 for months, 4 for quarters, 52 for weeks, 1 for no season.
    quantiles
        Probabilities, each in (0, 1).
    seed
        Of the draws; the same seed gives the same forecast.
    effort
        "default", or "fast": only the methods that run on all series at once; less than a tenth of
        the time on yearly and quarterly series, nearly as accurate (figures: benchmarks/README.md).
    n_jobs, cluster
        Processes here, or a Dask scheduler's address or Client; the result does not depend on
        them. They share out the steady series only: counts are pooled over their series and take
        little time, so they are forecast here in any case.

    Returns
    -------
    DataFrame
        series_id, period, mean and a column per quantile (`q05`, `q50`, `q975`); series in the
        order of their names, `horizon` rows each. `attrs["notes"]` says in sentences what was
        assumed: filled gaps, short or constant series, negative demand.

    Raises
    ------
    ParameterError
        If parameters cannot be meant.
    ContractError
        If the table cannot carry a forecast; says everything that is wrong with it.

    Examples
    --------
    >>> history = pd.DataFrame({"series_id": "A", "period": range(1, 9), "demand": [4.0] * 8})
    >>> forecast_series(history, horizon=2, season_length=1, quantiles=(0.5,))
      series_id  period  mean  q50
    0         A       9   4.0  4.0
    1         A      10   4.0  4.0
    """
    wanted = _check(horizon, season_length, quantiles, (seed, effort, n_jobs))
    table = read_series(history, season_length)
    kinds = _Kinds.of(table)
    settings = SteadySettings(horizon, season_length, seed, effort)
    mean = np.empty((len(table.ids), horizon))
    spread = np.empty((*mean.shape, len(wanted)))
    steady = np.flatnonzero(~kinds.counts)
    if len(steady):
        found = _forecast_steady(table, steady, settings, n_jobs, cluster)
        standard = standard_quantiles(found.past_error, wanted)
        floor = np.where(kinds.negative[steady], -np.inf, 0.0)
        mean[steady] = np.maximum(found.mean, floor[:, None])
        spread[steady] = steady_quantiles(mean[steady], found.sd, standard, kinds.whole[steady], floor)
    for rows in _count_groups(table, kinds.counts):
        grid = table.grid(rows)
        count = forecast_intermittent(grid, horizon, wanted, season_length=season_length, seed=seed)
        mean[rows], spread[rows] = count.mean, count.quantiles
    result = _result(table, mean, spread, wanted)
    result.attrs["notes"] = (*table.notes, *_notes(table, kinds, season_length))
    return result


@dataclass(frozen=True, eq=False)
class _Kinds:
    """What is known of each series before it is forecast."""

    counts: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    negative: NDArray[np.bool_]
    constant: NDArray[np.bool_]
    zero: NDArray[np.bool_]

    @classmethod
    def of(cls, table: SeriesTable) -> _Kinds:
        begin, demand = table.starts[:-1], table.demand
        low, high = np.minimum.reduceat(demand, begin), np.maximum.reduceat(demand, begin)
        mean = np.add.reduceat(demand, begin) / table.lengths
        whole = np.logical_and.reduceat(demand == np.floor(demand), begin)
        intervals = table.lengths / np.maximum(np.add.reduceat((demand > 0).astype("float64"), begin), 1)
        slow = (intervals >= ADI_LIMIT) | (whole & (mean < SMALL_MEAN))
        counts = slow & (low >= 0) & (high > low)
        return cls(counts, whole, low < 0, high == low, (low == 0) & (high == 0))


def _forecast_steady(
    table: SeriesTable,
    rows: Integers,
    settings: SteadySettings,
    n_jobs: int,
    cluster: str | Client | None,
) -> Smoothed:
    """In chunks of series of like length, so that a long one does not widen the grid of all."""
    order = rows[np.argsort(table.lengths[rows], kind="stable")]
    chunks = [order[begin : begin + CHUNK] for begin in range(0, len(order), CHUNK)]
    parts = _run(table, chunks, settings, n_jobs, cluster)
    place = np.argsort(order, kind="stable")
    origins = max(len(part.past_error) for part in parts)
    past = np.concatenate([_padded(part.past_error, origins) for part in parts], axis=1)
    mean, sd = (np.concatenate([getattr(part, name) for part in parts])[place] for name in ("mean", "sd"))
    return Smoothed(mean, sd, past[:, place])


def _run(
    table: SeriesTable,
    chunks: Sequence[Integers],
    settings: SteadySettings,
    n_jobs: int,
    cluster: str | Client | None,
) -> list[Smoothed]:
    if n_jobs == 1 and cluster is None:
        return [forecast_steady(table.grid(chunk), settings) for chunk in chunks]
    grids = [table.grid(chunk) for chunk in chunks]
    return map_chunks(partial(forecast_steady, settings=settings), grids, n_jobs, cluster)


def _padded(past: Floats, origins: int) -> Floats:
    extra = np.full((origins - len(past), *past.shape[1:]), np.nan)
    return np.concatenate([past, extra])


def _count_groups(table: SeriesTable, counts: NDArray[np.bool_]) -> Iterator[Integers]:
    """Series of one frequency each: what is pooled over weeks says nothing of months."""
    pairs = np.column_stack([table.calendar.kind, table.calendar.step])
    frequency = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
    for number in np.unique(frequency[counts]):
        yield np.flatnonzero(counts & (frequency == number))


def _result(table: SeriesTable, mean: Floats, spread: Floats, wanted: Sequence[float]) -> pd.DataFrame:
    horizon = mean.shape[1]
    columns = {
        "series_id": table.ids.repeat(horizon),
        "period": table.periods(horizon),
        "mean": mean.ravel(),
    }
    flat = spread.reshape(-1, len(wanted))
    return pd.DataFrame(columns | {quantile_column(p): flat[:, place] for place, p in enumerate(wanted)})


def _check(
    horizon: object, season_length: object, quantiles: Sequence[float], others: tuple[object, object, object]
) -> tuple[float, ...]:
    """Return the probabilities in order; refuse what cannot be meant, all at once."""
    seed, effort, n_jobs = others
    whole = (
        ("horizon", horizon, 1, 10_000),
        ("season_length", season_length, 1, 10_000),
        ("seed", seed, 0, 2**32 - 1),
        ("n_jobs", n_jobs, 1, 256),
    )
    wrong = [
        f"{name}: {value!r} came. Give a whole number from {low} to {high}."
        for name, value, low, high in whole
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high
    ]
    if effort not in EFFORTS:
        wrong.append(f"effort: {effort!r} came. Give {' or '.join(map(repr, EFFORTS))}.")
    wrong += _check_quantiles(quantiles)
    if wrong:
        raise ParameterError(" ".join(wrong))
    return tuple(sorted({float(probability) for probability in quantiles}))


def _check_quantiles(quantiles: object) -> list[str]:
    try:
        values = [float(probability) for probability in quantiles]  # type: ignore[attr-defined]  # anything may come
    except (TypeError, ValueError):
        return [f"quantiles: {quantiles!r} came. Give probabilities such as (0.05, 0.5, 0.95)."]
    outside = [value for value in values if not 0 < value < 1]
    if outside:
        return [f"quantiles: {outside[0]} is not between 0 and 1. Give probabilities such as 0.95."]
    return [] if len({quantile_column(v) for v in values}) == len(set(values)) else ["quantiles: too alike."]


def _notes(table: SeriesTable, kinds: _Kinds, season_length: int) -> Iterator[str]:
    lengths = table.lengths
    found = (
        (kinds.zero, "without any demand: forecast zero"),
        (kinds.constant & ~kinds.zero & (lengths > 1), "that never change: forecast as they are"),
        ((lengths == 1) & ~kinds.zero, "of one period: forecast as that period, no spread can be told"),
        ((lengths > 1) & (lengths < SHORT), f"shorter than {SHORT} periods: level and spread are guesses"),
        (kinds.negative, "with negative demand: forecast without season, may be negative"),
        (
            (lengths < 2 * season_length) & (season_length > 1),
            f"shorter than two seasons of {season_length}: no season was used",
        ),
        (kinds.counts, "that skip periods or are small counts: forecast as counts, pooled over such series"),
    )
    for chosen, what in found:
        if chosen.any():
            first = table.ids[np.flatnonzero(chosen)[0]]
            yield f"{int(chosen.sum())} series {what} (first: {first!r})."

"""Paths keep the distribution of each week and give sums the spread that the truth has."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from helpers.forecasting.backtest import Window
from helpers.forecasting.distribution.paths import Dependence, Marginals, draw_paths, fit_dependence
from helpers.forecasting.distribution.quantiles import Spread, Steps, fit_spread

SERIES, WEEKS, PRODUCTS = 400, 10, 100
TRUTH = Dependence(
    all_level=0.02, product_level=0.1, product_week=0.1, series_level=0.2, carry=0.5, all_week=0.03
)
PRODUCT = np.array([f"P{row % PRODUCTS:03}" for row in range(SERIES)], dtype=object)
MEAN = np.random.default_rng(0).uniform(0.4, 12, size=(SERIES, 1)) * np.ones((1, WEEKS))


def known_spread(series: int = SERIES, *, counts: bool = True, phi: float = 2.0) -> Spread:
    return Spread(np.full(series, phi), {}, Steps(np.full(series, counts), np.full(series, 1e-3)))


def marginals(mean: np.ndarray = MEAN, *, counts: bool = True) -> Marginals:
    classes = np.full(len(mean), "smooth")
    return Marginals(mean, known_spread(len(mean), counts=counts), classes, PRODUCT[: len(mean)])


def windows(truth: Dependence, count: int, seed: int) -> list[Window]:
    """Back-test windows whose errors hang together as `truth` says."""
    drawn = draw_paths(marginals(), truth, count, seed)
    return [
        Window(
            100 + k,
            {"seasonal_naive": MEAN},
            drawn[:, k],
            np.ones(drawn[:, k].shape, dtype=bool),
            np.full(SERIES, "smooth"),
            np.ones(SERIES),
            np.full(SERIES, 2.0),
        )
        for k in range(count)
    ]


def test_each_week_keeps_its_distribution() -> None:
    """4,000 paths of a small count, a large count and an amount, at levels from 0.001 to 0.999."""
    mean = np.array([[1.5, 3.0], [150.0, 90.0]])
    for counts, exact in ((True, 1e-9), (False, 1e-9)):
        paths = draw_paths(marginals(mean, counts=counts), TRUTH, 4_000, 3)
        for row, week in ((0, 0), (1, 1)):
            law = (
                stats.nbinom(mean[row, week], 0.5) if counts else stats.gamma(mean[row, week] / 2, scale=2.0)
            )
            for level in (0.05, 0.5, 0.95, 0.99):
                edge = law.ppf(level)
                share = (paths[row, :, week] <= edge + exact).mean()
                assert share == pytest.approx(law.cdf(edge), abs=0.03)


def test_paths_of_a_series_do_not_depend_on_the_company() -> None:
    alone = draw_paths(marginals(), TRUTH, 20, 5, rows=[7, 399])
    assert np.array_equal(draw_paths(marginals(), TRUTH, 20, 5)[[7, 399]], alone)
    assert not np.array_equal(draw_paths(marginals(), TRUTH, 20, 6, rows=[7, 399]), alone)


def test_known_dependence_is_found_again_from_counts() -> None:
    """20 windows of 400 series; attenuated ranks alone would show half of it."""
    past = windows(TRUTH, 20, 1)
    found = fit_dependence(past, [MEAN] * 20, known_spread(), PRODUCT)
    assert found.product_level + found.product_week == pytest.approx(0.2, abs=0.05)
    assert found.product_level == pytest.approx(0.1, abs=0.04)
    assert found.series_level == pytest.approx(0.2, abs=0.06)
    assert found.carry == pytest.approx(0.5, abs=0.15)
    assert found.all_level + found.all_week == pytest.approx(0.05, abs=0.03)


def test_sums_over_weeks_and_series_are_covered_where_independent_weeks_fail() -> None:
    past, later = windows(TRUTH, 8, 2), windows(TRUTH, 6, 99)
    spread = fit_spread(past, [MEAN] * 8, later[0], (0.05, 0.5, 0.95), known_spread().steps)
    found = fit_dependence(past, [MEAN] * 8, spread, PRODUCT)
    given = Marginals(MEAN, spread, later[0].classes, PRODUCT)
    shares = {}
    for name, dependence in (("copula", found), ("independent", Dependence())):
        paths = draw_paths(given, dependence, 200, 4)
        groups = paths.reshape(-1, PRODUCTS, *paths.shape[1:]).sum(axis=0)
        for what, drawn, real in (
            ("own", paths, [w.actual for w in later]),
            ("product", groups, [w.actual.reshape(-1, PRODUCTS, WEEKS).sum(axis=0) for w in later]),
        ):
            low, high = np.quantile(drawn.sum(axis=2), (0.05, 0.95), axis=1)
            sums = np.stack([actual.sum(axis=1) for actual in real])
            shares[name, what] = float(((sums >= low) & (sums <= high)).mean())
    assert shares["copula", "own"] == pytest.approx(0.9, abs=0.03)
    assert shares["copula", "product"] == pytest.approx(0.9, abs=0.05)
    assert shares["independent", "own"] < 0.8
    assert shares["independent", "product"] < 0.7


def test_independent_errors_give_next_to_no_dependence() -> None:
    past = windows(Dependence(), 4, 3)
    found = fit_dependence(past, [MEAN] * 4, known_spread(), PRODUCT)
    assert found.rest > 0.94
    assert found.carry <= 0.3 or found.rest > 0.97


def test_without_windows_weeks_are_independent() -> None:
    assert fit_dependence([], [], known_spread(), PRODUCT) == Dependence()


def test_nothing_expected_draws_nothing_and_unknown_stays_unknown() -> None:
    mean = np.array([[0.0, np.nan, 2.0]])
    paths = draw_paths(marginals(mean), TRUTH, 200, 0)
    assert paths[0, :, 0].max() == 0
    assert np.isnan(paths[0, :, 1]).all()
    assert paths[0, :, 2].mean() == pytest.approx(2.0, rel=0.2)


def test_variances_add_up_to_one() -> None:
    paths = draw_paths(marginals(np.full((40, 8), 40.0)), TRUTH, 2_000, 1)
    score = special.ndtri(np.clip(stats.nbinom.cdf(paths, 40.0, 0.5), 1e-6, 1 - 1e-6))
    assert score.var() == pytest.approx(1.0, abs=0.1)
    assert TRUTH.rest == pytest.approx(0.55)

"""Quantiles of steady series."""

from __future__ import annotations

import numpy as np

from helpers.forecasting.series.spread import PRIOR_SERIES, standard_quantiles, steady_quantiles

LEVELS = (0.05, 0.5, 0.95)


def test_without_errors_the_form_is_assumed_and_symmetric() -> None:
    found = standard_quantiles(np.full((2, 4, 3), np.nan), LEVELS)
    np.testing.assert_allclose(found, [-1.587, 0.0, 1.587], atol=0.001)


def test_errors_of_many_series_set_the_form() -> None:
    errors = np.random.default_rng(0).exponential(1.0, (1, 200_000, 1)) - 1
    np.testing.assert_allclose(standard_quantiles(errors, LEVELS), [-0.949, -0.307, 1.996], atol=0.03)


def test_many_errors_of_few_series_do_not() -> None:
    errors = np.random.default_rng(0).exponential(1.0, (20, 5, 2_000)) - 1
    found = standard_quantiles(errors, LEVELS)
    np.testing.assert_allclose(found, [-1.587, 0.0, 1.587], atol=0.02)


def test_form_is_the_mean_of_both_where_series_weigh_as_much_as_the_prior() -> None:
    errors = np.full((1, int(PRIOR_SERIES), 1), 3.0)
    found = standard_quantiles(errors, LEVELS)
    np.testing.assert_allclose(found, [(3 - 1.587) / 2, 1.5, (3 + 1.587) / 2], atol=0.001)


def test_quantiles_follow_mean_and_sd_and_stop_at_the_floor() -> None:
    mean, sd = np.array([[10.5], [10.5]]), np.array([[10.0], [1.0]])
    standard = np.array([-2.0, 0.0, 2.0])
    found = steady_quantiles(mean, sd, standard, np.array([False, True]), np.array([0.0, -np.inf]))
    np.testing.assert_allclose(found[:, 0], [[0.0, 10.5, 30.5], [8.0, 10.0, 12.0]])

"""Quantiles of steady series."""

from __future__ import annotations

import numpy as np

from helpers.forecasting.spread import standard_quantiles, steady_quantiles

LEVELS = (0.05, 0.5, 0.95)


def test_without_errors_the_form_is_assumed_and_symmetric() -> None:
    found = standard_quantiles(np.full((2, 3), np.nan), LEVELS)
    np.testing.assert_allclose(found, [-1.587, 0.0, 1.587], atol=0.001)


def test_many_errors_set_the_form() -> None:
    errors = np.random.default_rng(0).exponential(1.0, 200_000) - 1
    np.testing.assert_allclose(standard_quantiles(errors, LEVELS), [-0.949, -0.307, 1.996], atol=0.03)


def test_quantiles_follow_mean_and_sd_and_stop_at_the_floor() -> None:
    mean, sd = np.array([[10.5], [10.5]]), np.array([[10.0], [1.0]])
    standard = np.array([-2.0, 0.0, 2.0])
    found = steady_quantiles(mean, sd, standard, np.array([False, True]), np.array([0.0, -np.inf]))
    np.testing.assert_allclose(found[:, 0], [[0.0, 10.5, 30.5], [8.0, 10.0, 12.0]])

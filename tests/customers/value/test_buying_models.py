"""Buying models: their likelihoods, expectations and draws, against slow second computations."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, simpson
from scipy.special import hyp2f1
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law
from tests.customers.many_buyers import buyers

from helpers.customers.value.arguments import compress, read_histories
from helpers.customers.value.beta_geometric import BetaGeometricScore, beta_rule
from helpers.customers.value.bg_nbd import BgNbd, MbgNbd, fit_bg_nbd, fit_mbg_nbd
from helpers.customers.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from helpers.customers.value.lifetime import lifetime_value
from helpers.customers.value.pareto_nbd import ParetoNbd, _ParetoScore, fit_pareto_nbd
from helpers.errors import ParameterError

NONE = np.eye(4)
# Published: BG/NBD of Fader, Hardie and Lee (2005), table 2; Pareto/NBD of Fader and Hardie (2005).
CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426, -9582.4, NONE)
CDNOW_PARETO = ParetoNbd(0.553, 10.578, 0.606, 11.669, -9595.0, NONE)
FITS: list[Any] = [fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd]


def test_expected_purchases_are_those_of_the_paper() -> None:
    # Customer 0001 of CDNOW: x 2, tx 30.43, T 38.86 (Fader, Hardie and Lee's spreadsheet: 1.226)
    assert CDNOW.expected_purchases(39, 2, 30.43, 38.86)[0] == pytest.approx(1.226, abs=5e-4)


def test_everyone_who_bought_once_is_alive_in_bg_nbd_only() -> None:
    once = ([0.0], [0.0], [38.86])
    assert CDNOW.probability_alive(*once)[0] == 1
    assert 0 < MbgNbd(0.525, 6.183, 0.891, 1.614, 0, NONE).probability_alive(*once)[0] < 1
    assert 0 < CDNOW_PARETO.probability_alive(*once)[0] < 1


@pytest.mark.parametrize("x", [0, 1, 7, 60])
@pytest.mark.parametrize("ab", [(0.793, 2.426), (1.0, 3.0), (3.5, 0.7)])
def test_expectation_is_the_hypergeometric_one(x: int, ab: tuple[float, float]) -> None:
    r, alpha, last, age, t = 0.6, 4.0, 20.0 * (x > 0), 30.0, 26.0
    a, b = ab[0] + 1e-7, ab[1]  # the published form has a hole at a = 1
    z = t / (alpha + age + t)
    series = hyp2f1(r + x, b + x, a + b + x - 1, z)
    top = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * series)
    gone = a / (b + x - 1) * ((alpha + age) / (alpha + last)) ** (r + x) if x else 0.0
    model = BgNbd(r, alpha, a, b, 0.0, NONE)
    assert model.expected_purchases(t, x, last, age)[0] == pytest.approx(top / (1 + gone), rel=2e-5)


@pytest.mark.parametrize("row", [(0.0, 0.0, 5.0), (1.0, 0.1, 30.0), (12.0, 25.0, 30.0), (200.0, 10.0, 30.0)])
@pytest.mark.parametrize("theta", [(0.55, 10.6, 0.6, 11.7), (2.0, 3.0, 0.3, 0.01), (0.2, 0.5, 4.0, 80.0)])
def test_pareto_likelihood_is_the_integral_over_the_day_of_leaving(
    row: tuple[float, float, float], theta: tuple[float, float, float, float]
) -> None:
    (x, last, age), (r, alpha, s, beta) = row, theta
    model = ParetoNbd(*theta, 0.0, NONE)
    scale = -(r + x) * np.log(alpha + last)

    def density(y: float) -> float:
        left = last + np.expm1(y)
        return float(
            s * np.exp(-(r + x) * np.log(alpha + left) - scale) * (beta + left) ** (-s - 1) * np.exp(y)
        )

    area = quad(density, 0, np.log1p(age - last), epsabs=0, epsrel=1e-11, limit=400)[0]
    stays = np.exp(-(r + x) * np.log(alpha + age) - scale) * (beta + age) ** -s
    alive = stays / (stays + area)
    assert model.probability_alive(x, last, age)[0] == pytest.approx(alive, rel=1e-6, abs=1e-12)


def test_pareto_likelihood_of_one_customer_is_the_double_integral() -> None:
    r, alpha, s, beta, x, last, age = 0.8, 5.0, 0.9, 8.0, 2, 6.0, 10.0

    # Simpson's rule over the square roots, which takes the poles at 0 away
    root = np.linspace(1e-9, np.sqrt(8), 401)
    rate, leaving = np.meshgrid(root**2, root**2, indexing="ij")
    both = rate + leaving
    seen = (leaving * np.exp(-both * last) + rate * np.exp(-both * age)) / both
    law = gamma_law.pdf(rate, r, scale=1 / alpha) * gamma_law.pdf(leaving, s, scale=1 / beta)
    values = rate**x * seen * law * 4 * np.sqrt(rate * leaving)
    want = np.log(simpson(simpson(values, x=root, axis=1), x=root))
    got = ParetoNbd(r, alpha, s, beta, 0.0, NONE).log_density(x, last, age)[0]
    assert got == pytest.approx(want, abs=2e-4)


@pytest.mark.parametrize(
    "make", [lambda h: BetaGeometricScore(h, 0), lambda h: BetaGeometricScore(h, 1), _ParetoScore]
)
def test_gradients_are_those_of_the_likelihood(make: Callable[..., Any]) -> None:
    score = make(read_histories(*buyers(60)).scaled(1 / 40))
    theta, step = np.array([0.1, -1.3, 0.2, 0.5]), 1e-5
    slope = [(score(theta + e)[0] - score(theta - e)[0]) / (2 * step) for e in np.eye(4) * step]
    np.testing.assert_allclose(score(theta)[1], slope, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("fit", FITS)
def test_fitted_likelihood_is_the_sum_over_customers_and_no_neighbour_is_likelier(
    fit: Callable[..., Any],
) -> None:
    rows = buyers(150, first_chance=True)
    model = fit(*rows)
    assert model.log_likelihood == pytest.approx(model.log_density(*rows).sum(), rel=1e-9)
    for name in ("r", "alpha"):
        for factor in (0.97, 1.03):
            other = replace(model, **{name: getattr(model, name) * factor})
            assert other.log_density(*rows).sum() < model.log_likelihood


def test_parameters_that_drew_the_customers_are_found_again() -> None:
    model = fit_bg_nbd(*buyers(4000))
    spread = np.sqrt(np.diag(model.covariance))
    off = np.log([model.r, model.alpha, model.a, model.b]) - np.log([0.8, 6.0, 0.8, 2.5])
    assert (np.abs(off) < 3 * spread).all()
    assert (spread < 0.25).all()


def test_the_unit_of_time_changes_nothing_but_the_scale() -> None:
    x, last, age = buyers(200)
    weeks, days = fit_bg_nbd(x, last, age), fit_bg_nbd(x, 7 * last, 7 * age)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-3)
    assert days.expected_purchases(70, x, 7 * last, 7 * age) == pytest.approx(
        weeks.expected_purchases(10, x, last, age), rel=1e-3
    )


def test_equal_rows_in_one_give_the_same_fit() -> None:
    x, last, age = (np.round(column, -1) for column in buyers(300))
    last = np.where(x > 0, np.minimum(last, age), 0.0)
    rows = read_histories(x, last, age)
    assert len(compress(rows)) < len(rows)
    whole, small = (BetaGeometricScore(part, 0)(np.zeros(4)) for part in (rows, compress(rows)))
    assert whole[0] == pytest.approx(small[0], rel=1e-12)
    np.testing.assert_allclose(whole[1], small[1], rtol=1e-10)


@pytest.mark.parametrize("model", [CDNOW, MbgNbd(0.525, 6.2, 0.9, 1.6, 0, NONE), CDNOW_PARETO])
def test_draws_have_the_expected_mean(model: Any) -> None:
    x, last, age = np.full(40_000, 5.0), np.full(40_000, 28.0), np.full(40_000, 38.0)
    drawn = model.draw_purchases(39.0, x, last, age, np.random.default_rng(1))
    error = drawn.std() / np.sqrt(len(drawn))
    assert drawn.mean() == pytest.approx(model.expected_purchases(39, 5, 28, 38)[0], abs=4 * error)


@settings(max_examples=15, deadline=None)
@given(
    x=st.integers(0, 3000),
    last=st.floats(0, 1),
    age=st.floats(0, 500),
    t=st.floats(0, 200),
    more=st.floats(0.1, 100),
)
def test_more_time_never_lowers_the_expectation(
    x: int, last: float, age: float, t: float, more: float
) -> None:
    tx = last * age if x else 0.0
    for model in (CDNOW, MbgNbd(0.5, 6.0, 1.0, 1.6, 0, NONE), CDNOW_PARETO):
        first, second = (model.expected_purchases(time, x, tx, age)[0] for time in (t, t + more))
        assert np.isfinite([first, second]).all()
        assert 0 <= first <= second * (1 + 1e-9) + 1e-12
        assert 0 <= model.probability_alive(x, tx, age)[0] <= 1


@pytest.mark.parametrize("law", [(0.3, 2.0), (1.0, 1.0), (5.0, 900.0)])
def test_the_rule_integrates_over_a_beta_law(law: tuple[float, float]) -> None:
    p, weight = beta_rule(*law)
    assert weight.sum() == pytest.approx(1)
    for power in (1, 2, 3):
        assert weight @ p**power == pytest.approx(beta_law(*law).moment(power), rel=1e-9)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("rows", [([3], [5.0], [9.0]), ([0, 0], [0, 0], [4, 4]), ([0], [0], [0])])
def test_one_customer_or_no_repeats_give_finite_answers(fit: Callable[..., Any], rows: Any) -> None:
    model = fit(*rows)
    assert np.isfinite(model.expected_purchases(10, *rows)).all()
    assert np.isfinite(model.covariance).all()


def test_wrong_histories_are_refused_all_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        fit_bg_nbd([1.5, -1, 0], [2, 1, 3], [1, np.nan, 5])
    for name in ("frequency", "not whole", "above 'age'", "without a repeat"):
        assert name in str(caught.value)
    for wrong in ((([1, 2]), [1], [1, 2, 3]), ([], [], [])):
        with pytest.raises(ParameterError):
            fit_bg_nbd(*wrong)
    with pytest.raises(ParameterError, match="'t'"):
        CDNOW.expected_purchases(-1, 1, 1, 2)


def test_gamma_gamma_is_that_of_the_note() -> None:
    spend = GammaGamma(6.25, 3.74, 15.44, 0.0, np.eye(3), 946, 0)
    # Fader and Hardie (2013): customer 0001 with two repeats of mean 22.35, and the mean of all
    assert spend.expected_value(2, 22.35)[0] == pytest.approx(24.66, abs=0.01)
    assert spend.mean_spend == pytest.approx(35.2, abs=0.05)
    assert spend.expected_value(0, np.nan)[0] == pytest.approx(spend.mean_spend)


def test_gamma_gamma_finds_its_parameters_and_says_who_was_left_out() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(1, 9, 6000).astype(float)
    m = rng.gamma(6.0 * x) / x / (rng.gamma(3.7, size=6000) / 15.0)
    spend = fit_gamma_gamma([*x, 3.0, 0.0], [*m, -4.0, 0.0])
    assert (spend.customers, spend.left_out) == (6000, 1)
    off = np.log([spend.p, spend.q, spend.v]) - np.log([6.0, 3.7, 15.0])
    assert (np.abs(off) < 3.5 * np.sqrt(np.diag(spend.covariance))).all()
    assert spend.expected_value(3, -4.0)[0] < spend.expected_value(3, 0.0)[0]


def test_spend_draws_have_the_expected_mean_also_below_zero() -> None:
    spend = GammaGamma(6.25, 3.74, 15.44, 0.0, np.eye(3), 946, 0)
    n = 40_000
    for m in (30.0, -5.0):
        drawn = spend.draw_totals(np.full(n, 3), np.full(n, 4.0), np.full(n, m), np.random.default_rng(2))
        want = 3 * spend.expected_value(4, m)[0]
        assert drawn.mean() == pytest.approx(want, abs=4 * drawn.std() / np.sqrt(n))


def test_lifetime_value_is_the_sum_over_weeks() -> None:
    spend = GammaGamma(6.25, 3.74, 15.44, 0.0, np.eye(3), 946, 0)
    row = (2.0, 30.43, 38.86)
    steps = np.array([CDNOW.expected_purchases(week, *row)[0] for week in range(53)])
    weekly = np.diff(steps) * 1.1 ** -((np.arange(52) + 0.5) / 52)
    want = weekly.sum() * spend.expected_value(2, 22.35)[0]
    got = lifetime_value(CDNOW, spend, *row, 22.35, horizon=52, discount_rate=0.1)[0]
    assert got == pytest.approx(want, rel=1e-4)
    free = lifetime_value(CDNOW, spend, *row, 22.35, horizon=52, discount_rate=0.0)[0]
    assert free == pytest.approx(steps[-1] * spend.expected_value(2, 22.35)[0], rel=1e-12)
    with pytest.raises(ParameterError, match="'horizon'.*'discount_rate'"):
        lifetime_value(CDNOW, spend, *row, 22.35, horizon=0, discount_rate=-2)


@pytest.mark.parametrize(
    "module", ["arguments", "beta_geometric", "bg_nbd", "gamma_gamma", "lifetime", "pareto_nbd", "ranks"]
)
def test_examples_of_the_docstrings_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"helpers.customers.value.{module}"))
    assert result.failed == 0

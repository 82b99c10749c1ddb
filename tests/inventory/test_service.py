"""Policies for many series at once: against sums, simulation and what must always hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from helpers.errors import ParameterError
from helpers.inventory import (
    Exposure,
    GammaDemand,
    LeadTimeDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
    SampledDemand,
    reorder_points_by_cost,
    reorder_points_for_target,
    sd_over,
    service_of,
)

MEANS, SDS = np.array([0.4, 3.0, 12.5, 80.0]), np.array([0.9, 2.5, 6.0, 21.0])
LEVELS = [-3.0, 0.0, 1.0, 4.0, 15.0, 110.0]
WHOLE: list[LeadTimeDemand] = [PoissonDemand(MEANS), NegativeBinomialDemand(MEANS, SDS)]
SMOOTH: list[LeadTimeDemand] = [NormalDemand(MEANS, SDS), GammaDemand(MEANS, SDS)]


def in_scipy(demand: LeadTimeDemand, series: int) -> stats.rv_frozen:
    mean, sd = MEANS[series], SDS[series]
    share = min(mean / sd**2, 1.0)
    made: dict[type, Callable[[], stats.rv_frozen]] = {
        PoissonDemand: lambda: stats.poisson(mean),
        NegativeBinomialDemand: lambda: stats.nbinom(mean * share / (1 - share), share),
        NormalDemand: lambda: stats.norm(mean, sd),
        GammaDemand: lambda: stats.gamma((mean / sd) ** 2, scale=sd**2 / mean),
    }
    return made[type(demand)]()


@pytest.mark.parametrize("demand", WHOLE, ids=lambda demand: type(demand).__name__)
@pytest.mark.parametrize("level", LEVELS)
def test_losses_of_whole_demand_are_sums_over_the_probabilities(demand: LeadTimeDemand, level: float) -> None:
    levels = np.full(4, level)
    units = np.arange(2000.0)
    for series in range(4):
        chance = in_scipy(demand, series).pmf(units)
        over = np.maximum(units - level, 0)
        assert demand.loss(levels)[series] == pytest.approx(chance @ over, rel=1e-8, abs=1e-10)
        second = chance @ (over * np.maximum(over - 1, 0)) / 2
        assert demand.second_loss(levels)[series] == pytest.approx(second, rel=1e-7, abs=1e-8)
        assert demand.cdf(levels)[series] == pytest.approx(chance[units <= level].sum(), rel=1e-9)


@pytest.mark.parametrize("demand", SMOOTH, ids=lambda demand: type(demand).__name__)
@pytest.mark.parametrize("level", LEVELS)
def test_losses_of_smooth_demand_are_integrals(demand: LeadTimeDemand, level: float) -> None:
    levels = np.full(4, level)
    for series in range(4):
        beyond = np.linspace(0, 300, 200_001)  # coarse where a gamma falls steeply
        above = in_scipy(demand, series).sf(level + beyond)
        assert demand.loss(levels)[series] == pytest.approx(np.trapezoid(above, beyond), abs=5e-4)
        second = np.trapezoid(beyond * above, beyond)
        assert demand.second_loss(levels)[series] == pytest.approx(second, rel=1e-5, abs=2e-3)


def test_sampled_losses_are_means_over_the_samples() -> None:
    samples = np.random.default_rng(0).poisson(MEANS[:, None], (4, 501)).astype("float64")
    demand = SampledDemand(samples)
    assert demand.whole
    for level in LEVELS:
        over = np.maximum(samples - level, 0)
        assert demand.loss(np.full(4, level)) == pytest.approx(over.mean(axis=1))
        expected = (over * np.maximum(over - 1, 0)).mean(axis=1) / 2
        assert demand.second_loss(np.full(4, level)) == pytest.approx(expected)
        assert demand.cdf(np.full(4, level)) == pytest.approx((samples <= level).mean(axis=1))
    assert (
        demand.quantile(np.full(4, 0.9)).tolist()
        == np.quantile(samples, 0.9, axis=1, method="inverted_cdf").tolist()
    )


@pytest.mark.parametrize("demand", WHOLE, ids=lambda demand: type(demand).__name__)
@pytest.mark.parametrize("probability", [0.01, 0.5, 0.9, 0.999])
def test_quantiles_of_whole_demand_are_the_least_level(demand: LeadTimeDemand, probability: float) -> None:
    expected = [in_scipy(demand, series).ppf(probability) for series in range(4)]
    assert demand.quantile(np.full(4, probability)).tolist() == expected


def test_negative_binomial_without_lumps_is_poisson() -> None:
    lumpless, poisson = NegativeBinomialDemand([7.0], [1.0]), PoissonDemand([7.0])
    level = np.array([9.0])
    assert lumpless.loss(level) == pytest.approx(poisson.loss(level), rel=1e-3)


def test_a_lead_time_that_varies_widens_demand() -> None:
    drawn = np.random.default_rng(1)
    spans = drawn.choice([2, 3, 4], 200_000)
    totals = drawn.normal(10 * spans, 3 * np.sqrt(spans))
    assert sd_over(10, 3, 3, np.sqrt(2 / 3)) == pytest.approx(totals.std(), rel=0.01)


def share_served(demand: NDArray[np.int64], point: int, quantity: int, lead_time: int, review: int) -> float:
    """Replay period by period; at each review order multiples of `quantity`, or up to `point` if it is 0."""
    net = position = point + quantity
    arrivals, served = np.zeros(len(demand) + lead_time + 2, dtype=int), 0
    for period, wanted in enumerate(demand.tolist()):
        net += int(arrivals[period])
        served += min(wanted, max(net, 0))
        net -= wanted
        position -= wanted
        if (period + 1) % review == 0 and (position <= point if quantity else position < point):
            lot = quantity * -(-(point + 1 - position) // quantity) if quantity else point - position
            position += lot
            arrivals[period + 1 + lead_time] += lot
    return float(served / demand.sum())


@pytest.mark.parametrize(("quantity", "review"), [(0, 1), (0, 2), (7, 1), (40, 2)])
def test_fill_rate_under_periodic_review_is_what_a_simulation_serves(quantity: int, review: int) -> None:
    mean, sd, lead_time, point = 4.0, 3.2, 3, 20
    share = mean / sd**2
    demand = np.random.default_rng(2).negative_binomial(mean * share / (1 - share), share, 200_000)
    spans = (lead_time, lead_time + review)
    exposure = Exposure(*(NegativeBinomialDemand([mean * span], [sd * np.sqrt(span)]) for span in spans))
    promised = service_of(exposure, point, quantity).fill_rate[0]
    served = share_served(demand, point, quantity, lead_time, review)
    assert promised == pytest.approx(served, abs=0.004)


def test_fill_rate_under_continuous_review_is_the_chance_that_a_unit_finds_stock() -> None:
    for point in (0, 3, 7):
        found = service_of(Exposure(PoissonDemand([3.0])), point, 5).fill_rate[0]
        assert found == pytest.approx(np.mean(stats.poisson.cdf(np.arange(point, point + 5), 3)))


def test_expected_stock_under_continuous_review_is_the_mean_over_the_positions() -> None:
    found = service_of(Exposure(PoissonDemand([3.0])), 4, 5)
    units = np.arange(200)
    on_hand = [np.maximum(y - units, 0) @ stats.poisson.pmf(units, 3) for y in range(5, 10)]
    assert found.expected_on_hand[0] == pytest.approx(np.mean(on_hand))
    assert found.expected_on_hand[0] - found.expected_backorders[0] == pytest.approx(7 - 3)


EXPOSURES = [
    Exposure(NormalDemand(MEANS, SDS)),
    Exposure(GammaDemand(MEANS, SDS), GammaDemand(2 * MEANS, SDS * 2**0.5)),
    Exposure(PoissonDemand(MEANS), PoissonDemand(MEANS * 1.5)),
    Exposure(NegativeBinomialDemand(MEANS, SDS)),
    Exposure(SampledDemand(np.random.default_rng(3).poisson(MEANS[:, None], (4, 400)))),
]


@pytest.mark.parametrize("exposure", EXPOSURES)
@pytest.mark.parametrize("quantity", [0.0, 6.0])
@pytest.mark.parametrize("measure", ["cycle_service_level", "fill_rate"])
def test_the_reorder_point_is_the_least_that_reaches_the_target(
    exposure: Exposure, quantity: float, measure: str
) -> None:
    found = reorder_points_for_target(exposure, quantity, 0.95, measure)  # type: ignore[arg-type]  # the measure is a text here
    assert (getattr(found, measure) >= 0.95 - 1e-9).all()
    step = 1.0 if exposure.longest.whole else 1e-4
    below = service_of(exposure, found.reorder_point - step, quantity)
    assert ((getattr(below, measure) < 0.95) | (found.reorder_point == 0)).all()


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_more_stock_never_lowers_a_service(exposure: Exposure) -> None:
    for quantity in (0, 5):
        levels = [service_of(exposure, point, quantity) for point in range(-2, 60, 3)]
        for measure in ("fill_rate", "cycle_service_level", "expected_on_hand"):
            rising = np.diff([getattr(level, measure) for level in levels], axis=0)
            assert (rising >= -1e-9).all()


def test_a_large_order_quantity_needs_a_lower_reorder_point() -> None:
    exposure = Exposure(NegativeBinomialDemand(MEANS, SDS))
    points = [
        reorder_points_for_target(exposure, quantity, 0.97, "fill_rate").reorder_point
        for quantity in (1, 5, 20, 100)
    ]
    assert (np.diff(points, axis=0) <= 0).all()


def test_economic_reorder_points_rise_with_the_cost_of_being_short() -> None:
    exposure = Exposure(PoissonDemand(MEANS))
    points = [
        reorder_points_by_cost(exposure, 0, 1.0, 0.1, short).reorder_point for short in (0.05, 0.5, 5, 50)
    ]
    assert (np.diff(points, axis=0) >= 0).all()
    assert points[2].tolist() == stats.poisson.ppf(5 / 5.1, MEANS).tolist()


def test_series_do_not_disturb_each_other() -> None:
    together = reorder_points_for_target(Exposure(PoissonDemand(MEANS)), 4, 0.98, "fill_rate").reorder_point
    alone = [
        reorder_points_for_target(Exposure(PoissonDemand([mean])), 4, 0.98, "fill_rate").reorder_point[0]
        for mean in MEANS
    ]
    assert together.tolist() == alone


def test_demand_that_never_comes_needs_no_stock() -> None:
    for demand in (PoissonDemand([0.0]), SampledDemand([[0, 0, 0]]), NegativeBinomialDemand([0.0], [0.0])):
        found = reorder_points_for_target(Exposure(demand), 3, 0.99, "fill_rate")
        assert found.reorder_point.tolist() == [0]


def test_wrong_arguments_are_refused() -> None:
    exposure = Exposure(PoissonDemand(MEANS))
    with pytest.raises(ParameterError, match="'target' is 1.*'measure' is 'level'"):
        reorder_points_for_target(exposure, 3, 1.0, "level")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ParameterError, match="not whole"):
        reorder_points_for_target(exposure, 2.5, 0.9, "fill_rate")
    with pytest.raises(ParameterError, match="'mean' is nan at position 1"):
        NormalDemand([1, np.nan], [1, 1])
    with pytest.raises(ParameterError, match="series × samples"):
        SampledDemand([1.0, 2.0])
    with pytest.raises(ParameterError, match="Give the same series"):
        service_of(Exposure(PoissonDemand([1.0]), PoissonDemand([1.0, 2.0])), 1, 1)

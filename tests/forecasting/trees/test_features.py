from __future__ import annotations

import numpy as np
import pytest

from helpers.errors import ParameterError
from helpers.forecasting.trees.features import LEVEL_PERIODS, MEMORY, Panel, Rows, Views


def rows(*triples: tuple[int, int, int]) -> Rows:
    series, origin, lead = np.array(triples).T
    return Rows(series, origin, lead)


def panel(seed: int = 0, series: int = 4, periods: int = 70, horizon: int = 3) -> Panel:
    rng = np.random.default_rng(seed)
    demand = rng.poisson(5.0, (series, periods)).astype("float64")
    demand[0, :10] = np.nan
    demand[1, 40] = np.nan
    price = np.log(rng.choice([1.0, 1.5, 2.0], (series, periods + horizon)))
    return Panel(
        demand,
        {"price": price, "flag": rng.integers(0, 2, (series, periods + horizon)).astype("float64")},
        {"category": np.arange(series) % 2},
        rivals=np.arange(series) // 2,
        season_length=13,
    )


def test_recent_terms_are_the_plain_means_over_the_level() -> None:
    one = panel()
    views, row = Views(one), rows((2, 50, 2))
    level = views.level(row)[0]
    past = one.demand[2, :51]
    usual = np.median(np.nanmean(one.demand, axis=1)) / 2
    assert level == pytest.approx((past[-LEVEL_PERIODS:].sum() + usual) / (LEVEL_PERIODS + 1))
    found = {name: values[0] for name, values in views.features(row).items()}
    assert found["lag_0"] == pytest.approx(past[-1] / level)
    assert found["lag_3"] == pytest.approx(past[-4] / level)
    assert found["mean_8"] == pytest.approx(past[-8:].mean() / level)
    assert found["season_lag"] == pytest.approx(one.demand[2, 52 - 13] / level)
    assert found["season_near"] == pytest.approx(one.demand[2, 38:41].mean() / level)
    assert found["hits"] == pytest.approx((past[-LEVEL_PERIODS:] > 0).mean())


def test_driver_terms_compare_with_own_past_and_with_rivals() -> None:
    one = panel()
    found = {name: values[0] for name, values in Views(one).features(rows((2, 50, 2))).items()}
    price = one.known["price"]
    assert found["price"] == price[2, 52]
    assert found["price_before"] == price[2, 51]
    assert found["price_lag_1"] == pytest.approx(price[2, 52] - price[2, 49])
    assert found["price_against_8"] == pytest.approx(price[2, 52] - price[2, 43:51].mean())
    assert found["price_rivals"] == pytest.approx(price[3, 52])
    assert found["price_least"] == pytest.approx(price[2, 52] - min(price[2, 52], price[3, 52]))


def test_the_analogue_is_the_mean_of_like_weeks() -> None:
    flag = np.array([[0.0, 1, 0, 1, 0, 1, 0]])
    demand = np.array([[1.0, 10, 2, 20, 3]])
    views = Views(Panel(demand, {"flag": flag}))
    row = rows((0, 4, 1))
    spread = flag.std()
    weights = MEMORY ** np.arange(4, -1, -1) * np.exp(-(((flag[0, :5] - 1) / (0.5 * spread)) ** 2) / 2)
    expected = (weights * demand[0]).sum() / weights.sum()
    assert views.features(row)["analogue"][0] * views.level(row)[0] == pytest.approx(expected, rel=1e-5)
    assert 13 < expected < 16, "the mean of 10 and 20, the later one a little more"


def test_nothing_after_the_origin_is_seen() -> None:
    one = panel()
    changed = one.demand.copy()
    changed[:, 51:] = 999.0
    row = rows((0, 50, 1), (2, 50, 3), (3, 50, 2))
    other = Panel(changed, one.known, one.fixed, one.rivals, season_length=13)
    before, after = Views(one), Views(other)
    # The prior is one number of the panel as it was given; the model is given a panel cut at the origin.
    after.prior = before.prior
    for name, values in before.features(row).items():
        np.testing.assert_array_equal(values, after.features(row)[name], err_msg=name)


def test_terms_do_not_depend_on_the_unit_of_demand() -> None:
    one = panel()
    big = Panel(one.demand * 1e5, one.known, one.fixed, one.rivals, season_length=13)
    row = rows((0, 50, 1), (1, 60, 3))
    large = Views(big).features(row)
    for name, values in Views(one).features(row).items():
        if name != "log_level":
            np.testing.assert_allclose(values, large[name], rtol=1e-6, err_msg=name)


def test_all_misfits_of_a_panel_are_told_at_once() -> None:
    bad = Panel(
        np.array([[1.0, -1.0], [np.inf, 2.0]]),
        {"price": np.zeros((2, 2))},
        {"site": np.array([0])},
        rivals=np.array([-1, 0]),
        stockout=np.zeros((1, 2), dtype=bool),
        weight=np.array([1.0, 0.0]),
    )
    with pytest.raises(ParameterError) as told:
        bad.check(3)
    for word in ("1 negative", "1 infinite", "2 × 5", "site", "rivals", "stockout", "weight"):
        assert word in str(told.value)

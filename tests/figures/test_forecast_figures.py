"""Figures of the forecast: the title is the claim, and the claim agrees with the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest
from matplotlib.axes import Axes

from helpers.figures import (
    claim_accuracy_by_class,
    claim_calibration,
    claim_forecast_total,
    claim_override_value,
    claim_promotion_lift,
    describe_accuracy_by_class,
    describe_calibration,
    describe_forecast_total,
    describe_override_value,
    describe_promotion_lift,
    plot_accuracy_by_class,
    plot_calibration,
    plot_forecast_total,
    plot_override_value,
    plot_promotion_lift,
)
from helpers.figures.style import COLOURS
from helpers.forecasting import Forecast, ForecastSettings, forecast_demand

FIGURES = [
    (plot_forecast_total, claim_forecast_total, describe_forecast_total),
    (plot_accuracy_by_class, claim_accuracy_by_class, describe_accuracy_by_class),
    (plot_calibration, claim_calibration, describe_calibration),
    (plot_promotion_lift, claim_promotion_lift, describe_promotion_lift),
    (plot_override_value, claim_override_value, describe_override_value),
]
Words = Callable[[Forecast], str]


@pytest.mark.parametrize(("plot", "claim", "describe"), FIGURES)
def test_title_is_the_claim_and_axes_have_units(
    plot: Callable[[Forecast], Axes], claim: Words, describe: Words, shop_forecast: Forecast
) -> None:
    axes = plot(shop_forecast)
    assert axes.get_title(loc="left").replace("\n", " ") == claim(shop_forecast)
    assert axes.get_xlabel()
    assert len(describe(shop_forecast)) > 40
    axes.figure.canvas.draw()


@pytest.mark.parametrize(("plot", "claim", "describe"), FIGURES)
def test_figure_of_a_forecast_without_back_test_still_draws(
    plot: Callable[[Forecast], Axes],
    claim: Words,
    describe: Words,
    small: ModuleType,
    quick: ForecastSettings,
) -> None:
    case = small.TinyCase({"orders": small.order_lines({("P", "A"): [5, 4, 6]})}, small.last_sunday(3))
    result = forecast_demand(case, quick)
    plot(result).figure.canvas.draw()
    assert claim(result)
    assert describe(result)


def test_one_series_can_be_drawn(shop_forecast: Forecast) -> None:
    axes = plot_forecast_total(shop_forecast, product_id="P00", site_id="A")
    assert axes.get_title(loc="left").startswith("P00 at A")


def test_claim_on_classes_counts_wins(shop_forecast: Forecast) -> None:
    lost = shop_forecast.accuracy.assign(wape=9.0)
    assert "in 0 of" in claim_accuracy_by_class(replace(shop_forecast, accuracy=lost))
    won = shop_forecast.accuracy.assign(wape=0.0, naive_wape=1.0)
    assert "in all" in claim_accuracy_by_class(replace(shop_forecast, accuracy=won))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("meaning", COLOURS)
def test_lines_stand_out_on_white_and_on_near_black(meaning: str) -> None:
    light = _luminance(COLOURS[meaning])
    assert 1.05 / (light + 0.05) >= 2.9
    assert (light + 0.05) / (_luminance("#161616") + 0.05) >= 2.9

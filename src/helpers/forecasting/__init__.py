"""What will sell: weekly demand per product × site with quantiles and measured accuracy."""

from helpers.forecasting.door import forecast_series
from helpers.forecasting.forecast import forecast_demand
from helpers.forecasting.headlines import say_recommendation, say_selection, say_trust
from helpers.forecasting.result import Forecast
from helpers.forecasting.scenario import growth_scenarios
from helpers.forecasting.settings import ForecastSettings

__all__ = [
    "Forecast",
    "ForecastSettings",
    "forecast_demand",
    "forecast_series",
    "growth_scenarios",
    "say_recommendation",
    "say_selection",
    "say_trust",
]

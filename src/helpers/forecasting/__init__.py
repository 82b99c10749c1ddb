"""What will sell: weekly demand per product × site with quantiles and measured accuracy."""

from helpers.forecasting.forecast import forecast_demand
from helpers.forecasting.result import Forecast
from helpers.forecasting.settings import ForecastSettings

__all__ = ["Forecast", "ForecastSettings", "forecast_demand"]

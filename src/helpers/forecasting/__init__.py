"""What will sell: weekly demand per product × site with quantiles and measured accuracy."""

from helpers.forecasting import columns
from helpers.forecasting.change import DemandChange, DemandLevers, change_demand
from helpers.forecasting.customer_share import largest_customers
from helpers.forecasting.events_in_words import say_changes, say_coming, say_planned, say_repair
from helpers.forecasting.forecast import forecast_demand
from helpers.forecasting.headlines import say_recommendation, say_selection, say_trust
from helpers.forecasting.planners.overrides_in_words import say_overrides
from helpers.forecasting.prices_ahead import PricesAhead, read_prices_ahead
from helpers.forecasting.result import Forecast
from helpers.forecasting.series.door import forecast_series
from helpers.forecasting.settings import ForecastSettings

__all__ = [
    "DemandChange",
    "DemandLevers",
    "Forecast",
    "ForecastSettings",
    "PricesAhead",
    "change_demand",
    "columns",
    "forecast_demand",
    "forecast_series",
    "largest_customers",
    "read_prices_ahead",
    "say_changes",
    "say_coming",
    "say_overrides",
    "say_planned",
    "say_recommendation",
    "say_repair",
    "say_selection",
    "say_trust",
]

"""Fixtures of the small shop; its functions stand in `small_shop.py` beside this file."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from tests.forecasting import small_shop

from helpers.forecasting import Forecast, ForecastSettings, forecast_demand


@pytest.fixture(scope="session")
def small() -> ModuleType:
    return small_shop


@pytest.fixture(scope="session")
def quick(small: ModuleType) -> ForecastSettings:
    settings: ForecastSettings = small.QUICK
    return settings


@pytest.fixture(scope="session")
def shop_case(small: ModuleType) -> Any:
    return small.shop()


@pytest.fixture(scope="session")
def shop_forecast(shop_case: Any, quick: ForecastSettings) -> Forecast:
    return forecast_demand(shop_case, quick)

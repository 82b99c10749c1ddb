"""Fixtures of the small shop; its functions stand in `small_shop.py` beside this file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from helpers.forecasting import Forecast, ForecastSettings, forecast_demand


def _load() -> ModuleType:
    name = "small_shop"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(__file__).parent.parent / "forecasting" / f"{name}.py"
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def small() -> ModuleType:
    return _load()


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

"""Figures of customer value: title and alt text agree with the result, also where nothing is to draw."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from tests.customers.many_buyers import case_of, shop, shop_tables

from helpers.contract import Case
from helpers.customers.cost_to_serve import cost_to_serve
from helpers.customers.value.customer_value import value_customers
from helpers.customers.value.settings import ValueSettings
from helpers.figures import cohort_retention, value_by_decile, whale_curve

QUICK = ValueSettings(samples=20, resamples=20, least_repeats=20)
FIGURES = [value_by_decile, cohort_retention, whale_curve]


@cache
def nobody() -> Case:
    return case_of({**shop_tables(), "orders": shop_tables()["orders"].assign(customer_id=None)})


@cache
def result_of(name: str, make: Callable[[], Case]) -> Any:
    return cost_to_serve(make()) if name == "whale_curve" else value_customers(make(), QUICK)


@pytest.mark.parametrize("make", [shop, nobody])
@pytest.mark.parametrize("module", FIGURES, ids=lambda module: module.__name__.split(".")[-1])
def test_title_is_the_claim_axes_have_names_and_it_draws(
    module: ModuleType, make: Callable[[], Case]
) -> None:
    name = module.__name__.split(".")[-1]
    result = result_of("whale_curve" if name == "whale_curve" else "value", make)
    axes = getattr(module, f"plot_{name}")(result)
    claim = getattr(module, f"claim_{name}")(result)
    assert axes.get_title(loc="left").replace("\n", " ") == claim
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    axes.figure.canvas.draw()
    said = getattr(module, f"describe_{name}")(result)
    assert said.endswith(f"{claim}.")
    assert "nan" not in said.replace("\N{NO-BREAK SPACE}", " ").split()


def test_an_empty_result_is_not_yet_knowable() -> None:
    empty = result_of("value", nobody)
    assert value_by_decile.claim_value_by_decile(empty).startswith("Not yet knowable")
    assert cohort_retention.claim_cohort_retention(empty).startswith("Not yet knowable")
    assert whale_curve.claim_whale_curve(result_of("whale_curve", nobody)) == "No customer was served"

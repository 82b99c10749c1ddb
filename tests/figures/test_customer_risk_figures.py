"""Figures of churn and experience: title and alt text agree, also where nothing is known."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.axes import Axes

from helpers.contract import Case, case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers.churn import ChurnSettings, estimate_churn
from helpers.customers.experience import ExperienceSettings, measure_experience
from helpers.figures.churn_calibration import (
    claim_churn_calibration,
    describe_churn_calibration,
    plot_churn_calibration,
)
from helpers.figures.experience_effect import (
    claim_experience_effect,
    describe_experience_effect,
    plot_experience_effect,
)


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables(dict(make_sample(0, "tiny").tables))


def title_of(axes: Axes) -> str:
    axes.figure.canvas.draw()
    return str(axes.get_title(loc="left")).replace("\n", " ")


@pytest.mark.parametrize("horizon", [42, 400])
def test_calibration_says_what_it_draws(case: Case, horizon: int) -> None:
    churn = estimate_churn(case, ChurnSettings(horizon_days=horizon, draws=20, bins=4))
    assert title_of(plot_churn_calibration(churn)) == claim_churn_calibration(churn)
    assert describe_churn_calibration(churn).endswith(f"{claim_churn_calibration(churn)}.")
    assert ("Not yet knowable" in claim_churn_calibration(churn)) is not churn.is_validated


@pytest.mark.parametrize("least", [5, 10_000])
def test_effect_says_what_it_draws(case: Case, least: int) -> None:
    found: Any = measure_experience(case, ExperienceSettings(least_events=least, after_days=42))
    assert title_of(plot_experience_effect(found)) == claim_experience_effect(found)
    assert describe_experience_effect(found).endswith(f"{claim_experience_effect(found)}.")

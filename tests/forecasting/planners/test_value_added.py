"""The ladder of forecast value added, on rows worked out by hand and on planners of known skill."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting.planners.overrides import Overridden
from helpers.forecasting.planners.overrides_in_words import say_overrides
from helpers.forecasting.planners.value_added import OverrideValue, judge_overrides

MONDAY = date(2026, 6, 1)
SERIES = pd.DataFrame(
    {
        "product_id": ["P", "P", "Q"],
        "site_id": ["A", "B", "A"],
        "unit_value": [2.0, 2.0, 5.0],
        "demand_class": ["smooth", "lumpy", "smooth"],
    }
)


def backtest_row(product: str, site: str, actual: float, mean: float, naive: float) -> dict[str, Any]:
    return {
        "origin": pd.Timestamp(MONDAY),
        "product_id": product,
        "site_id": site,
        "category": "C",
        "week": pd.Timestamp(MONDAY),
        "lead": 1,
        "actual": actual,
        "mean": mean,
        "naive": naive,
        "held_out": False,
    }


@pytest.fixture
def backtest() -> pd.DataFrame:
    return pd.DataFrame(
        [
            backtest_row("P", "A", 10.0, 12.0, 20.0),
            backtest_row("P", "B", 5.0, 4.0, 0.0),
            backtest_row("Q", "A", 8.0, 8.0, 2.0),
        ]
    )


def override(**values: Any) -> dict[str, Any]:
    usual = {"product_id": "P", "site_id": "A", "week": MONDAY, "author": "Ann", "quantity": 11.0}
    return usual | {"reason": "fair", "made_on": MONDAY - timedelta(days=5)} | values


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def group(value: OverrideValue, kind: str, name: str) -> pd.Series:
    rows = value.groups[(value.groups["kind"] == kind) & (value.groups["group"] == name)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_ladder_agrees_with_figures_worked_out_by_hand(backtest: pd.DataFrame) -> None:
    rows = table(override(), override(product_id="Q", quantity=11.0))
    found = group(judge_overrides(rows, backtest, SERIES), "author", "Ann")
    assert found["units"] == 18.0
    assert found["naive_wape"] == pytest.approx((10 + 6) / 18)
    assert found["statistical_wape"] == pytest.approx((2 + 0) / 18)
    assert found["override_wape"] == pytest.approx((1 + 3) / 18)
    assert found["override_bias"] == pytest.approx((1 + 3) / 18)
    assert found["statistical_gain"] == pytest.approx(14 / 18)
    assert found["override_gain"] == pytest.approx(-2 / 18)
    assert found["money"] == pytest.approx((1 - 2) * 2.0 + (3 - 0) * 5.0)


def test_an_override_of_all_sites_is_compared_with_their_sum(backtest: pd.DataFrame) -> None:
    found = judge_overrides(table(override(site_id=None, quantity=14.0)), backtest, SERIES).judged.iloc[0]
    assert found[["actual", "statistical", "naive"]].tolist() == [15.0, 16.0, 20.0]
    assert found["demand_class"] == "all sites"
    assert found["added_error"] == 0.0


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"week": MONDAY + timedelta(days=7)}, "the week is still to come"),
        (
            {"week": MONDAY - timedelta(days=7), "made_on": MONDAY - timedelta(days=20)},
            "the week lies before the back-test",
        ),
        ({"made_on": MONDAY}, "made when the week had begun"),
        ({"made_on": None}, "the day of the change is not given"),
        ({"product_id": "X"}, "no forecast of this product, site and week to compare with"),
        ({"quantity": -3.0}, "the quantity is not a number of at least 0"),
    ],
)
def test_what_cannot_be_compared_is_counted_with_its_reason(
    backtest: pd.DataFrame, values: dict[str, Any], why: str
) -> None:
    found = judge_overrides(table(override(**values)), backtest, SERIES)
    assert found.left_out["why"].tolist() == [why]
    assert found.judged.empty
    assert say_overrides(found) == ["No past override can be compared with what then came."]


def test_an_author_is_judged_by_the_last_word_and_the_whole_by_the_one_that_counted(
    backtest: pd.DataFrame,
) -> None:
    rows = [
        override(quantity=30.0, made_on=MONDAY - timedelta(days=20)),
        override(quantity=11.0),
        override(author="Bob", quantity=10.0, made_on=MONDAY - timedelta(days=9)),
    ]
    for order in (rows, rows[::-1]):
        found = judge_overrides(table(*order), backtest, SERIES)
        assert group(found, "author", "Ann")["override_wape"] == pytest.approx(0.1)
        assert group(found, "author", "Bob")["override_wape"] == 0.0
        assert group(found, "all", "all")["override_wape"] == pytest.approx(0.1)
        assert found.left_out["why"].tolist() == ["the author changed it again"]


def planners(seed: int, skills: dict[str, tuple[float, float]], products: int = 40) -> OverrideValue:
    """Authors by (insight, bias), each with three overrides of every product."""
    rng = np.random.default_rng(seed)
    rows, overrides = [], []
    for number in range(products):
        for week in range(3 * len(skills)):
            monday = MONDAY + timedelta(days=7 * week)
            actual, mean = float(rng.poisson(20)), float(rng.uniform(16, 24))
            product = f"P{number:02d}"
            rows.append(backtest_row(product, "A", actual, mean, 25.0) | {"week": pd.Timestamp(monday)})
            author = sorted(skills)[week % len(skills)]
            insight, bias = skills[author]
            units = (mean + insight * (actual - mean)) * (1 + bias)
            if insight == bias == 0:  # as far from the forecast, up or down by chance alike in error
                units = actual + rng.choice([-1, 1]) * abs(actual - mean) * rng.uniform(0.5, 1.5)
            made_on = monday - timedelta(days=4)
            overrides.append(
                override(product_id=product, week=monday, author=author, quantity=units, made_on=made_on)
            )
    return judge_overrides(pd.DataFrame(overrides), pd.DataFrame(rows), SERIES, resamples=500)


def test_those_who_hurt_are_found_and_those_who_help_are_not_called_harmful() -> None:
    for seed in range(5):
        found = planners(seed, {"Hope": (0.0, 0.4), "Knows": (0.7, 0.0)})
        assert group(found, "author", "Hope")["verdict"] == "hurts"
        assert group(found, "author", "Knows")["verdict"] == "adds value"
        assert found.hurting["group"].tolist() == ["Hope"]


def test_authors_who_change_nothing_are_rarely_judged() -> None:
    idle = dict.fromkeys("abc", (0.0, 0.0))
    verdicts = [
        (found.groups.loc[found.groups["kind"] == "author", "verdict"] != "cannot be told").any()
        for found in (planners(seed, idle, products=25) for seed in range(10))
    ]
    assert sum(verdicts) <= 3  # a tenth is promised; more than 3 of 10 come by chance in 1 of 78


def test_few_products_give_no_verdict(backtest: pd.DataFrame) -> None:
    found = judge_overrides(table(override(quantity=99.0)), backtest, SERIES)
    assert group(found, "author", "Ann")["verdict"] == "cannot be told"


def test_the_order_of_rows_and_the_currency_change_no_verdict() -> None:
    found = planners(0, {"Hope": (0.0, 0.4), "Knows": (0.7, 0.0)}, products=12)
    again = judge_overrides(
        found.judged.sample(frac=1.0, random_state=1)[list(override())],
        found.judged.assign(origin=pd.Timestamp(MONDAY), mean=found.judged["statistical"]),
        SERIES.assign(unit_value=200.0),
        resamples=500,
    )
    columns = ["group", "overrides", "override_wape", "override_gain", "override_low", "override_high"]
    pd.testing.assert_frame_equal(again.groups[columns], found.groups[columns])


def test_the_sentences_name_who_hurts_and_carry_the_figures() -> None:
    found = planners(0, {"Hope": (0.0, 0.4), "Knows": (0.7, 0.0), "Other": (0.0, 0.0)})
    sentences = say_overrides(found)
    hope = found.hurting.iloc[0]
    assert sentences[1].startswith(f"The overrides of Hope hurt: {hope['overrides']} of them")
    assert f"{100 * hope['override_wape']:.1f}" in sentences[1]
    assert sentences[2] == "The overrides of Knows add value: keep them."
    assert "Other" in sentences[3]


def test_the_sentences_say_what_changes_now(backtest: pd.DataFrame) -> None:
    applied = pd.DataFrame({"change": [5.0, -2.0], "statistical": [10.0, 20.0]})
    findings = pd.DataFrame({"why": ["the week is past", "unknown product"]})
    value = judge_overrides(table(override()), backtest, SERIES)
    first = say_overrides(value, Overridden(pd.DataFrame(), applied, findings))[0]
    assert first == (
        "2 overrides change the weeks to come, by +3 units from 30. 1 more cannot be applied as they are."
    )


def test_without_a_backtest_nothing_is_judged(backtest: pd.DataFrame) -> None:
    found = judge_overrides(table(override()), backtest.head(0))
    assert found.judged.empty
    assert len(found.left_out) == 1


def test_week_in_which_stock_ran_out_is_not_judged() -> None:
    """What was wanted is then an estimate, which resembles the forecast and would flatter it."""
    backtest = pd.DataFrame(
        {
            "origin": pd.Timestamp("2024-01-01"),
            "product_id": "P",
            "site_id": ["A", "B", "A", "B"],
            "week": pd.to_datetime(["2024-01-08", "2024-01-08", "2024-01-15", "2024-01-15"]),
            "actual": 10.0,
            "mean": 10.0,
            "naive": 8.0,
            "seen": [True, False, True, True],
        }
    )
    rows = [("A", "2024-01-08"), ("B", "2024-01-08"), ("", "2024-01-08"), ("", "2024-01-15")]
    overrides = pd.DataFrame(rows, columns=["site_id", "week"]).assign(
        product_id="P", author="X", quantity=12.0, reason="", made_on="2024-01-02"
    )
    found = judge_overrides(overrides, backtest, resamples=10)
    assert list(found.judged[["site_id", "week"]].astype(str).itertuples(index=False, name=None)) == [
        ("A", "2024-01-08"),
        ("", "2024-01-15"),
    ]
    assert found.left_out["why"].str.contains("stock ran out").all()
    assert len(found.left_out) == 2

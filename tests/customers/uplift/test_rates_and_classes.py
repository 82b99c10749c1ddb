"""Buying rates and responder classes find what was drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.customers.uplift.campaign_world import CALM, CONTROL, TREATED, drawn_answers

from helpers.customers.uplift.answers import Answers
from helpers.customers.uplift.classes import (
    CLASSES,
    ResponderClasses,
    class_posterior,
    earlier_posterior,
    fit_classes,
)
from helpers.customers.uplift.rates import buying_rates


@pytest.fixture(scope="module")
def drawn() -> tuple[Answers, np.ndarray, ResponderClasses]:
    answers, kind = drawn_answers()
    return answers, kind, fit_classes(answers)


def test_probability_alive_is_calibrated_on_simulated_lives() -> None:
    rng = np.random.default_rng(1)
    rate, gone = rng.gamma(1.2, 0.4, 3000) + 0.02, rng.exponential(80, 3000)
    age = rng.uniform(10, 150, 3000)
    counts = rng.poisson(rate * np.minimum(gone, age))
    last = np.array(
        [
            rng.uniform(0, min(end, old), n).max() if n else 0.0
            for end, old, n in zip(gone, age, counts, strict=True)
        ]
    )
    alive = buying_rates(counts.astype(float), last, age).alive
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        inside = (alive >= low) & (alive <= high)
        assert abs(alive[inside].mean() - (gone > age)[inside].mean()) < 0.1


def test_expected_rate_is_that_of_a_long_steady_history() -> None:
    repeats = np.array([100.0, 25.0, 50.0, 10.0] * 20)
    rates = buying_rates(repeats, np.full(80, 99.5), np.full(80, 100.0))
    assert rates.expected[:2] == pytest.approx([1.0, 0.25], rel=0.15)


def test_no_customers_have_no_rates() -> None:
    assert buying_rates(np.empty(0), np.empty(0), np.empty(0)).weight.shape[0] == 0


def test_classes_find_the_probabilities_that_answers_were_drawn_with(
    drawn: tuple[Answers, np.ndarray, ResponderClasses],
) -> None:
    _, _, model = drawn
    assert model.control == pytest.approx(CONTROL, abs=0.08)
    assert model.treated == pytest.approx(TREATED, abs=0.08)
    assert model.calm == pytest.approx(CALM, abs=0.12)
    assert model.shares[-1] == pytest.approx(np.full(4, 0.25), abs=0.1)


def test_class_probabilities_are_calibrated(drawn: tuple[Answers, np.ndarray, ResponderClasses]) -> None:
    answers, kind, model = drawn
    _, odds = class_posterior(answers, model)
    for number in range(len(CLASSES)):
        sure = odds[:, number] > 0.5
        assert abs(odds[sure, number].mean() - (kind[sure] == number).mean()) < 0.1


def test_the_likelihood_is_that_of_adding_up_all_cases_one_by_one(
    drawn: tuple[Answers, np.ndarray, ResponderClasses],
) -> None:
    answers, _, model = drawn
    one = answers.take((answers.rows["customer_id"] == "C0007").to_numpy())
    slow = np.zeros(4)
    for number in range(4):
        slow[number] = np.prod([_slow(row, number, model) for row in one.rows.to_dict("records")])
    expected = slow * model.shares[0] / (slow * model.shares[0]).sum()
    assert class_posterior(one, model)[1][0] == pytest.approx(expected, rel=1e-6)


def _slow(row: dict, number: int, model: ResponderClasses) -> float:  # type: ignore[type-arg]  # a record of the frame
    calm = model.calm if row["treated"] and number == 3 else (1.0, 1.0)
    q = (model.treated if row["treated"] else model.control)[number]
    inside, after = row["expected"] * 2 * 0.9 * calm[0], row["expected"] * 4 * calm[1]
    days = np.exp(-inside) * inside ** row["other_inside"] * np.exp(-after) * after ** row["other_after"]
    without = np.exp(-row["expected"] * 2 * 0.1 * calm[0])
    organic = 1 - without
    if row["treated"]:
        return float(days * (q if row["answered"] else 1 - q) * (organic if row["bought"] else without))
    return float(days * ((1 - (1 - q) * without) if row["bought"] else (1 - q) * without))


def test_the_first_campaign_is_judged_by_the_cell_alone_and_later_ones_by_what_came_before(
    drawn: tuple[Answers, np.ndarray, ResponderClasses],
) -> None:
    answers, _, model = drawn
    odds = earlier_posterior(answers, model)
    first = (answers.rows["campaign_id"] == "K0").to_numpy()
    assert odds[first] == pytest.approx(np.tile(model.shares[0], (int(first.sum()), 1)))
    before = answers.take((answers.rows["campaign_id"] < "K3").to_numpy())
    last = (answers.rows["campaign_id"] == "K3").to_numpy()
    assert odds[last] == pytest.approx(class_posterior(before, model)[1])


def test_a_silent_customer_who_has_left_says_nothing_about_its_class(
    drawn: tuple[Answers, np.ndarray, ResponderClasses],
) -> None:
    answers, _, model = drawn
    rows = answers.rows.head(1).assign(
        treated=True, answered=False, bought=False, other_inside=0.0, other_after=0.0, alive=0.0
    )
    gone = Answers(rows, answers.rate[:1], np.zeros_like(answers.weight[:1]), carries_mark=True)
    assert class_posterior(gone, model)[1][0] == pytest.approx(model.shares[0])


def test_fatigue_dulls_the_effect_in_both_directions(
    drawn: tuple[Answers, np.ndarray, ResponderClasses],
) -> None:
    model = replace(drawn[2], fatigue=0.5)
    held, treated = model.answer_probability(np.array([0.0, 1.0]))
    assert (treated - held)[1] == pytest.approx((treated - held)[0] / 2)

"""The page's plan on a tiny world: its parts agree, its sentences are whole, nobody is named."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pandas as pd
import pytest

from helpers.contract import Case
from helpers.contract.load import case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers import (
    ChurnSettings,
    TargetingPlan,
    TargetingSettings,
    UpliftSettings,
    ValueSettings,
    check_contact_plan,
    columns,
    contact_tables,
    contact_worth,
    headlines,
    measure_uplift,
    plan_targeting,
    read_history,
)
from helpers.customers.exports import UNITS, page_tables
from helpers.errors import ParameterError
from helpers.figures import (
    claim_churn_calibration,
    claim_value_by_decile,
    describe_held_out_tests,
    describe_uplift_evidence,
    describe_uplift_groups,
    plot_held_out_tests,
    plot_uplift_evidence,
)
from helpers.report import table

LIGHT = TargetingSettings(
    value=ValueSettings(samples=20, resamples=20),
    churn=ChurnSettings(draws=20, reference_days=4),
    uplift=UpliftSettings(folds=2, bases=("simple",), draws=20),
)
SAYS: list[Callable[[TargetingPlan], str | list[str]]] = [
    headlines.say_recommendation,
    headlines.say_left_alone,
    headlines.say_customers,
    headlines.say_limits,
    headlines.say_uplift,
    headlines.say_retention,
    headlines.say_experiments,
    headlines.say_calibration,
    headlines.say_experience,
    headlines.say_waste,
    headlines.say_staffing,
]
WITHOUT = ("campaigns", "contacts", "suppressions", "shipments", "returns", "service_cases", "stock")


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    sample = make_sample(0, "tiny")
    dirt = sample.truth["dirt"].groupby("table")["row"].agg(list).to_dict()
    return {name: frame.drop(index=dirt.get(name, [])) for name, frame in sample.tables.items()}


@pytest.fixture(scope="module")
def case(world: dict[str, pd.DataFrame]) -> Case:
    return case_from_tables(world, "tiny")


@pytest.fixture(scope="module")
def plan(case: Case) -> TargetingPlan:
    return plan_targeting(case, LIGHT)


@pytest.fixture(scope="module")
def bare_plan(world: dict[str, pd.DataFrame]) -> TargetingPlan:
    tables = {name: frame for name, frame in world.items() if name not in WITHOUT}
    return plan_targeting(case_from_tables(tables, "bare"), LIGHT)


@pytest.fixture(params=["plan", "bare_plan"])
def either(request: pytest.FixtureRequest) -> TargetingPlan:
    found: TargetingPlan = request.getfixturevalue(request.param)
    return found


def test_the_plan_keeps_every_rule_of_the_check(plan: TargetingPlan, case: Case) -> None:
    check_contact_plan(contact_tables(plan), case.seen_on(plan.until)).require()


@pytest.mark.parametrize("say", SAYS, ids=lambda say: say.__name__)
def test_sentences_are_whole(either: TargetingPlan, say: Callable[[TargetingPlan], str | list[str]]) -> None:
    said = say(either)
    for text in [said] if isinstance(said, str) else said:
        assert text.endswith(".")
        assert text[0].isupper() or text[0].isdigit()
        assert not re.search(r"\b(?:nan|None|inf)\b|  |\.\.", text), text


def test_tables_have_the_columns_that_the_page_shows(either: TargetingPlan) -> None:
    for frame, shown in (
        (either.contact_rows(), columns.CONTACTS),
        (either.core_rows(), columns.CORE),
        (either.rules, columns.RULES),
        (either.read.learning, columns.LEARNING),
        (either.staffing.days, columns.STAFFING),
        (headlines.all_notes(either), columns.NOTES),
    ):
        assert table(frame, "title", shown).columns


def test_tiles_say_why_a_figure_is_missing(either: TargetingPlan) -> None:
    assert len({kpi.name for kpi in either.tiles}) == len(either.tiles)
    assert all(kpi.value is not None or kpi.note for kpi in either.tiles)


def test_the_plan_stands_first_among_the_rules_and_is_no_worse_by_its_own_figures(
    plan: TargetingPlan,
) -> None:
    nets = plan.rules.set_index("rule")["net"]
    assert nets.index[0] == "the plan"
    assert nets.idxmax() == "the plan"


def test_contacts_come_best_first_and_make_the_total(plan: TargetingPlan) -> None:
    rows = plan.contact_rows()
    assert rows["net"].is_monotonic_decreasing
    assert rows["net"].sum() == pytest.approx(plan.contacts.totals["net"])
    assert set(rows["customer_id"]).isdisjoint(
        plan.contacts.holdout.merge(rows, on=["campaign_id", "customer_id"])["customer_id"]
    )


def test_every_customer_has_one_row(plan: TargetingPlan, case: Case) -> None:
    rows = plan.customer_rows()
    assert sorted(rows["customer_id"]) == sorted(case.table("customers")["customer_id"])


def test_core_customers_at_risk_carry_the_tested_chance_to_leave(plan: TargetingPlan) -> None:
    rows = plan.core_rows()
    known = plan.churn.customers.set_index("customer_id")["probability"]
    assert rows["leaves"].tolist() == rows["customer_id"].map(known).tolist()
    assert (1 - rows["probability_alive"]).tolist() == pytest.approx(rows["leaves"].tolist())


def test_no_table_of_the_page_names_anybody(plan: TargetingPlan, case: Case) -> None:
    people = case.table("customers")
    personal = {str(value) for name in ("name", "email", "phone") for value in people[name].dropna()}
    exports = {name: frame for name, frame in contact_tables(plan).items() if name != "contact_list"}
    for frame in [plan.contact_rows(), plan.core_rows(), plan.customer_rows(), *exports.values()]:
        assert not personal & set(frame.astype(str).to_numpy().ravel())


def test_nothing_after_the_last_day_decides_whom_to_contact(
    world: dict[str, pd.DataFrame], case: Case
) -> None:
    day = pd.Timestamp("2026-10-18")
    dates = {"orders": "order_date", "returns": "date", "service_cases": "date", "stock": "date"}
    early = {
        name: frame[frame[dates[name]] <= day] if name in dates else frame for name, frame in world.items()
    }
    then, cut = (worth_on(found, day.date()) for found in (case, case_from_tables(early, "early")))
    pd.testing.assert_frame_equal(then, cut)
    assert then["value"].notna().all()


def worth_on(case: Case, day: dt.date) -> pd.DataFrame:
    seen = case.seen_on(day)
    history = read_history(seen, day)
    return contact_worth(measure_uplift(history, seen, LIGHT.uplift), history, seen, LIGHT.uplift)


def test_a_cutoff_that_is_no_day_is_refused() -> None:
    with pytest.raises(ParameterError, match="2026-11-15"):
        TargetingSettings(cutoff="last week")


def test_every_table_for_other_systems_has_its_units(either: TargetingPlan) -> None:
    tables = page_tables(either)
    assert set(tables) == set(UNITS)
    assert all(set(UNITS[name]) <= set(frame.columns) for name, frame in tables.items())
    assert tables["experience"]["customer_id"].is_unique


def test_composed_figures_say_what_their_parts_say(either: TargetingPlan) -> None:
    drawn = plot_uplift_evidence(either.uplift)
    assert len(drawn.figure.axes) == (1 if either.uplift.score is None else 2)
    assert describe_uplift_groups(either.uplift) in describe_uplift_evidence(either.uplift)
    both = plot_held_out_tests(either.value, either.churn)
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in both.figure.axes]
    assert titles == [claim_value_by_decile(either.value), claim_churn_calibration(either.churn)]
    assert all(title in describe_held_out_tests(either.value, either.churn) for title in titles)

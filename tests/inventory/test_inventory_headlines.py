"""Every sentence of the inventory page is true of the plan, and a sentence where there is nothing to say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from tests.inventory import planned_shop as shop

from helpers.inventory import InventoryPlan, headlines
from helpers.inventory.comparison import Comparison, Gain

NOT_MET = Gain(math.nan, math.nan, math.nan, 0.9)
SAYERS = [
    headlines.say_orders,
    headlines.say_gain,
    headlines.say_stock,
    headlines.say_purchases,
    headlines.say_limits,
    headlines.say_solve,
    headlines.say_lead_times,
    headlines.say_replay,
    headlines.say_promise,
    headlines.say_echelons,
]


@pytest.fixture(scope="module")
def plan() -> InventoryPlan:
    return shop.plan()


@pytest.fixture(scope="module")
def idle() -> InventoryPlan:
    return shop.idle_plan()


def with_futures(plan: InventoryPlan, **parts: object) -> InventoryPlan:
    return replace(plan, futures=replace(plan.futures, **parts))  # type: ignore[arg-type]  # named by the test


@pytest.mark.parametrize("say", SAYERS)
def test_every_sentence_begins_ends_and_counts(
    say: Callable[[InventoryPlan], str], plan: InventoryPlan, idle: InventoryPlan
) -> None:
    for said in (say(plan), say(idle)):
        assert said[0].isupper() or said[0].isdigit()
        assert said.endswith(".")
        assert "nan" not in said.split()
        assert not {"nan", "inf", "None"} & set(
            said.replace("\N{NO-BREAK SPACE}", " ").replace("%", "").split()
        )
        assert "  " not in said


def test_orders_are_counted_and_the_first_is_named(plan: InventoryPlan, idle: InventoryPlan) -> None:
    first = plan.next_orders().iloc[0]
    said = headlines.say_orders(plan)
    assert said.startswith(
        f"Order {len(plan.firm)} lines from {plan.firm['supplier_id'].nunique()} suppliers"
    )
    assert f"{first['quantity']:,.0f} of {first['product_id']} ({first['product_name']})" in said
    assert headlines.say_orders(idle).startswith("Order nothing in the week of 16 November 2026")


def test_one_line_is_not_lines(plan: InventoryPlan) -> None:
    one = replace(plan, orders=replace(plan.orders, orders=plan.orders.orders[:1].assign(is_frozen=True)))
    assert headlines.say_orders(one).startswith("Order 1 line from 1 supplier for")


@pytest.mark.parametrize(
    ("stock", "lost", "words"),
    [
        (Gain(0.2, 0.1, 0.3, 0.95), NOT_MET, "need 20 % less stock (90 % of futures: 10 % to 30 %)"),
        (Gain(-0.2, -0.3, 0.1, 0.95), NOT_MET, "need 20 % more stock (90 % of futures: −30 % to 10 %)"),
        (Gain(0.2, -0.1, 0.4, 0.95), NOT_MET, "(90 % of futures: −10 % to 40 %), which is not proven"),
        (Gain(0.2, math.nan, math.nan, 0.95), NOT_MET, "(no interval could be given)"),
        (NOT_MET, Gain(0.3, 0.2, 0.4, 9.0), "lose 30 % less margin"),
        (NOT_MET, Gain(-0.3, -0.4, 0.1, 9.0), "lose 30 % more margin"),
        (NOT_MET, NOT_MET, "could not be measured"),
    ],
)
def test_gain_is_said_as_it_is(plan: InventoryPlan, stock: Gain, lost: Gain, words: str) -> None:
    said = headlines.say_gain(with_futures(plan, stock=stock, lost=lost))
    assert said.startswith("Replayed over the last 6 weeks"), "what was comes before what may be"
    assert words in said.replace("\N{NO-BREAK SPACE}", " ")


def test_unproven_plan_says_so_first(plan: InventoryPlan) -> None:
    wide = replace(plan, orders=replace(plan.orders, gap=0.5))
    assert len(headlines.say_recommendation(plan)) == 3
    assert headlines.say_recommendation(wide)[0] == wide.orders.sentence


def test_half_of_the_gain_is_reached_by_what_it_says(plan: InventoryPlan) -> None:
    table = pd.DataFrame({"spent": [100.0, 200.0, 700.0], "earned": [60.0, 30.0, 10.0]})
    ranked = replace(plan, ranked=replace(plan.ranked, table=table))
    assert headlines.say_purchases(ranked).startswith("100 of 1,000 earn half")
    poor = replace(ranked, settings=replace(plan.settings, budget=300.0))
    poor = replace(poor, ranked=replace(poor.ranked, budget=300.0, price=0.014))
    assert headlines.say_purchases(poor).endswith(
        "The budget ends at 300: one more unit of it would earn 0.01."
    )


def test_binding_limits_are_named_as_they_are_written(plan: InventoryPlan, idle: InventoryPlan) -> None:
    rows = {"week": 1, "last_week": 1, "used": 9.0, "limit": 9.0, "gives_way": 0.0}
    limits = pd.DataFrame(
        [
            {"rule": "storage", "key": "DC-North", "unit": "m³", "price": 12.5, **rows},
            {"rule": "open-to-buy budget", "key": "", "unit": "money", "price": 0.25, **rows},
        ]
    )
    said = headlines.say_limits(replace(plan, orders=replace(plan.orders, limits=limits)))
    assert said.startswith("One more m³ of storage at DC-North in the week of 23 November is worth 12.50")
    assert "one more unit of money of open-to-buy budget in the week" in said
    assert "(and 1 more)" in headlines.say_limits(
        replace(plan, orders=replace(plan.orders, limits=limits)), most=1
    )
    clash = replace(idle, orders=replace(idle.orders, clashes=("Storage gives way.",)))
    assert headlines.say_limits(clash) == "Storage gives way."


def test_late_suppliers_are_those_that_were_measured_late(plan: InventoryPlan, idle: InventoryPlan) -> None:
    table = plan.outlook.measured.promised_against_measured()
    said = headlines.say_lead_times(plan)
    assert [name for name in table["supplier_id"] if name in said] == table.loc[
        table["late_by"] >= 1, "supplier_id"
    ].tolist()
    assert headlines.say_lead_times(idle).startswith("Suppliers deliver as promised, or within a day of it.")


def test_orders_past_due_are_counted_and_the_dearest_is_chased_first(
    plan: InventoryPlan, idle: InventoryPlan
) -> None:
    lines = plan.outlook.measured.open_lines.head(2).assign(
        po_id=["PO7", "PO9"], days_past_due=[3.0, 1.0], product_id=["P1", "P2"], site_id="W"
    )
    risk = pd.DataFrame({"product_id": ["P1", "P2"], "site_id": "W", "lost_margin": [1.0, 50.0]})
    measured = replace(plan.outlook.measured, open_lines=lines)
    late = replace(
        plan, outlook=replace(plan.outlook, measured=measured), risk=replace(plan.risk, table=risk)
    )
    said = headlines.say_overdue(late)
    assert said.startswith(" 2 open lines past due")
    assert said.index("PO9") < said.index("PO7")
    paid = replace(measured, open_lines=lines.assign(days_past_due=0.0))
    assert headlines.say_overdue(replace(idle, outlook=replace(plan.outlook, measured=paid))) == ""


def test_replay_says_its_weeks_or_that_there_was_none(plan: InventoryPlan) -> None:
    assert "last 6 weeks" in headlines.say_replay(plan)
    assert "no earlier forecast" in headlines.say_replay(replace(plan, replay=None))
    assert plan.replay is not None
    apart = replace(plan, replay=replace(plan.replay, stock=NOT_MET))
    assert headlines.say_replay(apart).endswith("do not reach the same service.")
    worse = replace(plan, replay=replace(plan.replay, stock=Gain(-0.1, -0.2, 0.0, 0.9)))
    assert "need 10\N{NO-BREAK SPACE}% more stock" in headlines.say_replay(worse)


def test_promise_names_each_class_that_misses_it(plan: InventoryPlan) -> None:
    table = pd.DataFrame(
        {"group": ["A", "B", "total"], "difference": [0.004, -0.03, -0.02], "is_kept": [True, False, False]}
    )
    said = headlines.say_promise(with_futures(plan, promise=table))
    assert said.endswith("more than a point: B by 3.0 points.")
    kept = headlines.say_promise(with_futures(plan, promise=table.iloc[:1]))
    assert "the worst by 0.4" in kept


def test_site_that_supplies_no_other_has_nothing_to_plan_together(plan: InventoryPlan) -> None:
    assert headlines.say_echelons(replace(plan, echelons=None)).startswith("No site supplies another")


def test_two_rules_are_shown_side_by_side_in_words(plan: InventoryPlan) -> None:
    found: Comparison = plan.futures
    rows = headlines.comparison_rows(found)
    assert rows["what"].tolist() == list(headlines.MEASURES.values())
    assert rows.notna().all(axis=None)
    assert not rows["difference"].str.contains("-").any(), "a minus is no hyphen"
    assert f"{found.paths:,} futures of {found.weeks} weeks" in headlines.say_comparison(found)

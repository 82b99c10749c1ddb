"""Figures of the inventory plan: title and alt text agree with it, also where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from tests.inventory import planned_shop as shop

from helpers import figures
from helpers.inventory import InventoryPlan
from helpers.inventory.comparison import Gain

NAMES = ["purchase_curve", "storage_ahead", "lead_times", "service_cash"]
IDLE = {
    "purchase_curve": "Nothing ordered this week would earn more than next week",
    "storage_ahead": "No storage limit is known",
    "lead_times": "Suppliers keep the lead times that they promise",
    "service_cash": "The two rules do not reach the same service or stock",
}
Words = Callable[[InventoryPlan], str]


def of(name: str) -> tuple[Callable[[InventoryPlan], Axes], Words, Words]:
    return tuple(
        getattr(figures, f"{verb}_{name}") for verb in ("plot", "claim", "describe")
    )  # three by construction


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [shop.plan, shop.idle_plan])
def test_title_is_the_claim_axes_have_names_and_it_draws(
    name: str, make: Callable[[], InventoryPlan]
) -> None:
    plot, claim, describe = of(name)
    axes = plot(make())
    assert axes.get_title(loc="left").replace("\n", " ") == claim(make())
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    axes.figure.canvas.draw()
    plt.close("all")
    for said in (claim(make()), describe(make())):
        assert "nan" not in said.replace("\N{NO-BREAK SPACE}", " ").split()
        assert "inf" not in said.split()
    assert describe(make()).endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_happens_the_claim_says_so(name: str) -> None:
    assert of(name)[1](shop.idle_plan()) == IDLE[name]


def ranked(*lots: tuple[float, float]) -> InventoryPlan:
    table = pd.DataFrame(lots, columns=["spent", "earned"])
    table = table.assign(cumulated_spend=table["spent"].cumsum())
    return replace(shop.plan(), ranked=replace(shop.plan().ranked, table=table))


def test_first_quarter_of_the_money_is_read_off_the_line_that_is_drawn() -> None:
    claim = of("purchase_curve")[1]
    assert "The first 100 of this week's orders earn 50\N{NO-BREAK SPACE}%" in claim(
        ranked((200, 80), (200, 0))
    )
    assert "earn 25\N{NO-BREAK SPACE}%" in claim(ranked((400, 9.0)))
    assert "over 2 next lots, to 80 earned for 400 spent" in of("purchase_curve")[2](
        ranked((200, 80), (200, 0))
    )


def test_budget_is_drawn_where_there_is_one() -> None:
    plot = of("purchase_curve")[0]
    plan = shop.plan()
    poor = replace(plan, settings=replace(plan.settings, budget=500.0))
    assert len(plot(poor).lines) == len(plot(plan).lines) + 1
    plt.close("all")


def stored(*used: float, price: float = 0.0) -> InventoryPlan:
    rows = pd.DataFrame({"used": used, "week": range(len(used))})
    limits = rows.assign(rule="storage", key="DC-North", limit=10.0, unit="m³", price=price)
    return replace(shop.plan(), orders=replace(shop.plan().orders, limits=limits))


def test_storage_that_runs_full_is_named_with_its_weeks_and_worth() -> None:
    _, claim, describe = of("storage_ahead")
    assert "at most 70\N{NO-BREAK SPACE}% is used, at DC-North" in claim(stored(2.0, 7.0))
    full = claim(stored(5.0, 9.9, 10.0, price=3.0))
    assert full.startswith("DC-North is 98\N{NO-BREAK SPACE}% full or more in 2 of 3 weeks")
    assert full.endswith("one more m³ there is worth 3")
    assert "DC-North from 20\N{NO-BREAK SPACE}% to 70\N{NO-BREAK SPACE}%" in describe(stored(2.0, 7.0))


def test_supplier_furthest_behind_its_promise_is_named() -> None:
    table = shop.plan().outlook.measured.promised_against_measured()
    late = table[table["late_by"] > 1]
    said = of("lead_times")[1](shop.plan())
    assert said.startswith(f"{len(late)} of {len(table)} suppliers deliver later than promised")
    assert f"{late['supplier_id'].iloc[0]} by {late['late_by'].iloc[0]:.0f} days" in said


def test_service_and_cash_are_said_with_their_sign() -> None:
    claim, futures = of("service_cash")[1], shop.plan().futures
    nothing = Gain(float("nan"), float("nan"), float("nan"), 0.9)

    def said(stock: Gain, lost: Gain) -> str:
        plan = replace(shop.plan(), futures=replace(futures, stock=stock, lost=lost))
        return claim(plan).replace("\N{NO-BREAK SPACE}", " ")

    assert "takes 20 % less stock" in said(Gain(0.2, 0, 0, 0.95), nothing)
    assert "takes 20 % more stock" in said(Gain(-0.2, 0, 0, 0.95), nothing)
    assert "loses 20 % more margin" in said(nothing, Gain(-0.2, 0, 0, 9.0))

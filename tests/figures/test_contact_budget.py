"""The curve of contacts and budget: title and alt text agree with what was computed."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.customers.selection import BudgetCurve
from helpers.figures.contact_budget import claim_contact_budget, describe_contact_budget, plot_contact_budget


def curve(**other: float) -> BudgetCurve:
    points = pd.DataFrame(
        {
            "budget": [0.0, 50.0, 100.0],
            "cost": [0.0, 50.0, 100.0],
            "value": [0.0, 150.0, 230.0],
            "value_low": [0.0, 90.0, 120.0],
            "value_high": [0.0, 220.0, 340.0],
            "net": [0.0, 100.0, 130.0],
        }
    )
    return BudgetCurve(points, **{"cost": 50.0, "net": 100.0, "budget": 50.0, "price": 0.8, **other})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({}, "One more unit of budget would earn 0.80"),
        ({"price": 0.0}, "earns nothing more"),
        ({"budget": float("inf"), "price": 0.0}, "Without a limit the plan spends 50"),
        ({"net": 0.0}, "No contact is expected"),
    ],
)
def test_the_title_is_the_claim(other: dict[str, float], words: str) -> None:
    made = curve(**other)
    axes = plot_contact_budget(made)
    axes.figure.canvas.draw()
    assert words in claim_contact_budget(made)
    assert axes.get_title(loc="left").replace("\n", " ") == claim_contact_budget(made)
    assert claim_contact_budget(made) in describe_contact_budget(made)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("budget, money", "expected margin after cost, money")


def test_no_budget_at_all_can_be_drawn() -> None:
    nothing = BudgetCurve(curve().points.head(1), cost=0.0, net=0.0, budget=float("inf"), price=0.0)
    assert plot_contact_budget(nothing).get_title(loc="left")

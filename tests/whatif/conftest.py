"""A toy decision whose answers can be computed by hand: how many boxes to buy."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.contract.kpis import Kpi
from helpers.errors import SolverError
from helpers.whatif import NOBODY, Choice, Decision, Settings, Slider, Switch, View
from helpers.whatif.chart import Chart, Series
from helpers.whatif.view import no_limits

CONTROLS = (
    Slider(
        "growth", "growth of demand", "Demand", "share", -0.2, 0.2, 0.05, 0.0, "of all demand", is_change=True
    ),
    Slider("budget", "budget", "Money", "money", 0, 1000, 50, 0, "for this week", none_at=0),
    Choice(
        "closed", "closed site", "Sites", ((NOBODY, "none"), ("N", "North <b>")), NOBODY, "no goods there"
    ),
    Switch("rush", "rush orders", "Sites", default=False, help="whether they are taken"),
)
SITES = {"N": 40.0, "S": 60.0}


def answer(settings: Settings) -> View:
    """Buy what is asked, at 10 a box, as far as the budget goes; nothing at a closed site."""
    growth, budget = float(settings["growth"]), float(settings["budget"])
    wanted = {
        site: 0.0 if site == settings["closed"] else units * (1 + growth) for site, units in SITES.items()
    }
    if settings["rush"] and settings["closed"]:
        raise SolverError("Rush orders need every site. Reopen North, or refuse rush orders: 5 less margin.")
    spent = sum(wanted.values()) * 10
    share = min(1.0, budget / spent) if budget else 1.0
    bought = {site: units * share for site, units in wanted.items()}
    money = {site: units * 10 for site, units in bought.items()}
    limits = no_limits()
    if share < 1:
        limits = pd.DataFrame(
            [{"limit": "budget", "unit": "money", "used": spent * share, "most": budget, "price": 0.5}]
        )
    return View(
        settings=settings,
        tiles=(
            Kpi("freight cost", sum(money.values()), "this week"),
            Kpi("promised fill rate", share * (1 - 0.01 * bool(settings["rush"])), "this week"),
        ),
        decisions=pd.DataFrame(
            {
                "decision": list(bought),
                "name": [f"boxes to {site} <i>" for site in bought],
                "quantity": list(bought.values()),
                "money": list(money.values()),
            }
        ),
        limits=limits,
        chart=Chart(
            "bars",
            f"{sum(money.values()):,.0f} goes to {len(money)} sites",
            tuple(SITES),
            (
                Series("the plan", tuple(units * 10 for units in SITES.values()), "plan"),
                Series("this setting", tuple(money.values()), "setting"),
            ),
            "money",
            "money per site",
        ),
        sentence=f"{sum(bought.values()):,.0f} boxes are bought.",
        unit="boxes",
        heading="Boxes",
    )


@pytest.fixture
def toy() -> Decision:
    grid = {
        "growth": (-0.2, 0.0, 0.2),
        "budget": (0.0, 500.0),
        "rush": (False, True),
        "closed": (NOBODY, "N"),
    }
    return Decision("toy", "Boxes", "How many boxes?", CONTROLS, answer, grid, "toy-data")

"""The heavy results that decisions are played with, computed and remembered just as the notebooks do.

So a sweep after a run, the workbench after a sweep, or a notebook after either takes what is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from helpers.contract import Case
from helpers.contract.readiness import missing_for
from helpers.customers import (
    SelectionSettings,
    TargetingSettings,
    UpliftSettings,
    ValueSettings,
    plan_targeting,
)
from helpers.errors import ParameterError, PlanbookError
from helpers.forecasting import Forecast, ForecastSettings, forecast_demand
from helpers.inventory import InventoryPlan, InventorySettings, plan_inventory, three_rates
from helpers.inventory.exports import transport_wants
from helpers.memory import remember
from helpers.transport import FlowSettings, Wants, plan_transport
from helpers.whatif.customers import customers_under, customers_what_if
from helpers.whatif.decision import Decision
from helpers.whatif.demand import demand_under, demand_what_if
from helpers.whatif.inventory import inventory_under, inventory_what_if
from helpers.whatif.losses import InventoryLosses
from helpers.whatif.transport import transport_under, transport_what_if

Values = Mapping[str, Any]
PAGES = {
    "demand": "1_demand_forecast",
    "inventory": "2_inventory_plan",
    "transport": "3_transport_plan",
    "customers": "5_customer_targeting",
}
# What the notebooks' parameters cells say; a test holds both against each other.
DEFAULTS: Mapping[str, Values] = MappingProxyType(
    {
        "demand": {"season_length": 52, "interval": 0.9, "windows": 3, "most_series": 10_000},
        "inventory": {"aim": "fill_rate", "holding_rate": 0.25},
        "transport": {"weeks": 4, "carbon_price": 0.0, "carbon_budget": 0.0},
        "customers": {
            "contact_budget": 0.0,
            "calls": 300,
            "contacts_a_year": 6,
            "holdout_share": 0.15,
            "horizon_weeks": 52,
            "discount_rate": 0.1,
        },
    }
)
SHARED: Values = MappingProxyType(
    {
        "cutoff": "",
        "horizon": 13,
        "fill_rates": [0.98, 0.96, 0.93],
        "budget": 0.0,
        "what_if": {},
        "seed": 0,
    }
)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A decision that can be played with, and what its plans lose in other worlds where that is known."""

    decision: Decision
    losses: InventoryLosses | None = None


@dataclass(frozen=True, eq=False)
class Suite:
    """All decisions that the data bear.

    Parameters
    ----------
    prepared
        In the order of the pages.
    notes
        Decisions that are left out, and why.
    """

    prepared: tuple[Prepared, ...]
    notes: tuple[str, ...]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What can be played with."""
        return tuple(one.decision for one in self.prepared)

    @property
    def losses(self) -> InventoryLosses | None:
        """What inventory plans lose in other worlds; None where there is no inventory plan."""
        return next((one.losses for one in self.prepared if one.losses), None)

    def notes_table(self) -> pd.DataFrame:
        """Return the notes as a table with the column note."""
        return pd.DataFrame({"note": pd.Series(self.notes, dtype="object")})


def prepare(name: str, case: Case, values: Values) -> Prepared:
    """Return a decision of the suite on a case.

    Parameters
    ----------
    name
        `demand`, `inventory`, `transport` or `customers`.
    case
        The data.
    values
        Parameters of the decision's notebook (`PAGES`); those not given are as there.

    Raises
    ------
    ParameterError
        There is no such decision.
    PlanbookError
        The data do not bear it.
    """
    makers: Mapping[str, Callable[[Case, Values], Prepared]] = {
        "demand": _demand,
        "inventory": _inventory,
        "transport": _transport,
        "customers": _customers,
    }
    if name not in makers:
        raise ParameterError(f"There is no decision '{name}'. Decisions: {', '.join(makers)}.")
    return makers[name](case, {**SHARED, **DEFAULTS[name], **values})


def prepare_suite(case: Case, values: Values) -> Suite:
    """Return all decisions that the data bear; what is left out is told, not raised."""
    prepared, notes = [], []
    for name, page in PAGES.items():
        missing = missing_for(case, page)
        if missing:
            notes.append(f"The decision on {name} is left out: the data hold no {missing}.")
            continue
        try:
            prepared.append(prepare(name, case, values))
        except PlanbookError as error:
            notes.append(f"The decision on {name} is left out: {error}")
    return Suite(tuple(prepared), tuple(notes))


def _demand(case: Case, values: Values) -> Prepared:
    names = ("horizon", "cutoff", "season_length", "interval", "windows", "most_series", "seed")
    settings = ForecastSettings(**{name: values[name] for name in names})
    forecast = demand_under(remember(forecast_demand, case, settings), values["what_if"], case)
    return Prepared(demand_what_if(case, forecast))


def _inventory(case: Case, values: Values) -> Prepared:
    plan, forecast = _planned(case, values, values["aim"], values["holding_rate"])
    return Prepared(inventory_what_if(case, plan, forecast), InventoryLosses(case, plan, forecast))


def _planned(
    case: Case, values: Values, aim: Any = "fill_rate", holding_rate: float = 0.25
) -> tuple[InventoryPlan, Forecast]:
    """The inventory plan, as its own page and that of transport make it."""
    ahead = ForecastSettings(values["horizon"], values["cutoff"], seed=values["seed"])
    settings = InventorySettings(
        aim,
        *three_rates(values["fill_rates"]),
        holding_rate,
        horizon=values["horizon"],
        budget=values["budget"],
        seed=values["seed"],
    )
    forecast = demand_under(remember(forecast_demand, case, ahead), values["what_if"], case)
    before = remember(forecast_demand, case, ahead.earlier(case.as_of))
    settings = inventory_under(settings, values["what_if"])
    return remember(plan_inventory, case, settings, forecast, before), forecast


def _transport(case: Case, values: Values) -> Prepared:
    settings = FlowSettings(
        values["weeks"],
        frozen_weeks=values["weeks"],
        carbon_price=values["carbon_price"],
        carbon_budget=values["carbon_budget"] or None,
        gap=0.01,
        time_limit=120,
        seed=values["seed"],
    )
    inventory, forecast = _planned(case, values)
    asked: Mapping[str, Any] = transport_wants(inventory, forecast.forecast)
    wants = Wants(**asked, fingerprint=inventory.fingerprint)
    settings = transport_under(settings, values["what_if"])
    plan = remember(plan_transport, case.seen_on(inventory.cutoff), settings, wants)
    return Prepared(transport_what_if(plan))


def _customers(case: Case, values: Values) -> Prepared:
    seed, calls = values["seed"], values["calls"]
    settings = TargetingSettings(
        values["cutoff"],
        value=ValueSettings(values["horizon_weeks"], values["discount_rate"], seed=seed),
        uplift=UpliftSettings(seed=seed),
        selection=SelectionSettings(
            values["contact_budget"] or None,
            {"phone": calls} if calls else {},
            cap_contacts=values["contacts_a_year"],
            holdout_share=values["holdout_share"],
            seed=seed,
        ),
    )
    plan = remember(plan_targeting, case, customers_under(settings, values["what_if"]))
    return Prepared(customers_what_if(plan))

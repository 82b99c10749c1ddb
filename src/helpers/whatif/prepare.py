"""The heavy results that a decision is played with, computed and remembered just as its notebook does.

So a sweep after a run, or a notebook after a sweep, takes what is there already.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.forecasting import ForecastSettings, forecast_demand
from helpers.memory import remember
from helpers.whatif.decision import Decision
from helpers.whatif.regret import Losses

PAGES = {
    "demand": "1_demand_forecast",
    "inventory": "2_inventory_plan",
    "transport": "3_transport_plan",
    "customers": "5_customer_targeting",
}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A decision that can be played with, and what its plans lose in other worlds where that is known."""

    decision: Decision
    losses: Losses | None = None


def prepare(name: str, case: Case, values: Mapping[str, Any]) -> Prepared:
    """Return a decision of the suite on a case.

    Parameters
    ----------
    name
        `demand`, `inventory`, `transport` or `customers`.
    case
        The data.
    values
        The parameters of the decision's notebook (`PAGES`), all of them.

    Raises
    ------
    ParameterError
        There is no such decision.
    PlanbookError
        The data do not bear it.
    """
    makers: Mapping[str, Callable[[Case, Mapping[str, Any]], Prepared]] = {
        "demand": _demand,
        "inventory": _inventory,
        "transport": _transport,
        "customers": _customers,
    }
    if name not in makers:
        raise ParameterError(f"There is no decision '{name}'. Decisions: {', '.join(makers)}.")
    return makers[name](case, values)


def _demand(case: Case, values: Mapping[str, Any]) -> Prepared:
    settings = ForecastSettings(
        values["horizon"],
        values["cutoff"],
        values["season_length"],
        interval=values["interval"],
        windows=values["windows"],
        most_series=values["most_series"],
        seed=values["seed"],
    )
    return Prepared(_verb("demand")(case, remember(forecast_demand, case, settings)))


def _inventory(case: Case, values: Mapping[str, Any]) -> Prepared:
    from helpers.inventory import InventorySettings, plan_inventory, three_rates

    ahead = ForecastSettings(values["horizon"], values["cutoff"], seed=values["seed"])
    settings = InventorySettings(
        values["aim"],
        *three_rates(values["fill_rates"]),
        values["holding_rate"],
        horizon=values["horizon"],
        budget=values["budget"],
        seed=values["seed"],
    )
    forecast = remember(forecast_demand, case, ahead)
    before = remember(forecast_demand, case, ahead.earlier(case.as_of))
    plan = remember(plan_inventory, case, settings, forecast, before)
    losses = _found("inventory", "inventory_losses")
    found = losses(case, plan, forecast) if losses else None
    return Prepared(_verb("inventory")(case, plan, forecast), found)


def _transport(case: Case, values: Mapping[str, Any]) -> Prepared:
    from helpers.inventory import InventorySettings, plan_inventory, three_rates
    from helpers.inventory.exports import transport_wants
    from helpers.transport import FlowSettings, Wants, plan_transport

    ahead = ForecastSettings(values["horizon"], values["cutoff"], seed=values["seed"])
    levels = InventorySettings(
        "fill_rate",
        *three_rates(values["fill_rates"]),
        horizon=values["horizon"],
        budget=values["budget"],
        seed=values["seed"],
    )
    settings = FlowSettings(
        values["weeks"],
        frozen_weeks=values["weeks"],
        carbon_price=values["carbon_price"],
        carbon_budget=values["carbon_budget"] or None,
        gap=0.01,
        time_limit=120,
        seed=values["seed"],
    )
    forecast = remember(forecast_demand, case, ahead)
    before = remember(forecast_demand, case, ahead.earlier(case.as_of))
    inventory = remember(plan_inventory, case, levels, forecast, before)
    asked = transport_wants(inventory, forecast.forecast)
    wants = Wants(**asked, fingerprint=inventory.fingerprint)  # type: ignore[arg-type]  # frames, as its fields ask
    return Prepared(
        _verb("transport")(remember(plan_transport, case.seen_on(inventory.cutoff), settings, wants))
    )


def _customers(case: Case, values: Mapping[str, Any]) -> Prepared:
    from helpers.customers import (
        SelectionSettings,
        TargetingSettings,
        UpliftSettings,
        ValueSettings,
        plan_targeting,
    )

    seed = values["seed"]
    settings = TargetingSettings(
        values["cutoff"],
        value=ValueSettings(values["horizon_weeks"], values["discount_rate"], seed=seed),
        uplift=UpliftSettings(seed=seed),
        selection=SelectionSettings(
            values["budget"] or None,
            {"phone": values["calls"]} if values["calls"] else {},
            cap_contacts=values["contacts_a_year"],
            holdout_share=values["holdout_share"],
            seed=seed,
        ),
    )
    return Prepared(_verb("customers")(remember(plan_targeting, case, settings)))


def _verb(decision: str) -> Callable[..., Decision]:
    found = _found(decision, f"{decision}_what_if")
    if found is None:
        raise ParameterError(f"The decision '{decision}' cannot be played with in this version.")
    return found


def _found(decision: str, name: str) -> Callable[..., Any] | None:
    """Return a function of the decision's own module; None where this version has none."""
    path = f"helpers.whatif.{decision}"
    try:
        found: Callable[..., Any] | None = getattr(importlib.import_module(path), name, None)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        return None
    return found

"""The choice of warehouses in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers.transport.network.network_case import NetworkCase
from helpers.transport.network.options import BEST, MOVE, OPEN


def say_choice(
    options: pd.DataFrame, warehouses: pd.DataFrame, changed: int, network: NetworkCase, *, proposed: bool
) -> str:
    """Return the choice in a few sentences.

    Parameters
    ----------
    options, warehouses
        As in `NetworkChoice`.
    changed
        How many stores and zones the best choice serves otherwise.
    network
        What was decided upon.
    proposed
        Whether the best choice is proposed instead of today's network.
    """
    best, today = options[options["option"] == BEST].iloc[0], options.iloc[0]
    if best["why"]:
        return f"No choice of today's warehouses serves everybody within their limits: {best['why']}"
    if proposed:
        said = [_say_best(best, today, warehouses, changed), *_say_range(best)]
        said += _say_doubts(warehouses, network)
    else:
        said = [
            f"Today's network costs {today['cost_per_year']:,.0f} a year; no choice of today's warehouses "
            f"saves more than {network.settings.least_saving:.1%} of that."
        ]
    said += [*_say_today(warehouses), *_say_elsewhere(options, network)]
    return " ".join([*said, f"Solve: {best['status']}, gap {best['gap']:.2%}."])


def _say_best(best: pd.Series, today: pd.Series, warehouses: pd.DataFrame, changed: int) -> str:
    saved, spent = best["saving_per_year"], today["cost_per_year"]
    closed = warehouses.loc[~warehouses["open_in_plan"], "site_id"]
    money = f"{best['cost_per_year']:,.0f} a year beside {spent:,.0f} today, "
    money += f"{saved:,.0f} less." if saved >= 0 else f"{-saved:,.0f} more, but today breaks a limit."
    if len(closed):
        kept = f"{len(warehouses) - len(closed)} of {len(warehouses)} warehouses open"
        return f"Without {', '.join(closed)} ({kept}) the network costs {money}"
    who = "one store or zone is" if changed == 1 else f"{changed} stores and zones are"
    return f"All warehouses stay open and {who} served otherwise: {money}"


def _say_range(best: pd.Series) -> Iterator[str]:
    if np.isfinite(best["saving_low"]):
        yield (
            f"In the demand of each past quarter by itself it saves {best['saving_low']:,.0f} to "
            f"{best['saving_high']:,.0f} a year."
        )
    if np.isfinite(best["more_co2e_per_year"]):
        more = best["more_co2e_per_year"]
        yield f"It causes {abs(more):,.1f} t CO2e a year {'more' if more > 0 else 'less'}."


def _say_doubts(warehouses: pd.DataFrame, network: NetworkCase) -> Iterator[str]:
    """Say what stands against the plan although it is not a limit of it."""
    rows = warehouses[warehouses["open_in_plan"]]
    worst = rows.sort_values("weeks_above").iloc[-1]
    if worst["weeks_above"] > 0:
        yield (
            f"But {worst['site_id']} would have had more than it can handle in {worst['weeks_above']:.0f} of "
            f"the {network.demand.weeks} weeks."
        )
    room = kept_storage(warehouses, network)
    if network.stock_m3 > room:
        yield (
            f"But the {network.stock_m3:,.0f} m³ of stock in today's warehouses do not fit into the "
            f"{room:,.0f} m³ that stay: it needs less stock or more room first."
        )


def _say_today(warehouses: pd.DataFrame) -> Iterator[str]:
    """Say where today's own flow is above what a warehouse can handle: then plans within it cost more."""
    over = warehouses[warehouses["units_today"] > warehouses["capacity_units"] * (1 + 1e-9)]
    if len(over):
        most = over.sort_values("utilisation_today").iloc[-1]
        yield (
            f"Today {', '.join(over['site_id'])} {'is' if len(over) == 1 else 'are'} above the handling "
            f"capacity ({most['site_id']}: {most['units_today']:,.0f} units a week of "
            f"{most['capacity_units']:,.0f})."
        )


def kept_storage(warehouses: pd.DataFrame, network: NetworkCase) -> float:
    """Return the m³ of storage that stay where a warehouse closes; infinite where that limits nothing."""
    if warehouses["open_in_plan"].all():
        return np.inf
    kept = warehouses.loc[warehouses["open_in_plan"], "site_id"]
    stays = network.sites.loc[network.sites["site_id"].isin(kept), "storage_capacity_m3"]
    return float(stays.fillna(np.inf).sum())


def _say_elsewhere(options: pd.DataFrame, network: NetworkCase) -> Iterator[str]:
    """Say what another place would bring."""
    tried = options[options["option"].isin([MOVE, OPEN]) & (options["why"] == "")]
    if tried.empty:
        return
    most = tried.sort_values("saving_per_year", kind="stable").iloc[-1]
    if most["saving_per_year"] <= max(options["saving_per_year"].drop(index=tried.index).max(), 0.0):
        yield "No other place that was tried does better."
        return
    name = network.sites.set_index("site_id")["name"][most["place_id"]]
    what = f"{most['warehouse_id']} moved to" if most["option"] == MOVE else "one more warehouse at"
    yield f"More could be saved elsewhere: {most['saving_per_year']:,.0f} a year with {what} {name}."


def say_assumptions(network: NetworkCase) -> tuple[str, ...]:
    """Return what was assumed and what is not in the choice."""
    settings = network.settings
    notes = [
        f"Vehicles are filled to {settings.mean_fill:.0%} on average"
        + (
            f"; at least {settings.least_vehicles:g} a week goes to each store."
            if settings.least_vehicles
            else "."
        ),
        "A product comes from the dock of its cheapest offer, whichever warehouse it goes to.",
        "Not in it: the one-off cost of opening, closing and moving, the stock that fewer or more warehouses "
        "need, slower delivery from further away, and the stores' own last mile.",
        "Storage limits what a warehouse passes on as today's stock per unit of demand says."
        if settings.storage_binds
        else "Storage is not a limit here.",
    ]
    if not settings.capacitated:
        notes.append("Handling capacity is not a limit here.")
    present = network.sites.iloc[: network.warehouses]
    unpriced = present.loc[present["opening_cost"].isna(), "site_id"]
    if len(unpriced):
        notes.append(
            f"No opening_cost, so kept open: {', '.join(unpriced)}. What closing saves is not known."
        )
    if len(present) == 1:
        notes.append("There is one warehouse; it cannot be closed.")
    if settings.moves and len(network.sites) == len(present):
        notes.append("No other place is tried: no store or zone has coordinates.")
    return tuple(notes)

"""A flow problem: the tables from which the model of a flow plan is built."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ContractError
from helpers.transport.flows.needs import first_monday, read_needs
from helpers.transport.flows.network import build_arcs, read_docks, read_lanes, read_products, read_supply
from helpers.transport.flows.settings import FlowSettings

_CELL = ["site_id", "product_id"]
_TABLES = ("lanes", "supply_terms", "suppliers")


@dataclass(frozen=True, eq=False)
class FlowProblem:
    """What is to be moved, over which lanes, within which limits. Weeks count from 0.

    Parameters
    ----------
    settings
        As given.
    first_week
        Monday of week 0.
    lanes
        One row per lane, with lag (weeks) and factor (gCO2e/t-km).
    moves
        lane_id, product_id, week, origin_id, destination_id, arrive, and per unit: weight, volume, cost
        (kg, unit and source premium apart), handling, holding on the way, carbon (kg).
    cells
        site_id, product_id, week, need, supply, holding_cost: every place where stock can lie.
    needs
        product_id, site_id, week, units, unmet_cost.
    sites
        site_id, storage_capacity_m3, handling_capacity_units, handling_cost.
    docks
        site_id, product_id, premium, weekly_capacity.
    notes
        What was assumed, in words.
    """

    settings: FlowSettings
    first_week: dt.date
    lanes: pd.DataFrame
    moves: pd.DataFrame
    cells: pd.DataFrame
    needs: pd.DataFrame
    sites: pd.DataFrame
    docks: pd.DataFrame
    notes: tuple[str, ...]


def read_problem(case: Case, settings: FlowSettings, needs: pd.DataFrame | None = None) -> FlowProblem:
    """Read a flow problem from a case.

    Raises
    ------
    ContractError
        A table that a flow plan needs is absent; all at once.
    ParameterError
        The needs cannot be used.
    """
    absent = [name for name in _TABLES if not case.has(name)]
    if absent:
        raise ContractError(f"plan_flow: {case.name} has no rows in {', '.join(absent)}. Add these tables.")
    monday = first_monday(case)
    wanted, need_notes = read_needs(case, settings, needs)
    lanes, lane_notes = read_lanes(case, settings)
    products, product_notes = read_products(case, settings)
    docks, dock_notes = read_docks(case)
    sites = case.table("sites")
    sites = sites[~sites["kind"].isin(["zone", "supplier", "plant"])]
    wanted = wanted[wanted["site_id"].isin(sites["site_id"])].reset_index(drop=True)
    supply = read_supply(case, monday, settings.weeks)
    supply = supply[supply["site_id"].isin(sites["site_id"])]
    arcs = build_arcs(lanes, docks, supply, wanted)
    price = products[["product_id", "unmet_cost"]]
    return FlowProblem(
        settings=settings,
        first_week=monday,
        lanes=lanes,
        moves=_build_moves(arcs, lanes, products, docks, sites, settings),
        cells=_build_cells(arcs, lanes, supply, wanted, products, settings.weeks),
        needs=wanted.merge(price, on="product_id", validate="many_to_one"),
        sites=sites[["site_id", "storage_capacity_m3", "handling_capacity_units", "handling_cost"]],
        docks=docks,
        notes=need_notes + lane_notes + product_notes + dock_notes,
    )


def _build_moves(
    arcs: pd.DataFrame,
    lanes: pd.DataFrame,
    products: pd.DataFrame,
    docks: pd.DataFrame,
    sites: pd.DataFrame,
    settings: FlowSettings,
) -> pd.DataFrame:
    """Return one row per lane, product and week of departure that arrives within the plan."""
    handling = sites[["site_id", "handling_cost"]].rename(columns={"site_id": "destination_id"})
    premium = docks.rename(columns={"site_id": "origin_id"})[["origin_id", "product_id", "premium"]]
    table = (
        arcs.merge(lanes, on="lane_id", validate="many_to_one")
        .merge(products, on="product_id", validate="many_to_one")
        .merge(handling, on="destination_id", how="left", validate="many_to_one")
        .merge(premium, on=["origin_id", "product_id"], how="left", validate="many_to_one")
    )
    per_unit = table[["lane_id", "product_id", "origin_id", "destination_id", "weight", "volume"]].assign(
        lag=table["lag"],
        premium=table["premium"].fillna(0.0),
        cost=table["cost_per_kg"] * table["weight"] + table["cost_per_unit"],
        handling=table["handling_cost"].fillna(0.0),
        holding=table["lag"] * table["holding_cost"],
        carbon=table["distance_km"] * table["weight"] * table["factor"] / 1e6,
    )
    moves = per_unit.merge(pd.DataFrame({"week": np.arange(settings.weeks)}), how="cross")
    moves = moves.assign(arrive=moves["week"] + moves["lag"]).drop(columns="lag")
    return moves[moves["arrive"] < settings.weeks].reset_index(drop=True)


def _build_cells(
    arcs: pd.DataFrame,
    lanes: pd.DataFrame,
    supply: pd.DataFrame,
    needs: pd.DataFrame,
    products: pd.DataFrame,
    weeks: int,
) -> pd.DataFrame:
    """Return every site, product and week in which stock can lie, with need and supply."""
    ends = arcs.merge(lanes[["lane_id", "destination_id"]], on="lane_id", validate="many_to_one")
    ends = ends.rename(columns={"destination_id": "site_id"})
    places = pd.concat([part[_CELL] for part in (ends, supply, needs) if len(part)] or [ends[_CELL]])
    places = places.drop_duplicates().sort_values(_CELL)
    cells = places.merge(pd.DataFrame({"week": np.arange(weeks)}), how="cross")
    key = [*_CELL, "week"]
    cells = cells.merge(needs[[*key, "units"]].rename(columns={"units": "need"}), on=key, how="left")
    cells = cells.merge(supply[[*key, "units"]].rename(columns={"units": "supply"}), on=key, how="left")
    holding = products[["product_id", "holding_cost"]]
    return cells.fillna({"need": 0.0, "supply": 0.0}).merge(holding, on="product_id", how="left")

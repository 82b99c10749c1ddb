"""The flow plan as a linear programme with whole vehicles in the frozen weeks.

x_lpt units of product p leave over lane l in week t, v_lt vehicles, s_ipt stock at the end of the week, u_ipt
units that are not there in their week, b_ipt units below the target stock, o_it m³ stored above capacity,
w_kt units of an order k that wait at the dock, d_kt those that wait longer than they should:

    minimise  Σ fixed_l v_lt + Σ (kg_l w_p + unit_l + premium + handling + lag_l h_p) x_lpt
              + Σ h_p (s_ipt + w_kt) + Σ overflow o_it + carbon price · C
              + Σ (margin_p + penalty_p) ((1 − δ)ᵗ (u_ipt + β b_ipt) + d_kt)

    stock     s_ip,t−1 + supply_ipt + Σ_l→i x_lp,t−lag + u_ipt = need_ipt + Σ_l←i x_lpt + s_ipt
    target    s_ipt + b_ipt ≥ target_ip
    orders    w_k,t−1 + ready_kt = Σ_l∈k x_lpt + w_kt,       w_kt − d_kt ≤ ready in the weeks of slack
    weight    Σ_p w_p x_lpt ≤ W_l v_lt          volume  Σ_p m_p x_lpt ≤ M_l v_lt         v_lt ≤ vehicles_l
    handling  units arriving at i in t ≤ H_i    storage Σ_p m_p s_ipt − o_it ≤ S_i
    links     x_lpt ≤ most_lpt v_lt, product by product: what can leave at most, with a vehicle
    docks     Σ_l x_lpt ≤ weekly capacity       carbon  C = Σ e_lp x_lpt + Σ E_l v_lt ≤ budget
    service   Σ u_ipt ≤ (1 − least served) Σ need
    closed    u_ipt = need_ipt at a closed site i

v is whole in the frozen weeks where a vehicle costs or burns something of its own. A unit that is not there
in its week is lost, not late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.solver import Expression, Model, Variables, at_least, at_most, equals
from helpers.transport.flows.problem import WAY, FlowProblem
from helpers.transport.flows.settings import FlowSettings

CARBON = "carbon budget"
SERVICE = "units served"


@dataclass(frozen=True)
class Blocks:
    """The variables of a flow plan, by the names above."""

    ship: Variables
    stock: Variables
    unmet: Variables
    below: Variables
    wait: Variables
    late: Variables
    vehicles: Variables
    overflow: Variables


def build_flow_model(problem: FlowProblem, *, most_service_cost: float | None = None) -> Model:
    """Build the model.

    Parameters
    ----------
    problem
        What is to be moved.
    most_service_cost
        Most money of unmet needs, stock below target and orders left waiting together; None: no limit.
    """
    model, settings = Model("flow plan"), problem.settings
    blocks = _add_variables(model, problem)
    _add_balance(model, problem, blocks)
    _add_targets(model, problem, blocks)
    _add_dispatch(model, problem, blocks)
    _add_loads(model, problem, blocks)
    _add_links(model, problem, blocks)
    _add_vehicles(model, problem, blocks)
    _add_handling(model, problem, blocks)
    _add_storage(model, problem, blocks)
    _add_docks(model, problem, blocks)
    tonnes = carbon_of(problem, blocks)
    if settings.carbon_budget is not None:
        words = "the carbon budget of {limit} t CO2e"
        model.add_rows(CARBON, None, tonnes, at_most(settings.carbon_budget, unit="t CO2e", words=words))
    if settings.least_served > 0:
        most = (1 - settings.least_served) * float(problem.needs["units"].sum())
        words = "at most {limit} units unmet"
        model.add_rows(SERVICE, None, blocks.unmet, at_most(most, unit="unit", words=words))
    service = _add_money(model, problem, blocks)
    if most_service_cost is not None:
        model.add_rows("service held", None, service, at_most(most_service_cost, unit="money"))
    model.add_objective("carbon price", tonnes * settings.carbon_price)
    return model


def carbon_of(problem: FlowProblem, blocks: Blocks) -> Expression:
    """Return tonnes of CO2e: by weight, and by vehicle where vehicles are one's own."""
    per_trip = vehicle_weeks(problem)["kg_co2e_per_vehicle"].to_numpy() / 1000
    return blocks.ship * (problem.moves["carbon"] / 1000) + blocks.vehicles * per_trip


def _add_variables(model: Model, problem: FlowProblem) -> Blocks:
    moves, cells, needs, waits = problem.moves, problem.cells, problem.needs, problem.dispatch
    settings = problem.settings
    total = needs.groupby("product_id")["units"].sum()
    aims = cells[cells["week"] == 0].groupby("product_id")["target"].sum()
    there = cells.groupby("product_id")["supply"].sum()
    ordered = waits.groupby("product_id")["ready"].sum()
    wanted = total.add(aims, fill_value=0.0)
    ceiling = wanted.add(there, fill_value=0.0).add(ordered, fill_value=0.0)
    room = cells["product_id"].map(ceiling).fillna(0.0).where(cells["holds"], 0.0)
    trips = vehicle_weeks(problem)
    targets = cells.loc[cells["target"] > 0]
    return Blocks(
        ship=model.add_variables(
            "ship", moves[["lane_id", "product_id", "week"]], upper=moves["most"].to_numpy()
        ),
        stock=model.add_variables("stock", cells[["site_id", "product_id", "week"]], upper=room.to_numpy()),
        unmet=model.add_variables(
            "unmet",
            needs[["site_id", "product_id", "week"]],
            lower=least_unmet(problem, settings),
            upper=needs["units"].to_numpy(),
        ),
        below=model.add_variables(
            "below", targets[["site_id", "product_id", "week"]], upper=targets["target"].to_numpy()
        ),
        wait=model.add_variables("wait", waits[[*WAY, "week"]]),
        late=model.add_variables("late", waits[[*WAY, "week"]]),
        vehicles=model.add_variables(
            "vehicles",
            trips[["lane_id", "week"]],
            upper=trips["most"].to_numpy(),
            integer=trips["whole"].to_numpy(),
        ),
        overflow=model.add_variables("overflow", _site_weeks(problem, "storage_capacity_m3")),
    )


def least_unmet(problem: FlowProblem, settings: FlowSettings) -> NDArray[np.float64]:
    """Return the units of each need that cannot be met: all where the site is closed."""
    shut = problem.needs["site_id"] == (settings.closed_site or None)
    return np.asarray(problem.needs["units"].where(shut, 0.0), dtype=np.float64)


def vehicle_weeks(problem: FlowProblem) -> pd.DataFrame:
    """Return lane_id, week, W and M, fixed cost, carbon and most vehicles, where vehicles matter.

    `whole` says whether vehicles are counted whole: in frozen weeks, where they cost or burn something.
    """
    limits = ["vehicle_capacity_kg", "vehicle_capacity_m3"]
    counted = problem.lanes[np.isfinite(problem.lanes[limits]).any(axis=1)]
    pairs = problem.moves[["lane_id", "week"]].drop_duplicates()
    columns = ["lane_id", "fixed_cost", "kg_co2e_per_vehicle", "weekly_vehicles", *limits]
    trips = pairs.merge(counted[columns], on="lane_id", validate="many_to_one")
    matters = (trips["fixed_cost"] > 0) | (trips["kg_co2e_per_vehicle"] > 0)
    return trips.assign(
        most=trips["weekly_vehicles"].clip(upper=most_vehicles(problem)),
        counted=matters,
        whole=matters & (trips["week"] < problem.settings.frozen_weeks),
    ).reset_index(drop=True)


def most_vehicles(problem: FlowProblem) -> float:
    """Return vehicles that carry all that could ever move, for lanes without a given number."""
    return float(problem.needs["units"].sum() + problem.dispatch["ready"].sum() + 1.0)


def _site_weeks(problem: FlowProblem, column: str) -> pd.DataFrame:
    limited = problem.sites.loc[problem.sites[column].notna(), ["site_id"]]
    return limited.merge(pd.DataFrame({"week": np.arange(problem.settings.weeks)}), how="cross")


def _limit_of(problem: FlowProblem, keys: pd.DataFrame, column: str) -> pd.Series:
    return keys["site_id"].map(problem.sites.set_index("site_id")[column])


def _add_balance(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    moves, cells = problem.moves, problem.cells
    arriving = blocks.ship.relabel(site_id=moves["destination_id"], week=moves["arrive"])
    leaving = blocks.ship.relabel(site_id=moves["origin_id"])
    before = blocks.stock.relabel(week=cells["week"] + 1)
    model.add_rows(
        "stock balance",
        cells[["site_id", "product_id", "week"]],
        before + arriving + blocks.unmet - leaving - blocks.stock,
        equals((cells["need"] - cells["supply"]).to_numpy(), unit="unit"),
    )


def _add_targets(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    is_aimed = (problem.cells["target"] > 0).to_numpy()
    aimed = problem.cells[is_aimed]
    held = blocks.stock.where(is_aimed) + blocks.below
    keys = aimed[["site_id", "product_id", "week"]]
    model.add_rows("target stock", keys, held, at_least(aimed["target"].to_numpy(), unit="unit"))


def _add_dispatch(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    waits = problem.dispatch
    if waits.empty:
        return
    before = blocks.wait.relabel(week=waits["week"] + 1)
    leaving = blocks.ship.relabel(
        site_id=problem.moves["destination_id"], origin_id=problem.moves["origin_id"]
    ).where(problem.moves["from_dock"].to_numpy())
    keys = waits[[*WAY, "week"]]
    ready = equals(waits["ready"].to_numpy(), unit="unit")
    model.add_rows("orders leave", keys, blocks.wait + leaving - before, ready)
    recent = at_most(waits["recent"].to_numpy(), unit="unit")
    model.add_rows("orders wait", keys, blocks.wait - blocks.late, recent)


def _add_loads(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    trips = vehicle_weeks(problem)
    for name, per_unit, column in (
        ("load by weight", "weight", "vehicle_capacity_kg"),
        ("load by volume", "volume", "vehicle_capacity_m3"),
    ):
        limited = np.isfinite(trips[column]).to_numpy()
        lanes = trips.loc[limited, "lane_id"].unique()
        on_lane = problem.moves["lane_id"].isin(lanes).to_numpy()
        room = (blocks.vehicles * trips[column].where(limited, 0.0).to_numpy()).where(limited)
        load = (blocks.ship * problem.moves[per_unit]).where(on_lane)
        model.add_rows(name, trips.loc[limited, ["lane_id", "week"]], room - load, at_least(0.0))


def _add_links(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    """No product without a vehicle: x ≤ most · v, product by product, makes the bound sharp."""
    trips = vehicle_weeks(problem)
    keys = ["lane_id", "week"]
    linked = problem.moves[keys].merge(trips.loc[trips["counted"], keys].assign(on=True), on=keys, how="left")
    is_linked = linked["on"].notna().to_numpy()
    rows = problem.moves.loc[is_linked, ["lane_id", "product_id", "week"]]
    most = problem.moves.loc[is_linked, "most"].to_numpy()
    room = blocks.vehicles.at(rows, missing="drop") * most
    model.add_rows("links", rows, blocks.ship.where(is_linked) - room, at_most(0.0))


def _add_vehicles(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    """A row beside the bound, so that one vehicle more has a price."""
    trips = vehicle_weeks(problem)
    limited = np.isfinite(trips["weekly_vehicles"]).to_numpy()
    keys, words = (
        trips.loc[limited, ["lane_id", "week"]],
        "at most {limit} vehicles on {lane_id} in week {week}",
    )
    limit = at_most(trips.loc[limited, "weekly_vehicles"].to_numpy(), unit="vehicle", words=words)
    model.add_rows("vehicles", keys, blocks.vehicles.where(limited), limit)


def _add_handling(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    moves, keys = problem.moves, _site_weeks(problem, "handling_capacity_units")
    arriving = blocks.ship.relabel(site_id=moves["destination_id"], week=moves["arrive"])
    limit = _limit_of(problem, keys, "handling_capacity_units") - coming_units(problem, keys)
    words = "at most {limit} units more into {site_id} in week {week}"
    model.add_rows("handling", keys, arriving, at_most(limit.clip(lower=0.0), unit="unit", words=words))


def coming_units(problem: FlowProblem, keys: pd.DataFrame) -> pd.Series:
    """Return the units on their way that arrive at each site and week without this plan."""
    sums = problem.cells.groupby(["site_id", "week"], as_index=False)["coming"].sum()
    return keys.merge(sums, on=["site_id", "week"], how="left")["coming"].fillna(0.0)


def _add_storage(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    keys = _site_weeks(problem, "storage_capacity_m3")
    volume = problem.cells["product_id"].map(problem.products.set_index("product_id")["volume"]).fillna(0.0)
    inside = problem.cells["site_id"].isin(keys["site_id"]).to_numpy()
    limit = _limit_of(problem, keys, "storage_capacity_m3")
    used = (blocks.stock * volume.to_numpy()).where(inside)
    model.add_rows("storage", keys, used - blocks.overflow, at_most(limit, unit="m³"))


def _add_docks(model: Model, problem: FlowProblem, blocks: Blocks) -> None:
    limited = problem.docks[np.isfinite(problem.docks["weekly_capacity"])]
    keys = limited.merge(pd.DataFrame({"week": np.arange(problem.settings.weeks)}), how="cross")
    leaving = blocks.ship.relabel(site_id=problem.moves["origin_id"])
    limit = at_most(keys["weekly_capacity"].to_numpy(), unit="unit")
    model.add_rows("dock capacity", keys[["site_id", "product_id", "week"]], leaving, limit)


def _add_money(model: Model, problem: FlowProblem, blocks: Blocks) -> Expression:
    """Add all money but that of carbon; return what failing service costs."""
    moves, waits, settings = problem.moves, problem.dispatch, problem.settings
    aimed = problem.cells.loc[problem.cells["target"] > 0, "below_cost"].to_numpy()
    ship = blocks.ship
    model.add_objective("vehicles", blocks.vehicles * vehicle_weeks(problem)["fixed_cost"].to_numpy())
    model.add_objective("freight by weight and piece", ship * moves["cost"])
    model.add_objective("handling", ship * moves["handling"])
    model.add_objective("dearer sources", ship * moves["premium"])
    model.add_objective("holding on the way", ship * moves["holding"])
    model.add_objective("holding", blocks.stock * problem.cells["holding_cost"])
    model.add_objective("holding at docks", blocks.wait * waits["holding_cost"])
    model.add_objective("overflow storage", blocks.overflow * settings.overflow_cost)
    unmet = blocks.unmet * problem.needs["unmet_cost"]
    below = blocks.below * aimed
    late = blocks.late * waits["late_cost"]
    model.add_objective("unmet needs", unmet)
    model.add_objective("stock below target", below)
    model.add_objective("orders left waiting", late)
    return unmet + below + late

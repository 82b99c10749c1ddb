"""The flow plan as a linear programme with whole vehicles in the frozen weeks.

x_lpt units of product p leave over lane l in week t, v_lt vehicles, s_ipt stock at the end of the week, u_ipt
units that are not there in their week, o_it m³ stored above capacity:

    minimise  Σ fixed_l v_lt + Σ (kg_l w_p + unit_l + premium + handling + lag_l h_p) x_lpt + Σ h_p s_ipt
              + Σ overflow o_it + Σ (margin_p + penalty_p) u_ipt + carbon price · Σ e_lp x_lpt

    stock     s_ip,t−1 + supply_ipt + Σ_l→i x_lp,t−lag + u_ipt = need_ipt + Σ_l←i x_lpt + s_ipt
    weight    Σ_p w_p x_lpt ≤ W_l v_lt          volume  Σ_p m_p x_lpt ≤ M_l v_lt         v_lt ≤ vehicles_l
    handling  units arriving at i in t ≤ H_i    storage Σ_p m_p s_ipt − o_it ≤ S_i
    docks     Σ_l x_lpt ≤ weekly capacity       carbon  Σ e_lp x_lpt ≤ budget

v is whole in the frozen weeks. A unit that is not there in its week is lost, not late. Every limit but the
carbon budget binds week by week.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.solver import Model, Variables, at_least, at_most, equals
from helpers.transport.flows.problem import FlowProblem

CARBON = "carbon budget"
SERVICE = "unmet needs no worse"


def build_flow_model(
    problem: FlowProblem,
    *,
    carbon_budget: float | None = None,
    unmet_limit: float | None = None,
    only_carbon: bool = False,
) -> Model:
    """Build the model.

    Parameters
    ----------
    problem
        What is to be moved.
    carbon_budget
        Most tonnes; None = that of the settings.
    unmet_limit
        Most money of unmet needs; None: no limit.
    only_carbon
        Whether tonnes of CO2e are minimised rather than money.
    """
    model = Model("flow plan")
    ship, stock, unmet, vehicles, overflow = _add_variables(model, problem)
    _add_balance(model, problem, ship, stock, unmet)
    _add_loads(model, problem, ship, vehicles)
    _add_handling(model, problem, ship)
    _add_storage(model, problem, stock, overflow)
    _add_docks(model, problem, ship)
    budget = problem.settings.carbon_budget if carbon_budget is None else carbon_budget
    tonnes = ship * (problem.moves["carbon"] / 1000)
    if budget is not None:
        model.add_rows(CARBON, None, tonnes, at_most(budget, unit="t CO2e"))
    if unmet_limit is not None:
        model.add_rows(SERVICE, None, unmet * problem.needs["unmet_cost"], at_most(unmet_limit, unit="money"))
    if only_carbon:
        model.add_objective("carbon", tonnes)
    else:
        _add_money(model, problem)
    return model


def _add_variables(
    model: Model, problem: FlowProblem
) -> tuple[Variables, Variables, Variables, Variables, Variables]:
    moves, cells, needs, settings = problem.moves, problem.cells, problem.needs, problem.settings
    total = needs.groupby("product_id")["units"].sum()
    there = cells.groupby("product_id")["supply"].sum()
    most = moves["product_id"].map(total).fillna(0.0)
    ship = model.add_variables("ship", _ship_keys(moves), upper=most.to_numpy())
    ceiling = cells["product_id"].map(there.add(total, fill_value=0.0)).fillna(0.0)
    stock = model.add_variables("stock", cells[["site_id", "product_id", "week"]], upper=ceiling.to_numpy())
    keys = needs[["site_id", "product_id", "week"]]
    unmet = model.add_variables("unmet", keys, upper=needs["units"].to_numpy())
    trips = vehicle_weeks(problem)
    vehicles = model.add_variables(
        "vehicles",
        trips[["lane_id", "week"]],
        upper=trips["most"].to_numpy(),
        integer=(trips["week"] < settings.frozen_weeks).to_numpy(),
    )
    overflow = model.add_variables("overflow", _site_weeks(problem, "storage_capacity_m3"))
    return ship, stock, unmet, vehicles, overflow


def vehicle_weeks(problem: FlowProblem) -> pd.DataFrame:
    """Return lane_id, week, W and M, fixed cost and most vehicles, for lanes whose vehicles matter."""
    limits = ["vehicle_capacity_kg", "vehicle_capacity_m3"]
    counted = problem.lanes[np.isfinite(problem.lanes[limits]).any(axis=1)]
    pairs = problem.moves[["lane_id", "week"]].drop_duplicates()
    columns = ["lane_id", "fixed_cost", "weekly_vehicles", *limits]
    trips = pairs.merge(counted[columns], on="lane_id", validate="many_to_one")
    # Without a given number, as many as carry the whole need of the plan.
    needed = problem.needs["units"].sum() + 1.0
    return trips.assign(most=trips["weekly_vehicles"].clip(upper=needed)).reset_index(drop=True)


def _ship_keys(moves: pd.DataFrame) -> pd.DataFrame:
    return moves[["lane_id", "product_id", "week"]]


def _site_weeks(problem: FlowProblem, column: str) -> pd.DataFrame:
    limited = problem.sites.loc[problem.sites[column].notna(), ["site_id"]]
    return limited.merge(pd.DataFrame({"week": np.arange(problem.settings.weeks)}), how="cross")


def _limit_of(problem: FlowProblem, keys: pd.DataFrame, column: str) -> pd.Series:
    return keys["site_id"].map(problem.sites.set_index("site_id")[column])


def _add_balance(
    model: Model, problem: FlowProblem, ship: Variables, stock: Variables, unmet: Variables
) -> None:
    moves, cells = problem.moves, problem.cells
    arriving = ship.relabel(site_id=moves["destination_id"], week=moves["arrive"])
    leaving = ship.relabel(site_id=moves["origin_id"])
    before = stock.relabel(week=cells["week"] + 1)
    model.add_rows(
        "stock balance",
        cells[["site_id", "product_id", "week"]],
        before + arriving + unmet - leaving - stock,
        equals((cells["need"] - cells["supply"]).to_numpy(), unit="unit"),
    )


def _add_loads(model: Model, problem: FlowProblem, ship: Variables, vehicles: Variables) -> None:
    trips = vehicle_weeks(problem)
    for name, per_unit, column in (
        ("load by weight", "weight", "vehicle_capacity_kg"),
        ("load by volume", "volume", "vehicle_capacity_m3"),
    ):
        limited = np.isfinite(trips[column]).to_numpy()
        lanes = trips.loc[limited, "lane_id"].unique()
        on_lane = problem.moves["lane_id"].isin(lanes).to_numpy()
        room = vehicles.where(limited) * trips.loc[limited, column].to_numpy()
        load = (ship * problem.moves[per_unit]).where(on_lane)
        model.add_rows(name, trips.loc[limited, ["lane_id", "week"]], room - load, at_least(0.0))


def _add_handling(model: Model, problem: FlowProblem, ship: Variables) -> None:
    moves, keys = problem.moves, _site_weeks(problem, "handling_capacity_units")
    arriving = ship.relabel(site_id=moves["destination_id"], week=moves["arrive"])
    limit = _limit_of(problem, keys, "handling_capacity_units") - coming_units(problem, keys)
    words = "{site_id} can receive {limit} units more in week {week}"
    model.add_rows("handling", keys, arriving, at_most(limit.clip(lower=0.0), unit="unit", words=words))


def coming_units(problem: FlowProblem, keys: pd.DataFrame) -> pd.Series:
    """Return the units on order that arrive at each site and week without this plan (not today's stock)."""
    later = problem.cells[problem.cells["week"] > 0]
    sums = later.groupby(["site_id", "week"], as_index=False)["supply"].sum()
    return keys.merge(sums, on=["site_id", "week"], how="left")["supply"].fillna(0.0)


def _add_storage(model: Model, problem: FlowProblem, stock: Variables, overflow: Variables) -> None:
    keys = _site_weeks(problem, "storage_capacity_m3")
    volume = problem.cells["product_id"].map(_volumes(problem)).fillna(0.0)
    inside = problem.cells["site_id"].isin(keys["site_id"]).to_numpy()
    limit = _limit_of(problem, keys, "storage_capacity_m3")
    used = (stock * volume.to_numpy()).where(inside)
    model.add_rows("storage", keys, used - overflow, at_most(limit, unit="m³"))


def _volumes(problem: FlowProblem) -> pd.Series:
    return problem.moves.drop_duplicates("product_id").set_index("product_id")["volume"]


def _add_docks(model: Model, problem: FlowProblem, ship: Variables) -> None:
    limited = problem.docks[np.isfinite(problem.docks["weekly_capacity"])]
    keys = limited.merge(pd.DataFrame({"week": np.arange(problem.settings.weeks)}), how="cross")
    leaving = ship.relabel(site_id=problem.moves["origin_id"])
    limit = at_most(keys["weekly_capacity"].to_numpy(), unit="unit")
    model.add_rows("dock capacity", keys[["site_id", "product_id", "week"]], leaving, limit)


def _add_money(model: Model, problem: FlowProblem) -> None:
    moves, settings = problem.moves, problem.settings
    ship, stock = model.block("ship"), model.block("stock")
    model.add_objective("vehicles", model.block("vehicles") * vehicle_weeks(problem)["fixed_cost"].to_numpy())
    model.add_objective("freight by weight and piece", ship * moves["cost"])
    model.add_objective("handling", ship * moves["handling"])
    model.add_objective("dearer sources", ship * moves["premium"])
    model.add_objective("holding on the way", ship * moves["holding"])
    model.add_objective("holding", stock * problem.cells["holding_cost"])
    model.add_objective("overflow storage", model.block("overflow") * settings.overflow_cost)
    model.add_objective("unmet needs", model.block("unmet") * problem.needs["unmet_cost"])
    model.add_objective("carbon price", ship * (moves["carbon"] / 1000 * settings.carbon_price))

"""A flow plan with vehicles in parts, kept solved: a what-if is answered in a fraction of a second.

The model is built once, with every move that the longest waiting allows. A what-if then changes costs,
bounds, limits and the tightness of links in place (`helpers.solver.Variants`) and starts from the plan's
basis. It is the model of `build_flow_model` for `under(problem, settings)` with no frozen week, so
`solve_flow` leads to the same cost; the tests hold both against each other. Sums come from the model's own
columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import NoReturn

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.solver import Variants, solve
from helpers.solver.flat import FlatModel, Found, Integers
from helpers.transport.flows.levers import (
    Floats,
    freight_factor,
    is_shut,
    refuse_unknown_site,
    under,
    weekly_vehicles,
    with_slack,
)
from helpers.transport.flows.plan import LIMITS, solve_flow
from helpers.transport.flows.problem import FlowProblem
from helpers.transport.flows.program import build_flow_model, least_unmet, most_vehicles, vehicle_weeks
from helpers.transport.flows.settings import FlowSettings

LONGEST_SLACK = 4


@dataclass(frozen=True, eq=False)
class LinearPlan:
    """What a what-if of flows leads to, vehicles in parts.

    Parameters
    ----------
    cost
        The objective: freight, holding, unmet needs and all else, money.
    freight
        Vehicles and freight alone, money.
    kg_co2e, tonne_km
        Over all moves.
    need, met
        Units needed, and there in their week.
    lanes
        lane_id, mode, origin_id, destination_id, kg, vehicles, cost (freight), kg_co2e; every lane, by id.
    limits
        rule, the parts of its key, limit, used, unit, price (money that one unit more would save); those that
        cost something, the dearest first.
    """

    cost: float
    freight: float
    kg_co2e: float
    tonne_km: float
    need: float
    met: float
    lanes: pd.DataFrame
    limits: pd.DataFrame


class LinearFlow:
    """A flow problem, kept solved for what-ifs.

    Parameters
    ----------
    problem
        As of `problem_under`; its settings are where every what-if starts from. Frozen weeks are not counted
        whole.

    Raises
    ------
    SolverError
        There is no plan under these settings: which limits clash.
    """

    def __init__(self, problem: FlowProblem) -> None:
        self.settings = replace(problem.settings, frozen_weeks=0)
        read = problem.as_read or problem
        self.read = replace(read, settings=self.settings.as_planned())
        self._lock = Lock()
        self._at_slack: dict[int, tuple[Floats, Floats]] = {}
        longest = max(LONGEST_SLACK, self.settings.dispatch_slack_weeks)
        self.problem = with_slack(self.read, longest, keep_all=True)
        self.trips = vehicle_weeks(self.problem)
        index, moves = pd.Index(self.problem.lanes["lane_id"]), self.problem.moves
        self._lane_of_move = index.get_indexer(moves["lane_id"])
        self._lane_of_trip = index.get_indexer(self.trips["lane_id"])
        self._open()

    def _open(self) -> None:
        """Build the model, and solve it as planned: every what-if starts from there."""
        options = self.settings
        self.solution = solve(
            build_flow_model(self.problem), time_limit=options.time_limit, gap=0.0, seed=options.seed
        )
        if not self.solution.has_solution:
            self._refuse(self.settings)
        self.again = Variants(self.solution)
        self._linked = self._places_of_links()
        if self.again.solve(self.flat_under(self.settings)).found is not None:
            self.again.start_here()

    def plan(self, settings: FlowSettings) -> LinearPlan:
        """Return the plan under other levers, price of carbon and weeks of waiting.

        Parameters
        ----------
        settings
            As the plan's but for fuel_change, capacity_change, closed_site, carbon_price and
            dispatch_slack_weeks (up to `LONGEST_SLACK`, or the plan's where it is longer).

        Raises
        ------
        ParameterError
            The closed site is unknown.
        SolverError
            No plan keeps the limits: which ones, and the cheapest way out.
        """
        settings = replace(settings, frozen_weeks=0)
        refuse_unknown_site(self.read, settings)
        with self._lock:
            flat = self.flat_under(settings)
            variant = self.again.solve(flat)
        if variant.found is None:
            self._refuse(settings)
        return self._account(variant.require(), variant.verdict.objective, settings, flat)

    def flat_under(self, settings: FlowSettings) -> FlatModel:
        """Return the model under other levers, as arrays."""
        base, moves = self.again.base, self.problem.moves
        parts, rules = self.solution.model.blocks, self.solution.model.rules
        ship, trips, unmet = parts["ship"].part, parts["vehicles"].part, parts["unmet"].part
        most, recent = self._under_slack(settings.dispatch_slack_weeks)
        vehicles = weekly_vehicles(self.trips, settings)
        cost, lower, upper = base.cost.copy(), base.lower.copy(), base.upper.copy()
        cost[ship], cost[trips] = self._prices(settings)
        lower[unmet] = least_unmet(self.problem, settings)
        upper[ship] = np.where(is_shut(moves, settings), 0.0, most)
        # The row alone holds vehicles to their limit, so that the price of one more is not the bound's.
        upper[trips] = np.maximum(most_vehicles(self.problem), np.where(np.isfinite(vehicles), vehicles, 0.0))
        row_lower, row_upper = base.row_lower.copy(), base.row_upper.copy()
        for name, limit in (("vehicles", vehicles[np.isfinite(vehicles)]), ("orders wait", recent)):
            if name in rules:
                rule = rules[name]
                row_lower[rule.part], row_upper[rule.part] = replace(rule, limit=limit).bounds
        coefficients = base.coefficients.copy()
        place, move = self._linked
        coefficients[place] = -most[move]
        return replace(
            base,
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=row_lower,
            row_upper=row_upper,
            coefficients=coefficients,
        )

    def _under_slack(self, weeks: int) -> tuple[Floats, Floats]:
        """Return the most units of each move, and what may still wait of each order, week by week."""
        if weeks not in self._at_slack:
            keys = ["lane_id", "product_id", "week"]
            found = with_slack(self.read, weeks)
            most = self.problem.moves[keys].merge(found.moves[[*keys, "most"]], on=keys, how="left")["most"]
            recent = found.dispatch["recent"].to_numpy(dtype=np.float64)
            self._at_slack[weeks] = most.fillna(0.0).to_numpy(dtype=np.float64), recent
        return self._at_slack[weeks]

    def _prices(self, settings: FlowSettings) -> tuple[Floats, Floats]:
        """Return what a unit of each move costs in all, and a vehicle of each lane and week."""
        freight, fixed = self._freight(settings)
        moves, per_kg = self.problem.moves, settings.carbon_price / 1000
        other = moves["handling"] + moves["premium"] + moves["holding"] + per_kg * moves["carbon"]
        return freight + other.to_numpy(), fixed + per_kg * self.trips["kg_co2e_per_vehicle"].to_numpy()

    def _freight(self, settings: FlowSettings) -> tuple[Floats, Floats]:
        """Return freight per unit of each move, and per vehicle of each lane and week."""
        factor = freight_factor(self.problem.lanes, settings)
        moves = factor[self._lane_of_move] * self.problem.moves["cost"].to_numpy(dtype=np.float64)
        trips = factor[self._lane_of_trip] * self.trips["fixed_cost"].to_numpy(dtype=np.float64)
        return moves, trips

    def _places_of_links(self) -> tuple[Integers, Integers]:
        """Return where the model holds the most units of moves beside vehicles, and of which move."""
        model, flat = self.solution.model, self.again.base
        rows, trips, ship = model.rule("links").part, model.block("vehicles").part, model.block("ship").part
        within = slice(int(flat.starts[rows.start]), int(flat.starts[rows.stop]))
        row, column = flat.row_of[within], flat.columns[within]
        is_ship = (column >= ship.start) & (column < ship.stop)
        is_trip = (column >= trips.start) & (column < trips.stop)
        move = np.zeros(rows.stop - rows.start, dtype=np.int64)
        move[row[is_ship] - rows.start] = column[is_ship] - ship.start
        place = np.flatnonzero(is_trip)
        return place + within.start, move[row[place] - rows.start]

    def _refuse(self, settings: FlowSettings) -> NoReturn:
        """Raise with the limits that clash, from the model built anew."""
        solve_flow(under(self.read, settings))
        raise SolverError(f"No plan was found within {settings.time_limit:g} s. Allow more time.")

    def _account(self, found: Found, cost: float, settings: FlowSettings, flat: FlatModel) -> LinearPlan:
        parts, moves, trips = self.solution.model.blocks, self.problem.moves, self.trips
        units, used, unmet = (
            np.maximum(found.columns[parts[name].part], 0.0) for name in ("ship", "vehicles", "unmet")
        )
        # Vehicles that cost and burn nothing are not told by the model.
        used = np.where(trips["counted"], used, 0.0)
        freight, fixed = self._freight(settings)
        kg = units * moves["weight"].to_numpy(dtype=np.float64)
        burnt = units * moves["carbon"].to_numpy(), used * trips["kg_co2e_per_vehicle"].to_numpy()
        nothing = np.zeros(len(used))
        lanes = self.problem.lanes[["lane_id", "mode", "origin_id", "destination_id"]].assign(
            kg=self._by_lane(kg, nothing),
            vehicles=self._by_lane(np.zeros(len(units)), used),
            cost=self._by_lane(units * freight, used * fixed),
            kg_co2e=self._by_lane(*burnt),
        )
        need = float(self.problem.needs["units"].sum())
        return LinearPlan(
            cost=cost,
            freight=float(lanes["cost"].sum()),
            kg_co2e=float(lanes["kg_co2e"].sum()),
            tonne_km=float((lanes["kg"] * self.problem.lanes["distance_km"]).sum()) / 1000,
            need=need,
            met=need - float(unmet.sum()),
            lanes=lanes.sort_values("lane_id", ignore_index=True),
            limits=self._limits(found, flat),
        )

    def _by_lane(self, of_moves: Floats, of_trips: Floats) -> Floats:
        lanes = len(self.problem.lanes)
        moved = np.bincount(self._lane_of_move, of_moves, minlength=lanes)
        return moved + np.bincount(self._lane_of_trip, of_trips, minlength=lanes)

    def _limits(self, found: Found, flat: FlatModel) -> pd.DataFrame:
        """Return the limits that cost something."""
        duals = found.row_duals if found.row_duals is not None else np.zeros(len(found.rows))
        rules, parts = self.solution.model.rules, []
        for rule in (rules[name] for name in LIMITS if name in rules):
            price = -duals[rule.part]
            at = np.flatnonzero(price > _LEAST_PRICE)
            numbers = {"limit": flat.row_upper[rule.part][at], "used": found.rows[rule.part][at]}
            keys = rule.table.frame.iloc[at].reset_index(drop=True)
            parts.append(keys.assign(rule=rule.name, **numbers, unit=rule.unit, price=price[at]))
        kept = [part for part in parts if len(part)] or parts[:1]
        table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=[*_LIMIT, "price"])
        return table.sort_values("price", ascending=False, kind="stable", ignore_index=True)


_LIMIT = ("rule", "limit", "used", "unit")
_LEAST_PRICE = 0.005

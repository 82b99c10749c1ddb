"""The network of a reseller as numbers: warehouses, other places, who is to be served, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ContractError
from helpers.transport.network.demand import QUARTERS, NetworkDemand, read_demand
from helpers.transport.network.lane_rates import fill_lanes
from helpers.transport.network.places import CANDIDATE, NUMBERS, PLACE, WAREHOUSE, read_candidates, read_docks
from helpers.transport.network.problem import Floats
from helpers.transport.network.serving import Amounts, LaneArrays, ServingCosts, lane_arrays, serving_costs
from helpers.transport.network.settings import NetworkSettings
from helpers.transport.network.today import read_today
from helpers.transport.network.ways import fill_inbound, rate_ways


@dataclass(frozen=True, eq=False)
class NetworkCase:
    """What is to be decided. Sites are the n warehouses of today, then the candidate places.

    Parameters
    ----------
    settings
        As given.
    sites
        site_id, name, kind (warehouse or candidate), latitude, longitude, opening_cost, handling_cost,
        handling_capacity_units, storage_capacity_m3; NaN of a candidate: as the warehouse that it replaces.
    destinations, docks
        site_id, name, kind, latitude, longitude.
    demand
        Per week.
    inbound, outbound
        Lanes docks × sites, sites × destinations.
    rated
        The same as a table: origin_id, destination_id, lane_id, mode, vehicle_class, distance_km, costs,
        estimated.
    today
        Share of each destination that each warehouse serves today (n, m).
    stock_m3
        Stock in the warehouses on the last count; NaN without a count.
    has_carbon
        Whether there are emission factors.
    notes
        What was assumed, in words.
    """

    settings: NetworkSettings
    sites: pd.DataFrame
    destinations: pd.DataFrame
    docks: pd.DataFrame
    demand: NetworkDemand
    inbound: LaneArrays
    outbound: LaneArrays
    rated: pd.DataFrame
    today: Floats
    stock_m3: float
    has_carbon: bool
    notes: tuple[str, ...]

    @property
    def warehouses(self) -> int:
        """How many warehouses there are today: n."""
        return int((self.sites["kind"] == WAREHOUSE).sum())

    @property
    def units(self) -> Floats:
        """Mean units per week of each destination (m,)."""
        return self.amounts[0].units.sum(axis=1)

    @property
    def kg(self) -> Floats:
        """Mean kg per week of each destination (m,)."""
        return self.amounts[0].kg.sum(axis=1)

    @property
    def quarters(self) -> range:
        """Quarters of the history whose demand is there, from 1."""
        return range(1, len(self.amounts))

    @cached_property
    def amounts(self) -> tuple[Amounts, ...]:
        """Demand per week: the mean of all weeks, then that of each quarter."""
        sites, docks = self.destinations["site_id"].tolist(), self.docks["site_id"].tolist()
        known = self.demand.is_history and self.demand.weeks >= QUARTERS
        quarters = range(QUARTERS) if known else ()
        return tuple(Amounts(*self.demand.amounts(sites, docks, one)) for one in (None, *quarters))

    def numbers(self, like: pd.Series) -> pd.DataFrame:
        """Return opening cost, capacities and handling cost of all sites, candidates being `like` that."""
        table = self.sites[NUMBERS].astype("float64")
        candidate = (self.sites["kind"] == CANDIDATE).to_numpy()
        given = {name: float(like[name]) for name in NUMBERS}
        filled = pd.DataFrame(np.where(candidate[:, None], table.fillna(given), table), columns=NUMBERS)
        blanks = {"opening_cost": 0.0, "handling_cost": 0.0}
        limits = {"handling_capacity_units": np.inf, "storage_capacity_m3": np.inf}
        return filled.fillna(blanks | limits)

    def costs(self, handling_cost: Floats, quarter: int = 0) -> ServingCosts:
        """Return what serving costs per week: in the mean, or in the demand of quarter 1 to 4."""
        stores = (self.destinations["kind"] == "store").to_numpy()
        return serving_costs(
            self.amounts[quarter],
            self.inbound,
            self.outbound,
            handling_cost=handling_cost,
            fill=self.settings.mean_fill,
            least=np.where(stores, self.settings.least_vehicles, 0.0),
        )


def read_network(
    case: Case, settings: NetworkSettings, demand: pd.DataFrame | None, candidates: pd.DataFrame | None
) -> NetworkCase:
    """Read what is to be decided from the tables.

    Raises
    ------
    ContractError
        There is no warehouse, no lane or no demand; all at once where they can be told together.
    ParameterError
        The given demand or candidates cannot be used.
    """
    everywhere, lanes = case.table("sites"), fill_lanes(case.table("lanes"))
    _refuse_without_network(everywhere, lanes)
    found = read_demand(case, everywhere, settings, demand)
    docks = read_docks(everywhere, found)
    wanted = everywhere[everywhere["site_id"].isin(found.table["site_id"])][PLACE]
    sites = _sites(everywhere, wanted, found, settings, candidates)
    rated, way_notes = rate_ways(case, lanes, sites, everywhere, docks, found, settings.mean_fill)
    here = sites["site_id"].tolist()
    warehouses = sites.loc[sites["kind"] == WAREHOUSE, "site_id"].tolist()
    served, lost = _reached(rated, warehouses, wanted)
    inbound, in_notes = fill_inbound(lane_arrays(rated, docks["site_id"].tolist(), here), docks)
    outbound = lane_arrays(rated, here, served["site_id"].tolist())
    today, today_notes = read_today(served, warehouses, lanes, found, outbound)
    return NetworkCase(
        settings=settings,
        sites=sites,
        destinations=served,
        docks=docks,
        demand=found,
        inbound=inbound,
        outbound=outbound,
        rated=rated,
        today=today,
        stock_m3=_stock(case),
        has_carbon=case.has("emission_factors"),
        notes=(*found.notes, *lost, *in_notes, *today_notes, *way_notes),
    )


def _refuse_without_network(everywhere: pd.DataFrame, lanes: pd.DataFrame) -> None:
    findings = []
    if not (everywhere["kind"] == WAREHOUSE).any():
        findings.append("sites: there is no site of kind warehouse, so there is nothing to choose")
    if lanes.empty:
        findings.append("lanes: there is no lane, so no way in or out has a cost")
    if findings:
        raise ContractError(f"choose_network: {'; '.join(findings)}. Add these rows.")


def _sites(
    everywhere: pd.DataFrame,
    wanted: pd.DataFrame,
    demand: NetworkDemand,
    settings: NetworkSettings,
    given: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the warehouses of today, then the places to try."""
    columns = [*PLACE, *NUMBERS]
    warehouses = everywhere.loc[everywhere["kind"] == WAREHOUSE, columns].reset_index(drop=True)
    if not settings.moves:
        return warehouses
    places = read_candidates(wanted, demand, given)[columns]
    return pd.concat([warehouses, places], ignore_index=True) if len(places) else warehouses


def _reached(
    rated: pd.DataFrame, warehouses: list[str], wanted: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the destinations that some warehouse can reach, and a note on the others."""
    out = lane_arrays(rated, warehouses, wanted["site_id"].tolist())
    reached = ~np.isnan(out.fixed).all(axis=0)
    if not reached.any():
        raise ContractError(
            "lanes: no store or zone with demand can be reached from a warehouse, and none can be estimated "
            "without coordinates. Add lanes, or latitude and longitude of the sites."
        )
    note = (
        f"{', '.join(wanted.loc[~reached, 'site_id'])}: no lane from a warehouse and no coordinates to "
        "estimate one; left out, today and in all plans."
    )
    return wanted[reached].reset_index(drop=True), () if reached.all() else (note,)


def _stock(case: Case) -> float:
    """Return the m³ that lay in the warehouses on the last count; NaN without one."""
    found = case.query(
        """
        WITH counted AS (SELECT site_id, product_id, max_by(on_hand, date) AS units FROM stock
                         WHERE date <= $1 GROUP BY ALL)
        SELECT sum(c.units * p.volume_m3) AS m3 FROM counted c JOIN products p USING (product_id)
        JOIN sites s USING (site_id) WHERE s.kind = 'warehouse'
        """,
        [case.as_of],
    )
    return float(found["m3"].fillna(np.nan).iloc[0])

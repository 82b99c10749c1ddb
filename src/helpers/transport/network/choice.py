"""Which warehouses a reseller should have, from its own tables: `choose_network`.

    minimise   Σ_i opening_i y_i + Σ_ij c_ij x_ij,      c_ij = in_ij + hand_ij + out_ij     (see `serving`)

over today's warehouses i and the stores and zones j, per mean week; solved by `locate_facilities`, once for
each of the plans of `options`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.transport.network.choice_words import kept_storage, say_assumptions, say_choice
from helpers.transport.network.network_case import NetworkCase, read_network
from helpers.transport.network.options import (
    BEST,
    NetworkOption,
    compare_options,
    options_table,
    site_capacity,
    weeks_above,
)
from helpers.transport.network.problem import Floats
from helpers.transport.network.settings import NetworkSettings


@dataclass(frozen=True, eq=False)
class NetworkChoice:
    """Plans for the network, compared.

    Parameters
    ----------
    options
        One row per plan: option (today, best, reassign, close, move, open), warehouse_id (closed or moved),
        place_id (opened), open_sites; fixed, handling, inbound, outbound and cost_per_week; cost_per_year,
        saving_per_year beside today, saving_low and saving_high (the same in the demand of each quarter),
        tonnes_co2e_per_year, weeks_above (warehouse-weeks of the history above handling capacity),
        estimated_share (of the weight, over lanes that are estimated), status, gap, why (there is no plan),
        more_co2e_per_year.
    warehouses
        One row per warehouse of today: open_today, open_in_plan, units and kg per week today and in the
        plan, fixed, handling, inbound, outbound per week in the plan, capacity_units, utilisation_today,
        utilisation, weeks_above.
    service
        One row per store or zone and warehouse that serves it today or in the plan: share_today, share_plan,
        units and kg per week (of all of the destination), distance_km, cost_per_week (of all of it over this
        warehouse), estimated, changed.
    lanes
        All ways that were costed: origin_id, destination_id, lane_id, mode, vehicle_class, distance_km,
        costs, estimated.
    network
        What was decided upon.
    plans
        The plans themselves, in the order of `options`.
    is_proposed
        Whether the best choice is proposed: it saves enough, or today breaks a limit. If not, the plan in
        `warehouses` and `service` is today's.
    notes
        What was assumed and what is not in it, in words.
    """

    options: pd.DataFrame
    warehouses: pd.DataFrame
    service: pd.DataFrame
    lanes: pd.DataFrame
    network: NetworkCase
    plans: tuple[NetworkOption, ...]
    is_proposed: bool
    notes: tuple[str, ...]

    @cached_property
    def best(self) -> pd.Series:
        """Row of the best choice among today's warehouses."""
        return self.options[self.options["option"] == BEST].iloc[0]

    @property
    def today(self) -> pd.Series:
        """Row of today's network."""
        return self.options.iloc[0]

    @property
    def saving_per_year(self) -> float:
        """Money per year by which the best choice is cheaper than today; NaN without a plan."""
        return float(self.best["saving_per_year"])

    @property
    def stock_fits(self) -> bool:
        """Whether the stock that lies in the warehouses today has room in those that stay."""
        return not self.network.stock_m3 > kept_storage(self.warehouses, self.network)

    @property
    def closed(self) -> list[str]:
        """Warehouses of today that the best choice closes."""
        return self.warehouses.loc[~self.warehouses["open_in_plan"], "site_id"].tolist()

    @property
    def changes(self) -> pd.DataFrame:
        """Who is served otherwise.

        destination_id, name, kind, from_today, from_plan, units and kg per week, cost_today and cost_plan per
        week, estimated (a lane of the plan).
        """
        moved = self.service[self.service["changed"]]
        rows = [_change(each) for _, each in moved.groupby("destination_id")]
        columns = ["destination_id", "name", "kind", "from_today", "from_plan", "units", "kg"]
        return pd.DataFrame(rows, columns=[*columns, "cost_today", "cost_plan", "estimated"])

    @property
    def sentence(self) -> str:
        """The choice in a few sentences."""
        changed = self.service.loc[self.service["changed"], "destination_id"].nunique()
        return say_choice(self.options, self.warehouses, changed, self.network, proposed=self.is_proposed)


def choose_network(
    case: Case,
    settings: NetworkSettings | None = None,
    demand: pd.DataFrame | None = None,
    candidates: pd.DataFrame | None = None,
) -> NetworkChoice:
    """Say which warehouses to keep, close, move or open, and what that saves beside today's network.

    Parameters
    ----------
    case
        With products, sites, lanes, orders; suppliers, supply_terms, shipments, stock and emission_factors
        where they are there. A warehouse without an opening_cost stays open.
    settings
        History, fill of vehicles, limits.
    demand
        site_id, product_id, units per week. Without it, the mean of past orders.
    candidates
        Places to try: site_id, latitude, longitude; name, opening_cost (per week), handling_capacity_units,
        handling_cost where known. Without it, the places of stores and zones and the centre of the demand.

    Returns
    -------
    NetworkChoice
        Plans compared, warehouses, who serves whom, and what was assumed.

    Raises
    ------
    ContractError
        There is no warehouse, no lane, no demand, or a mode has no emission factor.
    ParameterError
        The given demand or candidates cannot be used.
    """
    return compare_network(read_network(case, settings or NetworkSettings(), demand, candidates))


def compare_network(network: NetworkCase) -> NetworkChoice:
    """Solve all options of a network that was read, and put them side by side."""
    plans = compare_options(network)
    options = options_table(network, plans)
    proposed = _is_proposed(network, plans[0], options)
    shown = plans[1] if proposed else plans[0]
    return NetworkChoice(
        options=options,
        warehouses=_warehouses(network, plans[0], shown),
        service=_service(network, plans[0], shown),
        lanes=network.rated,
        network=network,
        plans=plans,
        is_proposed=proposed,
        notes=(*network.notes, *say_assumptions(network)),
    )


def _is_proposed(network: NetworkCase, today: NetworkOption, options: pd.DataFrame) -> bool:
    best, spent = options.iloc[1], float(options["cost_per_year"].iloc[0])
    room = site_capacity(network, today.numbers)
    broken = bool((today.shares @ network.units > room * (1 + 1e-9)).any())
    worth = float(best["saving_per_year"]) > network.settings.least_saving * spent
    return not best["why"] and (broken or worth)


def _warehouses(network: NetworkCase, today: NetworkOption, plan: NetworkOption) -> pd.DataFrame:
    n = network.warehouses
    costs = network.costs(plan.numbers["handling_cost"].to_numpy())
    share = plan.shares[:n]
    room = plan.numbers["handling_capacity_units"].to_numpy(dtype=np.float64)[:n]
    is_open = plan.is_open[:n]

    def spent(values: Floats) -> Floats:
        money: Floats = (np.where(share > 0, values[:n], 0.0) * share).sum(axis=1)
        return money

    units, units_today = share @ network.units, today.shares[:n] @ network.units
    return network.sites.loc[: n - 1, ["site_id", "name"]].assign(
        open_today=today.is_open[:n],
        open_in_plan=is_open,
        units_today=units_today,
        units=units,
        kg_today=today.shares[:n] @ network.kg,
        kg=share @ network.kg,
        fixed=np.where(is_open, plan.numbers["opening_cost"].to_numpy()[:n], 0.0),
        handling=spent(costs.handling),
        inbound=spent(costs.inbound),
        outbound=spent(costs.outbound),
        capacity_units=room,
        utilisation_today=units_today / room,
        utilisation=units / room,
        weeks_above=weeks_above(network, plan)[:n],
    )


def _service(network: NetworkCase, today: NetworkOption, plan: NetworkOption) -> pd.DataFrame:
    costs = network.costs(plan.numbers["handling_cost"].to_numpy()).total
    i, j = np.nonzero((today.shares > 0) | (plan.shares > 0))
    place, there = network.sites.iloc[i].reset_index(drop=True), network.destinations.iloc[j]
    there = there.reset_index(drop=True)
    table = pd.DataFrame(
        {
            "destination_id": there["site_id"],
            "name": there["name"],
            "kind": there["kind"],
            "warehouse_id": place["site_id"],
            "share_today": today.shares[i, j],
            "share_plan": plan.shares[i, j],
            "units": network.units[j],
            "kg": network.kg[j],
            "distance_km": network.outbound.km[i, j],
            "cost_per_week": costs[i, j],
            "estimated": network.outbound.estimated[i, j],
        }
    )
    differs = (table["share_today"] - table["share_plan"]).abs() > 1e-6
    changed = differs.groupby(table["destination_id"]).transform("any")
    return table.assign(changed=changed).sort_values(["destination_id", "warehouse_id"], ignore_index=True)


def _change(rows: pd.DataFrame) -> dict[str, object]:
    first = rows.iloc[0]
    used = rows[rows["share_plan"] > 0]
    return {
        **{name: first[name] for name in ("destination_id", "name", "kind")},
        "from_today": _shared(rows, "share_today"),
        "from_plan": _shared(rows, "share_plan"),
        "units": first["units"],
        "kg": first["kg"],
        "cost_today": float((rows["share_today"] * rows["cost_per_week"]).sum()),
        "cost_plan": float((rows["share_plan"] * rows["cost_per_week"]).sum()),
        "estimated": bool(used["estimated"].any()),
    }


def _shared(rows: pd.DataFrame, share: str) -> str:
    """Return who serves: one name, or names with their shares."""
    used = rows[rows[share] > 1e-6]
    if len(used) == 1:
        return str(used["warehouse_id"].iloc[0])
    return ", ".join(f"{row.warehouse_id} {getattr(row, share):.0%}" for row in used.itertuples())

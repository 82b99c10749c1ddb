"""What serving each store and zone from each warehouse costs per week, and what carbon it causes.

From dock d over warehouse i to destination j; K, V, U are kg, m³ and units per week, φ the mean fill:

    in_ij  = Σ_d  k_di K_jd + u_di U_jd + F_di · K_jd ÷ (φ W_di)     or  … + F_di · V_jd ÷ (φ M_di)
    hand_ij = handling_i · U_j
    out_ij = k_ij K_j + u_ij U_j + F_ij · max( K_j ÷ (φ W_ij), V_j ÷ (φ M_ij), least vehicles )
    CO2e_ij = Σ_d K_jd km_di g_di + K_j km_ij g_ij                    g: gCO2e per tonne and kilometre

F per vehicle, k per kg, u per unit; a dock's vehicles are counted by weight or by volume, whichever fills
first over all that the dock gives. Vehicles may be parts of one: other goods share them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.transport.network.lane_rates import PAIR
from helpers.transport.network.problem import Flags, Floats


@dataclass(frozen=True, eq=False)
class LaneArrays:
    """Lanes between two lists of sites, from × to; NaN in `fixed` where there is none.

    `fixed` per vehicle, `per_kg`, `per_unit` (money), `room_kg`, `room_m3`, `km`, `factor` (gCO2e/t-km),
    and whether the lane is `estimated`.
    """

    fixed: Floats
    per_kg: Floats
    per_unit: Floats
    room_kg: Floats
    room_m3: Floats
    km: Floats
    factor: Floats
    estimated: Flags


@dataclass(frozen=True, eq=False)
class Amounts:
    """Per week: units, kg and m³, destinations × docks."""

    units: Floats
    kg: Floats
    m3: Floats


@dataclass(frozen=True, eq=False)
class ServingCosts:
    """Money and kgCO2e per week for all of j from i, sites × destinations; infinite without a way."""

    inbound: Floats
    handling: Floats
    outbound: Floats
    carbon: Floats

    @property
    def total(self) -> Floats:
        """All that serving costs."""
        return self.inbound + self.handling + self.outbound


def lane_arrays(rated: pd.DataFrame, origins: list[str], destinations: list[str]) -> LaneArrays:
    """Return the rated pairs (with `factor`) as arrays."""
    index = pd.MultiIndex.from_product([origins, destinations], names=PAIR)
    table = rated.set_index(PAIR).reindex(index)
    shape = (len(origins), len(destinations))

    def read(name: str) -> Floats:
        return table[name].to_numpy(dtype=np.float64).reshape(shape)

    return LaneArrays(
        fixed=read("fixed_cost"),
        per_kg=read("cost_per_kg"),
        per_unit=read("cost_per_unit"),
        room_kg=read("vehicle_capacity_kg"),
        room_m3=read("vehicle_capacity_m3"),
        km=read("distance_km"),
        factor=read("factor"),
        estimated=table["estimated"].to_numpy(dtype=np.bool_).reshape(shape),
    )


def serving_costs(
    amounts: Amounts,
    inbound: LaneArrays,
    outbound: LaneArrays,
    *,
    handling_cost: Floats,
    fill: float,
    least: Floats,
) -> ServingCosts:
    """Return the costs of the module docstring.

    Parameters
    ----------
    amounts
        K, V, U.
    inbound, outbound
        Docks × sites, sites × destinations.
    handling_cost
        Money per unit, by site (n,).
    fill
        φ.
    least
        Vehicles a week to each destination at least (m,).
    """
    coming, in_carbon = _inbound(amounts, inbound, fill)
    units, kg, m3 = (each.sum(axis=1) for each in (amounts.units, amounts.kg, amounts.m3))
    load = np.maximum(kg / (fill * outbound.room_kg), m3 / (fill * outbound.room_m3))
    vehicles = np.maximum(load, np.where(units > 0, least, 0.0))
    going = outbound.per_kg * kg + outbound.per_unit * units + outbound.fixed * vehicles
    out_carbon = kg * outbound.km * outbound.factor / 1e6
    return ServingCosts(
        inbound=coming,
        handling=handling_cost[:, None] * units,
        outbound=np.where(np.isnan(outbound.fixed), np.inf, going),
        carbon=in_carbon + np.where(np.isnan(out_carbon), 0.0, out_carbon),
    )


def _inbound(amounts: Amounts, lanes: LaneArrays, fill: float) -> tuple[Floats, Floats]:
    """Return money and kgCO2e of the way in, sites × destinations."""
    by_weight = amounts.kg.sum(axis=0)[:, None] / lanes.room_kg
    by_volume = amounts.m3.sum(axis=0)[:, None] / lanes.room_m3
    heavy = by_weight >= by_volume
    per_kg = lanes.per_kg + np.where(heavy, lanes.fixed / (fill * lanes.room_kg), 0.0)
    per_m3 = np.where(heavy, 0.0, lanes.fixed / (fill * lanes.room_m3))
    cost = per_kg.T @ amounts.kg.T + per_m3.T @ amounts.m3.T + lanes.per_unit.T @ amounts.units.T
    carbon = (lanes.km * lanes.factor).T @ amounts.kg.T / 1e6
    return cost, carbon

"""Carbon of transport: grams of CO2 equivalent per tonne and kilometre, well-to-wheel.

    kgCO2e of a leg = distance [km] · weight [t] · factor [gCO2e/t-km] ÷ 1000

The factors come from the table `emission_factors`: the latest year of each mode and vehicle class, scope WTW
(well-to-wheel) alone. Tank-to-wheel factors leave out what making the fuel costs; a sum of both kinds means
nothing, so rows of scope TTW are left out and named. A vehicle class without a factor gets the mean of its
mode, and is named. The factors are for average loads: a fuller vehicle does better than they say.

Source: ISO 14083:2023 and the GLEC Framework v3, transport activity × emission intensity, per leg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.contract import Case
from helpers.errors import ContractError, ParameterError

_KEY = ["mode", "vehicle_class"]
_LEG = ["distance_km", "weight_kg", *_KEY]


@dataclass(frozen=True, eq=False)
class EmissionFactors:
    """The factors in use.

    Parameters
    ----------
    table
        mode, vehicle_class, year, gco2e_per_tkm, source; one row per mode and class, scope WTW.
    notes
        What was left out, in words.
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ShipmentEmissions:
    """Carbon of legs.

    Parameters
    ----------
    legs
        The legs as given, with factor (gCO2e/t-km), factor_from (table, or mean of the mode), tonne_km and
        kg_co2e.
    notes
        Missing factors and weights, in words.
    """

    legs: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def kg_co2e(self) -> float:
        """Sum of all legs."""
        return float(self.legs["kg_co2e"].sum())

    def by(self, columns: str | Sequence[str]) -> pd.DataFrame:
        """Return weight_kg, tonne_km, kg_co2e and gco2e_per_tkm, summed by these columns.

        Raises
        ------
        ParameterError
            The legs have no such column.
        """
        names = [columns] if isinstance(columns, str) else list(columns)
        _require(self.legs, names)
        sums = self.legs.groupby(names, dropna=False)[["weight_kg", "tonne_km", "kg_co2e"]].sum()
        moved = sums["tonne_km"].where(sums["tonne_km"] > 0)
        return sums.assign(gco2e_per_tkm=sums["kg_co2e"] * 1000 / moved).reset_index()


def read_factors(table: pd.DataFrame) -> EmissionFactors:
    """Return the latest well-to-wheel factor of each mode and vehicle class.

    Parameters
    ----------
    table
        As the contract's `emission_factors`: mode, vehicle_class, year, gco2e_per_tkm, scope, source.

    Raises
    ------
    ContractError
        There is no well-to-wheel factor at all.
    """
    wtw = table[table["scope"] == "WTW"]
    if wtw.empty:
        raise ContractError(
            f"emission_factors: none of {len(table)} rows has the scope WTW. Give well-to-wheel factors: "
            "tank-to-wheel ones leave out what making the fuel costs, and are not used."
        )
    left_out = len(table) - len(wtw)
    notes = [f"{left_out} tank-to-wheel factors are left out: scopes are never mixed."] if left_out else []
    latest = wtw.sort_values("year").drop_duplicates(_KEY, keep="last").sort_values(_KEY)
    return EmissionFactors(latest.drop(columns="scope").reset_index(drop=True), tuple(notes))


def factors_of(legs: pd.DataFrame, factors: EmissionFactors) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return factor and factor_from per leg (mode, vehicle_class), and notes on factors that are missing.

    Raises
    ------
    ContractError
        A mode has no factor in any class; all such modes at once.
    """
    _require(legs, _KEY)
    mean = factors.table.groupby("mode")["gco2e_per_tkm"].mean()
    unknown = sorted(set(legs["mode"]) - set(mean.index))
    if unknown:
        raise ContractError(
            f"emission_factors: there is no well-to-wheel factor for {', '.join(unknown)}. "
            "Add a row for each of these modes."
        )
    known = legs[_KEY].merge(factors.table, on=_KEY, how="left", validate="many_to_one")["gco2e_per_tkm"]
    known.index = legs.index
    missing = known.isna()
    found = pd.DataFrame(
        {
            "factor": known.fillna(legs["mode"].map(mean)),
            "factor_from": missing.map({True: "mean of the mode", False: "table"}),
        }
    )
    lacking = legs.loc[missing, _KEY].drop_duplicates().itertuples(index=False)
    notes = tuple(
        f"{mode}, {name or 'no vehicle class'}: no factor; the mean of {mode}, {mean[mode]:.4g} gCO2e/t-km, "
        "stands in."
        for mode, name in sorted(lacking, key=str)
    )
    return found, notes


def shipment_emissions(legs: pd.DataFrame, factors: EmissionFactors) -> ShipmentEmissions:
    """Return the carbon of each leg.

    Parameters
    ----------
    legs
        One row per leg: distance_km, weight_kg, mode, vehicle_class; further columns (shipment_id, lane_id,
        customer_id) are kept, to sum by. A leg without weight carries none, and is noted.
    factors
        From `read_factors`.

    Raises
    ------
    ParameterError
        A column is missing, or a distance or weight is below 0.
    ContractError
        A mode has no factor.

    Examples
    --------
    >>> table = pd.DataFrame({"mode": ["rail"], "vehicle_class": ["freight train"], "year": [2025],
    ...                       "gco2e_per_tkm": [34.7], "scope": ["WTW"], "source": ["UK Government"]})
    >>> legs = pd.DataFrame({"distance_km": [581.0], "weight_kg": [2000.0], "mode": ["rail"],
    ...                      "vehicle_class": ["freight train"]})
    >>> round(shipment_emissions(legs, read_factors(table)).kg_co2e, 4)
    40.3214
    """
    _require(legs, _LEG)
    for column in ("distance_km", "weight_kg"):
        below = int((legs[column] < 0).sum())
        if below:
            raise ParameterError(f"legs: '{column}' is below 0 in {below} rows. Give 0 or more.")
    found, notes = factors_of(legs, factors)
    weightless = int(legs[["distance_km", "weight_kg"]].isna().any(axis=1).sum())
    if weightless:
        notes += (f"{weightless} legs have no weight or distance and count as 0.",)
    tonne_km = (legs["distance_km"] * legs["weight_kg"] / 1000).fillna(0.0)
    done = pd.concat([legs, found], axis=1).assign(
        tonne_km=tonne_km, kg_co2e=tonne_km * found["factor"] / 1000
    )
    return ShipmentEmissions(done, factors.notes + notes)


def recorded_legs(case: Case) -> pd.DataFrame:
    """Return the recorded shipments that went over a lane as legs.

    Returns
    -------
    DataFrame
        shipment_id, line, ship_date, lane_id, customer_id, product_id, quantity, weight_kg (quantity ×
        weight of the product), distance_km, mode, vehicle_class, freight_cost; what was fetched in a store
        went over no lane and is not in it.
    """
    return case.query(
        """
        SELECT s.shipment_id, s.line, s.ship_date, s.lane_id, o.customer_id, o.product_id, s.quantity,
               s.quantity * p.weight_kg AS weight_kg, l.distance_km, l.mode, l.vehicle_class, s.freight_cost
        FROM shipments s
        JOIN lanes l USING (lane_id)
        JOIN orders o ON o.order_id = s.order_id AND o.line = s.order_line
        JOIN products p USING (product_id)
        ORDER BY s.shipment_id, s.line
        """
    )


def _require(table: pd.DataFrame, columns: Sequence[str]) -> None:
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise ParameterError(f"legs: there is no column {', '.join(map(repr, lacking))}. Add it.")

"""Places that take part: docks that give, and candidates that a warehouse could move to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.transport.network.demand import NO_DOCK, NetworkDemand

PLACE = ["site_id", "name", "kind", "latitude", "longitude"]
NUMBERS = ["opening_cost", "handling_capacity_units", "handling_cost", "storage_capacity_m3"]
WAREHOUSE, CANDIDATE = "warehouse", "candidate"
_MOST_PLACES = 50  # candidates that are taken from the demand


def read_docks(everywhere: pd.DataFrame, demand: NetworkDemand) -> pd.DataFrame:
    """Return the docks that give anything; the goods without an offer come from a dock without a name."""
    named = everywhere[everywhere["site_id"].isin(demand.table["dock_id"])][PLACE].reset_index(drop=True)
    if (demand.table["dock_id"] == NO_DOCK).any():
        nameless = pd.DataFrame([[NO_DOCK, "no dock", "supplier", np.nan, np.nan]], columns=PLACE)
        named = pd.concat([named, nameless], ignore_index=True) if len(named) else nameless
    return named


def read_candidates(wanted: pd.DataFrame, demand: NetworkDemand, given: pd.DataFrame | None) -> pd.DataFrame:
    """Return the places to try: those given, else those of stores and zones and the centre of the demand.

    Parameters
    ----------
    wanted
        Stores and zones with demand.
    demand
        Their demand; the places that need most are tried.
    given
        site_id, latitude, longitude, and name and `NUMBERS` where known.

    Raises
    ------
    ParameterError
        The given places lack a column, have blanks, doubles or numbers below 0; all at once.
    """
    if given is None:
        table = _places_of_demand(wanted, demand)
    else:
        _refuse_candidates(given)
        table = given.assign(name=given["name"] if "name" in given else given["site_id"])
    table = table.reindex(columns=[*dict.fromkeys([*PLACE, *NUMBERS])])
    numbers = {name: table[name].astype("float64") for name in NUMBERS}
    return table.assign(**numbers, site_id="at " + table["site_id"].astype(str), kind=CANDIDATE)


def _places_of_demand(wanted: pd.DataFrame, demand: NetworkDemand) -> pd.DataFrame:
    known = wanted.dropna(subset=["latitude", "longitude"])
    known = known[known["kind"] != WAREHOUSE]
    weight = known["site_id"].map(demand.table.groupby("site_id")["kg"].sum()).to_numpy(dtype=np.float64)
    if not weight.sum():
        return known.iloc[:0]
    centre = np.average(known[["latitude", "longitude"]].to_numpy(), axis=0, weights=weight)
    middle = pd.DataFrame([["centre", "the centre of the demand", CANDIDATE, *centre]], columns=PLACE)
    largest = np.sort(np.argsort(-weight, kind="stable")[:_MOST_PLACES])
    return pd.concat([known.iloc[largest], middle], ignore_index=True)


def _refuse_candidates(given: pd.DataFrame) -> None:
    lacking = [name for name in ("site_id", "latitude", "longitude") if name not in given.columns]
    if lacking:
        raise ParameterError(f"candidates: there is no column {', '.join(map(repr, lacking))}. Add it.")
    blank = given[["site_id", "latitude", "longitude"]].isna().any(axis=1)
    findings = []
    if blank.any():
        findings.append(f"{int(blank.sum())} rows have no site_id, latitude or longitude")
    if given["site_id"].duplicated().any():
        double = given.loc[given["site_id"].duplicated(), "site_id"].iloc[0]
        findings.append(f"'site_id' {double} is there twice")
    for name in NUMBERS:
        below = (given[name] < 0).sum() if name in given.columns else 0
        if below:
            findings.append(f"'{name}' is below 0 in {below} rows")
    if findings:
        raise ParameterError(f"candidates: {'; '.join(findings)}. Correct these rows.")

"""Ways from docks to sites and from sites to stores and zones: rated lanes, as a table and as arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.transport.emissions import factors_of, read_factors
from helpers.transport.network.demand import NO_DOCK, NetworkDemand
from helpers.transport.network.lane_rates import (
    COSTS,
    KIND,
    PAIR,
    common_kind,
    fit_kinds,
    rate_pairs,
    usual_lanes,
)
from helpers.transport.network.places import CANDIDATE, PLACE, WAREHOUSE
from helpers.transport.network.problem import Floats
from helpers.transport.network.serving import LaneArrays
from helpers.transport.routes.distances import distances_between


def rate_ways(
    case: Case,
    lanes: pd.DataFrame,
    sites: pd.DataFrame,
    everywhere: pd.DataFrame,
    docks: pd.DataFrame,
    demand: NetworkDemand,
    fill: float,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return all pairs docks × sites and sites × destinations, rated, with `factor` (gCO2e/t-km), and notes.

    An estimate has the mode and vehicle class of the dock's other ways in, or of the destination's other
    ways; else of those to its kind of site.
    """
    usual = _usual(case, lanes, demand, fill)
    wanted = everywhere[everywhere["site_id"].isin(demand.table["site_id"])]
    warehouses = sites.loc[sites["kind"] == WAREHOUSE, "site_id"]
    into = usual[usual["destination_id"].isin(warehouses) & usual["origin_id"].isin(docks["site_id"])]
    away = usual[usual["origin_id"].isin(warehouses) & ~usual["destination_id"].isin(warehouses)]
    away = away.assign(kind=away["destination_id"].map(everywhere.set_index("site_id")["kind"]))
    named = docks.loc[docks["site_id"] != NO_DOCK, "site_id"]
    ends = [
        _pairs(named, sites["site_id"], into, "origin_id", usual),
        _pairs(sites["site_id"], wanted["site_id"], away, "destination_id", usual, wanted),
    ]
    pairs = pd.concat([part for part in ends if len(part)], ignore_index=True)
    crow_km = _crow_km(everywhere, sites)
    fits = fit_kinds(lanes, crow_km)
    rated = _free_at_home(rate_pairs(pairs, usual, fits, crow_km))
    rated, notes = _with_factors(case, rated)
    return rated, (*notes, *_say_reach(rated, fits))


def _usual(case: Case, lanes: pd.DataFrame, demand: NetworkDemand, fill: float) -> pd.DataFrame:
    sums = demand.table[["units", "kg", "m3"]].sum()
    units = max(float(sums["units"]), 1e-9)
    return usual_lanes(
        lanes,
        _shipped(case),
        fill=fill,
        kg_per_unit=float(sums["kg"]) / units,
        m3_per_unit=float(sums["m3"]) / units,
    )


def _crow_km(everywhere: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    places = pd.concat([everywhere[PLACE], sites.loc[sites["kind"] == CANDIDATE, PLACE]], ignore_index=True)
    places = places.drop_duplicates("site_id")
    crow = distances_between(places["latitude"], places["longitude"])
    return pd.DataFrame(crow, index=places["site_id"], columns=places["site_id"])


def _say_reach(rated: pd.DataFrame, fits: pd.DataFrame) -> Iterator[str]:
    """Say which estimates go beyond what they rest on, among today's sites and candidates."""
    guessed = rated[rated["estimated"] & rated["distance_km"].notna()]
    if guessed.empty:
        return
    kinds = pd.MultiIndex.from_frame(guessed[KIND])
    farther = guessed["distance_km"].to_numpy() > fits["longest_km"].reindex(kinds).to_numpy()
    yield (
        f"{len(guessed)} ways without a lane are estimated from lanes of the same mode and vehicle class; "
        f"{int(farther.sum())} of them are longer than any lane that they are estimated from."
    )
    flat = fits[[f"{name}_b" for name in COSTS]].max(axis=1) == 0
    used = sorted({f"{mode} {name}".strip() for mode, name in kinds[flat.reindex(kinds).to_numpy()]})
    if used:
        yield (
            f"The lanes say of no distance that it costs more by {', '.join(used)}: the estimates cost the "
            "same however far they go."
        )


def _pairs(
    origins: pd.Series,
    destinations: pd.Series,
    alike: pd.DataFrame,
    end: str,
    usual: pd.DataFrame,
    wanted: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return all pairs with mode and class of an estimate: those of this end, else those of alike lanes."""
    pairs = pd.MultiIndex.from_product([origins, destinations], names=PAIR).to_frame(index=False)
    own = common_kind(alike, end).reindex(pairs[end]).reset_index(drop=True)
    if wanted is not None:
        kind = pairs["destination_id"].map(wanted.set_index("site_id")["kind"])
        own = own.fillna(common_kind(alike, "kind").reindex(kind).reset_index(drop=True))
    rest = alike if len(alike) else usual
    most = common_kind(rest.assign(_all=0), "_all").loc[0]
    return pairs.assign(**{name: own[name].fillna(most[name]) for name in KIND})


def _free_at_home(rated: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs with no cost and no way where goods are fetched at the warehouse itself."""
    home = rated["origin_id"] == rated["destination_id"]
    nothing = dict.fromkeys(["distance_km", *COSTS], 0.0)
    return rated.assign(
        **{name: rated[name].where(~home, value) for name, value in nothing.items()},
        estimated=rated["estimated"] & ~home,
        vehicle_capacity_kg=rated["vehicle_capacity_kg"].where(~home, np.inf),
        vehicle_capacity_m3=rated["vehicle_capacity_m3"].where(~home, np.inf),
    )


def _with_factors(case: Case, rated: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if not case.has("emission_factors"):
        return rated.assign(factor=0.0), ("Carbon is not known: there is no table emission_factors.",)
    factors = read_factors(case.table("emission_factors"))
    known, notes = factors_of(rated, factors)
    return rated.assign(factor=known["factor"]), factors.notes + notes


def fill_inbound(lanes: LaneArrays, docks: pd.DataFrame) -> tuple[LaneArrays, tuple[str, ...]]:
    """Return the ways in without a gap: the mean of the dock's other ways where one is not known, or 0."""
    missing = np.isnan(lanes.fixed)

    def filled(values: Floats, otherwise: float) -> Floats:
        known = np.where(missing, 0.0, values).sum(axis=1) / np.maximum((~missing).sum(axis=1), 1)
        mean = np.where(missing.all(axis=1), otherwise, known)
        return np.where(missing, mean[:, None], values)

    named = docks["site_id"][missing.any(axis=1) & (docks["site_id"] != NO_DOCK).to_numpy()]
    notes = (
        f"No lane and no coordinates for some ways from {', '.join(named)}: the mean of its other ways "
        "stands in, or nothing where there is none.",
    )
    limits = {"room_kg": np.inf, "room_m3": np.inf}
    names = ("fixed", "per_kg", "per_unit", "room_kg", "room_m3", "km", "factor")
    whole = {name: filled(getattr(lanes, name), limits.get(name, 0.0)) for name in names}
    done = LaneArrays(**whole, estimated=lanes.estimated | missing)
    return done, notes if len(named) else ()


def _shipped(case: Case) -> pd.Series:
    table = case.query(
        "SELECT lane_id, sum(quantity) AS units FROM shipments WHERE lane_id IS NOT NULL GROUP BY ALL"
    )
    return table.set_index("lane_id")["units"]

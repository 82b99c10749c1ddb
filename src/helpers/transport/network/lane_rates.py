"""What a way from here to there costs: the usual lane where there is one, else an estimate from its like.

    km   = road factor · distance as the crow flies        road factor: median of km ÷ crow of the lanes
    cost = a + b · km,  b ≥ 0                              per vehicle, per kg and per unit, each by itself

fitted by least squares over the lanes of the same mode and vehicle class; where these have but one distance,
b is that of all lanes of the mode, and a goes through their mean; where these have but one too, b = 0.

The usual lane of a pair of sites is the one over which most units were shipped; without records the cheapest
one for goods of the mean density in vehicles filled to φ.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

COSTS = ["fixed_cost", "cost_per_kg", "cost_per_unit"]
ROOM = ["vehicle_capacity_kg", "vehicle_capacity_m3"]
KIND = ["mode", "vehicle_class"]
PAIR = ["origin_id", "destination_id"]
_FLAT = 1e-12  # money per km; less is the noise of sums


def fill_lanes(lanes: pd.DataFrame) -> pd.DataFrame:
    """Return the lanes with 0 for costs that are not given, no limit for room, and '' for no class."""
    numbers = dict.fromkeys(COSTS, 0.0) | dict.fromkeys(ROOM, np.inf)
    return lanes.fillna({"vehicle_class": "", **numbers})


def usual_lanes(
    lanes: pd.DataFrame, shipped: pd.Series, *, fill: float, kg_per_unit: float, m3_per_unit: float
) -> pd.DataFrame:
    """Return one lane per pair of sites.

    Parameters
    ----------
    lanes
        As from `fill_lanes`.
    shipped
        Units shipped, by lane_id.
    fill
        φ, share of a vehicle that is filled.
    kg_per_unit, m3_per_unit
        Mean of what is moved.
    """
    load = np.maximum(kg_per_unit / lanes["vehicle_capacity_kg"], m3_per_unit / lanes["vehicle_capacity_m3"])
    each = lanes["cost_per_kg"] * kg_per_unit + lanes["cost_per_unit"] + lanes["fixed_cost"] * load / fill
    used = lanes["lane_id"].map(shipped).fillna(0.0)
    ranked = lanes.assign(_used=-used, _each=each).sort_values([*PAIR, "_used", "_each", "lane_id"])
    return ranked.drop_duplicates(PAIR).drop(columns=["_used", "_each"]).reset_index(drop=True)


def common_kind(lanes: pd.DataFrame, end: str) -> pd.DataFrame:
    """Return mode and vehicle class that lanes have most often at each `end`; road first where equal."""
    counts = lanes.groupby([end, *KIND], as_index=False).agg(count=("lane_id", "count"))
    ranked = counts.assign(_road=counts["mode"] != "road").sort_values(
        [end, "count", "_road", *KIND], ascending=[True, False, True, True, True]
    )
    return ranked.drop_duplicates(end).set_index(end)[KIND]


def fit_kinds(lanes: pd.DataFrame, crow_km: pd.DataFrame) -> pd.DataFrame:
    """Return per mode and vehicle class longest_km, the road factor, a and b of each cost, and vehicle room.

    Parameters
    ----------
    lanes
        As from `fill_lanes`.
    crow_km
        Kilometres as the crow flies, sites × sites; NaN where a site has no coordinates.
    """
    place = {name: at for at, name in enumerate(crow_km.index)}
    crow = crow_km.to_numpy()[lanes["origin_id"].map(place), lanes["destination_id"].map(place)]
    detour = pd.Series(np.where(crow > 1.0, lanes["distance_km"] / np.maximum(crow, 1.0), np.nan))
    lanes = lanes.reset_index(drop=True).assign(detour=detour)
    rows = []
    for (mode, name), own in lanes.groupby(KIND):
        of_mode = lanes[lanes["mode"] == mode]
        alike = own if np.ptp(own["distance_km"].to_numpy()) > 0 else of_mode
        detours = [each["detour"].dropna() for each in (own, of_mode, lanes)]
        rows.append(
            {
                "mode": mode,
                "vehicle_class": name,
                "longest_km": own["distance_km"].max(),
                "road_factor": next((one.median() for one in detours if len(one)), np.nan),
                **{room: own[room].median() for room in ROOM},
                **_fitted(own, alike),
            }
        )
    return pd.DataFrame(rows).set_index(KIND)


def _fitted(own: pd.DataFrame, alike: pd.DataFrame) -> dict[str, float]:
    """Return a and b of each cost: b over the alike lanes, a through the mean of the own ones."""
    km = alike["distance_km"].to_numpy(dtype=np.float64)
    away = km - km.mean()
    found: dict[str, float] = {}
    for name in COSTS:
        cost = alike[name].to_numpy(dtype=np.float64)
        slope = max(float(away @ cost) / float(away @ away), 0.0) if (away != 0).any() else 0.0
        slope = slope if slope > _FLAT else 0.0
        found |= {f"{name}_a": float(own[name].mean() - slope * own["distance_km"].mean())}
        found |= {f"{name}_b": slope}
    return found


def rate_pairs(
    pairs: pd.DataFrame, usual: pd.DataFrame, fits: pd.DataFrame, crow_km: pd.DataFrame
) -> pd.DataFrame:
    """Return the pairs with mode, vehicle_class, distance_km, costs, room and `estimated`.

    Parameters
    ----------
    pairs
        origin_id, destination_id, with the mode and vehicle_class that an estimate is to have.
    usual, fits, crow_km
        As from `usual_lanes` and `fit_kinds`. A pair without a lane whose sites have no coordinates has NaN.
    """
    columns = [*PAIR, "lane_id", *KIND, "distance_km", *COSTS, *ROOM]
    known = pairs[PAIR].merge(usual[columns], on=PAIR, how="left", validate="many_to_one")
    kinds = pd.MultiIndex.from_frame(pairs[KIND])
    guess = fits.reindex(kinds).reset_index(drop=True)
    place = {name: at for at, name in enumerate(crow_km.index)}
    crow = crow_km.to_numpy()[pairs["origin_id"].map(place), pairs["destination_id"].map(place)]
    km = crow * guess["road_factor"]
    missing = known["lane_id"].isna()
    reckoned = {name: (guess[f"{name}_a"] + guess[f"{name}_b"] * km).clip(lower=0.0) for name in COSTS}
    reckoned |= {name: guess[name] for name in ROOM} | {"distance_km": km}
    reckoned |= {name: pairs[name].reset_index(drop=True) for name in KIND}
    return known.assign(
        **{name: known[name].where(~missing, values) for name, values in reckoned.items()}, estimated=missing
    )

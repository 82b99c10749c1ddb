"""Map of the flows of a transport plan: what goes over which lane, and by which mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.geography import draw_docks, frame_axes, name_places
from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.transport import TransportPlan

HEIGHT = 6.2
NEAR = 0.03  # of the map's height: places so close share one label
WIDEST, NARROWEST = 6.0, 0.8  # points
LOOKS = {
    "road": (COLOURS["action"], "-"),
    "rail": (COLOURS["forecast"], "--"),
    "sea": (COLOURS["forecast"], ":"),
    "inland_waterway": (COLOURS["forecast"], "-."),
    "air": (COLOURS["limit"], "-"),
    "parcel": (COLOURS["baseline"], "-"),
}
MARKERS = {"warehouse": ("s", 90), "store": ("o", 36), "zone": ("D", 18)}


def plot_flow_map(plan: TransportPlan, ax: Axes | None = None) -> Axes:
    """Draw the lanes of the plan, wide where much weight goes, each mode in its own line."""
    axes = new_axes(ax, HEIGHT)
    places, lanes = _places(plan), _lanes(plan)
    axes = finish_axes(axes, claim_flow_map(plan), "longitude, °", "latitude, °")
    axes.grid(visible=False)
    if places.empty:
        return axes
    frame = frame_axes(axes, places)
    _draw_lanes(axes, lanes, places)
    draw_docks(axes, places, frame)
    for kind, (marker, size) in MARKERS.items():
        some = places[places["kind"] == kind]
        if len(some):
            colour = "black" if kind == "warehouse" else LINE
            spots = some["longitude"], some["latitude"]
            axes.scatter(*spots, marker=marker, s=size, color=colour, zorder=4, label=kind)
    name_places(axes, places[places["role"] != "dock"], (frame[3] - frame[2]) * NEAR)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4, frameon=False, fontsize=8)
    return axes


def claim_flow_map(plan: TransportPlan) -> str:
    """Return the claim: which mode does most of the work, and which causes most of the carbon."""
    lanes = plan.flow.problem.lanes.set_index("lane_id")["mode"]
    flows = plan.flow.account.flows
    if flows.empty:
        return "Nothing moves: stock and what is on its way are enough"
    sums = flows.groupby(flows["lane_id"].map(lanes))[["tonne_km", "kg_co2e"]].sum()
    shares = sums / sums.sum()
    work, carbon = str(shares["tonne_km"].idxmax()), str(shares["kg_co2e"].idxmax())
    does = f"{_named(work)} does {percent(shares['tonne_km'].max())} of the tonne-kilometres"
    if not sums["kg_co2e"].sum():
        return does
    if work == carbon:
        return f"{does} and causes {percent(shares['kg_co2e'].max())} of the carbon"
    return f"{does}; {_named(carbon).lower()} causes {percent(shares['kg_co2e'].max())} of the carbon"


def describe_flow_map(plan: TransportPlan) -> str:
    """Return the alt text."""
    lanes = _lanes(plan).sort_values("kg", ascending=False)
    said = [
        f"{row.origin_id} to {row.destination_id} by {row.mode}, {row.kg:,.0f} kg"
        for row in lanes.head(8).itertuples()
    ]
    more = f", and {len(lanes) - 8} more" if len(lanes) > 8 else ""
    return f"Map of {len(lanes)} lanes in use: {'; '.join(said) or 'none'}{more}. {claim_flow_map(plan)}."


def _named(mode: str) -> str:
    return {"parcel": "Parcel delivery", "inland_waterway": "Inland waterway"}.get(mode, mode.capitalize())


def _lanes(plan: TransportPlan) -> pd.DataFrame:
    used = plan.lane_use()
    return used[used["kg"] > 0].reset_index(drop=True)


def _places(plan: TransportPlan) -> pd.DataFrame:
    """Return site_id, kind, role and coordinates of the sites at the ends of lanes in use."""
    lanes = _lanes(plan)
    used = set(lanes["origin_id"]) | set(lanes["destination_id"])
    sites = plan.flow.problem.sites
    known = sites[sites["site_id"].isin(used)].dropna(subset=["latitude", "longitude"])
    role = known["kind"].map({"supplier": "dock", "plant": "dock", "warehouse": "warehouse"})
    table = known.assign(role=role.fillna("destination"))
    return table if (table["role"] != "dock").any() else table.iloc[:0]


def _draw_lanes(axes: Axes, lanes: pd.DataFrame, places: pd.DataFrame) -> None:
    at = places.set_index("site_id")[["longitude", "latitude"]]
    known = lanes[lanes["origin_id"].isin(at.index) & lanes["destination_id"].isin(at.index)]
    heaviest = max(float(known["kg"].max()), 1e-9) if len(known) else 1.0
    named: set[str] = set()
    for lane in known.to_dict("records"):
        colour, pattern = LOOKS[lane["mode"]]
        start, end = at.loc[lane["origin_id"]], at.loc[lane["destination_id"]]
        axes.plot(
            [start["longitude"], end["longitude"]],
            [start["latitude"], end["latitude"]],
            linestyle=pattern,
            color=colour,
            linewidth=NARROWEST + (WIDEST - NARROWEST) * float(np.sqrt(lane["kg"] / heaviest)),
            alpha=0.7,
            zorder=2,
            label=None if lane["mode"] in named else lane["mode"].replace("_", " "),
        )
        named.add(lane["mode"])

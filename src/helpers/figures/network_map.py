"""Map of docks, warehouses, stores and zones, and who serves whom in the best choice of warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.geography import draw_docks, frame_axes, name_places
from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.transport import NetworkChoice

HEIGHT = 6.2
WIDEST, NARROWEST = 5.0, 0.8  # points
NEAR = 0.03  # of the map's height: places so close share one label
KINDS = {"store": ("o", 30), "zone": ("D", 16), "warehouse": ("s", 30)}


def plot_network_map(choice: NetworkChoice, ax: Axes | None = None) -> Axes:
    """Draw who serves whom, wide where much weight goes; what changes stands out, and what it replaces."""
    axes = new_axes(ax, HEIGHT)
    places = _places(choice)
    axes = finish_axes(axes, claim_network_map(choice), "longitude, °", "latitude, °")
    axes.grid(visible=False)
    if places.empty:
        return axes
    frame = frame_axes(axes, places)
    _draw_service(axes, choice, places)
    draw_docks(axes, places, frame)
    _draw_places(axes, choice, places)
    name_places(axes, places[places["role"] != "dock"], (frame[3] - frame[2]) * NEAR)
    axes.plot([], [], "P", color=COLOURS["forecast"], label="dock; arrow: beyond the map")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4, frameon=False, fontsize=8)
    return axes


def claim_network_map(choice: NetworkChoice) -> str:
    """Return the claim: what the best choice closes, and what that saves."""
    if choice.best["why"]:
        return "No choice of today's warehouses serves everybody within their limits"
    if not choice.is_proposed:
        return "Today's warehouses, used as today, are as good as any choice among them"
    saved = f"saves {choice.saving_per_year:,.0f} a year"
    if choice.saving_per_year < 0:
        saved = f"costs {-choice.saving_per_year:,.0f} a year more, but keeps the limits"
    if choice.closed:
        if not choice.stock_fits:
            return f"Closing {', '.join(choice.closed)} fails for want of room: today's stock does not fit"
        return f"Closing {', '.join(choice.closed)} {saved}"
    moved = len(choice.changes)
    what = "one store or zone" if moved == 1 else f"{moved} stores and zones"
    return f"All warehouses stay open; serving {what} otherwise {saved}"


def describe_network_map(choice: NetworkChoice) -> str:
    """Return the alt text."""
    rows = choice.warehouses
    parts = [
        f"{row.site_id} serves {int(count)} stores and zones"
        for row, count in zip(rows.itertuples(), _served(choice), strict=True)
        if row.open_in_plan
    ]
    closed = f" Closed: {', '.join(choice.closed)}." if choice.closed else ""
    moved = choice.changes["destination_id"].tolist()
    changed = (
        f" Served otherwise than today: {', '.join(moved)}." if moved else " Nobody is served otherwise."
    )
    if _places(choice).empty:
        return "Map without places: no site has coordinates."
    return f"Map of {len(rows)} warehouses: {'; '.join(parts)}.{closed}{changed}"


def _served(choice: NetworkChoice) -> list[int]:
    used = choice.service[choice.service["share_plan"] > 0]
    return used["warehouse_id"].value_counts().reindex(choice.warehouses["site_id"], fill_value=0).tolist()


def _places(choice: NetworkChoice) -> pd.DataFrame:
    """Return site_id, kind, role (dock, warehouse, destination) and coordinates of all that have them."""
    network = choice.network
    columns = ["site_id", "name", "kind", "latitude", "longitude"]
    warehouses = network.sites.iloc[: network.warehouses]
    parts = [
        warehouses[columns].assign(role="warehouse"),
        network.destinations[columns].assign(role="destination"),
        network.docks[columns].assign(role="dock"),
    ]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    known = table.dropna(subset=["latitude", "longitude"])
    own = known["role"] != "dock"
    return known if own.any() else known.iloc[:0]


def _draw_service(axes: Axes, choice: NetworkChoice, places: pd.DataFrame) -> None:
    rows = choice.service.reset_index(drop=True)
    kg = (rows["share_plan"] * rows["kg"]).to_numpy(dtype=np.float64)
    rows = rows.assign(wide=NARROWEST + (WIDEST - NARROWEST) * kg / max(float(kg.max()), 1e-9))
    at = places[places["role"] != "dock"].drop_duplicates("site_id").set_index("site_id")
    at = at[["longitude", "latitude"]]
    rows = rows[rows["warehouse_id"].isin(at.index) & rows["destination_id"].isin(at.index)]
    kept = (rows["share_plan"] > 0) & ~rows["changed"]
    fresh = rows["changed"] & (rows["share_plan"] > rows["share_today"])
    gone = rows["changed"] & ~fresh
    looks = (
        (kept, LINE, "-", "served as today"),
        (gone, COLOURS["baseline"], "--", "served so today, no longer"),
        (fresh, COLOURS["action"], "-", "served so in the plan"),
    )
    for which, colour, pattern, label in looks:
        some = rows[which]
        starts, ends = (at.loc[some[end]].to_numpy(np.float64) for end in ("warehouse_id", "destination_id"))
        wide = some["wide"].to_numpy(np.float64)
        for place in range(len(some)):
            axes.plot(
                [starts[place, 0], ends[place, 0]],
                [starts[place, 1], ends[place, 1]],
                linestyle=pattern,
                color=colour,
                linewidth=float(wide[place]) if pattern == "-" else 1.2,
                alpha=0.75,
                solid_capstyle="round",
                zorder=2,
                label=label if place == 0 else None,
            )


def _draw_places(axes: Axes, choice: NetworkChoice, places: pd.DataFrame) -> None:
    own = places[places["role"] == "destination"]
    for kind, (marker, size) in KINDS.items():
        some = own[own["kind"] == kind]
        if len(some):
            label = kind if kind != "warehouse" else "fetched at the warehouse"
            axes.scatter(
                some["longitude"], some["latitude"], marker=marker, s=size, color=LINE, zorder=3, label=label
            )
    sites = places[places["role"] == "warehouse"]
    shut = sites["site_id"].isin(choice.closed)
    looks = (
        (~shut, "s", COLOURS["forecast"], "warehouse"),
        (shut, "X", COLOURS["limit"], "warehouse, closed"),
    )
    for which, marker, colour, label in looks:
        some = sites[which]
        if len(some):
            axes.scatter(
                some["longitude"], some["latitude"], marker=marker, s=90, color=colour, zorder=5, label=label
            )

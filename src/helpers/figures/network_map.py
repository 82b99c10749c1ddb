"""Map of docks, warehouses, stores and zones, and who serves whom in the best choice of warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.transport import NetworkChoice

HEIGHT = 6.2
MARGIN = 0.14  # of the reseller's own extent, on each side
SHAPE = 1.35  # width of the map ÷ its height
LEAST_SPAN = 1.0  # degrees
WIDEST, NARROWEST = 5.0, 0.8  # points
ARROW = 0.12  # length of an arrow, share of the way to the centre
NEAR = 0.03  # of the map's height: places so close share one label
KINDS = {"store": ("o", 30), "zone": ("D", 16), "warehouse": ("s", 30)}
Frame = tuple[float, float, float, float]  # west, east, south, north


def plot_network_map(choice: NetworkChoice, ax: Axes | None = None) -> Axes:
    """Draw who serves whom, wide where much weight goes; what changes stands out, and what it replaces."""
    axes = new_axes(ax, HEIGHT)
    places = _places(choice)
    axes = finish_axes(axes, claim_network_map(choice), "longitude, °", "latitude, °")
    axes.grid(visible=False)
    if places.empty:
        return axes
    frame = _frame(places)
    axes.set_xlim(frame[0], frame[1])
    axes.set_ylim(frame[2], frame[3])
    axes.set_aspect(1 / np.cos(np.radians((frame[2] + frame[3]) / 2)), adjustable="box")
    _draw_service(axes, choice, places)
    _draw_docks(axes, places, frame)
    _draw_places(axes, choice, places)
    _name_places(axes, places[places["role"] != "dock"], (frame[3] - frame[2]) * NEAR)
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
        room = "" if choice.stock_fits else ", if the stock finds room"
        return f"Closing {', '.join(choice.closed)} {saved}{room}"
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


def _frame(places: pd.DataFrame) -> Frame:
    """Return the extent of the reseller's own sites with a margin; docks further away do not widen it."""
    own = places[places["role"] != "dock"]
    spans = []
    for name in ("longitude", "latitude"):
        low, high = float(own[name].min()), float(own[name].max())
        more = MARGIN * max(high - low, LEAST_SPAN)
        spans += [low - more, high + more]
    west, east, south, north = spans
    shrink = float(np.cos(np.radians((south + north) / 2)))  # a degree of longitude in degrees of latitude
    wider = max(SHAPE * (north - south) / shrink - (east - west), 0.0) / 2
    higher = max((east - west) * shrink / SHAPE - (north - south), 0.0) / 2
    return west - wider, east + wider, south - higher, north + higher


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


def _draw_docks(axes: Axes, places: pd.DataFrame, frame: Frame) -> None:
    """Draw docks where they lie; for those beyond the map an arrow comes in over its edge."""
    centre = np.array([(frame[0] + frame[1]) / 2, (frame[2] + frame[3]) / 2])
    docks = places[places["role"] == "dock"]
    spots = docks[["longitude", "latitude"]].to_numpy(dtype=np.float64)
    for words, there in zip(docks["site_id"], spots, strict=True):
        edge = cut_to_frame(centre, there, frame)
        if np.hypot(*(there - centre)) <= np.hypot(*(edge - centre)):
            axes.plot(*there, "P", markersize=7, color=COLOURS["forecast"], zorder=4)
            _label(axes, words, there, left=there[0] < centre[0])
            continue
        inward = edge + ARROW * (centre - edge)
        look = {"arrowstyle": "-|>", "color": COLOURS["forecast"], "linewidth": 1.4}
        axes.annotate("", tuple(inward), xytext=tuple(edge), arrowprops=look)
        _label(axes, words, inward, left=there[0] > centre[0])


def _label(axes: Axes, words: str, there: NDArray[np.float64], *, left: bool) -> None:
    axes.annotate(
        words,
        (float(there[0]), float(there[1])),
        xytext=(-6 if left else 6, -4),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=8,
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


def _name_places(axes: Axes, places: pd.DataFrame, near: float) -> None:
    """Write the names of warehouses, stores and zones; those of places that are close stand together."""
    for _, some in places.groupby(_clusters(places[["longitude", "latitude"]].to_numpy(np.float64), near)):
        bold = (some["role"] == "warehouse").any()
        axes.annotate(
            ", ".join(dict.fromkeys(some["site_id"])),
            (float(some["longitude"].max()), float(some["latitude"].mean())),
            xytext=(7, 3),
            textcoords="offset points",
            fontsize=9 if bold else 8,
            fontweight="bold" if bold else "normal",
            zorder=6,
        )


def _clusters(spots: NDArray[np.float64], near: float) -> NDArray[np.int64]:
    """Return for each place the first place that is near it (n,)."""
    apart = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    first: NDArray[np.int64] = (apart <= near).argmax(axis=1)
    return first


def cut_to_frame(
    centre: NDArray[np.float64], there: NDArray[np.float64], frame: Frame
) -> NDArray[np.float64]:
    """Return where the line from the centre to a place beyond the frame crosses the frame.

    >>> cut_to_frame(np.array([0.0, 0.0]), np.array([40.0, 10.0]), (-2.0, 2.0, -1.0, 1.0)).tolist()
    [2.0, 0.5]
    """
    away = there - centre
    half = np.array([(frame[1] - frame[0]) / 2, (frame[3] - frame[2]) / 2])
    with np.errstate(divide="ignore"):
        scale = float(np.min(half / np.abs(away)))
    crossing: NDArray[np.float64] = centre + scale * away
    return crossing

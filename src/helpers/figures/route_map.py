"""The routes of the busiest depot and day on a map without a ground: depot, tours, drops, parcels.

North is up; a degree of longitude is drawn cos(latitude) as long as one of latitude: shapes are right.
Legs are drawn straight, not along roads. Each tour has its own line and marker, beside its colour.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.transport import LastMilePlan

HEIGHT = 4.6
TOUR_COLOURS = (COLOURS["forecast"], COLOURS["limit"], COLOURS["action"], COLOURS["baseline"])
TOUR_LINES = ("-", "--", "-.", ":")
TOUR_MARKERS = ("o", "s", "^", "D")
_LEAST_SPAN = 0.02  # degrees that the map shows at least
_PLACE = ["latitude", "longitude"]
_NAMED = 8  # tours that the legend names


def plot_route_map(plan: LastMilePlan, ax: Axes | None = None, depot: str | None = None) -> Axes:
    """Draw the tours of one depot on its busiest day.

    Parameters
    ----------
    plan
        From `plan_last_mile`.
    ax
        Where to draw; a new figure without.
    depot
        Whose tours; the depot with the most stops of all days without.
    """
    axes = new_axes(ax, height=HEIGHT)
    drops, tours, routes = _chosen(plan, depot)
    parcels = drops[drops["way"] == "parcel"]
    axes.plot(
        parcels["longitude"],
        parcels["latitude"],
        "x",
        color=LINE,
        markersize=5,
        label=f"by parcel ({len(parcels)})" if len(parcels) else None,
    )
    for place, tour in enumerate(tours.to_dict("records")):
        _draw_tour(axes, place, tour, routes[routes["route"] == tour["route"]])
    depots = _depots(plan, drops)
    for site in depots.to_dict("records"):
        axes.plot(site["longitude"], site["latitude"], "s", color="black", markersize=9, zorder=4)
        axes.annotate(
            str(site["depot"]),
            (site["longitude"], site["latitude"]),
            xytext=(8, -3),
            textcoords="offset points",
            fontweight="bold",
        )
    _frame(axes, pd.concat([drops[_PLACE], depots[_PLACE]]) if len(drops) else drops)
    if len(drops):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
    finish_axes(axes, claim_route_map(plan, depot), "longitude, °", "latitude, °")
    axes.grid(visible=True, color=LINE, alpha=0.2, linewidth=0.6)
    return axes


def claim_route_map(plan: LastMilePlan, depot: str | None = None) -> str:
    """Return the claim: how many drops of the busiest day vehicles serve, on how many tours."""
    drops, tours, _ = _chosen(plan, depot)
    if drops.empty:
        return "Nothing is delivered"
    where = f"{drops['site_id'].iloc[0]} on {drops['day'].iloc[0]:%Y-%m-%d}"
    if tours.empty:
        return (
            f"All {len(drops)} drops from {where} go by parcel"
            if len(drops) > 1
            else f"The drop from {where} goes by parcel"
        )
    count = f"{len(tours)} tour{'' if len(tours) == 1 else 's'}"
    stops = int((drops["way"] == "van").sum())
    return f"{count} from {where}: {stops} of {len(drops)} drops in {tours['distance_km'].sum():,.0f} km"


def describe_route_map(plan: LastMilePlan, depot: str | None = None) -> str:
    """Return the alt text."""
    drops, tours, _ = _chosen(plan, depot)
    if drops.empty:
        return "Map of routes without any: nothing is delivered."
    parts = [
        f"{tour['vehicle']} with {_stops(tour['stops'])} in {tour['distance_km']:,.0f} km"
        for tour in tours.to_dict("records")
    ]
    parcels = int((drops["way"] == "parcel").sum())
    where = f"{drops['site_id'].iloc[0]} on {drops['day'].iloc[0]:%Y-%m-%d}"
    return f"Map of the drops of {where}: {'; '.join([*parts, f'{parcels} by parcel'])}."


def _stops(number: int) -> str:
    return f"{number:,} stop{'' if number == 1 else 's'}"


def _chosen(plan: LastMilePlan, depot: str | None) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return drops, tours and routes of the depot and day with the most stops of vehicles, then drops."""
    drops = plan.stops if depot is None else plan.stops[plan.stops["site_id"] == depot]
    if drops.empty:
        return drops, plan.tours.iloc[:0], plan.routes.iloc[:0]
    counted = drops.assign(by_van=drops["way"] == "van").groupby(["day", "site_id"])
    sizes = (
        counted["by_van"].agg(["sum", "size"]).sort_values(["sum", "size"], ascending=False, kind="stable")
    )
    day, site = sizes.index[0]
    tours = plan.tours[(plan.tours["day"] == day) & (plan.tours["depot"] == site)]
    routes = plan.routes[plan.routes["route"].isin(tours["route"])]
    return drops[(drops["day"] == day) & (drops["site_id"] == site)], tours, routes


def _depots(plan: LastMilePlan, drops: pd.DataFrame) -> pd.DataFrame:
    """Return depot, latitude and longitude of the site from which these drops come."""
    known = [search.case.depots for search in plan.searches]
    if not known or drops.empty:
        return pd.DataFrame(columns=["depot", *_PLACE])
    depots: pd.DataFrame = pd.concat(known, ignore_index=True).drop_duplicates("depot")
    return depots[depots["depot"].isin(drops["site_id"])]


def _draw_tour(axes: Axes, place: int, tour: dict[Hashable, Any], stops: pd.DataFrame) -> None:
    stops = stops.sort_values("sequence")
    longitude = [tour["longitude"], *stops["longitude"], tour["longitude"]]
    latitude = [tour["latitude"], *stops["latitude"], tour["latitude"]]
    axes.plot(
        longitude,
        latitude,
        TOUR_LINES[place // len(TOUR_COLOURS) % len(TOUR_LINES)],
        color=TOUR_COLOURS[place % len(TOUR_COLOURS)],
        marker=TOUR_MARKERS[place % len(TOUR_MARKERS)],
        markevery=slice(1, len(longitude) - 1),
        markersize=5,
        linewidth=1.4,
        label=f"tour {tour['route']}: {_stops(len(stops))}\n{tour['distance_km']:,.0f} km"
        if place < _NAMED
        else None,
    )


def _frame(axes: Axes, places: pd.DataFrame) -> None:
    """Set the limits around all places, and the lengths of degrees."""
    if places.empty:
        return
    middle = float(places["latitude"].mean())
    for set_limits, column in ((axes.set_ylim, "latitude"), (axes.set_xlim, "longitude")):
        low, high = float(places[column].min()), float(places[column].max())
        room = max(0.1 * (high - low), (_LEAST_SPAN - (high - low)) / 2, 0.004)
        set_limits(low - room, high + room)
    axes.set_aspect(1 / max(float(np.cos(np.radians(middle))), 0.05), adjustable="box")

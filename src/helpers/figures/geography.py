"""A map without a ground: its frame, its docks beyond the edge, and names that do not lie on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.figures.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.14  # of the reseller's own extent, on each side
SHAPE = 1.35  # width of the map ÷ its height
LEAST_SPAN = 1.0  # degrees
ARROW = 0.12  # length of an arrow, share of the way to the centre
Frame = tuple[float, float, float, float]  # west, east, south, north


def frame_axes(axes: Axes, places: pd.DataFrame) -> Frame:
    """Set the axes to the map's frame, shapes right in the middle of it; return the frame."""
    frame = frame_of(places)
    axes.set_xlim(frame[0], frame[1])
    axes.set_ylim(frame[2], frame[3])
    axes.set_aspect(1 / np.cos(np.radians((frame[2] + frame[3]) / 2)), adjustable="box")
    return frame


def frame_of(places: pd.DataFrame) -> Frame:
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


def draw_docks(axes: Axes, places: pd.DataFrame, frame: Frame) -> None:
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


def name_places(axes: Axes, places: pd.DataFrame, near: float) -> None:
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

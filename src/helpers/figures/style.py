"""Colours by meaning, and axes that read on white, on near-black and in grey print.

Colours are Okabe and Ito's, safe for colour-blind readers; each meaning also has its own line
or marker, so that none is told by colour alone. Lines have a contrast of at least 3 to 1 on
white and on near-black. The background is transparent and text is plain black, which an SVG
leaves unsaid: there it takes the ink of the page, light or dark (no grey has enough contrast
for text on both).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = "#757575"
COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "actual": LINE,
        "forecast": "#0072B2",
        "limit": "#D55E00",
        "action": "#009E73",
        "baseline": "#CC79A7",
    }
)
LINES: Mapping[str, str] = MappingProxyType(
    {"actual": "-", "forecast": "-", "limit": ":", "action": "-", "baseline": "--"}
)
MARKERS: Mapping[str, str] = MappingProxyType(
    {"actual": ".", "forecast": "o", "limit": "|", "action": "^", "baseline": "D"}
)
WIDTH, HEIGHT = 7.2, 3.4


def new_axes(ax: Axes | None, height: float = HEIGHT) -> Axes:
    """Return `ax`, or axes of a new figure that no global state holds."""
    from matplotlib.figure import Figure

    if ax is None:
        canvas = Figure(figsize=(WIDTH, height), layout="constrained")
        canvas.patch.set_alpha(0.0)
        ax = canvas.add_subplot()
    ax.patch.set_alpha(0.0)
    return ax


def stacked_axes(*heights: float) -> tuple[Axes, ...]:
    """Return axes of one new figure, below each other, each as high as asked."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    canvas.patch.set_alpha(0.0)
    grid = canvas.add_gridspec(len(heights), 1, height_ratios=heights)
    return tuple(canvas.add_subplot(grid[row, 0]) for row in range(len(heights)))


def finish_axes(ax: Axes, title: str, x_label: str, y_label: str) -> Axes:
    """Set title and labels, and take away what carries no information."""
    ax.set_title(textwrap.fill(title, 78), loc="left", fontsize=11, fontweight="bold")
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    ax.tick_params(color=LINE)
    _part_thousands(ax)
    for side, spine in ax.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(LINE)
    ax.grid(visible=True, axis="y", color=LINE, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _part_thousands(ax: Axes) -> None:
    """Write the numbers of an axis as the tables do; dates and names keep their words."""
    from matplotlib.ticker import FuncFormatter, ScalarFormatter

    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_formatter()) is ScalarFormatter:
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage, the sign kept on its line."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"

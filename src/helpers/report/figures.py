"""Figures as inline SVG (or PNG where there are too many points), always with a description.

Text stays text: it is small, can be searched, and takes the page's typeface. Colours stay as
the figure style set them; the page swaps only greys, so that one picture serves light and dark.
"""

from __future__ import annotations

import base64
import io
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from helpers.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PROLOGUE: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA: Final = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_DOTS_PER_INCH: Final = 160


@dataclass(frozen=True)
class FigureOutput:
    """A drawn figure that displays itself; same figure, same bytes."""

    mime: str
    content: str
    alt: str
    caption: str = ""

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        about = {"alt": self.alt, "caption": self.caption}
        return {self.mime: self.content, "text/plain": repr(self)}, {self.mime: about}


def figure(drawn: Figure | Axes, alt: str, caption: str = "", *, dense: bool = False) -> FigureOutput:
    """Return a figure for the page.

    Parameters
    ----------
    drawn
        A matplotlib figure, or axes of one. It is closed where pyplot holds it.
    alt
        What the figure shows, for a reader who cannot see it; required.
    caption
        A line under the figure.
    dense
        PNG rather than SVG, for thousands of points.

    Raises
    ------
    ParameterError
        Without a description.
    """
    if not alt.strip():
        raise ParameterError("figure() got no alt text. Say in one sentence what the figure shows.")
    canvas = _outermost(drawn)
    try:
        content = _png(canvas) if dense else _svg(canvas)
    finally:
        _release(canvas)
    return FigureOutput("image/png" if dense else "image/svg+xml", content, alt.strip(), caption.strip())


def _outermost(drawn: Figure | Axes) -> Figure:
    """Return the whole figure that axes belong to."""
    from matplotlib.figure import Figure  # loaded by whoever drew; the batch needs none

    canvas = drawn if isinstance(drawn, Figure) else drawn.figure.get_figure(root=True)
    if not isinstance(canvas, Figure):
        raise ParameterError("figure() got axes that belong to no figure. Draw them on one first.")
    return canvas


def _svg(canvas: Figure) -> str:
    """Return the figure as an SVG element without date, tool name or prologue."""
    from matplotlib import rc_context  # ditto

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "planbook", "svg.fonttype": "none"}):
        canvas.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight", transparent=True)
    return _METADATA.sub("", _PROLOGUE.sub("", buffer.getvalue(), count=1)).strip() + "\n"


def _png(canvas: Figure) -> str:
    """Return the figure as base64 text of a PNG without tool name."""
    buffer = io.BytesIO()
    canvas.savefig(
        buffer,
        format="png",
        metadata={"Software": None},
        bbox_inches="tight",
        dpi=_DOTS_PER_INCH,
        facecolor="white",
    )
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _release(canvas: Figure) -> None:
    """Close the figure where pyplot holds it; without pyplot nothing holds it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(canvas)

"""What would have been gained by contacting customers in the order of their predicted uplift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.figures.style import COLOURS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.uplift.score import UpliftScore


def plot_qini_curve(score: UpliftScore, ax: Axes | None = None) -> Axes:
    """Draw the gain over the share contacted, its interval, and that of a random order."""
    curve = score.curve
    axes = new_axes(ax)
    share, scale = 100 * curve["share"], 1000.0
    axes.fill_between(share, scale * curve["low"], scale * curve["high"], color=COLOURS["action"], alpha=0.18)
    axes.plot(share, scale * curve["gain"], color=COLOURS["action"], linewidth=2, label="by predicted uplift")
    axes.plot(
        share,
        scale * curve["random"],
        color=COLOURS["baseline"],
        linestyle="--",
        linewidth=1.5,
        label="in random order",
    )
    axes.axhline(0.0, color=COLOURS["actual"], linewidth=0.8)
    axes.set_xlim(0, 100)
    axes.legend(loc="best", frameon=False, fontsize=8)
    return finish_axes(
        axes, claim_qini_curve(score), "customers contacted, %", "answers gained per 1,000 customers"
    )


def claim_qini_curve(score: UpliftScore) -> str:
    """Return the claim: whether the order of uplift beats a random one."""
    row = score.table.set_index("score").loc["qini"]
    if row["low"] > 0:
        effect = 1000 * score.value("uplift_at")
        return (
            f"The order by uplift beats a random one: the first {percent(score.at)} give "
            f"{effect:,.0f} answers more per 1,000 contacts than without"
        ).replace("-", "\N{MINUS SIGN}")
    if row["high"] < 0:
        return "The order by uplift is worse than a random one"
    return "The order by uplift may be no better than a random one"


def describe_qini_curve(score: UpliftScore) -> str:
    """Return the alt text."""
    row = score.table.set_index("score").loc["qini"]
    return (
        "Line chart of answers gained per 1,000 customers over the share contacted, by predicted uplift with "
        f"its 90 % interval and in random order. Qini {row['value']:.3f}, interval {row['low']:.3f} to "
        f"{row['high']:.3f}. {claim_qini_curve(score)}."
    )

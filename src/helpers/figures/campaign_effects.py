"""What a contact of each past campaign brought, with its interval, beside what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.experiments import ReadOut

MEANING = {"earned": ("action", "^"), "lost": ("limit", "v")}
OPEN = ("actual", "o")
MOST = 20  # campaigns that are drawn, the latest
ROW = 0.32
NAMES = {"earned": "earned more than it cost", "lost": "earned less than it cost", "open": "open"}


def plot_campaign_effects(read: ReadOut, ax: Axes | None = None) -> Axes:
    """Draw the incremental margin per contact of each campaign and of all, the cost as a stroke."""
    rows = _rows(read)
    axes = new_axes(ax, max(2.4, 1.4 + ROW * len(rows)))
    place = np.arange(len(rows))
    shown = rows["verdict"].where(rows["verdict"].isin(list(MEANING)), "open")
    for verdict in shown.unique():
        at = (shown == verdict).to_numpy()
        colour, marker = MEANING.get(verdict, OPEN)
        some = rows[at]
        axes.hlines(place[at], some["low"], some["high"], color=COLOURS[colour], linewidth=1.6)
        axes.scatter(
            some["effect"],
            place[at],
            color=COLOURS[colour],
            marker=marker,
            s=36,
            label=NAMES[verdict],
            zorder=3,
        )
    if len(rows):
        cost = COLOURS["baseline"]
        axes.scatter(rows["cost"], place, color=cost, marker="|", s=180, label="cost of a contact", zorder=4)
    if rows["is_all"].any():
        axes.axhline(len(rows) - 1.5, color=LINE, linewidth=0.8)
    axes.axvline(0, color=LINE, linewidth=0.8)
    axes.set_yticks(place, rows["label"].tolist(), fontsize=8)
    axes.invert_yaxis()
    if len(rows):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4, frameon=False, fontsize=8)
    what = "all margin" if read.settings.primary == "margin" else "margin of the offer"
    return finish_axes(axes, claim_campaign_effects(read), f"{what} more per contact than if held out", "")


def claim_campaign_effects(read: ReadOut) -> str:
    """Return the claim: how many campaigns clearly earned or lost."""
    verdicts = read.campaigns["verdict"]
    total, known = len(verdicts), int(np.isfinite(read.campaigns["low"]).sum())
    if not total:
        return "No campaign has run yet"
    if not known:
        return "No past campaign shows what a contact brings"
    earned, lost = int((verdicts == "earned").sum()), int((verdicts == "lost").sum())
    if not earned + lost:
        alone = (
            "The only campaign does not show" if total == 1 else f"None of {total} campaigns shows on its own"
        )
        return f"{alone} whether it earned its cost"
    parts = [f"{number} clearly {what}" for number, what in ((earned, "earned"), (lost, "lost")) if number]
    rest = total - earned - lost
    opens = f"; {rest} {'stays' if rest == 1 else 'stay'} open" if rest else ""
    return f"Of {total} campaign{'' if total == 1 else 's'}, {' and '.join(parts)}{opens}"


def describe_campaign_effects(read: ReadOut) -> str:
    """Return the alt text."""
    said = [
        f"{row.label}: {row.effect:,.2f} ({row.low:,.2f} to {row.high:,.2f}), cost {row.cost:,.2f}"
        for row in _rows(read).itertuples()
    ]
    head = "Dots with intervals of the incremental margin per contact, before its cost"
    return f"{head}. {'; '.join(said) or 'No campaigns'}. {claim_campaign_effects(read)}.".replace(
        "-", "\N{MINUS SIGN}"
    )


def _rows(read: ReadOut) -> pd.DataFrame:
    """Return label, effect before cost with interval, cost and verdict; all campaigns together at the end."""
    table = read.campaigns[np.isfinite(read.campaigns["low"])].tail(MOST)
    cost = table["cost_per_contact"]
    rows = pd.DataFrame(
        {
            "label": table["campaign_id"] + "  " + table["channel"] + table["start"].dt.strftime(", %b %Y"),
            "effect": table["net"] + cost,
            "low": table["low"] + cost,
            "high": table["high"] + cost,
            "cost": cost,
            "verdict": table["verdict"],
            "is_all": False,
        }
    )
    counted, pooled = read.trusted(), read.pooled
    if len(counted) < 2 or not pooled.is_knowable:
        return rows
    mean_cost = float((counted["cost_per_contact"] * counted["contacts"]).sum() / counted["contacts"].sum())
    ends = [value + mean_cost for value in (pooled.effect, pooled.low, pooled.high)]
    last = pd.DataFrame([["mean campaign", *ends, mean_cost, read.verdict, True]], columns=rows.columns)
    return pd.concat([rows, last], ignore_index=True)

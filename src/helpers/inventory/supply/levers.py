"""Supply as a what-if has it: lead times longer or shorter, a supplier that takes no order.

Of what suppliers are measured to need, every quantile is multiplied by 1 + change. Ways between own sites
stay as they are (they are no supplier's), and so do the days on which open orders are expected: those were
placed before. A closed supplier's offers are gone; pairs that others offer too are bought from the next one.
A pair that nobody else offers is cut off: it keeps its terms and levels, for the time after, and gets no
new order.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.lead_times import LeadTimes
from helpers.inventory.supply.offers import PAIR, too_small

_DAYS = ["mean_days", "sd_days", "q05", "q50", "q95"]
_RATIOS = ["ratio", "ratio_low", "ratio_high"]


def change_lead_times(measured: LeadTimes, change: float) -> LeadTimes:
    """Return lead times of which those of suppliers are longer or shorter by a share.

    Parameters
    ----------
    measured
        As measured. What it says of the past (suppliers, lines, disruptions) stays.
    change
        Share: 0.5 makes 10 days 15; above −1.
    """
    if not change:
        return measured
    cells = measured.cells
    factor = np.where(cells.table["source"] == "lane", 1.0, 1.0 + change)
    scaled = {name: cells.table[name] * factor for name in _DAYS + _RATIOS if name in cells.table}
    table = cells.table.assign(**scaled)
    changed = replace(cells, table=table, days=cells.days * factor[:, None])
    return replace(measured, table=table, cells=changed)


def change_offers(known: pd.DataFrame, settings: InventorySettings) -> pd.DataFrame:
    """Return the offers that can be taken under the settings, lead times as they are then.

    Parameters
    ----------
    known
        All offers (`find_offers`).

    Raises
    ------
    ParameterError
        The closed supplier offers nothing.
    """
    closed, change = settings.closed_supplier, settings.lead_time_change
    offers = known
    if change:
        factor = np.where(known["is_lane"], 1.0, 1.0 + change)
        offers = offers.assign(lead_time_days=offers["lead_time_days"] * factor)
    if not closed:
        return offers
    is_bought = ~known["is_lane"].to_numpy(dtype="bool")
    _refuse_unknown(closed, sorted(known.loc[is_bought, "supplier_id"].unique()))
    is_closed = is_bought & (known["supplier_id"] == closed).to_numpy()
    if not (is_bought & ~is_closed).any():
        raise ParameterError(
            f"InventorySettings: 'closed_supplier' is '{closed}', and nobody else delivers anything: there "
            "is nothing left to plan orders with. Leave it open, or add supply terms of another supplier."
        )
    return offers[~is_closed].reset_index(drop=True)


def first_offers(known: pd.DataFrame, offers: pd.DataFrame, closed: str) -> pd.DataFrame:
    """Return the offer that each pair is planned with, and whether the pair is cut off (`is_cut_off`).

    Parameters
    ----------
    known, offers
        All offers, lead times as planned with; those that can be taken.
    closed
        The supplier that takes no order; empty for none.
    """
    usual = known.drop_duplicates(PAIR).assign(is_cut_off=False)
    if not closed:
        return usual
    hit = usual[(usual["supplier_id"] == closed) & ~usual["is_lane"].astype("bool")]
    can = offers[~too_small(offers) & offers["unit_cost"].notna()].drop_duplicates(PAIR)
    index = pd.MultiIndex.from_frame(can[PAIR])
    place = index.get_indexer(pd.MultiIndex.from_frame(hit[PAIR]))
    rest = usual[~usual.index.isin(hit.index)]
    parts = [
        rest,
        can.iloc[place[place >= 0]].assign(is_cut_off=False),
        hit[place < 0].assign(is_cut_off=True),
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def say_levers(settings: InventorySettings, cut_off: int) -> list[str]:
    """Return what is assumed of supply, in sentences; nothing where it is as measured."""
    said = []
    if settings.lead_time_change:
        word = "longer" if settings.lead_time_change > 0 else "shorter"
        said.append(
            f"What if: suppliers' lead times are {abs(settings.lead_time_change):.0%} {word} than measured. "
            "Open orders come when they are expected, and ways between own sites take as long as before."
        )
    if settings.closed_supplier:
        alone = "1 pair lives" if cut_off == 1 else f"{cut_off} pairs live"
        said.append(
            f"What if: {settings.closed_supplier} takes no new order in the weeks of the plan; open orders "
            f"still come. {alone} on stock and open orders, since nobody else offers what they need."
        )
    return said


def _refuse_unknown(closed: str, known: list[str]) -> None:
    if closed in known:
        return
    close = difflib.get_close_matches(closed, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    listed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    there = f"Suppliers that offer something: {listed}." if known else "No supplier offers anything."
    raise ParameterError(
        f"InventorySettings: 'closed_supplier' is '{closed}', which offers nothing here.{hint} {there}"
    )

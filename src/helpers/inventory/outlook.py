"""What an inventory plan looks at: every pair with its stock, supply, costs, and the demand that may come.

Weeks run from the day after the cutoff. A warehouse serves its own customers and the sites below it, so its
demand is

    d_w(warehouse) = own_w + Σ_stores pull_w(store)
    C_w(store)     = max over v ≤ w of ( S_v + D_v − x )⁺        units called by review v, cumulated
    pull_w         = C_w − C_{w−1}

with x the store's inventory position, D_v its demand before week v and S_v its order-up-to level: what a
store has above its level is used up before it calls for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.settings import InventorySettings
from helpers.inventory.stock.classes import classify
from helpers.inventory.stock.stockout_risk import unit_margins
from helpers.inventory.supply.lead_times import LeadTimes, measure_lead_times
from helpers.inventory.supply.levers import change_lead_times, change_offers, first_offers, say_levers
from helpers.inventory.supply.offers import PAIR, find_offers, too_small
from helpers.inventory.supply.positions import Positions, positions

NAMED = """
SELECT product_id, name AS product_name, category, status, end_date, weight_kg, volume_m3,
       unit_cost AS product_cost FROM products
"""
ABSENT = {
    "purchase_orders": "nothing is known to be on order, and lead times are as promised",
    "receipts": "all purchase orders count as open, and lead times are as promised",
    "lanes": "no site supplies another, and trucks set no limit",
}
_TERMS = ["supplier_id", "is_lane", "minimum_quantity", "order_multiple", "lead_time_days"]
_LEVER = "What if: "
STOCKED = ["on_hand", "available", "inventory_position", "on_order", "backorders", "stock_value"]


class DemandForecast(Protocol):
    """What a plan needs of a forecast."""

    @property
    def series(self) -> pd.DataFrame:
        """Columns product_id, site_id of each series."""
        ...

    @property
    def first_week(self) -> date:
        """Monday of the first week."""
        ...

    def paths(self, count: int, seed: int = 0, rows: Sequence[int] | None = None) -> Floats:
        """Sample paths, series × count × weeks, units."""
        ...


@dataclass(frozen=True, eq=False)
class Outlook:
    """Pairs of product and site, warehouses before the sites that they serve.

    Parameters
    ----------
    pairs
        product_id, site_id, product_name, category, status, end_date, weight_kg, volume_m3, kind (of the
        site), abc, xyz, on_hand, available, inventory_position, on_order, backorders (units), stock_value,
        unit_cost (money per unit), unit_margin, holding_cost (money per unit per week), stockout_cost (money
        per unit short), supplier_id (of the first offer; the sending site of a lane), is_lane, source (row
        of the pair that supplies this one; −1 = a supplier, −2 = nobody known), minimum_quantity,
        order_multiple, lead_time_weeks (mean), is_cut_off (the only supplier is closed).
    offers
        Those that can be taken (`find_offers`, `change_offers`).
    coming
        Units that come in each week, pairs × weeks.
    lead_times
        Sampled whole weeks from an order to the week that it serves, pairs × paths (`whole_weeks`); 0 where
        nobody is known to supply.
    own_demand
        Sampled demand of the site's own customers, pairs × paths × weeks (32-bit).
    measured, opening
        Lead times as measured, and opening positions.
    known_offers, assumed
        All offers, and lead times as planned with: the settings may change both.
    first_week
        Monday of week 0.
    notes
        What was left out or assumed, with counts.
    """

    pairs: pd.DataFrame
    offers: pd.DataFrame
    coming: Floats
    lead_times: NDArray[np.int64]
    own_demand: NDArray[np.float32]
    measured: LeadTimes
    opening: Positions
    first_week: pd.Timestamp
    notes: tuple[str, ...]
    known_offers: pd.DataFrame = field(default_factory=pd.DataFrame)
    assumed: LeadTimes | None = None

    @property
    def weeks(self) -> int:
        """Weeks of demand that are known."""
        return int(self.own_demand.shape[2])

    @property
    def source(self) -> NDArray[np.int64]:
        """Row that supplies each pair; −1 a supplier, −2 nobody."""
        return self.pairs["source"].to_numpy(dtype="int64")

    @property
    def cut_off(self) -> NDArray[np.bool_]:
        """Whether each pair's only supplier is closed."""
        if "is_cut_off" not in self.pairs:
            return np.zeros(len(self.pairs), dtype="bool")
        return self.pairs["is_cut_off"].to_numpy(dtype="bool")

    def sample_lead_times(self, count: int, seed: int) -> Floats:
        """Draw lead times as planned with, pairs × count, days; NaN where nobody is known to supply."""
        times = self.assumed or self.measured
        return times.sample(self.pairs[[*PAIR, "supplier_id"]], count, seed)

    def under(self, settings: InventorySettings) -> Outlook:
        """Return the same stock and demand with the costs and the supply of other settings.

        It equals what `look_ahead` would give, without reading the data again. Paths and seed are those that
        the demand was drawn with.

        Raises
        ------
        ParameterError
            The closed supplier offers nothing.
        """
        offers = change_offers(self.known_offers, settings)
        known = change_offers(self.known_offers, replace(settings, closed_supplier=""))
        first = first_offers(known, offers, settings.closed_supplier)
        pairs = _priced(_with_terms(self.pairs, first), settings)
        found = replace(
            self,
            pairs=pairs,
            offers=offers,
            assumed=change_lead_times(self.measured, settings.lead_time_change),
        )
        drawn = found.sample_lead_times(settings.paths, settings.seed)
        said = say_levers(settings, int(found.cut_off.sum()))
        notes = [note for note in self.notes if not note.startswith(_LEVER)]
        return replace(found, lead_times=whole_weeks(drawn), notes=(*notes, *said))

    def week_starts(self, weeks: int) -> pd.DatetimeIndex:
        """Mondays of the first weeks."""
        return pd.date_range(self.first_week, periods=weeks, freq="7D")


def look_ahead(
    case: Case,
    forecast: DemandForecast,
    settings: InventorySettings,
    *,
    measured: LeadTimes | None = None,
) -> Outlook:
    """Bring stock, supply, costs and sampled demand of every pair together.

    Parameters
    ----------
    case
        Uses products, sites, orders, stock, purchase_orders, receipts, supply_terms and lanes.
    forecast
        Series and sample paths; pairs in stock without a forecast have no demand.
    settings
        Costs, number of paths, seed.
    measured
        Lead times; measured here where not given.

    Examples
    --------
    >>> look_ahead(case, forecast, InventorySettings()).pairs.head()      # doctest: +SKIP
    """
    times = measured or measure_lead_times(case)
    opening = positions(case, times)
    offers = find_offers(case, times)
    pairs, notes = _find_pairs(case, forecast, opening, offers)
    demand = draw_demand(pairs, forecast, settings.paths, settings.seed)
    found = Outlook(
        pairs=pairs,
        offers=offers,
        coming=opening.arrivals(pairs, demand.shape[2]),
        lead_times=np.zeros((len(pairs), 1), dtype="int64"),
        own_demand=demand,
        measured=times,
        opening=opening,
        first_week=pd.Timestamp(forecast.first_week),
        notes=(*times.notes, *notes),
        known_offers=offers,
    )
    return found.under(settings)


def whole_weeks(days: Floats) -> NDArray[np.int64]:
    """Return the week that a delivery serves when it was ordered on Monday of week 0.

    It serves its own week when it comes on one of that week's first four days, as in `positions.py`;
    0 where the days are not known.

    >>> whole_weeks(np.array([1.0, 3.9, 4.0, 14.0, np.nan])).tolist()
    [0, 0, 1, 2, 0]
    """
    return np.floor((np.nan_to_num(days) + 3) / 7).astype("int64")


def _find_pairs(
    case: Case,
    forecast: DemandForecast,
    opening: Positions,
    offers: pd.DataFrame,
) -> tuple[pd.DataFrame, list[str]]:
    """Every pair with a forecast or with stock, and all that is known of it."""
    keys = pd.concat([forecast.series[PAIR], opening.table[PAIR]]).drop_duplicates()
    first = offers.drop_duplicates(PAIR)
    classes = classify(case).table[[*PAIR, "abc", "xyz"]]
    table = keys.merge(case.query(NAMED), on="product_id", how="left", validate="many_to_one")
    table = table.merge(
        case.query("SELECT site_id, kind FROM sites"), on="site_id", how="left", validate="many_to_one"
    )
    table = table.merge(opening.table[[*PAIR, *STOCKED]], on=PAIR, how="left", validate="one_to_one")
    table = table.merge(first[[*PAIR, *_TERMS]], on=PAIR, how="left", validate="one_to_one")
    table = table.merge(classes, on=PAIR, how="left", validate="one_to_one")
    table = table.merge(unit_margins(case), on="product_id", how="left", validate="many_to_one")
    table = table.fillna({**dict.fromkeys(STOCKED, 0.0), "abc": "C", "xyz": "Z"})
    no_cost = table["product_cost"].isna()
    table = table.assign(
        unit_cost=table["product_cost"].fillna(0.0),
        unit_margin=table["unit_margin"].fillna(0.0),
        is_lane=table["is_lane"].eq(True),
    )
    table = table.drop(columns=["product_cost", "lead_time_days"])
    table = table.sort_values(["product_id", "is_lane", "site_id"], ignore_index=True)
    table = table.assign(source=_sources(table))
    no_size = table["volume_m3"].isna()
    counted = [
        (int(no_cost.sum()), "pairs have no unit cost: money decisions leave them out"),
        (int(no_size.sum()), "pairs have no volume: they take no space in storage and trucks"),
        (
            int(too_small(offers).sum()),
            "offers have a weekly capacity below their smallest order: never taken",
        ),
        (int((table["source"] == -2).sum()), "pairs have nobody who is known to supply them"),
    ]
    absent = [name for name in ("purchase_orders", "receipts", "lanes") if not case.has(name)]
    notes = [f"{count} {what}." for count, what in counted if count]
    return table, notes + [f"No table {name}: {ABSENT[name]}." for name in absent]


def _with_terms(pairs: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Put the terms of the offer that is planned with beside each pair."""
    at = pd.MultiIndex.from_frame(first[PAIR]).get_indexer(pd.MultiIndex.from_frame(pairs[PAIR]))
    terms = first[[*_TERMS, "is_cut_off"]].reset_index(drop=True).reindex(np.where(at >= 0, at, len(first)))
    terms = terms.set_axis(pairs.index)
    return pairs.assign(
        supplier_id=terms["supplier_id"],
        minimum_quantity=terms["minimum_quantity"].fillna(1.0),
        order_multiple=terms["order_multiple"].fillna(1.0),
        lead_time_weeks=terms["lead_time_days"].fillna(0.0) / 7,
        is_cut_off=terms["is_cut_off"].eq(True),
    )


def _priced(pairs: pd.DataFrame, settings: InventorySettings) -> pd.DataFrame:
    """Costs of holding and of a unit short."""
    return pairs.assign(
        holding_cost=pairs["unit_cost"] * settings.weekly_holding_rate,
        stockout_cost=pairs["unit_margin"] * settings.stockout_factor,
    )


def _sources(table: pd.DataFrame) -> NDArray[np.int64]:
    """Row of the pair at the sending site; −1 where a supplier delivers, −2 where nobody does."""
    index = pd.MultiIndex.from_frame(table[PAIR])
    sender = table[["product_id", "supplier_id"]].set_axis(PAIR, axis=1)
    row = index.get_indexer(pd.MultiIndex.from_frame(sender))
    bought = np.where(table["supplier_id"].notna(), -1, -2)
    return np.asarray(np.where(table["is_lane"], np.where(row >= 0, row, -2), bought), dtype="int64")


def draw_demand(pairs: pd.DataFrame, forecast: DemandForecast, count: int, seed: int) -> NDArray[np.float32]:
    """Return sampled demand, pairs × count × weeks, units; zero where there is no forecast."""
    index = pd.MultiIndex.from_frame(forecast.series[PAIR])
    row = index.get_indexer(pd.MultiIndex.from_frame(pairs[PAIR]))
    drawn = np.asarray(forecast.paths(count, seed), dtype="float32")
    return np.where((row >= 0)[:, None, None], np.nan_to_num(drawn)[row], np.float32(0.0))

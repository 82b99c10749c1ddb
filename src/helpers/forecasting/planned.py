"""What a promotion that is only planned would bring, were it approved.

    units = base × (lift - 1) - dip - cannibalised            over the weeks of the horizon
    margin = units won × (p (1 - d) - c) - base units × p d - (dip + cannibalised) × (p - c)

p is the list price, c the unit cost, d the depth of the discount; the units sold anyway are sold at the
discount too, and units taken from substitutes are counted at the product's own margin. The lift comes
from past promotions (`promotions.py`), with its interval; the rest is held.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.drivers import COLUMNS as PROMOTION_COLUMNS
from helpers.forecasting.demand.drivers import Drivers, read_drivers
from helpers.forecasting.demand.history import DemandCase
from helpers.forecasting.demand.known import Known
from helpers.forecasting.demand.promotions import estimate_effects
from helpers.forecasting.settings import ForecastSettings

COLUMNS = [
    "promotion_id",
    "product_id",
    "name",
    "site_id",
    "start",
    "end",
    "discount",
    "mechanics",
    "lift",
    "base_units",
    "units",
    "low_units",
    "high_units",
    "margin",
    "low_margin",
    "high_margin",
]

LIFTS = {"": "lift", "low_": "lift_low", "high_": "lift_high"}


def judge_planned_promotions(case: DemandCase, known: Known, settings: ForecastSettings) -> pd.DataFrame:
    """Return units and margin of the promotions with status planned that run within the horizon.

    Returns
    -------
    DataFrame
        promotion_id, product_id, name, site_id, start, end, discount, mechanics, lift, base_units (sold
        anyway), units and margin (net of dip and cannibalisation) with their 90 % limits from the lift; NaN
        margins without price or cost. Most margin first.
    """
    planned = _planned(case, known, settings)
    if planned.empty:
        return pd.DataFrame(columns=COLUMNS)
    effects = judge_promotions(case, known, planned, settings)
    return effects.sort_values(["margin", "promotion_id"], ascending=[False, True], ignore_index=True)


def judge_promotions(
    case: DemandCase, known: Known, promotions: pd.DataFrame, settings: ForecastSettings
) -> pd.DataFrame:
    """Return the same for any promotions, in the columns of the contract."""
    drivers = read_drivers(case, known.history, settings.horizon, extra_promotions=promotions)
    shape = known.factors.profile * known.factors.life.factor
    effects = estimate_effects(known.history, drivers, shape, with_price=False)
    table = effects.table.assign(base_units=_base_units(drivers, effects.base, known.history.length))
    table = table[table["promotion_id"].isin(promotions["promotion_id"])]
    with_names = table.merge(_worth(case, known), on="product_id", how="left", validate="many_to_one")
    return _in_money(with_names.reset_index(drop=True))


def _base_units(drivers: Drivers, base: Floats, past: int) -> Floats:
    """Units that each promotion meets anyway in the weeks ahead; a lift of 1 must not hide them."""
    number, share = drivers.promotion[:, past:], drivers.running[:, past:]
    runs = number >= 0
    weight = (share * base[:, past:])[runs]
    return np.bincount(number[runs], weights=weight, minlength=len(drivers.promotions))


def _planned(case: DemandCase, known: Known, settings: ForecastSettings) -> pd.DataFrame:
    if not case.has("promotions"):
        return pd.DataFrame(columns=PROMOTION_COLUMNS)
    table = case.table("promotions").reindex(columns=PROMOTION_COLUMNS)
    ahead = known.history.future_weeks(settings.horizon)
    last = ahead[-1].to_datetime64() + np.timedelta64(6, "D")
    runs = (table["end"] >= ahead[0]) & (table["start"] <= last)
    mine = table["product_id"].isin(known.history.keys["product_id"])
    found = table[(table["status"] == "planned") & runs & mine]
    # Not decided, so it has not run yet: what is over cannot be won any more, nor tell of its lift.
    return found.assign(start=found["start"].where(found["start"] >= ahead[0], ahead[0]))


def _worth(case: DemandCase, known: Known) -> pd.DataFrame:
    """Name, list price and unit cost of each product; NaN where not known."""
    names = known.history.keys[["product_id", "name"]].drop_duplicates("product_id")
    if not case.has("products"):
        return names.assign(list_price=np.nan, unit_cost=np.nan)
    money = case.table("products").reindex(columns=["product_id", "list_price", "unit_cost"])
    money = money.astype({"list_price": "float64", "unit_cost": "float64"}).drop_duplicates("product_id")
    return names.merge(money, on="product_id", how="left", validate="one_to_one")


def _in_money(table: pd.DataFrame) -> pd.DataFrame:
    base, price, cost = table["base_units"], table["list_price"], table["unit_cost"]
    lost = table["units_dip"] + table["units_cannibalised"]
    promoted = price * (1 - table["discount"]) - cost
    always = base * price * table["discount"] + lost * (price - cost)
    ends = {end: base * (table[name] - 1) for end, name in LIFTS.items()}
    units = {f"{end}units": won - lost for end, won in ends.items()}
    margin = {end: won * promoted - always for end, won in ends.items()}
    # Sold below cost, more units are less margin: the limits change places.
    low, high = (pick(margin["low_"], margin["high_"]) for pick in (np.minimum, np.maximum))
    return table.assign(**units, margin=margin[""], low_margin=low, high_margin=high).reindex(columns=COLUMNS)

"""What is known to change in the weeks ahead: promotions, launches, ends and overrides, in units.

    promotion  units won - dip - cannibalised: its estimated effects on the statistical forecast
    launch     units forecast for a product too new to tell
    end        units forecast until the end date
    override   units that a planner adds to the statistical forecast or takes off

Each is what the change makes of the forecast; units of a promotion that an override then
changes stand in both rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.drivers import Ints
from helpers.forecasting.demand.known import Known
from helpers.forecasting.demand.lives import NOBODY
from helpers.forecasting.demand.supply import KEYS
from helpers.forecasting.methods import LAUNCH

COLUMNS = ["week", "product_id", "name", "sites", "kind", "what", "units", "low_units", "high_units", "money"]


def coming_changes(known: Known, forecast: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """Return what changes ahead, most money first.

    Parameters
    ----------
    known
        What is known after the last week.
    forecast
        The forecast table, with `statistical_mean` and `mean`.
    applied
        Overrides that count: product_id, site_id, week, author, reason, change.

    Returns
    -------
    DataFrame
        week (first Monday), product_id, name, sites (how many), kind, what, units, low_units, high_units
        (90 % interval, promotions only), money (at unit value).
    """
    parts = [
        _promotions(known, forecast),
        _launches(known, forecast),
        _ends(known, forecast),
        _overrides(forecast, applied),
    ]
    found = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS)])
    products = known.history.keys.drop_duplicates("product_id").set_index("product_id")
    value = found["product_id"].map(products["unit_value"]).astype("float64").fillna(0.0)
    named = found["product_id"].map(products["name"]).fillna(found["product_id"])
    table = found.assign(name=named, money=found["units"].astype("float64") * value)
    ordered = table.assign(size=table["money"].abs()).sort_values(
        ["size", "product_id", "week"], ascending=[False, True, True], kind="stable"
    )
    return ordered.reindex(columns=COLUMNS).reset_index(drop=True)


def _promotions(known: Known, forecast: pd.DataFrame) -> pd.DataFrame:
    """Promotions that run ahead; the interval is that of the lift."""
    table = known.factors.effects.table.assign(**_units_ahead(known, forecast))
    table = table[table["applied_ahead"].astype(bool) & table["product_id"].isin(forecast["product_id"])]
    if table.empty:
        return table
    units, low, high = (
        table["met"] * (table[name] - 1) - table["lost"] for name in ("lift", "lift_low", "lift_high")
    )
    sites = _site_counts(forecast, table["product_id"])
    start = table["start"].to_numpy("datetime64[D]")
    monday = start - ((start.astype("int64") + 3) % 7).astype("timedelta64[D]")
    mechanics = table["mechanics"].fillna("").astype(str)
    facts = (table["promotion_id"], table["discount"], mechanics, table["end"], table["lift"])
    return pd.DataFrame(
        {
            "week": monday.astype("datetime64[ns]"),
            "product_id": table["product_id"],
            "sites": np.where(table["site_id"].isna(), sites, 1),
            "kind": "promotion",
            "what": [
                f"{number}: {100 * depth:.0f} % off{', ' * bool(how)}{how} until {end:%Y-%m-%d}; "
                f"{lift:.1f} times the usual demand"
                for number, depth, how, end, lift in zip(*facts, strict=True)
            ],
            "units": units,
            "low_units": low,
            "high_units": high,
        }
    )


def _units_ahead(known: Known, forecast: pd.DataFrame) -> dict[str, Floats]:
    """Units that each promotion meets in the weeks ahead, and that its dip and its substitutes lose.

    The effects are laid onto the forecast as it would be without any: the effects' own base may differ,
    and counts the weeks that are over.
    """
    past, drivers, effects = known.history.length, known.drivers, known.factors.effects
    ahead = slice(past, None)
    series = pd.MultiIndex.from_frame(known.history.keys[KEYS]).get_indexer(
        pd.MultiIndex.from_frame(forecast[KEYS])
    )
    plain = np.zeros(effects.factor[:, ahead].shape)
    plain[series, forecast["lead"].to_numpy() - 1] = forecast["statistical_mean"]
    plain /= effects.factor[:, ahead]

    def total(number: Ints, cells: Floats) -> Floats:
        inside = number >= 0
        return np.bincount(number[inside], weights=cells[inside], minlength=len(effects.table))

    own, near, later = (
        number[:, ahead] for number in (drivers.promotion, drivers.sister_promotion, drivers.dip_promotion)
    )
    dips = np.where(drivers.running[:, ahead] > 0, 0.0, 1.0)
    dip_base = total(later, dips * effects.base[:, ahead])
    dip_share = effects.table["units_dip"].to_numpy() / np.where(dip_base > 0, dip_base, np.inf)
    taken = total(near, drivers.sister[:, ahead] * plain) * effects.table["cannibalisation"].to_numpy()
    met = total(own, drivers.running[:, ahead] * plain)
    return {"met": met, "lost": dip_share * total(later, dips * plain) + taken}


def _launches(known: Known, forecast: pd.DataFrame) -> pd.DataFrame:
    rows = forecast[forecast["method"] == LAUNCH]
    followed = _predecessors(known)
    words = {
        product: f"new, follows {followed[product]}" if product in followed else "new, like its category"
        for product in rows["product_id"].unique()
    }
    return _per_product(rows, "launch", words)


def _ends(known: Known, forecast: pd.DataFrame) -> pd.DataFrame:
    keys = known.history.keys.drop_duplicates("product_id").set_index("product_id")
    last = forecast["week"].max().to_numpy().astype("datetime64[D]") + np.timedelta64(6, "D")
    ends = keys["end_date"][keys["end_date"] <= last]
    rows = forecast[forecast["product_id"].isin(ends.index)]
    words = {str(product): f"ends on {day:%Y-%m-%d}" for product, day in ends.items()}
    return _per_product(rows, "end", words)


def _overrides(forecast: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    if applied.empty:
        return applied
    everywhere = applied.loc[applied["site_id"] == "", "product_id"].unique()
    groups = applied.groupby(["product_id", "author"], sort=True)
    found = groups.agg(
        week=("week", "min"),
        sites=("site_id", "nunique"),
        units=("change", "sum"),
        weeks=("week", "nunique"),
    ).reset_index()
    all_sites = _site_counts(forecast, found["product_id"])
    found["sites"] = found["sites"].where(~found["product_id"].isin(everywhere), all_sites)
    reason = (
        groups["reason"].agg(lambda words: ", ".join(sorted({word for word in words if word}))).to_numpy()
    )
    what = [
        f"{author} changes {weeks} week{'s' * (weeks > 1)}{': ' * bool(why)}{why}"
        for author, weeks, why in zip(found["author"], found["weeks"], reason, strict=True)
    ]
    return found.assign(kind="override", what=what, low_units=np.nan, high_units=np.nan)


def _per_product(rows: pd.DataFrame, kind: str, words: Mapping[str, str]) -> pd.DataFrame:
    if rows.empty:
        return rows
    found = rows.groupby("product_id", sort=True).agg(
        week=("week", "min"), sites=("site_id", "nunique"), units=("mean", "sum")
    )
    found = found.reset_index()
    return found.assign(kind=kind, what=found["product_id"].map(words), low_units=np.nan, high_units=np.nan)


def _predecessors(known: Known) -> dict[str, str]:
    rows = np.flatnonzero(known.lives.predecessor != NOBODY)
    products = known.history.keys["product_id"].to_numpy()
    return dict(zip(products[rows], products[known.lives.predecessor[rows]], strict=True))


def _site_counts(forecast: pd.DataFrame, products: Sequence[str] | pd.Series) -> pd.Series:
    count = forecast.groupby("product_id")["site_id"].nunique()
    return pd.Series(products).map(count).fillna(0).astype("int64")

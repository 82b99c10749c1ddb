"""Rules of the limits that many orders share, and of what the plan says of them.

    used ≤ limit + relaxed_by          minimum order value: used ≥ limit − relaxed_by

`used` is recomputed from orders and outlook, `limit` comes from the tables of the case; of `plan_limits`
only `relaxed_by` is taken, because a limit may give way only where the plan says so. What else it says must
be true:

    stated used = used,    relaxed_by = (used − limit)⁺,    stated limit as in the tables

A budget is stated as it is. A limit of storage, handling, supplier capacity or trucks may be stated
lower (something else takes part of it), a minimum order value higher, never the other way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from helpers.inventory.checks.plan_tables import monday_of, stack
from helpers.plan_check import Maker, PlanRule, Tables, difference, excess, gather, shortfall

TRUCK_UNITS: Final = {"kg": "capacity_kg", "m³": "capacity_m3"}


@dataclass(frozen=True)
class Limit:
    """One family of limits.

    Parameters
    ----------
    name
        As in `plan_limits.rule`, and in words.
    keys
        Columns that tell its rows apart.
    used
        Returns keys and `used` of what the plan uses.
    limit
        Returns the limit of each row of keys, infinite (a minimum: 0) where there is none.
    stated
        How a stated limit may differ from the tables: `equal`, `lower` or `higher`.
    unit
        Unit of the limit.
    """

    name: str
    keys: tuple[str, ...]
    used: Callable[[Tables], pd.DataFrame]
    limit: Callable[[Tables, pd.DataFrame], pd.Series[Any]]
    stated: str
    unit: str

    @property
    def table(self) -> str:
        """Name of the table of its rows, used and stated."""
        return f"limit {self.name}"

    @property
    def is_minimum(self) -> bool:
        """Whether the limit is a least amount."""
        return self.stated == "higher"


def limit_rules() -> tuple[PlanRule, ...]:
    """Return one rule per family of limits, and those of `plan_limits` itself."""
    return (
        *(PlanRule(family.name, _keeper(family), family.unit) for family in FAMILIES),
        PlanRule("limits are named as known", _unknown_limits),
        PlanRule("limits are those of the tables", _other_limits),
        PlanRule("used as the plan uses", _other_use),
        PlanRule("relaxed as far as passed", _other_relaxation),
    )


def limit_tables() -> dict[str, Maker]:
    """Return how the table of each family is made."""
    return {family.table: partial(_beside, family) for family in FAMILIES}


def _keeper(family: Limit) -> Callable[[Tables], pd.DataFrame]:
    """Return the function that finds where a family is broken."""

    def broken(tables: Tables) -> pd.DataFrame:
        rows = tables[family.table]
        rows = rows[rows["is_used"]]
        if family.is_minimum:
            rows = rows.assign(allowed=rows["table_limit"] - rows["relaxed_by"])
            found = shortfall(rows, "used", "allowed")
        else:
            rows = rows.assign(allowed=rows["table_limit"] + rows["relaxed_by"])
            found = excess(rows, "used", "allowed")
        return found[[*family.keys, "used", "allowed", "by"]]

    return broken


def _beside(family: Limit, tables: Tables) -> pd.DataFrame:
    """Every row that the plan uses or states: used, table_limit, stated_used, stated_limit, relaxed_by."""
    keys = list(family.keys)
    used, stated = family.used(tables).assign(is_used=True), _stated(family, tables)
    rows = used.merge(stated, on=keys, how="outer") if keys else used.merge(stated, how="cross")
    rows = rows.assign(
        is_used=rows["is_used"].eq(True),
        used=rows["used"].fillna(0.0),
        relaxed_by=rows["relaxed_by"].fillna(0.0),
    )
    return rows.assign(table_limit=family.limit(tables, rows).to_numpy("float64"))


def _stated(family: Limit, tables: Tables) -> pd.DataFrame:
    """What `plan_limits` says per key of the family; several lanes between two sites together."""
    rows = tables["plan_limits"]
    rows = rows[rows["rule"] == family.name]
    if "origin_id" in family.keys:
        ends = tables["lanes"][["lane_id", "origin_id", "destination_id"]]
        rows = rows.merge(ends, on="lane_id", how="left")
    rows = rows.rename(columns={"used": "stated_used", "limit": "stated_limit"})
    numbers = ["stated_used", "stated_limit", "relaxed_by"]
    if not family.keys:
        return rows[numbers].sum(min_count=1).to_frame().T
    return rows.groupby(list(family.keys), as_index=False, dropna=False)[numbers].sum(min_count=1)


def _unknown_limits(tables: Tables) -> pd.DataFrame:
    rows = tables["plan_limits"]
    is_truck = rows["rule"] == "trucks"
    is_known = rows["rule"].isin([family.name for family in FAMILIES])
    is_known &= ~is_truck | (rows["unit"].isin(TRUCK_UNITS) & (rows["lane_id"] != ""))
    return rows.loc[~is_known, ["rule", "lane_id", "unit"]].assign(by=1.0)


def _other_limits(tables: Tables) -> pd.DataFrame:
    def other() -> Iterator[pd.DataFrame]:
        test = {"equal": difference, "lower": excess, "higher": shortfall}
        for family in FAMILIES:
            rows = tables[family.table]
            rows = rows[rows["stated_limit"].notna()]
            found = test[family.stated](rows, "stated_limit", "table_limit")
            yield found[[*family.keys, "stated_limit", "table_limit", "by"]].assign(rule=family.name)

    return gather(other())


def _other_use(tables: Tables) -> pd.DataFrame:
    def other() -> Iterator[pd.DataFrame]:
        for family in FAMILIES:
            rows = tables[family.table]
            found = difference(rows[rows["stated_used"].notna()], "stated_used", "used")
            yield found[[*family.keys, "stated_used", "used", "by"]].assign(rule=family.name)

    return gather(other())


def _other_relaxation(tables: Tables) -> pd.DataFrame:
    """A row says how far it passes its own limit: no more, so that nothing hides, and no less."""
    rows = tables["plan_limits"]
    minimum = rows["rule"].isin([family.name for family in FAMILIES if family.is_minimum])
    over = (rows["used"] - rows["limit"]).where(
        ~minimum, (rows["limit"] - rows["used"]).where(rows["used"] > 0, 0.0)
    )
    apart = (rows["relaxed_by"] - over.clip(lower=0.0)).abs()
    wrong = ~(apart <= 1e-6 * np.maximum(1.0, rows["limit"].abs()))
    columns = [
        "rule",
        "site_id",
        "supplier_id",
        "lane_id",
        "product_id",
        "week",
        "used",
        "limit",
        "relaxed_by",
    ]
    return rows.loc[wrong, columns].assign(by=apart[wrong])


def _budget_used(tables: Tables) -> pd.DataFrame:
    plan = tables["order_plan"]
    frozen = plan[plan["is_frozen"] == 1.0]
    return pd.DataFrame({"used": [float((frozen["quantity"] * frozen["unit_cost"]).sum())]})


def _budget(tables: Tables, rows: pd.DataFrame) -> pd.Series[Any]:
    budget = float(tables["plan_money"]["budget"].iloc[0])
    return pd.Series(budget if budget else np.inf, rows.index)


def _storage_used(tables: Tables) -> pd.DataFrame:
    weeks = tables["weeks"].merge(_sizes(tables), on="product_id", how="left", validate="many_to_one")
    weeks = weeks.assign(used=weeks["held"] * weeks["volume"])
    return weeks.groupby(["site_id", "week"])["used"].sum().reset_index()


def _of_site(column: str) -> Callable[[Tables, pd.DataFrame], pd.Series[Any]]:
    def limit(tables: Tables, rows: pd.DataFrame) -> pd.Series[Any]:
        return (
            rows["site_id"].map(tables["sites"].set_index("site_id")[column]).astype("float64").fillna(np.inf)
        )

    return limit


def _arriving(tables: Tables) -> pd.DataFrame:
    plan = tables["order_plan"]
    return plan.assign(week=plan["arrival_week"], used=plan["quantity"])


def _handling_used(tables: Tables) -> pd.DataFrame:
    return _arriving(tables).groupby(["site_id", "week"])["used"].sum().reset_index()


def _capacity_used(tables: Tables) -> pd.DataFrame:
    """Units per week of order; terms for any site are shared by all sites that have none of their own."""
    lines = tables["order_lines"]
    lines = lines[(lines["export"] == "order_plan") & lines["has_terms"]]
    lines = lines.assign(site_id=lines["terms_site"], used=lines["quantity"])
    return lines.groupby(["supplier_id", "product_id", "site_id", "week"])["used"].sum().reset_index()


def _capacity(tables: Tables, rows: pd.DataFrame) -> pd.Series[Any]:
    keys = ["supplier_id", "product_id", "site_id"]
    terms = tables["agreed"][[*keys, "weekly_capacity"]]
    found = rows[keys].merge(terms, on=keys, how="left", validate="many_to_one")["weekly_capacity"]
    return found.astype("float64").fillna(np.inf)


def _sizes(tables: Tables) -> pd.DataFrame:
    names = {"volume_m3": "volume", "weight_kg": "weight"}
    return tables["products"][["product_id", *names]].rename(columns=names)


def _loads_used(tables: Tables) -> pd.DataFrame:
    """Weight (kg) and volume (m³) that arrive between a supplier's dock and a site in a week."""
    loads = (
        _arriving(tables).merge(tables["suppliers"], on="supplier_id").merge(_sizes(tables), on="product_id")
    )
    loads = loads.assign(origin_id=loads["dock_id"], destination_id=loads["site_id"])
    parts = [
        loads.assign(unit=unit, used=loads["quantity"] * loads[size])
        for unit, size in (("kg", "weight"), ("m³", "volume"))
    ]
    keys = ["origin_id", "destination_id", "week", "unit"]
    return stack(parts).groupby(keys)["used"].sum().reset_index()


def _loads(tables: Tables, rows: pd.DataFrame) -> pd.Series[Any]:
    """All vehicles of a week on all lanes between two sites; no limit where one is not known."""
    ends = ["origin_id", "destination_id"]
    lanes = tables["lanes"].fillna(dict.fromkeys(TRUCK_UNITS.values(), np.inf))
    room = lanes.groupby(ends, as_index=False)[list(TRUCK_UNITS.values())].sum()
    found = rows[[*ends, "unit"]].merge(room, on=ends, how="left", validate="many_to_one")
    chosen = np.where(found["unit"] == "kg", found["capacity_kg"], found["capacity_m3"])
    return pd.Series(chosen, rows.index, dtype="float64").fillna(np.inf)


def _orders_placed(tables: Tables) -> pd.DataFrame:
    """Every firm order with its value and the highest minimum of its lines."""
    firm, lines = tables["purchase_orders"], tables["order_lines"]
    least = lines.loc[lines["export"] == "purchase_orders", "minimum_order_value"].fillna(0.0).to_numpy()
    firm = firm.assign(used=firm["quantity"] * firm["unit_cost"], least=least)
    keys = ["supplier_id", "site_id", "order_date"]
    orders = firm.groupby(keys, as_index=False).agg(used=("used", "sum"), least=("least", "max"))
    return orders.assign(week=monday_of(orders["order_date"]))


def _smallest_orders(tables: Tables) -> pd.DataFrame:
    """The smallest order of a supplier and site in a week: as a rule there is one."""
    return _orders_placed(tables).groupby(["supplier_id", "site_id", "week"])["used"].min().reset_index()


def _minimum_value(tables: Tables, rows: pd.DataFrame) -> pd.Series[Any]:
    keys = ["supplier_id", "site_id", "week"]
    least = _orders_placed(tables).groupby(keys, as_index=False)["least"].max()
    return rows[keys].merge(least, on=keys, how="left", validate="many_to_one")["least"].fillna(0.0)


FAMILIES: Final = (
    Limit("budget", (), _budget_used, _budget, "equal", "money"),
    Limit("storage", ("site_id", "week"), _storage_used, _of_site("storage_capacity_m3"), "lower", "m³"),
    Limit(
        "handling", ("site_id", "week"), _handling_used, _of_site("handling_capacity_units"), "lower", "units"
    ),
    Limit(
        "supplier capacity",
        ("supplier_id", "product_id", "site_id", "week"),
        _capacity_used,
        _capacity,
        "lower",
        "units",
    ),
    Limit(
        "trucks", ("origin_id", "destination_id", "week", "unit"), _loads_used, _loads, "lower", "kg or m³"
    ),
    Limit(
        "minimum order value",
        ("supplier_id", "site_id", "week"),
        _smallest_orders,
        _minimum_value,
        "higher",
        "money",
    ),
)

"""The check of a finished transport plan: feasibility, carbon and money, from exports and tables alone.

Nothing here plans: the modules of this folder import no code that computes flows, loads, needs or carbon, so
that an error made there is not made here again.

    report = check_transport_plan(tables, case, orders=order_plan, demand=forecast, targets=levels)
    report.require()                                     # raises with every broken rule in words

What the check cannot see: whether the bound is right, whether a better plan exists, which share of a site's
sales is delivered to which zone, and how the target of the last week came about.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.plan_check import PlanReport, PlanRule, PlanTables, Tables, check_plan
from helpers.transport.checks.export_rules import export_rules
from helpers.transport.checks.flow_rules import flow_rules
from helpers.transport.checks.money_rules import money_rules, recomputed_cost
from helpers.transport.checks.plan_exports import LAYOUT, as_laid_out
from helpers.transport.checks.plan_tables import CELL, FOLLOWING, case_tables, money, summed
from helpers.transport.checks.stock_rules import stock_rules
from helpers.transport.checks.vehicle_rules import vehicle_rules


def check_transport_plan(
    tables: Mapping[str, pd.DataFrame],
    case: Case,
    *,
    orders: pd.DataFrame | None = None,
    demand: pd.DataFrame | None = None,
    targets: pd.DataFrame | None = None,
) -> PlanReport:
    """Check a transport plan by what it hands out.

    Parameters
    ----------
    tables
        Export to its rows, as data frames or as read back from CSV; see `LAYOUT`. Numbers are as computed,
        not rounded.
    case
        The data that the plan was made from.
    orders
        product_id, site_id, supplier_id, arrival_week, quantity: the planned orders that the plan was given.
        None: docks gave what was pulled.
    demand
        product_id, site_id, week (a day of it, or 1 for the first), units, as given; None: past sales.
    targets
        product_id, site_id, units, as given; None: none.

    Returns
    -------
    PlanReport
        Every broken rule; `require()` raises on any. An export or column that is not there is one.

    Examples
    --------
    >>> check_transport_plan(check_tables(plan, loads), case).require()     # doctest: +SKIP
    """
    known = known_tables(case, orders=orders, demand=demand, targets=targets)
    return check_plan_tables(plan_tables(tables, known), docks_give=orders is None)


def known_tables(
    case: Case,
    *,
    orders: pd.DataFrame | None = None,
    demand: pd.DataFrame | None = None,
    targets: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Return what the exports are held against: tables of the case and what other rooms gave.

    Parameters
    ----------
    case, orders, demand, targets
        As in `check_transport_plan`.
    """
    known = {**case_tables(case), "planned_orders": _planned(orders)}
    if demand is not None:
        known["demand"] = _numbered(demand, known["start"]["week"].iloc[0])
    if targets is not None:
        known["targets"] = targets
    return known


def plan_tables(exports: Mapping[str, pd.DataFrame], known: Mapping[str, pd.DataFrame]) -> PlanTables:
    """Return everything that the rules look at.

    Parameters
    ----------
    exports
        Export to its rows; those that are no part of the layout are left out.
    known
        As of `known_tables`.
    """
    typed = {name: as_laid_out(name, exports[name]) for name in LAYOUT if name in exports}
    return PlanTables({**typed, **known}, FOLLOWING)


def transport_plan_rules(
    *, docks_give: bool = False, demand: bool = True, targets: bool = True
) -> tuple[PlanRule, ...]:
    """Return all rules of a transport plan, over the tables of `plan_tables`.

    Parameters
    ----------
    docks_give
        Whether docks gave what was pulled, because no orders were planned.
    demand, targets
        Whether they were given.
    """
    return (
        *export_rules(),
        *flow_rules(docks_give=docks_give),
        *stock_rules(demand=demand, targets=targets),
        *vehicle_rules(),
        *money_rules(),
    )


def check_plan_tables(tables: Tables, *, docks_give: bool) -> PlanReport:
    """Check tables that were gathered before, as by `plan_tables`."""
    rules = transport_plan_rules(
        docks_give=docks_give, demand="demand" in tables, targets="targets" in tables
    )
    recomputed = recomputed_cost(tables)
    claimed = money(tables, "cost") if np.isfinite(recomputed) and "plan_money" in tables else np.nan
    recomputed = recomputed if np.isfinite(claimed) else np.nan
    return check_plan(rules, tables, status=_status(tables), claimed=claimed, recomputed=recomputed)


def _status(tables: Tables) -> str:
    table = tables.get("plan_money", pd.DataFrame())
    if not {"name", "text"} <= set(table):
        return "not stated"
    said = table.loc[table["name"] == "status", "text"]
    return str(said.iloc[0]) if len(said) else "not stated"


def _planned(orders: pd.DataFrame | None) -> pd.DataFrame:
    """Return site_id, product_id, planned: units of all planned orders, whenever they come."""
    if orders is None:
        return pd.DataFrame({"site_id": [], "product_id": [], "planned": []}, dtype="object").astype(
            {"planned": "float64"}
        )
    return summed(orders.astype({"quantity": "float64"}), CELL, planned="quantity")


def _numbered(demand: pd.DataFrame, monday: pd.Timestamp) -> pd.DataFrame:
    """Return the demand with t, its week from 0."""
    if pd.api.types.is_numeric_dtype(demand["week"]):
        return demand.assign(t=demand["week"].astype("float64") - 1)
    days = pd.to_datetime(demand["week"]).to_numpy("datetime64[D]") - monday.to_datetime64()
    return demand.assign(t=np.floor(days / np.timedelta64(7, "D")))

"""The check of a finished inventory plan: feasibility and money, from exports and tables alone.

Nothing here plans: the modules of this folder import no code that computes orders, levels, outlooks or
transfers, so that an error made there is not made here again.

    report = check_inventory_plan(read_exports(folder), case)
    report.require()                                     # raises with every broken rule in words

What the check cannot see: whether demand points, costs per unit and the bound are right, whether a better
plan exists, and what the price of a limit or the gain of a transfer would be.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.checks.export_rules import export_rules
from helpers.inventory.checks.limit_rules import limit_rules, limit_tables
from helpers.inventory.checks.money_rules import money_rules, recomputed_objective
from helpers.inventory.checks.order_rules import order_rules
from helpers.inventory.checks.plan_exports import LAYOUT, as_laid_out
from helpers.inventory.checks.plan_tables import FOLLOWING, case_tables
from helpers.inventory.checks.stock_list_rules import stock_list_rules
from helpers.inventory.checks.stock_rules import stock_rules
from helpers.plan_check import PlanReport, PlanRule, PlanTables, Tables, check_plan


def check_inventory_plan(exports: Mapping[str, pd.DataFrame], case: Case) -> PlanReport:
    """Check an inventory plan by what it hands out.

    Parameters
    ----------
    exports
        Export to its rows, as data frames or as read back by `read_exports`; see `LAYOUT`. Numbers are as
        computed, not rounded.
    case
        The data that the plan was made from.

    Returns
    -------
    PlanReport
        Every broken rule; `require()` raises on any. An export or column that is not there is one.

    Examples
    --------
    >>> check_inventory_plan(read_exports(folder), case).require()     # doctest: +SKIP
    """
    return check_plan_tables(plan_tables(exports, case_tables(case)))


def plan_tables(exports: Mapping[str, pd.DataFrame], known: Mapping[str, pd.DataFrame]) -> PlanTables:
    """Return everything that the rules look at.

    Parameters
    ----------
    exports
        Export to its rows; those that are no part of the layout are left out.
    known
        As of `case_tables`.
    """
    typed = {name: as_laid_out(name, exports[name]) for name in LAYOUT if name in exports}
    return PlanTables({**typed, **known}, {**FOLLOWING, **limit_tables()})


def inventory_plan_rules() -> tuple[PlanRule, ...]:
    """Return all rules of an inventory plan, over the tables of `plan_tables`."""
    return (
        *export_rules(),
        *order_rules(),
        *limit_rules(),
        *stock_rules(),
        *money_rules(),
        *stock_list_rules(),
    )


def check_plan_tables(tables: Tables) -> PlanReport:
    """Check tables that were gathered before, as by `plan_tables`."""
    money = tables.get("plan_money", pd.DataFrame())
    status = str(money["status"].iloc[0]) if "status" in money and len(money) else "not stated"
    claimed = float(money["objective"].iloc[0]) if "objective" in money and len(money) else np.nan
    recomputed = recomputed_objective(tables)
    return check_plan(inventory_plan_rules(), tables, status=status, claimed=claimed, recomputed=recomputed)

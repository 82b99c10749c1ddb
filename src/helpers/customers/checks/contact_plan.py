"""The check of a finished contact plan: consent first, then caps, hold-out, limits and money.

Nothing here plans: no code of the selection is used, nor its table of consents, so that an error made there
is not made here again. A breach of consent is a broken rule like any other: `.require()` stops the page.

    check_contact_plan(check_tables(plan), case).require()

What the check cannot see: whether the bound is right, whether the expected worth is, and how many units of
its offer a contact sells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.checks.consent_rules import consent_rules
from helpers.customers.checks.contact_exports import LAYOUT, as_laid_out
from helpers.customers.checks.contact_tables import case_tables, money_of, open_pairs
from helpers.customers.checks.holdout_rules import holdout_rules
from helpers.customers.checks.limit_rules import limit_rules
from helpers.plan_check import PlanReport, PlanRule, PlanTables, Tables, check_plan


def check_contact_plan(
    tables: Mapping[str, pd.DataFrame], case: Case, until: dt.date | None = None
) -> PlanReport:
    """Check a contact plan by what it hands out.

    Parameters
    ----------
    tables
        Export to its rows, as data frames or as read back from CSV; see `LAYOUT`.
    case
        The data that the plan was made from.
    until
        Last day that the plan read; by default the last day of the data.

    Returns
    -------
    PlanReport
        Every broken rule; `require()` raises on any. An export or column that is not there is one.
    """
    known = check_over(tables, case, until)
    claimed, recomputed = _net(known)
    return check_plan(
        contact_plan_rules(), known, status=_status(known), claimed=claimed, recomputed=recomputed
    )


def check_over(tables: Mapping[str, pd.DataFrame], case: Case, until: dt.date | None = None) -> PlanTables:
    """Return everything that the rules look at: typed exports, tables of the case, open pairs."""
    last = until or case.as_of
    today = pd.DataFrame({"day": [pd.Timestamp(last)], "next": [pd.Timestamp(last + dt.timedelta(days=1))]})
    read = {name: as_laid_out(name, tables[name]) for name in LAYOUT if name in tables}
    return PlanTables({**read, **case_tables(case, last), "today": today}, {"open_pairs": open_pairs})


def contact_plan_rules() -> tuple[PlanRule, ...]:
    """Return all rules of a contact plan."""
    return (*consent_rules(), *holdout_rules(), *limit_rules())


def _net(tables: Tables) -> tuple[float, float]:
    """Return the net that is claimed, and that of the rows; both NaN where one cannot be had."""
    try:
        rows = tables["contact_list"]
        made = float(rows["value"].sum() - rows["cost"].sum())
        said = money_of(tables, "net")
    except KeyError:  # the rule of missing columns says so
        return np.nan, np.nan
    return (said, made) if np.isfinite(said) else (np.nan, np.nan)


def _status(tables: Tables) -> str:
    table = tables.get("plan_money", pd.DataFrame())
    if not {"name", "text"} <= set(table):
        return "not stated"
    said = table.loc[table["name"] == "status", "text"]
    return str(said.iloc[0]) if len(said) else "not stated"

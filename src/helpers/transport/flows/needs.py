"""What must be where by when: given needs made regular, or past sales as a simple stand-in."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.transport.flows.settings import FlowSettings

COLUMNS = ["product_id", "site_id", "week", "units"]


def first_monday(case: Case) -> dt.date:
    """Return the Monday on which the plan begins: the first one after the last day of the data."""
    return case.as_of + dt.timedelta(days=7 - case.as_of.weekday())


def read_needs(
    case: Case, settings: FlowSettings, needs: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return product_id, site_id, week (0 … T − 1), units above 0, each key once, and notes.

    Raises
    ------
    ParameterError
        The needs lack a column, name unknown products or sites, lie before the plan or are below 0; all
        findings at once.
    """
    if needs is None:
        found = _past_sales(case, settings)
        note = (
            f"Needs: mean sales of the last {settings.history_weeks} weeks stand in for a plan of needs; "
            "they know no season and no promotion."
        )
        return found, (note,)
    lacking = [name for name in COLUMNS if name not in needs.columns]
    if lacking:
        raise ParameterError(f"needs: there is no column {', '.join(map(repr, lacking))}. Add it.")
    table = needs[COLUMNS].assign(week=_week_numbers(needs["week"], first_monday(case)))
    _refuse_wrong(case, table)
    late = table["week"] >= settings.weeks
    notes = (f"{int(late.sum())} needs after the last week of the plan are left out.",) if late.any() else ()
    return _summed(table[~late]), notes


def _summed(table: pd.DataFrame) -> pd.DataFrame:
    sums = table.groupby(["product_id", "site_id", "week"], as_index=False)[["units"]].sum()
    return sums[sums["units"] > 0].reset_index(drop=True)


def _week_numbers(week: pd.Series, monday: dt.date) -> pd.Series:
    """Return weeks counted from 0; given as days of the week, or as numbers from 1."""
    if pd.api.types.is_numeric_dtype(week):
        return (week - 1).astype("int64")
    days = (pd.to_datetime(week).to_numpy("datetime64[D]") - np.datetime64(monday)).astype("int64")
    return pd.Series(days // 7, index=week.index)


def _refuse_wrong(case: Case, table: pd.DataFrame) -> None:
    units = table["units"].astype("float64")
    wrong: dict[str, pd.Series] = {
        "units are not a finite number of 0 or more": ~units.between(0, np.finfo(np.float64).max),
        "the week is before the plan": table["week"] < 0,
        "the product is unknown": ~table["product_id"].isin(case.table("products")["product_id"]),
        "the site is unknown": ~table["site_id"].isin(case.table("sites")["site_id"]),
    }
    findings = [
        f"{what} in {int(rows.sum())} rows (first: {table[rows].iloc[0].to_dict()})"
        for what, rows in wrong.items()
        if rows.any()
    ]
    if findings:
        raise ParameterError(f"needs: {'; '.join(findings)}. Correct or leave out these rows.")


def _past_sales(case: Case, settings: FlowSettings) -> pd.DataFrame:
    """Return the mean weekly sales of each product at each site, in whole units that keep the sum."""
    end = first_monday(case)
    rate = case.query(
        """
        SELECT product_id, site_id, sum(quantity) / ? AS rate
        FROM orders
        WHERE status <> 'cancelled' AND quantity > 0 AND order_date >= ? AND order_date < ?
        GROUP BY ALL ORDER BY ALL
        """,
        [settings.history_weeks, end - dt.timedelta(weeks=settings.history_weeks), end],
    )
    table = rate.merge(pd.DataFrame({"week": range(settings.weeks)}), how="cross")
    until = np.floor(table["rate"] * (table["week"] + 1) + 0.5)
    before = np.floor(table["rate"] * table["week"] + 0.5)
    return _summed(table.assign(units=until - before))

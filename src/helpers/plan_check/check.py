"""Check a finished plan against its rules, from its exported tables alone.

A rule is a small function over tables that returns the rows that break it, with the column `by`
(how far over). The check knows no model and shares no code with one: what a model got wrong, it
would get wrong again.

    def within_storage(tables):
        used = tables["stock"].groupby(["site_id", "week"], as_index=False)["volume"].sum()
        return excess(used.merge(tables["sites"], on="site_id"), "volume", "storage_capacity")

    check_plan([PlanRule("storage capacity", within_storage, unit="m³")], tables).require()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import PlanCheckError

type Tables = Mapping[str, pd.DataFrame]

READABLE = ("optimal", "within the gap asked", "stopped early, with a plan")
_SHOWN = 5


@dataclass(frozen=True)
class PlanRule:
    """A rule that a plan must keep.

    Parameters
    ----------
    name
        The rule as the planner says it.
    broken
        Returns the rows of the tables that break it: key columns and `by`, above 0 or NaN.
    unit
        Unit of `by`.
    """

    name: str
    broken: Callable[[Tables], pd.DataFrame]
    unit: str = ""


@dataclass(frozen=True, eq=False)
class PlanReport:
    """What a check found.

    Parameters
    ----------
    findings
        rule, where (the key in words), by, unit; the worst first within each rule.
    checked
        Names of all rules that were checked, kept or broken.
    status_problem
        What is wrong with the status of the plan; empty where nothing is.
    """

    findings: pd.DataFrame
    checked: tuple[str, ...]
    status_problem: str

    @property
    def passed(self) -> bool:
        """Whether the plan may be used."""
        return not self.status_problem and self.findings.empty

    @property
    def sentence(self) -> str:
        """The outcome in one sentence per broken rule."""
        said = [self.status_problem] if self.status_problem else []
        for name, rows in self.findings.groupby("rule", sort=False):
            first = rows.iloc[0]
            amount = f"by {first['by']:,.6g} {first['unit']}".rstrip()
            amount = amount if np.isfinite(first["by"]) else "no number"
            said.append(f"{name}: {len(rows)} broken (worst: {first['where']}, {amount}).")
        return " ".join(said) or f"The plan keeps all {len(self.checked)} rules."

    def require(self) -> None:
        """Raise where the plan may not be used.

        Raises
        ------
        PlanCheckError
            With the status and every broken rule.
        """
        if not self.passed:
            raise PlanCheckError(f"{self.sentence} Do not use this plan; correct the model or the data.")


def check_plan(
    rules: Iterable[PlanRule],
    tables: Tables,
    *,
    status: str,
    claimed: float = np.nan,
    recomputed: float = np.nan,
    tolerance: float = 1e-6,
) -> PlanReport:
    """Check a plan and report every broken rule.

    Parameters
    ----------
    rules
        The rules; a rule that cannot be evaluated counts as broken.
    tables
        Exported tables and the data they rest on, by name.
    status
        Status of the solve, in the words of the export.
    claimed, recomputed
        Objective that the plan claims and that its tables give, money; NaN: not compared.
    tolerance
        Relative difference allowed between both.

    Returns
    -------
    PlanReport
        All findings; `require()` raises on any.

    Examples
    --------
    >>> orders = pd.DataFrame({"product_id": ["P1", "P2"], "units": [12, 7], "pack": [6, 6]})
    >>> packs = PlanRule("whole packs", lambda t: remainder(t["orders"], "units", "pack"), unit="units")
    >>> print(check_plan([packs], {"orders": orders}, status="optimal").sentence)
    whole packs: 1 broken (worst: product_id P2, units 7, pack 6, by 1 units).
    """
    rules = tuple(rules)
    found = [_check_rule(rule, tables) for rule in rules]
    found.append(_check_claim(claimed, recomputed, tolerance))
    filled = [table for table in found if len(table)]
    findings = pd.concat(filled, ignore_index=True) if filled else _findings([], [], "", "")
    problem = "" if status in READABLE else f"The status is '{status}': there is no plan to use."
    return PlanReport(findings, tuple(rule.name for rule in rules), problem)


def excess(table: pd.DataFrame, value: str, limit: str, *, tolerance: float = 1e-6) -> pd.DataFrame:
    """Return the rows whose `value` is above their `limit`, with `by`; a missing number breaks it too.

    >>> used = pd.DataFrame({"site_id": ["A", "B"], "used": [90.0, 120.0], "room": [100.0, 100.0]})
    >>> excess(used, "used", "room")["by"].tolist()
    [20.0]
    """
    over = table[value] - table[limit]
    room = tolerance * np.maximum(1.0, table[limit].abs())
    return _rows_with(table, ~(over <= room), over)


def shortfall(table: pd.DataFrame, value: str, limit: str, *, tolerance: float = 1e-6) -> pd.DataFrame:
    """Return the rows whose `value` is below their `limit`, with `by`; a missing number breaks it too."""
    return excess(table, limit, value, tolerance=tolerance)


def remainder(table: pd.DataFrame, value: str, multiple: str, *, tolerance: float = 1e-6) -> pd.DataFrame:
    """Return the rows whose `value` is no multiple of `multiple`, with `by` as what is over."""
    rest = table[value] - table[multiple] * np.round(table[value] / table[multiple])
    return _rows_with(table, ~(rest.abs() <= tolerance * np.maximum(1.0, table[value].abs())), rest.abs())


def difference(table: pd.DataFrame, value: str, other: str, *, tolerance: float = 1e-6) -> pd.DataFrame:
    """Return the rows whose two values are not equal, with `by`; a missing number breaks it too."""
    apart = (table[value] - table[other]).abs()
    return _rows_with(table, ~(apart <= tolerance * np.maximum(1.0, table[other].abs())), apart)


def _rows_with(table: pd.DataFrame, broken: pd.Series[bool], by: pd.Series[Any]) -> pd.DataFrame:
    """Choose first and add `by` then: tables are large, what is broken is little."""
    return table[broken].assign(by=by[broken])


def _check_rule(rule: PlanRule, tables: Tables) -> pd.DataFrame:
    """Return the findings of one rule; any failure of its function is one."""
    try:
        broken = rule.broken(tables)
        if broken.empty:
            return broken
        by = broken["by"].astype(float)
    except Exception as error:  # whatever it is, a rule that cannot be checked is a broken one
        return _findings(
            [f"could not be checked: {type(error).__name__} {error}"], [np.nan], rule.name, rule.unit
        )
    order = np.lexsort((np.arange(len(by)), -by.abs().fillna(np.inf).to_numpy()))
    worst = broken.iloc[order]
    where = [_say_row(row) for row in worst.drop(columns="by").head(_SHOWN).to_dict("records")]
    where += [f"row {label}" for label in worst.index[_SHOWN:]]
    return _findings(where, by.iloc[order].tolist(), rule.name, rule.unit)


def _check_claim(claimed: float, recomputed: float, tolerance: float) -> pd.DataFrame:
    apart = abs(claimed - recomputed)
    if (np.isnan(claimed) and np.isnan(recomputed)) or apart <= tolerance * max(1.0, abs(claimed)):
        return _findings([], [], "", "")
    where = f"claimed {claimed:,.6g}, its tables give {recomputed:,.6g}"
    return _findings([where], [apart], "money as claimed", "money")


def _findings(where: list[str], by: list[float], rule: str, unit: str) -> pd.DataFrame:
    return pd.DataFrame({"rule": rule, "where": where, "by": np.array(by, dtype=np.float64), "unit": unit})


def _say_row(row: Mapping[Any, object]) -> str:
    """Return a row in words; a day without its midnight."""
    return ", ".join(f"{name} {str(value).removesuffix(' 00:00:00')}" for name, value in row.items())

"""What one more unit of a limit is worth, in money.

    price = −∂objective ÷ ∂limit  when minimising,   +∂objective ÷ ∂limit  when maximising

A price is what the plan gains when the number of the limit rises by one: never below 0 for an upper
limit ("one more m³ is worth 14"), never above 0 for a lower one ("one more unit promised costs 3").

A linear model has its prices from the duals. A model with integers has none: its integers are fixed
at the plan and the linear rest is solved again, so the price says what a unit is worth as long as
those decisions stand. Where several prices are right (a degenerate plan), one unit more is worth
less than the last unit; `confirm=True` solves again with both and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.solver.flat import FlatModel, Floats, Integers
from helpers.solver.limits import Rule
from helpers.solver.solution import Solution
from helpers.solver.solving import run_flat
from helpers.solver.what_if import WhatIf

_CLOSE = 1e-6
_AGREE = 1e-4


@dataclass(frozen=True, eq=False)
class _Duals:
    """∂objective ÷ ∂limit per row, the limits between which it holds, and where it comes from."""

    rows: Floats
    low: Floats
    high: Floats
    method: str


def prices(
    solution: Solution,
    rules: Sequence[Rule | str] | None = None,
    *,
    confirm: bool = False,
    step: float = 1.0,
    most: int = 20,
) -> pd.DataFrame:
    """Return the price of every limit, dearest first.

    Parameters
    ----------
    solution
        A plan.
    rules
        Rules to price; all without.
    confirm
        Solve again with one step more and one step less for the `most` dearest binding limits. A
        model with integers is then solved with its integers free.
    step
        Units of a step.
    most
        Limits that are confirmed, dearest first; binding limits without a price come last.

    Returns
    -------
    DataFrame
        rule, key, kind, limit, unit, activity, binding, price (money per unit of the limit),
        holds_from, holds_to (limits between which the price holds), method; with `confirm` also
        one_more and last_one (money per unit gained by a step more, lost by a step less; NaN where
        that leaves no plan).

    Raises
    ------
    SolverError
        If there is no plan, or the model was changed since the solve.

    Examples
    --------
    >>> from helpers.solver import Model, at_most, prices, solve
    >>> model = Model("shelf", maximise=True)
    >>> sell = model.add_variables("sell", None, upper=100.0)
    >>> _ = model.add_rows("space", None, sell * 2.0, at_most(60.0, unit="m³"))
    >>> model.add_objective("margin", sell * 28.0)
    >>> table = prices(solve(model, time_limit=10, gap=0))
    >>> float(table["price"].iloc[0]), float(table["holds_to"].iloc[0])
    (14.0, 200.0)
    """
    solution.require_unchanged()
    wanted = [solution.model.rule(rule) for rule in (solution.model.rules if rules is None else rules)]
    duals = _fixed_duals(solution) if solution.model.flat.has_integers else _own_duals(solution)
    sign = 1.0 if solution.model.maximise else -1.0
    tables = [_price_rule(solution, rule, duals, sign) for rule in wanted]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_COLUMNS)
    order = np.lexsort((~table["binding"].to_numpy(dtype=np.bool_), -table["price"].abs()))
    table = table.iloc[order].reset_index(drop=True)
    if confirm:
        table = _confirmed(solution, table, step, most)
    return table.drop(columns="row")


_COLUMNS = [
    *("rule", "key", "kind", "limit", "unit", "activity", "binding"),
    *("price", "holds_from", "holds_to", "method", "row"),
]


def _price_rule(solution: Solution, rule: Rule, duals: _Duals, sign: float) -> pd.DataFrame:
    activity = solution.activity(rule)
    binding = np.abs(activity - rule.limit) <= _CLOSE * np.maximum(1.0, np.abs(rule.limit))
    price = np.where(binding, sign * duals.rows[rule.part], 0.0) + 0.0
    loose_low = activity if rule.kind == "at most" else np.full(len(rule), -np.inf)
    loose_high = activity if rule.kind == "at least" else np.full(len(rule), np.inf)
    return pd.DataFrame(
        {
            "rule": rule.name,
            "key": rule.table.texts,
            "kind": rule.kind,
            "limit": rule.limit,
            "unit": rule.unit,
            "activity": activity,
            "binding": binding,
            "price": np.where(np.abs(price) < 1e-9, 0.0, price),
            "holds_from": np.where(binding, duals.low[rule.part], loose_low),
            "holds_to": np.where(binding, duals.high[rule.part], loose_high),
            "method": duals.method,
            "row": np.arange(len(rule)),
        }
    )


def _own_duals(solution: Solution) -> _Duals:
    row_duals = solution.require().row_duals
    if row_duals is None:
        raise SolverError(f"{solution.sentence} There are no prices before the plan is proven.")
    kept, flat = solution.kept, solution.model.flat
    highs = kept.highs if kept and kept.flat is flat else run_flat(flat, solution.options).highs
    return _ranged(row_duals, highs, "dual")


def _fixed_duals(solution: Solution) -> _Duals:
    """Solve again with the integers fixed; as they came where rounding them leaves no plan."""
    flat, found = solution.model.flat, solution.require()
    for values in (np.round(found.columns), found.columns):
        run = run_flat(fix_integers(flat, values), replace(solution.options, more={}))
        if run.found is not None and run.found.row_duals is not None:
            return _ranged(run.found.row_duals, run.highs, "dual, integers fixed")
    raise SolverError(f"{solution.model.name}: with its integers fixed the plan could not be solved again.")


def fix_integers(flat: FlatModel, values: Floats) -> FlatModel:
    """Return the linear model in which every integer stands at its value."""
    return replace(
        flat,
        lower=np.where(flat.integer, values, flat.lower),
        upper=np.where(flat.integer, values, flat.upper),
        integer=np.zeros_like(flat.integer),
    )


def _ranged(row_duals: Floats, highs: Any, method: str) -> _Duals:
    """Add the limits between which the duals hold; NaN where HiGHS does not know them."""
    if highs.getModelStatus().name != "kOptimal":
        highs.run()
    ranging = highs.getRanging()[1]
    if not ranging.valid:
        unknown = np.full(len(row_duals), np.nan)
        return _Duals(row_duals, unknown, unknown, method)
    low = np.array(ranging.row_bound_dn.value_, dtype=np.float64)
    high = np.array(ranging.row_bound_up.value_, dtype=np.float64)
    return _Duals(row_duals, low, high, method)


def _confirmed(solution: Solution, table: pd.DataFrame, step: float, most: int) -> pd.DataFrame:
    """Add what one step more brings and one step less takes, for the dearest binding limits."""
    chosen = np.flatnonzero(table["binding"].to_numpy(dtype=np.bool_))[:most]
    gains = np.full((len(table), 2), np.nan)
    methods = table["method"].tolist()
    for i in chosen.tolist():
        rule = solution.model.rule(str(table["rule"].iloc[i]))
        gains[i] = _both_sides(solution, rule, np.array([table["row"].iloc[i]]), step)
        methods[i] = _say_method(solution, methods[i], float(table["price"].iloc[i]), gains[i])
    return table.assign(one_more=gains[:, 0], last_one=gains[:, 1], method=methods)


def _both_sides(solution: Solution, rule: Rule, row: Integers, step: float) -> tuple[float, float]:
    sign = 1.0 if solution.model.maximise else -1.0
    moved = []
    for change in (step, -step):
        with WhatIf(solution) as trial:
            other = trial.move_rows(rule, row, rule.limit[row] + change)
        gain = other.objective - solution.objective if other.has_solution else np.nan
        moved.append(sign * gain / change + 0.0)
    return moved[0], moved[1]


def _say_method(solution: Solution, method: str, price: float, gains: Floats) -> str:
    if solution.model.flat.has_integers:
        return f"{method}; solved again with integers free"
    known = gains[np.isfinite(gains)]
    agrees = np.abs(known - price) <= _AGREE * max(1.0, abs(price))
    if agrees.all():
        return f"{method}, confirmed"
    return f"{method}, one side only: see one_more and last_one"

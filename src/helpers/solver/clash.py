"""Why there is no plan, in the planner's words.

Limits that clash: every rule that may give way gets a priced excess e ≥ 0,

    minimise Σ relax_cost · e    subject to    A x − e ≤ limit  (upper),   A x + e ≥ limit  (lower),

and the cheapest e says which limits give way and by how much. The rows with a dual in that model
are what they clash with. Rules without a price hold; only where that leaves nothing do they give way
too, and the answer says so. Where no rule has a price, all give way, relative to their size.

A plan without end: a direction d with A d ≤ 0 in every limit and better money, |d| ≤ 1, names the
variables that run away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.solver.expression import Numbers, aligned
from helpers.solver.flat import FlatModel, Floats, Integers, compress_rows
from helpers.solver.limits import Rule, say_number
from helpers.solver.model import Model
from helpers.solver.options import SolveOptions
from helpers.solver.pricing import fix_integers
from helpers.solver.solving import Run, run_flat
from helpers.solver.verdict import Status

_TINY = 1e-6
_IIS_STRATEGY = 6  # irreducible, from the linear relaxation
_RELAX_COLUMNS = ("rule", "key", "kind", "limit", "to", "by", "unit", "cost", "words")
_AGAINST_COLUMNS = ("rule", "key", "kind", "limit", "unit", "words")


@dataclass(frozen=True, eq=False)
class Clash:
    """Why a model has no plan.

    Parameters
    ----------
    kind
        `infeasible`, `unbounded` or `feasible`.
    relaxations
        Cheapest way out: rule, key, kind, limit, to (the limit that would do), by (how much it
        gives way, unit of the limit), unit, cost (money; NaN where no rule has a price), words.
    against
        Other limits and bounds that take part: rule, key, kind, limit, unit, words.
    cost
        Money of the cheapest way out; NaN where no rule has a price or none was found.
    is_proven
        Whether that way is proven the cheapest.
    sentences
        The answer in words, one sentence per finding.
    """

    kind: str
    relaxations: pd.DataFrame
    against: pd.DataFrame
    cost: float
    is_proven: bool
    sentences: tuple[str, ...]


def explain_infeasibility(
    model: Model,
    *,
    relax: Mapping[str, Numbers] | None = None,
    time_limit: float = 30.0,
    seed: int = 0,
) -> Clash:
    """Say which limits clash, by how much, and the cheapest way out; or what runs away.

    Parameters
    ----------
    model
        The model without a plan.
    relax
        Money per unit of giving way, by rule; replaces the rules' own `relax_cost`. Rules that are
        not named then hold.
    time_limit
        Seconds of each solve (there are at most five).
    seed
        Seed of the solver.

    Raises
    ------
    SolverError
        If nothing could be found out within the time.

    Examples
    --------
    >>> from helpers.solver import Model, at_least, at_most, explain_infeasibility
    >>> model = Model("week 3")
    >>> buy = model.add_variables("buy", None, upper=1000.0)
    >>> _ = model.add_rows("storage", None, buy, at_most(80.0, unit="m³", relax_cost=2.0))
    >>> _ = model.add_rows("promised", None, buy, at_least(100.0, unit="units", relax_cost=9.0))
    >>> print(explain_infeasibility(model).sentences[0])
    storage: at most 80 m³ would have to give way by 20 m³, to 100 (cost 40).
    """
    options = SolveOptions(time_limit=time_limit, gap=0.0, seed=seed)
    named = relax or {r.name: r.relax_cost for r in model.rules.values() if r.relax_cost is not None}
    costs = _relax_costs(model, named)
    is_priced = bool(np.isfinite(costs).any())
    run, stiff = None, False
    if is_priced:
        run = run_flat(elastic(model.flat, costs), options)
        stiff = run.verdict.status is Status.INFEASIBLE
    if run is None or stiff:
        costs = _all_costs(model, costs)
        run = run_flat(elastic(model.flat, costs), options)
    if run.found is None:
        return _by_conflict(model, options)
    if run.verdict.objective <= _TINY * np.nanmin(costs, initial=1.0):
        return _runaway(model, options)
    return _clash(model, costs, run, options, is_priced=is_priced and not stiff, is_stiff=stiff)


def _relax_costs(model: Model, named: Mapping[str, Numbers | None]) -> Floats:
    """Return the price of giving way per row; NaN where the row holds."""
    costs = np.full(len(model.flat.row_lower), np.nan)
    for name, cost in named.items():
        rule = model.rule(name)
        if cost is not None:
            costs[rule.part] = aligned(cost, rule.table, f"relax cost of '{name}'")
    if (costs <= 0).any():
        raise SolverError(f"{model.name}: the cost of giving way must be above 0.")
    return costs


def _all_costs(model: Model, costs: Floats) -> Floats:
    """Let rows without a price give way too: relative to their size, and after those with one."""
    flat = model.flat
    limit = np.where(np.isfinite(flat.row_upper), flat.row_upper, flat.row_lower)
    last = 1000.0 * float(np.nanmax(costs, initial=1e-3))
    return np.where(np.isnan(costs), last / np.maximum(np.abs(limit), 1.0), costs)


def elastic(flat: FlatModel, costs: Floats) -> FlatModel:
    """Return the model whose only money is that of limits that give way; NaN costs hold.

    Its first columns are those of `flat`; then one excess per upper limit and one shortfall per
    lower limit that may give way (see `elastic_columns`).
    """
    rows, signs = elastic_columns(flat, costs)
    n, extra = len(flat.cost), len(rows)
    starts, columns, coefficients = compress_rows(
        np.concatenate([flat.row_of, rows]),
        np.concatenate([flat.columns, n + np.arange(extra)]),
        np.concatenate([flat.coefficients, signs]),
        (len(flat.row_lower), n + extra),
    )
    return FlatModel(
        cost=np.concatenate([np.zeros(n), costs[rows]]),
        lower=np.concatenate([flat.lower, np.zeros(extra)]),
        upper=np.concatenate([flat.upper, np.full(extra, np.inf)]),
        integer=np.concatenate([flat.integer, np.zeros(extra, dtype=np.bool_)]),
        row_lower=flat.row_lower,
        row_upper=flat.row_upper,
        starts=starts,
        columns=columns,
        coefficients=coefficients,
    )


def elastic_columns(flat: FlatModel, costs: Floats) -> tuple[Integers, Floats]:
    """Return row and sign of each column by which a limit may give way."""
    may = np.isfinite(costs)
    over = np.flatnonzero(may & np.isfinite(flat.row_upper))
    under = np.flatnonzero(may & np.isfinite(flat.row_lower))
    signs = np.concatenate([np.full(len(over), -1.0), np.ones(len(under))])
    return np.concatenate([over, under]), signs


def _clash(
    model: Model, costs: Floats, run: Run, options: SolveOptions, *, is_priced: bool, is_stiff: bool
) -> Clash:
    assert run.found is not None  # noqa: S101 (the caller looked)
    rows, signs = elastic_columns(model.flat, costs)
    amounts = run.found.columns[len(model.flat.cost) :]
    limit = np.where(np.isfinite(model.flat.row_upper), model.flat.row_upper, model.flat.row_lower)
    gives = amounts > _TINY * np.maximum(1.0, np.abs(limit[rows]))
    has_price = np.array([rule.relax_cost is not None for rule in model.rules.values()])
    relaxations = _relax_table(model, rows[gives], -signs[gives] * amounts[gives], costs, is_priced)
    against = _against(model, run, costs, options, set(rows[gives].tolist()))
    money = float(costs[rows] @ amounts) if is_priced else np.nan
    proven = run.verdict.status is Status.OPTIMAL
    sentences = _say_clash(relaxations, against, proven=proven, is_stiff=is_stiff and bool(has_price.any()))
    return Clash("infeasible", relaxations, against, money, proven, sentences)


def _relax_table(model: Model, rows: Integers, moves: Floats, costs: Floats, is_priced: bool) -> pd.DataFrame:
    found = []
    for row, move in zip(rows.tolist(), moves.tolist(), strict=True):
        rule, i = _locate(model, row)
        cost = abs(move) * costs[row] if is_priced else np.nan
        to = rule.limit[i] + move
        words = f"{rule.say(i)} would have to give way by {_amount(abs(move), rule)}, to {say_number(to)}"
        words += f" (cost {say_number(cost)})." if is_priced else "."
        limit = rule.limit[i]
        found.append((rule.name, rule.table.text(i), rule.kind, limit, to, abs(move), rule.unit, cost, words))
    table = pd.DataFrame(found, columns=list(_RELAX_COLUMNS))
    return table.sort_values("cost", ascending=False, kind="stable", ignore_index=True)


def _against(model: Model, run: Run, costs: Floats, options: SolveOptions, giving: set[int]) -> pd.DataFrame:
    """Return the rows and bounds with a dual in the elastic model that do not give way themselves."""
    assert run.found is not None  # noqa: S101 (the caller looked)
    flat, found = elastic(model.flat, costs), run.found
    if flat.has_integers:
        fixed = fix_integers(flat, np.round(found.columns))
        found = run_flat(fixed, options).found or found
    if found.row_duals is None or found.column_duals is None:
        return pd.DataFrame(columns=list(_AGAINST_COLUMNS))
    smallest = _TINY * float(np.nanmin(costs))
    rows = [row for row in np.flatnonzero(np.abs(found.row_duals) > smallest).tolist() if row not in giving]
    duals = found.column_duals[: len(model.flat.cost)]
    at_upper = np.flatnonzero((duals < -smallest) & np.isfinite(model.flat.upper))
    at_lower = np.flatnonzero((duals > smallest) & (model.flat.lower != 0) & np.isfinite(model.flat.lower))
    return _conflict_table(model, rows, at_lower.tolist(), at_upper.tolist())


def _conflict_table(model: Model, rows: list[int], at_lower: list[int], at_upper: list[int]) -> pd.DataFrame:
    found: list[tuple[Any, ...]] = []
    for row in rows:
        rule, i = _locate(model, row)
        found.append((rule.name, rule.table.text(i), rule.kind, rule.limit[i], rule.unit, rule.say(i)))
    bounds = (("at least", at_lower, model.flat.lower), ("at most", at_upper, model.flat.upper))
    for kind, columns, values in bounds:
        for column in columns:
            name, key = _name_column(model, column)
            words = f"{name}{f' ({key})' if key else ''}: {kind} {say_number(values[column])}"
            found.append((f"bound of {name}", key, kind, values[column], "", words))
    return pd.DataFrame(found, columns=list(_AGAINST_COLUMNS))


def _say_clash(
    relaxations: pd.DataFrame, against: pd.DataFrame, *, proven: bool, is_stiff: bool
) -> tuple[str, ...]:
    said = [*relaxations["words"].head(_SAID)]
    if len(relaxations) > _SAID:
        said.append(f"{len(relaxations) - _SAID} more limits would have to give way.")
    if len(against):
        counts = against.groupby("rule", sort=False).size()
        named = [f"{against.loc[against['rule'] == name, 'words'].iloc[0]}" for name in counts.index]
        more = [f" and {count - 1} more" if count > 1 else "" for count in counts]
        clash = "; ".join(f"{words}{rest}" for words, rest in zip(named, more, strict=True))
        said.append(f"They clash with: {clash}.")
    if is_stiff:
        said.append("The limits that may give way are not enough: others would have to as well.")
    if not proven:
        said.append("A cheaper way out may exist: the time limit came first.")
    return tuple(said)


_SAID = 10


def _runaway(model: Model, options: SolveOptions) -> Clash:
    """Name the variables that run away, or say that nothing is wrong."""
    run = run_flat(recession(model.flat), options)
    nothing = pd.DataFrame(columns=list(_RELAX_COLUMNS)), pd.DataFrame(columns=list(_AGAINST_COLUMNS))
    smallest = 0.1 * _TINY * float(np.abs(model.flat.cost).max(initial=0.0))
    if run.found is None or abs(run.verdict.objective) <= smallest:
        return Clash("feasible", *nothing, 0.0, True, (f"{model.name}: the limits do not clash.",))
    away = np.flatnonzero(np.abs(run.found.columns) > _TINY)
    names: dict[str, list[str]] = {}
    for column in away.tolist():
        name, key = _name_column(model, column)
        names.setdefault(name, []).append(key)
    said = [
        f"Nothing limits {name}{f' ({keys[0]})' if keys[0] else ''}"
        f"{f' and {len(keys) - 1} more' if len(keys) > 1 else ''}: "
        f"the money {'grows' if model.maximise else 'falls'} without end."
        for name, keys in names.items()
    ]
    return Clash("unbounded", *nothing, np.nan, True, tuple(said))


def recession(flat: FlatModel) -> FlatModel:
    """Return the model of the directions in which a plan may go without end, each |d| ≤ 1."""
    return replace(
        flat,
        offset=0.0,
        integer=np.zeros_like(flat.integer),
        lower=np.where(np.isfinite(flat.lower), 0.0, -1.0),
        upper=np.where(np.isfinite(flat.upper), 0.0, 1.0),
        row_lower=np.where(np.isfinite(flat.row_lower), 0.0, -np.inf),
        row_upper=np.where(np.isfinite(flat.row_upper), 0.0, np.inf),
    )


def _by_conflict(model: Model, options: SolveOptions) -> Clash:
    """Name a small set of limits that clash, where the cheapest way out could not be found in time."""
    rows = conflicting_rows(model.flat, options.time_limit)
    if not rows:
        limit = f"{options.time_limit:g} s"
        raise SolverError(f"{model.name}: why there is no plan was not found out in {limit}. Allow more.")
    against = _conflict_table(model, rows, [], [])
    sentence = f"These limits clash: {'; '.join(against['words'].head(_SAID))}."
    relaxations = pd.DataFrame(columns=list(_RELAX_COLUMNS))
    return Clash("infeasible", relaxations, against, np.nan, False, (sentence,))


def conflicting_rows(flat: FlatModel, time_limit: float) -> list[int]:
    """Return rows that clash (an irreducible set of HiGHS, strategy 6); none if not found in time."""
    from helpers.solver.handover import new_highs, pass_model

    highs = new_highs()
    pass_model(highs, flat)
    highs.setOptionValue("time_limit", time_limit)
    highs.setOptionValue("iis_strategy", _IIS_STRATEGY)
    highs.setOptionValue("iis_time_limit", time_limit)
    highs.run()
    return sorted(int(row) for row in highs.getIis()[1].row_index_)


def _locate(model: Model, row: int) -> tuple[Rule, int]:
    rule = next(rule for rule in model.rules.values() if rule.start <= row < rule.start + len(rule))
    return rule, row - rule.start


def _name_column(model: Model, column: int) -> tuple[str, str]:
    block = next(b for b in model.blocks.values() if b.start <= column < b.start + len(b))
    return block.name, block.table.text(column - block.start)


def _amount(value: float, rule: Rule) -> str:
    return f"{say_number(value)} {rule.unit}".rstrip()

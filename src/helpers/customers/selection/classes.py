"""Customers with the same nets as one class, and the linear or whole-number model over classes.

    maximise    Σ_gk n_gk y_gk
    subject to  Σ_k a_rk Σ_g y_gk ≤ b_r,   Σ_k y_gk ≤ m s_g,   0 ≤ y_gk ≤ s_g

with s_g customers in class g. Customers that are worth the same differ in nothing that the selection knows,
so a tie at the cut is a number within a class. Its y_gk are dealt to the members around a circle: each gets
an offer at most once and at most m of them, because y_gk ≤ s_g and Σ_k y_gk ≤ m s_g (McNaughton's rule).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.selection.program import Flags, Floats, Integers
from helpers.solver import Model, Solution, at_most, solve, triples


@dataclass(frozen=True, eq=False)
class Classes:
    """Customers by what they are worth.

    Parameters
    ----------
    net
        (g, k) in units of the scale, −inf where closed.
    size
        s (g,): customers per class.
    members
        Customers, class by class.
    """

    net: Floats
    size: Integers
    members: Integers

    @property
    def pairs(self) -> tuple[Integers, Integers]:
        """Class and offer of each open pair."""
        found = np.nonzero(self.net > 0)
        return found[0].astype(np.int64), found[1].astype(np.int64)


def group_classes(net: NDArray[np.floating], seed: int = 0) -> Classes:
    """Group the columns of `net` (k, customers) that are equal; members in a seeded order."""
    rows = np.ascontiguousarray(net.T)
    first, group = _equal_rows(rows)
    size = np.bincount(group, minlength=len(first)).astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(rows))
    members = order[np.argsort(group[order], kind="stable")]
    return Classes(rows[first].astype(np.float64), size, members)


def _equal_rows(rows: NDArray[np.floating]) -> tuple[Integers, Integers]:
    """Return the first row of each class and the class of each row: by a hash, which is verified."""
    bits = rows.view(np.uint32 if rows.dtype == np.float32 else np.uint64).astype(np.uint64)
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for column in bits.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    _, first, group = np.unique(mixed, return_index=True, return_inverse=True)
    if not np.array_equal(rows[first[group]], rows):
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), group.ravel().astype(np.int64)


@dataclass(frozen=True, eq=False)
class ClassPlan:
    """A solved model over classes: y per pair, objective, bound, prices of the rows; status in words."""

    counts: Integers
    objective: float
    bound: float
    row_prices: Floats
    status: str


def solve_classes(  # noqa: PLR0913  (the model and the options of the solver)
    classes: Classes,
    use: Floats,
    limit: Floats,
    most: int,
    *,
    whole: bool,
    gap: float,
    time_limit: float,
    constant: float = 0.0,
    seed: int = 0,
    nodes: int = 2_000,
) -> ClassPlan | None:
    """Solve the selection over classes; None where no plan was found in time.

    Parameters
    ----------
    classes
        Who takes part.
    use, limit
        a (r, k) and b (r,) of the finite rows, in units of one size.
    most
        m.
    whole
        Whether contacts are whole; otherwise the linear relaxation is solved, and gives the prices.
    gap, time_limit, seed
        Of the solver.
    constant
        What is chosen already, so that the gap is that of the whole plan.
    nodes
        Nodes after which a search for whole numbers ends; unlike seconds they are the same in every run.
    """
    if not len(classes.pairs[0]):
        return ClassPlan(np.zeros(0, np.int64), constant, constant, np.zeros(len(limit)), "optimal")
    model = _class_model(classes, use, limit, most, whole=whole)
    model.add_objective("chosen already", model.block("contacts") * 0.0, constant)
    more = {"mip_max_nodes": nodes} if whole else None
    solution = solve(model, time_limit=time_limit, gap=gap, seed=seed, more=more)
    if not solution.has_solution:
        return None
    counts = np.round(solution.values("contacts")).astype(np.int64) if whole else np.zeros(0, np.int64)
    prices = np.zeros(len(limit)) if whole else _row_prices(solution, len(limit))
    return ClassPlan(counts, solution.objective, solution.bound, prices, str(solution.status))


def _class_model(classes: Classes, use: Floats, limit: Floats, most: int, *, whole: bool) -> Model:
    """Build the model: contacts per class and offer, a row per class where it can bind, the shared rows."""
    group, offer = classes.pairs
    model = Model("contact selection", maximise=True)
    keys = pd.DataFrame({"class": group, "offer": offer})
    contacts = model.add_variables("contacts", keys, upper=classes.size[group].astype(float), integer=whole)
    options = np.bincount(group, minlength=len(classes.size))
    crowded = np.flatnonzero(options > most)
    if len(crowded):
        place = np.full(len(classes.size), -1, dtype=np.int64)
        place[crowded] = np.arange(len(crowded))
        bound = place[group] >= 0
        per_customer = triples(place[group[bound]], contacts.ids[bound], 1.0)
        most_of = at_most(most * classes.size[crowded].astype(float))
        model.add_rows("contacts per customer", pd.DataFrame({"class": crowded}), per_customer, most_of)
    if len(limit):
        row, pair = np.nonzero(use[:, offer] > 0)
        shared = triples(row, contacts.ids[pair], use[row, offer[pair]])
        model.add_rows("shared", pd.DataFrame({"row": range(len(limit))}), shared, at_most(limit))
    model.add_objective("net", contacts * classes.net[group, offer])
    return model


def _row_prices(solution: Solution, rows: int) -> Floats:
    duals = solution.require().row_duals
    if not rows or duals is None:
        return np.zeros(rows)
    return np.maximum(np.asarray(duals[solution.model.rule("shared").part], dtype=np.float64), 0.0)


def deal(classes: Classes, counts: Integers, chosen: Flags) -> None:
    """Deal the contacts of each class to its members, in `chosen` (k, customers)."""
    starts = np.concatenate([[0], np.cumsum(classes.size)])
    group, offer = classes.pairs
    some = np.flatnonzero(counts)
    group, offer, counts = group[some], offer[some], counts[some]
    before = np.cumsum(counts) - counts
    turn = before - before[np.searchsorted(group, group)]
    pair = np.repeat(np.arange(len(group)), counts)
    within = np.arange(len(pair)) - before[pair] + turn[pair]
    member = classes.members[starts[group[pair]] + within % classes.size[group[pair]]]
    chosen[offer[pair], member] = True

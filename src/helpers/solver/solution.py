"""What a solve gives: a judged status, and values that can be read only where there is a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.solver.expression import Variables
from helpers.solver.flat import FlatModel, Floats, Found
from helpers.solver.limits import Rule, say_number
from helpers.solver.model import Model
from helpers.solver.options import SolveOptions
from helpers.solver.verdict import Status, Verdict


@dataclass(eq=False)
class Kept:
    """A HiGHS object after its run, and the model that it holds now (a what-if moves it)."""

    highs: Any
    flat: FlatModel


@dataclass(frozen=True, eq=False)
class Solution:
    """A judged solve of a model.

    Parameters
    ----------
    model
        What was solved.
    options
        What was asked.
    verdict
        Status, reason, objective, bound, gap and seconds.
    solver
        Name and version of the solver and of PuLP.
    found
        Raw values; None where there is no plan.
    changes
        State of the model at the solve, so that later changes are noticed.
    kept
        The HiGHS object that holds the solved model, for what-ifs.
    """

    model: Model
    options: SolveOptions
    verdict: Verdict
    solver: str
    found: Found | None
    changes: int
    kept: Kept | None = field(default=None, repr=False)

    @property
    def status(self) -> Status:
        """How the solve ended, in words."""
        return self.verdict.status

    @property
    def has_solution(self) -> bool:
        """Whether there are values that keep every limit."""
        return self.found is not None

    @property
    def is_proven(self) -> bool:
        """Whether the plan is as good as was asked for."""
        return self.status in {Status.OPTIMAL, Status.WITHIN_GAP}

    @property
    def objective(self) -> float:
        """Money of the plan. Raises where there is none."""
        self.require()
        return self.verdict.objective

    @property
    def bound(self) -> float:
        """Proven limit of the objective; NaN where nothing was proven."""
        return self.verdict.bound

    @property
    def gap(self) -> float:
        """Relative distance between objective and bound; infinite without a plan or a bound."""
        return self.verdict.gap

    @property
    def seconds(self) -> float:
        """Wall-clock of filling PuLP, solving and reading back."""
        return self.verdict.seconds

    @property
    def sentence(self) -> str:
        """The outcome in one sentence, with the gap."""
        return say_verdict(self.model.name, self.verdict, self.options)

    def require(self) -> Found:
        """Return the raw values.

        Raises
        ------
        SolverError
            If there is no plan; the message says why and what to do.
        """
        if self.found is None:
            raise SolverError(f"{self.sentence} {_ADVICE[self.status]}")
        return self.found

    def require_unchanged(self) -> Found:
        """Return the raw values of a plan whose model is still the one that was solved."""
        if self.changes != self.model.changes:
            raise SolverError(f"{self.model.name}: the model was changed after this solve. Solve it again.")
        return self.require()

    def values(self, variables: Variables | str) -> Floats:
        """Return the values of a block, in the order of its keys; integers are whole."""
        block = self.model.block(variables)
        found = self.require()
        flat = self.model.flat
        values = np.clip(found.columns[block.part], flat.lower[block.part], flat.upper[block.part])
        return np.where(flat.integer[block.part], np.round(values), values)

    def table(self, *variables: Variables | str) -> pd.DataFrame:
        """Return the keys with one column of values per block; all blocks must have the same keys."""
        blocks = [self.model.block(one) for one in variables]
        for block in blocks[1:]:
            if not block.keys.equals(blocks[0].keys):
                raise SolverError(
                    f"'{block.name}' has other keys than '{blocks[0].name}'. Ask for each alone."
                )
        return blocks[0].keys.assign(**{block.name: self.values(block) for block in blocks})

    def activity(self, rule: Rule | str) -> Floats:
        """Return the sum that each row of a rule holds to its limit."""
        return self.require().rows[self.model.rule(rule).part]

    def rows(self, rule: Rule | str) -> pd.DataFrame:
        """Return the keys of a rule with activity, limit and slack (how far it may still go)."""
        rule = self.model.rule(rule)
        activity = self.activity(rule)
        sign = 1.0 if rule.kind == "at most" else -1.0
        return rule.table.frame.assign(
            activity=activity, limit=rule.limit, slack=sign * (rule.limit - activity)
        )

    def money(self) -> pd.DataFrame:
        """Return the objective by name: name, money."""
        columns = self.require().columns
        named = {
            name: float(coefficients @ columns[ids]) + constant
            for name, (ids, coefficients, constant) in self.model.money.items()
        }
        return pd.DataFrame({"name": named.keys(), "money": named.values()})

    def summary(self) -> pd.Series:
        """Return the outcome in figures, for the manifest of a run."""
        return pd.Series(
            {
                "model": self.model.name,
                "status": str(self.status),
                "stopped by": self.verdict.reason,
                "objective": self.verdict.objective,
                "bound": self.bound,
                "gap": self.gap,
                "seconds": round(self.seconds, 3),
                "solver": self.solver,
                "time limit": self.options.time_limit,
                "gap asked": self.options.gap,
                "seed": self.options.seed,
                "threads": self.options.threads,
            },
            name="solve",
        )


def say_verdict(name: str, verdict: Verdict, options: SolveOptions) -> str:
    """Return the outcome of a solve in one sentence."""
    head = f"{name}: {verdict.status}"
    if verdict.reason:
        limit = f" of {options.time_limit:g} s" if verdict.reason == "the time limit" else ""
        head += f" ({verdict.reason}{limit})"
    if not verdict.has_solution:
        return f"{head}."
    if verdict.status is Status.OPTIMAL:
        return f"{head}, {say_number(verdict.objective)}, proven in {verdict.seconds:.1f} s."
    asked = f"(asked {options.gap:.2%})"
    if not np.isfinite(verdict.gap):
        return f"{head}, {say_number(verdict.objective)}, with nothing proven about better plans {asked}."
    return f"{head}, {say_number(verdict.objective)}, at most {verdict.gap:.2%} from the best {asked}."


_ADVICE = {
    Status.STOPPED_WITHOUT_PLAN: "There are no values to read. Allow more time, or make the model smaller.",
    Status.INFEASIBLE: "There are no values to read. explain_infeasibility(model) says which limits clash.",
    Status.UNBOUNDED: "There are no values to read. explain_infeasibility(model) says what runs away.",
    Status.FAILED: "There are no values to read. Check the size of the coefficients, or solve again.",
}

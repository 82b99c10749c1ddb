r"""Plans held against futures: the expected loss of each plan, and how much it can be regretted.

The regret of plan i in future j is what it loses more than the best plan for that future would,

    R_ij = L_ij - min_k L_kj,

and the plan of least greatest regret is argmin_i max_j R_ij (Savage, The Theory of Statistical Decision,
JASA 46, 1951). The expected loss of plan i is Σ_j p_j L_ij.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.report.formats import say
from helpers.report.tables import Table, table
from helpers.whatif.controls import Settings

EQUAL = "all futures equally likely, for want of better knowledge"
GIVEN = "the chances as given"


class Losses(Protocol):
    """What a plan loses in a world that was not planned for."""

    def __call__(self, plan: Settings, future: Settings) -> float:
        """Return the loss in money of the plan made under `plan` where the world is as `future` says."""


@dataclass(frozen=True, eq=False)
class Regret:
    """Plans × futures.

    Parameters
    ----------
    losses, regrets
        Plans in rows, futures in columns, money.
    plans
        plan, expected_loss, worst_loss, worst_future (of the regret), worst_regret, expected_regret: least
        expected loss first.
    chances
        Future → probability; they add up to 1.
    assumed
        Where the chances come from, in words.
    least_expected, least_regret
        The plan of least expected loss, and of least greatest regret; the first of equals.
    """

    losses: pd.DataFrame
    regrets: pd.DataFrame
    plans: pd.DataFrame
    chances: pd.Series[float]
    assumed: str
    least_expected: str
    least_regret: str

    @property
    def sentence(self) -> str:
        """The plan that hurts least, in words."""
        if len(self.plans) == 1:
            return f"There is one plan, {self.least_regret}: nothing to choose between."
        rows = self.plans.set_index("plan")
        chosen = rows.loc[self.least_regret]
        most = say(float(chosen["worst_regret"]), "money")
        hurts = (
            f"{self.least_regret} hurts least: it loses at most {most} more than the best plan "
            "for the future that comes"
        )
        if float(chosen["worst_regret"]) == 0.0:
            hurts = f"{self.least_regret} is the best plan, or as good as it, in every future considered"
        if self.least_expected == self.least_regret:
            return f"{hurts}, and has the least expected loss too, with {self.assumed}."
        other = rows.loc[self.least_expected]
        saved = say(float(chosen["expected_loss"] - other["expected_loss"]), "money")
        return (
            f"{hurts}. {self.least_expected} loses {saved} less on average, with {self.assumed}, "
            f"but up to {say(float(other['worst_regret']), 'money')} more than the best plan."
        )

    def tables(self) -> tuple[Table, ...]:
        """Return what a page shows: the plans, and the regret of each in each future."""
        keys = [f"future {place}" for place in range(self.regrets.shape[1])]
        wide = self.regrets.set_axis(keys, axis=1).reset_index(names="plan")
        headings = {key: f"{name}|money" for key, name in zip(keys, _safe(self.regrets.columns), strict=True)}
        return (
            table(
                self.plans,
                "Plans, least expected loss first",
                {
                    "plan": "Plan",
                    "expected_loss": "Expected loss|money",
                    "worst_loss": "Greatest loss|money",
                    "worst_regret": "Greatest regret|money",
                    "worst_future": "Regretted most if",
                },
                note=f"Chances: {self.assumed}.",
            ),
            table(
                wide,
                "Regret: lost more than by the best plan for that future",
                {"plan": "Plan", **headings},
                most=30,
            ),
        )

    def __repr__(self) -> str:
        return "\n\n".join([self.sentence, *map(repr, self.tables())])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.sentence)}</p>" + "".join(one._repr_html_() for one in self.tables())


def regret(losses: pd.DataFrame, chances: Mapping[str, float] | None = None) -> Regret:
    """Return expected losses and regrets of plans over futures.

    Parameters
    ----------
    losses
        Plans in rows, futures in columns, loss in money; a gain is a negative loss.
    chances
        Future → probability, adding up to 1; equal ones where not given.

    Raises
    ------
    ParameterError
        An empty table, names that stand twice, a loss that is no number, or chances that do not fit; all at
        once.
    """
    _check(losses, chances)
    values = losses.to_numpy(dtype=float)
    regrets = values - values.min(axis=0)
    weights = _weights(losses, chances)
    worst = regrets.argmax(axis=1)
    names = [str(name) for name in losses.index]
    futures = [str(name) for name in losses.columns]
    plans = pd.DataFrame(
        {
            "plan": names,
            "expected_loss": values @ weights,
            "worst_loss": values.max(axis=1),
            "worst_future": [futures[place] for place in worst],
            "worst_regret": regrets.max(axis=1),
            "expected_regret": regrets @ weights,
        }
    )
    return Regret(
        losses=pd.DataFrame(values, index=names, columns=futures),
        regrets=pd.DataFrame(regrets, index=names, columns=futures),
        plans=plans.sort_values(["expected_loss", "worst_regret"], kind="stable").reset_index(drop=True),
        chances=pd.Series(weights, index=futures),
        assumed=GIVEN if chances else EQUAL,
        least_expected=_least(plans, "expected_loss", "worst_regret"),
        least_regret=_least(plans, "worst_regret", "expected_loss"),
    )


def losses_of(losses: Losses, plans: Mapping[str, Settings], futures: Mapping[str, Settings]) -> pd.DataFrame:
    """Return the table of what each plan loses in each future."""
    rows = {
        name: {future: float(losses(plan, world)) for future, world in futures.items()}
        for name, plan in plans.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(futures))


def _least(plans: pd.DataFrame, first: str, then: str) -> str:
    """Return the plan of least `first`, of least `then` among those that differ by rounding only."""
    least = plans[np.isclose(plans[first], plans[first].min(), rtol=1e-9, atol=1e-9)]
    return str(least.sort_values(then, kind="stable")["plan"].iloc[0])


def _weights(losses: pd.DataFrame, chances: Mapping[str, float] | None) -> Any:
    count = losses.shape[1]
    if not chances:
        return np.full(count, 1 / count)
    return np.array([float(chances[str(name)]) for name in losses.columns])


def _check(losses: pd.DataFrame, chances: Mapping[str, float] | None) -> None:
    if losses.empty:
        raise ParameterError("Regret needs at least one plan and one future; got an empty table.")
    problems = []
    for what, names in (("plan", losses.index.map(str)), ("future", losses.columns.map(str))):
        twice = sorted(set(names[names.duplicated()]))
        if twice:
            problems.append(f"Regret: {what} {', '.join(twice)} stands twice.")
    numbers = losses.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    odd = np.argwhere(~np.isfinite(numbers))
    if len(odd):
        row, column = odd[0]
        problems.append(
            f"Regret: {len(odd)} of {numbers.size} losses are no number (first: plan {losses.index[row]} "
            f"in future {losses.columns[column]}). Leave out plans that have none."
        )
    if chances:
        problems += _chance_problems([str(name) for name in losses.columns], chances)
    if problems:
        raise ParameterError("\n".join(problems))


def _chance_problems(futures: Sequence[str], chances: Mapping[str, float]) -> list[str]:
    if set(chances) != set(futures):
        return [f"Regret: chances are for {', '.join(chances)}; the futures are {', '.join(futures)}."]
    values = list(chances.values())
    if min(values) < 0 or not np.isclose(sum(values), 1.0, atol=1e-6):
        return [f"Regret: chances are 0 or more and add up to 1; these add up to {sum(values):g}."]
    return []


def _safe(names: pd.Index[Any]) -> list[str]:
    """Return headings without the sign that parts heading and format."""
    return [str(name).replace("|", "/") for name in names]

"""The incumbent: the min–max rule of a buyer, tuned on history.

With f the mean weekly sales of the last weeks (13), looked at once a quarter, L the lead time that the buyer
reckons with, and k and c weeks of safety and of cover:

    min  s = max( ⌈f (L + k)⌉, least )          max  S = s + max( ⌈f c⌉, 1 )
    x ≤ s: order S − x

It sees sales, not demand (what was lost it never learns of), and neither season nor promotion. k and c are
what a good buyer arrives at by trying: on a replay of history, for each c of a list, the least k (in steps
of a tenth of a week) that reaches the fill rate asked for; of those pairs the one with the least stock (or
cost). This is the strongest form of the rule, tuned with the demand of the very weeks it is fitted on.

Where series supply series (`SimulationCase.source`), f of a warehouse is its mean outflow, and what one
group holds changes what the others can: groups are tuned in turn, stores first, each with the others as they
are, and by the stock (or cost) of all together, until a round brings nothing new or ROUNDS are played; the
best of all that was tried on the way is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.simulation.case import SimulationCase
from helpers.inventory.simulation.policy_rules import Situation, level_of, up_to_level
from helpers.inventory.simulation.result import Simulation, group_codes
from helpers.inventory.simulation.simulate import fix_lead_times, simulate

QUARTER = 13
FIRST_SAFETY_WEEKS = 4.0  # of the groups not tuned yet
STEP = 0.1  # weeks of safety
MOST_SAFETY_WEEKS = 51.2  # 2⁹ steps
ROUNDS = 4
COVERS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True, eq=False)
class BuyersMinMax:
    """The min–max rule of the module docstring; a `ReplenishmentRule`.

    Parameters
    ----------
    lead_time
        L, weeks; one or one per series.
    safety_weeks
        k; one or one per series.
    cover_weeks
        c; one or one per series.
    window
        Weeks of sales in f.
    refresh
        Weeks between two looks at f.
    least
        Least min, units; one or one per series.
    """

    lead_time: ArrayLike
    safety_weeks: ArrayLike
    cover_weeks: ArrayLike
    window: int = QUARTER
    refresh: int = QUARTER
    least: ArrayLike = 1.0

    def order(self, situation: Situation) -> Floats:
        """Units wanted, series × paths."""
        seen = situation.mean_sales(situation.week - situation.week % self.refresh, self.window)
        lead, safety, cover, least = (
            level_of(value, situation)
            for value in (self.lead_time, self.safety_weeks, self.cover_weeks, self.least)
        )
        point = np.maximum(np.ceil(seen * (lead + safety) - 1e-9), least)
        up_to = point + np.maximum(np.ceil(seen * cover - 1e-9), 1.0)
        return up_to_level(situation.position, point, up_to)


@dataclass(frozen=True, eq=False)
class FittedIncumbent:
    """The buyer's rule as tuned.

    Parameters
    ----------
    rule
        With k and c per series.
    table
        One row per group: `group, safety_weeks, cover_weeks, fill_rate, stock_units` (with
        costs also `stock_value, cost`) and `is_reached` on history.
    history
        The rule's replay of history.
    """

    rule: BuyersMinMax
    table: pd.DataFrame
    history: Simulation


def fit_incumbent(
    history: SimulationCase,
    fill_rate: ArrayLike,
    *,
    lead_time: ArrayLike,
    group: str | None = None,
    covers: Sequence[float] = COVERS,
    least: ArrayLike = 1.0,
    least_by: str = "stock_units",
) -> FittedIncumbent:
    """Return the min–max rule with the least stock (or cost) that reaches a fill rate on history.

    Parameters
    ----------
    history
        The weeks to tune on, P = 1, with `sales_before` where there are earlier ones. Lead times given as
        samples are drawn once, with seed 0.
    fill_rate
        Target, 0–1; one, or one per group in their order of appearance.
    lead_time
        L that the buyer reckons with (the promised one), weeks; one or one per series.
    group
        Column of the keys; each group gets its own k and c (such as warehouse and store). None = one for all.
    covers
        c to try, weeks.
    least
        Least min, units.
    least_by
        Measure by which c is chosen: `stock_units`, `stock_value`, or `cost`, which minds the orders too.

    Returns
    -------
    FittedIncumbent
        Where a group does not reach its target with any k, the best it can do, `is_reached` False.

    Raises
    ------
    ParameterError
        The target is not a share, `covers` is empty, the column is not in the keys, or `least_by` is unknown.

    Examples
    --------
    >>> from helpers.inventory.simulation.case import SimulationCase
    >>> case = SimulationCase(pd.DataFrame({"product_id": ["A"]}), np.full((1, 1, 40), 5.0), 2, 20.0,
    ...                       sales_before=np.full((1, 13), 5.0))
    >>> fitted = fit_incumbent(case, 0.99, lead_time=2, covers=[1.0]).table
    >>> fitted[["safety_weeks", "cover_weeks", "fill_rate"]].to_numpy().tolist()
    [[0.0, 1.0, 1.0]]
    """
    keys = history.keys
    if group is not None and group not in keys.columns:
        raise ParameterError(
            f"fit_incumbent: 'keys' has no column {group!r}. Give one of {list(keys.columns)}."
        )
    codes = group_codes(keys, group)
    target = np.broadcast_to(np.asarray(fill_rate, dtype="float64"), (int(codes.max()) + 1,))
    findings = find_wrong("a share", {"fill_rate": target}) + find_wrong(
        "not negative", {"covers": list(covers)}
    )
    known = {"stock_units", *(("stock_value", "cost") if history.costs else ())}
    if least_by not in known:
        findings.append(f"'least_by' is {least_by!r}. Give one of {sorted(known)}; money needs 'costs'.")
    findings += [] if len(covers) else ["'covers' is empty. Give one or more weeks."]
    refuse("fit_incumbent", findings)
    tuning = _Tuning(fix_lead_times(history), codes, target, lead_time, least, group)
    if history.source is None:
        chosen = choose_tries([tuning.try_cover(cover) for cover in covers], target, least_by)
    else:
        chosen = _tune_in_turn(tuning, list(covers), least_by)
    rule = tuning.rule(chosen["safety_weeks"].to_numpy(), chosen["cover_weeks"].to_numpy())
    return FittedIncumbent(rule, chosen, tuning.play(rule))


def choose_tries(tries: list[pd.DataFrame], target: Floats, least_by: str) -> pd.DataFrame:
    """Of each group's tries that reach the target the cheapest; of those that do not, the best service."""
    table = pd.concat(tries)
    table["is_reached"] = table["fill_rate"].to_numpy() >= np.tile(target, len(tries)) - 1e-12
    table["missed"] = np.where(table["is_reached"], 0.0, 2 - table["fill_rate"])
    best = table.rename_axis("number").sort_values(["number", "missed", least_by, "cover_weeks"])
    return best.groupby(level=0).head(1).drop(columns="missed").reset_index(drop=True)


def _tune_in_turn(tuning: _Tuning, covers: list[float], least_by: str) -> pd.DataFrame:
    """Tune each group with the others as they are, those without other series below them first."""
    count = len(tuning.target)
    source = np.asarray(tuning.history.source)
    supplies = np.isin(np.arange(len(source)), source)
    share = np.bincount(tuning.codes, weights=supplies, minlength=count)
    safety, cover = np.full(count, FIRST_SAFETY_WEEKS), np.full(count, covers[len(covers) // 2])
    seen: dict[bytes, pd.DataFrame] = {}
    for _ in range(ROUNDS):
        before = len(seen)
        for number in np.argsort(share / np.bincount(tuning.codes), kind="stable").tolist():
            tries = [tuning.try_group(number, each, safety, cover) for each in covers]
            best = choose_tries(tries, tuning.target[[number]], least_by).iloc[0]
            safety[number], cover[number] = best["safety_weeks"], best["cover_weeks"]
            table = tuning.table_of(safety, cover)
            reached = table["fill_rate"].to_numpy() >= tuning.target - 1e-12
            seen[np.r_[safety, cover].tobytes()] = table.assign(is_reached=reached)
        if len(seen) == before:
            break
    return min(seen.values(), key=lambda table: (-table["is_reached"].sum(), table[least_by].sum()))


@dataclass(frozen=True, eq=False)
class _Tuning:
    history: SimulationCase
    codes: NDArray[np.intp]
    target: Floats
    lead_time: ArrayLike
    least: ArrayLike
    group: str | None

    def rule(self, safety: Floats, cover: Floats) -> BuyersMinMax:
        """The rule with k and c per group handed to the series."""
        return BuyersMinMax(self.lead_time, safety[self.codes], cover[self.codes], least=self.least)

    def play(self, rule: BuyersMinMax) -> Simulation:
        return simulate(self.history, rule, group=self.group)

    def try_cover(self, cover: float) -> pd.DataFrame:
        """Bisect for the least k of each group, all groups at once, on whole steps."""
        covers = np.full(len(self.target), cover)
        low, high = np.full(len(covers), -1), np.full(len(covers), round(MOST_SAFETY_WEEKS / STEP))
        while (high - low > 1).any():
            middle = np.where(high - low > 1, (low + high) // 2, high)
            reached = (
                self.play(self.rule(middle * STEP, covers)).groups["fill_rate"].to_numpy() >= self.target
            )
            low = np.where(reached, low, np.minimum(middle, high - 1))
            high = np.where(reached, middle, high)
        return self.table_of(high * STEP, covers)

    def try_group(self, number: int, cover: float, safety: Floats, covers: Floats) -> pd.DataFrame:
        """Bisect for the least k of one group; what it costs is counted over all groups."""
        safety, covers = safety.copy(), covers.copy()
        covers[number] = cover
        low, high = -1, round(MOST_SAFETY_WEEKS / STEP)
        while high - low > 1:
            middle = (low + high) // 2
            safety[number] = middle * STEP
            is_reached = self.is_reached(safety, covers)[number]
            low, high = (low, middle) if is_reached else (middle, high)
        safety[number] = high * STEP
        table = self.table_of(safety, covers)
        names = table.columns.intersection(["stock_units", "stock_value", "cost"])
        table = table.assign(**{name: table[name].sum() for name in names})
        return table.iloc[[number]].reset_index(drop=True)

    def is_reached(self, safety: Floats, covers: Floats) -> NDArray[np.bool_]:
        """Whether each group reaches its target."""
        found = self.play(self.rule(safety, covers)).groups["fill_rate"].to_numpy()
        return np.asarray(found >= self.target - 1e-12)

    def table_of(self, safety: Floats, covers: Floats) -> pd.DataFrame:
        """Return k, c and what they give, per group."""
        groups = self.play(self.rule(safety, covers)).groups
        names = ["fill_rate", "stock_units", *(("stock_value", "cost") if self.history.costs else ())]
        found = pd.DataFrame({"group": groups.iloc[:, 0], "safety_weeks": safety, "cover_weeks": covers})
        return pd.concat([found, groups[names]], axis=1)

"""What a simulation is good for: two rules beside each other, promise beside result, service against cash.

Rules are compared path by path: with the same seed both meet the same demand and the same suppliers, so that
the difference is known far better than either figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.simulation.case import SimulationCase
from helpers.inventory.simulation.policy_rules import ReplenishmentRule
from helpers.inventory.simulation.result import Simulation, group_codes
from helpers.inventory.simulation.simulate import simulate

RATES = ("fill_rate", "cycle_service_level", "weeks_in_stock")


def compare_simulations(
    recommended: Simulation, incumbent: Simulation, *, interval: float = 0.9
) -> pd.DataFrame:
    """Return two rules beside each other, over all series.

    Parameters
    ----------
    recommended, incumbent
        Simulations of the same case with the same seed.
    interval
        Share of the paths between low and high.

    Returns
    -------
    pandas.DataFrame
        `measure, recommended, incumbent, difference, low, high, relative, relative_low, relative_high,
        share_lower`: differences as recommended − incumbent, path by path; relative ones as a share of the
        incumbent's figure, empty where that is 0; `share_lower` the share of paths on which the recommended
        figure is the lower one.

    Raises
    ------
    ParameterError
        The simulations have different paths or measures, or not the same demand.
    """
    ours, theirs = (found.paths.drop(columns="path") for found in (recommended, incumbent))
    if ours.shape != theirs.shape or not np.allclose(ours["demand"], theirs["demand"]):
        raise ParameterError(
            "compare_simulations: the two do not have the same demand path by path. Simulate the same case."
        )
    ends = [(1 - interval) / 2, (1 + interval) / 2]
    difference = (ours - theirs).to_numpy()
    base = theirs.where(theirs != 0).to_numpy()
    low, high = np.quantile(difference, ends, axis=0)
    relative_low, relative_high = np.quantile(difference / base, ends, axis=0)
    values, incumbents = (found.total["value"].to_numpy() for found in (recommended, incumbent))
    return pd.DataFrame(
        {
            "measure": ours.columns,
            "recommended": values,
            "incumbent": incumbents,
            "difference": values - incumbents,
            "low": low,
            "high": high,
            "relative": (values - incumbents) / np.where(incumbents != 0, incumbents, np.nan),
            "relative_low": relative_low,
            "relative_high": relative_high,
            "share_lower": (difference < 0).mean(axis=0),
        }
    )


def beside_promise(
    simulation: Simulation, promised: ArrayLike, *, measure: str = "fill_rate", tolerance: float = 0.01
) -> pd.DataFrame:
    """Return what a policy promised beside what the simulation of it gave, per group and in total.

    Parameters
    ----------
    simulation
        With the group that the promise is judged by.
    promised
        Promised share per series (or one for all), 0–1. A group's promise is the mean of its series'
        by demand for `fill_rate`, by series otherwise.
    measure
        `fill_rate`, `cycle_service_level` or `weeks_in_stock`.
    tolerance
        Largest difference, as a share, at which the promise is kept.

    Returns
    -------
    pandas.DataFrame
        `group, series, promised, simulated, low, high, difference, is_kept`, the last row being the total.
    """
    table = simulation.series
    shares = np.broadcast_to(np.asarray(promised, dtype="float64"), (len(table),))
    findings = find_wrong("not negative", {"promised": shares})
    if measure not in RATES:
        findings.append(f"'measure' is {measure!r}. Give one of {', '.join(RATES)}.")
    refuse("beside_promise", findings)
    weight = table["demand"].to_numpy() if measure == "fill_rate" else np.ones(len(table))
    codes = group_codes(table, simulation.group)
    names, figures = simulation.groups.iloc[:, 0].tolist(), _figures(simulation.groups, measure)
    rows = [
        _promise_row(name, codes == number, shares, weight, figures[number])
        for number, name in enumerate(names)
    ]
    if simulation.group is not None:
        row = simulation.total.loc[simulation.total["measure"] == measure, ["value", "low", "high"]]
        found = row.to_numpy(dtype="float64")[0]
        rows.append(_promise_row("total", np.ones(len(table), dtype=bool), shares, weight, found))
    columns = ["group", "series", "promised", "simulated", "low", "high"]
    beside = pd.DataFrame(rows, columns=columns)
    beside["difference"] = beside["simulated"] - beside["promised"]
    return beside.assign(is_kept=beside["difference"].abs() <= tolerance)


def _figures(groups: pd.DataFrame, measure: str) -> Floats:
    return groups[[measure, f"{measure}_low", f"{measure}_high"]].to_numpy(dtype="float64")


def _promise_row(
    name: object, which: NDArray[np.bool_], shares: Floats, weight: Floats, found: Floats
) -> tuple[object, ...]:
    total = weight[which].sum()
    promised = (shares * weight)[which].sum() / total if total > 0 else shares[which].mean()
    return name, int(which.sum()), promised, *found


@dataclass(frozen=True, eq=False)
class Frontier:
    """Service against cash.

    Parameters
    ----------
    table
        One row per target: `target`; each measure over all series, with `_low` and `_high`.
    """

    table: pd.DataFrame

    def at_fill_rate(self, fill_rate: float, measure: str = "stock_units") -> float:
        """Return `measure` where the simulated fill rate is `fill_rate`, between the two nearest points.

        Empty (nan) beyond the points simulated.
        """
        return self._between("fill_rate", fill_rate, measure)

    def fill_rate_at(self, level: float, measure: str = "stock_units") -> float:
        """Return the fill rate where `measure` is `level`; empty (nan) beyond the points simulated."""
        return self._between(measure, level, "fill_rate")

    def _between(self, known: str, value: float, wanted: str) -> float:
        table = self.table.sort_values(known)
        x, y = table[known].to_numpy(), table[wanted].to_numpy()
        return float(np.interp(value, x, y, left=np.nan, right=np.nan))


def service_cash_frontier(
    case: SimulationCase,
    rule_for: Callable[[float], ReplenishmentRule],
    targets: Sequence[float],
    *,
    seed: int = 0,
    interval: float = 0.9,
) -> Frontier:
    """Return what each service target costs in stock: one simulation per target, all on the same futures.

    Parameters
    ----------
    case
        What to simulate.
    rule_for
        Makes the rule for a target.
    targets
        Service targets, or any other dial of the rule.
    """
    refuse("service_cash_frontier", [] if len(targets) else ["'targets' is empty. Give one or more."])
    rows = []
    for target in targets:
        found = simulate(case, rule_for(target), seed=seed, interval=interval)
        rows.append(found.groups.drop(columns="group").assign(target=target))
    table = pd.concat(rows, ignore_index=True)
    return Frontier(table[["target", *table.columns.drop("target")]])

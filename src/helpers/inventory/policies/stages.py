"""A network of stages as arrays, read from its two tables and checked, all findings at once."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse

NEEDED = ("stage", "processing_time", "holding_cost")
OPTIONAL = ("demand_sd", "safety_factor", "external_inbound_time", "max_service_time")
NUMBERS = (*NEEDED[1:], *OPTIONAL)
MOST_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Network:
    """Stages in table order; times in whole steps of the grid on which all given times lie.

    Parameters
    ----------
    stages
        Keys.
    arcs
        Pairs of positions.
    order
        Positions, each after all that feed it.
    steps_per_period
        Steps of the grid in one period.
    processing, inbound, most_service
        T, e and s (infinite where not limited), steps.
    longest_inbound, longest_replenishment
        Largest SI and x that make sense, steps.
    demand_bounds
        z σ, units for a net replenishment time of one period.
    unit_costs
        h z σ, money for one step.
    """

    stages: pd.Index[Any]
    arcs: list[tuple[int, int]]
    order: list[int]
    steps_per_period: float
    processing: Floats
    inbound: Floats
    most_service: Floats
    longest_inbound: Floats
    longest_replenishment: Floats
    demand_bounds: Floats
    unit_costs: Floats

    @property
    def size(self) -> int:
        """Number of stages."""
        return len(self.stages)

    def inbound_times(self, service: Floats) -> Floats:
        """SI: the longest service time among those that feed the stage."""
        inbound = self.inbound.copy()
        for i, j in self.arcs:
            inbound[j] = max(inbound[j], service[i])
        return inbound

    def net_times(self, service: Floats) -> Floats:
        """Return x = SI + T − S, steps."""
        return np.maximum(self.inbound_times(service) + self.processing - service, 0.0)

    def cost(self, service: Floats) -> float:
        """Return Σ h z σ √x."""
        return float(self.unit_costs @ np.sqrt(self.net_times(service)))

    def shorten(self, service: Floats) -> Floats:
        """Let no stage promise more than SI + T, which it needs without any stock."""
        shorter = service.copy()
        for j in self.order:
            shorter[j] = min(shorter[j], self.inbound_times(shorter)[j] + self.processing[j])
        return shorter


def read_network(stages: pd.DataFrame, arcs: pd.DataFrame) -> Network:
    """Check the tables `stages` and `arcs` of `guaranteed_service` and return them as arrays."""
    refuse("guaranteed_service", _missing_columns(stages, arcs))
    table = stages.reindex(columns=[*NEEDED, *OPTIONAL]).astype(dict.fromkeys(NUMBERS, "float64"))
    refuse("guaranteed_service", _findings(table, arcs))
    keys = pd.Index(table["stage"])
    pairs = list(
        zip(
            keys.get_indexer(pd.Index(arcs["from_stage"])).tolist(),
            keys.get_indexer(pd.Index(arcs["to_stage"])).tolist(),
            strict=True,
        )
    )
    order = _order(len(keys), pairs, keys)
    steps = _steps_per_period(table)
    processing = np.rint(table["processing_time"].to_numpy() * steps)
    inbound = np.rint(table["external_inbound_time"].fillna(0.0).to_numpy() * steps)
    longest_inbound = _longest_inbound(order, pairs, processing, inbound)
    bounds = _demand_bounds(table, order, pairs)
    return Network(
        stages=keys,
        arcs=pairs,
        order=order,
        steps_per_period=steps,
        processing=processing,
        inbound=inbound,
        most_service=np.floor(table["max_service_time"].fillna(np.inf).to_numpy() * steps + 1e-6),
        longest_inbound=longest_inbound,
        longest_replenishment=longest_inbound + processing,
        demand_bounds=bounds,
        unit_costs=table["holding_cost"].to_numpy() * bounds / np.sqrt(steps),
    )


def _missing_columns(stages: pd.DataFrame, arcs: pd.DataFrame) -> list[str]:
    findings = []
    for name, table, needed in (("stages", stages, NEEDED), ("arcs", arcs, ("from_stage", "to_stage"))):
        missing = [column for column in needed if column not in table.columns]
        if missing:
            findings.append(f"'{name}' has no column {', '.join(missing)}. Add it.")
    return findings


def _findings(table: pd.DataFrame, arcs: pd.DataFrame) -> list[str]:
    findings = []
    keys = table["stage"]
    if not len(keys):
        findings.append("'stages' is empty. Give one row per stage.")
    if keys.duplicated().any():
        findings.append(f"stage {keys[keys.duplicated()].iloc[0]} stands twice in 'stages'. Keep one row.")
    ends = pd.concat([arcs["from_stage"], arcs["to_stage"]])
    unknown = ends[~ends.isin(keys)]
    if len(unknown):
        findings.append(f"'arcs' names the stage {unknown.iloc[0]}, which is not in 'stages'. Add its row.")
    for column in NEEDED[1:]:
        empty = table[column].isna()
        if empty.any():
            findings.append(f"'{column}' is empty for stage {keys[empty].iloc[0]}. Fill it in.")
    filled = {column: table[column].dropna().to_numpy() for column in NUMBERS}
    return findings + find_wrong("not negative", filled)


def _order(size: int, pairs: list[tuple[int, int]], keys: pd.Index[Any]) -> list[int]:
    graph: dict[int, set[int]] = {j: set() for j in range(size)}
    for i, j in pairs:
        graph[j].add(i)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(str(keys[position]) for position in error.args[1])
        raise ParameterError(
            f"guaranteed_service: the arcs go in a circle ({circle}). Remove one of them."
        ) from None


def _steps_per_period(table: pd.DataFrame) -> float:
    """Least power of ten that makes all times whole."""
    columns = ["processing_time", "external_inbound_time", "max_service_time"]
    times = table[columns].to_numpy().ravel()
    times = times[np.isfinite(times)]
    for decimals in range(MOST_DECIMALS):
        scaled = times * 10.0**decimals
        if np.allclose(scaled, np.rint(scaled), rtol=0, atol=1e-6):
            return 10.0**decimals
    return 10.0**MOST_DECIMALS


def _longest_inbound(
    order: list[int], pairs: list[tuple[int, int]], processing: Floats, inbound: Floats
) -> Floats:
    """Longest path of processing times into each stage."""
    longest = inbound.copy()
    for stage in order:
        for i, j in pairs:
            if j == stage:
                longest[j] = max(longest[j], longest[i] + processing[i])
    return longest


def _demand_bounds(table: pd.DataFrame, order: list[int], pairs: list[tuple[int, int]]) -> Floats:
    """Return z σ: variances add up along the arcs; a factor not given is the largest one downstream."""
    variance = table["demand_sd"].fillna(0.0).to_numpy() ** 2
    factor = table["safety_factor"].to_numpy(copy=True)
    given = np.isfinite(factor)
    for stage in reversed(order):
        for i, j in pairs:
            if i == stage:
                variance[i] += variance[j]
                if not given[i] and np.isfinite(factor[j]):
                    factor[i] = np.fmax(factor[i], factor[j])
    return np.where(np.isfinite(factor), factor, 1.0) * np.sqrt(variance)

"""A grid of settings, each planned in batch: what every point costs and gives, and which are worth it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.kpis import Kpi
from helpers.errors import ParameterError
from helpers.whatif.axes import Axis
from helpers.whatif.controls import Control, Settings, Value, complete
from helpers.whatif.decision import Decision
from helpers.whatif.points import SweepMemory
from helpers.whatif.view import Refusal, View

MOST_POINTS = 5_000
PAYS_AFTER = 8.0  # seconds that are left, from which on other processes are worth their start
_CHUNK = 4  # points that a process gets at a time: what an interrupted sweep loses at most, per process
PLANNED, REFUSED = "planned", "no plan"
Point = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What the points of a grid lead to.

    Parameters
    ----------
    decision, title
        Key and words of what was swept.
    axes
        What was moved, over which values.
    table
        A row per point: a column per axis, a column per KPI, then status (`planned`, `no plan`), is_plan
        (the plan as it is), efficient (no other point is better in cost and service at once), gap, reason.
        The plan itself is there too.
    units, better
        KPI → unit, and the direction that is better.
    cost, service
        Names of the two KPIs that best and cheapest are judged by; empty where there is none.
    computed, remembered
        Points that were planned now, and that were known from an earlier sweep.
    controls
        Of the decision, for words.
    """

    decision: str
    title: str
    axes: tuple[Axis, ...]
    table: pd.DataFrame
    units: Mapping[str, str]
    better: Mapping[str, str]
    cost: str
    service: str
    computed: int
    remembered: int
    controls: tuple[Control, ...] = ()

    @property
    def planned(self) -> pd.DataFrame:
        """The rows that have a plan."""
        return self.table[self.table["status"] == PLANNED]

    @property
    def best(self) -> pd.Series[Any] | None:
        """The point best in the service KPI, the cheapest of equals; None where nothing is planned."""
        return self._first(self.service, self.cost)

    @property
    def cheapest(self) -> pd.Series[Any] | None:
        """The point best in the cost KPI, the best served of equals; None where nothing is planned."""
        return self._first(self.cost, self.service)

    def settings_of(self, point: pd.Series[Any]) -> dict[str, Value]:
        """Return what a point moves; nothing for the plan as it is."""
        if point["is_plan"]:
            return {}
        return {name: _native(point[axis.name]) for axis in self.axes for name in axis.controls}

    def say(self, point: pd.Series[Any]) -> str:
        """Return a point in words: what is moved, or "as planned"."""
        settings = self.settings_of(point)
        if not settings:
            return "as planned"
        return ", ".join(self._say_axis(axis, settings) for axis in self.axes)

    def _say_axis(self, axis: Axis, settings: Settings) -> str:
        control = next(one for one in self.controls if one.name == axis.controls[0])
        label = control.label if len(axis.controls) == 1 else axis.name.replace("_", " ")
        return f"{label} {control.say(settings[control.name])}"

    def _first(self, *names: str) -> pd.Series[Any] | None:
        keys = [name for name in names if name]
        rows = self.planned.dropna(subset=keys[:1])
        if not keys or rows.empty:
            return None
        ordered = rows.assign(**{f"_{n}": rank(rows[n], self.better[n]) for n in keys})
        return ordered.sort_values([f"_{n}" for n in keys], kind="stable").iloc[0][list(self.table.columns)]


def sweep(
    decision: Decision,
    axes: Sequence[Axis],
    *,
    jobs: int = 1,
    tell: Callable[[int, int], None] | None = None,
    forget: bool = False,
) -> Sweep:
    """Plan every point of a grid and return the table.

    Parameters
    ----------
    decision
        What is swept; its fingerprint names what is remembered of it.
    axes
        What is moved; the grid is every combination of their values.
    jobs
        Processes at most; others than this one are started only where the time left pays for them.
    tell
        Called with the points done and all points.
    forget
        Whether points of earlier sweeps are planned anew. Otherwise they are taken from disk, so that a sweep
        that was interrupted goes on where it stopped.

    Raises
    ------
    ParameterError
        An axis moves what the decision does not have, or values that it does not take, or the grid is larger
        than `MOST_POINTS`; all at once.
    """
    points = _grid(decision, axes)
    memory = SweepMemory(decision.name, decision.fingerprint)
    known = {} if forget else memory.read()
    kept = sum(_key(point) in known for point in points)
    missing = [point for point in points if _key(point) not in known]
    done = kept
    for settings, found in _answers(decision, missing, jobs):
        known[_key(settings)] = found
        memory.keep(_key(settings), found)
        done += 1
        if tell:
            tell(done, len(points))
    return _gather(decision, axes, points, known, (len(missing), kept))


def _grid(decision: Decision, axes: Sequence[Axis]) -> list[dict[str, Value]]:
    """Return every point of the grid as whole settings, the plan first."""
    total = 1
    for axis in axes:
        total *= len(axis.steps)
    problems = [f"The grid has {total:,} points; at most {MOST_POINTS:,}. Take larger steps."] * (
        total > MOST_POINTS
    )
    moved = [name for axis in axes for name in axis.controls]
    problems += [f"'{name}' is moved twice." for name in sorted({n for n in moved if moved.count(n) > 1})]
    for axis in axes:
        for value in (axis.steps[0], axis.steps[-1]) if len(axis.steps) > 1 else axis.steps:
            try:
                complete(decision.controls, dict.fromkeys(axis.controls, value))
            except ParameterError as error:
                problems += str(error).splitlines()
    if problems:
        raise ParameterError("\n".join(dict.fromkeys(problems)))
    points = [complete(decision.controls, {})]
    for values in itertools.product(*(axis.steps for axis in axes)):
        settings = {name: value for axis, value in zip(axes, values, strict=True) for name in axis.controls}
        whole = complete(decision.controls, settings)
        if whole not in points[:1]:
            points.append(whole)
    return points


def _answers(decision: Decision, points: Sequence[Settings], jobs: int) -> Iterator[tuple[Settings, Point]]:
    """Yield points as they are planned: here first, in other processes once it shows that this pays."""
    started = time.perf_counter()
    for place, settings in enumerate(points):
        yield settings, describe(decision.try_view(settings))
        each = (time.perf_counter() - started) / (place + 1)
        left = points[place + 1 :]
        if jobs > 1 and len(left) > 1 and each * len(left) > PAYS_AFTER:
            yield from _in_processes(decision, left, jobs)
            return


def _in_processes(
    decision: Decision, points: Sequence[Settings], jobs: int
) -> Iterator[tuple[Settings, Point]]:
    from joblib import Parallel, delayed

    parts = [points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)]
    bare = Decision(
        decision.name,
        decision.title,
        decision.question,
        decision.controls,
        decision.answer,
        {},
        decision.fingerprint,
    )
    workers = Parallel(n_jobs=jobs, return_as="generator_unordered", backend="loky")
    for part in workers(delayed(_describe_all)(bare, [dict(point) for point in part]) for part in parts):
        yield from part


def _describe_all(decision: Decision, points: Sequence[Settings]) -> list[tuple[Settings, Point]]:
    return [(point, describe(decision.try_view(point))) for point in points]


def describe(found: View | Refusal) -> Point:
    """Return what is kept of a point: status, gap, reason and the KPIs."""
    if isinstance(found, Refusal):
        return {"status": REFUSED, "gap": None, "reason": found.reason, "kpis": {}}
    return {
        "status": PLANNED,
        "gap": float(found.gap),
        "reason": "",
        "kpis": {kpi.name: None if kpi.value is None else float(kpi.value) for kpi in found.tiles},
    }


def _key(settings: Settings) -> tuple[Value, ...]:
    return tuple(settings.values())


def _gather(
    decision: Decision,
    axes: Sequence[Axis],
    points: Sequence[Settings],
    known: Mapping[tuple[Value, ...], Point],
    counts: tuple[int, int],
) -> Sweep:
    answers = [known[_key(point)] for point in points]
    names = list(dict.fromkeys(name for found in answers for name in found["kpis"]))
    rows = [
        {
            **{axis.name: _common(point, axis) for axis in axes},
            **{name: found["kpis"].get(name) for name in names},
            "status": found["status"],
            "is_plan": place == 0,
            "gap": found["gap"],
            "reason": found["reason"],
        }
        for place, (point, found) in enumerate(zip(points, answers, strict=True))
    ]
    table = pd.DataFrame(rows).astype(dict.fromkeys([*names, "gap"], "float64"))
    kpis = {name: Kpi(name, None, "").definition for name in names}
    units, better = ({n: getattr(k, part) for n, k in kpis.items()} for part in ("unit", "better"))
    cost, service = _judges(names, units, better)
    table.insert(len(axes) + len(names) + 1, "efficient", _efficient(table, better, cost, service))
    return Sweep(
        decision.name,
        decision.title,
        tuple(axes),
        table,
        units,
        better,
        cost,
        service,
        *counts,
        controls=decision.controls,
    )


def _native(value: Any) -> Value:
    """Return a value of a table as Python's own: numpy's yes is no yes to a switch."""
    found: Value = value.item() if isinstance(value, np.generic) else value
    return found


def _common(point: Settings, axis: Axis) -> Value | None:
    """Return the value of an axis; none where its controls differ, as they may in the plan."""
    values = {point[name] for name in axis.controls}
    return values.pop() if len(values) == 1 else None


def _judges(names: Sequence[str], units: Mapping[str, str], better: Mapping[str, str]) -> tuple[str, str]:
    """Return the KPI of cost (the first in money) and the first other one that has a better direction."""
    judged = [name for name in names if better[name] in {"higher", "lower"}]
    lower = [name for name in judged if units[name] == "money" and better[name] == "lower"]
    cost = next(iter([*lower, *(name for name in judged if units[name] == "money")]), "")
    service = next((name for name in judged if units[name] != "money"), "")
    return cost, service or next((name for name in judged if name != cost), "")


def rank(values: pd.Series[Any], better: str) -> pd.Series[Any]:
    """Return values so that less is better, whichever way the KPI's good direction is."""
    return -values if better == "higher" else values


def _efficient(table: pd.DataFrame, better: Mapping[str, str], cost: str, service: str) -> list[bool]:
    """Return which points no other one beats: none is as good in both KPIs and better in one."""
    if not (cost and service):
        return [False] * len(table)
    costs, services = (rank(table[name], better[name]).to_numpy() for name in (cost, service))
    known = np.isfinite(costs) & np.isfinite(services)
    # A gap compares as neither less nor more, so it beats nothing.
    no_worse = (costs[None, :] <= costs[:, None]) & (services[None, :] <= services[:, None])
    is_less = (costs[None, :] < costs[:, None]) | (services[None, :] < services[:, None])
    found: list[bool] = (known & ~(no_worse & is_less).any(axis=1)).tolist()
    return found

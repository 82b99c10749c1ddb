"""KPIs: each has one definition for the whole suite, and carries what it was computed from.

The definitions are data (`tables/_kpis.csv`). A ratio is always a sum over a sum, never a
mean of percentages, so a `Kpi` keeps numerator and denominator beside its value.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True)
class KpiDefinition:
    """What a KPI means: unit, the direction that is better, and the formula in words."""

    name: str
    unit: str
    better: str
    definition: str


@dataclass(frozen=True)
class Kpi:
    """One measured KPI.

    Parameters
    ----------
    name
        Name in `tables/_kpis.csv`.
    value
        The figure, in the unit of the definition; `None` where the data cannot carry it.
    window
        What it was measured over, in words ("weeks 2026-W34 to 2026-W46, 640 series").
    numerator, denominator
        The two sums of a ratio.
    target
        Value to be near to where the direction is `target`.
    note
        Why the value is missing, or how to read it.
    """

    name: str
    value: float | None
    window: str
    numerator: float | None = None
    denominator: float | None = None
    target: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a KPI without a definition."""
        if self.name not in kpi_definitions():
            known = ", ".join(kpi_definitions())
            raise ValueError(f"KPI '{self.name}' has no definition. Known: {known}.")

    @property
    def definition(self) -> KpiDefinition:
        """The suite's definition of this KPI."""
        return kpi_definitions()[self.name]


def ratio_kpi(name: str, numerator: float, denominator: float, window: str) -> Kpi:
    """Return the KPI `numerator ÷ denominator`; without a value where the denominator is zero."""
    if not denominator:
        return Kpi(name, None, window, numerator, denominator, note="nothing to divide by in this window")
    return Kpi(name, numerator / denominator, window, numerator, denominator)


@cache
def kpi_definitions() -> Mapping[str, KpiDefinition]:
    """Return all KPI definitions by name."""
    path = resources.files("helpers.contract") / "tables" / "_kpis.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return MappingProxyType(
        {row["kpi"]: KpiDefinition(row["kpi"], row["unit"], row["better"], row["definition"]) for row in rows}
    )

"""What a what-if shows for one point: tiles, decisions, limits and a chart, all made by one pure function.

The panel in JupyterLab, the app, the scenario tables, the explorer of a mailed page and the batch show views
and nothing else, so none of them can disagree with another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from helpers.contract.kpis import Kpi
from helpers.errors import ParameterError
from helpers.whatif.chart import Chart
from helpers.whatif.controls import Settings

DECISIONS = ("decision", "name", "quantity", "money")
LIMITS = ("limit", "unit", "used", "most", "price")
SPENDING = frozenset({"orders proposed", "value of demand ahead"})  # neither good nor bad by itself
LEAST_SHARE = 0.005  # of the plan: a smaller change is neither better nor worse


@dataclass(frozen=True, eq=False)
class View:
    """What one setting leads to.

    Parameters
    ----------
    settings
        Every control's value.
    tiles
        KPIs, the most important first; the same names, in the same order, at every setting.
    decisions
        What is to be done: decision (key, unique), name (words), quantity, money. `unit` names the unit of
        the quantity, `heading` what the rows are ("Orders of this week").
    limits
        Limits that bind: limit (words), unit, used, most, price (money that one unit more would be worth).
    chart
        One picture: the plan and this setting.
    sentence
        What the setting does, in one sentence, made from the figures.
    notes
        How to read it: what is not in it, how exact it is.
    gap
        Of the solve: (plan − proven bound) ÷ plan; 0 where nothing was solved.
    """

    settings: Settings
    tiles: tuple[Kpi, ...]
    decisions: pd.DataFrame
    limits: pd.DataFrame
    chart: Chart
    sentence: str
    unit: str = "units"
    heading: str = "Decisions"
    notes: tuple[str, ...] = ()
    gap: float = 0.0

    def __post_init__(self) -> None:
        """Refuse tables without the columns that every reader of a view counts on."""
        for name, wanted in (("decisions", DECISIONS), ("limits", LIMITS)):
            missing = [column for column in wanted if column not in getattr(self, name)]
            if missing:
                raise ParameterError(f"View: table '{name}' has no column {', '.join(missing)}.")
        if self.decisions["decision"].duplicated().any():
            raise ParameterError("View: table 'decisions' names a decision twice.")
        object.__setattr__(self, "settings", dict(self.settings))

    def value(self, name: str) -> float | None:
        """Return the value of the tile called `name`, in the unit of its definition."""
        return next(kpi.value for kpi in self.tiles if kpi.name == name)


@dataclass(frozen=True)
class Refusal:
    """A setting without a plan, in words: what clashes, and the cheapest way out where it is known."""

    settings: Settings = field(hash=False)
    reason: str


@dataclass(frozen=True)
class Difference:
    """A tile beside the same tile of the plan.

    Parameters
    ----------
    kpi, base
        Here, and in the plan.
    change
        Here − plan, in the KPI's unit; None where one of them has no value.
    is_good
        Whether the change goes the better way; None where it does not matter or there is none.
    """

    kpi: Kpi
    base: Kpi
    change: float | None
    is_good: bool | None


def compare_tiles(base: View, view: View) -> tuple[Difference, ...]:
    """Return each tile of a view beside the plan's.

    A cost that falls is better only where nothing that is served or earned falls with it: whoever closes a
    warehouse pays less freight, and that is no gain. Changes too small to act on are neither.
    """
    found = tuple(_difference(old, new) for old, new in zip(base.tiles, view.tiles, strict=True))
    if not any(one.is_good is False and one.kpi.definition.better == "higher" for one in found):
        return found
    spared = {one.kpi.name for one in found if one.is_good and one.kpi.definition.better == "lower"}
    return tuple(replace(one, is_good=None) if one.kpi.name in spared else one for one in found)


def _difference(base: Kpi, kpi: Kpi) -> Difference:
    if base.value is None or kpi.value is None:
        return Difference(kpi, base, None, None)
    change, better = kpi.value - base.value, kpi.definition.better
    nearer = abs(base.value) - abs(kpi.value)
    if kpi.name in SPENDING:
        return Difference(kpi, base, change, None)
    gain = {"higher": change, "lower": -change, "zero": nearer}.get(better, 0.0)
    tells = abs(gain) > LEAST_SHARE * abs(base.value)
    return Difference(kpi, base, change, gain > 0 if gain and tells else None)


def changed_decisions(base: View, view: View) -> pd.DataFrame:
    """Return the decisions that differ from the plan's, the largest in money first.

    Returns
    -------
    pandas.DataFrame
        decision, name, before, now (quantity), change, money_before, money_now, money (change of money).
    """
    keys = ["decision", "name"]
    both = base.decisions[[*keys, "quantity", "money"]].merge(
        view.decisions[[*keys, "quantity", "money"]],
        on="decision",
        how="outer",
        suffixes=("_before", "_now"),
        validate="one_to_one",
    )
    numbers = ["quantity_before", "quantity_now", "money_before", "money_now"]
    both = both.assign(
        name=both["name_now"].fillna(both["name_before"]),
        **{name: both[name].fillna(0.0).astype("float64") for name in numbers},
    )
    table = both.rename(columns={"quantity_before": "before", "quantity_now": "now"})
    table = table.assign(
        change=table["now"] - table["before"], money=table["money_now"] - table["money_before"]
    )
    differs = ~np.isclose(table["change"], 0.0) | ~np.isclose(table["money"], 0.0)
    size = table["money"].abs()
    ordered = table.assign(size=size)[differs].sort_values(["size", "decision"], ascending=[False, True])
    columns = ["decision", "name", "before", "now", "change", "money_before", "money_now", "money"]
    return ordered[columns].reset_index(drop=True)


def no_limits() -> pd.DataFrame:
    """Return an empty table of limits."""
    texts = {"limit": pd.Series(dtype="object"), "unit": pd.Series(dtype="object")}
    return pd.DataFrame({**texts, **{name: pd.Series(dtype="float64") for name in LIMITS[2:]}})


def decision_rows(decisions: Mapping[str, object]) -> pd.DataFrame:
    """Return a table of decisions in the order of `DECISIONS`, from its columns."""
    return pd.DataFrame(decisions)[list(DECISIONS)].reset_index(drop=True)

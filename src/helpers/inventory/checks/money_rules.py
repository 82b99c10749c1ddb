"""Rules of the plan's money: every part as orders and outlook give it, and the gap as it is.

    purchase  = Σ quantity · unit_cost                       over all rows of the order plan
    ordering  = line_cost · rows of the order plan
    holding   = Σ holding_cost · held_t
    shortage  = Σ stockout_cost · short_t
    leftover  = − Σ v · held_T                               v = salvage_share · lowest price of the pair
    owed      = Σ w · owed_T        (0 where not stated)     w = lowest price of the pair
    giving_way = Σ relax_cost · relaxed_by                   (0 where not stated)
    objective = purchase + ordering + holding + shortage + leftover + owed + giving_way
    gap       = |objective − bound| ÷ |objective|

held, short and owed are recomputed from the demand points (`plan_tables.py`); T is the last week of the
outlook; the lowest price is over all suppliers that have terms, price breaks included. Where the outlook has
a column `leftover_value`, v is read from there (a product that ends is worth less).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from helpers.inventory.checks.plan_exports import OPTIONAL
from helpers.inventory.checks.plan_tables import PAIR
from helpers.plan_check import PlanRule, Tables, difference, excess

PARTS: Final = ("purchase", "ordering", "holding", "shortage", "leftover", "owed", "giving_way")
_PROVEN = 1e-6


def money_rules() -> tuple[PlanRule, ...]:
    """Return the rules of `plan_money`, but for the objective: `check_plan` compares it."""
    return (
        *(
            PlanRule(f"{part.replace('_', ' ')} money as the plan gives it", _as_given(part), "money")
            for part in PARTS
        ),
        PlanRule("gap as objective and bound give it", _other_gap),
        PlanRule("no plan is cheaper than its bound", _high_bound, "money"),
        PlanRule("a plan called optimal has no gap", _optimal_with_gap),
    )


def recomputed_objective(tables: Tables) -> float:
    """Return the money of the plan as its tables give it; NaN where they do not."""
    try:
        return float(sum(_RECOMPUTED[part](tables) for part in PARTS))
    except (KeyError, IndexError, TypeError, ValueError):
        return np.nan


def _as_given(part: str) -> Callable[[Tables], pd.DataFrame]:
    def broken(tables: Tables) -> pd.DataFrame:
        money = tables["plan_money"]
        stated = 0.0 if part in OPTIONAL["plan_money"] and part not in money else money[part].iloc[0]
        row = pd.DataFrame({"stated": [stated], "recomputed": [_RECOMPUTED[part](tables)]})
        return difference(row, "stated", "recomputed")

    return broken


def _purchase(tables: Tables) -> float:
    plan = tables["order_plan"]
    return float((plan["quantity"] * plan["unit_cost"]).sum())


def _ordering(tables: Tables) -> float:
    return float(tables["plan_money"]["line_cost"].iloc[0] * len(tables["order_plan"]))


def _holding(tables: Tables) -> float:
    return float((tables["weeks"]["holding_cost"] * tables["weeks"]["held"]).sum())


def _shortage(tables: Tables) -> float:
    return float((tables["weeks"]["stockout_cost"] * tables["weeks"]["short"]).sum())


def _last_weeks(tables: Tables) -> pd.DataFrame:
    weeks = tables["weeks"]
    return weeks[weeks["is_last"]].merge(tables["cheapest"], on=PAIR, how="left", validate="many_to_one")


def _leftover(tables: Tables) -> float:
    last = _last_weeks(tables)
    share = float(tables["plan_money"]["salvage_share"].iloc[0])
    worth = last["leftover_value"] if "leftover_value" in last else share * last["cheapest"]
    return -float((worth * last["held"]).sum())


def _owed(tables: Tables) -> float:
    if "owed" not in tables["plan_money"]:
        return 0.0
    last = _last_weeks(tables)
    return float((last["cheapest"] * last["owed"]).sum())


def _giving_way(tables: Tables) -> float:
    limits = tables["plan_limits"]
    return float((limits["relax_cost"] * limits["relaxed_by"]).sum()) if "relax_cost" in limits else 0.0


def _other_gap(tables: Tables) -> pd.DataFrame:
    money = tables["plan_money"]
    apart, whole = (money["objective"] - money["bound"]).abs(), money["objective"].abs()
    rows = pd.DataFrame({"stated": money["gap"], "recomputed": (apart / whole).where(apart > 0, 0.0)})
    return difference(rows, "stated", "recomputed")


def _high_bound(tables: Tables) -> pd.DataFrame:
    return excess(tables["plan_money"], "bound", "objective")[["bound", "objective", "by"]]


def _optimal_with_gap(tables: Tables) -> pd.DataFrame:
    money = tables["plan_money"]
    apart = (money["objective"] - money["bound"]).abs()
    wrong = (money["status"] == "optimal") & ~(apart <= _PROVEN * np.maximum(1.0, money["objective"].abs()))
    return money.loc[wrong, ["status", "objective", "bound"]].assign(by=apart[wrong])


_RECOMPUTED: Final[Mapping[str, Callable[[Tables], float]]] = {
    "purchase": _purchase,
    "ordering": _ordering,
    "holding": _holding,
    "shortage": _shortage,
    "leftover": _leftover,
    "owed": _owed,
    "giving_way": _giving_way,
}

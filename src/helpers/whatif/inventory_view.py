"""What a point of the stock what-if shows: money, service, this week's orders, limits, and a chart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.kpis import Kpi
from helpers.inventory.orders.plan import OrderPlan
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import CLASSES, Policy
from helpers.inventory.promise import promise_of, promised_fill_rate
from helpers.inventory.result import InventoryPlan
from helpers.inventory.settings import InventorySettings
from helpers.report import say
from helpers.whatif.chart import Chart, Series
from helpers.whatif.controls import Control, Settings, say_settings
from helpers.whatif.view import View, decision_rows, no_limits

LEAST_PRICE = 1e-4  # money per unit of a limit
FULL = 0.99  # share of a limit from which it counts as used up
MOST_ROWS = 8
MISSED = 0.001  # of a target that whole units and 200 futures leave open
LEFT_OUT = (
    "Levels and orders are those that the whole plan would have with these settings. Transfers, excess and "
    "what may run out before help comes are not planned anew here: run the scenario to see them.",
    "Stock, its cost and the margin lost are means over sampled futures of the weeks ahead: what levels "
    "promise, not what today's stock will do.",
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A point, planned.

    Parameters
    ----------
    plan
        The plan that the point is laid beside.
    asked
        The point's settings of the plan.
    outlook, policy, orders
        Of the point.
    controls, settings
        Of the decision.
    """

    plan: InventoryPlan
    asked: InventorySettings
    outlook: Outlook
    policy: Policy
    orders: OrderPlan
    controls: tuple[Control, ...]
    settings: Settings

    @property
    def firm(self) -> pd.DataFrame:
        """Orders of the frozen weeks."""
        return self.orders.orders[self.orders.orders["is_frozen"]]


def show(point: Shown) -> View:
    """Return the view of a planned point."""
    return View(
        settings=point.settings,
        tiles=_tiles(point),
        decisions=_decisions(point),
        limits=_limits(point),
        chart=_chart(point),
        sentence=_sentence(point),
        unit="units",
        heading=f"Orders of {_weeks(point)}",
        notes=_notes(point),
        gap=point.orders.gap,
    )


def _tiles(point: Shown) -> tuple[Kpi, ...]:
    firm, plan = point.firm, point.plan
    spent = float(firm["value"].sum())
    promise = promise_of(point.outlook, point.policy, point.asked)
    return (
        Kpi("orders proposed", spent, f"week of {plan.first_week}, {len(firm)} lines"),
        promised_fill_rate(point.outlook, point.policy),
        *promise.tiles,
    )


def _decisions(point: Shown) -> pd.DataFrame:
    """One row per product, site and supplier, most money first."""
    keys = ["product_id", "site_id", "supplier_id"]
    rows = point.firm.groupby(keys, as_index=False)[["quantity", "value"]].sum()
    rows = rows.sort_values(["value", *keys], ascending=[False, True, True, True], ignore_index=True)
    pairs = point.outlook.pairs.drop_duplicates("product_id").set_index("product_id")["product_name"]
    named = rows["product_id"].map(pairs).fillna("").astype("object")
    way = " → " + rows["site_id"].astype("object") + " from " + rows["supplier_id"].astype("object")
    decision = rows["product_id"].astype("object") + way
    name = np.where(named != "", decision + " (" + named + ")", decision)
    return decision_rows(
        {
            "decision": decision,
            "name": pd.Series(name, dtype="object"),
            "quantity": rows["quantity"].astype("float64"),
            "money": rows["value"].astype("float64"),
        }
    )


def _limits(point: Shown) -> pd.DataFrame:
    """Limits that bind, dearest first."""
    table = point.orders.limits
    full = table["used"] >= FULL * table["limit"]  # a price of the relaxed plan alone binds nothing
    binding = table[full & (table["price"] > LEAST_PRICE)]
    binding = binding.sort_values("price", ascending=False, kind="stable")
    if binding.empty:
        return no_limits()
    monday = pd.Timestamp(point.plan.first_week)
    weeks = monday + pd.to_timedelta(7 * binding["week"], unit="D")
    words = [
        f"{rule}{f' at {key}' if key else ''}, week of {week:%-d %B %Y}"
        for rule, key, week in zip(binding["rule"], binding["key"], weeks, strict=True)
    ]
    return pd.DataFrame(
        {
            "limit": words,
            "unit": binding["unit"].to_numpy(),
            "used": binding["used"].to_numpy(dtype="float64"),
            "most": binding["limit"].to_numpy(dtype="float64"),
            "price": binding["price"].to_numpy(dtype="float64"),
        }
    )


def _chart(point: Shown) -> Chart:
    """Money by supplier of this week: the plan and the point."""
    before = point.plan.firm.groupby("supplier_id")["value"].sum()
    now = point.firm.groupby("supplier_id")["value"].sum()
    names = sorted({*before.index, *now.index}, key=lambda name: (-before.get(name, 0.0), name))
    shown, rest = (names, []) if len(names) <= MOST_ROWS else (names[: MOST_ROWS - 1], names[MOST_ROWS - 1 :])
    labels = [*shown, *([f"{len(rest)} other suppliers"] if rest else [])] or ["no orders"]
    drawn = [_money_of(money, shown, rest) or (0.0,) for money in (before, now)]
    return Chart(
        kind="bars",
        title=f"Orders of {_weeks(point)} come to {say(float(now.sum()), 'money')}{_against(point)}",
        labels=tuple(str(label) for label in labels),
        series=(Series("the plan", drawn[0], "plan"), Series("this setting", drawn[1], "setting")),
        unit="money",
        axis=f"orders of {_weeks(point)} by supplier, money",
    )


def _money_of(money: pd.Series[float], shown: list[str], rest: list[str]) -> tuple[float, ...]:
    values = [float(money.get(name, 0.0)) for name in shown]
    return (*values, *([sum(float(money.get(name, 0.0)) for name in rest)] if rest else []))


def _is_cut(point: Shown) -> bool:
    """Whether a budget that was set takes something from the plan's orders."""
    budget = point.asked.budget
    return budget > 0 and float(point.firm["value"].sum()) < float(point.plan.firm["value"].sum())


def _sentence(point: Shown) -> str:
    """What the point orders, serves and costs."""
    firm = point.firm
    said = say_settings(point.controls, point.settings)
    head = f"{said[:1].upper()}{said[1:]}: "
    lines = f"{len(firm)} order line{'' if len(firm) == 1 else 's'}"
    money = say(float(firm["value"].sum()), "money")
    if firm.empty and point.asked.budget > 0:
        ordered = "the budget pays for no order that is worth placing"
    elif firm.empty:
        ordered = f"nothing is ordered {_when(point)}"
    else:
        ordered = f"{lines} for {money} {_when(point)}{_against(point)}"
    left_out = "What it leaves unserved later is not in the figures. " if _is_cut(point) else ""
    promise = promise_of(point.outlook, point.policy, point.asked)
    served = say(promised_fill_rate(point.outlook, point.policy).value, "share")
    lost = say(promise.lost_margin, "money")
    stock = say(promise.stock_value, "money")
    return (
        f"{head}{ordered}. {left_out}The levels promise to serve {served} of the units wanted from "
        f"stock, with {stock} of stock on average and {lost} of margin expected to be lost within "
        f"{promise.window}."
    )


def _against(point: Shown) -> str:
    """How the orders' money compares with the plan's."""
    change = float(point.firm["value"].sum()) - point.plan.firm_value
    if abs(change) < 0.5:
        return ", as in the plan"
    return f", {say(abs(change), 'money')} {'more' if change > 0 else 'less'} than in the plan"


def _weeks(point: Shown) -> str:
    many = point.asked.frozen_weeks
    return "this week" if many == 1 else f"the first {many} weeks"


def _when(point: Shown) -> str:
    return "this week" if point.asked.frozen_weeks == 1 else f"in {_weeks(point)}"


def _notes(point: Shown) -> tuple[str, ...]:
    said = [note for note in point.outlook.notes if note.startswith("What if: ")]
    said += point.orders.clashes
    said += _missed(point)
    if point.asked.budget > 0:
        said.append("A budget limits these orders. It changes no level, so what levels promise stays.")
    if point.asked.aim == "economic":
        said.append("The plan has no service targets: money alone sets the levels.")
    return (*LEFT_OUT, *said)


def _missed(point: Shown) -> list[str]:
    """Classes whose levels do not reach their target, whatever is held."""
    promise = point.policy.promise
    found = []
    for name in CLASSES:
        own = promise[promise["abc"] == name]
        least = float((own["fill_rate"] - own["target"]).min()) if len(own) else 0.0
        if least < -MISSED:
            reached = say(float(own["fill_rate"].min()), "share")
            found.append(f"Class {name} reaches {reached} at most: lower its target to what can be reached.")
    return found

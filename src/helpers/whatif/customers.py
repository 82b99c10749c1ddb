"""Customer targeting as a what-if: budget, margins, caps, calls, hold-out and stock.

Each view is the contact plan chosen anew by `choose_contacts`, the verb behind the plan itself. Customers are
counted, never named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.contract.controls import check_what_if
from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.customers import words
from helpers.customers.plan import TargetingPlan, chance_of_waste
from helpers.customers.selection import ContactPlan, SelectionSettings
from helpers.customers.selection.margins import PARTS
from helpers.customers.selection.plan import choose_contacts
from helpers.customers.settings import TargetingSettings
from helpers.whatif.chart import Chart, Series
from helpers.whatif.controls import Control, Settings, Value, moved, slider, switch
from helpers.whatif.decision import Decision, fingerprint_of
from helpers.whatif.view import View, decision_rows

PHONE = "phone"
CALL_STEP = 10.0
NOTES = (
    "All figures are expected ones, by the same measured worth as the plan; its intervals stand on the page "
    "of customers.",
    "Who is held out is drawn anew where the hold-out, the caps or the margins change, so small differences "
    "may come from the draw.",
)


def customers_under(settings: TargetingSettings, what_if: Mapping[str, object]) -> TargetingSettings:
    """Return the settings of customer targeting under a scenario.

    Parameters
    ----------
    settings
        As planned.
    what_if
        Control → value; those of other decisions are left alone.

    Raises
    ------
    ParameterError
        A control or value that does not exist.
    """
    return replace(settings, selection=selection_under(settings.selection, what_if))


def selection_under(settings: SelectionSettings, what_if: Mapping[str, object]) -> SelectionSettings:
    """Return the settings of the contact plan alone under a scenario; else as `customers_under`."""
    found = settings
    for name, value in check_what_if(what_if, "customers").items():
        found = _APPLY[name](found, value)
    return found


def _with_calls(settings: SelectionSettings, value: Value) -> SelectionSettings:
    others = {name: most for name, most in settings.channel_capacity.items() if name != PHONE}
    return replace(settings, channel_capacity={**others, **({PHONE: float(value)} if value else {})})


_APPLY: Mapping[str, Callable[[SelectionSettings, Value], SelectionSettings]] = {
    "contact_budget": lambda settings, value: replace(settings, budget=float(value) or None),
    "margin_change": lambda settings, value: replace(settings, margin_change=float(value)),
    "contacts_a_year": lambda settings, value: replace(settings, cap_contacts=round(float(value))),
    "calls": _with_calls,
    "holdout_share": lambda settings, value: replace(settings, holdout_share=float(value)),
    "stock_limit": lambda settings, value: replace(settings, limit_by_stock=bool(value)),
}


def customers_what_if(plan: TargetingPlan) -> Decision:
    """Return the contact plan as a what-if.

    Parameters
    ----------
    plan
        Of `plan_targeting`; the settings that it was made with are where the controls stand.
    """
    world = _World(plan.contacts, plan.worth, _controls(plan.contacts))
    return Decision(
        name="customers",
        title="Customer targeting",
        question="What if budget, margins, caps or the hold-out change?",
        controls=world.controls,
        answer=world.answer,
        grid=_grid(plan.contacts, world.controls),
        fingerprint=_fingerprint(plan.contacts),
    )


def _controls(plan: ContactPlan) -> tuple[Control, ...]:
    """Return the controls that can make a difference in this plan."""
    own = plan.settings
    budget = float(own.budget or 0.0)
    spent = float(plan.totals["cost"])
    step = _budget_step(plan)
    most = _rounded(4 * max(spent, budget), step)
    found: list[Control] = [replace(slider("contact_budget", budget, high=most), step=step)]
    if _has_parts(plan):
        found.append(slider("margin_change", own.margin_change))
    found.append(slider("contacts_a_year", float(own.cap_contacts)))
    calls = own.channel_capacity.get(PHONE, math.inf)
    phone = plan.audience.campaigns["channel"] == PHONE
    if phone.any() and calls >= 1:  # no calls at all cannot be told from no limit
        called = plan.audience.pairs["channel"] == PHONE
        most = _rounded(max(float(called.sum()), calls if math.isfinite(calls) else 0.0), CALL_STEP)
        found.append(slider("calls", calls if math.isfinite(calls) else 0.0, high=most))
    found.append(slider("holdout_share", own.holdout_share))
    if len(plan.audience.available):
        found.append(switch("stock_limit", default=own.limit_by_stock))
    return tuple(found)


def _has_parts(plan: ContactPlan) -> bool:
    return all(name in plan.audience.pairs for name in PARTS)


def _budget_step(plan: ContactPlan) -> float:
    """Return a round step that parts what the plan spends, or may spend, into 10 to 25."""
    rough = max(float(plan.totals["cost"]), float(plan.settings.budget or 0.0), 1.0) / 25
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))


def _rounded(value: float, step: float) -> float:
    """Return the value rounded up to a step; at least ten steps, so that there is something to move."""
    return max(math.ceil(value / step) * step, 10 * step)


def _grid(plan: ContactPlan, controls: Sequence[Control]) -> dict[str, Sequence[Value]]:
    """Points for the explorer of a page: budget, margins, hold-out and stock."""
    own, spent = plan.settings, float(plan.totals["cost"])
    known = {control.name for control in controls}
    step = _budget_step(plan)
    budgets = {round(math.floor(spent * share / step) * step, 6) for share in (0.25, 0.5, 0.75)}
    points: dict[str, Sequence[Value]] = {
        "contact_budget": _with(float(own.budget or 0.0), 0.0, *(one for one in budgets if one)),
        "margin_change": _with(own.margin_change, -0.3, 0.0, 0.3),
        "holdout_share": _with(own.holdout_share, 0.05, 0.15, 0.3),
        "stock_limit": (True, False),
    }
    return {name: values for name, values in points.items() if name in known}


def _with(*values: float) -> tuple[float, ...]:
    return tuple(sorted(set(values)))


def _fingerprint(plan: ContactPlan) -> str:
    pairs = plan.pairs[["campaign_id", "customer_id", "value", "cost", "closed", "is_held", "is_chosen"]]
    hashed = pd.util.hash_pandas_object(pairs, index=False).to_numpy().tobytes().hex()
    return fingerprint_of(repr(plan.settings), hashed)


@dataclass(frozen=True, eq=False)
class _World:
    """What all views of a targeting plan share."""

    plan: ContactPlan
    worth: pd.DataFrame
    controls: tuple[Control, ...]

    def answer(self, settings: Settings) -> View:
        """Return the view of a setting."""
        changed = moved(self.controls, settings)
        found = self.plan
        if changed:
            asked = selection_under(self.plan.settings, changed)
            found = choose_contacts(self.plan.audience, asked)
        return View(
            settings=settings,
            tiles=self._tiles(found),
            decisions=_decisions(found),
            limits=_limits(found),
            chart=_chart(self.plan, found),
            sentence=_sentence(self.plan, found),
            unit="contacts",
            heading="Contacts by campaign and segment",
            notes=(*NOTES, *found.notes),
            gap=found.gap,
        )

    def _tiles(self, found: ContactPlan) -> tuple[Kpi, ...]:
        totals, chosen = found.totals, found.pairs["is_chosen"].to_numpy(dtype=np.bool_)
        window = "planned campaigns, expected"
        wasted = Kpi("wasted-message rate", None, window, note="no contact is made")
        if chosen.any():
            chance = chance_of_waste(found.pairs, self.worth)
            wasted = ratio_kpi(
                "wasted-message rate", float(chance[chosen].sum()), float(chosen.sum()), window
            )
        return (
            Kpi("net margin of contacts", float(totals["net"]), window),
            wasted,
            Kpi("cost of contacts", float(totals["cost"]), "planned campaigns"),
            Kpi("contacts made", float(totals["contacts"]), "planned campaigns"),
        )


def _decisions(plan: ContactPlan) -> pd.DataFrame:
    """Return contacts and net margin by campaign and segment."""
    rows = plan.pairs[plan.pairs["is_chosen"]]
    names = plan.audience.campaigns.set_index("campaign_id")["name"]
    keys = ["campaign_id", "segment"]
    sums = rows.groupby(keys, as_index=False).agg(quantity=("net", "size"), money=("net", "sum"))
    said = [f"{names.get(one) or one}, {segment}" for one, segment in sums[keys].itertuples(index=False)]
    return decision_rows(
        {
            "decision": sums["campaign_id"].astype(str) + " | " + sums["segment"].astype(str),
            "name": pd.Series(said, dtype="object"),
            "quantity": sums["quantity"].astype("float64"),
            "money": sums["money"].astype("float64"),
        }
    )


def _limits(plan: ContactPlan) -> pd.DataFrame:
    """Return the limits that hold the plan back, the dearest first."""
    rows = plan.limits[np.isfinite(plan.limits["limit"]) & (plan.limits["price"] > _LEAST_PRICE)]
    rows = rows.sort_values("price", ascending=False, kind="stable", ignore_index=True)
    kinds = {"budget": "budget", "channel": "contacts by ", "stock": "stock of "}
    said = [
        kinds[kind] + ("" if kind == "budget" else str(name))
        for kind, name in zip(rows["kind"], rows["name"], strict=True)
    ]
    return pd.DataFrame(
        {
            "limit": pd.Series(said, dtype="object"),
            "unit": rows["unit"].astype("object"),
            "used": rows["used"].astype("float64"),
            "most": rows["limit"].astype("float64"),
            "price": rows["price"].astype("float64"),
        }
    )


def _chart(base: ContactPlan, found: ContactPlan) -> Chart:
    before, now = base.by_campaign, found.by_campaign
    labels = tuple(str(name or key) for key, name in zip(before["campaign_id"], before["name"], strict=True))
    net, planned = float(found.totals["net"]), float(base.totals["net"])
    return Chart(
        kind="bars",
        title=f"Contacts earn {words.money(net)} after their cost, planned {words.money(planned)}",
        labels=labels,
        series=(
            Series("the plan", tuple(before["net"].astype(float)), "plan"),
            Series("this setting", tuple(now["net"].astype(float)), "setting"),
        ),
        unit="money",
        axis="expected net margin, money",
    )


def _sentence(base: ContactPlan, found: ContactPlan) -> str:
    totals, planned = found.totals, base.totals
    if not totals["contacts"]:
        return "Nobody is contacted: no open contact earns more than it costs within the limits."
    count = int(totals["contacts"])
    said = (
        f"{words.count(count, 'contact')} for {words.money(totals['cost'])} "
        f"{'is' if count == 1 else 'are'} expected to earn {words.money(totals['net'])} after that cost"
    )
    more = float(totals["net"] - planned["net"])
    if abs(more) < _LEAST_MONEY:
        return f"{said}, as planned."
    return f"{said}, {words.money(abs(more))} {'more' if more > 0 else 'less'} than planned."


_LEAST_PRICE = 1e-6
_LEAST_MONEY = 0.005

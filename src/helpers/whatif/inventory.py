"""What if of the stock plan: other service, money and supply, and what is then ordered this week.

The levers are settings of `plan_inventory`, so a view holds the levels and orders that the whole plan would
have with them. What is shared between points (stock, demand, levels, the grid of the order plan) is computed
once and kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from helpers.contract.case import Case
from helpers.contract.controls import check_what_if, control_definitions
from helpers.errors import ParameterError
from helpers.inventory.orders.plan import OrderPlan
from helpers.inventory.outlook import Outlook
from helpers.inventory.plan import PastForecast, order
from helpers.inventory.policy import Policy, recommend_policy
from helpers.inventory.result import InventoryPlan
from helpers.inventory.settings import InventorySettings
from helpers.report import say
from helpers.whatif.controls import Control, Settings, Value, choice, moved, slider
from helpers.whatif.decision import Decision, fingerprint_of
from helpers.whatif.inventory_view import Shown, show
from helpers.whatif.view import View

FILL_RATES = ("fill_rate_a", "fill_rate_b", "fill_rate_c")
KEPT = 24  # outlooks, levels and order plans kept; each some megabytes
LOCKED = (
    "has no effect while the aim is 'economic', which has no targets. Set the aim to 'fill_rate' as well."
)


def inventory_under(settings: InventorySettings, what_if: Mapping[str, object]) -> InventorySettings:
    """Return the settings of a plan under a scenario.

    Parameters
    ----------
    settings
        The plan's own.
    what_if
        Control → value; controls of other decisions are left alone.

    Raises
    ------
    ParameterError
        A name that no control has, a value out of bounds, or a target where the aim has none.

    Examples
    --------
    >>> inventory_under(InventorySettings(), {"fill_rate_a": 0.95, "growth": 0.1}).fill_rate_a
    0.95
    """
    found = check_what_if(what_if, "inventory")
    if settings.aim == "economic":
        idle = [f"what_if: '{name}' {LOCKED}" for name in FILL_RATES if name in found]
        if idle:
            raise ParameterError("\n".join(idle))
    return replace(settings, **found)  # type: ignore[arg-type]  # control_definitions gives each its kind


def inventory_what_if(case: Case, plan: InventoryPlan, forecast: PastForecast) -> Decision:
    """Return the stock plan as a what-if.

    Parameters
    ----------
    case
        The data that the plan was made from.
    plan
        The plan: its settings are the defaults, its view is the base.
    forecast
        What the plan was made from; names the decision together with case and plan.

    Returns
    -------
    Decision
        Controls: service targets (not where the aim is `economic`), budget, cost of holding stock, lead
        times, closed supplier. Every view has the levels and orders of `plan_inventory` with these settings.

    Examples
    --------
    >>> decision = inventory_what_if(case, plan, forecast)               # doctest: +SKIP
    >>> decision.view({"fill_rate_a": 0.99}).value("orders proposed")    # doctest: +SKIP
    """
    controls = _controls(plan)
    desk = _Desk(case.seen_on(plan.cutoff), plan, controls)
    parts = (case.fingerprint, plan.fingerprint, str(getattr(forecast, "fingerprint", "")))
    return Decision(
        name="inventory",
        title="Stock and orders",
        question="What do service, money and supply change in this week's orders?",
        controls=controls,
        answer=desk.answer,
        grid=_grid(plan, controls),
        fingerprint=fingerprint_of("inventory", *parts),
    )


def _controls(plan: InventoryPlan) -> tuple[Control, ...]:
    settings = plan.settings
    targets = FILL_RATES if settings.aim == "fill_rate" else ()
    step = control_definitions()["budget"].step
    most = max(_up_to(2 * plan.firm_value, step), step)
    return (
        *(slider(name, float(getattr(settings, name))) for name in targets),
        slider("budget", settings.budget, high=most),
        slider("holding_rate", settings.holding_rate),
        slider("lead_time_change", settings.lead_time_change),
        _suppliers(plan),
    )


def _suppliers(plan: InventoryPlan) -> Control:
    """Suppliers with their share of what is planned to be bought, the largest first."""
    offers = plan.outlook.known_offers
    known = sorted(offers.loc[~offers["is_lane"].astype("bool"), "supplier_id"].unique())
    value = plan.orders.orders.groupby("supplier_id")["value"].sum()
    total = max(float(value.sum()), 1e-9)
    shares = {name: float(value.get(name, 0.0)) / total for name in known}
    ordered = sorted(known, key=lambda name: (-shares[name], name))
    options = [(name, f"{name}, {say(shares[name], 'share', 0)} of planned purchases") for name in ordered]
    found = choice("closed_supplier", options)
    return replace(found, default=plan.settings.closed_supplier)


def _grid(plan: InventoryPlan, controls: tuple[Control, ...]) -> dict[str, tuple[Value, ...]]:
    """Points of the explorer, at most 36, the plan among them.

    They are all computed before the page is sent, so it has what matters most to a buyer: service of class A,
    lead times, the largest supplier, and a budget that binds.
    """
    by_name = {control.name: control for control in controls}
    settings, step = plan.settings, control_definitions()["budget"].step
    half = _up_to(plan.firm_value / 2, step)
    options = getattr(by_name["closed_supplier"], "options", ())
    found: dict[str, tuple[Value, ...]] = {}
    if "fill_rate_a" in by_name:
        found["fill_rate_a"] = _with(settings.fill_rate_a, [0.95, 0.99, 0.98], 3)
    found["lead_time_change"] = _with(settings.lead_time_change, [0.0, 0.5, -0.25], 3)
    found["budget"] = _with(settings.budget, [0.0, *([half] if half < plan.firm_value else [])], 2)
    closed = [settings.closed_supplier, "", *(name for name, _ in options[1:2])]
    found["closed_supplier"] = tuple(dict.fromkeys(closed))[:2]
    return found


def _with(default: float, values: list[float], most: int) -> tuple[float, ...]:
    """The plan's own value and the first others, ascending."""
    return tuple(sorted(list(dict.fromkeys([default, *values]))[:most]))


def _up_to(value: float, step: float) -> float:
    return float(-(-value // step) * step)


@dataclass(eq=False)
class _Kept[T]:
    """The latest results by key."""

    found: OrderedDict[tuple[object, ...], T] = field(default_factory=OrderedDict)

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what was made for a key, or make it."""
        if key not in self.found:
            self.found[key] = make()
            if len(self.found) > KEPT:
                self.found.popitem(last=False)
        self.found.move_to_end(key)
        return self.found[key]


class _Desk:
    """Answers settings, and keeps what several of them share."""

    def __init__(self, case: Case, plan: InventoryPlan, controls: tuple[Control, ...]) -> None:
        self.case, self.plan, self.controls = case, plan, controls
        self.outlooks: _Kept[Outlook] = _Kept()
        self.policies: _Kept[Policy] = _Kept()
        self.grids: _Kept[OrderPlan] = _Kept()
        own = plan.settings
        self.outlooks.get(_supply(own), lambda: plan.outlook)
        self.policies.get(_levels(own), lambda: plan.policy)
        self.grids.get(_levels(own), lambda: plan.orders)

    def answer(self, settings: Settings) -> View:
        """Return the view of a setting: levels and orders as `plan_inventory` has them."""
        own = self.plan.settings
        asked = own
        if moved(self.controls, settings):
            asked = inventory_under(own, {name: settings[name] for name in settings})
        outlook = self.outlooks.get(_supply(asked), lambda: self.plan.outlook.under(asked))
        policy = self.policies.get(_levels(asked), lambda: recommend_policy(outlook, asked))
        orders = self.plan.orders if asked == own else self._order(outlook, policy, asked)
        return show(Shown(self.plan, asked, outlook, policy, orders, self.controls, settings))

    def _order(self, outlook: Outlook, policy: Policy, asked: InventorySettings) -> OrderPlan:
        """Plan the orders, on the grid of the same levels where it was laid before."""
        key = _levels(asked)
        found = order(self.case, outlook, policy, asked, known=self.grids.found.get(key))
        return found if key in self.grids.found else self.grids.get(key, lambda: found)


def _supply(settings: InventorySettings) -> tuple[object, ...]:
    return settings.lead_time_change, settings.closed_supplier, settings.holding_rate


def _levels(settings: InventorySettings) -> tuple[object, ...]:
    return (*_supply(settings), settings.fill_rate_a, settings.fill_rate_b, settings.fill_rate_c)

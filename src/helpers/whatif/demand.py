"""What if demand were another: growth, the depth of promotions, and a customer who leaves.

The view and a scenario's forecast come from the same levers (`forecasting/change.py`): the view sums means
that it multiplies, `demand_under` makes the whole forecast that inventory and transport then plan for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from helpers.contract.controls import check_what_if
from helpers.contract.kpis import Kpi
from helpers.forecasting import (
    DemandChange,
    DemandLevers,
    Forecast,
    PricesAhead,
    change_demand,
    largest_customers,
    read_prices_ahead,
)
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import DemandCase
from helpers.forecasting.settings import quantile_column
from helpers.report import say
from helpers.whatif.chart import Chart, Series
from helpers.whatif.controls import NOBODY, Control, Settings, choice, slider
from helpers.whatif.decision import Decision, fingerprint_of
from helpers.whatif.demand_words import Outcome, say_notes, say_outcome
from helpers.whatif.view import View, decision_rows, no_limits

OFFERED, IN_GRID = 10, 3
GROWTH = (-0.2, -0.1, 0.0, 0.1, 0.2)
DEPTH = (-0.1, -0.05, 0.0, 0.05, 0.1)


class NamedCase(DemandCase, Protocol):
    """What the what-if needs of a `Case`."""

    @property
    def fingerprint(self) -> str:
        """Name of the content."""


def demand_under(forecast: Forecast, what_if: Mapping[str, object], case: DemandCase) -> Forecast:
    """Return the forecast of a scenario; the same object where the scenario leaves demand as it is.

    Parameters
    ----------
    forecast
        As `forecast_demand` gave it.
    what_if
        Control → value; those of other decisions are left alone.
    case
        The case that the forecast was made from.

    Raises
    ------
    ParameterError
        An unknown control, a value out of its bounds, or a customer whom the orders do not name.
    """
    return change_demand(forecast, _change(check_what_if(what_if, "demand")), case)


def demand_what_if(case: NamedCase, forecast: Forecast) -> Decision:
    """Return the demand of the weeks ahead as a what-if.

    Parameters
    ----------
    case
        The case that the forecast was made from.
    forecast
        As `forecast_demand` gave it, before any change.

    Raises
    ------
    ParameterError
        If the forecast was not made from this case.
    """
    plan = _read_plan(case, forecast)
    customers = largest_customers(forecast, case, OFFERED)
    names = customers["customer_id"].astype(str).tolist()
    plan.levers.read_shares(names)
    options = [
        (name, f"{name}: {say(share, 'share')} of {of}")
        for name, share, of in zip(names, customers["share"], customers["of"], strict=True)
    ]
    controls: tuple[Control, ...] = (
        slider("growth", 0.0),
        slider("promotion_depth", 0.0),
        choice("lost_customer", options),
    )
    return Decision(
        name="demand",
        title="Demand",
        question="How much will be wanted, if demand grows, promotions change or a customer leaves?",
        controls=controls,
        answer=lambda settings: _answer(plan, settings),
        grid={
            "growth": GROWTH,
            "promotion_depth": DEPTH if len(plan.levers.promotions.table) else (0.0,),
            "lost_customer": (NOBODY, *names[:IN_GRID]),
        },
        fingerprint=fingerprint_of("demand", case.fingerprint, forecast.fingerprint),
    )


@dataclass(frozen=True, eq=False)
class _Plan:
    """The plan as arrays: mean is series × weeks; widths are upper limit − mean, per week and in all."""

    levers: DemandLevers
    prices: PricesAhead
    mean: Floats
    weekly_width: Floats
    width: float
    products: pd.DataFrame  # product_id, name
    product: pd.Series[int]  # row of `products` of each series
    labels: tuple[str, ...]
    window: str


def _read_plan(case: DemandCase, forecast: Forecast) -> _Plan:
    table, settings = forecast.forecast, forecast.settings
    keys = ["product_id", "site_id"]
    row = pd.MultiIndex.from_frame(forecast.series).get_indexer(pd.MultiIndex.from_frame(table[keys]))
    mean = np.zeros((len(forecast.series), settings.horizon))
    mean[row, table["lead"].to_numpy() - 1] = table["mean"]
    high = quantile_column((1 + settings.interval) / 2)
    weekly, total = forecast.total(), forecast.horizon_total()
    prices = read_prices_ahead(forecast, case)
    codes, product = pd.factorize(forecast.series["product_id"])
    names = prices.name.groupby(codes).first()
    weeks = pd.date_range(forecast.first_week, periods=settings.horizon, freq="7D")
    widths = pd.Series((weekly[high] - weekly["mean"]).to_numpy(), index=pd.DatetimeIndex(weekly["week"]))
    series = len(table[keys].drop_duplicates())
    return _Plan(
        levers=DemandLevers(forecast, case),
        prices=prices,
        mean=mean,
        weekly_width=widths.reindex(weeks).to_numpy(),
        width=float(total[high] - total["mean"]),
        products=pd.DataFrame({"product_id": product, "name": names.to_numpy()}),
        product=pd.Series(codes),
        labels=tuple(f"{week.day} {week:%b}" for week in weeks),
        window=f"{say(settings.horizon, 'week')} from {forecast.first_week}, {series:,} series",
    )


def _change(settings: Mapping[str, float | str | bool]) -> DemandChange:
    return DemandChange(
        growth=float(settings.get("growth", 0.0)),
        promotion_depth=float(settings.get("promotion_depth", 0.0)),
        lost_customer=str(settings.get("lost_customer", NOBODY)),
    )


def _answer(plan: _Plan, settings: Settings) -> View:
    change = _change(settings)
    units = plan.mean * plan.levers.factor(change)
    outcome = _outcome(plan, change, units)
    sentence, claim = say_outcome(change, outcome)
    return View(
        settings=settings,
        tiles=_tiles(plan, outcome),
        decisions=_decisions(plan, units),
        limits=no_limits(),
        chart=_chart(plan, claim, units),
        sentence=sentence,
        heading="Demand per product",
        notes=say_notes(plan.levers, change, outcome),
    )


def _outcome(plan: _Plan, change: DemandChange, units: Floats) -> Outcome:
    """The figures of a setting: sums, their interval, money, and what the depth alone does."""
    total, planned = float(units.sum()), float(plan.mean.sum())
    revenue, margin = _money(plan, units, change.promotion_depth)
    alike = plan.mean * plan.levers.factor(DemandChange(change.growth, 0.0, change.lost_customer))
    slope = plan.levers.promotions.slope
    ends = sorted(
        float((plan.mean * plan.levers.factor(change, end)).sum() - alike.sum())
        for end in (slope.low, slope.high)
    )
    alike_margin = _money(plan, alike, 0.0)[1]
    has_margin = margin is not None and alike_margin is not None
    return Outcome(
        units=total,
        planned=planned,
        width=plan.width * np.sqrt(total / planned) if planned > 0 else 0.0,
        interval=plan.levers.forecast.settings.interval,
        weeks=len(plan.labels),
        value=_sum_known(units, plan.prices.value),
        revenue=revenue,
        margin=margin,
        depth_units=(total - float(alike.sum()), ends[0], ends[1]),
        depth_margin=margin - alike_margin if has_margin else None,  # type: ignore[operator]  # both known
        unpriced=_left_out(plan, plan.prices.price),
        uncosted=_left_out(plan, plan.prices.cost),
    )


def _money(plan: _Plan, units: Floats, depth: float) -> tuple[float | None, float | None]:
    """Revenue and margin over the series with a price, and with a cost too; None where none has."""
    taken = units * (1 - plan.levers.promotions.discount_given(depth))
    price, cost = plan.prices.price, plan.prices.cost
    revenue = _sum_known(taken, price)
    both = np.isfinite(price) & np.isfinite(cost)
    if not both.any():
        return revenue, None
    return revenue, float((taken[both] * price[both, None] - units[both] * cost[both, None]).sum())


def _sum_known(units: Floats, money: Floats) -> float | None:
    known = np.isfinite(money)
    return float(units[known].sum(axis=1) @ money[known]) if known.any() else None


def _left_out(plan: _Plan, money: Floats) -> int:
    """Products with demand ahead whose money is not known."""
    blank = ~np.isfinite(money) & (plan.mean.sum(axis=1) > 0)
    return int(plan.product[blank].nunique())


def _tiles(plan: _Plan, outcome: Outcome) -> tuple[Kpi, ...]:
    money = (
        ("value of demand ahead", outcome.value, "no product has a cost or a price"),
        ("revenue ahead", outcome.revenue, "no product has a price"),
        ("margin ahead", outcome.margin, "no product has both a price and a cost"),
    )
    return (
        Kpi("demand ahead", outcome.units, plan.window, note=outcome.interval_words),
        *(Kpi(name, value, plan.window, note="" if value is not None else why) for name, value, why in money),
    )


def _decisions(plan: _Plan, units: Floats) -> pd.DataFrame:
    per_series = units.sum(axis=1)
    count = len(plan.products)
    value = np.nan_to_num(plan.prices.value)
    return decision_rows(
        {
            "decision": plan.products["product_id"],
            "name": plan.products["name"],
            "quantity": np.bincount(plan.product, weights=per_series, minlength=count),
            "money": np.bincount(plan.product, weights=per_series * value, minlength=count),
        }
    )


def _chart(plan: _Plan, claim: str, units: Floats) -> Chart:
    """Weekly totals; the plan's interval only where the back-test measured it."""
    before, now = plan.mean.sum(axis=0), units.sum(axis=0)
    limits = [
        Series(name, tuple(np.maximum(before + sign * plan.weekly_width, 0.0).tolist()), "limit")
        for sign, name in ((-1, "the plan's lower limit"), (1, "the plan's upper limit"))
        if np.isfinite(plan.weekly_width).all()
    ]
    return Chart(
        "lines",
        claim,
        plan.labels,
        (
            Series("the plan", tuple(before.tolist()), "plan"),
            *limits,
            Series("this setting", tuple(now.tolist()), "setting"),
        ),
        "unit",
        "units wanted per week, by its Monday",
    )

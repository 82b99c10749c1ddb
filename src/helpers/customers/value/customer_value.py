"""What each customer is worth over the coming year, how well that was foreseen, and on whom most depends.

    value = Σ_t E[orders at t] · E[margin per order] · (1 + d)^−t
    clv   = value − what contacts cost at last year's pace

Orders come from the buying model that foresaw the last weeks best, margin per order from gamma–gamma. The
rule that they have to beat is last year's margin.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case, Kpi
from helpers.customers.purchases import Purchases, read_purchases
from helpers.customers.value.buying_histories import DAYS_PER_WEEK, buying_histories, money_levels, order_days
from helpers.customers.value.buying_model import BuyingModel
from helpers.customers.value.calibration import Calibration
from helpers.customers.value.choice import FITS, ModelChoice
from helpers.customers.value.contact_cost import yearly_contact_cost
from helpers.customers.value.core_customers import CoreCustomers, core_customers
from helpers.customers.value.draws import draw_values
from helpers.customers.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from helpers.customers.value.holdout import judge_models
from helpers.customers.value.lifetime import discounted_purchases
from helpers.customers.value.ranks import rank_correlation
from helpers.customers.value.retention import Retention, measure_retention
from helpers.customers.value.settings import ValueSettings
from helpers.customers.words import percent

WEEKS_PER_YEAR = 52.0
SMALL_BIAS = 0.03  # error in sum on the weeks kept aside below which it need not be said beside the total

VALUES = (
    *("customer_id", "frequency", "recency", "age", "monetary_value", "first_order", "last_order"),
    *("rule_value", "expected_orders", "expected_spend", "value", "contact_cost", "clv", "low", "high"),
    *("probability_alive", "next_order"),
)


@dataclass(frozen=True, eq=False)
class CustomerValue:
    """Values of all customers who bought.

    Parameters
    ----------
    table
        One row per customer, highest clv first: customer_id, frequency, recency, age (weeks), monetary_value,
        first_order, last_order, rule_value (last year's margin), expected_orders (days with an order within
        the horizon), expected_spend (margin per such day), value (discounted), contact_cost, clv, low, high
        (interval of the clv), probability_alive, next_order (day by which it has ordered again with
        probability ½ if it is still a customer; blank beyond the horizon).
    model, spend
        The fitted models; None where too few customers came back: values are then the plain rule's.
    choice
        Which buying model was chosen and why.
    calibration
        Predicted against actual on the weeks kept aside, beside the rule.
    retention, core
        Cohorts, and the customers on whom most depends.
    total_low, total_high
        Interval of the sum of clv; NaN without a model.
    money_word
        What money is: margin or revenue.
    until, settings
        What was asked.
    notes
        What was assumed, in words.
    """

    table: pd.DataFrame
    model: BuyingModel | None
    spend: GammaGamma | None
    choice: ModelChoice
    calibration: Calibration
    retention: Retention
    core: CoreCustomers
    total_low: float
    total_high: float
    money_word: str
    until: dt.date
    settings: ValueSettings
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """Σ clv, money."""
        return float(self.table["clv"].sum())

    @property
    def kpi(self) -> Kpi:
        """CLV of all customers together."""
        window = (
            f"{self.settings.horizon_weeks} weeks after {self.until:%Y-%m-%d}, {len(self.table):,} customers"
        )
        note = "last year's pace; the history is too short for a model"
        if self.model is not None:
            note = (
                f"{percent(self.settings.interval)} interval {self.total_low:,.0f} to {self.total_high:,.0f}"
            )
        return Kpi("CLV", self.total if len(self.table) else None, window, note=note)

    @property
    def sentence(self) -> str:
        """What all are worth and how it is spread, in words."""
        if self.table.empty:
            return "No order names a customer: there is nobody to value."
        top = max(1, len(self.table) // 10)
        positive = float(self.table["clv"].clip(lower=0).sum())
        share = float(self.table["clv"].head(top).clip(lower=0).sum()) / positive if positive else 0.0
        spread = doubt = ""
        if self.model is not None:
            spread, doubt = f" ({self.total_low:,.0f} to {self.total_high:,.0f})", self._say_doubt()
        weeks = self.settings.horizon_weeks
        return (
            f"Over the next {weeks:,} week{'' if weeks == 1 else 's'} {len(self.table):,} "
            f"customer{' is' if len(self.table) == 1 else 's are'} expected to bring "
            f"{self.total:,.0f}{spread} of {self.money_word} after contacts; the tenth with the highest "
            f"value brings {percent(share)} of it.{doubt}"
        )

    def _say_doubt(self) -> str:
        """Return how far the model was off in sum, by which its interval is widened; empty where small."""
        bias = float("nan") if self.calibration.errors.empty else self.calibration.of("model")["bias"]
        if not abs(bias) >= SMALL_BIAS:
            return ""
        way = "low" if bias < 0 else "high"
        return (
            f" The interval is widened by the model's own error: on the {self.calibration.weeks} weeks kept "
            f"aside it was {percent(abs(bias))} too {way} in sum."
        )


def say_value(result: CustomerValue) -> str:
    """Return what all customers are worth and how it is spread, in words."""
    return result.sentence


def say_calibration(result: CustomerValue) -> str:
    """Return whether the model gains over the rule, in words."""
    return result.calibration.sentence


def say_model(result: CustomerValue) -> str:
    """Return which buying model was chosen and why, in words."""
    if result.model is None:
        return "No buying model is used: too few customers came back. Values go on at last year's pace."
    return result.choice.sentence


def say_retention(result: CustomerValue) -> str:
    """Return how many customers stay, in words."""
    return result.retention.sentence


def say_core_customers(result: CustomerValue) -> str:
    """Return how much hangs on how few, in words."""
    return result.core.sentence


def value_customers(
    case: Case, settings: ValueSettings | None = None, until: dt.date | None = None
) -> CustomerValue:
    """Value every customer who bought.

    Parameters
    ----------
    case
        Needs orders and products; reads customers, campaigns and contacts where they are there.
    settings
        Horizon, discount rate, weeks kept aside, draws.
    until
        Last day that is read; by default the last day of the data.
    """
    settings = settings or ValueSettings()
    purchases = read_purchases(case, until)
    days = order_days(purchases)
    histories = buying_histories(days, purchases.until)
    choice, calibration = judge_models(days, purchases, settings)
    model, spend = _fit(histories, choice, settings)
    cost = yearly_contact_cost(case, purchases.until) if settings.contact_cost else pd.Series(dtype=float)
    yearly = histories["customer_id"].map(cost).fillna(0.0).to_numpy(float)
    rows = histories.assign(contact_cost=yearly * settings.horizon_weeks / WEEKS_PER_YEAR)
    table, totals = _values(rows, model, spend, choice, settings, purchases.until)
    totals = _with_own_error(totals, calibration, settings)
    known = case.table("customers").set_index("customer_id")["created"]
    stakes = table.merge(
        histories[["customer_id", "last_year_money"]], on="customer_id", validate="one_to_one"
    )
    return CustomerValue(
        table=table,
        model=model,
        spend=spend,
        choice=choice,
        calibration=calibration,
        retention=measure_retention(days, purchases.until, known, case.first_day),
        core=core_customers(stakes, days, purchases.until, settings.core_share, purchases.money_word),
        total_low=totals[0],
        total_high=totals[1],
        money_word=purchases.money_word,
        until=purchases.until,
        settings=settings,
        notes=(
            *purchases.notes,
            *_notes(histories, (model, spend), choice, settings, purchases.money_word),
            *_say_level(days, purchases, spend),
        ),
    )


def _fit(
    histories: pd.DataFrame, choice: ModelChoice, settings: ValueSettings
) -> tuple[BuyingModel | None, GammaGamma | None]:
    repeats = (histories["frequency"] > 0) & (histories["order_money"] > 0)
    if int(repeats.sum()) < settings.least_repeats:
        return None, None
    model = FITS[choice.chosen](*(histories[name] for name in ("frequency", "recency", "age")))
    return model, fit_gamma_gamma(histories["frequency"] + 1, histories["order_money"])


def _values(
    rows: pd.DataFrame,
    model: BuyingModel | None,
    spend: GammaGamma | None,
    choice: ModelChoice,
    settings: ValueSettings,
    until: dt.date,
) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Return the table of values, and the interval of their sum."""
    if model is None or spend is None:
        return _by_the_rule(rows, settings), (float("nan"), float("nan"))
    x, tx, t = past = [rows[name].to_numpy(float) for name in ("frequency", "recency", "age")]
    horizon = float(settings.horizon_weeks)
    orders = model.expected_purchases(horizon, *past)
    terms = (horizon, settings.discount_rate, WEEKS_PER_YEAR)
    discounted = discounted_purchases(model, x, tx, t, terms)
    money = spend.expected_value(rows["frequency"] + 1, rows["order_money"])
    shown = model if choice.alive == choice.chosen else FITS[choice.alive](*past)
    discount = np.divide(discounted, orders, out=np.ones(len(rows)), where=orders > 0)
    draws = draw_values(model, spend, rows, discount, settings)
    cost = rows["contact_cost"].to_numpy(float)
    table = rows.assign(
        rule_value=rows["last_year_money"],
        expected_orders=orders,
        expected_spend=money,
        value=discounted * money,
        clv=discounted * money - cost,
        low=draws.low - cost,
        high=draws.high - cost,
        probability_alive=shown.probability_alive(*past),
        next_order=_next_order(model.median_wait(*past), horizon, until),
    )
    total = float(cost.sum())
    return _sorted(table), (draws.total_low - total, draws.total_high - total)


def _with_own_error(
    totals: tuple[float, float], calibration: Calibration, settings: ValueSettings
) -> tuple[float, float]:
    """Return the interval of the sum, widened by how far the model was off on the weeks kept aside.

    An error of a factor f in h weeks becomes f^(H/h) in H weeks, at most doubled or halved.
    """
    bias = float("nan") if calibration.errors.empty else calibration.of("model")["bias"]
    if not bias > -1:
        return totals
    power = settings.horizon_weeks / max(calibration.weeks, 1)
    factor = float(np.clip((1 + bias) ** -power, 0.5, 2.0))
    return totals[0] * min(1.0, factor), totals[1] * max(1.0, factor)


def _by_the_rule(rows: pd.DataFrame, settings: ValueSettings) -> pd.DataFrame:
    share = settings.horizon_weeks / WEEKS_PER_YEAR
    value = rows["last_year_money"] * share
    spend = (rows["last_year_money"] / rows["last_year_orders"]).where(rows["last_year_orders"] > 0, 0.0)
    table = rows.assign(
        rule_value=rows["last_year_money"],
        expected_orders=rows["last_year_orders"] * share,
        expected_spend=spend,
        value=value,
        clv=value - rows["contact_cost"],
        low=np.nan,
        high=np.nan,
        probability_alive=np.nan,
        next_order=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ns]"),
    )
    return _sorted(table)


def _next_order(wait: np.ndarray, horizon: float, until: dt.date) -> pd.Series:
    """Return the day after `until` by which half of such customers have ordered; NaT beyond the horizon."""
    days = np.ceil(np.minimum(wait, horizon + 1) * DAYS_PER_WEEK).clip(min=1).astype("timedelta64[D]")
    dates = (np.datetime64(until) + days).astype("datetime64[ns]")
    return pd.Series(np.where(wait <= horizon, dates, np.datetime64("NaT", "ns")))


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    ranked = table.sort_values(["clv", "customer_id"], ascending=[False, True])
    return ranked[list(VALUES)].reset_index(drop=True)


def _notes(
    histories: pd.DataFrame,
    fitted: tuple[BuyingModel | None, GammaGamma | None],
    choice: ModelChoice,
    settings: ValueSettings,
    word: str,
) -> list[str]:
    model, spend = fitted
    if model is None or spend is None:
        return [
            f"Fewer than {settings.least_repeats} customers came back: values go on at last year's {word}, "
            "without interval or probability to be a customer."
        ]
    notes = [
        "A purchase is a day with an order. Customers who were there before the data begin count from their "
        "first order in the data.",
        f"The interval of a customer holds {percent(settings.interval)} of what may come: its own luck and "
        "our not knowing the parameters (Laplace), but not a change of habits of all customers.",
    ]
    if choice.alive != choice.chosen:
        notes.append(
            f"The probability to be a customer is that of {choice.alive}: in {choice.chosen} it is 1 for "
            "everyone who bought once. It is shown, not ranked by."
        )
    if spend.left_out:
        notes.append(
            f"{_customers(spend.left_out)} with a mean {word} of 0 or below took no part in the fit of "
            f"the {word} per order; their own mean counts against them."
        )
    if model.is_at_bound or spend.is_at_bound:
        notes.append(
            "A parameter of the models ran to the end of its range: customers hardly differ in it, or the "
            "data do not pin it down."
        )
    return [*notes, *_link(histories, word)]


def _say_level(days: pd.DataFrame, purchases: Purchases, spend: GammaGamma | None) -> list[str]:
    """Return by how much money of earlier years was moved to the level of the last one."""
    levels = money_levels(days, purchases.until) if len(days) and spend is not None else np.ones(1)
    if (levels == 1).all():
        return []
    said = ", ".join(
        f"{level - 1:+.0%} {year} year{'' if year == 1 else 's'} back"
        for year, level in enumerate(levels)
        if year
    )
    return [
        f"The same customers' {purchases.money_word} per order has moved; earlier orders are brought to last "
        f"year's level ({said})."
    ]


def _link(histories: pd.DataFrame, word: str) -> list[str]:
    """Return whether frequency and money per order go together; gamma–gamma takes it that they do not."""
    rows = histories[histories["frequency"] > 0]
    if len(rows) < 10 or np.ptp(rows["frequency"]) == 0 or np.ptp(rows["order_money"]) == 0:
        return []
    link = rank_correlation(rows["frequency"].to_numpy(float), rows["order_money"].to_numpy(float))
    low, high = np.tanh(
        np.arctanh(np.clip(link, -0.999, 0.999)) + np.array([-1, 1]) * 1.96 / np.sqrt(len(rows) - 3)
    )
    said = f"rank correlation {link:.2f} [{low:.2f}, {high:.2f}]"
    if abs(link) < 0.2:
        return [
            f"How often a customer orders and its {word} per order hardly go together ({said}), as assumed."
        ]
    more = "more" if link > 0 else "less"
    return [
        f"Customers who order more often bring {more} {word} per order ({said}). The model takes the two as "
        "independent; the check on the weeks kept aside shows what that costs."
    ]


def _customers(number: int) -> str:
    return f"{number:,} customer{'' if number == 1 else 's'}"

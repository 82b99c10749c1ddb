"""What it is worth to contact each customer in each planned campaign, before the contact is paid.

    value = p₁·(m − d) − p₀·m − w

p₀, p₁ the chance of an answer held out and treated, m the margin of an answer at the usual discount, d what
the deeper of usual and offered discount gives away on it (who would have bought anyway gets it too), and

    w = P(sleeping dog) · λ̄ · (margin per buying day) · [ (1 − ρ)·s + (1 − ρ′)·s′ ]

what put-off customers buy less of other things, only where the evidence bears it. Where m is below 0 the
value is at most 0: that a message keeps customers from buying at a loss is no reason to send it. `low` and
`high` are 90 % intervals of these expected values: how far they move when a fold of customers is left out of
the fit, and for money also how uncertain m is. What one customer will do is less certain: the class
probabilities say so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.customers.history import AFTER_DAYS, CampaignHistory
from helpers.customers.purchases import read_purchases
from helpers.customers.uplift.answer_money import answer_money
from helpers.customers.uplift.answers import Answers, read_audience
from helpers.customers.uplift.classes import CLASSES, DOG, ResponderClasses
from helpers.customers.uplift.estimate import Z90, jackknife_interval
from helpers.customers.uplift.measure import learner_features
from helpers.customers.uplift.result import BY_CLASSES, Uplift
from helpers.customers.uplift.settings import UpliftSettings

Floats = NDArray[np.float64]

OWN_DAYS = 5.0
MONEY_SPREAD = 0.8  # standard deviation ÷ mean of the margin of one buying day, where it is not known
LIKELY = 0.5
SHOWN = 2  # times in an arm before a customer's own record is the reason
MOSTLY = 0.5

DIGITS = 9
COLUMNS = (
    "campaign_id",
    "customer_id",
    "control_probability",
    "treated_probability",
    "uplift",
    "uplift_low",
    "uplift_high",
    *CLASSES,
    "answer_margin",
    "given_away",
    "lost_later",
    "value",
    "value_low",
    "value_high",
    "units",
    "reason",
)


def contact_worth(
    uplift: Uplift, history: CampaignHistory, case: Case, settings: UpliftSettings | None = None
) -> pd.DataFrame:
    """Return the worth of each contact that could be made.

    Parameters
    ----------
    uplift
        Of `measure_uplift`.
    history, case
        The same case and its history; `history.planned` names campaigns and customers.
    settings
        See `UpliftSettings`.

    Returns
    -------
    pandas.DataFrame
        One row per planned campaign and customer: campaign_id, customer_id; control_probability,
        treated_probability, uplift with uplift_low and uplift_high (90 %); one probability per class (NaN
        where classes are not yet knowable); answer_margin (m), given_away (d), lost_later (w), value with
        value_low and value_high (90 %), all in money before contact cost; units of the offer taken per
        contact; reason, in words. Money is revenue where products have no costs. Where nothing could be
        measured, uplift and value are NaN.
    """
    settings = settings or UpliftSettings()
    planned = history.planned.reset_index(drop=True)
    if planned.empty:
        return pd.DataFrame({name: [] for name in COLUMNS})
    audience = read_audience(case, history)
    odds = _odds(uplift.customers, uplift.classes, audience)
    chance = _chances(uplift, planned, audience, odds)
    money = _money(case, history, planned)
    lost = _lost_later(uplift, case, history, planned, audience, odds)
    value, low, high = _value(chance, money, lost)
    table = planned[["campaign_id", "customer_id"]].assign(
        control_probability=chance.control,
        treated_probability=chance.treated,
        uplift=chance.treated - chance.control,
        uplift_low=chance.low,
        uplift_high=chance.high,
        **{name: odds[:, number] for number, name in enumerate(CLASSES)},
        answer_margin=money["margin"],
        given_away=money["given_away"],
        lost_later=lost,
        value=value,
        value_low=low,
        value_high=high,
        units=np.clip(chance.treated, 0, None) * money["units"],
    )
    # Threads add in another order: what differs in the last digits only is the same on every machine.
    return table.assign(reason=_reasons(table, planned, audience))[list(COLUMNS)].round(DIGITS)


class _Chances:
    """p₀, p₁ and the 90 % interval of their difference."""

    def __init__(self, control: Floats, treated: Floats, low: Floats, high: Floats) -> None:
        self.control, self.treated, self.low, self.high = control, treated, low, high


def _odds(customers: pd.DataFrame, model: ResponderClasses | None, audience: Answers) -> Floats:
    """Return the probability of each class per row; the shares of its cell for who was in no campaign."""
    rows = audience.rows
    if model is None:
        return np.full((len(rows), len(CLASSES)), np.nan)
    known = customers.set_index("customer_id")[list(CLASSES)].reindex(rows["customer_id"])
    found = known.to_numpy(np.float64)
    return np.where(np.isnan(found), model.share_of(rows["cell"].tolist()), found)


def _chances(uplift: Uplift, planned: pd.DataFrame, audience: Answers, odds: Floats) -> _Chances:
    if uplift.classes is not None and uplift.method == BY_CLASSES:
        control, treated = _by_classes(uplift.classes, audience, odds)
        parts = [_by_classes(model, audience, odds) for model in uplift.fold_classes]
        low, high = jackknife_interval(treated - control, [part[1] - part[0] for part in parts])
        return _Chances(control, treated, low, high)
    if uplift.estimate is None:
        unknown = np.full(len(planned), np.nan)
        return _Chances(unknown, unknown, unknown, unknown)
    features = learner_features(planned, audience)
    effect = uplift.estimate.predict(features)
    control, _ = uplift.estimate.predict_arms(features)
    low, high = uplift.estimate.predict_interval(features)
    return _Chances(control, np.clip(control + effect, 0.0, 1.0), low, high)


def _by_classes(model: ResponderClasses, audience: Answers, odds: Floats) -> tuple[Floats, Floats]:
    chance = model.answer_probability(audience.rows["contacts_year"].to_numpy(np.float64))
    alive = audience.rows["alive"].to_numpy(np.float64)
    control, treated = (alive * (odds * part).sum(axis=1) for part in chance)
    return control, treated


def _money(case: Case, history: CampaignHistory, planned: pd.DataFrame) -> pd.DataFrame:
    has_cost = read_purchases(case, history.until).has_margin
    facts = history.campaigns.set_index("campaign_id", drop=False)
    parts = [
        answer_money(case, history, facts.loc[[str(name)]].iloc[0].to_dict(), rows, has_cost=has_cost)
        for name, rows in planned.groupby("campaign_id", sort=False)
    ]
    return pd.concat(parts).reindex(planned.index)


def _lost_later(
    uplift: Uplift,
    case: Case,
    history: CampaignHistory,
    planned: pd.DataFrame,
    audience: Answers,
    odds: Floats,
) -> Floats:
    """Return w; zero where the evidence does not bear it."""
    model, rows = uplift.classes, audience.rows
    if model is None or not uplift.has_side_effect:
        return np.zeros(len(rows))
    orders = read_purchases(case, history.until).orders
    recent = orders[orders["date"] > pd.Timestamp(history.until) - pd.to_timedelta(364, unit="D")]
    own = recent.groupby("customer_id")["margin"].agg(["sum", "size"])
    mine = own.reindex(planned["customer_id"]).fillna(0.0).set_axis(planned.index, axis=0)
    group = mine.groupby(planned["segment"].astype(str)).transform("sum")
    mean = group["sum"] / group["size"].clip(lower=1.0)
    per_day = ((mine["sum"] + OWN_DAYS * mean) / (mine["size"] + OWN_DAYS)).clip(lower=0).to_numpy(np.float64)
    inside, after = rows["weeks_inside"].to_numpy(np.float64), AFTER_DAYS / 7
    weeks = (1 - model.calm[0]) * inside + (1 - model.calm[1]) * after
    return np.asarray(odds[:, DOG] * rows["expected"].to_numpy(np.float64) * per_day * weeks)


def _value(chance: _Chances, money: pd.DataFrame, lost: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the value and its interval, the parts taken as independent."""
    m, d, days = (money[name].to_numpy(np.float64) for name in ("margin", "given_away", "days"))
    value = chance.treated * (m - d) - chance.control * m - lost
    # Where answers lose money, putting customers off would seem to earn: no reason to write to them.
    value = np.where(m < 0, np.minimum(value, 0.0), value)
    by_answer = (chance.high - chance.low) / (2 * Z90) * np.abs(m - d)
    by_money = MONEY_SPREAD / np.sqrt(days + OWN_DAYS) * np.abs(value)
    spread = Z90 * np.sqrt(by_answer**2 + by_money**2)
    return value, value - spread, value + spread


def _reasons(table: pd.DataFrame, planned: pd.DataFrame, audience: Answers) -> list[str]:
    """Say in a few words what speaks for or against each contact."""
    facts = zip(
        table[list(CLASSES)].to_numpy(np.float64),
        table["uplift"].to_numpy(np.float64),
        audience.rows["alive"].to_numpy(np.float64),
        table["value"].to_numpy(np.float64) > 0,
        planned[
            ["treated_before", "bought_when_treated", "held_out_before", "bought_when_held_out"]
        ].to_numpy(),
        strict=True,
    )
    return [_reason(odds, effect, alive, adds, record) for odds, effect, alive, adds, record in facts]


def _reason(odds: Floats, effect: float, alive: float, adds: bool, record: NDArray[Any]) -> str:
    treated, answered, held, bought = (int(number) for number in record)
    if np.isnan(effect):
        return "not yet knowable: no clean campaign"
    if alive < LIKELY:
        return "probably buys here no more"
    if not np.isnan(odds).any() and odds.max() > LIKELY:
        likeliest = int(odds.argmax())
        kind = (
            _answers_when_contacted(treated, answered),
            _buys_anyway(held, bought),
            f"hardly answers, {answered} of {_times(treated)}" if treated >= SHOWN else "hardly answers",
            "buys less after messages",
        )[likeliest]
        return f"probably {kind}, yet a contact adds on average" if likeliest and adds else kind
    if treated >= SHOWN and answered / treated > MOSTLY:
        return f"bought when contacted, {answered} of {_times(treated)}"
    return "more likely to buy when contacted" if effect > 0 else "no more likely to buy when contacted"


def _answers_when_contacted(treated: int, answered: int) -> str:
    own = f", {answered} of {_times(treated)}" if treated >= SHOWN else ""
    return f"answers when contacted{own}"


def _buys_anyway(held: int, bought: int) -> str:
    return (
        f"buys anyway, {bought} of {_times(held)} when left alone"
        if held >= SHOWN and bought
        else "buys anyway"
    )


def _times(count: int) -> str:
    return f"{count} time{'' if count == 1 else 's'}"

"""The chance that each active customer leaves, learnt from past days and judged on later ones."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.churn.models import fit_chance
from helpers.customers.churn.reasons import reasons
from helpers.customers.churn.result import Churn
from helpers.customers.churn.settings import ChurnSettings
from helpers.customers.churn.snapshots import Logs, money_last_year, past_days, read_logs, snapshot
from helpers.customers.churn.validation import (
    Floats,
    calibrate,
    predict_out_of_time,
    reliability,
    score_models,
)

UNTESTED = "rule"  # what is used where no past day can be judged


def estimate_churn(case: Case, settings: ChurnSettings | None = None, until: dt.date | None = None) -> Churn:
    """Estimate the chance of leaving of every active customer.

    Parameters
    ----------
    case
        Needs orders and products; customers, shipments, returns, service_cases and contacts where they
        are there.
    settings
        Definition, past days, interval.
    until
        Last day that is read; by default the last day of the data.

    Returns
    -------
    Churn
        Probability with interval, reason and margin at risk per customer; scores of the models on later
        days than those they learnt from.
    """
    asked = settings or ChurnSettings()
    logs = read_logs(case, until)
    days = past_days(logs, asked)
    past = [snapshot(logs, day, asked) for day in days]
    rows = pd.concat([part for part in past if len(part)], ignore_index=True) if any(map(len, past)) else None
    now = snapshot(logs, logs.last_day, asked)
    predicted = predict_out_of_time(rows if rows is not None else now.iloc[:0], asked)
    scores = score_models(predicted, asked)
    model = str(scores["log_loss"].idxmin()) if len(scores) else (UNTESTED if rows is not None else "")
    table = reliability(predicted, model, asked) if len(scores) else reliability(predicted, "base", asked)
    return Churn(
        settings=asked,
        until=until or case.as_of,
        customers=_customers(logs, now, rows, (model, predicted, table), asked),
        model=model,
        scores=scores,
        reliability=table,
        days=_days(days, past, predicted),
        money_word=logs.money_word,
        notes=(*logs.notes, *_notes(len(days), asked)),
    )


def _customers(
    logs: Logs,
    now: pd.DataFrame,
    rows: pd.DataFrame | None,
    found: tuple[str, pd.DataFrame, pd.DataFrame],
    settings: ChurnSettings,
) -> pd.DataFrame:
    """Return the table of active customers, most money at risk first."""
    model, predicted, table = found
    chance, low, high = (np.full(len(now), end) for end in (np.nan, 0.0, 1.0))
    why = ["not yet knowable"] * len(now)
    if rows is not None and len(now):
        fitted = fit_chance(model, rows, settings.seed)
        raw = predicted[f"raw_{model}"].to_numpy(float)
        chance = calibrate(raw, predicted["left"].to_numpy(float))(fitted.predict(now))
        low, high = _limits(chance, table)
        why = reasons(now, fitted.drivers(now))
    money = money_last_year(logs, now["customer"].to_numpy(np.int64), settings)
    kept = np.maximum(money, 0)
    about = logs.people.loc[now["customer"], ["customer_id", "segment", "channel"]].reset_index(drop=True)
    return about.assign(
        probability=chance,
        probability_low=low,
        probability_high=high,
        days_since_last_order=np.rint(np.expm1(now["days_since"].to_numpy(float))),
        usual_gap_days=np.exp(now["gap_days"].to_numpy(float)),
        margin_last_year=money,
        margin_at_risk=chance * kept,
        margin_at_risk_low=low * kept,
        margin_at_risk_high=high * kept,
        reason=why,
    ).sort_values(["margin_at_risk", "customer_id"], ascending=[False, True], ignore_index=True)


def _limits(chance: Floats, table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the interval of each chance: how far those with a like chance were off on later days."""
    if table.empty:
        return np.zeros(len(chance)), np.ones(len(chance))
    middle = table["predicted"].to_numpy(float)
    order = np.argsort(middle, kind="stable")
    below, above = (
        np.interp(chance, middle[order], (table[name].to_numpy(float) - middle)[order])
        for name in ("observed_low", "observed_high")
    )
    return np.clip(chance + np.minimum(below, 0), 0, 1), np.clip(chance + np.maximum(above, 0), 0, 1)


def _days(days: list[int], past: list[pd.DataFrame], predicted: pd.DataFrame) -> pd.DataFrame:
    judged = set(predicted["day"].astype("int64"))
    return pd.DataFrame(
        {
            "day": np.array(days, dtype="datetime64[D]").astype("datetime64[ns]"),
            "customers": [len(part) for part in past],
            "left": [float(part["left"].mean()) if len(part) else float("nan") for part in past],
            "is_judged": [day in judged for day in days],
        }
    )


def _notes(days: int, settings: ChurnSettings) -> tuple[str, ...]:
    if days >= 2:
        return ()
    return (
        "The chance of leaving is not yet tested: that takes two past days "
        f"{settings.horizon_days} days apart, each followed by {settings.horizon_days} days "
        "of orders and with orders before it.",
    )

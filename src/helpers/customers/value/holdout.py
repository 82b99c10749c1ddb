"""The judgement on the last weeks: which buying model, and how well it and the rule foresee them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.customers.purchases import Purchases
from helpers.customers.value.buying_histories import YEAR_DAYS, buying_histories
from helpers.customers.value.calibration import Calibration, calibrate, no_calibration
from helpers.customers.value.choice import FITS, ModelChoice, choose_model
from helpers.customers.value.gamma_gamma import fit_gamma_gamma
from helpers.customers.value.settings import ValueSettings


def judge_models(
    days: pd.DataFrame, purchases: Purchases, settings: ValueSettings
) -> tuple[ModelChoice, Calibration]:
    """Return the choice of the model and the calibration, or what stands where the history is too short."""
    weeks = settings.holdout_weeks
    cutoff = purchases.until - dt.timedelta(weeks=weeks)
    early = buying_histories(days, cutoff)
    late = buying_histories(days, purchases.until)
    enough = int(((early["frequency"] > 0) & (early["order_money"] > 0)).sum()) >= settings.least_repeats
    if not enough:
        empty = pd.DataFrame(
            columns=["model", "score", "behind", "low", "high", "bias", "rank_correlation", "is_chosen"]
        )
        return ModelChoice(empty, "MBG/NBD", "MBG/NBD"), no_calibration(purchases.money_word, weeks)
    choice = choose_model(early, late, weeks, settings.resamples, settings.seed)
    predictions = _predict(early, late, choice, weeks, (cutoff - days["date"].min().date()).days + 1)
    return choice, calibrate(predictions, weeks, purchases.money_word, settings.resamples, settings.seed)


def _predict(
    early: pd.DataFrame, late: pd.DataFrame, choice: ModelChoice, weeks: int, seen_days: int
) -> pd.DataFrame:
    """Return prediction, rule and what came, for all customers known before the last weeks."""
    past = [early[name].to_numpy(float) for name in ("frequency", "recency", "age")]
    orders = FITS[choice.chosen](*past).expected_purchases(float(weeks), *past)
    spend = fit_gamma_gamma(early["frequency"] + 1, early["order_money"])
    after = early[["customer_id"]].merge(late, on="customer_id", how="left", validate="one_to_one")
    year = min(YEAR_DAYS, seen_days)
    return pd.DataFrame(
        {
            "customer_id": early["customer_id"],
            "predicted": orders * spend.expected_value(early["frequency"] + 1, early["order_money"]),
            "rule": early["last_year_money"].to_numpy(float) * 7 * weeks / year,
            "actual": after["money"].to_numpy(float) - early["money"].to_numpy(float),
            "predicted_orders": orders,
            "actual_orders": np.rint(after["frequency"].to_numpy(float) - early["frequency"].to_numpy(float)),
        }
    )

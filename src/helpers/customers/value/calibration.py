"""Predicted against actual margin on weeks kept from the model, beside the plain rule.

model   expected orders in the last weeks × expected margin per order, from the days before them
rule    margin of the year before them × weeks ÷ 52
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.customers.value.ranks import rank_correlation

type Floats = npt.NDArray[np.float64]

DECILES = 10
ERRORS = ("rmse", "mae", "bias", "top_share", "rank_correlation")
HIGHER_IS_BETTER = ("top_share", "rank_correlation")


@dataclass(frozen=True, eq=False)
class Calibration:
    """How well values were foreseen.

    Parameters
    ----------
    customers
        customer_id, predicted, rule, actual (money in the weeks), predicted_orders, actual_orders, decile
        (1: highest prediction).
    deciles
        One row per decile: decile, customers, predicted, actual, rule (means per customer), share of the
        actual money, predicted_orders, actual_orders.
    errors
        One row per measure of `ERRORS`: measure, model, rule, gain (above 0: the model is better), low, high
        (95 % interval of the gain, resampled over customers).
    weeks
        Weeks that were kept from the model.
    money_word
        What money is: margin or revenue.
    """

    customers: pd.DataFrame
    deciles: pd.DataFrame
    errors: pd.DataFrame
    weeks: int
    money_word: str

    @property
    def sentence(self) -> str:
        """Whether the model gains over the rule, in words."""
        if self.errors.empty:
            return (
                "Not yet knowable: the history is too short to keep weeks aside and judge the values on them."
            )
        low, high = self.of("low"), self.of("high")
        better = [_SAID[name] for name in _JUDGED if low[name] > 0]
        worse = [_SAID[name] for name in _JUDGED if high[name] < 0]
        rule = f"the plain rule (last year's {self.money_word})"
        if better and worse:
            verdict = f"The model is clearly better at {_list(better)}, {rule} at {_list(worse)}"
        elif better:
            verdict = f"The model gains over {rule}: it is clearly better at {_list(better)}"
        elif worse:
            verdict = f"The model gains nothing over {rule}, which is clearly better at {_list(worse)}"
        else:
            verdict = f"The model gains nothing clear over {rule}"
        return f"{verdict}. {self.bias_sentence}"

    def of(self, column: str) -> dict[str, float]:
        """Return a column of `errors` by measure."""
        return dict(zip(self.errors["measure"], self.errors[column].astype(float), strict=True))

    @property
    def bias_sentence(self) -> str:
        """How far both were off in sum, in words."""
        bias = [self.of(name)["bias"] for name in ("model", "rule")]
        weeks = f"the {self.weeks} weeks" if self.weeks > 1 else "the week"
        if np.isnan(bias).any():
            return f"Nothing was bought in {weeks} kept aside."
        model, rule = (_say_bias(value) for value in bias)
        return f"In sum over {weeks} kept aside, the model was {model} and the rule {rule}."


_JUDGED = ("rmse", "top_share", "rank_correlation")
_SAID = {
    "rmse": "the amounts",
    "top_share": "finding the top tenth",
    "rank_correlation": "the order of all customers",
}


def calibrate(
    predictions: pd.DataFrame, weeks: int, money_word: str, resamples: int, seed: int
) -> Calibration:
    """Return the comparison by decile and the errors.

    Parameters
    ----------
    predictions
        customer_id, predicted, rule, actual, predicted_orders, actual_orders; one row per customer.
    weeks, money_word
        Length of the window, and what money is.
    resamples, seed
        Of the intervals.
    """
    order = np.argsort(-predictions["predicted"].to_numpy(float), kind="stable")
    decile = np.empty(len(order), np.int64)
    decile[order] = np.arange(len(order)) * DECILES // max(len(order), 1) + 1
    rows = predictions.assign(decile=decile)
    means = ["predicted", "actual", "rule", "predicted_orders", "actual_orders"]
    table = rows.groupby("decile")[means].mean().reset_index()
    sums = rows.groupby("decile").agg(customers=("actual", "size"), total=("actual", "sum"))
    total = float(rows["actual"].sum())
    table.insert(1, "customers", sums["customers"].to_numpy())
    table["share"] = sums["total"].to_numpy() / total if total else np.nan
    return Calibration(rows, table, _errors(rows, resamples, seed), weeks, money_word)


def no_calibration(money_word: str, weeks: int) -> Calibration:
    """Return what stands where nothing could be kept aside."""
    empty = pd.DataFrame(
        columns=["customer_id", "predicted", "rule", "actual", "predicted_orders", "actual_orders", "decile"]
    )
    deciles = pd.DataFrame(
        columns=[
            *("decile", "customers", "predicted", "actual", "rule"),
            *("predicted_orders", "actual_orders", "share"),
        ]
    )
    errors = pd.DataFrame(columns=["measure", "model", "rule", "gain", "low", "high"])
    return Calibration(empty, deciles, errors, weeks, money_word)


def _errors(rows: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    actual, model, rule = (rows[name].to_numpy(float) for name in ("actual", "predicted", "rule"))
    rng = np.random.default_rng(seed)
    draws = max(20, min(resamples, int(1e7 // max(len(rows), 1))))
    gains = np.array(
        [
            _gains(_measure(model[pick], actual[pick]), _measure(rule[pick], actual[pick]))
            for pick in (rng.integers(0, len(rows), len(rows)) for _ in range(draws))
        ]
    )
    of_model, of_rule = _measure(model, actual), _measure(rule, actual)
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(gains, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {
            "measure": ERRORS,
            "model": of_model,
            "rule": of_rule,
            "gain": _gains(of_model, of_rule),
            "low": low,
            "high": high,
        }
    )


def _measure(predicted: Floats, actual: Floats) -> Floats:
    """Return the measures of `ERRORS`; NaN where nothing was bought or nothing differs."""
    off = predicted - actual
    total = float(actual.sum())
    top = np.argsort(-predicted, kind="stable")[: max(1, len(actual) // DECILES)]
    return np.array(
        [
            np.sqrt((off**2).mean()),
            np.abs(off).mean(),
            predicted.sum() / total - 1 if total else np.nan,
            actual[top].sum() / total if total else np.nan,
            rank_correlation(predicted, actual),
        ]
    )


def _gains(model: Floats, rule: Floats) -> Floats:
    sign = np.array([1.0 if name in HIGHER_IS_BETTER else -1.0 for name in ERRORS])
    size = np.where(np.array(ERRORS) == "bias", np.abs(model) - np.abs(rule), model - rule)
    return np.asarray(sign * size)


def _say_bias(bias: float) -> str:
    if abs(bias) < 0.005:
        return "right within half a percent"
    return f"{abs(bias):.0%} too {'high' if bias > 0 else 'low'}"


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

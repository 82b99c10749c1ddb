"""Did the planners' overrides help? The ladder naive, statistical, override, against what came.

For each override made before its week, with actual A, naive N, statistical forecast S (both from the
back-test window that holds the week) and override Q; one of all sites is compared with their sums:

    gain of the statistical step = (sum |N - A| - sum |S - A|) / sum A
    gain of the override step    = (sum |S - A| - sum |Q - A|) / sum A      in points of WAPE
    money                        = sum (|Q - A| - |S - A|) × unit value      error that was added

A gain is judged by its bootstrap interval over products (the weeks of a product err together),
widened as Student's t is for as many products as carry the demand, (sum A)^2 / sum A_product^2.
With k authors judged side by side each interval has the probability 1 - 0.1 / k, so that among
authors who change nothing the chance to call any of them good or bad is at most a tenth
(Bonferroni); the same for classes and for reasons. It "adds value" where the interval lies above
0, "hurts" where it lies below, else "cannot be told", as with fewer than `FEWEST_PRODUCTS`.

Source: Gilliland (2010), The Business Forecasting Deal, on forecast value added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.planners.overrides import KEYS, read_overrides

STEPS = {"naive": "naive", "statistical": "statistical forecast", "quantity": "override"}
ALPHA = 0.1
FEWEST_PRODUCTS = 8
ADDS, HURTS, UNTOLD = "adds value", "hurts", "cannot be told"
KINDS = {"all": "", "author": "author", "demand class": "demand_class", "reason": "reason"}
MEASURES = [f"{step}_{name}" for step in ("naive", "statistical", "override") for name in ("wape", "bias")]
GAINS = [f"{step}_{name}" for step in ("statistical", "override") for name in ("gain", "low", "high")]


@dataclass(frozen=True, eq=False)
class OverrideValue:
    """What past overrides were worth.

    Parameters
    ----------
    judged
        One row per author's last word on a product, site and week: the columns of `overrides`, and
        actual, naive, statistical (units), demand_class, unit_value, counts (whether it was the
        override that counted), added_error (units), money.
    groups
        kind (all, author, demand class, reason), group, overrides, products, units, WAPE and bias of
        each step, gain of each step with its interval, verdict on the overrides, money (error that
        was added, at unit value). `all` looks at the overrides that counted.
    left_out
        The overrides that could not be judged: the columns of `overrides`, and `why`.
    """

    judged: pd.DataFrame
    groups: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def hurting(self) -> pd.DataFrame:
        """The authors whose overrides hurt: group, overrides, gain, money; most money first."""
        rows = (self.groups["kind"] == "author") & (self.groups["verdict"] == HURTS)
        return self.groups[rows].sort_values(["money", "group"], ascending=[False, True], ignore_index=True)

    @property
    def worst(self) -> pd.DataFrame:
        """The single overrides that added error, most money first."""
        rows = self.judged[self.judged["added_error"] > 0]
        return rows.sort_values(["money", *KEYS, "author"], ascending=[False, True, True, True, True])


def judge_overrides(
    overrides: pd.DataFrame,
    backtest: pd.DataFrame,
    series: pd.DataFrame | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> OverrideValue:
    """Return what the past overrides were worth, over all and per author, demand class and reason.

    Parameters
    ----------
    overrides
        The table `overrides`.
    backtest
        Columns origin, product_id, site_id, week, actual, mean, naive; `seen` where there is one: weeks
        in which stock ran out are not judged, since an estimated demand resembles the forecast.
    series
        Columns product_id, site_id, unit_value, demand_class, such as the forecast table; without
        it money is counted as nothing and the class as unknown.
    resamples, seed
        Of the bootstrap.

    Raises
    ------
    ContractError
        If a column of `overrides` is missing.
    """
    table = read_overrides(overrides)
    compared = table.merge(_comparable(backtest), on=KEYS, how="left", validate="many_to_one")
    why = _why_not(compared, backtest)
    ranked = compared[why == ""].sort_values(
        ["made_on", "quantity", "reason"], ascending=[False, False, True], kind="stable"
    )
    last = ranked.drop_duplicates([*KEYS, "author"])
    why[ranked.index.difference(last.index)] = "the author changed it again"
    counting = last.sort_values(["made_on", "author"], ascending=[False, True], kind="stable")
    first = counting.drop_duplicates(KEYS)
    judged = _described(last.assign(counts=last.index.isin(first.index)).sort_index(), series)
    rng = np.random.default_rng(seed)
    rows = [row for kind in KINDS for row in _judge_kind(judged, kind, resamples, rng)]
    head = ["kind", "group", "overrides", "products", "units"]
    groups = pd.DataFrame(rows, columns=[*head, *MEASURES, *GAINS, "verdict", "money"])
    left_out = table.assign(why=why)[why != ""].reset_index(drop=True)
    return OverrideValue(judged.reset_index(drop=True), groups, left_out)


def _comparable(backtest: pd.DataFrame) -> pd.DataFrame:
    """Actual, naive and statistical forecast of each product × site × week, and of all sites ("").

    Where windows overlap, the latest origin stands.
    """
    newest = backtest.sort_values("origin", kind="stable").drop_duplicates(KEYS, keep="last")
    values = ["actual", "naive", "mean"]
    seen = newest["seen"] if "seen" in newest else pd.Series(True, index=newest.index)
    rows = newest[[*KEYS, *values]].astype({"site_id": str}).assign(seen=seen.astype(bool))
    sums = dict.fromkeys(values, "sum") | {"seen": "all"}
    whole = rows.groupby(["product_id", "week"], sort=True).agg(sums).reset_index().assign(site_id="")
    parts = [part for part in (rows, whole) if len(part)]
    found = pd.concat(parts, ignore_index=True) if parts else rows
    return found.rename(columns={"mean": "statistical"}).astype({"week": "datetime64[ns]"})


def _why_not(compared: pd.DataFrame, backtest: pd.DataFrame) -> pd.Series[str]:
    first, last = backtest["week"].min(), backtest["week"].max()
    rules = {
        "the quantity is not a number of at least 0": ~(compared["quantity"] >= 0),
        "the week is not a day": compared["week"].isna(),
        "the week is still to come": compared["week"] > last,
        "the day of the change is not given": compared["made_on"].isna(),
        "made when the week had begun": compared["made_on"] >= compared["week"],
        "the week lies before the back-test": compared["week"] < first,
        "no forecast of this product, site and week to compare with": compared["actual"].isna(),
        "stock ran out in the week: what was wanted is an estimate": compared["seen"].eq(False),
    }
    found = np.select(list(rules.values()), list(rules), default="")
    return pd.Series(found, index=compared.index, dtype="object")


def _described(judged: pd.DataFrame, series: pd.DataFrame | None) -> pd.DataFrame:
    """Add demand class, unit value, and the error and money that each override added."""
    none = pd.DataFrame(columns=["product_id", "site_id", "unit_value", "demand_class"])
    known = (none if series is None else series).drop_duplicates(["product_id", "site_id"])
    value = known.groupby("product_id")["unit_value"].first().astype("float64")
    classes = known.set_index(["product_id", "site_id"])["demand_class"]
    label = judged[["product_id", "site_id"]].join(classes, on=["product_id", "site_id"])["demand_class"]
    actual = judged["actual"]
    added = (judged["quantity"] - actual).abs() - (judged["statistical"] - actual).abs()
    worth = judged["product_id"].map(value).astype("float64").fillna(0.0)
    return judged.assign(
        demand_class=label.where(judged["site_id"] != "", "all sites").fillna("unknown").astype(object),
        unit_value=worth,
        added_error=added,
        money=added * worth,
    )


def _judge_kind(
    judged: pd.DataFrame, kind: str, resamples: int, rng: np.random.Generator
) -> list[dict[str, object]]:
    """One row per group of a kind."""
    column = KINDS[kind]
    if not column:
        return [_judge(judged[judged["counts"]], kind, "all", ALPHA, resamples, rng)]
    names = sorted(judged[column].unique())
    alpha = ALPHA / max(len(names), 1)
    return [_judge(judged[judged[column] == name], kind, name, alpha, resamples, rng) for name in names]


def _judge(
    rows: pd.DataFrame, kind: str, name: str, alpha: float, resamples: int, rng: np.random.Generator
) -> dict[str, object]:
    units = float(rows["actual"].sum())
    found: dict[str, object] = {
        "kind": kind,
        "group": name,
        "overrides": len(rows),
        "products": rows["product_id"].nunique(),
        "units": units,
        "money": float(rows["money"].sum()),
    }
    for step, column in zip(("naive", "statistical", "override"), STEPS, strict=True):
        error = rows[column] - rows["actual"]
        found[f"{step}_wape"] = float(error.abs().sum() / units) if units > 0 else np.nan
        found[f"{step}_bias"] = float(error.sum() / units) if units > 0 else np.nan
    gains = _gains(rows, alpha, resamples, rng)
    low, high = gains["override_low"], gains["override_high"]
    enough = rows["product_id"].nunique() >= FEWEST_PRODUCTS
    verdict = ADDS if enough and low > 0 else HURTS if enough and high < 0 else UNTOLD
    return found | gains | {"verdict": verdict}


def _gains(rows: pd.DataFrame, alpha: float, resamples: int, rng: np.random.Generator) -> dict[str, float]:
    """Gain of each step and its interval, by resampling products."""
    absolute = [(rows[column] - rows["actual"]).abs() for column in STEPS]
    steps = pd.DataFrame(
        {
            "statistical": absolute[0] - absolute[1],
            "override": absolute[1] - absolute[2],
            "units": rows["actual"],
        }
    )
    sums = steps.groupby(rows["product_id"], sort=True).sum().to_numpy("float64")
    total = sums.sum(axis=0)
    if not (len(sums) and total[2] > 0):
        return dict.fromkeys(GAINS, float("nan"))
    drawn, wider = _resampled(sums, resamples, rng), _small_sample_factor(sums[:, 2], alpha)
    found: dict[str, float] = {}
    for position, step in enumerate(("statistical", "override")):
        shares = drawn[:, position] / drawn[:, 2]
        gain = float(total[position] / total[2])
        ends = np.quantile(shares, (alpha / 2, 1 - alpha / 2))
        low, high = gain + wider * (ends - gain)
        found |= {f"{step}_gain": gain, f"{step}_low": float(low), f"{step}_high": float(high)}
    return found


def _resampled(sums: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Sums over products drawn with replacement, resamples × columns; draws without demand are left out."""
    counts = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=resamples)
    drawn: Floats = counts @ sums
    return drawn[drawn[:, 2] > 0]


def _small_sample_factor(units: Floats, alpha: float) -> float:
    """How much wider Student's t is than the normal, with as many products as carry the units.

    The bootstrap alone is too narrow where a few products hold most of the demand.
    """
    from scipy import special

    freedom = max(float(units.sum() ** 2 / (units**2).sum()) - 1, 1.0)
    return float(special.stdtrit(freedom, 1 - alpha / 2) / special.ndtri(1 - alpha / 2))

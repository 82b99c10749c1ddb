"""Value of customers: CDNOW against its published figures, a million customers, and whole cases.

    uv run python benchmarks/customer_value.py [FOLDER] [--million] [--case data/complete_journey ...]
        [--lifetimes PYTHON]

FOLDER holds CDNOW (cdnow_customers_summary.csv, CDNOW_master.txt). `--lifetimes` names a Python that has the
package lifetimes installed, to compare the time of its fit in the same run; it also holds the log of the
sample of 2,357 customers, whose hold-out is that of the papers. The master log gives the same figures for all
customers. Each `--case` is valued whole; where it has a hidden truth, expected orders and costs are compared
with it.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.contract import load_case
from helpers.customers.base.movements import movements_since
from helpers.customers.cost_to_serve import cost_to_serve
from helpers.customers.value.bg_nbd import fit_bg_nbd, fit_mbg_nbd
from helpers.customers.value.customer_value import (
    say_calibration,
    say_model,
    say_retention,
    say_value,
    value_customers,
)
from helpers.customers.value.gamma_gamma import fit_gamma_gamma
from helpers.customers.value.pareto_nbd import fit_pareto_nbd

type Floats = npt.NDArray[np.float64]

START = pd.Timestamp("1997-01-01")
WEEKS = 39
LIFETIMES = """
import sys, time, pandas as pd
from lifetimes import BetaGeoFitter
d = pd.read_csv(sys.argv[1])
best = 9.0
for _ in range(7):
    start = time.perf_counter()
    BetaGeoFitter().fit(d["frequency"], d["recency"], d["T"])
    best = min(best, time.perf_counter() - start)
import lifetimes
from pathlib import Path
print(Path(lifetimes.__file__).parent / "datasets" / "CDNOW_sample.txt")
print(best)
"""


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--case", action="append", default=[], type=Path)
    parser.add_argument("--lifetimes", help="a Python with the package lifetimes")
    return parser.parse_args()


def best_time(run: Callable[[], object], times: int = 7) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def report_cdnow(folder: Path, python: str | None) -> None:
    path = folder / "cdnow_customers_summary.csv"
    rows = pd.read_csv(path)
    past = [rows[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    for fit in (fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd):
        model = fit(*past)
        values = [
            f"{name} {getattr(model, name):.3f}"
            for name in vars(model)
            if name in ("r", "alpha", "a", "b", "s", "beta")
        ]
        print(f"{model.name}: {', '.join(values)}, log-likelihood {model.log_likelihood:.2f}")
    own = best_time(lambda: fit_bg_nbd(*past))
    said = f"BG/NBD fitted in {own:.4f} s"
    log = None
    if python:
        command = [python, "-c", LIFETIMES, str(path)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        said += f"; lifetimes {float(answer[-1]):.4f} s, ratio {float(answer[-1]) / own:.1f}"
        log = Path(answer[-2])
    print(said)
    names = ["customer_id", "date", "number", "money"]
    if log:
        report_holdout("Sample", read_log(log, ["master_id", *names]), past)
    report_holdout("All customers", read_log(folder / "CDNOW_master.txt", names), None)


def read_log(path: Path, names: list[str]) -> pd.DataFrame:
    frame = pd.read_csv(path, sep=r"\s+", names=names, dtype=str)
    frame = frame[frame["date"].str.fullmatch(r"\d{8}")].astype({"money": float})
    return frame.assign(week=(pd.to_datetime(frame["date"]) - START).dt.days / 7)


def report_holdout(words: str, sample: pd.DataFrame, past: list[Floats] | None) -> None:
    """Print the hold-out figures, with the model fitted on `past` or on the log itself."""
    days = sample.groupby(["customer_id", "week"], as_index=False)["money"].sum()
    first = days.groupby("customer_id")["week"].transform("min")
    days = days.assign(repeat=days["week"] > first)
    # The calibration ends with 1997-09-30
    end = (pd.Timestamp("1997-09-30") - START).days / 7
    early, late = days[days["week"] <= end], days[days["week"] > end]
    people = pd.Index(np.sort(days["customer_id"].unique()))
    grouped = early.groupby("customer_id")["week"].agg(["min", "max", "size"]).reindex(people)
    x = grouped["size"].to_numpy(float) - 1
    tx, t = (grouped["max"] - grouped["min"]).to_numpy(), end - grouped["min"].to_numpy()
    actual = late.groupby("customer_id").size().reindex(people, fill_value=0).to_numpy(float)
    model = fit_bg_nbd(*(past or (x, tx, t)))
    predicted = model.expected_purchases(39, x, tx, t)
    print(f"{words}: {len(people)} customers, {x.sum():.0f} repeats, {actual.sum():.0f} in the hold-out")
    print(
        f"Hold-out correlation {np.corrcoef(predicted, actual)[0, 1]:.4f}, "
        f"RMSE {np.sqrt(((predicted - actual) ** 2).mean()):.4f}"
    )
    top = np.argsort(-predicted)[: len(people) // 10]
    print(
        f"Top tenth holds {actual[top].sum() / actual.sum():.1%} of the orders (best possible "
        f"{np.sort(actual)[::-1][: len(people) // 10].sum() / actual.sum():.1%})"
    )
    # Repeat purchases by week 78: those expected of newcomers, E[X(t)] = conditional expectation at age 0
    ages = 78 - grouped["min"].to_numpy()
    expected = unconditional(model.r, model.alpha, model.a, model.b, ages)
    repeats = float(days.loc[days["week"] <= 78, "repeat"].sum())
    print(
        f"Cumulative repeats by week 78: {expected.sum():.0f} expected, {repeats:.0f} came, "
        f"error {expected.sum() / repeats - 1:+.2%}"
    )
    money = early[early["repeat"]].groupby("customer_id")["money"].mean().reindex(people).to_numpy(float)
    spend = fit_gamma_gamma(x, np.nan_to_num(money))
    print(f"Gamma-gamma: p {spend.p:.3f}, q {spend.q:.3f}, v {spend.v:.3f}, {spend.customers} customers")


def unconditional(r: float, alpha: float, a: float, b: float, t: Floats) -> Floats:
    """E[X(t)] of a new customer (Fader, Hardie and Lee 2005, eq. 9)."""
    from scipy.special import hyp2f1

    power = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
    return np.asarray((a + b - 1) / (a - 1) * (1 - power))


def report_million() -> None:
    rng, n = np.random.default_rng(0), 1_000_000
    age = rng.uniform(1, 156, n)
    rate, leaving = rng.gamma(0.5, 1 / 5, n), rng.beta(1, 3, n)
    x = np.minimum(rng.poisson(rate * age), rng.geometric(leaving)).astype(float)
    last = np.where(x > 0, age * rng.random(n) ** (1 / np.maximum(x, 1)), 0.0)
    money = np.where(x > 0, rng.gamma(6, size=n) / rng.gamma(3.7, 1 / 15, n), 0.0)
    start = time.perf_counter()
    model, spend = fit_bg_nbd(x, last, age), fit_gamma_gamma(x, money)
    fitted = time.perf_counter()
    model.expected_purchases(52, x, last, age)
    model.probability_alive(x, last, age)
    spend.expected_value(x, money)
    scored = time.perf_counter()
    print(f"{n:,} customers: fitted in {fitted - start:.1f} s, scored in {scored - fitted:.1f} s")


def report_case(folder: Path) -> None:
    case = load_case(folder)
    start = time.perf_counter()
    value = value_customers(case)
    print(f"\n{folder}: valued in {time.perf_counter() - start:.1f} s")
    for say in (say_value, say_model, say_calibration, say_retention):
        print("-", say(value))
    print(value.calibration.deciles.round(2).to_string(index=False))
    print(value.calibration.errors.round(3).to_string(index=False))
    print(value.choice.table.round(4).to_string(index=False))
    print(movements_since(case).sentence)
    cost = cost_to_serve(case)
    print(cost.sentence)
    truth = folder / "truth" / "customers.parquet"
    if truth.is_file():
        report_truth(value.table, cost.table, pd.read_parquet(truth))


def report_truth(values: pd.DataFrame, cost: pd.DataFrame, truth: pd.DataFrame) -> None:
    from sklearn.metrics import roc_auc_score

    rows = values.merge(truth[["customer_id", "alive"]], on="customer_id")
    for name in ("expected_orders", "clv", "probability_alive", "rule_value"):
        print(f"AUC of being a customer still, {name}: {roc_auc_score(rows['alive'], rows[name]):.3f}")
    served = cost[cost["orders"] > 0].merge(truth[["customer_id", "costly"]], on="customer_id")
    number = int(served["costly"].sum())
    scores = {
        "lowest net profit": -served["net_profit"],
        "highest cost share": served["cost_share"].fillna(served["cost_share"].max()),
        "highest extra cost": served["extra_cost"],
    }
    for words, score in scores.items():
        found = int(served.loc[score.sort_values(ascending=False).index[:number], "costly"].sum())
        print(
            f"Costly customers, {words}: AUC {roc_auc_score(served['costly'], score):.3f}, "
            f"{found} of {number} among as many"
        )


def main() -> None:
    arguments = read_arguments()
    if arguments.folder:
        report_cdnow(arguments.folder, arguments.lifetimes)
    if arguments.million:
        report_million()
    for folder in arguments.case:
        report_case(folder)


if __name__ == "__main__":
    main()

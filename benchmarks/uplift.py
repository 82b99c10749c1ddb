"""Uplift on Hillstrom's e-mails, false signals on permuted arms, and worth of contacts on sample worlds.

    uv run python benchmarks/uplift.py ../shared/benchmarks [--splits 12] [--permutations 100] [--seeds 0 1 2]

Printed: Qini and uplift at 30 % of each learner over half-splits beside a random order; share of verdicts
`signal` when arms are dealt anew (Hillstrom at three sizes, campaigns of sample worlds); and per sample world
what contacts with a value above their cost truly earn, beside contact-everyone, RFM-top, propensity-top, the
oracle that knows each customer's class, and the policy with the true parameters that sees only the tables.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from targeting_truth import (  # type: ignore[import-not-found]  # beside this script, on its path when it runs
    SampleWorld,
    make_world_case,
    true_contacts,
)

from helpers.contract.sample import campaigns as played
from helpers.customers.uplift.answers import Answers, read_answers
from helpers.customers.uplift.classes import CLASSES, ResponderClasses
from helpers.customers.uplift.encode import Encoder
from helpers.customers.uplift.estimate import estimate_uplift
from helpers.customers.uplift.learners import BASES, LEARNERS, fit_effect
from helpers.customers.uplift.measure import judge_classes, measure_uplift
from helpers.customers.uplift.result import BY_CLASSES, Uplift
from helpers.customers.uplift.score import qini_coefficient, uplift_at
from helpers.customers.uplift.settings import UpliftSettings
from helpers.customers.uplift.worth import contact_worth

FEATURES = ["recency", "history_segment", "history", "mens", "womens", "zip_code", "newbie", "channel"]
SHARES = {"wholesale": (0.15, 0.43, 0.24, 0.18), "trade": (0.34, 0.24, 0.28, 0.14)}
HOUSEHOLD = (0.25, 0.15, 0.46, 0.14)
FACTORS = {"web": (1.9, 1.0, 0.7, 0.5), "phone": (0.4, 1.0, 1.0, 3.5)}


def read_hillstrom(folder: Path) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.float64]]:
    table = pd.read_csv(folder / "customers" / "hillstrom.csv.gz")
    table = table[table["segment"] != "Mens E-Mail"].reset_index(drop=True)
    return table[FEATURES], (table["segment"] == "Womens E-Mail").to_numpy(), table["visit"].to_numpy(float)


def half_splits(folder: Path, splits: int) -> pd.DataFrame:
    """Fit on one half, rank the other."""
    x, treated, visit = read_hillstrom(folder)
    p = np.full(len(visit), 0.5)
    rows = []
    for seed in range(splits):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(visit))
        fit, rest = order[: len(order) // 2], order[len(order) // 2 :]
        encoder = Encoder.learn(x.iloc[fit])
        inside, outside = encoder.apply(x.iloc[fit]), encoder.apply(x.iloc[rest])
        ranks = {"random": rng.random(len(rest))}
        for base in BASES:
            for learner in LEARNERS:
                model = fit_effect(learner, base, inside, treated[fit], visit[fit], p[fit], seed)
                ranks[f"{learner} {base}"] = model.uplift(outside, p[rest])
        for name, rank in ranks.items():
            scored = (rank, treated[rest], visit[rest])
            rows.append((name, qini_coefficient(*scored), uplift_at(*scored)))
    table = pd.DataFrame(rows, columns=["learner", "qini", "uplift@30%"])
    return table.groupby("learner").agg(["mean", "std"])


def false_signals_hillstrom(folder: Path, permutations: int) -> pd.DataFrame:
    x, treated, visit = read_hillstrom(folder)
    rows = []
    for size in (1_000, 4_000):
        for seed in range(permutations):
            rng = np.random.default_rng(seed)
            part = rng.choice(len(visit), size, replace=False)
            dealt = rng.permutation(treated[part])
            found = estimate_uplift(x.iloc[part], dealt, visit[part], treatment_probability=0.5, seed=seed)
            rows.append((size, found.test.verdict))
    table = pd.DataFrame(rows, columns=["rows", "verdict"])
    return table.groupby("rows")["verdict"].value_counts(normalize=True).reset_index()


def false_signals_classes(world: SampleWorld, permutations: int) -> pd.Series:
    """Deal the arms of each past campaign anew; what was bought stays, and so no customer differs."""
    past = world.history.past
    answers = read_answers(world.case, world.history)
    bought = answers.rows["bought"] | answers.rows["answered"]
    verdicts = []
    for seed in range(permutations):
        rng = np.random.default_rng(seed)
        dealt = past["treated"].to_numpy(bool).copy()
        for place in past.groupby("campaign_id").indices.values():
            dealt[place] = rng.permutation(dealt[place])
        rows = answers.rows.assign(treated=dealt, bought=bought, answered=False)
        rows["contacts_year"] = _contacts(rows)
        mixed = Answers(rows, answers.rate, answers.weight, carries_mark=False)
        tests = judge_classes(past.assign(treated=rows["treated"]), mixed, UpliftSettings(seed=seed))
        verdicts.append(min(test.p_value for test in tests))
    return pd.Series(verdicts)


def _contacts(rows: pd.DataFrame) -> NDArray[np.float64]:
    sent = rows[["customer_id", "start", "treated"]].sort_values("start", kind="stable")
    pairs = sent.reset_index().merge(sent[sent["treated"]], on="customer_id", suffixes=("", "_before"))
    earlier = (pairs["start_before"] < pairs["start"]) & (
        pairs["start_before"] >= pairs["start"] - pd.to_timedelta(364, unit="D")
    )
    counts = pairs[earlier].groupby("index").size()
    return np.asarray(counts.reindex(rows.index).fillna(0), dtype=np.float64)


def true_classes(cells: tuple[str, ...]) -> ResponderClasses:
    """Return the classes as the sample world was made."""
    shares = []
    for cell in cells:
        segment, channel = cell.split(" | ")
        share = np.array(SHARES.get(segment, HOUSEHOLD)) * np.array(FACTORS.get(channel, (1.0,) * 4))
        shares.append(share / share.sum())
    left = played.DOG_APPETITE
    annoyed = (played.DOG_WEEKS - played.WINDOW_WEEKS) / 4  # of the four weeks after the window
    after = left * annoyed + 1 - annoyed
    return ResponderClasses(
        control=played.BASE_RESPONSE,
        treated=played.BASE_RESPONSE + played.UPLIFT,
        fatigue=played.FATIGUE,
        calm=(left, after),
        cells=cells,
        shares=np.vstack([*shares, np.mean(shares, axis=0)]),
        log_likelihood=0.0,
        customers=0,
    )


def with_true_classes(uplift: Uplift, world: SampleWorld) -> Uplift:
    """Return the same measurement with the true parameters; what is seen of customers stays."""
    from helpers.customers.uplift.classes import class_posterior

    assert uplift.classes is not None
    model = true_classes(uplift.classes.cells)
    customer, odds = class_posterior(read_answers(world.case, world.history), model)
    customers = pd.DataFrame(odds, columns=list(CLASSES)).assign(customer_id=customer.astype(object))
    return replace(uplift, classes=model, fold_classes=(model, model), customers=customers, method=BY_CLASSES)


def policies(world: SampleWorld) -> pd.DataFrame:
    """Return what each policy truly earns on the planned campaigns, after contact costs."""
    begin = time.perf_counter()
    uplift = measure_uplift(world.history, world.case)
    seconds = time.perf_counter() - begin
    truth = true_contacts(world)
    keys = ["campaign_id", "customer_id"]
    ours = truth.merge(contact_worth(uplift, world.history, world.case), on=keys, suffixes=("_true", ""))
    learner = replace(uplift, method="a meta-learner")
    by_learner = contact_worth(learner, world.history, world.case).set_index(keys)["value"]
    known = with_true_classes(uplift, world)
    by_truth = contact_worth(known, world.history, world.case).set_index(keys)["value"]
    place = pd.MultiIndex.from_frame(ours[keys])
    features = world.history.planned.set_index(keys).reindex(place)
    may, cost = ours["may_contact"].to_numpy(bool), ours["cost"].to_numpy()
    net = ours["value_true"].to_numpy() - cost
    direct = net + ours["lost_later_true"].to_numpy()
    chosen = may & (ours["value"].to_numpy() > cost)
    share = max(chosen.sum() / max(may.sum(), 1), 0.01)
    rfm = features["margin_before"].rank(pct=True) + features["orders_before"].rank(pct=True)
    rfm = (rfm - features["days_since_last_order"].rank(pct=True).fillna(1)).to_numpy()
    wanted = (ours["treated_probability"] * ours["answer_margin"]).to_numpy()
    sets = {
        "value above cost": chosen,
        "learner's value above cost": may & (by_learner.reindex(place).to_numpy() > cost),
        "true parameters": may & (by_truth.reindex(place).to_numpy() > cost),
        "oracle": may & (net > 0),
        "everyone": may,
        "RFM top": may & (rfm >= np.quantile(rfm[may], 1 - share)),
        "propensity top": may & (wanted >= np.quantile(wanted[may], 1 - share)),
        "RFM top 30 %": may & (rfm >= np.quantile(rfm[may], 0.7)),
        "propensity top 30 %": may & (wanted >= np.quantile(wanted[may], 0.7)),
    }
    rows = [
        (
            world.seed,
            name,
            int(who.sum()),
            net[who].sum(),
            direct[who].sum(),
            float((net[who] <= 0).sum() / max(who.sum(), 1)),
        )
        for name, who in sets.items()
    ]
    print(f"seed {world.seed}: {uplift.method}, {uplift.verdict}, {seconds:.0f} s", flush=True)
    return pd.DataFrame(rows, columns=["seed", "policy", "contacts", "net", "net of the offer", "wasted"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=12)
    parser.add_argument("--permutations", type=int, default=100)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    if arguments.splits:
        print(half_splits(arguments.folder, arguments.splits).to_string(float_format="{:.4f}".format))
    if arguments.permutations:
        print(false_signals_hillstrom(arguments.folder, arguments.permutations))
    for number, seed in enumerate(arguments.seeds):
        world = make_world_case(seed)
        if arguments.permutations and number == 0:
            lowest = false_signals_classes(world, arguments.permutations)
            print(f"arms dealt anew, sample world {seed}: {(lowest <= 0.0125).mean():.3f} signals")
        print(policies(world).to_string(index=False, float_format="{:,.2f}".format))


if __name__ == "__main__":
    main()

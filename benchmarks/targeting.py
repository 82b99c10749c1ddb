"""What the contact plan truly earns on sample worlds, beside simpler rules and the oracle.

    uv run python benchmarks/targeting.py [--seeds 0 1 2 3 4]

The plan is that of the page (`plan_targeting`: consent, suppressions, caps, hold-out). Every rule contacts
under the same hold-out and limits; `RFM top` and `propensity top` also as many as the plan. Printed by seed:
true net margin in two readings, with what annoyed customers buy less elsewhere and of the offer alone; the
true share of wasted contacts. The oracle knows each customer's class.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from targeting_truth import (  # type: ignore[import-not-found]  # beside this script, on its path when it runs
    make_world_case,
    true_contacts,
)

from helpers.customers import TargetingPlan, plan_targeting
from helpers.customers.plan import contact_scores
from helpers.customers.selection import baseline_contacts

KEYS = ["campaign_id", "customer_id"]


def judge(plan: TargetingPlan, truth: pd.DataFrame) -> pd.DataFrame:
    """Return rule, contacts, net, net_of_offer, wasted (share) by the truth."""
    pairs = plan.contacts.pairs.merge(truth.drop(columns="cost"), on=KEYS, suffixes=("_expected", ""))
    rows = []
    for name, chosen in rules(plan, pairs).items():
        part = pairs[chosen]
        net = part["value"] - part["cost"]
        offer = net + part["lost_later"]
        rows.append(
            (name, len(part), net.sum(), offer.sum(), float((net <= 0).mean()) if len(part) else np.nan)
        )
    return pd.DataFrame(rows, columns=["rule", "contacts", "net", "net_of_offer", "wasted"])


def rules(plan: TargetingPlan, pairs: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Return which pairs each rule contacts."""
    chosen = pairs["is_chosen"].to_numpy(bool)
    free = ((pairs["closed"] == "") & ~pairs["is_held"]).to_numpy(bool)
    scores = contact_scores(plan.base, plan.worth)
    found = {"the plan": chosen, **baseline_contacts(plan.contacts, scores)}
    for name, score in scores.items():
        keys = [key for key in KEYS if key in score]
        rank = pairs[KEYS].merge(score, on=keys, how="left")["score"].to_numpy(float)
        order = np.argsort(-np.where(free, rank, -np.inf), kind="stable")[: int(chosen.sum())]
        found[f"{name}, as many"] = np.isin(np.arange(len(pairs)), order) & free
    found["oracle"] = free & (pairs["value"] > pairs["cost"]).to_numpy(bool)
    found["oracle of the offer"] = free & (pairs["value"] + pairs["lost_later"] > pairs["cost"]).to_numpy(
        bool
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    tables = []
    for seed in parser.parse_args().seeds:
        started = time.perf_counter()
        world = make_world_case(seed)
        plan = plan_targeting(world.case)
        table = judge(plan, true_contacts(world)).assign(seed=seed)
        expected = float(plan.contacts.totals["net"])
        seconds = time.perf_counter() - started
        print(f"seed {seed}: {plan.uplift.verdict}, expected net {expected:,.1f}, {seconds:.0f} s")
        print(table.round(3).to_string(index=False))
        tables.append(table)
    both = pd.concat(tables)
    print(both.groupby("rule", sort=False)[["contacts", "net", "net_of_offer", "wasted"]].mean().round(2))


if __name__ == "__main__":
    main()

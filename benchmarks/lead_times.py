"""How near measured lead times come to the hidden truth, and whether their intervals hold later orders.

Run: python benchmarks/lead_times.py [seeds, 0 1 2 where not given]

Per seed: bias of each supplier's mean (first receipt) against the true mean at the end, before weekends
and holidays, which add about half a day; then lead times measured 26 weeks before the end against
orders placed in the 13 weeks after that: share of orders below the 5, 50 and 95 % quantiles.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
import pandas as pd

from helpers.contract.load import case_from_tables
from helpers.contract.sample import Sample, make_sample
from helpers.inventory.supply.lead_times import LeadTimes, LeadTimeSettings, measure_lead_times

TABLES = ("products", "sites", "suppliers", "supply_terms", "lanes", "customers")
DATED = {"orders": "order_date", "stock": "date", "purchase_orders": "order_date", "receipts": "date"}
KEYS = ["supplier_id", "product_id", "site_id"]


def measured_at(sample: Sample, day: pd.Timestamp) -> LeadTimes:
    """Measure with what was known on a day; lines not in by then are open again."""
    tables = {name: sample.tables[name] for name in TABLES}
    for name, date in DATED.items():
        tables[name] = sample.tables[name][sample.tables[name][date] <= day]
    bought, came = tables["purchase_orders"], tables["receipts"]
    received = came.groupby(["po_id", "po_line"])["quantity"].sum()
    lines = pd.MultiIndex.from_frame(bought[["po_id", "line"]])
    is_open = received.reindex(lines).fillna(0.0).to_numpy() < bought["quantity"].to_numpy()
    tables["purchase_orders"] = bought.assign(status=np.where(is_open, "confirmed", "closed"))
    tables["receipts"] = came[pd.MultiIndex.from_frame(came[["po_id", "po_line"]]).isin(lines)]
    return measure_lead_times(case_from_tables(tables), LeadTimeSettings(rule="first"))


def main(seeds: list[int]) -> None:
    """Print bias per supplier and coverage per seed."""
    for seed in seeds:
        sample = make_sample(seed)
        end = sample.tables["stock"]["date"].max()
        started = perf_counter()
        now = measured_at(sample, end)
        seconds = perf_counter() - started
        truth = sample.truth["lead_times"].set_index("supplier_id")
        found = now.suppliers.set_index("supplier_id")
        bias = (found["mean_days"] - truth["mean_days_end"]).round(2)
        drifted = found.index[found["has_drifted"]].tolist()
        print(f"seed {seed}: {seconds:.1f} s, drifted {drifted}, bias in days {bias.to_dict()}")
        before = measured_at(sample, end - pd.to_timedelta(182, unit="D"))
        print(f"  coverage {coverage(before, now)}")


def coverage(before: LeadTimes, now: LeadTimes) -> dict[str, str]:
    """Share of later orders at or below the quantiles measured before."""
    age = now.lines["age_days"]
    later = now.lines[(age < 182) & (age >= 91) & now.lines["first_days"].notna()]
    found = later.merge(before.table[[*KEYS, "q05", "q50", "q95"]], on=KEYS)
    days = found["first_days"]
    below = pd.DataFrame({name: days <= found[name] for name in ("q05", "q50", "q95")}).mean()
    inside = days.between(np.floor(found["q05"]), np.ceil(found["q95"])).groupby(found["supplier_id"]).mean()
    return {str(name): f"{share:.3f}" for name, share in [*below.items(), *inside.items()]}


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [0, 1, 2])

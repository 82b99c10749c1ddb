"""How customers were served over the window, and what let-downs went with afterwards."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.experience.effects import estimate_effects
from helpers.customers.experience.harm import harm_by_customer
from helpers.customers.experience.panel import Panel, build_panel
from helpers.customers.experience.result import Experience
from helpers.customers.experience.served_orders import KINDS, ServedOrders, read_served_orders
from helpers.customers.experience.settings import ExperienceSettings
from helpers.customers.experience.shares import nps_by_customer, nps_interval, nps_sign, wilson
from helpers.customers.experience.verdicts import judge_effects, share_lost
from helpers.customers.purchases import Purchases, read_purchases

# kpi, orders that count, orders below the line
_KPIS = (
    ("short", "short", "is_judged"),
    ("late", "late", "is_judged"),
    ("let down", "let_down", "is_judged"),
    ("promise broken", "broken", "has_promise"),
    ("returned", "returned", "has_returns"),
    ("complaint", "complaint", "has_cases"),
)


def measure_experience(
    case: Case, settings: ExperienceSettings | None = None, until: dt.date | None = None
) -> Experience:
    """Measure how customers were served, and how their later buying differs after a let-down.

    Parameters
    ----------
    case
        Needs orders and products; shipments, returns, service_cases and customers where they are there.
    settings
        Windows and intervals.
    until
        Last day that is read; by default the last day of the data.

    Returns
    -------
    Experience
        Per customer, over all, effects with placebo, and the expected loss per short order.
    """
    asked = settings or ExperienceSettings()
    served, purchases = read_served_orders(case, until), read_purchases(case, until)
    people = case.table("customers")
    panel = build_panel(served, purchases, people)
    effects = judge_effects(estimate_effects(panel, asked), asked)
    shares = share_lost(effects, sorted(panel.customers["group"].unique()), asked)
    start = pd.Timestamp(served.until - dt.timedelta(days=asked.window_days))
    window = served.orders[served.orders["date"] > start]
    window = window.assign(
        has_returns=served.has_returns,
        has_cases=served.has_cases,
        let_down=window["short"] | window["late"],
    )
    segment = panel.customers.set_index("customer_id")["segment"]
    cases = served.cases[served.cases["date"] > start]
    answers = cases.loc[cases["kind"] == "nps", ["customer_id", "score"]].dropna(subset=["score"])
    return Experience(
        settings=asked,
        until=served.until,
        customers=_customers(window, answers, panel, asked),
        kpis=_kpis(window, asked),
        nps=_nps(answers, segment, asked),
        effects=effects,
        shares=shares,
        harm=harm_by_customer(panel, shares, asked),
        money_word=purchases.money_word,
        notes=_notes(served, purchases, effects, asked),
    )


def _customers(
    window: pd.DataFrame, answers: pd.DataFrame, panel: Panel, settings: ExperienceSettings
) -> pd.DataFrame:
    """Return one row per customer with an order in the window."""
    sums = {
        "orders": ("order_id", "count"),
        "judged": ("is_judged", "sum"),
        **{name: (name, "sum") for name in ("short", "late", "broken", "returned")},
        "complaints": ("complaint", "sum"),
        "let_down_orders": ("let_down", "sum"),
    }
    table = window.groupby("customer_id").agg(**sums).astype("int64").reset_index()
    judged, bad = table["judged"].to_numpy(float), table.pop("let_down_orders").to_numpy(float)
    low, high = wilson(bad, judged, settings.interval)
    share = np.divide(bad, judged, out=np.full(len(bad), np.nan), where=judged > 0)
    about = panel.customers[["customer_id", "segment", "channel"]]
    segment = about.set_index("customer_id")["segment"]
    nps = nps_by_customer(answers, segment, settings.interval)
    rows = about.merge(table, on="customer_id", how="inner", validate="one_to_one")
    order = table.set_index("customer_id").index.get_indexer(pd.Index(rows["customer_id"]))
    rows = rows.assign(let_down=share[order], let_down_low=low[order], let_down_high=high[order])
    return rows.merge(nps.reset_index(), on="customer_id", how="left").fillna({"answers": 0})


def _kpis(window: pd.DataFrame, settings: ExperienceSettings) -> pd.DataFrame:
    rows = []
    for name, above, below in _KPIS:
        base = window[window[below]]
        hits, count = float(base[above].sum()), float(len(base))
        low, high = wilson(np.array([hits]), np.array([count]), settings.interval)
        value = hits / count if count else float("nan")
        rows.append((name, value, float(low[0]), float(high[0]), hits, count))
    return pd.DataFrame(rows, columns=["kpi", "value", "low", "high", "numerator", "denominator"])


def _nps(answers: pd.DataFrame, segment: pd.Series[str], settings: ExperienceSettings) -> pd.DataFrame:
    """Return the net promoter score of all and of each segment."""
    own = answers["customer_id"].map(segment).fillna("not stated")
    sign = nps_sign(answers["score"])
    parts = [("all", sign), *((str(name), sign[(own == name).to_numpy()]) for name in sorted(own.unique()))]
    rows = [(name, len(part), *nps_interval(part, settings.interval)) for name, part in parts]
    return pd.DataFrame(rows, columns=["segment", "answers", "nps", "nps_low", "nps_high"])


def _notes(
    served: ServedOrders, purchases: Purchases, effects: pd.DataFrame, settings: ExperienceSettings
) -> tuple[str, ...]:
    """Say what was assumed and what cannot be known."""
    notes = list(purchases.notes)
    if not served.has_shipments:
        notes.append(
            "There are no shipments: whether an order was late is not known, and short is what is cancelled "
            "or on back order. Fill the table shipments."
        )
    if not served.has_cases:
        notes.append("There are no service cases: complaints and answers to surveys are not known.")
    if not served.has_returns:
        notes.append("There are no returns: what came back is not known.")
    missing = [kind for kind in KINDS if kind not in set(effects["kind"])]
    if missing:
        notes.append(
            f"Too few orders to estimate what follows after: {', '.join(missing)} "
            f"(at least {settings.least_events} with {settings.after_days} days after them are needed)."
        )
    if len(effects):
        notes.append(
            "Sales that were lost before they became an order are not in the data: some customers who count "
            "as served smoothly were let down too, which makes effects look smaller."
        )
    return tuple(notes)

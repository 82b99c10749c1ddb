"""The page of customer targeting: who the customers are, whom to contact, what was learnt."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from helpers.contract import Case
from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.customers.base import CustomerBase, SegmentMovements, movements_since, read_customer_base
from helpers.customers.churn import Churn, estimate_churn
from helpers.customers.cost_to_serve import CostToServe, cost_to_serve
from helpers.customers.experience import Experience, measure_experience
from helpers.customers.experiments import (
    HoldoutPlan,
    ReadOut,
    WastedMessages,
    plan_holdouts,
    read_out,
    wasted_messages,
)
from helpers.customers.history import CampaignHistory, read_history
from helpers.customers.next_product import NextProducts, next_products
from helpers.customers.selection import (
    BudgetCurve,
    ContactPlan,
    baseline_contacts,
    compare_baselines,
    plan_contacts,
    trace_budget,
)
from helpers.customers.selection import check_tables as contact_exports
from helpers.customers.settings import TargetingSettings
from helpers.customers.staffing import Staffing, plan_staffing
from helpers.customers.uplift import Uplift, contact_worth, measure_uplift
from helpers.customers.value import CustomerValue, value_customers, with_leaving

KEY = ["campaign_id", "customer_id"]
Z90 = 1.645
PLAN, RFM_TOP, PROPENSITY_TOP = "the plan", "RFM top", "propensity top"
BY_HAND = ("phone", "visit")


@dataclass(frozen=True, eq=False)
class TargetingPlan:
    """Everything that the page of customer targeting says.

    Parameters
    ----------
    settings
        What was asked.
    until
        Last day that was read.
    base, movements
        One row per customer, and who changed segment since a week before.
    value, costs
        Lifetime value, retention and core customers; cost to serve and net profit.
    churn, products
        Chance to leave; next products to offer.
    experience
        How customers were served and what followed.
    uplift, worth
        What past campaigns show about whom a message moves; expected worth of each possible contact.
    contacts
        The contact plan.
    rules
        The plan beside simpler rules, as from `compare_baselines`; `wasted` is the expected number of
        contacts that change less than they cost.
    curve
        What each budget would earn.
    read, wasted, holdouts
        Past campaigns as experiments, their wasted messages, hold-outs for the planned ones.
    staffing
        Agents per day.
    """

    settings: TargetingSettings
    until: dt.date
    base: CustomerBase
    movements: SegmentMovements
    value: CustomerValue
    costs: CostToServe
    churn: Churn
    products: NextProducts
    experience: Experience
    uplift: Uplift
    worth: pd.DataFrame
    contacts: ContactPlan
    rules: pd.DataFrame
    curve: BudgetCurve
    read: ReadOut
    wasted: WastedMessages
    holdouts: HoldoutPlan
    staffing: Staffing

    @property
    def tiles(self) -> tuple[Kpi, ...]:
        """The figures of the page's head: what the contacts bring first."""
        totals = self.contacts.totals
        window = f"{int(totals['contacts']):,} contacts of planned campaigns"
        return (
            Kpi("net margin of contacts", float(totals["net"]), window),
            self._waste_of(PLAN),
            self.read.kpi,
            self.value.kpi,
            self.value.retention.kpi,
            Kpi(
                "margin at churn risk", self.churn.margin_at_risk, f"{len(self.churn.customers):,} customers"
            ),
            self.costs.kpi,
            self._at_a_loss(),
        )

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Intervals of tiles by KPI name, where they are known."""
        totals, read = self.contacts.totals, self.read
        leaving = self.churn.customers[["margin_at_risk_low", "margin_at_risk_high"]].sum()
        found: dict[str, Sequence[float] | pd.Series[float] | NDArray[np.float64]] = {
            "net margin of contacts": totals[["value_low", "value_high"]] - totals["cost"],
            "CLV": (self.value.total_low, self.value.total_high),
            "margin at churn risk": leaving,
            "incremental margin per contact": np.array([read.earned_low, read.earned_high])
            / max(read.contacts, 1),
        }
        spans = {name: (float(min(ends)), float(max(ends))) for name, ends in found.items()}
        return {name: span for name, span in spans.items() if math.isfinite(sum(span))}

    @property
    def baseline_tiles(self) -> tuple[Kpi, ...]:
        """Contacting everyone allowed, for the tiles that it has."""
        row = self.rules[self.rules["rule"] != PLAN].iloc[0]
        window = f"{row['rule']}, same hold-out and limits"
        return (Kpi("net margin of contacts", float(row["net"]), window), self._waste_of(str(row["rule"])))

    def contact_rows(self) -> pd.DataFrame:
        """Return the contact list, best first, with segment, net_low and net_high; ids only."""
        rows = self.contacts.contact_list
        named = self.base.table[["customer_id", "segment"]]
        rows = rows.merge(named, on="customer_id", how="left", validate="many_to_one").assign(
            net_low=rows["value_low"] - rows["cost"], net_high=rows["value_high"] - rows["cost"]
        )
        return rows.sort_values(
            ["net", "campaign_id", "customer_id"], ascending=[False, True, True], ignore_index=True
        )

    def customer_rows(self) -> pd.DataFrame:
        """Return one row per customer: segment, value, chance to leave, cost, let-downs; ids only."""
        keys = "customer_id"
        base = self.base.table[
            [keys, "segment", "orders", "last_year_margin", "days_since_last_order", "quality"]
        ]
        value = self.value.table[[keys, "clv", "low", "high", "expected_orders", "next_order"]]
        leaving = self.churn.customers[[keys, "probability", "probability_low", "probability_high", "reason"]]
        leaving = leaving.rename(columns=lambda name: name.replace("probability", "leaves"))
        leaving = leaving.rename(columns={"reason": "leaves_because"})
        costs = self.costs.table[[keys, "cost_to_serve", "net_profit"]]
        served = self.experience.customers[[keys, "let_down"]]
        rows = base
        for part in (value, leaving, costs, served):
            rows = rows.merge(part, on=keys, how="left", validate="one_to_one")
        return rows.sort_values(["clv", keys], ascending=[False, True], ignore_index=True)

    def experience_rows(self) -> pd.DataFrame:
        """Return how each customer was served, with intervals, and what a short order would cost us."""
        harm = self.experience.harm.drop(columns=["segment", "channel"]).astype({"customer_id": object})
        harm = harm.rename(columns={"share": "harm_share", "expected": "expected_buying"})
        return self.experience.customers.merge(harm, on="customer_id", how="left", validate="one_to_one")

    def core_rows(self) -> pd.DataFrame:
        """Return the core customers at risk, most at stake first, with what to offer them next."""
        rows = self.value.core.table
        rows = rows[rows["is_at_risk"].astype(bool)]
        known = self.customer_rows()[["customer_id", "segment", "clv", "low", "high", "leaves"]]
        both = rows.merge(known, on="customer_id", how="left", validate="one_to_one")
        return both.merge(self._first_offers(), on="customer_id", how="left", validate="one_to_one")

    def _first_offers(self) -> pd.DataFrame:
        """Return customer_id, offer: the first product that is suggested to each."""
        first = self.products.suggestions.drop_duplicates("customer_id")
        return first[["customer_id", "product_id"]].rename(columns={"product_id": "offer"})

    def _waste_of(self, rule: str) -> Kpi:
        row = self.rules.set_index("rule").loc[rule]
        if not row["contacts"]:
            return Kpi("wasted-message rate", None, f"expected, {rule}", note="no contact is made")
        counted = float(row["wasted"]), float(row["contacts"])
        return ratio_kpi("wasted-message rate", *counted, f"expected, {rule}")

    def _at_a_loss(self) -> Kpi:
        bought = self.costs.table[self.costs.table["orders"] > 0]
        window = f"{self.costs.window_days} days to {self.until:%Y-%m-%d}"
        if bought.empty:
            return Kpi("customers served at a loss", None, window, note="nobody bought")
        lost = float((bought["net_profit"] < 0).sum())
        return ratio_kpi("customers served at a loss", lost, float(len(bought)), window)


def plan_targeting(case: Case, settings: TargetingSettings | None = None) -> TargetingPlan:
    """Plan whom to contact, with all that the page shows beside it.

    Parameters
    ----------
    case
        Needs products, orders and customers; each further table switches on what stands on it.
    settings
        What is asked of each part.

    Raises
    ------
    ParameterError, SolverError
        As the parts.
    """
    settings = settings or TargetingSettings()
    until = settings.last_day(case)
    seen = case.seen_on(until)
    history = read_history(seen, until)
    base = read_customer_base(seen, until)
    uplift = measure_uplift(history, seen, settings.uplift)
    worth = contact_worth(uplift, history, seen, settings.uplift)
    known = worth[worth["value"].notna()]  # where nothing could be measured, nobody is chosen
    contacts = plan_contacts(seen, settings.selection, known, until)
    scores = contact_scores(base, known)
    read = read_out(history, settings.read_out)
    value = value_customers(seen, settings.value, until)
    churn = estimate_churn(seen, settings.churn, until)
    # The tested chance to leave, so that the page does not give two of them.
    value = replace(value, core=with_leaving(value.core, churn.customers))
    return TargetingPlan(
        settings=settings,
        until=until,
        base=base,
        movements=movements_since(seen, until),
        value=value,
        costs=cost_to_serve(seen, settings.rates, until),
        churn=churn,
        products=next_products(seen, settings.next_product, until),
        experience=measure_experience(seen, settings.experience, until),
        uplift=uplift,
        worth=worth,
        contacts=contacts,
        rules=_rules(contacts, scores, known),
        curve=trace_budget(contacts),
        read=read,
        wasted=wasted_messages(history, settings.read_out),
        holdouts=plan_holdouts(history, read, audience=_open_audience(contacts)),
        staffing=plan_staffing(seen, settings.staffing, _by_hand(history, contacts), until),
    )


def contact_tables(plan: TargetingPlan) -> dict[str, pd.DataFrame]:
    """Return the exports of the contact plan by name, as the plan check reads them."""
    return contact_exports(plan.contacts)


def contact_scores(base: CustomerBase, worth: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what simpler rules rank customers by: RFM, and the chance to buy when contacted."""
    return {RFM_TOP: _rfm_score(base), PROPENSITY_TOP: _propensity(worth)}


def _rfm_score(base: CustomerBase) -> pd.DataFrame:
    """Return customer_id, score: the mean rank of recency, frequency and money of the last year."""
    table = base.table
    ranks = [
        (-table["days_since_last_order"]).rank(pct=True),
        table["last_year_orders"].rank(pct=True),
        table["last_year_margin"].rank(pct=True),
    ]
    return table[["customer_id"]].assign(score=pd.concat(ranks, axis=1).mean(axis=1))


def _propensity(worth: pd.DataFrame) -> pd.DataFrame:
    """Return the chance to buy when contacted: what a response model ranks by."""
    return worth[["campaign_id", "customer_id"]].assign(score=worth["treated_probability"])


def _rules(contacts: ContactPlan, scores: dict[str, pd.DataFrame], worth: pd.DataFrame) -> pd.DataFrame:
    """Return the plan beside simpler rules, with the contacts that each is expected to waste."""
    table, chance = compare_baselines(contacts, scores), chance_of_waste(contacts.pairs, worth)
    chosen = [contacts.pairs["is_chosen"].to_numpy(), *baseline_contacts(contacts, scores).values()]
    table = table.assign(wasted=[float(chance[flags].sum()) for flags in chosen])
    return table.assign(wasted_rate=table["wasted"] / table["contacts"].where(table["contacts"] > 0))


def chance_of_waste(pairs: pd.DataFrame, worth: pd.DataFrame) -> NDArray[np.float64]:
    """Return the chance that each contact changes less than it costs.

    Only who is moved by a message can repay one, so it is one less the chance of being persuadable; where the
    kinds of customers are not known, the part of the value's interval below the cost, taken as normal.
    """
    known = worth[[*KEY, "persuadable"]].astype(dict.fromkeys(KEY, object))
    kind = pairs[KEY].merge(known, on=KEY, how="left", validate="one_to_one")["persuadable"].to_numpy(float)
    spread = (pairs["value_high"] - pairs["value_low"]).to_numpy(float) / (2 * Z90)
    short = (pairs["cost"] - pairs["value"]).to_numpy(float)
    tail = norm.cdf(np.divide(short, spread, out=np.where(short < 0, -np.inf, np.inf), where=spread > 0))
    return np.asarray(np.where(np.isnan(kind), tail, 1 - kind), dtype=np.float64)


def _open_audience(contacts: ContactPlan) -> dict[str, int]:
    """Return the customers who may be contacted, by campaign."""
    is_open = contacts.pairs[contacts.pairs["closed"] == ""]
    return {str(name): int(count) for name, count in is_open["campaign_id"].value_counts().items()}


def _by_hand(history: CampaignHistory, contacts: ContactPlan) -> pd.DataFrame:
    """Return date, contacts, channel of calls and visits, spread evenly over each campaign's weekdays."""
    planned = history.campaigns.merge(
        contacts.by_campaign[["campaign_id", "contacts"]], on="campaign_id", validate="one_to_one"
    )
    parts = [
        pd.DataFrame(
            {"date": days, "contacts": row["contacts"] / max(len(days), 1), "channel": row["channel"]}
        )
        for row in planned[planned["channel"].isin(BY_HAND)].to_dict("records")
        if len(days := pd.bdate_range(row["start"], row["end"])) and row["contacts"]
    ]
    empty = pd.DataFrame({"date": pd.to_datetime([]), "contacts": [], "channel": []})
    return pd.concat(parts, ignore_index=True) if parts else empty

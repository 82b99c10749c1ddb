"""What simpler rules would choose under the same hold-out, caps and limits.

A rule puts customers in an order; from the top everyone is contacted who is open, keeps caps and rest and
fits into what is left of budget, channels and stock, whatever the contact is worth. Their worth is that of
the same estimate, so the comparison says what the order costs, not whether the estimate is right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.customers.selection.audience import KEY
from helpers.customers.selection.holdout import seeded_order
from helpers.customers.selection.plan import ContactPlan
from helpers.customers.selection.program import ROOM, Flags, Integers
from helpers.errors import ParameterError

PLAN, EVERYONE = "the plan", "contact everyone allowed"


def compare_baselines(plan: ContactPlan, scores: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Return the plan beside contacting everyone allowed and the top of each score.

    Parameters
    ----------
    plan
        Settings, hold-out and limits that all share.
    scores
        Name of the rule, such as `RFM top` or `propensity top`, to customer_id, score (higher is contacted
        first) and, where it differs by campaign, campaign_id. Who has no score is not contacted.

    Returns
    -------
    pandas.DataFrame
        rule, contacts, cost, value, value_low, value_high, net, wasted (contacts whose expected margin is at
        most their cost), wasted_rate (wasted ÷ contacts; NaN without a contact), gain (net of the plan −
        net).

    Raises
    ------
    ParameterError
        If a score has no column that is needed, or a key comes twice.
    """
    rows = [_summary(PLAN, plan.pairs[plan.pairs["is_chosen"]])]
    for name, chosen in baseline_contacts(plan, scores).items():
        rows.append(_summary(name, plan.pairs[chosen]))
    table = pd.DataFrame(rows)
    return table.assign(gain=table["net"].iloc[0] - table["net"])


def baseline_contacts(
    plan: ContactPlan, scores: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, Flags]:
    """Return which pairs each rule would contact, by its name; scores also for as many as the plan."""
    pairs = plan.pairs
    day = pairs["campaign_id"].map(plan.audience.campaigns.set_index("campaign_id")["day"])
    turn = seeded_order(pairs, plan.settings.seed)
    count = int(pairs["is_chosen"].sum())
    found = {EVERYONE: _taken(plan, np.lexsort((turn, day.to_numpy())))}
    for name, score in (scores or {}).items():
        given = _scored(pairs, score, name)
        order = np.lexsort((turn, day.to_numpy(), -np.nan_to_num(given, nan=-np.inf)))
        order = order[np.isfinite(given[order])]
        found[name] = _taken(plan, order)
        if found[name].sum() > count > 0:
            found[f"{name}, as many"] = _taken(plan, order, most=count)
    return found


def _scored(
    pairs: pd.DataFrame, score: pd.DataFrame, name: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    keys = [key for key in KEY if key in score]
    if "customer_id" not in keys or "score" not in score:
        raise ParameterError(f"scores: '{name}' needs the columns customer_id and score.")
    if score.duplicated(keys).any():
        raise ParameterError(
            f"scores: '{name}' has {int(score.duplicated(keys).sum())} rows twice by {keys}."
        )
    given = score[[*keys, "score"]].astype(dict.fromkeys(keys, object))
    joined = pairs[KEY].merge(given, on=keys, how="left", validate="many_to_one")
    return joined["score"].to_numpy(dtype=np.float64)


def _taken(plan: ContactPlan, order: Integers, most: int | None = None) -> Flags:
    """Go through the pairs in this order and take what keeps every limit."""
    pairs, campaigns = plan.pairs, plan.audience.campaigns
    free = ((pairs["closed"] == "") & ~pairs["is_held"]).to_numpy()
    order = order[free[order]]
    column = pd.Index(campaigns["campaign_id"]).get_indexer(pairs["campaign_id"]).tolist()
    customer, past = pairs["customer_id"].tolist(), pairs["past"].tolist()
    days = campaigns["day"].to_numpy("datetime64[D]").astype(np.int64).tolist()
    left = plan.limits["limit"].to_numpy(dtype=np.float64) * (1 + ROOM) + ROOM
    settings, taken = plan.settings, np.zeros(len(pairs), dtype=np.bool_)
    got: dict[str, list[int]] = {}
    closed = [False] * len(campaigns)
    for at in order.tolist():
        if most is not None and int(taken.sum()) >= most:
            break
        k = column[at]
        if closed[k]:
            continue
        mine = got.get(customer[at], [])
        rested = all(abs(days[k] - day) >= settings.rest_days for day in mine)
        room = len(mine) < settings.max_contacts_per_customer
        if not (rested and room and past[at] + len(mine) + 1 <= settings.cap_contacts):
            continue
        if (plan.use[:, k] > left).any():
            closed[k] = True  # what one contact of a campaign uses is the same for all
            continue
        left = left - plan.use[:, k]
        taken[at] = True
        got[customer[at]] = [*mine, days[k]]
    return taken


def _summary(rule: str, rows: pd.DataFrame) -> dict[str, object]:
    wasted = int((rows["value"] <= rows["cost"]).sum())
    return {
        "rule": rule,
        "contacts": len(rows),
        "cost": float(rows["cost"].sum()),
        "value": float(rows["value"].sum()),
        "value_low": float(rows["value_low"].sum()),
        "value_high": float(rows["value_high"].sum()),
        "net": float(rows["net"].sum()),
        "wasted": wasted,
        "wasted_rate": wasted / len(rows) if len(rows) else np.nan,
    }

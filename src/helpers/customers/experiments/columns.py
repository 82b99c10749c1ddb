"""How the tables of experiments read on a page: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

READ_OUT: Mapping[str, str] = MappingProxyType(
    {
        "campaign_id": "Campaign",
        "channel": "By",
        "start": "Start|date",
        "contacts": "Contacts|int",
        "held_out": "Held out|int",
        "bought_treated": "Bought, contacted|pct",
        "bought_held_out": "Bought, held out|pct",
        "net": "Per contact after cost|num2",
        "low": "From|num2",
        "high": "To|num2",
        "variance_saved": "Variance saved|pct",
        "offer_net": "Offer alone|num2",
        "offer_low": "Offer from|num2",
        "offer_high": "Offer to|num2",
        "verdict": "Verdict",
    }
)
CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "channel": "By",
        "campaigns": "Campaigns|int",
        "contacts": "Contacts|int",
        "net": "Per contact after cost|num2",
        "low": "From|num2",
        "high": "To|num2",
        "verdict": "Verdict",
    }
)
LEARNING: Mapping[str, str] = MappingProxyType(
    {"campaign_id": "Campaign", "tried": "Tried", "learnt": "Learnt", "next": "Next"}
)
WASTED: Mapping[str, str] = MappingProxyType(
    {
        "campaign_id": "Campaign",
        "channel": "By",
        "group": "Customers",
        "contacts": "Contacts|int",
        "held_out": "Held out|int",
        "cost": "Cost each|num2",
        "incremental_margin": "Brings each|num2",
        "low": "From|num2",
        "high": "To|num2",
        "chance_wasted": "Chance of waste|pct",
        "kept": "Kept by not sending|money",
    }
)
EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "policy": "Contacts chosen by",
        "contacts": "Contacts|int",
        "wasted": "Wasted|int",
        "rate": "Wasted share|pct",
        "incremental_margin": "Brings|money",
        "cost": "Costs|money",
        "net": "Earns|money",
        "kept": "Kept by not sending|money",
    }
)
HOLDOUTS: Mapping[str, str] = MappingProxyType(
    {
        "campaign_id": "Campaign",
        "channel": "By",
        "audience": "Customers|int",
        "recommended_share": "Hold out|pct",
        "held_out": "Held out|int",
        "smallest_effect": "Shows from|num2",
        "least_effect": "Would matter from|num2",
        "campaigns_needed": "Campaigns to show it|int",
        "cost": "Margin given up|money",
        "worth": "Worth of learning|money",
    }
)
SIZES: Mapping[str, str] = MappingProxyType(
    {
        "audience": "Customers|int",
        "recommended_share": "Hold out|pct",
        "held_out": "Held out|int",
        "smallest_effect": "Shows from|num2",
        "campaigns_needed": "Campaigns to show what matters|int",
        "cost": "Margin given up|money",
        "worth": "Worth of learning|money",
    }
)

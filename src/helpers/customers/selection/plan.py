"""The contact plan of the planned campaigns: whom to contact, whom to hold out, whom to leave alone and why.

Three steps: close what consent, suppression, rest and caps forbid; draw the hold-out from what is open;
choose among the rest what earns most under the rows that all share. The plan is a pure function of an
`Audience` and `SelectionSettings`, so a scenario is a second call.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.selection.audience import KEY, Audience, read_audience
from helpers.customers.selection.bundles import Bundles, make_bundles, with_rest_and_cap
from helpers.customers.selection.holdout import draw_holdout
from helpers.customers.selection.limits import shared_rows
from helpers.customers.selection.margins import with_margin
from helpers.customers.selection.program import Flags, Floats, Programme
from helpers.customers.selection.settings import SelectionSettings
from helpers.customers.selection.solving import Chosen, SelectOptions, solve_programme
from helpers.customers.selection.suppressed import why_not
from helpers.customers.words import percent

MONEY = ["value", "value_low", "value_high", "cost", "net"]


@dataclass(frozen=True, eq=False)
class ContactPlan:
    """Whom to contact in the planned campaigns.

    Parameters
    ----------
    settings, audience
        What it was made from.
    pairs
        Every campaign and customer with a worth: `KEY`, channel, cost, value, value_low, value_high, net,
        units, why, segment, closed, detail, past, stratum, probability, is_held, would_be_chosen, is_chosen.
    limits
        The shared rows: kind (`budget`, `channel`, `stock`), name, unit, limit, used, price (money that one
        unit more would earn).
    use
        What a contact of each campaign uses of each row (r, k).
    bound, gap
        No plan under the same hold-out and limits earns more than `bound`, money; (bound − net) ÷ net.
    method, status, seconds
        How it was solved.
    """

    settings: SelectionSettings
    audience: Audience
    pairs: pd.DataFrame
    limits: pd.DataFrame
    use: Floats
    bound: float
    gap: float
    method: str
    status: str
    seconds: float

    @property
    def contact_list(self) -> pd.DataFrame:
        """`KEY`, channel, cost, value, value_low, value_high, net, reason; ids only, best first."""
        rows = self.pairs[self.pairs["is_chosen"]].assign(reason=lambda table: table["why"])
        order = [*KEY, "channel", "cost", "value", "value_low", "value_high", "net", "reason"]
        by = ["campaign_id", "net", "customer_id"]
        return rows[order].sort_values(by, ascending=[True, False, True], ignore_index=True)

    @property
    def holdout(self) -> pd.DataFrame:
        """`KEY`, stratum, probability (of being held out), would_be_chosen."""
        rows = self.pairs[self.pairs["is_held"]]
        return rows[[*KEY, "stratum", "probability", "would_be_chosen"]].reset_index(drop=True)

    @property
    def suppressed(self) -> pd.DataFrame:
        """`KEY`, reason, detail: everyone with a worth who is not contacted."""
        rows = self.pairs[~self.pairs["is_chosen"]]
        return rows[[*KEY, "reason", "detail"]].reset_index(drop=True)

    @property
    def totals(self) -> pd.Series[float]:
        """contacts, customers, held_out, value, value_low, value_high, cost, net.

        The ends of the interval are sums of ends: as wide as errors that all point the same way.
        """
        rows = self.pairs[self.pairs["is_chosen"]]
        counted: dict[str, float] = {
            "contacts": len(rows),
            "customers": rows["customer_id"].nunique(),
            "held_out": int(self.pairs["is_held"].sum()),
        }
        counted.update({name: float(rows[name].sum()) for name in MONEY})
        return pd.Series(counted, dtype="float64")

    @property
    def by_campaign(self) -> pd.DataFrame:
        """campaign_id, name, channel, day, audience, open, held_out, contacts, value … expected_units."""
        flags = self.pairs.assign(
            audience=1,
            open=self.pairs["closed"] == "",
            held_out=self.pairs["is_held"],
            contacts=self.pairs["is_chosen"],
        )
        counts = flags.groupby("campaign_id")[["audience", "open", "held_out", "contacts"]].sum()
        sums = self.pairs[self.pairs["is_chosen"]].groupby("campaign_id")[[*MONEY, "units"]].sum()
        campaigns = self.audience.campaigns[["campaign_id", "name", "channel", "day"]]
        table = campaigns.merge(counts.join(sums).reset_index(), on="campaign_id", how="left")
        numbers = [*counts.columns, *sums.columns]
        table = table.fillna(dict.fromkeys(numbers, 0)).rename(columns={"units": "expected_units"})
        return table.astype(dict.fromkeys(counts.columns, "int64"))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the data do not say."""
        campaigns = self.audience.campaigns
        offers = campaigns["offer_product_id"].notna() | campaigns["offer_category"].notna()
        bare = offers & ~campaigns["campaign_id"].isin(self.audience.available["campaign_id"])
        said = []
        if self.settings.limit_by_stock and bare.any():
            said.append("There is no table of stock: no offer is limited by it.")
        if change := self.settings.margin_change:
            said.append(
                f"Margins of what contacts sell are taken {percent(abs(change))} "
                f"{'higher' if change > 0 else 'lower'} than measured; discounts and costs of contacts stay."
            )
        empty = set(campaigns["campaign_id"]) - set(self.pairs["campaign_id"])
        if empty:
            said.append(
                f"Nobody has an expected worth in {', '.join(sorted(empty))}: nobody is chosen there."
            )
        return tuple(said)


def plan_contacts(
    case: Case, settings: SelectionSettings, worth: pd.DataFrame, until: dt.date | None = None
) -> ContactPlan:
    """Choose whom to contact in the planned campaigns of a case.

    Parameters
    ----------
    case
        Needs campaigns and customers; contacts, suppressions and stock where there are any.
    settings
        Budget, capacities, caps, hold-out.
    worth
        campaign_id, customer_id, value, value_low, value_high, units, reason; see `read_audience`.
    until
        Last day that is read; by default the last day of the data.

    Returns
    -------
    ContactPlan
        Contact list, hold-out, suppressed with reasons, limits with prices, bound and gap.

    Raises
    ------
    ParameterError
        For a worth that does not fit the case, or too many combinations of campaigns.
    """
    return choose_contacts(read_audience(case, worth, until), settings)


def choose_contacts(audience: Audience, settings: SelectionSettings) -> ContactPlan:
    """Choose contacts among an audience: the pure function behind `plan_contacts` and every scenario."""
    closed = with_margin(with_rest_and_cap(audience, settings), settings.margin_change)
    pairs = _with_draw(closed, settings)
    bundles = make_bundles(audience.campaigns, settings)
    limits, use = shared_rows(audience, pairs[pairs["closed"] == ""], settings)
    grid = _Grid(pairs, audience.campaigns, bundles)
    worthwhile = (pairs["closed"] == "") & (pairs["net"] > 0) & (pairs["net"] >= settings.least_value)
    free = (worthwhile & ~pairs["is_held"]).to_numpy()
    programme = grid.programme(free, use, limits["limit"].to_numpy(), settings.cap_contacts)
    options = SelectOptions(gap=settings.gap, time_limit=settings.time_limit, seed=settings.seed)
    found = solve_programme(programme, options)
    chosen = grid.pairs_of(found.chosen)
    wished = grid.wished(worthwhile.to_numpy(), found.row_prices @ use, settings.cap_contacts)
    priced = limits.assign(used=_used(use, grid, chosen), price=found.row_prices)
    pairs = pairs.assign(is_chosen=chosen, would_be_chosen=wished & pairs["is_held"])
    pairs = why_not(pairs, audience.campaigns, priced, use, settings)
    return _plan(settings, audience, pairs, (priced, use), found)


def _plan(
    settings: SelectionSettings,
    audience: Audience,
    pairs: pd.DataFrame,
    rows: tuple[pd.DataFrame, Floats],
    found: Chosen,
) -> ContactPlan:
    return ContactPlan(
        settings=settings,
        audience=audience,
        pairs=pairs,
        limits=rows[0],
        use=rows[1],
        bound=found.bound,
        gap=round(found.gap, 9),
        method=found.method,
        status=found.status,
        seconds=found.seconds,
    )


def _with_draw(pairs: pd.DataFrame, settings: SelectionSettings) -> pd.DataFrame:
    """Add stratum, probability and is_held: only open pairs are drawn."""
    is_open = pairs["closed"] == ""
    drawn = draw_holdout(
        pairs[is_open], share=settings.holdout_share, strata=settings.strata, seed=settings.seed
    )
    table = pairs.assign(stratum="", probability=0.0, is_held=False)
    for name in ("stratum", "probability", "is_held"):
        table.loc[is_open, name] = drawn[name]
    return table


class _Grid:
    """Pairs as customers × campaigns, and bundles of them."""

    def __init__(self, pairs: pd.DataFrame, campaigns: pd.DataFrame, bundles: Bundles) -> None:
        codes, customers = pd.factorize(pairs["customer_id"], sort=True)
        self.row = codes.astype(np.int64)
        self.column = pd.Index(campaigns["campaign_id"]).get_indexer(pairs["campaign_id"])
        self.shape = (len(customers), len(campaigns))
        self.bundles = bundles
        self.value = self.spread(pairs["value"].to_numpy(dtype=np.float64))
        self.cost = campaigns["cost"].to_numpy(dtype=np.float64)
        self.past = self.spread(pairs["past"].to_numpy(dtype=np.float64)).astype(np.int64)

    def spread(self, values: Floats) -> Floats:
        """Return one number per pair as customers × campaigns, 0 where there is no pair."""
        grid = np.zeros(self.shape)
        grid[self.row, self.column] = values
        return grid

    def flags(self, some: Flags) -> Flags:
        """Return flags per pair as customers × campaigns."""
        return self.spread(some.astype(np.float64)) > 0

    def programme(self, free: Flags, use: Floats, limit: Floats, cap: int) -> Programme:
        """Return the selection of one bundle per customer."""
        member = self.bundles.member.astype(np.float64)
        return Programme(
            value=self.value @ member.T,
            cost=member @ self.cost,
            eligible=self.bundles.allowed(self.flags(free), self.past, cap),
            use=use @ member.T,
            limit=limit,
        )

    def pairs_of(self, chosen: Flags) -> Flags:
        """Return which pairs are in the chosen bundles."""
        inside = (chosen.astype(np.float64) @ self.bundles.member.astype(np.float64)) > 0
        return np.asarray(inside[self.row, self.column], dtype=np.bool_)

    def wished(self, worthwhile: Flags, prices: Floats, cap: int) -> Flags:
        """Return which pairs each customer would get at these prices per campaign, if none were held out."""
        member = self.bundles.member.astype(np.float64)
        allowed = self.bundles.allowed(self.flags(worthwhile), self.past, cap)
        left = np.where(allowed, (self.value - self.cost - prices) @ member.T, -np.inf)
        taken = np.zeros(allowed.shape, dtype=np.bool_)
        if allowed.size:
            best = left.argmax(axis=1)
            everyone = np.arange(len(left))
            taken[everyone, best] = left[everyone, best] > 0
        return self.pairs_of(taken)


def _used(use: Floats, grid: _Grid, chosen: Flags) -> Floats:
    counts = np.bincount(grid.column[chosen], minlength=grid.shape[1]).astype(np.float64)
    return use @ counts

"""The plans that are compared: today, the same warehouses used anew, one closed, one moved, the best choice.

Each is a location problem of its own, with what must be open and what must not:

    today      who serves whom as now; nothing is solved
    reassign   all of today's warehouses open, the cheapest service
    close w    as reassign, without w
    move w     as close w, with one candidate place that has the numbers of w (where the table gives none)
    open       as reassign, with one candidate place more, which costs and holds the mean of today's
    best       any of today's warehouses open or closed

Costs are those of the mean week; quarters have the same plan with their own demand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import ParameterError, SolverError
from helpers.transport.network.locate import locate_facilities
from helpers.transport.network.network_case import NetworkCase
from helpers.transport.network.places import NUMBERS
from helpers.transport.network.problem import Flags, Floats
from helpers.transport.network.settings import WEEKS_PER_YEAR

TODAY, REASSIGN, CLOSE, MOVE, OPEN, BEST = "today", "reassign", "close", "move", "open", "best"
RECORDED = "as it is"
NO_PLAN = "no plan"


@dataclass(frozen=True, eq=False)
class NetworkOption:
    """One plan: who is open and who serves whom.

    Parameters
    ----------
    kind
        today, reassign, close, move, open or best.
    warehouse, place
        Site that is closed or moved; candidate that is opened. None where there is none.
    is_open
        Open sites (n,).
    shares
        Share of each destination that each site serves (n, m).
    numbers
        opening_cost, handling_cost and capacities of the sites in this plan.
    status, gap
        How the solve ended; NaN where nothing was solved.
    why
        Why there is no plan, in words; empty where there is one.
    """

    kind: str
    warehouse: str | None
    place: str | None
    is_open: Flags
    shares: Floats
    numbers: pd.DataFrame
    status: str
    gap: float
    why: str = ""

    @property
    def has_plan(self) -> bool:
        """Whether everybody is served."""
        return not self.why


def compare_options(network: NetworkCase) -> tuple[NetworkOption, ...]:
    """Solve all options; today first, then the best choice."""
    return tuple(_options(network))


def _options(network: NetworkCase) -> Iterator[NetworkOption]:
    n, total = network.warehouses, len(network.sites)
    present, elsewhere = set(range(n)), set(range(n, total))
    priced = network.sites["opening_cost"].notna().to_numpy()
    mean = network.sites.iloc[:n][NUMBERS].mean()
    yield _as_today(network, mean)
    yield _solved(network, BEST, mean, must={i for i in present if not priced[i]}, never=elsewhere)
    yield _solved(network, REASSIGN, mean, must=present, never=elsewhere)
    for i in np.flatnonzero(priced[:n]).tolist() if n > 1 else ():
        yield _solved(network, CLOSE, mean, must=present - {i}, never=elsewhere | {i}, warehouse=i)
    for i in range(n if elsewhere else 0):
        like = network.sites.iloc[i]
        yield _solved(network, MOVE, like, must=present - {i}, never={i}, warehouse=i, count=n)
    free = set() if priced[:n].any() else {i for i in elsewhere if not priced[i]}  # no cost known: not free
    if elsewhere - free:
        yield _solved(network, OPEN, mean, must=present, never=free, count=n + 1)


def _as_today(network: NetworkCase, mean: pd.Series) -> NetworkOption:
    n, sites = network.warehouses, len(network.sites)
    shares = np.zeros((sites, len(network.destinations)))
    shares[:n] = network.today
    return NetworkOption(
        TODAY, None, None, np.arange(sites) < n, shares, network.numbers(mean), RECORDED, np.nan
    )


def _solved(
    network: NetworkCase,
    kind: str,
    like: pd.Series,
    *,
    must: set[int],
    never: set[int],
    warehouse: int | None = None,
    count: int | None = None,
) -> NetworkOption:
    numbers, names = network.numbers(like), network.sites["site_id"].tolist()
    settings = network.settings
    is_open = np.zeros(len(names), dtype=np.bool_)
    shares = np.zeros((len(names), len(network.destinations)))
    closed = None if warehouse is None else names[warehouse]
    try:
        plan = locate_facilities(
            numbers["opening_cost"],
            site_capacity(network, numbers),
            network.units,
            network.costs(numbers["handling_cost"].to_numpy()).total,
            open_sites=sorted(must),
            closed_sites=sorted(never),
            number_of_sites=count,
            single_sourcing=settings.single_sourcing,
            gap=settings.gap,
            time_limit=settings.time_limit,
            seed=settings.seed,
        )
    except (ParameterError, SolverError) as error:
        why = say_by_name(str(error), names, network.destinations["site_id"].tolist())
        return NetworkOption(kind, closed, None, is_open, shares, numbers, NO_PLAN, np.nan, why)
    is_open[plan.open_sites] = True
    opened = [names[i] for i in plan.open_sites if i >= network.warehouses]
    place = opened[0] if opened else None
    return NetworkOption(kind, closed, place, is_open, plan.shares, numbers, str(plan.status), plan.gap)


def site_capacity(network: NetworkCase, numbers: pd.DataFrame) -> Floats:
    """Return the units per week that each site can pass on: by handling, and by storage where that binds.

    Storage becomes units per week through today's stock per unit of weekly demand.
    """
    handling = numbers["handling_capacity_units"].to_numpy(dtype=np.float64)
    room = handling if network.settings.capacitated else np.full(len(numbers), np.inf)
    if not network.settings.storage_binds or not network.stock_m3 > 0:
        return room
    storage = numbers["storage_capacity_m3"].to_numpy(dtype=np.float64)
    both: Floats = np.minimum(room, storage * network.units.sum() / network.stock_m3)
    return both


def say_by_name(words: str, sites: list[str], destinations: list[str]) -> str:
    """Return a message of `locate_facilities` with the names of sites and customers in place of positions.

    >>> say_by_name("locate_facilities: Customer 1 has no lane, capacity 0", ["DC"], ["S1", "S2"])
    'S2 has no lane, capacity of DC'
    """

    def named(found: re.Match[str]) -> str:
        positions = [int(one) for one in found["list"].split(", ")]
        return ", ".join(destinations[one] for one in positions)

    words = words.removeprefix("locate_facilities: ")
    words = re.sub(r"\b[Cc]ustomers? (?P<list>\d+(, \d+)*)", named, words)
    words = re.sub(r"\bcapacity (\d+)\b", lambda found: f"capacity of {sites[int(found[1])]}", words)
    return re.sub(r"\blink \d+[^,.]*", "what is closed", words)


def cost_parts(network: NetworkCase, option: NetworkOption, quarter: int = 0) -> dict[str, float]:
    """Return fixed, handling, inbound and outbound money and kgCO2e of a week."""
    costs = network.costs(option.numbers["handling_cost"].to_numpy(), quarter)
    used = option.shares > 0
    parts = {
        name: float((values[used] * option.shares[used]).sum())
        for name, values in (
            ("handling", costs.handling),
            ("inbound", costs.inbound),
            ("outbound", costs.outbound),
            ("kg_co2e", costs.carbon),
        )
    }
    fixed = float(option.numbers["opening_cost"].to_numpy()[option.is_open].sum())
    money = fixed + parts["handling"] + parts["inbound"] + parts["outbound"]
    return {"fixed": fixed, **parts, "cost_per_week": money}


def weeks_above(network: NetworkCase, option: NetworkOption) -> Floats:
    """Return in how many of the past weeks each site would have had more than it can handle (n,)."""
    if not network.demand.is_history:
        return np.full(len(option.is_open), np.nan)
    weekly = network.demand.weekly_units(network.destinations["site_id"].tolist())
    room = option.numbers["handling_capacity_units"].to_numpy(dtype=np.float64)
    above: Floats = (option.shares @ weekly > room[:, None] * (1 + 1e-9)).sum(axis=1).astype(np.float64)
    return above


def options_table(network: NetworkCase, options: tuple[NetworkOption, ...]) -> pd.DataFrame:
    """Return one row per option: money, savings beside today and their range, carbon, status."""
    today = options[0]
    before = [cost_parts(network, today, quarter)["cost_per_week"] for quarter in network.quarters]
    rows = [_row(network, option, before) for option in options]
    table = pd.DataFrame(rows)
    spent = table["cost_per_year"]
    carbon = table["tonnes_co2e_per_year"]
    table.insert(8, "saving_per_year", spent.iloc[0] - spent)
    return table.assign(more_co2e_per_year=carbon - carbon.iloc[0])


def _row(network: NetworkCase, option: NetworkOption, before: list[float]) -> dict[str, object]:
    names = network.sites["site_id"].to_numpy()
    parts = cost_parts(network, option)
    quarters = [
        was - cost_parts(network, option, quarter)["cost_per_week"]
        for was, quarter in zip(before, network.quarters, strict=True)
    ]
    savings = [WEEKS_PER_YEAR * each for each in quarters] or [np.nan]
    known = option.has_plan
    moved = option.shares * network.kg
    guessed = np.where(network.outbound.estimated, moved, 0.0).sum() / max(moved.sum(), 1e-9)
    money = {name: value if known else np.nan for name, value in parts.items() if name != "kg_co2e"}
    carbon = parts["kg_co2e"] * WEEKS_PER_YEAR / 1000 if known and network.has_carbon else np.nan
    return {
        "option": option.kind,
        "warehouse_id": option.warehouse,
        "place_id": option.place,
        "open_sites": ", ".join(names[option.is_open]),
        **money,
        "cost_per_year": money["cost_per_week"] * WEEKS_PER_YEAR,
        "saving_low": min(savings) if known else np.nan,
        "saving_high": max(savings) if known else np.nan,
        "tonnes_co2e_per_year": carbon,
        "weeks_above": float(weeks_above(network, option).sum()) if known else np.nan,
        "estimated_share": float(guessed) if known else np.nan,
        "status": option.status,
        "gap": option.gap,
        "why": option.why,
    }

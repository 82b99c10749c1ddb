"""What planning warehouses and stores together saves against planning each site on its own.

For each product, site j waits T_j for what it is sent, after the service time S_i of the site i that feeds
it, and promises S_j to those that it feeds; x_j = S_i + T_j − S_j periods are left for its stock to bridge:

    together          S by the guaranteed-service model:   minimise Σ_j h_j z_j σ_j √x_j
    each on its own   every site promises S_j = 0 and bridges its full lead time:   Σ_j h_j z_j σ_j √T_j
    only at the last  no inner site holds any; those who serve customers bridge the time from the supplier
    σ_j² = variance of its own customers' demand + Σ σ_k² of the sites that it feeds

Both others are plans that "together" chooses from, so together never costs more. It costs the same as each on
its own where the pooled stock of the warehouses is worth its money for every product.

What is assumed of demand: over any x periods it stays below x μ + z σ √x, with z the normal quantile of the
cycle service level; what lies beyond is met by other means (expediting, a partner's stock). Demands of
sites are independent, and of periods too. What is assumed of service: a promised service time is always kept,
to all sites alike; customers are served at once, or within `max_service_time` where given. Customers
of a site that also feeds others have a stock of their own there: they need not wait with the sites.

Source: Graves and Willems (2000), Manufacturing & Service Operations Management 2(1); Snyder and Shen,
Fundamentals of Supply Chain Theory (2nd ed.), section 6.3.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.echelons.trees import is_fed_by_one, service_times_of_tree
from helpers.inventory.policies.guaranteed_service import guaranteed_service
from helpers.inventory.policies.stages import Network, read_network

NEEDED = ("product", "site", "lead_time", "holding_cost", "demand_sd", "cycle_service_level")
LANES = ("product", "from_site", "to_site")
MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class EchelonComparison:
    """Safety stock of a network planned together, beside each site on its own.

    Parameters
    ----------
    sites
        One row per product and site: `product`, `site`, `service_time` (S, periods, promised to the sites it
        feeds, or to customers), `safety_stock` (units), `cost` (money per period), and the same of each
        site on its own, and of stock at the last sites only: `own_safety_stock`, `own_cost`,
        `last_safety_stock`, `last_cost`.
    products
        One row per product: `product`, the same six sums, `saving` (against each on its own, money per
        period), `saving_share` (of `own_cost`, 0–1).
    cost, own_cost, last_cost
        Money per period over all products: together, each on its own, only at the last sites.
    is_proven
        Whether every product's plan is proven to be the cheapest.
    """

    sites: pd.DataFrame
    products: pd.DataFrame
    cost: float
    own_cost: float
    last_cost: float
    is_proven: bool

    @property
    def saving(self) -> float:
        """Money per period that planning together saves."""
        return self.own_cost - self.cost


def compare_echelons(
    stages: pd.DataFrame, lanes: pd.DataFrame, *, steps_per_period: int = 7, time_limit: float = 60.0
) -> EchelonComparison:
    """Return safety stock and cost of a reseller's network, planned together and site by site.

    Parameters
    ----------
    stages
        Table `product`, `site` (key), `lead_time` (T, periods from its supplier or from the site that feeds
        it, handling included), `holding_cost` (h, money per unit per period), `demand_sd` (units per
        period, of its own customers; empty = none), `cycle_service_level` (0–1, towards its customers;
        empty where it has none), and where wanted `max_service_time` (periods that its customers wait;
        empty = 0).
    lanes
        Table `product`, `from_site`, `to_site`; without `product`, the lanes are those of every product, as
        far as it is at both sites. A site with two feeders waits for the slower one.
    steps_per_period
        Times are rounded up to this grid: 7 = days, where the periods are weeks.
    time_limit
        Seconds for each product with a site that has two feeders; all others take milliseconds.

    Returns
    -------
    EchelonComparison
        `sites`, `products`, `cost`, `own_cost`, `last_cost`, `saving`, `is_proven`.

    Raises
    ------
    ParameterError
        Columns or sites are missing or doubled, numbers out of bounds, or lanes go in a circle.
    PlanbookError
        No plan was found for a product with a site that has two feeders within the time limit.

    Examples
    --------
    >>> stages = pd.DataFrame(
    ...     {
    ...         "product": "P1",
    ...         "site": ["DC", "North", "South"],
    ...         "lead_time": [4, 1, 1],
    ...         "holding_cost": 1.0,
    ...         "demand_sd": [None, 10, 10],
    ...         "cycle_service_level": [None, 0.95, 0.95],
    ...     }
    ... )
    >>> lanes = pd.DataFrame({"from_site": "DC", "to_site": ["North", "South"]})
    >>> found = compare_echelons(stages, lanes)
    >>> found.sites["service_time"].tolist(), round(found.cost, 2), round(found.own_cost, 2)
    ([4.0, 0.0, 0.0], 73.56, 79.42)
    """
    refuse("compare_echelons", _missing_columns(stages, lanes))
    table = _read_stages(stages)
    known = _read_lanes(table, lanes)
    refuse("compare_echelons", _findings(table, known, steps_per_period))
    groups = dict(list(known.groupby("product", sort=False)))
    parts, proven = [], True
    for product, sites in table.groupby("product", sort=False):
        feeds = groups.get(product, known.head(0))
        part, is_proven = _compare_product(sites, feeds, steps_per_period, time_limit)
        parts.append(part)
        proven &= is_proven
    return _result(pd.concat(parts, ignore_index=True), is_proven=proven)


def _missing_columns(stages: pd.DataFrame, lanes: pd.DataFrame) -> list[str]:
    findings = []
    for name, table, needed in (("stages", stages, NEEDED), ("lanes", lanes, LANES[1:])):
        missing = [column for column in needed if column not in table.columns]
        if missing:
            findings.append(f"'{name}' has no column {', '.join(missing)}. Add it.")
    if not len(stages):
        findings.append("'stages' is empty. Give one row per product and site.")
    return findings


def _read_stages(stages: pd.DataFrame) -> pd.DataFrame:
    table = stages.reindex(columns=[*NEEDED, "max_service_time"]).reset_index(drop=True)
    numbers = [*NEEDED[2:], "max_service_time"]
    table = table.astype(dict.fromkeys(numbers, "float64"))
    return table.fillna({"demand_sd": 0.0, "max_service_time": 0.0})


def _read_lanes(table: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    """Return the lanes per product; lanes for all products only where the product is at both sites."""
    if "product" in lanes.columns:
        return lanes[list(LANES)].reset_index(drop=True)
    unknown = ~(lanes["from_site"].isin(table["site"]) & lanes["to_site"].isin(table["site"]))
    refuse("compare_echelons", [_unknown(lanes[unknown])])
    at = table[["product", "site"]]
    both = at.rename(columns={"site": "from_site"}).merge(lanes[list(LANES[1:])], on="from_site")
    both = both.merge(at.rename(columns={"site": "to_site"}), on=["product", "to_site"])
    return both[list(LANES)]


def _unknown(lanes: pd.DataFrame) -> str:
    if lanes.empty:
        return ""
    first = ", ".join(str(value) for value in lanes.iloc[0])
    return f"{len(lanes)} 'lanes' name a site that is not in 'stages' (first: {first}). Add its row."


def _findings(table: pd.DataFrame, lanes: pd.DataFrame, steps: int) -> list[str]:
    findings = []
    keys = pd.MultiIndex.from_frame(table[["product", "site"]])
    if keys.has_duplicates:
        first = ", ".join(map(str, keys[keys.duplicated()][0]))
        findings.append(f"'stages' has {first} twice. Keep one row.")
    ends = [pd.MultiIndex.from_frame(lanes[["product", name]]).isin(keys) for name in LANES[1:]]
    findings.append(_unknown(lanes[~(ends[0] & ends[1])]))
    unserved = (table["demand_sd"] > 0) & table["cycle_service_level"].isna()
    if unserved.any():
        first = ", ".join(map(str, keys[unserved][0]))
        findings.append(f"'cycle_service_level' is empty for {first}, which has customers. Fill it in.")
    if not 1 <= steps <= MOST_STEPS:
        findings.append(f"'steps_per_period' is {steps}. Give a whole number of 1 to {MOST_STEPS}.")
    numbers = {name: table[name] for name in ("lead_time", "holding_cost", "demand_sd", "max_service_time")}
    findings += find_wrong("not negative", numbers)
    return findings + find_wrong("a share", {"cycle_service_level": table["cycle_service_level"].dropna()})


def _compare_product(
    sites: pd.DataFrame, lanes: pd.DataFrame, steps: int, time_limit: float
) -> tuple[pd.DataFrame, bool]:
    """Return the rows of one product, and whether they are proven."""
    stages, arcs = _as_network(sites, lanes, steps)
    network = read_network(stages, arcs)
    times, is_proven = _best_times(network, stages, arcs, time_limit)
    # No stage promises more than SI + T, so the longest promise is to hold nothing and pass all waiting on.
    passed_on = network.shorten(network.most_service)
    position = stages["stage"].to_numpy() % len(sites)
    part = sites[["product", "site"]].assign(service_time=times[: len(sites)] / steps)
    plans = {"": times, "own_": np.zeros(network.size), "last_": passed_on}
    for prefix, service in plans.items():
        stock = network.demand_bounds * np.sqrt(network.net_times(service))
        for name, amount in (("safety_stock", stock), ("cost", stages["holding_cost"].to_numpy() * stock)):
            part[prefix + name] = np.bincount(position, amount, len(sites))
    return part, is_proven


def _best_times(
    network: Network, stages: pd.DataFrame, arcs: pd.DataFrame, time_limit: float
) -> tuple[Floats, bool]:
    """Return S by stage, in steps, and whether it is proven to be best."""
    if is_fed_by_one(network):
        return service_times_of_tree(network), True
    found = guaranteed_service(stages, arcs, time_limit=time_limit)
    times: Floats = np.asarray(found.service_times, dtype="float64")
    return times, found.is_proven


def _as_network(sites: pd.DataFrame, lanes: pd.DataFrame, steps: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of `guaranteed_service`, times in steps of the grid.

    Stage j is site j; where it has customers and feeds other sites too, stage n + j has its customers.
    """
    size = len(sites)
    place: dict[Hashable, int] = dict(zip(sites["site"], range(size), strict=True))
    start, end = (lanes[name].map(place).to_numpy(dtype="int64") for name in LANES[1:])
    feeds = np.isin(np.arange(size), start)
    apart = np.flatnonzero(feeds & (sites["demand_sd"] > 0))
    site = np.append(np.arange(size), apart)
    is_site = np.arange(len(site)) < size
    is_last = ~(is_site & feeds[site])
    rows = sites.iloc[site]
    factor = stats.norm.ppf(rows["cycle_service_level"])
    stages = pd.DataFrame(
        {
            "stage": np.where(is_site, site, size + site),
            "processing_time": np.where(is_site, _up(rows["lead_time"], steps), 0.0),
            "holding_cost": rows["holding_cost"].to_numpy(),
            "demand_sd": np.where(is_last, rows["demand_sd"] / np.sqrt(steps), 0.0),
            "safety_factor": np.where(is_last & (rows["demand_sd"] > 0), factor, np.nan),
            "max_service_time": np.where(is_last, _up(rows["max_service_time"], steps), np.nan),
        }
    )
    arcs = {"from_stage": np.append(start, apart), "to_stage": np.append(end, size + apart)}
    return stages, pd.DataFrame(arcs)


def _up(periods: pd.Series, steps: int) -> Floats:
    """Periods in whole steps, rounded up."""
    return np.ceil(periods.to_numpy(dtype="float64") * steps - 1e-9)


def _result(sites: pd.DataFrame, *, is_proven: bool) -> EchelonComparison:
    money = [prefix + name for name in ("safety_stock", "cost") for prefix in ("", "own_", "last_")]
    products = sites.groupby("product", sort=False)[money].sum().reset_index()
    saving = products["own_cost"] - products["cost"]
    share = (saving / products["own_cost"].where(products["own_cost"] > 0)).fillna(0.0)
    return EchelonComparison(
        sites=sites,
        products=products.assign(saving=saving, saving_share=share),
        cost=float(products["cost"].sum()),
        own_cost=float(products["own_cost"].sum()),
        last_cost=float(products["last_cost"].sum()),
        is_proven=is_proven,
    )

"""Recommended levels and the buyer's min–max rule, 26 weeks closed loop on sample cases, two echelons.

    uv run python benchmarks/closed_loop.py [--seeds 1 2 3 4 5] [--cache FOLDER] [--prepare]

Per seed: cut 26 weeks before the end. Both rules start from the stock and the open orders of that day and
meet the true demand of the weeks after it (what was wanted, lost or not), with suppliers' lead times drawn
from their true distribution, the same for both, REPLICATIONS times. An order is one lot, which comes at the
mean day of its parts; stores get on Monday what left on Saturday, one transfer in 25 a week later.

The buyer: k and c per warehouse and store, tuned on the true demand of the 52 weeks before the cut (a quarter
before them to settle); and the
levels that the sample's own world runs on. We: levels of `recommend_policy` per pair and week, the forecast
redone every four weeks with what was recorded until then, lead times as measured at the cut. The dial (what
a unit short costs, in margins) draws our frontier, which is read at the buyer's fill rate and at his stock.

Products not on sale at the cut are left out; nobody orders in the last two weeks of a product's life.
Forecasts are kept in the cache folder (they take minutes a seed) and read again by the next run.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.contract.sample import Sample, make_sample
from helpers.forecasting import ForecastSettings, forecast_demand
from helpers.inventory.outlook import Outlook, look_ahead
from helpers.inventory.policy import recommend_policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.simulation.case import Costs, SimulationCase
from helpers.inventory.simulation.incumbent import BuyersMinMax, fit_incumbent
from helpers.inventory.simulation.policy_rules import MinMaxRule, ReplenishmentRule
from helpers.inventory.simulation.simulate import simulate
from helpers.inventory.supply.lead_times import measure_lead_times

Floats = NDArray[np.float64]

WEEKS, EVERY = 26, 4
HISTORY_WEEKS = 156  # of the sample
QUARTER = 13
LATE_TRANSFER_CHANCE = 0.04
LAST_ORDER_WEEKS = 2
LOST_SHARE = (0.85, 0.4)  # store, warehouse: share of the units short that is lost or cancelled
FORECAST = ForecastSettings(methods=("seasonal_smoothing", "product_share"), windows=2, bootstrap=10)
INVENTORY = InventorySettings()
FIXED = ("products", "sites", "suppliers", "supply_terms", "lanes", "customers", "promotions", "calendar")
DATED = {
    "orders": "order_date", "shipments": "ship_date", "stock": "date", "purchase_orders": "order_date",
    "receipts": "date", "returns": "date",
}  # fmt: skip
PAIR = ["product_id", "site_id"]
HISTORY = 52 + QUARTER  # weeks that the buyer's rule is tuned on, the first quarter not counted
REPLICATIONS = 24
TARGETS = (0.95, 0.98)
COVERS = (1.0, 2.0, 3.0)
DIALS = (0.1, 0.2, 0.4, 0.8, 1.6, 4.0)
ROUNDS = 3  # times that the horizon is played when the promise is tried, the first not counted


@dataclass(frozen=True, eq=False)
class Prepared:
    """A seed's company, cut, and what was forecast every four weeks."""

    sample: Sample
    first: pd.Timestamp
    """Monday of the first week after the cut."""
    outlooks: list[Outlook]


def prepare(seed: int, folder: Path) -> Prepared:
    """Make a company, forecast it every four weeks, and keep what was found."""
    kept = folder / f"seed-{seed}.pickle"
    if kept.exists():
        return Prepared(*pickle.loads(kept.read_bytes()))
    sample = make_sample(seed)
    last = pd.Timestamp(sample.truth["demand"]["week"].max())
    first = last - timedelta(weeks=WEEKS - 1)
    case = known_case(sample, first)
    full = known_case(sample, last + timedelta(weeks=1))
    measured = measure_lead_times(case)
    outlooks = []
    for week in range(0, WEEKS, EVERY):
        cutoff = (first + timedelta(weeks=week, days=-1)).date().isoformat()
        forecast = forecast_demand(full, replace(FORECAST, cutoff=cutoff))
        outlooks.append(look_ahead(case, forecast, INVENTORY, measured=measured))
    parts = (Sample(dict(sample.tables), dict(sample.truth)), first, outlooks)
    kept.write_bytes(pickle.dumps(parts))
    return Prepared(*parts)


def known_case(sample: Sample, day: pd.Timestamp) -> Case:
    """Return the case as it was on the evening before a day; what is not in or not sent is open again."""
    tables = {name: sample.tables[name] for name in FIXED}
    for name, date in DATED.items():
        tables[name] = sample.tables[name][sample.tables[name][date] < day]
    bought, came, orders = tables["purchase_orders"], tables["receipts"], tables["orders"]
    lines = pd.MultiIndex.from_frame(bought[["po_id", "line"]])
    is_in = received(came, ["po_id", "po_line"], lines) >= bought["quantity"].to_numpy()
    tables["purchase_orders"] = bought.assign(status=np.where(is_in, "closed", "confirmed"))
    tables["receipts"] = came[pd.MultiIndex.from_frame(came[["po_id", "po_line"]]).isin(lines)]
    asked = pd.MultiIndex.from_frame(orders[["order_id", "line"]])
    sent = received(tables["shipments"], ["order_id", "order_line"], asked) >= orders["quantity"].to_numpy()
    status = np.where(orders["status"] == "cancelled", "cancelled", np.where(sent, "shipped", "backorder"))
    tables["orders"] = orders.assign(status=status)
    return case_from_tables(tables)


def received(table: pd.DataFrame, keys: list[str], wanted: pd.MultiIndex) -> Floats:
    """Return the units of each wanted line."""
    found: Any = table.groupby(keys)["quantity"].sum().reindex(wanted).fillna(0.0).to_numpy(dtype="float64")
    return np.asarray(found)


@dataclass(frozen=True, eq=False)
class World:
    """The pairs that are played, what was truly wanted of them, and how they are supplied."""

    prepared: Prepared
    pairs: pd.DataFrame
    """As of the outlook at the cut, with `row` (there), `price`, `end` (last week of sale) and `kind`."""
    source: NDArray[np.int64]

    def grid(self, table: pd.DataFrame, week: str, units: str, start: int, weeks: int) -> Floats:
        """Sum a table to pairs × weeks; week 0 starts on the Monday after the cut."""
        rows = pd.MultiIndex.from_frame(self.pairs[PAIR]).get_indexer(pd.MultiIndex.from_frame(table[PAIR]))
        number = (pd.to_datetime(table[week]) - self.prepared.first).dt.days.to_numpy() // 7 - start
        found = np.zeros((len(self.pairs), weeks))
        kept = (rows >= 0) & (number >= 0) & (number < weeks)
        np.add.at(found, (rows[kept], number[kept]), table[units].to_numpy(dtype="float64")[kept])
        return found

    def wanted(self, start: int, weeks: int) -> Floats:
        """What was truly wanted, lost or not, pairs × weeks."""
        truth = self.prepared.sample.truth["demand"]
        truth = truth.assign(units=truth["demand_units"] + truth["campaign_units"])
        return self.grid(truth, "week", "units", start, weeks)

    def outflow(self, start: int, weeks: int) -> Floats:
        """What left: own sales as recorded, and transfers."""
        truth, moved = self.prepared.sample.truth["demand"], self.prepared.sample.truth["transfers"]
        lost = self.grid(truth, "week", "lost_units", start, weeks)
        sent = moved.drop(columns="site_id").rename(columns={"origin_id": "site_id"})
        return self.wanted(start, weeks) - lost + self.grid(sent, "sent_week", "units", start, weeks)

    def coming(self, start: int) -> Floats:
        """Units ordered or sent before a week that came in or after it, pairs × weeks."""
        tables, moved = self.prepared.sample.tables, self.prepared.sample.truth["transfers"]
        day = self.prepared.first + timedelta(weeks=start)
        bought = tables["purchase_orders"]
        bought = bought[bought["order_date"] < day].rename(columns={"line": "po_line"})
        came = tables["receipts"].drop(columns=["site_id", "product_id"], errors="ignore")
        came = came[came["date"] >= day].merge(bought[["po_id", "po_line", *PAIR]], on=["po_id", "po_line"])
        came = came.assign(served=came["date"] + timedelta(days=3))  # a week's first four days
        under_way = moved[(moved["sent_week"] < day) & (moved["received_week"] >= day)]
        return self.grid(came, "served", "quantity", start, WEEKS) + self.grid(
            under_way, "received_week", "units", start, WEEKS
        )

    def on_hand(self, start: int) -> Floats:
        """Stock on the Sunday before a week."""
        stock, day = (
            self.prepared.sample.tables["stock"],
            self.prepared.first + timedelta(weeks=start, days=-1),
        )
        counted = stock[stock["date"] == day].drop_duplicates(PAIR).assign(day=day)
        return np.maximum(self.grid(counted, "day", "on_hand", start - 1, 1)[:, 0], 0.0)

    def lead_times(self, start: int, weeks: int, paths: int, seed: int) -> NDArray[np.int64]:
        """True whole weeks, pairs × paths × weeks; orders of a site to a supplier travel together."""
        drawn = np.random.default_rng((seed, 7))
        truth = self.prepared.sample.truth["lead_times"].set_index("supplier_id")
        bought = self.source < 0
        truth = truth.reindex(self.pairs["supplier_id"].where(bought, truth.index[0]))
        mean, end = (truth[name].to_numpy()[:, None, None] for name in ("mean_days_start", "mean_days_end"))
        age = (np.arange(weeks) + start + HISTORY_WEEKS - WEEKS) / HISTORY_WEEKS
        together = pd.factorize(self.pairs["supplier_id"] + "/" + self.pairs["site_id"])[0]
        noise = drawn.normal(size=(together.max() + 1, paths, weeks))[together]
        days = mean + (end - mean) * age + truth["sd_days"].to_numpy()[:, None, None] * noise
        in_parts = drawn.random(days.shape) < truth["part_chance"].to_numpy()[:, None, None]
        days = np.maximum(np.rint(days), 2) + in_parts * 0.53 * drawn.integers(5, 15, days.shape)
        days += np.where(days % 7 >= 5, 7 - days % 7, 0)  # nothing is received at weekends
        late = drawn.random(days.shape) < LATE_TRANSFER_CHANCE
        return np.asarray(np.where(bought[:, None, None], (days + 3) // 7, late), dtype="int64")

    def case(self, start: int, weeks: int, paths: int, seed: int) -> SimulationCase:
        """Return the weeks from `start` on, to be played by any rule."""
        pairs, wanted, store = self.pairs, self.wanted(start, weeks), self.source >= 0
        owed = pairs["backorders"].to_numpy() if start == 0 else 0.0
        return SimulationCase(
            keys=pairs[[*PAIR, "abc", "kind"]],
            demand=np.broadcast_to(wanted[:, None], (len(pairs), paths, weeks)),
            lead_times=self.lead_times(start, weeks, paths, seed),
            opening_stock=self.on_hand(start) - owed,
            open_orders=self.coming(start),
            order_weeks=np.arange(weeks) + start <= pairs["end"].to_numpy()[:, None] - LAST_ORDER_WEEKS,
            minimum_quantity=np.where(store, 0.0, pairs["minimum_quantity"]),
            order_multiple=np.where(store, 0.0, pairs["order_multiple"]),
            lost_share=np.where(store, *LOST_SHARE),
            sales_before=self.outflow(start - QUARTER, QUARTER),
            costs=Costs(pairs["unit_cost"], pairs["holding_cost"], INVENTORY.line_cost, pairs["unit_margin"]),
            source=self.source,
        )


def make_world(prepared: Prepared) -> World:
    """Keep the pairs that are on sale at the cut, and whose source is."""
    outlook, tables = prepared.outlooks[0], prepared.sample.tables
    products = tables["products"].drop_duplicates("product_id").set_index("product_id")
    of_pair = products.reindex(outlook.pairs["product_id"])
    launched = (of_pair["launch_date"] < prepared.first).to_numpy()
    ends = (of_pair["end_date"] - prepared.first).dt.days.to_numpy() // 7
    chosen = np.flatnonzero(launched & ~(ends < 0) & (outlook.source >= -1))
    pairs = outlook.pairs.iloc[chosen].assign(
        row=chosen,
        price=of_pair["list_price"].to_numpy()[chosen],
        end=np.where(np.isnan(ends), 10_000, ends)[chosen],
        kind=np.where(outlook.source >= 0, "store", "warehouse")[chosen],
    )
    place = np.full(len(outlook.pairs) + 1, -1)
    place[chosen] = np.arange(len(chosen))
    return World(prepared, pairs.reset_index(drop=True), place[outlook.source[chosen]])


def steady(outlook: Outlook, dial: float | None) -> Outlook:
    """Let stores stand where they are in steady state: a mean week's demand below their level."""
    levels = recommend_policy(outlook, INVENTORY, dial=dial).order_up_to_levels[:, 0]
    usual = levels - outlook.own_demand.mean(axis=(1, 2))
    at_store = outlook.source >= 0
    position = np.where(at_store, usual, outlook.pairs["inventory_position"])
    return replace(outlook, pairs=outlook.pairs.assign(inventory_position=position))


def levels(world: World, dial: float | None) -> MinMaxRule:
    """Return our reorder points and order-up-to levels per week, as each forecast gave them.

    `dial` None: those for the target fill rates.
    """
    points, tops = np.zeros((2, len(world.pairs), WEEKS))
    for number, outlook in enumerate(world.prepared.outlooks):
        policy = recommend_policy(steady(outlook, dial) if number else outlook, INVENTORY, dial=dial)
        index = pd.MultiIndex.from_frame(outlook.pairs[PAIR])
        row = index.get_indexer(pd.MultiIndex.from_frame(world.pairs[PAIR]))
        start, weeks = number * EVERY, min(EVERY, WEEKS - number * EVERY)
        points[:, start : start + weeks] = policy.reorder_points[row, :weeks]
        tops[:, start : start + weeks] = policy.order_up_to_levels[row, :weeks]
    return MinMaxRule(points, tops)


def figures(case: SimulationCase, rule: ReplenishmentRule, world: World) -> dict[str, float]:
    """Play a rule; fill rate in units and money, stock at cost, losses, orders; then of weeks 14–26."""
    line: dict[str, float] = {}
    for name, warm_up in (("", 0), (" late", WEEKS // 2)):
        found = simulate(replace(case, warm_up=warm_up), rule, group="kind")
        table, price = found.series, world.pairs["price"].to_numpy()
        groups = found.groups.set_index("kind").astype("float64")
        store, warehouse = groups.loc["store"], groups.loc["warehouse"]
        line |= {
            f"fill{name}": found.value("fill_rate"),
            f"fill money{name}": 1 - (table["short_units"] * price).sum() / (table["demand"] * price).sum(),
            f"stock{name}": found.value("stock_value"),
            f"lost{name}": found.value("lost_units"),
            f"orders{name}": float(warehouse["orders"]),
            f"transfers{name}": float(store["orders"]),
            f"fill warehouse{name}": float(warehouse["fill_rate"]),
            f"fill store{name}": float(store["fill_rate"]),
            f"stock warehouse{name}": float(warehouse["stock_value"]),
            f"unshipped{name}": found.value("unshipped_units"),
        }
    return line


def incumbents(world: World, seed: int) -> dict[str, ReplenishmentRule]:
    """Return the buyer's rule, tuned on history to each target, and as the sample's world has it."""
    past = replace(world.case(-HISTORY, HISTORY, 1, seed + 100), warm_up=QUARTER)
    store = world.source >= 0
    truth = world.prepared.sample.truth["lead_times"].set_index("supplier_id")["promised_days"]
    promised = world.pairs["supplier_id"].map(truth).to_numpy(dtype="float64") / 7
    lead = np.where(store, 0.0, promised)
    least = np.where(store, 1.0, 2.0)
    rules: dict[str, ReplenishmentRule] = {}
    for target in TARGETS:
        fitted = fit_incumbent(
            past, target, lead_time=lead, group="kind", covers=COVERS, least=least, least_by="stock_value"
        )
        print(fitted.table.round(3).to_string(index=False), flush=True)
        rules[f"tuned {target:.0%}"] = fitted.rule
    rules["as in its world"] = BuyersMinMax(
        np.where(store, 1.0, promised), np.where(store, 2.2, 3.8), np.where(store, 2.5, 3.0), least=least
    )
    return rules


def read_frontier(ours: pd.DataFrame, theirs: pd.Series, late: str) -> dict[str, float]:
    """Our stock at their fill rate, and our losses at their stock, relative to theirs."""
    ours = ours.sort_values(f"stock{late}")

    def at(known: str, wanted: str) -> float:
        x, y = ours[known + late].to_numpy(), ours[wanted + late].to_numpy()
        rising = np.maximum.accumulate(x)
        return float(np.interp(theirs[known + late], rising, y, left=np.nan, right=np.nan))

    return {
        f"stock at equal fill{late}": at("fill", "stock") / theirs[f"stock{late}"] - 1,
        f"stock at equal fill money{late}": at("fill money", "stock") / theirs[f"stock{late}"] - 1,
        f"lost at equal stock{late}": at("stock", "lost") / theirs[f"lost{late}"] - 1,
        f"orders at equal fill{late}": at("fill", "orders") / theirs[f"orders{late}"] - 1,
    }


def play(seed: int, folder: Path) -> pd.DataFrame:
    """One seed: one row per incumbent with its figures and ours relative to them."""
    world = make_world(prepare(seed, folder))
    case = world.case(0, WEEKS, REPLICATIONS, seed)
    ours = pd.DataFrame({dial: figures(case, levels(world, dial), world) for dial in DIALS}).T.rename_axis(
        "dial"
    )
    print(f"seed {seed}: {len(world.pairs)} pairs\n{ours.T.round(4).to_string()}", flush=True)
    print(promises(world, case).round(4).to_string(), flush=True)
    rows = {}
    for name, rule in incumbents(world, seed).items():
        theirs = pd.Series(figures(case, rule, world))
        rows[name] = theirs.to_dict() | read_frontier(ours, theirs, "") | read_frontier(ours, theirs, " late")
    return pd.DataFrame(rows).T.rename_axis("incumbent").assign(seed=seed)


def promises(world: World, case: SimulationCase) -> pd.DataFrame:
    """Return the promised fill rate per echelon and class beside sampled futures and the truth.

    Futures are those that the levels were made from, in another order each time the horizon is played.
    """
    outlook, rows = steady(world.prepared.outlooks[0], None), world.pairs["row"].to_numpy()
    policy = recommend_policy(outlook, INVENTORY)
    own, drawn = outlook.own_demand[rows], np.random.default_rng(0)
    futures = replace(
        case,
        demand=np.concatenate([own[:, drawn.permutation(own.shape[1])] for _ in range(ROUNDS)], axis=2),
        lead_times=outlook.lead_times[rows],
        opening_stock=policy.order_up_to_levels[rows, 0],
        open_orders=None,
        order_weeks=None,
        sales_before=None,
        warm_up=own.shape[2],
    )
    tiled = [
        np.tile(level[rows], (1, ROUNDS)) for level in (policy.reorder_points, policy.order_up_to_levels)
    ]
    table = policy.promise
    found = table[["fill_rate"]].set_axis(["promised"], axis=1)
    found = found.set_index(table["echelon"] + " " + table["abc"])
    found["sampled futures"] = by_class(futures, MinMaxRule(*tiled))
    rule = levels(world, None)
    found["truth"] = by_class(case, rule)
    found["truth, weeks 14-26"] = by_class(replace(case, warm_up=WEEKS // 2), rule)
    return found


def by_class(case: SimulationCase, rule: ReplenishmentRule) -> pd.Series:
    """Play a rule; return its fill rate by echelon and class."""
    keys = case.keys.assign(cell=case.keys["kind"] + " " + case.keys["abc"])
    return simulate(replace(case, keys=keys), rule, group="cell").groups.set_index("cell")["fill_rate"]


def main() -> None:
    """Prepare, play, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "planbook-closed-loop")
    parser.add_argument("--prepare", action="store_true", help="only forecast")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    if options.prepare:
        for seed in options.seeds:
            prepare(seed, options.cache)
            print(f"seed {seed} is prepared", flush=True)
        return
    rows = pd.concat([play(seed, options.cache) for seed in options.seeds])
    print(rows.reset_index().set_index(["incumbent", "seed"]).sort_index().T.round(4).to_string())
    relative = [name for name in map(str, rows) if "equal" in name]
    mean = rows.groupby(level=0)[relative].agg(["mean", "sem"])
    print(mean.T.round(4).to_string())


if __name__ == "__main__":
    main()

"""What an inventory plan gives: orders, levels, moves, excess, risk, and what they are worth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.inventory.balance.balanced_stock import BalancedStock
from helpers.inventory.balance.excess import Excess
from helpers.inventory.comparison import Comparison
from helpers.inventory.echelons.compare import EchelonComparison
from helpers.inventory.orders.plan import OrderPlan
from helpers.inventory.orders.ranking import RankedPurchases
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.promise import promised_fill_rate
from helpers.inventory.settings import InventorySettings
from helpers.inventory.stock.classes import Classes
from helpers.inventory.stock.stockout_risk import StockoutRisk
from helpers.inventory.supply.offers import PAIR


@dataclass(frozen=True, eq=False)
class InventoryPlan:
    """The week's plan of stock.

    Parameters
    ----------
    outlook
        What it rests on: pairs, lead times, sampled demand.
    policy
        Levels per pair and week, with their promise.
    orders
        The order plan, with gap and prices of limits.
    ranked
        Next lots of this week by money earned per money spent.
    balance
        This week's transfers, excess, and what ends.
    risk
        What runs out before an order placed now is there.
    kpis
        Days of supply, inventory turns, GMROI.
    classes
        ABC–XYZ.
    echelons
        Safety stock planned together against each site on its own; None where no site supplies another.
    futures, replay
        Levels beside the buyer's rule, on sampled futures and on the last weeks (None without an earlier
        forecast).
    lanes
        supplier_id, site_id, lane_id: the first lane of each way on which suppliers deliver.
    settings, cutoff
        What was asked; last day of the data.
    """

    outlook: Outlook
    policy: Policy
    orders: OrderPlan
    ranked: RankedPurchases
    balance: BalancedStock
    risk: StockoutRisk
    kpis: tuple[Kpi, ...]
    classes: Classes
    echelons: EchelonComparison | None
    futures: Comparison
    replay: Comparison | None
    lanes: pd.DataFrame
    settings: InventorySettings
    cutoff: date

    @property
    def first_week(self) -> date:
        """Monday of the first week."""
        return self.cutoff + timedelta(days=1)

    @property
    def excess(self) -> Excess:
        """What there is too much of."""
        return self.balance.excess

    @property
    def transfers(self) -> pd.DataFrame:
        """All transfers of this week, those that gain most first."""
        table = self.balance.transfers
        return table.sort_values(
            ["gain", *table.columns[:3]], ascending=[False, True, True, True]
        ).reset_index(drop=True)

    @property
    def tiles(self) -> tuple[Kpi, ...]:
        """The figures of the page's head: money first."""
        stock = float(self.outlook.pairs["stock_value"].sum())
        excess = ratio_kpi("excess share of stock", self.excess.value, stock, f"stock of {self.cutoff}")
        return (
            Kpi("stock at cost", stock, f"stock of {self.cutoff}"),
            Kpi("orders proposed", self.firm_value, f"week of {self.first_week}, {len(self.firm)} lines"),
            self.promised_fill_rate,
            Kpi("margin at risk", float(self.risk.table["lost_margin"].sum()), "until new orders arrive"),
            excess,
            *self.kpis,
        )

    @property
    def promised_fill_rate(self) -> Kpi:
        """Share of all demand that the levels promise to serve from stock."""
        return promised_fill_rate(self.outlook, self.policy)

    @property
    def firm(self) -> pd.DataFrame:
        """Orders of the frozen weeks."""
        return self.orders.orders[self.orders.orders["is_frozen"]]

    @property
    def firm_value(self) -> float:
        """Money of the orders of the frozen weeks."""
        return float(self.firm["value"].sum())

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out or assumed, with counts."""
        return (
            *self.outlook.notes,
            *self.risk.notes,
            *self.balance.notes,
            *self.orders.clashes,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Name of the content, for what is built on this plan."""
        rows = pd.util.hash_pandas_object(self.orders.orders, index=False).to_numpy().tobytes()
        return hashlib.blake2b(repr(self.settings).encode() + rows, digest_size=8).hexdigest()

    def notes_table(self) -> pd.DataFrame:
        """Return the notes as a table with the column note."""
        return pd.DataFrame({"note": self.notes})

    def levels(self) -> pd.DataFrame:
        """Return per pair what is there, what the level is and what it promises."""
        pairs = self.outlook.pairs[[*PAIR, "product_name", "on_hand", "inventory_position", "unit_cost"]]
        return pairs.merge(self.policy.table, on=PAIR, validate="one_to_one")

    def summary(self) -> pd.Series:
        """Return the result in a dozen figures, by name."""
        figures = {
            "cutoff": self.cutoff,
            "pairs planned": len(self.outlook.pairs),
            "stock value": float(self.outlook.pairs["stock_value"].sum()),
            "order lines proposed": len(self.firm),
            "order value proposed": self.firm_value,
            "gap of the order plan": self.orders.gap,
            "units to transfer": float(self.transfers["quantity"].sum()),
            "excess value": self.excess.value,
            "margin at risk": float(self.risk.table["lost_margin"].sum()),
            "stock saved at equal service": self.futures.stock.share,
            "lost margin saved at equal stock": self.futures.lost.share,
        }
        return pd.Series(figures, name="inventory plan")

    def _why_beyond(self, firm: pd.DataFrame, at: pd.MultiIndex) -> pd.Series[str]:
        """Why an order lifts a pair above its order-up-to level; empty where it does not."""
        level = self.policy.table.set_index(PAIR)["order_up_to_level"].reindex(at).to_numpy()
        keys = [*PAIR, "supplier_id"]
        terms = ["price_break_quantity", "minimum_quantity"]
        offers = self.outlook.offers[[*keys, *terms]]
        offer = firm[keys].merge(offers, on=keys, how="left", validate="many_to_one")
        quantity = firm["quantity"].to_numpy()
        over = firm["position"].to_numpy() + quantity > level + 1e-6
        reason = np.select(
            [
                ~over,
                quantity >= offer["price_break_quantity"].fillna(np.inf).to_numpy() - 1e-9,
                quantity <= offer["minimum_quantity"].fillna(0.0).to_numpy() + 1e-9,
            ],
            ["", "takes a price break", "smallest order"],
            "bought ahead",
        )
        return pd.Series(reason, firm.index)

    def next_orders(self) -> pd.DataFrame:
        """Return the firm orders with names, those that earn most by coming now first.

        Beside the order: position (units), weekly (units wanted a week), weeks_of_cover (of the position),
        earned (money), stockout_probability (before an order placed now is there), beyond (why it goes above
        the order-up-to level).
        """
        names = self.outlook.pairs.drop_duplicates("product_id").set_index("product_id")["product_name"]
        pairs = self.outlook.pairs.set_index(PAIR)
        firm = self.firm.assign(product_name=lambda rows: rows["product_id"].map(names))
        at = pd.MultiIndex.from_frame(firm[PAIR])
        ranked = self.ranked.table[self.ranked.table["is_planned"]].groupby(PAIR)["earned"].sum()
        risk = self.risk.table.set_index(PAIR)["stockout_probability"]
        found = firm.assign(
            position=pairs["inventory_position"].reindex(at).to_numpy(),
            weekly=self.policy.table.set_index(PAIR)["demand"].reindex(at).to_numpy(),
            earned=ranked.reindex(at).fillna(0.0).to_numpy(),
            stockout_probability=risk.reindex(at).to_numpy(),
            order_by=pd.Timestamp(self.first_week),
        )
        found = found.assign(beyond=self._why_beyond(found, at))
        found = found.assign(
            weeks_of_cover=found["position"] / found["weekly"].where(found["weekly"] > 0, np.nan)
        )
        return found.sort_values(["earned", "value"], ascending=False, ignore_index=True)

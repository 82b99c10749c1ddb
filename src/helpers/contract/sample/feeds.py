"""Weekly documents of two partners who run stores for the reseller, with faults put in on purpose.

One partner sends X12 852 (QS sold, QA on hand), the other EDIFACT SLSRPT and INVRPT (quantity codes 153
and 145). Without its faults every figure agrees with `shipments` (sold) and `stock` (on_hand).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import in_days
from helpers.contract.sample.assortment import NEVER, Assortment
from helpers.contract.sample.codes import with_check_digit
from helpers.contract.sample.frames import contract_frame, days
from helpers.contract.sample.network import Network
from helpers.contract.sample.settings import SampleSize

FEED_WEEKS = 16
PARTNERS = ("RHEINMARKT", "NORDHANDEL")
DOCUMENTS = ({"sold": "852", "on_hand": "852"}, {"sold": "SLSRPT", "on_hand": "INVRPT"})
CODES = ({"sold": "QS", "on_hand": "QA"}, {"sold": "153", "on_hand": "145"})


class Fault(NamedTuple):
    """One fault: which partner, in which week of the feed, doing what to the rows."""

    partner: int
    week: int
    name: str
    detail: str


FAULTS = (
    Fault(0, 3, "unit of measure", "counts cases and says so in uom"),
    Fault(0, 6, "pack", "counts cases and says units"),
    Fault(0, 9, "duplicate document", "the document came twice under two numbers"),
    Fault(0, 12, "missing week", "no document came"),
    Fault(1, 2, "cut-off shift", "sold figures are those of the week before"),
    Fault(1, 3, "cut-off shift", "sold figures are those of the week before"),
    Fault(1, 7, "wrong GTIN", "two digits of one GTIN are swapped, the check digit is wrong"),
    Fault(1, 10, "wrong GTIN", "a valid GTIN that belongs to no product"),
    Fault(1, 13, "stale file", "last week's figures under a new date"),
)


@dataclass(frozen=True)
class Feed:
    """What partners sent, and what was wrong with it."""

    table: pd.DataFrame
    faults: pd.DataFrame


def make_feed(
    orders: pd.DataFrame,
    shipments: pd.DataFrame,
    stock: pd.DataFrame,
    size: SampleSize,
    network: Network,
    assortment: Assortment,
    rng: np.random.Generator,
) -> Feed:
    """Return the table `partner_feed` and the truth `feed_faults`.

    The faults have columns partner_id, document_type, document_id (of the faulty document; empty where
    none came), week (Monday of the period), fault and detail.
    """
    rows = _honest_rows(
        _reported_pairs(size, network, assortment, rng), orders, shipments, stock, size, assortment
    )
    found = []
    for fault in FAULTS:
        is_hit = (rows["partner"] == fault.partner) & (rows["week"] == fault.week)
        found.append(_truth_rows(rows[is_hit], fault))
        rows = INJECT[fault.name](rows, is_hit, fault, assortment)
    rows = rows.sort_values(["partner", "week", "document_id"], kind="stable", ignore_index=True)
    first_day = 7 * (size.weeks - FEED_WEEKS + rows["week"].to_numpy(np.int64))
    table = contract_frame(
        "partner_feed",
        {
            "partner_id": np.array(PARTNERS, dtype=object)[rows["partner"]],
            "document_type": rows["document_type"].to_numpy(dtype=object),
            "document_id": rows["document_id"].to_numpy(dtype=object),
            "line": rows.groupby("document_id").cumcount().to_numpy() + 1,
            "document_date": size.date(first_day + 7),
            "location_gln": network.gln[rows["site"]],
            "gtin": rows["gtin"].to_numpy(dtype=object),
            "period_start": size.date(first_day),
            "period_end": size.date(first_day + 6),
            "measure": rows["measure"].to_numpy(dtype=object),
            "quantity": rows["quantity"],
            "uom": rows["uom"].to_numpy(dtype=object),
            "raw_code": rows["raw_code"].to_numpy(dtype=object),
        },
    )
    faults = pd.concat(found, ignore_index=True)
    first = size.mondays()[size.weeks - FEED_WEEKS]
    return Feed(table, faults.assign(week=days(first + in_days(7 * faults["week"].to_numpy(np.int64)))))


def _reported_pairs(
    size: SampleSize, network: Network, assortment: Assortment, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the products each partner reports on; a partner runs two stores, in a tiny case one."""
    per_partner = 2 if size.stores >= 4 else 1
    steady = (assortment.lives.launch < 0) & (assortment.lives.end == NEVER)
    frames = []
    for partner in range(len(PARTNERS)):
        for place in range(per_partner):
            site = size.warehouses + partner * per_partner + place
            stocked = (assortment.pair_site == site) & steady[assortment.pair_product]
            often = np.flatnonzero(stocked & (assortment.pattern[assortment.pair_product] < 2))
            chosen = np.sort(rng.permutation(often)[: size.feed_products])
            frames.append(pd.DataFrame({"pair": chosen, "site": site, "partner": partner}))
    pairs = pd.concat(frames, ignore_index=True)
    return pairs.assign(
        product=assortment.pair_product[pairs["pair"]], site_id=network.site_ids[pairs["site"]]
    )


def _honest_rows(
    pairs: pd.DataFrame,
    orders: pd.DataFrame,
    shipments: pd.DataFrame,
    stock: pd.DataFrame,
    size: SampleSize,
    assortment: Assortment,
) -> pd.DataFrame:
    """Return one row per partner, week, store, product and measure, as a faultless feed would say it."""
    ids = assortment.products["product_id"].to_numpy(dtype=object)
    grid = pairs.merge(pd.DataFrame({"week": np.arange(-1, FEED_WEEKS)}), how="cross")
    grid = grid.assign(
        product_id=ids[grid["product"]],
        monday=size.mondays()[size.weeks - FEED_WEEKS + grid["week"].to_numpy(np.int64)].astype(
            "datetime64[ns]"
        ),
    )
    sold = _sold_by_week(orders, shipments, grid["monday"].min())
    closing = stock.assign(monday=stock["date"] - np.timedelta64(6, "D")).rename(columns={"on_hand": "units"})
    keys = ["site_id", "product_id", "monday"]
    frames = []
    for measure, figures in (("sold", sold), ("on_hand", closing)):
        rows = grid.merge(figures[[*keys, "units"]], on=keys, how="left", validate="one_to_one")
        before = rows.groupby("pair")["units"].shift(1)
        rows = rows.assign(measure=measure, quantity=rows["units"].fillna(0.0), before=before.fillna(0.0))
        frames.append(rows[rows["week"] >= 0])
    rows = pd.concat(frames, ignore_index=True)
    partner = rows["partner"].to_numpy(np.int64)
    kind = [DOCUMENTS[number][name] for number, name in zip(partner, rows["measure"], strict=True)]
    rows = rows.assign(
        document_type=kind,
        raw_code=[CODES[number][name] for number, name in zip(partner, rows["measure"], strict=True)],
        uom="unit",
        gtin=assortment.products["gtin"].to_numpy(dtype=object)[rows["product"]],
    )
    number = 100 + rows["week"].astype(str).str.zfill(2).astype(int)
    return rows.assign(document_id=rows["document_type"] + "-" + number.astype(str))


def _sold_by_week(orders: pd.DataFrame, shipments: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """Return units shipped by site, product and Monday."""
    recent = shipments[shipments["ship_date"] >= start]
    lines = recent.merge(
        orders[["order_id", "line", "site_id", "product_id"]],
        left_on=["order_id", "order_line"],
        right_on=["order_id", "line"],
        validate="many_to_one",
    )
    monday = lines["ship_date"] - in_days(lines["ship_date"].dt.dayofweek.to_numpy(np.int64))
    sums = lines.assign(monday=monday).groupby(["site_id", "product_id", "monday"], as_index=False)
    return sums.agg(units=("quantity", "sum"))


def _truth_rows(hit: pd.DataFrame, fault: Fault) -> pd.DataFrame:
    documents = hit[["document_type", "document_id"]].drop_duplicates()
    if fault.name in {"cut-off shift", "wrong GTIN"}:
        documents = documents[documents["document_type"] == DOCUMENTS[fault.partner]["sold"]]
    if fault.name == "missing week":
        documents = documents.assign(document_id=None)
    if fault.name == "duplicate document":
        documents = documents.assign(document_id=documents["document_id"] + "-B")
    return documents.assign(
        partner_id=PARTNERS[fault.partner], week=fault.week, fault=fault.name, detail=fault.detail
    )[["partner_id", "document_type", "document_id", "week", "fault", "detail"]]


def _in_cases(rows: pd.DataFrame, is_hit: pd.Series, fault: Fault, assortment: Assortment) -> pd.DataFrame:
    case = assortment.column("units_per_case")[rows["product"]]
    counted = np.where(is_hit, np.round(rows["quantity"] / case, 2), rows["quantity"])
    uom = np.where(is_hit & (fault.name == "unit of measure"), "case", rows["uom"])
    return rows.assign(quantity=counted, uom=uom)


def _twice(rows: pd.DataFrame, is_hit: pd.Series, fault: Fault, assortment: Assortment) -> pd.DataFrame:
    del fault, assortment
    again = rows[is_hit].assign(document_id=rows.loc[is_hit, "document_id"] + "-B")
    return pd.concat([rows, again], ignore_index=True)


def _never(rows: pd.DataFrame, is_hit: pd.Series, fault: Fault, assortment: Assortment) -> pd.DataFrame:
    del fault, assortment
    return rows[~is_hit].reset_index(drop=True)


def _shifted(rows: pd.DataFrame, is_hit: pd.Series, fault: Fault, assortment: Assortment) -> pd.DataFrame:
    del fault, assortment
    is_sold = is_hit & (rows["measure"] == "sold")
    return rows.assign(quantity=np.where(is_sold, rows["before"], rows["quantity"]))


def _stale(rows: pd.DataFrame, is_hit: pd.Series, fault: Fault, assortment: Assortment) -> pd.DataFrame:
    del fault, assortment
    return rows.assign(quantity=np.where(is_hit, rows["before"], rows["quantity"]))


def _wrong_code(rows: pd.DataFrame, is_hit: pd.Series, fault: Fault, assortment: Assortment) -> pd.DataFrame:
    """Spoil the code of the first product sold: by a swap once, by an unknown code the other time."""
    del assortment
    is_sold = is_hit & (rows["measure"] == "sold")
    right = str(rows.loc[is_sold, "gtin"].iloc[0])
    wrong = swap_digits(right) if "swapped" in fault.detail else with_check_digit("209999999999")
    return rows.assign(gtin=np.where(is_sold & (rows["gtin"] == right), wrong, rows["gtin"]))


def swap_digits(code: str) -> str:
    """Swap the first two neighbouring digits whose swap the check digit betrays."""
    for place in range(2, 11):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        if with_check_digit(swapped[:12]) != swapped:
            return swapped
    return code[:-1] + str((int(code[-1]) + 1) % 10)


INJECT: dict[str, Callable[[pd.DataFrame, pd.Series, Fault, Assortment], pd.DataFrame]] = {
    "unit of measure": _in_cases,
    "pack": _in_cases,
    "duplicate document": _twice,
    "missing week": _never,
    "cut-off shift": _shifted,
    "wrong GTIN": _wrong_code,
    "stale file": _stale,
}

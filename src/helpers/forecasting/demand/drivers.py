"""What is known to move demand: promotions, their echoes, holidays and prices, on the grid of weeks.

    running[s, t]  = selling days of week t on which the promotion runs ÷ selling days of the week
    discount[s, t] = depth × running
    after[s, t]    = whole weeks since the promotion ended, 1..4; 0 = none
    sister[s, t]   = running of a promotion on another product of the same substitute group, same site
    price[s, t]    = mean unit price of the week ÷ the product's usual price, outside promotions

Promotions that are past or approved count; a planned one is not decided. A promotion without a site
runs everywhere. Where two overlap, the deeper discount is the one that runs.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.supply import to_grid

AFTER_WEEKS = 4
NONE = -1
COUNTED = ("past", "approved")
COLUMNS = ["promotion_id", "product_id", "site_id", "start", "end", "discount", "mechanics", "status"]

Ints = NDArray[np.int64]


class DriverCase(Protocol):
    """What reading drivers needs of a `Case`."""

    def has(self, name: str) -> bool:
        """Tell whether the table is there."""

    def table(self, name: str) -> pd.DataFrame:
        """Return a table with all columns of the contract."""

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of SQL over the tables."""


@dataclass(frozen=True, eq=False)
class Drivers:
    """Known movers of demand; grids are series × (weeks + horizon).

    Parameters
    ----------
    promotions
        The promotions that count, in the contract's columns; grids refer to its rows by position.
    weeks
        Mondays, those ahead included.
    promotion, dip_promotion, sister_promotion
        Position of the promotion that runs, that ended last, and that a sister runs; -1 = none.
    running, discount, sister
        Share of the week, depth × share of the week, share of the week.
    mechanics
        Code of the mechanics of the promotion that runs, position in `mechanics_names`; -1 = none.
    after
        Weeks since the end of the last promotion, 1 to 4; 0 = none.
    holiday, closed
        Named holidays, and closed days beyond the usual ones, per week.
    holiday_name
        Name of the first holiday of each week (one value per week); empty = none.
    price
        Relative to the product's usual price; NaN = unknown or promoted.
    mechanics_names
        Texts behind the codes.
    """

    promotions: pd.DataFrame
    weeks: pd.DatetimeIndex
    promotion: Ints
    dip_promotion: Ints
    sister_promotion: Ints
    running: Floats
    discount: Floats
    sister: Floats
    mechanics: Ints
    after: Ints
    holiday: Floats
    closed: Floats
    holiday_name: NDArray[np.object_]
    price: Floats
    mechanics_names: tuple[str, ...]

    def until(self, origin: int, horizon: int) -> Drivers:
        """Return what was known after `origin` weeks about the `horizon` weeks that follow.

        Prices stop at the origin; promotions and holidays are decided ahead.
        """
        end = origin + horizon
        grids = {
            part.name: getattr(self, part.name)[:, :end]
            for part in fields(self)
            if isinstance(getattr(self, part.name), np.ndarray) and getattr(self, part.name).ndim == 2
        }
        grids["price"] = np.where(np.arange(grids["price"].shape[1]) < origin, grids["price"], np.nan)
        return replace(self, weeks=self.weeks[:end], holiday_name=self.holiday_name[:end], **grids)


def read_drivers(
    case: DriverCase, history: History, horizon: int, *, extra_promotions: pd.DataFrame | None = None
) -> Drivers:
    """Return the drivers of the history's series over its weeks and `horizon` more.

    Parameters
    ----------
    extra_promotions
        Further promotions in the contract's columns that count whatever their status: the planned
        one of a what-if.
    """
    weeks = pd.DatetimeIndex(np.concatenate([history.weeks, history.future_weeks(horizon)]))
    shape = (len(history.keys), len(weeks))
    is_open, holiday, closed, names = _calendar(case, weeks)
    promotions = _promotions(case, extra_promotions)
    groups = _substitute_groups(case, history.keys["product_id"])
    texts = promotions["mechanics"].fillna("").astype(str)
    mechanics_names = tuple(sorted(texts.unique()))
    grids = _promotion_grids(promotions, history.keys, weeks, groups, is_open)
    codes = np.array([mechanics_names.index(text) for text in texts], dtype=np.int64)
    running = grids["promotion"] != NONE
    mechanics = np.full(shape, NONE, dtype=np.int64)
    mechanics[running] = codes[grids["promotion"][running]]
    price = np.full(shape, np.nan)
    price[:, : history.length] = _prices(case, history)
    return Drivers(
        promotions=promotions,
        weeks=weeks,
        promotion=grids["promotion"],
        dip_promotion=grids["dip_promotion"],
        sister_promotion=grids["sister_promotion"],
        running=grids["running"],
        discount=grids["discount"],
        sister=grids["sister"],
        mechanics=mechanics,
        after=grids["after"],
        holiday=np.broadcast_to(holiday, shape),
        closed=np.broadcast_to(closed, shape),
        holiday_name=names,
        price=np.where(grids["running"] > 0, np.nan, price),
        mechanics_names=mechanics_names,
    )


def _promotions(case: DriverCase, extra: pd.DataFrame | None) -> pd.DataFrame:
    """Promotions that count, oldest first."""
    parts = []
    if case.has("promotions"):
        table = case.table("promotions").reindex(columns=COLUMNS)
        parts.append(table[table["status"].fillna("past").isin(COUNTED)])
    if extra is not None and len(extra):
        parts.append(extra.reindex(columns=COLUMNS))
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS}).astype(
            {"start": "datetime64[ns]", "end": "datetime64[ns]", "discount": "float64"}
        )
    whole = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    whole = whole.astype({"start": "datetime64[ns]", "end": "datetime64[ns]", "discount": "float64"})
    whole = whole.assign(discount=whole["discount"].fillna(0.0))
    return whole.sort_values(["start", "promotion_id"], kind="stable").reset_index(drop=True)


def _substitute_groups(case: DriverCase, products: pd.Series[str]) -> NDArray[np.object_]:
    """Substitute group of each series; a group of its own where none is known."""
    own = products.to_numpy(dtype=object)
    if not case.has("products") or "substitute_group" not in (table := case.table("products")).columns:
        return own
    named = table.drop_duplicates("product_id").set_index("product_id")["substitute_group"]
    found = products.map(named)
    return np.where(found.isna(), own, found.to_numpy(dtype=object))


def _promotion_grids(
    promotions: pd.DataFrame,
    keys: pd.DataFrame,
    weeks: pd.DatetimeIndex,
    groups: NDArray[np.object_],
    is_open: Floats,
) -> dict[str, NDArray[Any]]:
    """Lay each promotion onto its series, their sisters, and the weeks after it."""
    shape = (len(keys), len(weeks))
    numbers = {name: np.full(shape, NONE, dtype=np.int64) for name in _NUMBERS}
    shares = {name: np.zeros(shape) for name in ("running", "discount", "sister")}
    after = np.zeros(shape, dtype=np.int64)
    where = _Where.of(keys, groups)
    for number, plan in enumerate(_plans(promotions)):
        first, share = _week_shares(plan.start, plan.end, weeks, is_open)
        rows, family = where.series(plan)
        ahead = np.arange(first, first + len(share))
        inside = (ahead >= 0) & (ahead < len(weeks))
        share, own, near = share[inside], np.ix_(rows, ahead[inside]), np.ix_(family, ahead[inside])
        deeper = plan.depth * share >= shares["discount"][own]
        numbers["promotion"][own] = np.where(deeper, number, numbers["promotion"][own])
        shares["discount"][own] = np.maximum(shares["discount"][own], plan.depth * share)
        shares["running"][own] = np.maximum(shares["running"][own], share)
        numbers["sister_promotion"][near] = number
        shares["sister"][near] = np.maximum(shares["sister"][near], share)
        _lay_after(rows, first + len(inside), number, numbers["dip_promotion"], after)
    return {**numbers, **shares, "after": after}


@dataclass(frozen=True)
class _Plan:
    product: str
    site: str | None
    start: int
    """Day, counted from 1970-01-01."""
    end: int
    depth: float


def _plans(promotions: pd.DataFrame) -> list[_Plan]:
    start, end = (promotions[name].to_numpy("datetime64[D]").astype(np.int64) for name in ("start", "end"))
    site = [None if pd.isna(name) else name for name in promotions["site_id"]]
    product, depth = promotions["product_id"].tolist(), promotions["discount"].tolist()
    return [_Plan(*row) for row in zip(product, site, start.tolist(), end.tolist(), depth, strict=True)]


@dataclass(frozen=True, eq=False)
class _Where:
    """Which series belong to a product and to its substitutes."""

    site: NDArray[np.object_]
    by_product: dict[object, Ints]
    by_group: dict[object, Ints]
    group_of: dict[object, object]

    @classmethod
    def of(cls, keys: pd.DataFrame, groups: NDArray[np.object_]) -> _Where:
        product, site = (keys[name].to_numpy(dtype=object) for name in ("product_id", "site_id"))
        return cls(site, _rows_by(product), _rows_by(groups), dict(zip(product, groups, strict=True)))

    def series(self, plan: _Plan) -> tuple[Ints, Ints]:
        """Return the series that a promotion runs on, and those of its substitutes."""
        rows = self.by_product.get(plan.product, _EMPTY)
        family = self.by_group.get(self.group_of.get(plan.product, plan.product), _EMPTY)
        family = np.setdiff1d(family, rows, assume_unique=True)
        if plan.site is None:
            return rows, family
        return rows[self.site[rows] == plan.site], family[self.site[family] == plan.site]


_NUMBERS = ("promotion", "dip_promotion", "sister_promotion")
_EMPTY = np.empty(0, dtype=np.int64)


def _lay_after(rows: Ints, first: int, number: int, numbers: Ints, after: Ints) -> None:
    """Mark the weeks after a promotion; the promotion that ended last counts."""
    for step in range(AFTER_WEEKS):
        if 0 <= first + step < after.shape[1]:
            numbers[rows, first + step] = number
            after[rows, first + step] = step + 1


def _rows_by(labels: NDArray[np.object_]) -> dict[object, Ints]:
    series = pd.Series(np.arange(len(labels)), index=labels)
    return {
        label: np.asarray(rows, dtype=np.int64) for label, rows in series.groupby(level=0).indices.items()
    }


def _week_shares(start: int, end: int, weeks: pd.DatetimeIndex, is_open: Floats) -> tuple[int, Floats]:
    """First week (position, may lie outside) and the share of each week that a promotion runs."""
    origin = int(weeks.to_numpy("datetime64[D]")[0].astype(np.int64))
    first, last = start - origin, max(end, start) - origin
    days = np.arange(7 * (first // 7), 7 * (last // 7) + 7)
    open_day = np.ones(len(days))
    inside = (days >= 0) & (days < is_open.size)
    open_day[inside] = is_open.ravel()[days[inside]]
    runs = open_day * ((days >= first) & (days <= last))
    total = open_day.reshape(-1, 7).sum(axis=1)
    return first // 7, runs.reshape(-1, 7).sum(axis=1) / np.maximum(total, 1)


def _calendar(
    case: DriverCase, weeks: pd.DatetimeIndex
) -> tuple[Floats, Floats, Floats, NDArray[np.object_]]:
    """Open days (weeks × 7), named holidays and extra closed days per week, first holiday's name."""
    is_open, holiday = np.ones((len(weeks), 7)), np.zeros(len(weeks))
    names = np.full(len(weeks), "", dtype=object)
    if not case.has("calendar"):
        return is_open, holiday, holiday.copy(), names
    table = case.table("calendar").dropna(subset=["date"]).sort_values("date")
    day = (table["date"].to_numpy("datetime64[D]") - weeks.to_numpy("datetime64[D]")[0]).astype(np.int64)
    inside = (day >= 0) & (day < is_open.size)
    table, day = table[inside], day[inside]
    is_open.ravel()[day[table["closed"].fillna(value=False).to_numpy(bool)]] = 0
    named = table["holiday"].notna().to_numpy(bool)
    np.add.at(holiday, day[named] // 7, 1.0)
    names[day[named][::-1] // 7] = table["holiday"].to_numpy(dtype=object)[named][::-1]
    shut = 7 - is_open.sum(axis=1)
    return is_open, holiday, np.maximum(shut - np.median(shut), 0.0), names


def _prices(case: DriverCase, history: History) -> Floats:
    """Mean unit price of each week ÷ the median of the series' weeks; NaN where nothing was sold."""
    missing = np.full(history.demand.shape, np.nan)
    after = history.weeks[-1].date() + timedelta(days=7)
    if "unit_price" not in case.table("orders").columns:
        return missing
    rows = case.query(f"""
        SELECT product_id, site_id, CAST(date_trunc('week', order_date) AS DATE) AS week,
            sum(unit_price * quantity) / sum(quantity) AS price
        FROM orders WHERE quantity > 0 AND unit_price > 0 AND order_date < DATE '{after}'
            AND coalesce(status, '') <> 'cancelled'
        GROUP BY ALL ORDER BY ALL
    """).astype({"week": "datetime64[ns]"})  # noqa: S608 - the day comes from a date
    price = to_grid(rows, "price", history.keys, history.weeks, missing=np.nan)
    middle = pd.DataFrame(price).median(axis=1).to_numpy()
    relative: Floats = price / np.where(middle > 0, middle, np.nan)[:, None]
    return np.round(relative, 6)

"""Lead times as suppliers keep them: measured from purchase orders and receipts, beside what they promised.

A lead time is, by rule (`deliveries.py`), the days from the order to its first receipt, to 95 % of its
quantity (the rule taken where nothing is said: until then part of the order cannot be sold), or to its last
receipt. With y = log(days ÷ promised days), per supplier i, product j and site k, lines of one purchase
order sharing its weight:

    y = m_ijk + e,   e ~ the supplier's own spread (Kaplan–Meier from 30 orders on, before that log-normal)
    m_i drawn to all suppliers, m_ij to m_i, m_ijk to m_ij (empirical Bayes, `pooling.py`)

Open orders count as lower limits. Lines of the last two years are used; where a supplier has drifted
(`lead_time_drift.py`) weights halve every six weeks, so that the estimate is of now. Finished lines far
later than their neighbours (more than 4 robust standard deviations, 1.4826 × MAD, above the running median
of 41 orders) are disruptions: listed and, unless asked for, left out of the distribution. Sites that no
supplier serves are replenished over their shortest lane (transit_days, transit_sd_days).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.supply.deliveries import Rule, delivery_lines, promises, with_promise
from helpers.inventory.supply.lead_time_cells import PROBABILITIES, Cells, pool_cells, spread_of
from helpers.inventory.supply.lead_time_drift import drift

RULES = ("first", "nearly_all", "last")
NEIGHBOURS = 41
ROBUST_SDS = 4.0
LATE_CHANCE = 0.05


@dataclass(frozen=True)
class LeadTimeSettings:
    """How lead times are measured.

    Parameters
    ----------
    rule
        `first`, `nearly_all` (95 % of the quantity) or `last` receipt.
    look_back_days
        Age of the oldest orders used.
    half_life_days
        Age at which an order of a supplier that has drifted counts half.
    keep_disruptions
        Whether lines far later than their neighbours stay in the distribution.
    """

    rule: Rule = "nearly_all"
    look_back_days: float = 728.0
    half_life_days: float = 42.0
    keep_disruptions: bool = False

    def __post_init__(self) -> None:
        """Refuse unknown rules and spans that are not positive."""
        wrong = [] if self.rule in RULES else [f"'rule' is '{self.rule}'. Give one of {', '.join(RULES)}."]
        spans = {"look_back_days": self.look_back_days, "half_life_days": self.half_life_days}
        refuse("LeadTimeSettings", [*wrong, *find_wrong("positive", spans)])


@dataclass(frozen=True, eq=False)
class LeadTimes:
    """Measured lead times.

    Parameters
    ----------
    table
        Per supplier × product × site: promised_days, lines, mean_days, sd_days, q05, q50, q95 (days),
        ratio (measured ÷ promised mean), ratio_low, ratio_high (90 % interval of the level), source
        (`measured`, `pooled` where it has no own lines, `lane`), priority (1 is asked first).
    suppliers
        Per supplier: orders, lines, promised_days, mean_days, sd_days, first_days, nearly_all_days,
        last_days (plain means over finished lines), parts_share (lines in more than one receipt), on_time
        share against due_date and confirmed_date with counts, and the columns of `drift`.
    open_lines
        Open lines, latest first: age_days, usual_days, chance_so_late (of being open at this age),
        expected_date, is_late (that chance is below 5 %), days_past_due, open_units.
    disruptions
        Finished lines far later than their neighbours.
    lines
        As of `delivery_lines`, with promised_days.
    notes
        What was left out or assumed, with counts.
    """

    table: pd.DataFrame
    suppliers: pd.DataFrame
    open_lines: pd.DataFrame
    disruptions: pd.DataFrame
    lines: pd.DataFrame
    notes: tuple[str, ...]
    settings: LeadTimeSettings
    cells: Cells

    def quantiles(self, keys: pd.DataFrame) -> Floats:
        """Return each pair's quantiles, pairs × 200 (probabilities (i + ½) ÷ 200), days; NaN where unknown.

        Parameters
        ----------
        keys
            product_id, site_id, and supplier_id where it is chosen; else the supplier of priority 1, of
            equals the one with most lines.
        """
        return np.asarray(self.cells.days_or_nothing[self.cells.rows_of(keys)])

    def sample(self, keys: pd.DataFrame, count: int, seed: int = 0) -> Floats:
        """Draw lead times, pairs × count, days; NaN where nothing is known.

        Parameters
        ----------
        keys
            As of `quantiles`.
        count, seed
            Draws per pair; the same seed gives the same draws.
        """
        if count < 1:
            raise ParameterError(f"LeadTimes.sample: 'count' is {count}. Give 1 or more.")
        row = self.cells.rows_of(keys)
        drawn = np.random.default_rng(seed).random((len(row), count)) * (len(PROBABILITIES) - 1)
        low = drawn.astype("int64")
        part = drawn - low
        grid = self.cells.days_or_nothing
        return np.asarray(grid[row[:, None], low] * (1 - part) + grid[row[:, None], low + 1] * part)

    def promised_against_measured(self) -> pd.DataFrame:
        """Return supplier_id, promised_days, mean_days, sd_days, late_by (days), ratio; latest first."""
        shown = self.suppliers.assign(
            late_by=self.suppliers["mean_days"] - self.suppliers["promised_days"],
            ratio=self.suppliers["mean_days"] / self.suppliers["promised_days"],
        )
        columns = ["supplier_id", "promised_days", "mean_days", "sd_days", "late_by", "ratio", "has_drifted"]
        return shown[columns].sort_values("late_by", ascending=False, ignore_index=True)

    def summary(self) -> pd.Series:
        """Return the result in a few figures, by name."""
        figures = {
            "suppliers measured": int((self.suppliers["lines"] > 0).sum()),
            "suppliers that drifted": int(self.suppliers["has_drifted"].sum()),
            "lines measured": int(self.lines["is_finished"].sum()),
            "lines open": len(self.open_lines),
            "lines open and late": int(self.open_lines["is_late"].sum()),
            "lines disrupted": len(self.disruptions),
        }
        return pd.Series(figures, name="lead times")


def measure_lead_times(case: Case, settings: LeadTimeSettings | None = None) -> LeadTimes:
    """Measure lead times per supplier × product × site, with what is open and what has changed.

    Parameters
    ----------
    case
        Uses purchase_orders, receipts, supply_terms and lanes; what is absent is noted.
    settings
        How to measure.

    Examples
    --------
    >>> measured = measure_lead_times(case)                              # doctest: +SKIP
    >>> measured.sample(keys[["product_id", "site_id"]], 200).shape      # doctest: +SKIP
    (640, 200)
    """
    chosen = settings or LeadTimeSettings()
    terms = promises(case)
    lines, notes = _observed(case, terms, chosen)
    drifts = drift(lines[~lines["is_disrupted"]])
    used = _weighted(lines, drifts, chosen)
    spreads = spread_of(used)
    cells = pool_cells(used, spreads, case, terms)
    open_lines = _open_lines(lines, cells, pd.Timestamp(case.as_of))
    return LeadTimes(
        table=cells.table,
        suppliers=_suppliers(lines, cells, drifts, pd.Timestamp(case.as_of)),
        open_lines=open_lines,
        disruptions=lines[lines["is_disrupted"]].drop(columns=["log_ratio", "is_open", "is_disrupted"]),
        lines=lines.drop(columns=["log_ratio", "is_open", "days", "is_disrupted"]),
        notes=(*notes, *cells.notes),
        settings=chosen,
        cells=cells,
    )


def _observed(case: Case, terms: pd.DataFrame, settings: LeadTimeSettings) -> tuple[pd.DataFrame, list[str]]:
    """Lines with days, whether that is only a lower limit, and the log of days ÷ promised."""
    lines = with_promise(delivery_lines(case), terms)
    asked = (lines["due_date"] - lines["order_date"]).dt.days.astype("float64").clip(lower=1.0)
    guessed = lines["promised_days"].isna()
    promised = lines["promised_days"].fillna(asked).clip(lower=1.0)
    reached = lines[f"{settings.rule}_days"]
    known = reached.notna() | ~lines["is_finished"]
    days = reached.fillna(lines["age_days"]).clip(lower=0.5)
    lines = lines.assign(
        promised_days=promised, days=days, is_open=reached.isna(), log_ratio=np.log(days / promised)
    )[known].reset_index(drop=True)
    lines["is_disrupted"] = _is_disrupted(lines)
    counted = [
        (int(guessed.sum()), "purchase lines have no supply terms: their due date stands for the promise"),
        (int((~known).sum()), "closed purchase lines have no receipt and were left out"),
        (int(lines["is_disrupted"].sum()), "lines came far later than their neighbours and are disruptions"),
    ]
    return lines, [f"{count} {what}." for count, what in counted if count]


def _is_disrupted(lines: pd.DataFrame) -> pd.Series:
    finished = lines[~lines["is_open"]]
    orders = finished.groupby(["supplier_id", "po_id"])[["log_ratio", "age_days"]].median().reset_index()
    orders = orders.sort_values(["supplier_id", "age_days", "po_id"])
    rolled = orders.groupby("supplier_id")["log_ratio"].rolling(NEIGHBOURS, center=True, min_periods=1)
    orders["usual"] = rolled.median().droplevel(0)
    off = (orders["log_ratio"] - orders["usual"]).abs()
    orders["limit"] = (
        ROBUST_SDS * 1.4826 * off.groupby(orders["supplier_id"]).transform("median").clip(lower=0.02)
    )
    own = lines[["po_id", "log_ratio"]].merge(
        orders[["po_id", "usual", "limit"]], on="po_id", how="left", validate="many_to_one"
    )
    return pd.Series(
        (own["log_ratio"] - own["usual"] > own["limit"]).to_numpy() & ~lines["is_open"].to_numpy(),
        lines.index,
    )


def _weighted(lines: pd.DataFrame, drifts: pd.DataFrame, settings: LeadTimeSettings) -> pd.DataFrame:
    """The lines that are used, with their weight: 1 ÷ lines of the order, less when old after a drift."""
    kept = lines[lines["age_days"] <= settings.look_back_days]
    if not settings.keep_disruptions:
        kept = kept[~kept["is_disrupted"]]
    moved = kept["supplier_id"].isin(drifts.loc[drifts["has_drifted"], "supplier_id"])
    fade = np.where(moved, 0.5 ** (kept["age_days"] / settings.half_life_days), 1.0)
    return kept.assign(fade=fade, weight=fade / kept.groupby("po_id")["line"].transform("size"))


def _open_lines(lines: pd.DataFrame, cells: Cells, as_of: pd.Timestamp) -> pd.DataFrame:
    """Open lines with the chance of being open this long, and when they are expected."""
    still = lines[~lines["is_finished"] & (lines["open_units"] > 0)].reset_index(drop=True)
    row = cells.rows_of(still[["supplier_id", "product_id", "site_id"]])
    grid = np.where(
        (row >= 0)[:, None], cells.days_or_nothing[row], still["promised_days"].to_numpy()[:, None]
    )
    age = still["age_days"].to_numpy()[:, None]
    later = grid > age
    left = later.sum(axis=1)
    mean_later = np.where(later, grid, 0.0).sum(axis=1) / np.maximum(left, 1)
    # Past all that was ever seen, another tenth of the age is the plain guess.
    expected = np.where(left > 0, mean_later, 1.1 * still["age_days"].to_numpy())
    to_come = np.maximum(np.ceil(expected - still["age_days"].to_numpy()), 1.0)
    chance = left / grid.shape[1]
    columns = ["po_id", "line", "supplier_id", "product_id", "site_id", "quantity", "open_units"]
    return (
        still[[*columns, "order_date", "due_date", "confirmed_date", "age_days"]]
        .assign(
            usual_days=np.median(grid, axis=1),
            chance_so_late=chance,
            expected_date=as_of + pd.to_timedelta(to_come, unit="D"),
            is_late=chance < LATE_CHANCE,
            days_past_due=(as_of - still["due_date"]).dt.days.clip(lower=0),
        )
        .sort_values(
            ["chance_so_late", "days_past_due", "po_id", "line"], ascending=[True, False, True, True]
        )
        .reset_index(drop=True)
    )


def _suppliers(lines: pd.DataFrame, cells: Cells, drifts: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    measured = ["first_days", "nearly_all_days", "last_days"]
    done = lines[lines["is_finished"]].groupby("supplier_id")
    facts = (
        done[measured]
        .mean()
        .assign(
            orders=done["po_id"].nunique(),
            lines=done.size(),
            parts_share=done["receipts"].agg(lambda receipts: float((receipts > 1).mean())),
        )
    )
    table = cells.suppliers.merge(facts, on="supplier_id", how="left", validate="one_to_one")
    for date in ("due_date", "confirmed_date"):
        table = table.merge(_on_time(lines, date, as_of), on="supplier_id", how="left", validate="one_to_one")
    table = table.merge(drifts, on="supplier_id", how="left", validate="one_to_one")
    counts = ["orders", "lines"]
    return table.assign(**{name: table[name].fillna(0).astype(int) for name in counts}).assign(
        has_drifted=table["has_drifted"].eq(True)
    )


def _on_time(lines: pd.DataFrame, date: str, as_of: pd.Timestamp) -> pd.DataFrame:
    """Lines in by the date ÷ lines whose date has passed (those still open count as late)."""
    name = date.removesuffix("_date")
    asked = (lines[date] - lines["order_date"]).dt.days
    due = lines[lines[date].notna() & (lines["is_finished"] | (lines[date] < as_of))]
    good = ~due["is_open"] & (due["days"] <= asked[due.index])
    grouped = good.groupby(due["supplier_id"])
    return pd.DataFrame(
        {f"{name}_lines": grouped.size(), f"{name}_on_time": grouped.sum(), f"on_time_{name}": grouped.mean()}
    ).reset_index()

"""Can these data carry a decision? `assess_case(case, settings)` says go, go with care, or stop.

Each decision of the suite names the tables it needs and those that make it better
(`tables/_decisions.csv`). A decision stops where a needed table is missing, where the history is
too short, or where too many order lines were set aside; it goes with care where something that
makes it better is missing or a share lies between the two limits of the settings.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import pandas as pd

from helpers.contract.case import Case
from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.contract.schema import contract
from helpers.errors import ContractError, ParameterError

GO, CARE, STOP = "go", "go with care", "stop"
ORDER = (STOP, CARE, GO)


@dataclass(frozen=True)
class ReadinessSettings:
    """Limits of the data check; each pair is the limit for "go" and the one for "stop".

    Parameters
    ----------
    full_weeks, least_weeks
        Weeks of history: two seasons let a yearly pattern be told from chance.
    good_share, least_share
        Order lines accepted ÷ order lines read.
    fresh_days, stale_days
        Days between the last stock count and the last order.
    known_share
        Order lines with a customer ÷ order lines, below which targeting goes with care.
    """

    full_weeks: int = 104
    least_weeks: int = 13
    good_share: float = 0.99
    least_share: float = 0.90
    fresh_days: int = 7
    stale_days: int = 28
    known_share: float = 0.80

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        pairs = {
            "least_weeks ≤ full_weeks": 1 <= self.least_weeks <= self.full_weeks,
            "0 ≤ least_share ≤ good_share ≤ 1": 0 <= self.least_share <= self.good_share <= 1,
            "0 ≤ fresh_days ≤ stale_days": 0 <= self.fresh_days <= self.stale_days,
            "0 ≤ known_share ≤ 1": 0 <= self.known_share <= 1,
        }
        broken = [rule for rule, holds in pairs.items() if not holds]
        if broken:
            raise ParameterError(f"Limits of the data check contradict each other: need {'; '.join(broken)}.")


@dataclass(frozen=True)
class Readiness:
    """What the data can carry.

    Parameters
    ----------
    decisions
        decision, page, verdict, why, to_do.
    tables
        table, rows_read, rows, set_aside, accepted_share, first_day, last_day, used_by.
    findings
        table, column, rule, action, rows, first_example, to_do, touches.
    weekly
        week, lines: order lines per week, all good ones.
    what_if
        decision, now, findings_mended, tables_added, last_year_only: the verdict if every order line
        had passed, if all missing tables and columns were there, and with 52 weeks of history.
    kpis
        rows accepted, value under findings, weeks of history.
    """

    decisions: pd.DataFrame
    tables: pd.DataFrame
    findings: pd.DataFrame
    weekly: pd.DataFrame
    what_if: pd.DataFrame
    kpis: tuple[Kpi, ...]
    settings: ReadinessSettings
    case_name: str
    first_day: dt.date
    as_of: dt.date

    @property
    def verdict(self) -> str:
        """The verdict on the first decision that all others stand on, the demand forecast."""
        return str(self.decisions["verdict"].iloc[0])

    def summary(self) -> dict[str, str]:
        """Return decision → verdict."""
        return dict(zip(self.decisions["decision"], self.decisions["verdict"], strict=True))


def assess_case(case: Case, settings: ReadinessSettings | None = None) -> Readiness:
    """Return what the data of a case can carry, decision by decision.

    Parameters
    ----------
    case
        Checked data.
    settings
        Limits; the defaults where None.
    """
    settings = settings or ReadinessSettings()
    facts = _measure(case)
    return Readiness(
        decisions=_judge_decisions(facts, settings),
        tables=_describe_tables(case),
        findings=_describe_findings(case),
        weekly=_weekly_lines(case),
        what_if=_judge_what_if(facts, settings),
        kpis=_kpis(case, facts),
        settings=settings,
        case_name=case.name,
        first_day=case.first_day,
        as_of=case.as_of,
    )


@dataclass(frozen=True)
class _Facts:
    """The few measures that every verdict stands on."""

    tables: frozenset[str]
    weeks: int
    accepted_share: float
    stock_age_days: int | None
    known_share: float
    filled: Mapping[str, float]


def missing_for(case: Case, page: str) -> str:
    """Return what a page cannot do without and the data do not hold, in words; empty where nothing is.

    Parameters
    ----------
    case
        Checked data.
    page
        Name of a page, such as `2_inventory_plan`; an unknown one needs nothing.
    """
    rule = next((rule for rule in _decision_rules() if rule["page"] == page), None)
    if rule is None:
        return ""
    tables = [name for name in _names(rule["needs"]) if not case.has(name)]
    counted = case.query("SELECT count(unit_cost) AS unit_cost FROM products").iloc[0]
    costs = "unit_cost" in _names(rule["figures_of_products"]) and not counted["unit_cost"]
    parts = [f"table {name}" for name in tables] + (["unit_cost of any product"] if costs else [])
    return ", ".join(parts)


def require_for(case: Case, page: str) -> None:
    """Raise where the data do not hold what a page cannot do without.

    Raises
    ------
    ContractError
        With what is missing.
    """
    missing = missing_for(case, page)
    if missing:
        raise ContractError(
            f"{case.name}: {page} cannot be made without {missing}. Add it ('planbook template DIR' writes "
            "empty tables), or leave the page out."
        )


def _measure(case: Case) -> _Facts:
    orders = case.files["orders"]
    shares = ", ".join(
        f"avg(CASE WHEN {column} IS NOT NULL THEN 1.0 ELSE 0.0 END) AS {column}"
        for column in ("unit_cost", "weight_kg", "volume_m3")
    )
    filled = case.query(f"SELECT {shares} FROM products").iloc[0]
    known = case.query("SELECT avg(CASE WHEN customer_id IS NOT NULL THEN 1.0 ELSE 0.0 END) AS s FROM orders")
    last_count = case.query("SELECT max(date) AS day FROM stock")["day"].iloc[0]
    return _Facts(
        tables=frozenset(name for name in case.files if case.has(name)),
        weeks=((case.as_of - case.first_day).days + 1) // 7,
        accepted_share=orders.rows / orders.rows_read,
        stock_age_days=None if pd.isna(last_count) else (case.as_of - pd.Timestamp(last_count).date()).days,
        known_share=float(known["s"].iloc[0]),
        filled={str(column): float(share) for column, share in filled.items()},
    )


@cache
def _decision_rules() -> tuple[dict[str, str], ...]:
    path = resources.files("helpers.contract") / "tables" / "_decisions.csv"
    return tuple(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def _judge_what_if(facts: _Facts, settings: ReadinessSettings) -> pd.DataFrame:
    """Judge again under three changes of the data, to show which effort pays."""
    complete = dict.fromkeys(facts.filled, 1.0)
    variants = {
        "now": facts,
        "findings_mended": replace(facts, accepted_share=1.0),
        "tables_added": replace(facts, tables=frozenset(contract()), filled=complete, known_share=1.0),
        "last_year_only": replace(facts, weeks=min(facts.weeks, 52)),
    }
    judged = {name: _judge_decisions(variant, settings) for name, variant in variants.items()}
    verdicts = {name: frame["verdict"] for name, frame in judged.items()}
    return pd.DataFrame({"decision": judged["now"]["decision"], **verdicts})


def _judge_decisions(facts: _Facts, settings: ReadinessSettings) -> pd.DataFrame:
    rows = []
    for rule in _decision_rules():
        reasons = list(_reasons(rule, facts, settings))
        worst = min((verdict for verdict, _, _ in reasons), key=ORDER.index, default=GO)
        telling = [reason for reason in reasons if reason[0] == worst]
        rows.append(
            {
                "decision": rule["decision"],
                "page": rule["page"],
                "verdict": worst,
                "why": "; ".join(why for _, why, _ in telling) or "all that it needs is there",
                "to_do": "; ".join(dict.fromkeys(to_do for _, _, to_do in telling)) or "nothing",
            }
        )
    return pd.DataFrame(rows)


def _reasons(
    rule: Mapping[str, str], facts: _Facts, settings: ReadinessSettings
) -> Iterator[tuple[str, str, str]]:
    """Yield (verdict, why, what to do) for everything that speaks against a plain "go"."""
    needs, better = _names(rule["needs"]), _names(rule["better_with"])
    missing = [name for name in needs if name not in facts.tables]
    if missing:
        yield STOP, f"no {' or '.join(missing)}", f"add {', '.join(missing)}"
    yield from _reasons_from_history(facts, settings)
    if "stock" in needs and facts.stock_age_days is not None:
        yield from _reasons_from_stock(facts.stock_age_days, settings)
    if "customers" in needs and facts.known_share < settings.known_share:
        yield CARE, f"only {facts.known_share:.0%} of the order lines name a customer", "export customer_id"
    for column in _names(rule["figures_of_products"]):
        yield from _reasons_from_column(column, facts.filled[column])
    absent = [name for name in better if name not in facts.tables]
    if absent:
        yield CARE, f"without {', '.join(absent)}", f"add {', '.join(absent)}"


def _reasons_from_history(facts: _Facts, settings: ReadinessSettings) -> Iterator[tuple[str, str, str]]:
    if facts.weeks < settings.full_weeks:
        verdict = STOP if facts.weeks < settings.least_weeks else CARE
        why = f"{facts.weeks} weeks of history, {settings.full_weeks} would be enough"
        yield verdict, why, f"export {settings.full_weeks} weeks of orders"
    if facts.accepted_share < settings.good_share:
        verdict = STOP if facts.accepted_share < settings.least_share else CARE
        yield (
            verdict,
            f"{1 - facts.accepted_share:.1%} of the order lines were set aside",
            "mend the findings",
        )


def _reasons_from_stock(age: int, settings: ReadinessSettings) -> Iterator[tuple[str, str, str]]:
    if age > settings.fresh_days:
        verdict = STOP if age > settings.stale_days else CARE
        yield verdict, f"the last stock count is {age} days older than the last order", "export today's stock"


def _reasons_from_column(column: str, filled: float) -> Iterator[tuple[str, str, str]]:
    if filled < 1:
        verdict = STOP if filled == 0 else CARE
        how_many = "no product has" if filled == 0 else f"{1 - filled:.0%} of the products lack"
        yield verdict, f"{how_many} a {column}", f"fill products.{column}"


def _describe_tables(case: Case) -> pd.DataFrame:
    rows = []
    for name, table in contract().items():
        file = case.files.get(name)
        first, last = _span(case, name) if file and file.rows else (None, None)
        rows.append(
            {
                "table": name,
                "rows_read": file.rows_read if file else 0,
                "rows": file.rows if file else 0,
                "set_aside": file.rows_read - file.rows if file else 0,
                "accepted_share": file.rows / file.rows_read if file and file.rows_read else None,
                "first_day": first,
                "last_day": last,
                "used_by": table.feeds,
            }
        )
    return pd.DataFrame(rows)


def _span(case: Case, name: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Return first and last day of the first date column that says when the row happened."""
    column = next((c.name for c in contract()[name].columns if c.rule == "past" or c.name == "start"), None)
    if column is None or contract()[name].kind == "master":
        return None, None
    row = case.query(f'SELECT min("{column}") AS first, max("{column}") AS last FROM {name}').iloc[0]
    return row["first"], row["last"]


def _describe_findings(case: Case) -> pd.DataFrame:
    columns = ["table", "column", "rule", "action", "rows", "first_example", "to_do", "touches"]
    rows = [
        (
            finding.table,
            finding.column,
            finding.rule,
            finding.action,
            finding.count,
            str(finding.examples[0]) if finding.examples else "",
            finding.advice,
            contract()[finding.table].feeds,
        )
        for finding in case.findings
    ]
    return pd.DataFrame(rows, columns=columns)


def _weekly_lines(case: Case) -> pd.DataFrame:
    frame = case.query(
        "SELECT date_trunc('week', order_date) AS week, count(*) AS lines FROM orders GROUP BY 1 ORDER BY 1"
    )
    return frame.astype({"week": "datetime64[ns]"})


def _kpis(case: Case, facts: _Facts) -> tuple[Kpi, ...]:
    read = sum(file.rows_read for file in case.files.values())
    good = sum(file.rows for file in case.files.values())
    window = f"{case.first_day} to {case.as_of}"
    return (
        ratio_kpi("rows accepted", good, read, f"{len(case.files)} tables"),
        ratio_kpi("value under findings", case.value_read - case.value_accepted, case.value_read, window),
        Kpi("weeks of history", facts.weeks, window),
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]

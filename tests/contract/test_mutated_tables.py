"""Tables damaged at random: a refusal in words, or a case in which every row is good or accounted for.

The checker here is slow and plain, and shares no code with the checks of the package: it reads the
written files and the contract's own CSV tables.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import helpers.contract as contract_room
from helpers.contract import Case, load_case
from helpers.contract.sample import make_sample
from helpers.errors import PlanbookError

pytestmark = pytest.mark.slow

TABLES = ("products", "sites", "suppliers", "supply_terms", "customers", "orders", "stock", "returns")
NASTY = (
    *("", " ", "nan", "inf", "-inf", "1e18", "-1", "0", "1,5", "1_0", "٣", "0x1F", "true", "NULL", "None"),
    *("2026-02-31", "1066-10-14", "9999-12-31", "31.12.2025", "2025-06-01 23:59:59", "=1+1", "@cmd"),
    *("<script>alert(1)</script>", "it's", 'say "no"', "semi;colon", "pipe|", "tab\there", "Ärger", "\u200b"),
    *("two\nlines", "x" * 3_000, "DROP TABLE orders;--", "%s", "{0}", "\\", "'", '"'),
)
Frames = dict[str, pd.DataFrame]
Rows = list[dict[str, str]]


@cache
def sample_texts() -> Frames:
    """Return the tiny sample as texts, with at most 200 rows a table."""
    tables = make_sample(size="tiny").tables
    return {name: as_text(tables[name].head(200)) for name in TABLES}


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: [cell_as_text(cell) for cell in frame[name]] for name in frame.columns})


def cell_as_text(cell: Any) -> str:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, dt.datetime):
        return f"{cell:%Y-%m-%d}"
    return str(cell)


def mutate(frame: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, set[str]]:
    """Damage a table; return it with the names of the rows that were left alone."""
    frame = frame.assign(_row=[str(number) for number in range(len(frame))])
    touched: set[str] = set()
    for kind in rng.choice(["cells", "repeat", "shuffle", "drop", "lose", "rename", "add"], size=3):
        some = rng.integers(0, len(frame), size=int(rng.integers(1, 6)))
        columns = [name for name in frame.columns if name != "_row"]
        column = str(rng.choice(columns))
        if kind == "cells":
            for row in some:
                frame.loc[frame.index[row], str(rng.choice(columns))] = str(rng.choice(NASTY))
            touched |= set(frame["_row"].iloc[some])
        elif kind == "repeat":
            touched |= set(frame["_row"].iloc[some])
            frame = pd.concat([frame, frame.iloc[some]], ignore_index=True)
        elif kind == "shuffle":
            frame = frame.sample(frac=1, random_state=int(rng.integers(1 << 30))).reset_index(drop=True)
        elif kind == "drop":
            frame = frame.drop(index=frame.index[np.unique(some)]).reset_index(drop=True)
        elif kind == "lose" and rng.random() < 0.3:
            frame = frame.drop(columns=column)
        elif kind == "rename" and rng.random() < 0.3:
            frame = frame.rename(columns={column: column.upper() + " "})
        elif kind == "add":
            frame = frame.assign(**{f"extra {len(columns)}": str(rng.choice(NASTY))})
    return frame, set(frame["_row"]) - touched


def write(frame: pd.DataFrame, path: Path, rng: np.random.Generator) -> None:
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    text = frame.to_csv(
        index=False,
        sep=str(rng.choice([",", ";", "\t", "|"])),
        lineterminator=str(rng.choice(["\n", "\r\n"])),
    )
    path.write_bytes(text.encode(encoding, errors="replace"))


def definition(table: str) -> Rows:
    path = Path(contract_room.__file__).parent / "tables" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def broken_rule(column: dict[str, str], cell: Any) -> str:  # noqa: PLR0911 - one return per rule
    """Return what a good cell breaks, in words; '' where it breaks nothing."""
    rule = column["rule"]
    if pd.isna(cell):
        return "is missing" if column["required"] == "yes" else ""
    if column["type"] in {"number", "integer"}:
        value = float(cell)
        if not math.isfinite(value) or abs(value) > 1e12:
            return "is no usable number"
        if rule.startswith((">", "<")):
            sign, bound = rule.rstrip("0123456789."), float(rule.lstrip("<>="))
            held = {">": value > bound, ">=": value >= bound, "<": value < bound, "<=": value <= bound}
            return "" if held[sign] else f"breaks {rule}"
        if ".." in rule:
            low, high = map(float, rule.removeprefix("inside ").split(".."))
            return "" if low <= value <= high else f"breaks {rule}"
    if column["type"] == "date" and not 1990 <= pd.Timestamp(cell).year <= 2100:
        return "is an impossible date"
    if rule.startswith("one of ") and cell not in [
        w.strip() for w in rule.removeprefix("one of ").split(",")
    ]:
        return f"breaks {rule}"
    if column["type"] in {"id", "text"} and (cell != cell.strip(" ") or not cell or len(cell) > 2_000):
        return "is no plain text"
    return ""


def assert_in_words(error: PlanbookError) -> None:
    assert len(str(error).split()) > 5
    assert "Traceback" not in str(error)


def assert_rows_good(case: Case) -> None:
    """Every row of a case holds the contract."""
    frames = {name: pd.read_parquet(file.path) for name, file in case.files.items()}
    for name, frame in frames.items():
        columns = definition(name)
        assert list(frame.columns) == [column["column"] for column in columns]
        for column in columns:
            faults = [(cell, broken_rule(column, cell)) for cell in frame[column["column"]].unique()]
            assert not [fault for fault in faults if fault[1]], (name, column["column"])
            target = column["references"]
            if target in frames:
                key = next(c["column"] for c in definition(target) if c["key"] == "yes")
                missing = set(frame[column["column"]].dropna()) - set(frames[target][key])
                assert not missing, (name, column["column"], missing)
        key_columns = [column["column"] for column in columns if column["key"] == "yes"]
        assert not frame.duplicated(key_columns).any(), name


def assert_all_rows_accounted_for(case: Case, written: dict[str, int]) -> None:
    """Rows read are those written; each is good or stands in the quarantine."""
    aside = case.quarantine.query("action == 'quarantined'")
    for name, file in case.files.items():
        assert file.rows_read == written[name], name
        assert file.rows + aside.loc[aside["table_name"] == name, "row"].nunique() == file.rows_read, name
        assert len(pd.read_parquet(file.path)) == file.rows


def assert_untouched_orders_kept(case: Case, orders: pd.DataFrame, untouched: set[str]) -> None:
    """The units of untouched order lines are there exactly, save those that a faulty row took along."""
    rows = orders.rename(columns=lambda name: name.strip().lower()).reset_index(drop=True)
    followed = ("is not among the good rows of", "stands in an earlier row", "long before", "in the future")
    aside = case.quarantine.query("table_name == 'orders' and action == 'quarantined'")
    # Row 2 is the first behind the header.
    taken = {
        row - 2
        for row, rule in zip(aside["row"], aside["rule"], strict=True)
        if any(f in rule for f in followed)
    }
    kept = [i for i, number in enumerate(rows["_row"]) if number in untouched and i not in taken]
    good = pd.read_parquet(case.files["orders"].path)[["order_id", "line", "quantity"]]
    lines = {(order, str(line)): units for order, line, units in good.to_numpy()}
    expected = [((rows["order_id"][i], rows["line"][i]), float(rows["quantity"][i])) for i in kept]
    assert math.fsum(lines[key] for key, _ in expected) == math.fsum(units for _, units in expected)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 1 << 30), victims=st.sets(st.sampled_from(TABLES), min_size=1, max_size=3))
def test_damaged_tables_are_refused_or_accounted_for(seed: int, victims: set[str]) -> None:
    rng = np.random.default_rng(seed)
    texts = sample_texts()
    changed = {name: mutate(texts[name], rng) for name in TABLES if name in victims}
    frames = {**texts, **{name: frame for name, (frame, _) in changed.items()}}
    with tempfile.TemporaryDirectory() as place:
        for name, frame in frames.items():
            write(frame, Path(place) / f"{name}.csv", rng)
        try:
            case = load_case(place)
        except PlanbookError as error:
            assert_in_words(error)
            return
    assert_all_rows_accounted_for(case, {name: len(frame) for name, frame in frames.items()})
    assert_rows_good(case)
    orders, untouched = changed.get("orders", (None, set()))
    if orders is None:
        orders = texts["orders"].assign(_row=[str(n) for n in range(len(texts["orders"]))])
        untouched = set(orders["_row"])
    assert_untouched_orders_kept(case, orders, untouched)


def test_undamaged_sample_passes_the_slow_checker(tmp_path: Path) -> None:
    for name, frame in sample_texts().items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    case = load_case(tmp_path)
    assert_rows_good(case)
    assert_all_rows_accounted_for(case, {name: len(frame) for name, frame in sample_texts().items()})

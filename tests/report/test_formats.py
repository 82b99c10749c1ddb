from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.report.formats import FORMATS, money_digits, number, say, say_cell, say_day

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.4132, "share", f"41.3{NBSP}%"),
        (12.44, "day", f"12.4{NBSP}days"),
        (1, "week", f"1{NBSP}week"),
        (156, "week", f"156{NBSP}weeks"),
        (1234567.8, "money", "1,234,568"),
        (-1234.5, "money", f"{MINUS}1,234"),
        (0.826, "ratio", "0.83"),
        (62.1, "gCO2e/t-km", f"62.1{NBSP}gCO2e/t-km"),
    ],
)
def test_a_figure_is_said_with_its_unit(value: float, unit: str, said: str) -> None:
    assert say(value, unit) == said


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), pd.NA, pd.NaT, np.nan])
def test_a_missing_figure_is_not_known_and_never_zero(value: float | None) -> None:
    assert say(value, "share") == "not known"
    assert "0" not in say_cell(value, "num2")


def test_a_signed_figure_says_plus_and_a_rounded_zero_has_no_sign() -> None:
    assert say(0.021, "share", signed=True) == f"+2.1{NBSP}%"
    assert number(-0.0004, 1, signed=True) == "0.0"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1240.5, "num1", "1,240.5"),
        (-4, "int", f"{MINUS}4"),
        (0.413, "pct", f"41.3{NBSP}%"),
        (0.99999, "pct", f"over 99.9{NBSP}%"),
        (1.0, "pct", f"100.0{NBSP}%"),
        (0.00001, "pct", f"under 0.1{NBSP}%"),
        (pd.Timestamp("2026-11-15"), "date", "2026-11-15"),
        (pd.Timestamp("2027-01-01"), "week", "2026-W53"),
        ("2026-W47", "week", "2026-W47"),
        (np.int64(7), "int", "7"),
        (None, "text", "\N{EN DASH}"),
    ],
)
def test_a_cell_is_written_in_its_format(value: object, form: str, text: str) -> None:
    assert say_cell(value, form) == text


def test_money_shows_cents_only_where_all_amounts_are_small() -> None:
    assert money_digits([3.5, None, 999.99]) == 2
    assert money_digits([3.5, -1000.0]) == 0
    assert money_digits([]) == 0


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="pct") as caught:
        say_cell(1, "percent")
    assert all(form in str(caught.value) for form in FORMATS)


def test_a_day_is_written_for_a_reader_and_other_text_stays() -> None:
    assert say_day("2026-11-15") == "15 November 2026"
    assert say_day("not known") == "not known"

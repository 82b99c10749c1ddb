"""The days that a case covers, found without asking today's date."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from helpers.contract.rules import main_span

START = dt.date(2024, 1, 1)


def days(*offsets: int, rows: int = 20) -> list[tuple[dt.date, int]]:
    return [(START + dt.timedelta(days=offset), rows) for offset in sorted(offsets)]


def test_plain_history_is_kept_whole() -> None:
    assert main_span(days(*range(200))) == (START, START + dt.timedelta(days=199))


def test_one_day_is_a_history() -> None:
    assert main_span(days(0)) == (START, START)


def test_stray_future_day_is_cut() -> None:
    stray = (START + dt.timedelta(days=260), 1)
    assert main_span([*days(*range(200)), stray])[1] == START + dt.timedelta(days=199)


def test_stray_early_day_is_cut() -> None:
    stray = (START - dt.timedelta(days=3650), 1)
    assert main_span([stray, *days(*range(200))])[0] == START


def test_stray_day_two_weeks_on_is_cut_where_weeks_are_busy() -> None:
    stray = (START + dt.timedelta(days=216), 1)
    assert main_span([*days(*range(200)), stray])[1] == START + dt.timedelta(days=199)


def test_quiet_weeks_at_the_end_are_kept() -> None:
    quiet = days(200, 207, 214, rows=1)
    assert main_span([*days(*range(200)), *quiet])[1] == START + dt.timedelta(days=214)


def test_business_with_an_order_every_two_months_keeps_all_of_them() -> None:
    rare = days(*range(0, 1200, 60), rows=1)
    assert main_span(rare) == (rare[0][0], rare[-1][0])


def test_long_summer_break_inside_the_history_is_kept() -> None:
    both = days(*range(100), *range(160, 260))
    assert main_span(both) == (both[0][0], both[-1][0])


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 500)), min_size=1, max_size=60))
def test_span_is_in_order_and_holds_the_busiest_day(pairs: list[tuple[int, int]]) -> None:
    history = sorted({START + dt.timedelta(days=offset): rows for offset, rows in pairs}.items())
    assert all(earlier < later for (earlier, _), (later, _) in pairwise(history))
    first, last = main_span(history)
    assert history[0][0] <= first <= last <= history[-1][0]

"""Headline, tiles, tables, history: the markup that notebooks show."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.errors import ParameterError
from helpers.report import headline, table, tiles
from helpers.report.history import say_since, sparkline
from helpers.report.records import RECORD_MIME
from helpers.report.standalone import tone_of, without_standalone_style

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


def frame(rows: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": [f"P{n}" for n in range(rows)], "value": [float(n * 1000) for n in range(rows)]}
    )


def cells(html: str, tag: str = "td") -> list[str]:
    return re.findall(rf"<{tag}(?: [^>]*)?>(.*?)</{tag}>", html)


def test_the_first_sentence_is_the_verdict_and_the_others_support_it() -> None:
    shown = headline("Order 3.", "Two run out.", "One waits.")
    html = shown._repr_html_()
    assert html.count('pb-verdict"') == 1
    assert html.count('class="pb-support"') == 2
    assert repr(shown) == "Order 3.\nTwo run out.\nOne waits."


def test_a_status_is_a_word_and_a_colour() -> None:
    html = headline("Two tables are stale.", status="go with care")._repr_html_()
    assert ">go with care<" in html
    assert 'class="pb-headline pb-care"' in html


def test_a_headline_leaves_its_sentence_for_the_index() -> None:
    body = headline("Stop.", status="stop")._repr_mimebundle_()[RECORD_MIME]
    assert body == {"kind": "headline", "sentences": ["Stop."], "status": "stop"}


@pytest.mark.parametrize("sentences", [(), ("  ",)])
def test_a_headline_without_a_sentence_is_refused(sentences: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match="no sentence"):
        headline(*sentences)


def test_an_unknown_status_names_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="go with care"):
        headline("x", status="maybe")


def test_markup_in_any_text_is_escaped_everywhere() -> None:
    rows = pd.DataFrame({"name": [EVIL], EVIL: [1]})
    outputs: list[Any] = [
        headline(EVIL, EVIL),
        tiles([Kpi("WAPE", None, EVIL, note=EVIL)], [Kpi("WAPE", 1, "")], baseline_name=EVIL),
        table(rows, EVIL, {"name": f"{EVIL}|text", EVIL: "x|int"}, note=EVIL, export=EVIL),
    ]
    for shown in outputs:
        assert "<script" not in shown._repr_html_()
        assert "<img" not in shown._repr_html_()


def test_a_tile_shows_value_baseline_interval_and_definition() -> None:
    wape = ratio_kpi("WAPE", 413, 1000, "13 weeks")
    naive = ratio_kpi("WAPE", 61, 100, "")
    html = tiles(
        [wape], [naive], baseline_name="seasonal naive", intervals={"WAPE": (0.39, 0.43)}
    )._repr_html_()
    text = re.sub(r"<[^>]+>", " ", html).replace("\N{NO-BREAK SPACE}", " ")
    for part in ("41.3 %", "seasonal naive 61.0 %", "39.0 % to 43.0 %", "413 ÷ 1,000", "13 weeks", "÷ ΣA"):
        assert part in text


def test_a_tile_carries_its_figures_for_the_page() -> None:
    html = tiles([Kpi("coverage", 0.783, "w", target=0.8)])._repr_html_()
    assert (
        'data-kpi="coverage" data-value="0.783" data-unit="share" data-better="target" data-target="0.8"'
        in html
    )


def test_a_missing_kpi_says_so_with_its_reason_and_never_zero() -> None:
    shown = tiles([Kpi("inventory turns", None, "52 weeks", note="no costs in this case")])
    assert "not known" in repr(shown)
    assert "no costs in this case" in repr(shown)
    assert 'data-value=""' in shown._repr_html_()
    assert "pb-value pb-unknown" in shown._repr_html_()


def test_a_kpi_whose_best_is_zero_shows_its_sign() -> None:
    assert "+2.1" in repr(tiles([Kpi("bias", 0.021, "w")]))


def test_a_difference_of_shares_is_in_points_with_its_sign() -> None:
    text = repr(tiles([Kpi("FVA", -0.021, "w")], intervals={"FVA": (-0.05, 0.01)}, differences=["FVA"]))
    assert text == "FVA: −2.1\xa0points (−5.0\xa0points to 1.0\xa0points)"


def test_a_table_shows_the_largest_first_and_counts_the_rest() -> None:
    html = table(
        frame(20), "T", {"id": "Id", "value": "Value|money"}, most=15, sort_by="value", export="t"
    )._repr_html_()
    assert cells(html)[:2] == ["P19", "19,000"]
    assert html.count("<tr>") == 1 + 15
    assert "… and 5 more, in" in html
    assert "exports/t.csv" in html


def test_a_minus_before_the_sort_column_puts_the_smallest_first() -> None:
    assert cells(table(frame(), "T", {"id": "Id"}, sort_by="-value")._repr_html_())[0] == "P0"


def test_the_total_counts_the_rows_that_are_not_shown() -> None:
    html = table(frame(20), "T", {"id": "Id", "value": "Value|money"}, most=2, total=["value"])._repr_html_()
    assert "Total of all 20" in html
    assert cells(html)[-1] == "190,000"


def test_a_table_has_no_index_column_and_numbers_sort_by_their_raw_value() -> None:
    html = table(frame(), "T", {"id": "Id", "value": "Value|money"})._repr_html_()
    assert cells(html, "th") == ["Id", "Value"]
    assert re.findall(r'data-v="([^"]*)"', html) == ["0.0", "1000.0", "2000.0"]


def test_a_gap_is_a_dash_that_sorts_as_a_gap() -> None:
    html = table(pd.DataFrame({"v": [None, 2.0]}), "T", {"v": "V|num1"})._repr_html_()
    assert 'data-v="">\N{EN DASH}<' in html


def test_an_empty_table_says_that_there_is_nothing_to_list() -> None:
    assert "Nothing to list." in table(frame(0), "T", {"id": "Id"})._repr_html_()


def test_a_heading_may_hold_a_bar() -> None:
    assert cells(table(frame(), "T", {"id": "A|B|text"})._repr_html_(), "th") == ["A|B"]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match="'T' asks for column cost; the frame has id, value"):
        table(frame(), "T", {"cost": "Cost|money"})


def test_a_table_prints_as_text_too() -> None:
    shown = repr(table(frame(20), "Orders", {"id": "Id", "value": "Value|money"}, most=1, sort_by="value"))
    assert shown.splitlines()[0] == "Orders"
    assert "19,000" in shown
    assert shown.endswith("… and 19 more")


def test_an_output_brings_its_own_style_which_a_page_can_take_off() -> None:
    html = headline("x")._repr_html_()
    assert html.startswith("<style scoped")
    assert without_standalone_style(html).startswith('<div class="pb-headline')


@pytest.mark.parametrize(
    ("word", "tone"), [("ok", "good"), ("Go with care", "care"), ("failed", "bad"), ("skipped", "plain")]
)
def test_a_status_word_has_a_tone(word: str, tone: str) -> None:
    assert tone_of(word) == tone


@pytest.mark.parametrize(
    ("value", "before", "better", "target", "verdict"),
    [
        (0.41, 0.43, "lower", None, "better"),
        (0.41, 0.43, "higher", None, "worse"),
        (-0.02, 0.05, "zero", None, "better"),
        (-0.06, 0.05, "zero", None, "worse"),
        (0.79, 0.70, "target", 0.8, "better"),
        (0.95, 0.79, "target", 0.8, "worse"),
        (0.95, 0.79, "none", None, "more"),
        (0.95, 0.79, "target", None, "more"),
    ],
)
def test_a_difference_is_judged_by_the_direction_of_the_kpi(
    value: float, before: float, better: str, target: float | None, verdict: str
) -> None:
    assert f" {verdict}</span> than " in say_since(value, before, "share", better, target)


def test_a_difference_of_shares_is_in_points_and_a_rounded_none_is_unchanged() -> None:
    assert "▼ 2.0\N{NO-BREAK SPACE}points" in say_since(0.41, 0.43, "share", "lower")
    assert "unchanged since W46" in say_since(0.41, 0.41004, "share", "lower", None, "W46")


def test_without_both_values_there_is_no_difference() -> None:
    assert say_since(None, 0.4, "share", "lower") == ""
    assert say_since(0.4, float("nan"), "share", "lower") == ""


def test_a_gap_breaks_the_sparkline_and_a_single_value_draws_none() -> None:
    drawn = sparkline([1, 2, None, 3, 4], "WAPE over 5 runs", "ratio")
    assert drawn.count("<polyline") == 2
    assert 'aria-label="WAPE over 5 runs: from 1.00 to 4.00"' in drawn
    assert sparkline([None, 2], "x") == ""


def test_a_flat_sparkline_runs_through_the_middle() -> None:
    assert set(re.findall(r",([\d.]+)", sparkline([5, 5, 5], "x"))) == {"12.0"}


def test_a_move_too_small_to_write_is_no_move() -> None:
    """0.7651 and 0.7649 read 0.77 and 0.76, but "0.00 better" would say nothing."""
    assert "unchanged" in say_since(0.7649, 0.7651, "ratio", "lower")
    assert "better" in say_since(0.75, 0.77, "ratio", "lower")

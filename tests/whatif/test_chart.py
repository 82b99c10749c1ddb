from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.whatif.chart import WIDTH, Chart, Drawing, Scale, Series, Shape, Word, draw, say_short, scale_of

NUMBERS = st.floats(-1e7, 1e7).filter(lambda value: value == 0 or abs(value) > 1e-3)


def chart_of(kind: str, plan: list[float], setting: list[float], unit: str = "money") -> Chart:
    labels = tuple(f"row {place}" for place in range(len(plan)))
    series = (Series("the plan", tuple(plan), "plan"), Series("here", tuple(setting), "setting"))
    return Chart(kind, "The claim", labels, series, unit, "money per row")  # type: ignore[arg-type]  # a text of the test


def path_of(drawing: Drawing, look: str) -> str:
    return next(mark.path for mark in drawing.marks if isinstance(mark, Shape) and mark.look == look)


def words_of(drawing: Drawing, part: str = "marks") -> list[str]:
    return [mark.text for mark in getattr(drawing, part) if isinstance(mark, Word)]


def test_bars_are_as_long_as_their_values() -> None:
    drawing = draw(chart_of("bars", [100, 50], [25, 200]))
    lengths = {
        look: [float(length) for length in re.findall(r"h([\d.]+)v", path_of(drawing, look))]
        for look in ("fill-plan", "fill-setting")
    }
    unit = lengths["fill-setting"][1] / 200
    assert lengths["fill-plan"] == pytest.approx([100 * unit, 50 * unit], abs=0.1)
    assert lengths["fill-setting"] == pytest.approx([25 * unit, 200 * unit], abs=0.1)


def test_a_negative_bar_ends_where_a_positive_one_starts() -> None:
    path = path_of(draw(chart_of("bars", [0, 0], [-10, 10])), "fill-setting")
    (left, length), (start, _) = [
        (float(x), float(wide)) for x, wide in re.findall(r"M([\d.]+) [\d.]+h([\d.]+)", path)
    ]
    assert left + length == pytest.approx(start, abs=0.1)


def test_points_of_a_line_stand_at_equal_steps_and_at_their_values() -> None:
    path = path_of(draw(chart_of("lines", [0, 0, 0], [0, 50, 100])), "line-setting")
    (x0, y0), (x1, y1), (x2, y2) = [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.1)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.1)
    assert y2 < y1 < y0


def test_a_value_that_is_not_known_has_no_bar_and_says_so() -> None:
    drawing = draw(chart_of("bars", [1, 2], [math.nan, 2]))
    assert path_of(drawing, "fill-setting").count("M") == 1
    assert "not known" in words_of(drawing)
    assert "nan" not in drawing.svg("x")


def test_a_gap_breaks_a_line_and_a_lone_value_stays_visible() -> None:
    path = path_of(draw(chart_of("lines", [0] * 5, [1, 2, math.nan, 3, math.nan])), "line-setting")
    assert re.fullmatch(r"M[\d.]+ [\d.]+L[\d.]+ [\d.]+M[\d.]+ [\d.]+h4", path)


def test_a_limit_is_a_line_across_the_bars() -> None:
    chart = Chart(
        "bars", "t", ("a",), (Series("most", (50,), "limit"), Series("x", (100,), "setting")), "", "a"
    )
    drawing = draw(chart)
    full = float(re.findall(r"h([\d.]+)v", path_of(drawing, "fill-setting"))[0])
    x, wide = re.findall(r"M([\d.]+) [\d.]+h([\d.]+)v20", path_of(drawing, "fill-limit"))[0]
    assert float(x) + float(wide) / 2 == pytest.approx(4 + full / 2, abs=0.2)


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_on_a_common_scale_only_the_marks_differ(kind: str) -> None:
    small, large = chart_of(kind, [10, 20], [1, 2]), chart_of(kind, [10, 20], [900, -30])
    scale = scale_of([small, large])
    first, second = draw(small, scale), draw(large, scale)
    assert first.frame == second.frame
    assert first.marks != second.marks
    assert (scale.low, scale.high) == (-250, 1000)
    assert draw(small).frame != first.frame


@pytest.mark.parametrize(
    ("most", "unit", "said"),
    [
        (20_000, "money", ["0", "5k", "10k", "15k", "20k"]),
        (10_000, "money", ["0.0k", "2.5k", "5.0k", "7.5k", "10.0k"]),
        (0.03, "share", ["0 %", "1 %", "2 %", "3 %"]),
        (1, "share", ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (2e6, "money", ["0.0m", "0.5m", "1.0m", "1.5m", "2.0m"]),
        (0, "money", ["0.00", "0.25"]),
    ],
)
def test_ticks_are_told_apart(most: float, unit: str, said: list[str]) -> None:
    words = words_of(draw(chart_of("bars", [most], [most], unit)), "frame")
    shown = [word.replace("\N{NO-BREAK SPACE}", " ") for word in words[: len(said)]]
    assert len(set(shown)) == len(shown)
    if most:
        assert [float(word.rstrip("km %")) for word in shown] == [float(word.rstrip("km %")) for word in said]


@given(low=NUMBERS, high=NUMBERS)
@settings(max_examples=40, deadline=None)
def test_every_axis_holds_its_values_and_its_ticks_differ(low: float, high: float) -> None:
    chart = chart_of("lines", [low], [high])
    scale = scale_of([chart])
    assert scale.low <= min(low, high, 0.0) + 1e-6 * abs(low)
    assert scale.high >= max(low, high, 0.0) - 1e-6 * abs(high)
    ticks = [mark for mark in draw(chart).frame if isinstance(mark, Word) and mark.anchor == "end"]
    assert 2 <= len(ticks) <= 8
    assert len({tick.text for tick in ticks}) == len(ticks)
    assert "0" in {tick.text for tick in ticks}


@given(
    values=st.lists(st.floats(-1e9, 1e9) | st.just(math.nan), max_size=9),
    kind=st.sampled_from(["bars", "lines"]),
)
@settings(max_examples=40, deadline=None)
def test_every_mark_stays_in_the_picture(values: list[float], kind: str) -> None:
    drawing = draw(chart_of(kind, values, [-value for value in values]))
    for mark in (*drawing.frame, *drawing.marks):
        if isinstance(mark, Word):
            assert 0 <= mark.x <= WIDTH
            assert 0 <= mark.y <= drawing.height
        else:
            assert all(
                -4 <= float(x) <= WIDTH and 0 <= float(y) <= drawing.height
                for x, y in re.findall(r"[ML](\S+) ([\d.]+)", mark.path)
            )
    ElementTree.fromstring(drawing.svg("x"))


def test_names_from_the_data_stay_text() -> None:
    evil = '</text><script>"alert(1)"</script>&'
    chart = Chart("bars", evil, (evil,), (Series(evil, (1.0,), "plan"),), "money", evil)
    svg = draw(chart).svg(chart.alt)
    assert "<script" not in svg
    root = ElementTree.fromstring(svg)
    assert [part.text for part in root.iter("{http://www.w3.org/2000/svg}text")].count(evil) == 3
    assert root.attrib["aria-label"] == chart.alt


def test_a_long_label_is_cut_in_the_picture_and_whole_in_its_words() -> None:
    label = "Nordwind " * 20
    chart = Chart("bars", "t", (label,), (Series("plan", (1.0,), "plan"),), "money", "a")
    (shown, *_) = words_of(draw(chart))
    assert shown.endswith("…")
    assert label.startswith(shown[:-1])
    assert label in chart.alt


def test_a_long_legend_takes_another_line() -> None:
    names = [Series("a name that is rather long " * 2, (1.0,), "plan") for _ in range(3)]
    short = Chart("bars", "t", ("a",), (Series("plan", (1.0,), "plan"),), "money", "a")
    long = Chart("bars", "t", ("a",), tuple(names), "money", "a")
    assert draw(long).height > draw(short).height


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_a_chart_of_nothing_is_an_empty_frame(kind: str) -> None:
    assert draw(chart_of(kind, [], [])).marks == ()
    assert scale_of([]) == Scale(0.0, 0.25, 1, 0.25)
    assert draw(Chart(kind, "t", ("a",), (), "money", "a"))  # type: ignore[arg-type]  # a text of the test


def test_the_alternative_text_holds_every_value_of_a_short_chart() -> None:
    alt = chart_of("bars", [100, 50], [25, 200]).alt
    assert alt == ("The claim. money per row. row 0: the plan 100, here 25; row 1: the plan 50, here 200.")
    assert "…" in chart_of("lines", [1.0] * 20, [2.0] * 20).alt


def test_a_series_must_fit_the_labels() -> None:
    with pytest.raises(ParameterError, match="here has not one value per label"):
        Chart("bars", "t", ("a", "b"), (Series("here", (1.0,), "plan"),), "money", "a")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (480, "money", "480"),
        (0.4, "day", "0.40"),
        (9_999, "money", "9,999"),
        (12_345, "money", "12.3k"),
        (123_456, "money", "123k"),
        (-1_234_567, "money", "−1.23m"),
        (0.9812, "share", "98.1 %"),
        (math.nan, "money", "not known"),
        (99.96, "money", "100"),
    ],
)
def test_a_value_is_said_in_three_figures(value: float, unit: str, said: str) -> None:
    assert say_short(value, unit).replace("\N{NO-BREAK SPACE}", " ") == said

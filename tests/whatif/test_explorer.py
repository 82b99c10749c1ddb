from __future__ import annotations

import dataclasses
import itertools
import json
import pickle
import re
from typing import Any
from unittest.mock import Mock

import pandas as pd
import pytest

from helpers.contract.kpis import Kpi
from helpers.errors import ParameterError, SolverError
from helpers.report import say
from helpers.whatif import Choice, Decision, Refusal, Settings, Slider, Switch, Value, View, changed_decisions
from helpers.whatif.chart import Chart, Series, Shape, draw, scale_of
from helpers.whatif.exploration import Exploration, grid_json
from helpers.whatif.explorer import explore, remember_exploration
from helpers.whatif.shown import MOST_ROWS, Shown, digits_of, show
from helpers.whatif.view import compare_tiles

EVIL = '</script><img src=x onerror=alert(1)>]]><!--"\'&amp;\u2028\u2029<b id="a">{{x}}'


@pytest.fixture(scope="module")
def kept() -> dict[str, Exploration]:
    return {}


@pytest.fixture
def explored(toy: Decision, kept: dict[str, Exploration]) -> Exploration:
    """The toy's grid, computed once for all tests that only read it."""
    if "toy" not in kept:
        kept["toy"] = explore(toy)
    return kept["toy"]


def points_of(decision: Decision) -> list[dict[str, Any]]:
    """The settings of the grid, the slow obvious way: "no limit" is the largest budget."""
    grid = {name: list(values) for name, values in decision.grid.items()} | {"budget": [500.0, 0.0]}
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


class Page:
    """The data block read back as the script of the page reads it."""

    def __init__(self, html: str) -> None:
        (block,) = re.findall(
            r'<script type="application/json" class="pb-grid">(.*?)</script>', html, re.DOTALL
        )
        self.data = json.loads(block)

    def text(self, place: int) -> str:
        return str(self.data["texts"][place])

    def row(self, place: int) -> list[str]:
        return [self.text(part) for part in self.data["parts"][place]]

    def mark(self, place: int) -> list[Any]:
        part = self.data["parts"][place]
        if len(part) == 2:
            return [self.text(part[0]), self.text(part[1])]
        return [*part[:2], self.text(part[2]), self.text(part[3])]

    def point(self, place: int) -> Any:
        point = self.data["points"][place]
        if isinstance(point, int):
            return self.text(point)
        sentence, tiles, tables, (claim, alt, frame, marks), notes = point
        width, height, grounds = self.data["parts"][frame]
        return {
            "sentence": self.text(sentence),
            "tiles": [self.row(tile) for tile in tiles],
            "tables": [
                [self.text(title), self.row(heads), [self.row(row) for row in rows], self.text(below)]
                for title, heads, rows, below in tables
            ],
            "claim": self.text(claim),
            "alt": "".join(map(self.text, alt)),
            "size": [width, height],
            "frame": [self.mark(mark) for mark in grounds],
            "marks": [self.mark(mark) for mark in marks],
            "notes": [self.text(note) for note in notes],
        }


def marks_of(marks: Any) -> list[list[Any]]:
    return [
        [mark.look, mark.path] if isinstance(mark, Shape) else [mark.x, mark.y, mark.anchor, mark.text]
        for mark in marks
    ]


def said(value: float, digits: int, sign: str = "") -> str:
    return f"{value:{sign},.{digits}f}".replace("-", "−")


def test_the_data_of_the_page_equal_the_pure_function_at_every_point(
    toy: Decision, explored: Exploration
) -> None:
    page = Page(explored._repr_html_())
    plan = {control.name: control.default for control in toy.controls}
    every = [
        None if point["rush"] and point["closed"] else toy.answer({**plan, **point})
        for point in points_of(toy)
    ]
    base = toy.answer(plan)
    scale = scale_of(view.chart for view in every if view)
    digits = digits_of(view for view in every if view)
    assert len(every) == len(page.data["points"]) == 24
    for place, view in enumerate(every):
        shown = page.point(place)
        if view is None:
            assert shown == "Rush orders need every site. Reopen North, or refuse rush orders: 5 less margin."
            continue
        drawing = draw(view.chart, scale)
        assert shown["sentence"] == view.sentence
        assert [tile[1] for tile in shown["tiles"]] == [say(k.value, k.definition.unit) for k in view.tiles]
        assert shown["marks"] == marks_of(drawing.marks)
        assert shown["frame"] == marks_of(drawing.frame)
        assert shown["size"] == [drawing.width, drawing.height]
        assert (shown["claim"], shown["alt"]) == (view.chart.title, view.chart.alt)
        if len(changed := changed_decisions(base, view)):
            assert shown["tables"][0][2] == [
                [
                    row["name"],
                    said(row["before"], digits.quantity),
                    said(row["now"], digits.quantity),
                    said(row["money"], digits.money, "+"),
                ]
                for row in changed.to_dict("records")
            ]
        elif view.settings != base.settings:
            assert shown["tables"][0][2:] == [[], "No decision differs from the plan."]
        assert [row[0] for row in shown["tables"][1][2]] == list(view.limits["limit"])


def test_each_tile_says_the_difference_to_the_plan_and_whether_it_is_better(
    toy: Decision, explored: Exploration
) -> None:
    words = {"good": "better", "bad": "worse"}
    for settings in points_of(toy):
        shown, view = explored.at(settings), toy.try_view(settings)
        if isinstance(shown, Refusal) or isinstance(view, Refusal):
            continue
        for tile, one in zip(shown.tiles, compare_tiles(toy.base, view), strict=True):
            assert one.change is not None
            if one.is_good is None:
                assert tile.tone == "plain"
                assert tile.change in {"", "as planned"} or "less than the plan" in tile.change
            else:
                assert tile.tone == ("good" if one.is_good else "bad")
                assert tile.change.endswith(f"{words[tile.tone]} than the plan")
                assert tile.change.startswith("▲" if one.change > 0 else "▼")
    assert isinstance(explored.base, Shown)
    assert [tile.change for tile in explored.base.tiles] == ["", ""]


def test_the_grid_is_walked_once_with_the_last_control_fastest(toy: Decision) -> None:
    answer = Mock(side_effect=toy.answer)
    explore(dataclasses.replace(toy, answer=answer))
    asked = [call.args[0] for call in answer.call_args_list]
    assert [{name: whole[name] for name in toy.grid} for whole in asked] == points_of(toy)


def test_no_limit_stands_after_the_largest_budget_and_stops_are_told_once(toy: Decision) -> None:
    grid = {"budget": (0, 500, 100.0, 500.0), "growth": (0.2, -0.2, 0.0), "rush": (True, False)}
    stops = explore(dataclasses.replace(toy, grid=grid)).stops
    assert [one.words for one in stops] == [
        ("100", "500", "no limit"), ("−20\xa0%", "0\xa0%", "+20\xa0%"), ("no", "yes"),
    ]  # fmt: skip
    assert [one.plan for one in stops] == [2, 1, 0]
    assert [one.kind for one in stops] == ["slider", "slider", "switch"]


def test_two_hundred_points_are_computed_and_one_more_is_refused_before_any(toy: Decision) -> None:
    answer = Mock(side_effect=toy.answer)
    values = tuple(float(value) for value in range(201))
    large = dataclasses.replace(toy, answer=answer, grid={"budget": values})
    with pytest.raises(ParameterError, match=r"grid has 201 points \(budget 201\); at most 200 are computed"):
        explore(large)
    with pytest.raises(ParameterError, match="201 points"):
        remember_exploration(large)
    assert answer.call_count == 0
    assert len(explore(toy, most_points=24).points) == 24
    with pytest.raises(
        ParameterError, match="24 points .growth 3 × budget 2 × rush 2 × closed 2.; at most 23"
    ):
        explore(toy, most_points=23)


def test_a_point_without_a_plan_keeps_its_reason(explored: Exploration) -> None:
    refused = explored.at({"rush": True, "closed": "N"})
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith("Rush orders need every site.")


def test_between_the_stops_nothing_is_guessed(explored: Exploration) -> None:
    with pytest.raises(ParameterError, match="'growth' was not computed at 0.1; its stops are −20"):
        explored.at({"growth": 0.1})
    with pytest.raises(ParameterError, match="'price' is not moved by this grid"):
        explored.at({"price": 1.0})


def test_the_same_grid_gives_the_same_bytes_and_survives_the_disk(
    toy: Decision, explored: Exploration
) -> None:
    again = pickle.loads(pickle.dumps(explored))
    fresh = dataclasses.replace(toy)
    assert not fresh.has_seen({})
    assert explore(fresh)._repr_html_() == explored._repr_html_() == again._repr_html_()
    assert again == explored


def test_a_remembered_exploration_is_not_computed_again_unless_what_it_shows_changes(toy: Decision) -> None:
    grid = {"growth": (0.0, 0.2)}
    first = remember_exploration(dataclasses.replace(toy, grid=grid, fingerprint="remembered"))
    answer = Mock(side_effect=toy.answer)
    counted = dataclasses.replace(toy, answer=answer, grid=grid, fingerprint="remembered")
    assert remember_exploration(counted) == first
    assert answer.call_count == 0
    remember_exploration(dataclasses.replace(counted, grid={"growth": (0.0, 0.1)}))
    assert answer.call_count == 2
    remember_exploration(dataclasses.replace(counted, fingerprint="other data"))
    assert answer.call_count == 4


def test_the_face_is_the_plan_for_viewers_without_scripts(explored: Exploration) -> None:
    html = explored._repr_html_()
    face = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", face)
    for part in (
        "What if: Boxes",
        "How many boxes?",
        "100 boxes are bought.",
        "1,000",
        "600.00",
        "No limit binds.",
    ):
        assert part in text
    assert "24 points were computed, and this is the plan." in text
    assert "they need scripts" in text
    assert " id=" not in face
    assert "data-kpi" not in face


def hostile(toy: Decision) -> Decision:
    """The toy with every name from the data an attack."""

    def answer(settings: Settings) -> View:
        view = toy.answer({**settings, "closed": "N" if settings["closed"] else ""})
        name = view.decisions["name"] + EVIL
        limits = pd.DataFrame([{"limit": EVIL, "unit": EVIL, "used": 1.0, "most": 1.0, "price": 1.0}])
        chart = Chart("bars", EVIL, (EVIL,), (Series(EVIL, (1.0,), "setting"),), EVIL, EVIL)
        return dataclasses.replace(
            view, decisions=view.decisions.assign(name=name), limits=limits, chart=chart,
            sentence=EVIL, unit=EVIL, heading=EVIL, notes=(EVIL,),
            tiles=tuple(dataclasses.replace(kpi, value=None, note=EVIL) for kpi in view.tiles),
        )  # fmt: skip

    def refuse(settings: Settings) -> View:
        if settings["rush"]:
            raise SolverError(EVIL)
        return answer(settings)

    controls = (
        Slider("growth", EVIL, EVIL, EVIL, -0.2, 0.2, 0.05, 0.0, EVIL),
        toy.controls[1],
        Choice("closed", EVIL, EVIL, (("", EVIL), (EVIL, EVIL)), "", EVIL),
        Switch("rush", EVIL, EVIL, default=False, help=EVIL),
    )
    grid: dict[str, tuple[Value, ...]] = {
        "growth": (0.0, 0.2),
        "closed": ("", EVIL),
        "rush": (False, True),
    }
    return Decision(EVIL, EVIL, EVIL, controls, refuse, grid, "x")


def test_names_from_the_data_stay_dead(toy: Decision) -> None:
    html = explore(hostile(toy))._repr_html_()
    assert html.count("<script") == html.count("</script>") == 1
    assert "<img" not in html
    assert "<b " not in html
    assert not set(re.findall(r"\s(on\w+|id)=\"", html))
    block = html[html.index('class="pb-grid">') : html.index("</script>")].partition(">")[2]
    assert not set("<>&\u2028\u2029") & set(block)
    page = Page(html)
    assert page.point(0)["sentence"] == EVIL
    assert page.point(1) == EVIL
    assert page.data["controls"][1]["stops"] == [EVIL, EVIL]


def test_a_decision_that_the_data_bear_no_plan_for_shows_why(toy: Decision) -> None:
    def refuse(_: Settings) -> View:
        raise SolverError("No site is open. Open one.")

    explored = explore(dataclasses.replace(toy, answer=refuse))
    assert "No site is open. Open one." in explored._repr_html_()
    assert "There is no plan" in explored._repr_html_()
    assert explored.meanings == ()
    assert len(set(map(str, Page(explored._repr_html_()).data["points"]))) == 1


def test_where_only_the_plan_is_refused_the_others_stand_alone(toy: Decision) -> None:
    def refuse(settings: Settings) -> View:
        if not settings["growth"]:
            raise SolverError("Nothing without growth.")
        return toy.answer(settings)

    explored = explore(dataclasses.replace(toy, answer=refuse, grid={"growth": (0.0, 0.2)}))
    shown = explored.at({"growth": 0.2})
    assert isinstance(shown, Shown)
    assert [tile.change for tile in shown.tiles] == ["", ""]
    assert shown.tables[0].heads == ("Decision", "Boxes", "Money")


def test_a_grid_of_nothing_is_the_plan_alone(toy: Decision) -> None:
    explored = explore(dataclasses.replace(toy, grid={}))
    assert explored.stops == ()
    assert isinstance(explored.base, Shown)
    assert "One point was computed: the plan itself." in explored._repr_html_()


def test_nothing_to_decide_is_said(toy: Decision) -> None:
    def idle(settings: Settings) -> View:
        view = toy.answer(settings)
        return dataclasses.replace(view, decisions=view.decisions.head(0))

    explored = explore(dataclasses.replace(toy, answer=idle, grid={"growth": (0.0, 0.2)}))
    first, second = explored.points
    assert isinstance(first, Shown)
    assert isinstance(second, Shown)
    assert first.tables[0].below == "There is nothing to decide."
    assert second.tables[0].below == "No decision differs from the plan."


def wide_answer(settings: Settings) -> View:
    """Sixty decisions, ten bars, three limits: as large as a real view."""
    growth, budget = float(settings["growth"]), float(settings["budget"])
    rows = pd.DataFrame({"decision": [f"P{place:03}" for place in range(60)]})
    quantity = pd.Series([float(10 + place * 7 % 83) for place in range(60)]) * (1 + growth)
    money = quantity * 11.5 * (min(1.0, (budget + 9000) / 20_000) if budget else 1.0)
    limit = {"limit": "budget", "unit": "money", "used": money.sum(), "most": budget, "price": growth}
    series = (Series("the plan", (500.0,) * 10, "plan"), Series("this", tuple(money.head(10)), "setting"))
    labels = tuple(f"Supplier number {place}" for place in range(10))
    return View(
        settings=settings,
        tiles=toy_tiles(money.sum()),
        decisions=rows.assign(name="Product " + rows["decision"], quantity=quantity, money=money),
        limits=pd.DataFrame([{**limit, "limit": f"budget of week {week}"} for week in range(3)]),
        chart=Chart("bars", f"{money.sum():,.0f} of money", labels, series, "money", "money"),
        sentence=f"Orders of {money.sum():,.0f} are proposed, {growth:+.0%} in demand.",
        gap=0.004,
    )


def toy_tiles(money: float) -> tuple[Kpi, ...]:
    names = ("freight cost", "stock at cost", "promised fill rate", "days of supply", "inventory turns")
    return tuple(Kpi(name, money / 10**place, "this week") for place, name in enumerate(names))


@pytest.fixture
def wide(toy: Decision, kept: dict[str, Exploration]) -> Exploration:
    growths = tuple(round(-0.2 + place * 0.05, 2) for place in range(9))
    grid = {"budget": (0.0, 100.0, 400.0), "growth": growths}
    if "wide" not in kept:
        kept["wide"] = explore(dataclasses.replace(toy, answer=wide_answer, grid=grid))
    return kept["wide"]


def test_a_point_costs_little_of_a_page(wide: Exploration) -> None:
    names_and_frame = 4000  # once for all points
    assert len(grid_json(wide).encode()) < names_and_frame + 1200 * len(wide.points)


def test_six_changes_are_shown_and_the_rest_is_counted(wide: Exploration) -> None:
    for shown, words in ((wide.base, "more"), (wide.at({"growth": 0.1}), "more that change")):
        assert isinstance(shown, Shown)
        assert len(shown.tables[0].rows) == MOST_ROWS
        assert shown.tables[0].below == f"… and 54 {words}"
    assert isinstance(wide.base, Shown)
    assert wide.base.notes == ("Solved to within 0.4\xa0% of the best that can be.",)


def test_one_change_more_is_said_in_the_singular(toy: Decision) -> None:
    base = wide_answer({"growth": 0.0, "budget": 0.0})
    rows = base.decisions.head(MOST_ROWS + 1)
    view = dataclasses.replace(base, decisions=rows.assign(quantity=rows["quantity"] + 1))
    small = dataclasses.replace(base, decisions=rows)
    shown = show(view, small, scale_of([base.chart]), digits_of([small, view]))
    assert shown.tables[0].below == "… and 1 more that changes"


def test_a_change_too_small_to_be_seen_reads_as_planned(toy: Decision) -> None:
    base = toy.base
    tiles = tuple(dataclasses.replace(kpi, value=(kpi.value or 0) + 1e-6) for kpi in base.tiles)
    shown = show(dataclasses.replace(base, tiles=tiles), base, scale_of([base.chart]), digits_of([base]))
    assert [tile.change for tile in shown.tiles] == ["as planned", "as planned"]


def test_an_exploration_says_itself_in_a_line(explored: Exploration) -> None:
    assert repr(explored) == "Boxes: 100 boxes are bought. (24 points in the report page)"

"""Scenarios are kept in the very file that the batch takes, and compared beside the plan."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from helpers.errors import ParameterError
from helpers.whatif import Decision
from helpers.whatif.compare import PLAN, compare
from helpers.whatif.scenarios import Scenario, ScenarioStore


@pytest.fixture
def store(tmp_path: Path) -> ScenarioStore:
    return ScenarioStore(tmp_path / "scenarios")


def test_what_was_saved_is_loaded(store: ScenarioStore) -> None:
    path = store.save("more-growth", " Söhne: \n=1+1 ", {"growth": 0.1, "closed_supplier": "007"})
    assert path.parent == store.folder
    found = store.load("more-growth")
    assert found == Scenario("more-growth", "Söhne: =1+1", {"growth": 0.1, "closed_supplier": "007"})
    assert store.names() == ("more-growth",)
    assert [p.name for p in store.folder.iterdir()] == ["more-growth.yaml"], "nothing is left beside it"


def test_scenario_is_never_overwritten_silently(store: ScenarioStore) -> None:
    store.save("one", "first", {"growth": 0.1})
    with pytest.raises(ParameterError, match="already"):
        store.save("one", "second", {})
    assert store.load("one").note == "first"
    store.save("one", "second", {}, overwrite=True)
    assert store.load("one").note == "second"


@pytest.mark.parametrize("name", ["", "../up", "a b", "-x", "é", "x" * 61, ".hidden"])
def test_name_that_no_file_can_have_is_refused(store: ScenarioStore, name: str) -> None:
    with pytest.raises(ParameterError, match="letters, digits"):
        store.save(name, "", {})


def test_unknown_changes_are_refused_all_at_once(store: ScenarioStore) -> None:
    with pytest.raises(ParameterError) as refused:
        store.save("odd", "", {"growht": 0.1, "budget": -5, "stock_limit": "yes"})
    assert "Did you mean 'growth'?" in str(refused.value)
    assert "'budget' is -5" in str(refused.value)
    assert "'stock_limit' is 'yes'" in str(refused.value)
    assert store.names() == ()


def test_missing_scenario_names_the_nearest(store: ScenarioStore) -> None:
    store.save("growth", "", {})
    with pytest.raises(ParameterError, match="Did you mean 'growth'"):
        store.load("grwth")
    store.delete("growth")
    with pytest.raises(ParameterError, match="none yet"):
        store.delete("growth")


def test_notebook_parameters_stand_beside_the_changes(store: ScenarioStore) -> None:
    path = store.save("long", "", {"growth": 0.1}, parameters={"horizon": 26})
    assert "horizon: 26" in path.read_text()
    assert store.load("long").parameters == {"horizon": 26}
    with pytest.raises(ParameterError, match="note"):
        store.save("other", "", {}, parameters={"note": "x"})


def scenarios() -> list[Scenario]:
    return [
        Scenario("less", "=a note", {"budget": 500.0}),
        Scenario("shut", "", {"closed": "N", "rush": True}),
        Scenario("kpi", "", {"growth": 0.1, "fuel_change": 0.1}),
    ]


def test_plan_comes_first_and_differences_are_to_it(toy: Decision) -> None:
    found = compare([toy], scenarios()[:1])
    assert found.names == (PLAN, "less")
    orders = found.kpis[found.kpis["kpi"] == "freight cost"].set_index("scenario")
    assert orders["value"].to_dict() == {PLAN: 1000.0, "less": 500.0}
    assert orders["change"]["less"] == -500
    assert orders["is_good"]["less"] is None, "it comes from serving less"
    assert found.changed["money"].tolist() == [-300.0, -200.0], "60 and 40 boxes at 10, halved"


def test_refusal_is_said_and_harms_no_other_scenario(toy: Decision) -> None:
    found = compare([toy], scenarios())
    assert found.refusals["scenario"].tolist() == ["shut"]
    assert "Reopen North" in found.refusals["reason"][0]
    kpi = found.kpis[(found.kpis["scenario"] == "kpi") & (found.kpis["kpi"] == "freight cost")]
    assert kpi["value"].tolist() == [pytest.approx(1100.0)]
    assert "not compared here: fuel_change = 0.1" in found.scenarios["changes"][3]


def test_choice_that_this_case_lacks_is_a_refusal(toy: Decision) -> None:
    found = compare([toy], [Scenario("gone", "", {"closed": "Q"})])
    assert "Give one of" in found.refusals["reason"][0]


def test_page_shows_names_as_text(toy: Decision) -> None:
    html = compare([toy], scenarios())._repr_html_()
    assert "<i>" not in html
    assert "North &lt;b&gt;" in html
    assert "Reopen North" in repr(compare([toy], scenarios()))


def test_one_name_twice_is_refused(toy: Decision) -> None:
    with pytest.raises(ParameterError, match="less stands twice"):
        compare([toy], [Scenario("less"), Scenario("less")])


def test_workbook_has_figures_with_formats_and_no_formula(toy: Decision, tmp_path: Path) -> None:
    path = compare([toy], scenarios()).export(tmp_path / "compared.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Scenarios", "KPIs", "Decisions", "Without a plan"]
    kpis = book["KPIs"]
    rows = {kpis.cell(row, 2).value: row for row in range(2, kpis.max_row + 1)}
    assert kpis.cell(rows["freight cost"], 5).value == 500
    assert kpis.cell(rows["freight cost"], 6).value == -500
    assert kpis.cell(rows["promised fill rate"], 4).number_format == "0.0%"
    assert book["Scenarios"]["C3"].value == "'=a note"
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    with pytest.raises(ParameterError, match="xlsx"):
        compare([toy], []).export(tmp_path / "compared.csv")


@pytest.mark.parametrize(
    "text", ["note: [1, 2]\nwhat_if: {growth: 0.1}\n", "note: " + "x" * 501, "note: " + "x" * 70_000]
)
def test_a_note_is_a_short_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(ParameterError, match=r"scenarios/odd\.yaml"):
        ScenarioStore(tmp_path).load("odd")

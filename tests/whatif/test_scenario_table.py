from __future__ import annotations

from helpers.report import table
from helpers.whatif import Decision
from helpers.whatif.scenario_table import scenario_table


def test_the_plan_comes_first_and_each_row_is_the_view_of_its_setting(toy: Decision) -> None:
    found = scenario_table(toy)
    frame = found.frame.set_index("setting")
    assert frame.index[0] == "as planned"
    assert frame.loc["as planned", "changed"] == 0
    grown = toy.view({"growth": 0.2})
    row = frame.loc["growth of demand +20\N{NO-BREAK SPACE}%"]
    assert row["freight cost"] == grown.value("freight cost") == 1200
    assert row["changed"] == 200
    assert len(frame) == 6, "two ends of growth, a budget, a site, a switch, and the plan"


def test_settings_without_a_plan_are_told_below(toy: Decision) -> None:
    found = scenario_table(toy, [{"growth": 0.1}, {"rush": True, "closed": "N"}])
    assert found.frame["setting"].tolist() == ["as planned", "growth of demand +10\N{NO-BREAK SPACE}%"]
    assert found.note.startswith(
        "No plan with closed site North <b>, rush orders yes: Rush orders need every"
    )


def test_it_reads_as_a_table_of_the_page(toy: Decision) -> None:
    found = scenario_table(toy)
    html = table(found.frame, title="What if", columns=found.columns, note=found.note)._repr_html_()
    assert "Promised fill rate" in html
    assert "50.0\N{NO-BREAK SPACE}%" in html, "half the budget serves half the demand"
    assert "North &lt;b&gt;" in html

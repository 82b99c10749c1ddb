from __future__ import annotations

from dataclasses import replace

from helpers.whatif import Decision, Switch
from helpers.whatif.sensitivity import measure_sensitivity


def test_each_control_is_moved_alone_to_its_ends(toy: Decision) -> None:
    table = measure_sensitivity([toy]).table
    moved = {(row.control, row.to) for row in table.itertuples()}
    assert moved == {
        ("growth of demand", "\N{MINUS SIGN}20\N{NO-BREAK SPACE}%"),
        ("growth of demand", "+20\N{NO-BREAK SPACE}%"),
        ("budget", "500"),
        ("closed site", "North <b>"),
        ("rush orders", "yes"),
    }


def test_the_figure_that_suffers_most_is_told_with_its_change(toy: Decision) -> None:
    found = measure_sensitivity([toy])
    first = found.table.iloc[0]
    # A budget of 500 instead of 1,000 halves both tiles: spending less is better, serving less is worse.
    assert (first["control"], first["kpi"], first["relative"]) == ("budget", "promised fill rate", 0.5)
    assert (first["base"][:5], first["then"][:4], first["verdict"]) == ("100.0", "50.0", "worse")
    assert first["money"] == 500.0
    assert "budget (boxes): at 500 promised fill rate goes from 100.0" in found.sentence
    growth = found.table[found.table["to"].str.startswith("+20")].iloc[0]
    assert (growth["then"], growth["verdict"]) == ("1,200 (+200)", "worse"), "less money spent is better"


def test_a_stop_without_a_plan_is_told_and_ranked_last(toy: Decision) -> None:
    rush = Switch("rush", "rush orders", "Sites", default=True, help="whether they are taken")
    always = replace(toy, controls=(*toy.controls[:-1], rush))
    found = measure_sensitivity([always])
    refused = found.refused()
    assert refused["reason"].str.contains("Reopen North").all()
    assert refused["control"].tolist() == ["closed site"]
    assert found.table.iloc[-1]["reason"] or found.table["relative"].iloc[-1] == 0


def test_nothing_to_move_is_said(toy: Decision) -> None:
    still = replace(toy, grid={"growth": (0.0,)})
    assert measure_sensitivity([still]).table.empty
    assert measure_sensitivity([still]).sentence == "No control moves any figure of its decision."

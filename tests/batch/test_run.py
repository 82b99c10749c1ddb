"""A whole run, on a project small enough to be run often."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.batch.manifest import base_run, without_times
from helpers.batch.run import RunSettings, run_report
from helpers.cli import main
from helpers.contract import load_case


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_run_leaves_a_whole_report(project: Path) -> None:
    report = run_report(RunSettings())
    assert report.folder == project / "reports" / "2026-W04", "the week after the last order"
    manifest = json.loads((report.folder / "run.json").read_text())
    assert [(page["name"], page["status"]) for page in manifest["pages"]] == [
        ("0_first", "ok"),
        ("1_second", "ok"),
    ]
    assert manifest["pages"][0]["headline"] == "Plan for 16 units."
    assert manifest["pages"][0]["records"][0]["value"] == 1.0
    assert manifest["case"]["fingerprint"] == load_case("data/sample").fingerprint
    for name in (
        "index.html",
        "0_first.html",
        "1_second.html",
        "exports/first.csv",
        "exports/planbook-2026-W04.xlsx",
    ):
        assert (report.folder / name).stat().st_size > 0, name
    assert "2026-W04" in (project / "reports" / "index.html").read_text()
    assert not list((project / "reports").glob(".*"))
    assert {"0_first.html", "exports/second.csv"} <= set(manifest["files"])
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((report.folder / name).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.slow
def test_two_runs_are_equal_but_for_their_times_even_where_one_computes_all_anew(project: Path) -> None:
    first = contents(run_report(RunSettings()).folder)
    second = contents(run_report(RunSettings(jobs=1, force=True)).folder)
    manifests = [without_times(json.loads(files.pop("run.json"))) for files in (first, second)]
    assert manifests[0] == manifests[1]
    del first["index.html"], second["index.html"]  # it shows the times
    assert first == second


def test_parameters_reach_the_page_and_the_manifest(project: Path) -> None:
    report = run_report(RunSettings(parameters={"growth": "0.5"}, scenario="growth", pages=["second"]))
    assert report.folder.name == "2026-W04-growth"
    assert report.manifest["pages"][0]["headline"] == "Plan for 24 units."
    assert report.manifest["parameters"] == {"1_second": {"source": "data/sample", "growth": 0.5}}


def test_scenario_file_gives_the_values(project: Path) -> None:
    (project / "scenarios").mkdir()
    (project / "scenarios" / "boom.yaml").write_text("growth: 1.0\n")
    report = run_report(RunSettings(scenario="boom", pages=["0"]))
    assert report.manifest["pages"][0]["headline"] == "Plan for 32 units."


@pytest.mark.slow
def test_scenario_says_what_it_changes_and_is_held_against_its_own_week_only(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source += "\nwhat_if: dict = {}  # control: value, as a scenario holds them"
    notebook.cells[3].source = notebook.cells[3].source.replace(
        "growth)", 'growth + what_if.get("growth", 0))'
    )
    nbformat.write(notebook, path)
    (project / "scenarios").mkdir()
    file = "note: A <b>good</b> year\nwhat_if: {growth: 0.5, budget: 0}\n"
    (project / "scenarios" / "boom.yaml").write_text(file)
    alone = run_report(RunSettings(scenario="boom", pages=["0"])).manifest
    assert (alone["compared_with"], alone["pages"][0]["headline"]) == ("", "Plan for 24 units.")
    assert "no difference is shown" in (project / "reports" / "2026-W04-boom" / "0_first.html").read_text()
    base = run_report(RunSettings(pages=["0"])).manifest
    assert base["compared_with"] == "", "a scenario is never the run before"
    earlier = {**base, "run": "2026-W03", "week": "2026-W03"}
    fingerprint = base["case"]["fingerprint"]
    assert base_run([alone, earlier], fingerprint, "2026-W04") is None
    assert base_run([alone, earlier, base], fingerprint, "2026-W04") is base
    assert base_run([base], "other data", "2026-W04") is None
    report = run_report(RunSettings(scenario="boom", pages=["0"], parameters={"what_if": "{growth: 1.0}"}))
    assert report.manifest["compared_with"] == "2026-W04"
    assert report.manifest["what_if"] == {"growth": 1.0, "budget": 0.0}
    assert report.manifest["changes"] == [
        "growth of demand +100\N{NO-BREAK SPACE}%",
        "budget for this week's orders no limit",
    ]
    for name in ("index.html", "0_first.html"):
        page = (report.folder / name).read_text()
        assert "What-if, not the plan: scenario boom." in page
        assert "A &lt;b&gt;good&lt;/b&gt; year" in page
        assert "than the base run 2026-W04" in page
    assert "What-if, not the plan: growth of demand" in (project / "reports" / "index.html").read_text()


@pytest.mark.slow
def test_client_gives_parameters_and_scenarios_and_keeps_the_report(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    (folder / "scenarios").mkdir(parents=True)
    (project / "data" / "sample").rename(folder / "data")
    (folder / "client.yaml").write_text("name: Acme\n")
    (folder / "parameters.yaml").write_text("growth: 0.5\n1_second:\n  growth: 1.0\n")
    result = CliRunner().invoke(main, ["run", "--client", str(folder), "--jobs", "1"])
    assert result.exit_code == 0, result.output
    manifest = json.loads((folder / "reports" / "2026-W04" / "run.json").read_text())
    assert manifest["case"]["name"] == "Acme"
    assert [page["headline"] for page in manifest["pages"]] == ["Plan for 24 units.", "Plan for 32 units."]
    assert not (project / "reports").exists()


@pytest.mark.slow
def test_earlier_week_is_the_run_before(project: Path) -> None:
    run_report(RunSettings(week="2026-W03", pages=["0"], parameters={"growth": "0.5"}))
    report = run_report(RunSettings(pages=["0"]))
    page = (report.folder / "0_first.html").read_text()
    assert "2026-W03" in page
    assert "50.0" in page, "the difference to the run before, in points"


@pytest.mark.slow
def test_source_that_changes_during_a_run_is_read_once(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    orders = project / "data" / "sample" / "orders.csv"
    notebook.cells[3].source += f"\nfrom pathlib import Path\nPath({str(orders)!r}).write_text('broken')"
    nbformat.write(notebook, path)
    report = run_report(RunSettings(jobs=1))
    assert report.manifest["pages"][1]["headline"] == "Plan for 16 units."


@pytest.mark.slow
def test_secret_of_a_database_is_in_no_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hunter2secret"
    database = project / f"{secret}.db"
    with closing(sqlite3.connect(database)) as connection:
        for csv in (project / "data" / "sample").glob("*.csv"):
            pd.read_csv(csv).to_sql(csv.stem, connection, index=False)
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{database}")
    report = run_report(RunSettings(source="env:SHOP_DB"))
    assert report.failed == ()
    assert not [name for name, data in contents(report.folder).items() if secret.encode() in data]


def test_page_whose_tables_are_missing_is_left_out_and_said(project: Path) -> None:
    notebooks = project / "notebooks"
    (notebooks / "1_second.ipynb").rename(notebooks / "2_inventory_plan.ipynb")
    needy = (notebooks / "0_first.ipynb").read_text().replace('"needs": []', '"needs": ["2_inventory_plan"]')
    (notebooks / "0_first.ipynb").write_text(needy)
    result = CliRunner().invoke(main, ["run", "--jobs", "1"])
    assert result.exit_code == 0, result.output
    assert "Second was left out: the data hold no table stock, table supply_terms." in result.output
    folder = project / "reports" / "2026-W04"
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["status"] == "ok"
    pages = {page["name"]: page["status"] for page in manifest["pages"]}
    assert pages == {"0_first": "ok", "2_inventory_plan": "skipped"}
    assert not (folder / "2_inventory_plan.html").exists()
    index = (folder / "index.html").read_text()
    assert "Left out" in index
    assert "the data hold no table stock" in index
    assert "2_inventory_plan.html" not in index + (folder / "0_first.html").read_text()

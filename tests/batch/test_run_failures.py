"""What goes wrong in a run is said in words, with its exit code, and harms nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from helpers.batch.run import RunSettings, run_report
from helpers.cli import main
from helpers.errors import ParameterError, PlanbookError


def planbook(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "helpers.cli", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)


def planbook_here(project: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run the command in this process, where starting another would take longer than the command."""
    monkeypatch.chdir(project)
    return CliRunner().invoke(main, arguments)


def test_failed_page_is_marked_and_the_others_come(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    path.write_text(path.read_text().replace("break_down: bool = False", "break_down: bool = True"))
    result = planbook(project, "run")
    assert result.returncode == 5
    assert "1 of 2 pages failed: 0_first." in result.stderr
    assert "Traceback" not in result.stderr
    folder = project / "reports" / "2026-W04"
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["status"] == "failed"
    assert manifest["pages"][0]["error"]["message"] == "asked to break"
    assert manifest["pages"][1]["status"] == "ok"
    assert "asked to break" in (folder / "0_first.html").read_text()
    executed = nbformat.read(folder / "notebooks" / "0_first.ipynb", as_version=4)
    errors = [o for cell in executed.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    assert [error.evalue for error in errors] == ["asked to break"]


@pytest.mark.slow
def test_killed_kernel_leaves_a_failed_page(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].source = "import os\nos.kill(os.getpid(), 9)"
    nbformat.write(notebook, path)
    report = run_report(RunSettings())
    assert report.failed == ("0_first",)
    assert report.manifest["pages"][0]["error"]["name"] == "DeadKernelError"
    assert report.manifest["pages"][1]["status"] == "ok"


@pytest.mark.slow
def test_killed_worker_leaves_a_failed_page(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].source = "import os\nos.kill(os.getppid(), 9)\nimport time\ntime.sleep(20)"
    nbformat.write(notebook, path)
    report = run_report(RunSettings(jobs=1))
    assert report.failed == ("0_first",)
    assert report.manifest["pages"][1]["status"] == "ok"


@pytest.mark.parametrize(
    "arguments",
    [
        ["-p", "grwth=0.1"],
        ["-p", "growth=much"],
        ["-p", "growth"],
        ["--week", "2026-W60"],
        ["--week", "next"],
        ["--scenario", "../up"],
        ["--scenario", "unknown"],
        ["--pages", "7"],
        ["--jobs", "-1"],
        ["-p", "source=elsewhere"],
        ["-p", "growth=" + "(" * 20_000],
    ],
)
def test_wrong_values_stop_before_any_kernel(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]
) -> None:
    result = planbook_here(project, monkeypatch, "run", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("planbook: ")
    assert "Traceback" not in result.stderr
    assert not (project / "reports").exists()


@pytest.mark.parametrize(("source", "code"), [("nowhere", 3), ("env:NOT_SET_AT_ALL", 3), ("notebooks", 3)])
def test_unreadable_source_has_its_exit_code(
    project: Path, monkeypatch: pytest.MonkeyPatch, source: str, code: int
) -> None:
    result = planbook_here(project, monkeypatch, "run", "--data", source)
    assert result.exit_code == code
    assert "Traceback" not in result.stderr


def test_outside_a_project_the_command_says_so(tmp_path: Path) -> None:
    result = planbook(tmp_path, "run")
    assert result.returncode == 1
    assert "is not inside a planbook project" in result.stderr


def test_scenario_cannot_change_the_source(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "scenarios").mkdir()
    (project / "scenarios" / "other.yaml").write_text("source: elsewhere\n")
    result = planbook_here(project, monkeypatch, "run", "--scenario", "other")
    assert result.exit_code == 2
    assert "the source is given by --data" in result.stderr


@pytest.mark.parametrize(
    "text",
    ["growth: [", "- growth", "just words", "growth: much", "what_if: 3", "what_if: {growth: 9}", "other: 1"],
)
def test_scenario_that_cannot_be_read_is_refused_in_words(project: Path, text: str) -> None:
    (project / "scenarios").mkdir()
    (project / "scenarios" / "odd.yaml").write_text(text)
    with pytest.raises(ParameterError):
        run_report(RunSettings(scenario="odd"))


def test_wrong_changes_are_refused_before_any_kernel_starts(project: Path) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'growth'"):
        run_report(RunSettings(parameters={"what_if": "{'growht': 0.1}"}))
    with pytest.raises(ParameterError, match=r"-p what_if=\"\{growth: 0.1\}\""):
        run_report(RunSettings(parameters={"what_if": "growth"}))
    with pytest.raises(ParameterError, match="No page takes a parameter 'what_if'"):
        run_report(RunSettings(parameters={"what_if": {"growth": 0.1}}))


def test_folder_that_is_no_report_is_never_replaced(project: Path) -> None:
    precious = project / "reports" / "2026-W04" / "precious.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    with pytest.raises(PlanbookError, match=r"is there and is no report .* Move it away first"):
        run_report(RunSettings(pages=["0"]))
    assert precious.read_text() == "mine"


def test_reports_that_cannot_be_written_are_said(project: Path) -> None:
    (project / "reports").write_text("a file, not a folder")
    with pytest.raises(PlanbookError, match="no report can be written there"):
        run_report(RunSettings(pages=["0"]))


@pytest.mark.slow
@pytest.mark.parametrize("week", ["2020-W01", "2030-W10"])
def test_week_far_from_the_data_still_gives_a_report(project: Path, week: str) -> None:
    assert run_report(RunSettings(week=week, pages=["0"])).folder.name == week

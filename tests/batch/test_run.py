"""A whole run, on a project small enough to be run often."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest

from helpers.batch.manifest import read_manifests, without_times
from helpers.batch.run import RunSettings, run_report
from helpers.contract import load_case
from helpers.errors import ParameterError, PlanbookError, SourceError


def planbook(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "helpers.cli", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)


def start(project: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "helpers.cli", "run", *arguments]
    return subprocess.Popen(
        command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


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


def test_two_runs_on_the_same_data_are_equal_but_for_their_times(project: Path) -> None:
    first = contents(run_report(RunSettings()).folder)
    second = contents(run_report(RunSettings(jobs=1)).folder)
    manifests = [without_times(json.loads(files.pop("run.json"))) for files in (first, second)]
    assert manifests[0] == manifests[1]
    del first["index.html"], second["index.html"]  # it shows the times
    assert first == second


def test_hashes_of_the_manifest_are_those_of_the_files(project: Path) -> None:
    import hashlib

    report = run_report(RunSettings(pages=["0"]))
    files = report.manifest["files"]
    assert "0_first.html" in files
    for name, entry in files.items():
        assert hashlib.sha256((report.folder / name).read_bytes()).hexdigest() == entry["sha256"]


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
    assert (
        "asked to break"
        in nbformat.read(folder / "notebooks" / "0_first.ipynb", as_version=4).cells[5].outputs[0].evalue
    )


def test_killed_kernel_leaves_a_failed_page(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].source = "import os\nos.kill(os.getpid(), 9)"
    nbformat.write(notebook, path)
    report = run_report(RunSettings())
    assert report.failed == ("0_first",)
    assert report.manifest["pages"][0]["error"]["name"] == "DeadKernelError"
    assert report.manifest["pages"][1]["status"] == "ok"


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
    ],
)
def test_wrong_values_stop_before_any_kernel(project: Path, arguments: Sequence[str]) -> None:
    result = planbook(project, "run", *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("planbook: ")
    assert "Traceback" not in result.stderr
    assert not (project / "reports").exists()


@pytest.mark.parametrize(("source", "code"), [("nowhere", 3), ("env:NOT_SET_AT_ALL", 3), ("notebooks", 3)])
def test_unreadable_source_has_its_exit_code(project: Path, source: str, code: int) -> None:
    result = planbook(project, "run", "--data", source)
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def test_outside_a_project_the_command_says_so(tmp_path: Path) -> None:
    result = planbook(tmp_path, "run")
    assert result.returncode == 1
    assert "is not inside a planbook project" in result.stderr


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


def test_earlier_week_is_the_run_before(project: Path) -> None:
    run_report(RunSettings(week="2026-W03", pages=["0"], parameters={"growth": "0.5"}))
    report = run_report(RunSettings(pages=["0"]))
    page = (report.folder / "0_first.html").read_text()
    assert "2026-W03" in page
    assert "50.0" in page, "the difference to the run before, in points"


def test_source_that_changes_during_a_run_is_read_once(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    orders = project / "data" / "sample" / "orders.csv"
    notebook.cells[3].source += f"\nfrom pathlib import Path\nPath({str(orders)!r}).write_text('broken')"
    nbformat.write(notebook, path)
    report = run_report(RunSettings(jobs=1))
    assert report.manifest["pages"][1]["headline"] == "Plan for 16 units."


def test_secret_of_a_database_is_in_no_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3
    from contextlib import closing

    import pandas as pd

    secret = "hunter2secret"
    database = project / f"{secret}.db"
    with closing(sqlite3.connect(database)) as connection:
        for csv in (project / "data" / "sample").glob("*.csv"):
            pd.read_csv(csv).to_sql(csv.stem, connection, index=False)
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{database}")
    report = run_report(RunSettings(source="env:SHOP_DB"))
    assert report.failed == ()
    assert not [name for name, data in contents(report.folder).items() if secret.encode() in data]


def test_forced_run_computes_anew_and_agrees(project: Path) -> None:
    first = run_report(RunSettings(pages=["0"])).manifest
    again = run_report(RunSettings(pages=["0"], force=True)).manifest
    assert again["pages"][0]["records"] == first["pages"][0]["records"]


def test_kill_at_ten_random_moments_harms_nothing(project: Path) -> None:
    """kill -9: the earlier report is untouched, no half report is listed, the next run succeeds."""
    report = run_report(RunSettings())
    before = contents(report.folder)
    started = time.perf_counter()
    assert start(project).wait(120) == 0
    duration = time.perf_counter() - started
    before_index = contents(project / "reports")["index.html"]
    moments = random.Random(0)
    killed = 0
    for _ in range(10):
        process = start(project, "-p", "growth=0.25")
        time.sleep(moments.uniform(0.05, 0.98) * duration)
        os.killpg(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        now = contents(report.folder)
        if now["run.json"] != contents_of_manifest(before):
            # The kill came after the new report was in place: it must be whole.
            assert json.loads(now["run.json"])["parameters"]["0_first"]["growth"] == 0.25
            assert set(json.loads(now["run.json"])["files"]) <= set(now)
            run_report(RunSettings())
            before = contents(report.folder)
        else:
            assert now == before
        assert [m["run"] for m in read_manifests(project / "reports")] == ["2026-W04"]
        assert b".partial" not in contents(project / "reports")["index.html"]
    assert killed >= 8, "the moments must lie within the run"
    assert before_index
    assert run_report(RunSettings(parameters={"growth": "0.5"})).failed == ()
    assert not list((project / "reports").glob(".*")), "leftovers of killed runs are swept"


def contents_of_manifest(files: dict[str, bytes]) -> bytes:
    return files["run.json"]


def test_kernels_end_with_a_killed_driver(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    marker = project / "kernel.pid"
    notebook.cells[
        3
    ].source = f"import os, time\nfrom pathlib import Path\nPath({str(marker)!r}).write_text(str(os.getpid()))\ntime.sleep(60)"
    nbformat.write(notebook, path)
    process = start(project, "--pages", "0")
    deadline = time.time() + 60
    while not marker.exists() or not marker.read_text():
        assert time.time() < deadline
        time.sleep(0.1)
    process.kill()
    process.wait()
    kernel = int(marker.read_text())
    deadline = time.time() + 15
    while Path(f"/proc/{kernel}").exists() and time.time() < deadline:
        time.sleep(0.2)
    assert not Path(f"/proc/{kernel}").exists()


def test_errors_say_their_kind() -> None:
    assert issubclass(ParameterError, PlanbookError)
    assert SourceError.exit_code == 3

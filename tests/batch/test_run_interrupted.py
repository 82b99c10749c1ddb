"""kill -9 at any moment: the earlier report is untouched, no half report is listed, no kernel stays."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from helpers.batch.manifest import read_manifests
from helpers.batch.run import RunSettings, run_report

MOMENTS = 3

pytestmark = pytest.mark.slow


def start(project: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "helpers.cli", "run", "--pages", "0", *arguments]
    return subprocess.Popen(
        command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def seconds_of_a_run(project: Path) -> float:
    started = time.perf_counter()
    assert start(project).wait(120) == 0
    return time.perf_counter() - started


def assert_whole(report: Path) -> None:
    """Every file that the manifest names is there, with the size that it names."""
    manifest = json.loads((report / "run.json").read_text())
    files = {name: entry["bytes"] for name, entry in manifest["files"].items()}
    assert files == {
        name: len(data) for name, data in contents(report).items() if name not in {"run.json", "index.html"}
    }


def test_kill_at_random_moments_harms_nothing(project: Path) -> None:
    reports = project / "reports"
    report = run_report(RunSettings(pages=["0"])).folder
    duration = min(seconds_of_a_run(project), seconds_of_a_run(project))
    before = contents(report)
    moments = random.Random(0)
    killed = 0
    for _ in range(MOMENTS):
        process = start(project, "-p", "growth=0.25")
        time.sleep(moments.uniform(0.05, 0.95) * duration)
        os.killpg(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        now = contents(report)
        # A kill after the new report was put in place leaves the new one, whole.
        assert now == before or b'"growth": 0.25' in now["run.json"]
        assert_whole(report)
        assert [manifest["run"] for manifest in read_manifests(reports)] == ["2026-W04"]
        assert b".partial" not in (reports / "index.html").read_bytes()
        before = now
    assert killed >= MOMENTS // 2, "the moments must lie within the run"
    assert run_report(RunSettings(pages=["0"], parameters={"growth": "0.5"})).failed == ()
    assert not list(reports.glob(".*")), "leftovers of killed runs are swept"


def test_kernels_end_with_a_killed_driver(project: Path) -> None:
    path = project / "notebooks" / "0_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    marker = project / "kernel.pid"
    notebook.cells[3].source = (
        "import os, time\nfrom pathlib import Path\n"
        f"Path({str(marker)!r}).write_text(str(os.getpid()))\ntime.sleep(60)"
    )
    nbformat.write(notebook, path)
    process = start(project)
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


def test_two_runs_of_one_week_at_once_both_end_well(project: Path) -> None:
    both = [start(project, "-p", "growth=0.25"), start(project, "-p", "growth=0.5")]
    assert [process.wait(120) for process in both] == [0, 0]
    assert_whole(project / "reports" / "2026-W04")
    assert not list((project / "reports").glob(".*"))

"""What a page costs beside the same code run as a script, and what a whole run costs.

    uv run python benchmarks/page_overhead.py [--rounds 3] [--data data/sample]

Script and run take turns. Each begins without remembered results; the data lie checked in the
memory of both, as they do for the pages of a run. The script is the notebook's code cells in one
file, executed by a fresh interpreter, where displays are not drawn.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from helpers.batch.notebooks import Notebook, find_notebooks, project_folder


def main() -> None:
    """Print the seconds of both and their ratio, round by round and as medians."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--data", default="data/sample")
    options = arguments.parse_args()
    notebooks = find_notebooks(project_folder())
    rows = [one_round(notebooks, options.data) for _ in range(options.rounds)]
    names = [notebook.name for notebook in notebooks]
    print(f"{'':26}{'script s':>10}{'page s':>10}{'ratio':>8}")
    for name in names:
        script, page = (statistics.median(row[kind][name] for row in rows) for kind in ("script", "page"))
        print(f"{name:26}{script:10.2f}{page:10.2f}{page / script:8.2f}")
    for label, kind in (("all, one at a time", "serial"), ("all, --jobs 2", "parallel")):
        script = statistics.median(sum(row["script"].values()) for row in rows)
        run = statistics.median(row[kind]["all"] for row in rows)
        print(f"{label:26}{script:10.2f}{run:10.2f}{run / script:8.2f}")


def one_round(notebooks: tuple[Notebook, ...], data: str) -> dict[str, dict[str, float]]:
    """Return seconds of each notebook as a script and as a page, and of two whole runs."""
    with tempfile.TemporaryDirectory(prefix="planbook-bench-") as folder:
        script = {n.name: timed_script(n, data, Path(folder)) for n in notebooks}
        pages, serial = timed_run(data, Path(folder) / "serial", jobs=1)
        _, parallel = timed_run(data, Path(folder) / "parallel", jobs=2)
    return {"script": script, "page": pages, "serial": {"all": serial}, "parallel": {"all": parallel}}


def timed_script(notebook: Notebook, data: str, folder: Path) -> float:
    """Run the code cells as one script, without remembered results."""
    cells = nbformat.read(notebook.path, as_version=4).cells
    code = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
    path = folder / f"{notebook.name}.py"
    path.write_text(code.replace('"data/sample"', repr(data)), encoding="utf-8")
    command = [sys.executable, str(path)]
    return timed(command, fresh_environment(folder / f"memory-{notebook.name}", data, folder))


def timed_run(data: str, folder: Path, jobs: int) -> tuple[dict[str, float], float]:
    """Run the suite, without remembered results; return seconds per page and in all."""
    import json

    reports = folder / "reports"
    command = [sys.executable, "-m", "helpers.cli", "run", "--data", data, "--jobs", str(jobs)]
    seconds = timed([*command, "--reports", str(reports)], fresh_environment(folder / "memory", data, folder))
    manifest = json.loads(next(reports.glob("*/run.json")).read_text(encoding="utf-8"))
    return {page["name"]: page["seconds"] for page in manifest["pages"]}, seconds


def fresh_environment(memory: Path, data: str, folder: Path) -> dict[str, str]:
    """Return an environment with a memory that holds the checked data and nothing else."""
    shutil.rmtree(memory, ignore_errors=True)
    environment = {**os.environ, "PLANBOOK_MEMORY": str(memory), "PLANBOOK_EXPORTS": str(folder / "exports")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    code = f"from helpers.contract import load_case; load_case({data!r})"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    return environment


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Return the wall seconds of a command that succeeds."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

"""Execute one notebook in a worker process: papermill's API, private transport, clean output.

A worker process and not a thread, since papermill changes the folder of the whole process. The
kernel talks through sockets in a private temporary folder: the default ports can collide.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

CELL_TIMEOUT = 3_600
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# What papermill and the kernel write about time and place; the same data must give the same file.
VOLATILE_NOTEBOOK = ("papermill", "widgets", "language_info")
# A view of widgets names models that died with the kernel: a reader would see "Error displaying widget"
# in the place of the HTML that comes beside it.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
VOLATILE_CELL = ("papermill", "execution")


@dataclass(frozen=True)
class Job:
    """What a worker is told: which notebook, with which values, where the results go."""

    name: str
    notebook: Path
    output: Path
    parameters: Mapping[str, Any]
    environment: Mapping[str, str]
    timeout: int = CELL_TIMEOUT


@dataclass(frozen=True)
class Outcome:
    """What a worker says of a page: status, seconds and, where it failed, the cell and the error."""

    name: str
    status: str
    seconds: float
    error: Mapping[str, Any] | None = field(default=None)


def prepare_worker() -> None:
    """Import what every page needs, and end with the driver: a killed run leaves no kernels."""
    # Without compiled files the imports of every kernel would take seconds more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    import papermill  # noqa: F401 - over a second, spent while the driver reads the data


def execute(job: Job) -> Outcome:
    """Run a notebook and write it with its outputs; an error is marked in it and returned."""
    started = time.perf_counter()
    error = _run(job)
    if job.output.exists():
        clean_notebook(job.output)
    seconds = round(time.perf_counter() - started, 3)
    return Outcome(job.name, "failed" if error else "ok", seconds, error)


def _run(job: Job) -> dict[str, Any] | None:
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    # Pages run side by side: threads of one that wait for a core held by another cost more than they give.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.update(job.environment)
    # AF_UNIX paths are short, so the sockets live in the system's temporary folder.
    with tempfile.TemporaryDirectory(prefix="pb") as sockets:
        try:
            papermill.execute_notebook(
                str(job.notebook),
                str(job.output),
                parameters=dict(job.parameters),
                cwd=str(job.notebook.parent),
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                execution_timeout=job.timeout,
                # The kernel is interrupted before it is shut down, and would log that as an error.
                extra_arguments=["--log-level=50"],
                kernel_manager_class=_kernel_manager(Path(sockets)),
            )
        except papermill.PapermillExecutionError as error:
            return {"cell": error.cell_index, "name": error.ename, "message": plain(str(error.evalue))}
        except (DeadKernelError, CellTimeoutError) as error:
            return {"cell": None, "name": type(error).__name__, "message": plain(str(error)).splitlines()[0]}
    return None


def _kernel_manager(sockets: Path) -> Any:
    """Return a kernel manager class that uses Unix sockets in a private folder, where there are any."""
    from jupyter_client.manager import AsyncKernelManager

    if os.name == "nt":
        return AsyncKernelManager

    class PrivateKernelManager(AsyncKernelManager):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**{**settings, "transport": "ipc", "ip": str(sockets / "kernel")})

    return PrivateKernelManager


def plain(text: str) -> str:
    """Return a message without terminal colours."""
    return ANSI.sub("", text).strip()


def clean_notebook(path: Path) -> None:
    """Rewrite an executed notebook without times, places and random ids."""
    node = nbformat.read(path, as_version=4)
    normalise(node)
    nbformat.write(node, path)


def normalise(node: nbformat.NotebookNode) -> None:
    """Remove from a notebook what two equal runs would write differently."""
    for key in VOLATILE_NOTEBOOK:
        node.metadata.pop(key, None)
    number = 0
    for position, cell in enumerate(node.cells):
        cell["id"] = cell["id"] if not _is_injected(cell) else f"injected-{position}"
        for key in VOLATILE_CELL:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            number += 1
            _normalise_code(cell, number)


def _normalise_code(cell: nbformat.NotebookNode, number: int) -> None:
    executed = cell.get("execution_count") is not None
    cell["execution_count"] = number if executed else None
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output["execution_count"] = number
        output.get("data", {}).pop(WIDGET_VIEW, None)
        output.get("metadata", {}).pop(WIDGET_VIEW, None)


def _is_injected(cell: nbformat.NotebookNode) -> bool:
    tags = cell.metadata.get("tags", [])
    return "injected-parameters" in tags or "papermill-error-cell-tag" in tags


def _watch_parent(parent: int) -> None:
    while True:
        time.sleep(0.5)
        if os.getppid() != parent:
            os._exit(1)

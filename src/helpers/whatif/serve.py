"""`planbook app`: the workbench for people who do not read notebooks, served by Voilà to this computer alone.

Voilà runs the notebook once for each visitor and shows its outputs without code. The page loads nothing from
outside (a policy forbids it), and nobody gets in without the token that stands in the printed address.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from helpers.errors import MissingExtraError, PageError, ParameterError

NOTEBOOK = "9_what_if_workbench"
LOOPBACK = "127.0.0.1"
PORT = 8866
# Voilà's own template asks for icons from the web; offline, a browser would wait for them.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
READY_AFTER = 60.0


@dataclass(frozen=True)
class AppSettings:
    """What is served, and where.

    Parameters
    ----------
    notebook
        Its outputs are the page.
    parameters
        Values for its parameters, such as the source of the data.
    port
        Port of this computer's loopback address; 0 for a free one.
    token
        What opens the page; made anew where it is empty.
    """

    notebook: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    port: int = PORT
    token: str = ""


@dataclass(frozen=True)
class App:
    """A running app."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving(settings: AppSettings) -> Iterator[App]:
    """Serve the workbench for as long as the context lasts.

    Raises
    ------
    MissingExtraError
        Voilà is not installed.
    ParameterError
        There is no such notebook, it has no such parameter, or the port is taken.
    PageError
        The server ended, or did not answer in a minute.
    """
    if importlib.util.find_spec("voila") is None:
        raise MissingExtraError("planbook app needs Voilà. Install it with: pip install voila")
    if not settings.notebook.is_file():
        raise ParameterError(f"{settings.notebook}: there is no such notebook to serve.")
    port = _free_port(settings.port)
    token = settings.token or secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="planbook-app-") as folder:
        copy = _with_parameters(settings, Path(folder))
        log = Path(folder) / "voila.log"
        with log.open("wb") as written:
            process = _start(copy, port, token, written)
        try:
            _wait_until_ready(process, port, log)
            yield App(f"http://{LOOPBACK}:{port}/?token={token}", process)
        finally:
            _stop(process)


def _free_port(port: int) -> int:
    """The port itself, or a free one for 0; a port that is taken is said so."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ParameterError(
                f"Port {port} cannot be used ({error.strerror}). Another program may have it; give another "
                "with --port, or 0 for any that is free."
            ) from error
        return int(probe.getsockname()[1])


def _with_parameters(settings: AppSettings, folder: Path) -> Path:
    """A copy of the notebook that starts in its own folder and has the wanted values."""
    import nbformat

    node = nbformat.read(settings.notebook, as_version=4)
    place = next(
        (at for at, cell in enumerate(node.cells) if "parameters" in cell.metadata.get("tags", [])), None
    )
    if settings.parameters and place is None:
        raise ParameterError(f"{settings.notebook.name} has no cell of parameters, so none can be given.")
    values = "".join(f"{name} = {value!r}\n" for name, value in settings.parameters.items())
    start = f"import os\n\nos.chdir({str(settings.notebook.resolve().parent)!r})\n{values}"
    node.cells.insert(0 if place is None else place + 1, nbformat.v4.new_code_cell(start))
    for cell in node.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    copy = folder / f"{settings.notebook.stem}.ipynb"
    nbformat.write(node, copy)
    return copy


def _start(notebook: Path, port: int, token: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    # The token goes through a file that only this user can read (Voilà looks for it in the folder where it
    # starts): a command line is seen by all.
    config = notebook.parent / "voila.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps(_configuration(port, token)), encoding="utf-8")
    command = [sys.executable, "-m", "voila", str(notebook)]
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    return subprocess.Popen(  # noqa: S603  # our own interpreter and files
        command,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=notebook.parent,
        env=environment,
        start_new_session=True,
    )


def _configuration(port: int, token: str) -> dict[str, dict[str, object]]:
    return {
        "Voila": {
            "ip": LOOPBACK,
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "token": token,
            "tornado_settings": {
                "headers": {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
            },
        },
        "VoilaConfiguration": {
            "strip_sources": True,
            "show_tracebacks": False,
            # The next visitor's kernel has the plans computed before they come.
            "preheat_kernel": True,
            "default_pool_size": 1,
        },
        # A kernel whose tab was closed without a word ends by itself.
        "MappingKernelManager": {"cull_idle_timeout": 3600, "cull_interval": 120},
    }


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_AFTER
    while time.monotonic() < until:
        if process.poll() is not None:
            raise PageError(f"The app ended before it was ready. Its last words: {_last_words(log)}")
        with closing(socket.socket()) as probe:
            probe.settimeout(1)
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.1)
    raise PageError(f"The app did not answer in {READY_AFTER:.0f} s. Its last words: {_last_words(log)}")


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "none"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and, by its own hand, its kernels."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_workbench(start: Path) -> Path:
    """Return the notebook of the workbench in the project that a folder belongs to.

    Raises
    ------
    ParameterError
        There is none here or above.
    """
    for folder in (start, *start.parents):
        found = folder / "notebooks" / f"{NOTEBOOK}.ipynb"
        if found.is_file():
            return found
    raise ParameterError(
        f"{start}: no 'notebooks/{NOTEBOOK}.ipynb' here or above. Start it inside the project."
    )


def wait_for_the_end(running: App) -> None:
    """Wait until the reader ends the app, or the server ends by itself, which is an error.

    Raises
    ------
    PageError
        The server ended by itself.
    """
    try:
        code = running.process.wait()
    except KeyboardInterrupt:
        return
    raise PageError(f"The app ended by itself (exit code {code}).")

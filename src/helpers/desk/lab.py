"""JupyterLab with the case chosen: working copies, and a first screen that says what to do."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import nbformat
import yaml

from helpers.batch.notebooks import Notebook, find_notebooks
from helpers.contract.client import Client, read_client
from helpers.contract.sources import is_environment, resolve_source
from helpers.desk.copies import Copies, write_copies
from helpers.memory import CLIENT_FILE, memory_folder
from helpers.report.exports import write_atomically

START = "START_HERE.md"
# The first screen is to be read, not edited; and no question about news, which would be fetched from outside.
SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}
_QUESTION = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


@dataclass(frozen=True)
class Desk:
    """What JupyterLab is opened on.

    Parameters
    ----------
    folder
        What its file browser shows.
    start
        The first screen, relative to the folder.
    name
        Case or client.
    client
        Whose data they are; None for the sample case.
    copies
        What became of the working copies; None where the project's own notebooks are opened.
    """

    folder: Path
    start: str
    name: str
    client: Client | None = None
    copies: Copies | None = None


def prepare_desk(project: Path, folder: Path | None = None, source: str = "") -> Desk:
    """Return a desk that is ready to be opened.

    Parameters
    ----------
    project
        Folder of the project.
    folder
        The client's; None for the project's own notebooks, or for other data without a client's folder.
    source
        Data to open instead of the client's or the sample case, as `load_case` takes them.

    Raises
    ------
    ParameterError, SourceError
        It is no client's folder, its parameters do not fit, or there are no such data.
    """
    notebooks = find_notebooks(project)
    if folder is None and not source:
        _write_start(project / "notebooks" / START, "the sample case", notebooks, "", "")
        return Desk(project, f"notebooks/{START}", "sample")
    if source and not is_environment(source):
        source = str(resolve_source(source).resolve())
    client = read_client(folder) if folder else _desk_of(project, source)
    if source:
        client = Client(client.folder, client.name, source)
    copies = write_copies(client, notebooks)
    _write_start(client.folder / START, client.name, notebooks, "notebooks/", _client_option(client, folder))
    return Desk(client.folder, START, client.name, client, copies)


def lab_command(desk: Desk, port: int = 0, *, browser: bool = True) -> list[str]:
    """Return the command that opens JupyterLab on a desk, on loopback and behind its own token.

    Each desk has a workspace of its own, so that the tabs of one client never come up at another's.
    """
    workspace = f"planbook-{hashlib.blake2b(str(desk.folder).encode(), digest_size=4).hexdigest()}"
    address = f"/lab/workspaces/{workspace}/tree/{quote(desk.start)}"
    return [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"),
        f"--ServerApp.root_dir={desk.folder}",
        f"--LabApp.default_url={address}",
        *([f"--ServerApp.port={port}"] if port else []),
        *([] if browser else ["--ServerApp.open_browser=False"]),
        # In a container there is only root, and nobody could reach JupyterLab's own option from here.
        *(["--ServerApp.allow_root=True"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]


def lab_environment(desk: Desk) -> dict[str, str]:
    """Return the variables of JupyterLab and its kernels: what they keep stays on this desk."""
    ours = desk.client.environment if desk.client else {}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = [str(_write_settings()), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    return {**kept, **ours, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}


def _write_settings() -> Path:
    """Write our defaults for JupyterLab, which a person's own settings go over; return the folder."""
    folder = memory_folder() / "jupyter"
    write_atomically(folder / "labconfig" / "default_setting_overrides.json", json.dumps(SETTINGS).encode())
    return folder


def open_lab(desk: Desk, port: int = 0, *, browser: bool = True) -> int:
    """Run JupyterLab on a desk until it is closed, and return its exit code."""
    command = lab_command(desk, port, browser=browser)
    with subprocess.Popen(command, env=lab_environment(desk), cwd=desk.folder) as process:  # noqa: S603  # our own command
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # JupyterLab got it too, and asks whether to stop


def start_text(name: str, notebooks: Sequence[Notebook], prefix: str, option: str) -> str:
    """Return the first screen: which notebook answers which question, and what to do in a minute."""
    text = (resources.files("helpers.desk") / "templates" / START).read_text(encoding="utf-8")
    rows = "\n".join(
        f"| [{one.title}]({prefix}{quote(one.path.name)}) | {_question(one)} |" for one in notebooks
    )
    values = {"NAME": name.replace("|", "/"), "ROWS": rows, "OPTION": option, "FOLDER": prefix}
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def _write_start(path: Path, name: str, notebooks: Sequence[Notebook], prefix: str, option: str) -> None:
    write_atomically(path, start_text(name, notebooks, prefix, option).encode())


def _client_option(client: Client, folder: Path | None) -> str:
    return f' --client "{client.folder}"' if folder else f' --data "{client.data}"'


def _question(notebook: Notebook) -> str:
    """Return what a notebook asks itself: the bold words of its first cell."""
    cells = nbformat.read(notebook.path, as_version=4).cells
    found = _QUESTION.search(cells[0].source) if cells else None
    return " ".join(found.group(1).split()).replace("|", "/") if found else ""


def _desk_of(project: Path, source: str) -> Client:
    """Return a client's folder for data that have none: among the reports, which git leaves out."""
    name = source.removeprefix("env:") if is_environment(source) else Path(source).stem
    digest = hashlib.blake2b(source.encode(), digest_size=3).hexdigest()
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "data"
    folder = project / "reports" / "interactive" / f"{plain}-{digest}"
    text = yaml.safe_dump({"name": name, "data": source}, sort_keys=False, allow_unicode=True)
    if not (folder / CLIENT_FILE).is_file():
        write_atomically(folder / CLIENT_FILE, text.encode())
    return read_client(folder)

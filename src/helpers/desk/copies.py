"""Working copies of the notebooks in a client's folder: the client's data and values in, outputs out.

A copy that a person has changed is never written over. Whether one was changed is told by the sources of its
cells: running it, and saving its outputs, is no change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from helpers.batch.notebooks import Notebook
from helpers.batch.parameters import TAG, own_values, with_values
from helpers.contract.client import Client
from helpers.errors import ParameterError
from helpers.report.exports import write_atomically

MARK = "copied"  # in the notebook's own metadata: the digest of the sources as they were written


@dataclass(frozen=True)
class Copies:
    """What became of the working copies, by name.

    Parameters
    ----------
    written
        New, or brought up to date.
    same
        As they should be already, with their outputs.
    edited
        Changed by a person, and left alone although a new one would read otherwise.
    """

    written: tuple[str, ...]
    same: tuple[str, ...]
    edited: tuple[str, ...]


def write_copies(client: Client, notebooks: Sequence[Notebook]) -> Copies:
    """Write the working copies of the suite into the client's folder; those that were edited stay.

    Raises
    ------
    ParameterError
        The client's own parameters do not fit the notebooks, or nothing can be written.
    """
    own = own_values({one.name: one.parameters for one in notebooks}, client.parameters())
    found: dict[str, list[str]] = {"written": [], "same": [], "edited": []}
    for notebook in notebooks:
        fresh = _copy_of(notebook, {**own[notebook.name], "source": _source(client)})
        target = client.notebooks / notebook.path.name
        state = _state(target, fresh)
        found[state].append(notebook.name)
        if state == "written":
            try:
                write_atomically(target, (str(nbformat.writes(fresh, version=4)) + "\n").encode())
            except OSError as error:
                why = f"no notebook can be written ({error.strerror})"
                raise ParameterError(f"{client.notebooks}: {why}.") from error
    return Copies(*(tuple(found[state]) for state in ("written", "same", "edited")))


def _source(client: Client) -> str:
    """Return the data as a copy names them: by a relative path where they lie in the client's folder."""
    inside = not client.data.startswith("env:") and not Path(client.data).is_absolute()
    return client.data if inside else client.source


def _copy_of(notebook: Notebook, values: Mapping[str, Any]) -> nbformat.NotebookNode:
    node: nbformat.NotebookNode = nbformat.read(notebook.path, as_version=4)
    for cell in node.cells:
        if cell.cell_type != "code":
            continue
        cell["outputs"], cell["execution_count"] = [], None
        if TAG in cell.metadata.get("tags", []):
            cell["source"] = with_values(cell.source, values)
    node.metadata.pop("widgets", None)
    node.metadata["planbook"] = {**node.metadata.get("planbook", {}), MARK: _digest(node)}
    return node


def _state(target: Path, fresh: nbformat.NotebookNode) -> str:
    if not target.exists():
        return "written"
    try:
        there = nbformat.read(target, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError, AttributeError):
        return "edited"  # not readable as a notebook: a person's work all the same
    now = _digest(there)
    if now == _digest(fresh):
        return "same"
    return "written" if now == there.metadata.get("planbook", {}).get(MARK) else "edited"


def _digest(node: nbformat.NotebookNode) -> str:
    text = "\0".join(f"{cell.cell_type}:{cell.source}" for cell in node.cells)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

"""The notebooks of the suite: which there are, what they are called, and what each needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from helpers.batch.parameters import Parameter, read_parameters
from helpers.errors import ParameterError, PlanbookError
from helpers.memory import find_project


@dataclass(frozen=True)
class Notebook:
    """One notebook of the suite.

    Parameters
    ----------
    name
        File name without ending, such as `1_demand_forecast`.
    title
        First heading.
    path
        Where it stands.
    needs
        Pages whose remembered results it uses, from the notebook's own metadata
        (`planbook: {needs: [...]}`); they run before it.
    parameters
        What its parameters cell declares.
    """

    name: str
    title: str
    path: Path
    needs: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def project_folder() -> Path:
    """Return the folder of the project that the present folder belongs to.

    Raises
    ------
    PlanbookError
        The present folder is not inside a planbook project.
    """
    project = find_project()
    if project is None:
        raise PlanbookError(
            f"{Path.cwd()} is not inside a planbook project: no folder 'notebooks' here or above."
        )
    return project


def find_notebooks(project: Path) -> tuple[Notebook, ...]:
    """Return the notebooks of a project in the order of their numbers."""
    return tuple(read_notebook(path) for path in sorted((project / "notebooks").glob("[0-9]*_*.ipynb")))


def read_notebook(path: Path) -> Notebook:
    """Return what the suite needs to know of a notebook file."""
    node = nbformat.read(path, as_version=4)
    heading = next(
        (line for cell in node.cells for line in cell.source.splitlines() if line.startswith("# ")), path.stem
    )
    needs = tuple(node.metadata.get("planbook", {}).get("needs", ()))
    return Notebook(path.stem, heading.removeprefix("# ").strip(), path, needs, read_parameters(node.cells))


def select_notebooks(notebooks: Sequence[Notebook], wanted: Sequence[str]) -> tuple[Notebook, ...]:
    """Return the wanted notebooks, named in full or by number; all of them where none is wanted.

    Raises
    ------
    ParameterError
        A name that fits none.
    """
    if not wanted:
        return tuple(notebooks)
    unknown = [name for name in wanted if not any(_fits(notebook, name) for notebook in notebooks)]
    if unknown:
        known = ", ".join(notebook.name for notebook in notebooks)
        raise ParameterError(f"No page called {', '.join(unknown)}. Pages: {known}.")
    return tuple(notebook for notebook in notebooks if any(_fits(notebook, name) for name in wanted))


def _fits(notebook: Notebook, name: str) -> bool:
    return name in {notebook.name, notebook.name.partition("_")[0], notebook.name.partition("_")[2]}

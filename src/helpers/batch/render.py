"""`planbook render`: the committed notebooks, executed on the sample case, with stable outputs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat

from helpers.batch.execute import Job, execute, normalise
from helpers.batch.notebooks import find_notebooks
from helpers.errors import PageError


def render_notebooks(project: Path, *, write: bool) -> list[str]:
    """Execute every notebook with its own parameters and return the names of those that changed.

    Parameters
    ----------
    project
        Folder of the project.
    write
        Whether the new outputs are saved.

    Raises
    ------
    PageError
        A notebook failed; none is changed then.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="planbook-render-") as folder:
        exports = {"PLANBOOK_EXPORTS": str(Path(folder) / "exports")}
        notebooks = find_notebooks(project)
        rendered = {}
        for notebook in notebooks:
            output = Path(folder) / notebook.path.name
            outcome = execute(Job(notebook.name, notebook.path, output, {}, exports))
            if outcome.error:
                raise PageError(f"{notebook.name}: {outcome.error['name']}: {outcome.error['message']}")
            rendered[notebook.path] = _as_committed(output)
        changed = {path: text for path, text in rendered.items() if path.read_text(encoding="utf-8") != text}
        if write:
            for path, text in changed.items():
                path.write_text(text, encoding="utf-8")
        return [path.stem for path in changed]


def _as_committed(path: Path) -> str:
    node = nbformat.read(path, as_version=4)
    normalise(node)
    return str(nbformat.writes(node, version=4)) + "\n"

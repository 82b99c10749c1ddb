"""A client's folder: data, own parameters, scenarios, reports and working notebooks, outside the repository.

client.yaml        name, and where the data are
data/              tables and mapping.yaml
parameters.yaml    own values for the notebooks' parameters
scenarios/         what-ifs that were saved
notebooks/         working copies
reports/           one folder per run
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.contract.scenarios import SCENARIOS_VARIABLE, read_lines
from helpers.errors import ParameterError
from helpers.memory import CLIENT_FILE, ROOT_VARIABLE

EXPORTS_VARIABLE = "PLANBOOK_EXPORTS"


@dataclass(frozen=True)
class Client:
    """What one client's folder holds.

    Parameters
    ----------
    folder
        Where it stands.
    name
        What the client is called on pages.
    data
        As `load_case` takes it: a path below the folder, or `env:NAME`.
    """

    folder: Path
    name: str
    data: str = "data"

    @property
    def source(self) -> str:
        """The data as `load_case` takes them from anywhere."""
        return self.data if self.data.startswith("env:") else str(self.folder / self.data)

    @property
    def scenarios(self) -> Path:
        """Folder of the saved what-ifs."""
        return self.folder / "scenarios"

    @property
    def reports(self) -> Path:
        """Folder of the runs."""
        return self.folder / "reports"

    @property
    def notebooks(self) -> Path:
        """Folder of the working copies."""
        return self.folder / "notebooks"

    @property
    def environment(self) -> dict[str, str]:
        """The variables under which everything that is computed for the client stays in its folder."""
        return {
            ROOT_VARIABLE: str(self.folder / ".planbook"),
            SCENARIOS_VARIABLE: str(self.scenarios),
            EXPORTS_VARIABLE: str(self.reports / "interactive" / "exports"),
        }

    def parameters(self) -> dict[str, Any]:
        """Return the client's own values: parameter → value for all pages, or page → {parameter: value}.

        Raises
        ------
        ParameterError
            The file is no YAML of that form.
        """
        path = self.folder / "parameters.yaml"
        values = read_lines(path, path.name) if path.is_file() else {}
        if "what_if" in values or "source" in values:
            raise ParameterError(
                f"{path.name}: a what_if belongs into a scenario, and the source into {CLIENT_FILE}."
            )
        return {name: value for name, value in values.items() if value is not None}


def read_client(folder: Path) -> Client:
    """Return the client whose folder this is.

    Raises
    ------
    ParameterError
        It is no client's folder, or its client.yaml cannot be read.
    """
    path = folder / CLIENT_FILE
    if not path.is_file():
        raise ParameterError(
            f"{folder} is no client's folder: it has no {CLIENT_FILE}. "
            "Make one with 'planbook new-client DIR'."
        )
    values = read_lines(path, path.name)
    unknown = sorted(set(values) - {"name", "data"})
    if unknown:
        raise ParameterError(f"{path.name}: {', '.join(unknown)} is not known. It takes 'name' and 'data'.")
    name, data = values.get("name") or folder.resolve().name, values.get("data") or "data"
    if not (isinstance(name, str) and isinstance(data, str)):
        raise ParameterError(f"{path.name}: 'name' and 'data' are texts; got {name!r} and {data!r}.")
    return Client(folder.resolve(), name, data)


def client_around(path: Path) -> Client | None:
    """Return the client whose data these are; None for data outside a client's folder."""
    folder = path if path.is_dir() else path.parent
    holder = next((up for up in (folder, folder.parent) if (up / CLIENT_FILE).is_file()), None)
    return read_client(holder) if holder else None


@contextmanager
def at_client(client: Client | None) -> Iterator[None]:
    """Keep what is computed inside the `with` in the client's folder; variables that are set stay."""
    added = {k: v for k, v in (client.environment if client else {}).items() if not os.environ.get(k)}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)

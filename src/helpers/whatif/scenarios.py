"""Keep what-ifs: saved with a name and a note, listed, loaded, and run in batch from the very same file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.contract.controls import check_what_if
from helpers.contract.scenarios import Scenario, check_name, read_scenario, scenario_text, scenarios_folder
from helpers.errors import ParameterError
from helpers.report.exports import write_atomically

__all__ = ["Scenario", "ScenarioStore"]


@dataclass(frozen=True)
class ScenarioStore:
    """The scenarios of a folder; one YAML file each, which `planbook run --scenario NAME` takes.

    Parameters
    ----------
    folder
        Where the files are; it is made with the first one.
    """

    folder: Path

    @classmethod
    def here(cls) -> ScenarioStore:
        """Return the store of the client or project that the present folder belongs to."""
        return cls(scenarios_folder())

    def names(self) -> tuple[str, ...]:
        """Return the names of the scenarios that are kept, in the order of the alphabet."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.yaml") if _is_name(path.stem)))

    def save(  # one scenario, one call
        self,
        name: str,
        note: str,
        what_if: Mapping[str, object],
        *,
        parameters: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Write a scenario whole or not at all, and return its file.

        Parameters
        ----------
        name
            Letters, digits, - and _; an existing one is kept unless `overwrite` is set.
        note
            What it is about.
        what_if
            Control → value: what differs from the plan.
        parameters
            Notebook parameter → value, where the scenario changes one too.

        Raises
        ------
        ParameterError
            A bad or taken name, a change that no control takes, or a folder that cannot be written.
        """
        path = self._path(name)
        if path.exists() and not overwrite:
            raise ParameterError(
                f"There is a scenario '{name}' already. Give another name, or say that it is to be replaced."
            )
        more = dict(parameters or {})
        taken = sorted({"note", "what_if", "source"} & set(more))
        if taken:
            raise ParameterError(f"A scenario has no parameter {', '.join(taken)}.")
        scenario = Scenario(name, " ".join(note.split()), check_what_if(what_if), more)
        try:
            write_atomically(path, scenario_text(scenario).encode())
        except OSError as error:
            raise ParameterError(f"{self.folder}: no scenario can be written ({error.strerror}).") from error
        return path

    def load(self, name: str) -> Scenario:
        """Return a scenario that was saved.

        Raises
        ------
        ParameterError
            There is none of that name, or its file cannot be read.
        """
        return read_scenario(self._existing(name))

    def all(self) -> tuple[Scenario, ...]:
        """Return every scenario that is kept, in the order of the alphabet."""
        return tuple(self.load(name) for name in self.names())

    def delete(self, name: str) -> None:
        """Remove a scenario; raises ParameterError where there is none of that name."""
        self._existing(name).unlink()

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.is_file():
            close = difflib.get_close_matches(name, self.names(), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            known = ", ".join(self.names()) or "none yet"
            raise ParameterError(f"There is no scenario '{name}'.{hint} Scenarios: {known}.")
        return path

    def _path(self, name: str) -> Path:
        return self.folder / f"{check_name(name)}.yaml"


def _is_name(text: str) -> bool:
    try:
        return bool(check_name(text))
    except ParameterError:
        return False

"""Points of sweeps on disk: one line each, so that an interrupted sweep goes on where it stopped."""

from __future__ import annotations

import json
from typing import Any

from filelock import FileLock

from helpers.memory import memory_folder
from helpers.whatif.controls import Value


class SweepMemory:
    """What is known of the points of one decision on one case, under this version of the code.

    Parameters
    ----------
    name, fingerprint
        Of the decision; another fingerprint is another memory.
    """

    def __init__(self, name: str, fingerprint: str) -> None:
        folder = memory_folder() / "sweeps"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}-{fingerprint}.jsonl"

    def read(self) -> dict[tuple[Value, ...], dict[str, Any]]:
        """Return the points that are kept; a line that a killed sweep left half written is passed over."""
        if not self.path.is_file():
            return {}
        found = {}
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
                found[tuple(entry["key"])] = entry["point"]
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def keep(self, key: tuple[Value, ...], point: dict[str, Any]) -> None:
        """Add a point; two sweeps at once do not write into each other's line."""
        line = json.dumps({"key": list(key), "point": point}, ensure_ascii=False)
        with FileLock(self.path.with_suffix(".lock")), self.path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}")

"""The settings that were shown, in order: undo and redo."""

from __future__ import annotations

from helpers.whatif.controls import Settings, Value

LONGEST = 200


class Trail:
    """Where the reader has been.

    Parameters
    ----------
    start
        The setting that is shown first.
    """

    def __init__(self, start: Settings) -> None:
        self._passed: list[dict[str, Value]] = [dict(start)]
        self._place = 0

    def go(self, settings: Settings) -> None:
        """Note that a setting is shown now; what was undone before is forgotten."""
        if dict(settings) == self._passed[self._place]:
            return
        self._passed = [*self._passed[: self._place + 1], dict(settings)][-LONGEST:]
        self._place = len(self._passed) - 1

    def back(self, present: Settings) -> Settings:
        """Return the setting before; from a setting that is not shown yet, the one that is shown."""
        if dict(present) == self._passed[self._place]:
            self._place = max(self._place - 1, 0)
        return self._here

    def forth(self) -> Settings:
        """Return the setting that was undone last, or the present one."""
        self._place = min(self._place + 1, len(self._passed) - 1)
        return self._here

    @property
    def can_go_back(self) -> bool:
        """Whether there is a setting before."""
        return self._place > 0

    @property
    def can_go_forth(self) -> bool:
        """Whether something was undone."""
        return self._place < len(self._passed) - 1

    @property
    def _here(self) -> Settings:
        return dict(self._passed[self._place])

"""A decision that can be played with: its controls, and the pure function that answers a setting."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.errors import ParameterError, PlanbookError
from helpers.whatif.controls import Control, Settings, Value, complete
from helpers.whatif.view import Refusal, View

REMEMBERED = 512  # views kept in memory; a view holds a few small tables


@dataclass(frozen=True, eq=False)
class Decision:
    """One decision of the suite as a what-if.

    Parameters
    ----------
    name
        Key: `demand`, `inventory`, `transport`, `customers`.
    title, question
        Words for the panel.
    controls
        What may be moved; their defaults are the plan.
    answer
        Every control's value → `View`; pure, and raises `PlanbookError` where there is no plan.
    grid
        Control → values that the explorer of a page moves between; the default is among them.
    fingerprint
        Name of the data and results behind it.
    """

    name: str
    title: str
    question: str
    controls: tuple[Control, ...]
    answer: Callable[[Settings], View]
    grid: Mapping[str, Sequence[Value]]
    fingerprint: str
    _seen: OrderedDict[tuple[Value, ...], View | Refusal] = field(
        default_factory=OrderedDict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        """Refuse a grid that the controls do not bear, or that leaves the plan out."""
        defaults = {control.name: control.default for control in self.controls}
        for name, values in self.grid.items():
            for value in values:
                complete(self.controls, {name: value})
            if defaults[name] not in values:
                raise ParameterError(
                    f"Decision '{self.name}': the grid of '{name}' leaves out the plan's value."
                )

    @property
    def base(self) -> View:
        """The plan itself; raises where the data bear none."""
        return self.view({})

    def view(self, settings: Settings) -> View:
        """Return what a setting leads to; one that was seen before comes from memory.

        Raises
        ------
        PlanbookError
            A setting that no control takes, or that has no plan: which limits clash, in words.
        """
        found = self.try_view(settings)
        if isinstance(found, Refusal):
            raise PlanbookError(found.reason)
        return found

    def try_view(self, settings: Settings) -> View | Refusal:
        """Return what a setting leads to, or why there is no plan; raises only for unknown settings."""
        whole = complete(self.controls, settings)
        key = tuple(whole.values())
        if key not in self._seen:
            self._seen[key] = self._answer(whole)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        self._seen.move_to_end(key)
        return self._seen[key]

    def has_seen(self, settings: Settings) -> bool:
        """Return whether the view of a setting is in memory."""
        return tuple(complete(self.controls, settings).values()) in self._seen

    def _answer(self, whole: Settings) -> View | Refusal:
        try:
            return self.answer(whole)
        except PlanbookError as error:
            return Refusal(whole, str(error))


def fingerprint_of(*parts: str) -> str:
    """Return a name for what several fingerprints stand for together."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()

"""The tables that the rules of a check look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from helpers.plan_check.check import Tables

type Maker = Callable[[Tables], pd.DataFrame]


class PlanTables(Mapping[str, pd.DataFrame]):
    """Tables by name: given ones, and others that are made from them once, when first asked for.

    Parameters
    ----------
    given
        Exports and tables of the case.
    made
        Name to the function that makes a table from the others.
    """

    def __init__(self, given: Mapping[str, pd.DataFrame], made: Mapping[str, Maker]) -> None:
        self._known, self._made = dict(given), dict(made)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._known:
            self._known[name] = self._made[name](self)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._known, *self._made)))

    def __len__(self) -> int:
        return len({*self._known, *self._made})

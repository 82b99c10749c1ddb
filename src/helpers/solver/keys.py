"""The ledger of business keys: which variable or row stands for which product, site and week.

PuLP rewrites characters in names, so that SKU-7 and SKU_7 become one. Here names never reach PuLP:
a key is a row of a table, and is found again by its values.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.solver.flat import Integers

type KeysLike = pd.DataFrame | pd.Series | pd.Index | None
_WIDEST = 2**62
_MISSING = -1


class KeyTable:
    """Rows of keys, each once.

    Parameters
    ----------
    keys
        One column per part of the key; None for a single row without a key.
    owner
        What the keys are for, in words, for messages.

    Raises
    ------
    SolverError
        If a part of a key is missing or a key comes twice.
    """

    def __init__(self, keys: KeysLike, owner: str) -> None:
        frame = _as_frame(keys)
        self.owner = owner
        self.source_index = frame.index
        self.frame = frame.reset_index(drop=True)
        if frame.columns.has_duplicates:
            raise SolverError(f"{owner}: two key columns are called alike: {list(frame.columns)}.")
        self._codes: dict[str, tuple[Integers, pd.Index]] = {}

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> list[str]:
        """Names of the parts of the key."""
        return [str(column) for column in self.frame.columns]

    def check_unique(self) -> None:
        """Raise where a key comes twice."""
        numbers = self._numbers(self)
        if np.all(numbers[1:] > numbers[:-1]) or pd.Index(numbers).is_unique:
            return
        first = int(np.flatnonzero(pd.Series(numbers).duplicated())[0])
        raise SolverError(f"{self.owner}: the key {self.text(first)} comes twice. Give each key once.")

    def codes(self, column: str) -> tuple[Integers, pd.Index]:
        """Return a number per row for the values of `column`, and the values."""
        if column not in self._codes:
            codes, values = pd.factorize(self.frame[column])
            if len(codes) and codes.min() < 0:
                row = int(np.argmin(codes))
                raise SolverError(f"{self.owner}: key column '{column}' is empty in row {row}.")
            plain = values.astype(object) if isinstance(values.dtype, pd.CategoricalDtype) else values
            self._codes[column] = codes.astype(np.int64), pd.Index(plain)
        return self._codes[column]

    def find(self, other: KeyTable) -> Integers:
        """Return for each row of `other` the position of its key here, −1 where there is none.

        Keys are compared on the columns of this table; `other` must have them all.
        """
        if self.frame is other.frame:
            return np.arange(len(self))
        lacking = [column for column in self.columns if column not in other.columns]
        if lacking:
            raise SolverError(
                f"{other.owner} has no key column {', '.join(map(repr, lacking))}, but {self.owner} has. "
                "Use .relabel(column=…) to name one, or .at(keys) to repeat a variable over several rows."
            )
        if not len(self):
            return np.full(len(other), _MISSING)
        own, wanted = self._numbers(self), self._numbers(other)
        order = np.argsort(own, kind="stable")
        place = np.minimum(np.searchsorted(own[order], wanted), len(own) - 1)
        found = order[place]
        return np.where((own[found] == wanted) & (wanted >= 0), found, _MISSING)

    def _numbers(self, other: KeyTable) -> Integers:
        """Return one number per row of `other`, equal where the keys of this table's columns are."""
        numbers = np.zeros(len(other), dtype=np.int64)
        known = np.ones(len(other), dtype=np.bool_)
        width = 1
        for column in self.columns:
            values = self.codes(column)[1]
            codes, their_values = other.codes(column)
            if other is not self:
                codes = values.get_indexer(their_values)[codes].astype(np.int64)
                known &= codes >= 0
            width *= max(len(values), 1)
            if width > _WIDEST:
                raise SolverError(f"{self.owner}: the key has too many parts with too many values.")
            numbers = numbers * len(values) + codes
        return np.where(known, numbers, _MISSING)

    def text(self, row: int) -> str:
        """Return the key of a row in words: its parts, one after the other."""
        return ", ".join(_word(value) for value in self.frame.iloc[row].tolist())

    @cached_property
    def texts(self) -> pd.Series:
        """All keys in words."""
        if not self.columns:
            return pd.Series([""] * len(self), dtype=object)
        parts = [[_word(value) for value in self.frame[column].tolist()] for column in self.columns]
        return pd.Series([", ".join(words) for words in zip(*parts, strict=True)], dtype=object)

    def matching(self, where: dict[str, object]) -> Integers:
        """Return the rows whose parts are as said; all without a condition."""
        mask = np.ones(len(self), dtype=np.bool_)
        for column, value in where.items():
            if column not in self.columns:
                raise SolverError(
                    f"{self.owner} has no key column {column!r}. It has: {', '.join(self.columns) or 'none'}."
                )
            mask &= (self.frame[column] == value).to_numpy()
        return np.flatnonzero(mask)


def _as_frame(keys: KeysLike) -> pd.DataFrame:
    if keys is None:
        return pd.DataFrame(index=range(1))
    if isinstance(keys, pd.DataFrame):
        return keys
    if isinstance(keys, pd.Index):
        return keys.to_frame(index=False)
    return keys.to_frame()


def _word(value: object) -> str:
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return str(value.date())
    return str(value)

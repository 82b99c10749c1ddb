"""What the doors for arrays are given, checked once, all findings in one error.

x    frequency, repeat purchases
tx   recency, age at the last purchase
T    age, time since the first purchase; tx and T in one unit, such as weeks
m    monetary value, mean money of the repeat purchases
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.customers.number_arrays import read_numbers
from helpers.errors import ParameterError

type Floats = npt.NDArray[np.float64]
type ArrayLike = npt.ArrayLike

SLACK = 1e-9  # rounding by which a recency may exceed its age


@dataclass(frozen=True, eq=False)
class Histories:
    """Buying histories of many customers.

    Parameters
    ----------
    x, tx, t
        Frequency, recency and age (T), one value per row.
    weight
        Customers that share the row.
    """

    x: Floats
    tx: Floats
    t: Floats
    weight: Floats

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.x)

    @property
    def customers(self) -> float:
        """Number of customers."""
        return float(self.weight.sum())

    def scaled(self, scale: float) -> Histories:
        """Return the same histories in another unit of time."""
        return Histories(self.x, self.tx * scale, self.t * scale, self.weight)

    def rows(self, chosen: npt.NDArray[np.int64]) -> Histories:
        """Return some of the rows."""
        return Histories(self.x[chosen], self.tx[chosen], self.t[chosen], self.weight[chosen])


def read_histories(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Histories:
    """Return checked histories, one row per customer; single numbers are repeated as needed.

    Raises
    ------
    ParameterError
        Arrays of different length, missing or negative values, repeat purchases that are no whole numbers,
        or a recency beyond the age.
    """
    x, tx, t = _same_length(frequency=frequency, recency=recency, age=age)
    findings = [
        *_not_plain("frequency", x),
        *_not_plain("recency", tx),
        *_not_plain("age", t),
        *_count("'frequency' has {} not whole (first: row {}). Give numbers of purchases.", x != np.rint(x)),
        *_count("'recency' is above 'age' in {} (first: row {}). Give both in one unit.", tx > t + SLACK),
        *_count("'recency' is above 0 without a repeat purchase in {} (first: row {}).", (x == 0) & (tx > 0)),
    ]
    if findings:
        raise ParameterError("Buying histories: " + " ".join(findings))
    return Histories(x, np.minimum(tx, t), t, np.ones(len(x)))


def read_money(frequency: ArrayLike, monetary_value: ArrayLike) -> tuple[Floats, Floats]:
    """Return checked frequency and monetary value (which may be negative or, without repeats, missing)."""
    x, m = _same_length(frequency=frequency, monetary_value=monetary_value)
    m = np.where(x > 0, m, 0.0)
    findings = [
        *_not_plain("frequency", x),
        *_count("'monetary_value' has {} not finite (first: row {}).", ~np.isfinite(m)),
    ]
    if findings:
        raise ParameterError("Money of customers: " + " ".join(findings))
    return x, m


def read_times(t: ArrayLike, number: int) -> Floats:
    """Return the checked times ahead, one per customer."""
    times = np.atleast_1d(read_numbers(t=t)[0])
    if times.ndim != 1 or len(times) not in (1, number) or not (np.isfinite(times) & (times >= 0)).all():
        raise ParameterError(
            f"'t' has shape {times.shape} for {number:,} customers, or a value that is missing, infinite "
            "or below 0. Give one finite time ahead of 0 or more, or one per customer."
        )
    return np.broadcast_to(times, number)


def compress(histories: Histories) -> Histories:
    """Return the distinct rows, their weights added up: the same likelihood from fewer rows."""
    frame = pd.DataFrame({"x": histories.x, "tx": histories.tx, "t": histories.t, "w": histories.weight})
    rows = frame.groupby(["x", "tx", "t"], sort=True)["w"].sum()
    if len(rows) > 0.8 * len(frame):
        return histories
    x, tx, t = (rows.index.get_level_values(name).to_numpy(float) for name in ("x", "tx", "t"))
    return Histories(x, tx, t, rows.to_numpy(float))


def _same_length(**arrays: Any) -> tuple[Floats, ...]:
    read = read_numbers(**arrays)
    values = {name: np.atleast_1d(value) for name, value in zip(arrays, read, strict=True)}
    lengths = {name: len(value) for name, value in values.items()}
    if any(value.ndim != 1 for value in values.values()) or len(set(lengths.values()) - {1}) > 1:
        said = ", ".join(f"'{name}' has shape {value.shape}" for name, value in values.items())
        raise ParameterError(f"{said}. Give one value per customer in each.")
    return tuple(np.ascontiguousarray(array) for array in np.broadcast_arrays(*values.values()))


def _not_plain(name: str, values: Floats) -> list[str]:
    return _count(
        f"'{name}' has {{}} missing, not finite or negative (first: row {{}}).",
        ~(np.isfinite(values) & (values >= 0)),
    )


def _count(message: str, is_wrong: npt.NDArray[np.bool_]) -> list[str]:
    if not is_wrong.any():
        return []
    number = int(is_wrong.sum())
    return [message.format(f"{number:,} value{'' if number == 1 else 's'}", int(is_wrong.argmax()))]

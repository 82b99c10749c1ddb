"""The OR-Library's warehouse location problems, as arrays for `locate_facilities`.

The format: number of sites n and customers m; per site capacity and fixed cost; per customer its demand and
the cost of serving all of it from each of the n sites. The large files say the word "capacity" where the
small ones have a number; there the capacity is chosen by whoever solves them.

Source: Beasley (1990), OR-Library: distributing test problems by electronic mail, JORS 41.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from helpers.errors import SourceError
from helpers.transport.network.problem import Floats


@dataclass(frozen=True, eq=False)
class OrlibInstance:
    """A test problem: fixed cost and capacity per site (n,), demand (m,), cost of all of j from i (n, m)."""

    fixed_cost: Floats
    capacity: Floats
    demand: Floats
    cost: Floats


def read_orlib(path: str | PathLike[str], *, capacity: float | None = None) -> OrlibInstance:
    """Read a capacitated or uncapacitated warehouse location file (cap*.txt).

    Parameters
    ----------
    path
        The file.
    capacity
        Units per site, in place of what the file says; needed where the file leaves it open, unless there
        is to be no limit.

    Raises
    ------
    SourceError
        The file does not exist, or has not as many numbers as it says.
    """
    words = _read_words(Path(path))
    try:
        sites, customers = int(words[0]), int(words[1])
        numbers = np.array([np.inf if word == "capacity" else float(word) for word in words[2:]])
    except (ValueError, IndexError) as error:
        raise SourceError(f"{path}: not an OR-Library location file ({error}).") from error
    expected = 2 * sites + customers * (1 + sites)
    if len(numbers) != expected:
        raise SourceError(
            f"{path}: {len(numbers)} numbers after the first line, where {sites} sites and {customers} "
            f"customers need {expected}. Take the whole file."
        )
    per_site = numbers[: 2 * sites].reshape(sites, 2)
    per_customer = numbers[2 * sites :].reshape(customers, 1 + sites)
    return OrlibInstance(
        fixed_cost=per_site[:, 1].copy(),
        capacity=per_site[:, 0].copy() if capacity is None else np.full(sites, float(capacity)),
        demand=per_customer[:, 0].copy(),
        cost=per_customer[:, 1:].T.copy(),
    )


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as text ({error}).") from error

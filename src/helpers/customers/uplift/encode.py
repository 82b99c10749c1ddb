"""Features of customers as a matrix: categories as columns of 0 and 1, numbers scaled, gaps marked.

x = (value − mean) / sd,  kept within ±SPREAD;  a gap becomes the mean, and a column says that it was one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

Floats = NDArray[np.float64]

SPREAD = 6.0
MOST = 1e100  # beyond it squares overflow: a gap
FEWEST = 10  # rows that a category needs for a column of its own


@dataclass(frozen=True)
class Encoder:
    """How features become columns, as learned on the rows of `learn`.

    Parameters
    ----------
    names
        Feature names, in order.
    levels
        Categories that have a column each, by feature; empty for numbers.
    means, scales
        Mean and standard deviation by feature; 0 and 1 for categories.
    has_gaps
        Whether a number was missing somewhere.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    has_gaps: tuple[bool, ...]

    @classmethod
    def learn(cls, features: pd.DataFrame) -> Encoder:
        """Learn categories, means and scales from the rows given."""
        levels: list[tuple[str, ...]] = []
        means: list[float] = []
        scales: list[float] = []
        gaps: list[bool] = []
        for name in features:
            column = features[name]
            if _is_number(column):
                values = column.to_numpy(float, na_value=np.nan)
                known = values[np.abs(values) < MOST]
                means.append(float(known.mean()) if len(known) else 0.0)
                scales.append((float(known.std()) if len(known) else 0.0) or 1.0)
                gaps.append(len(known) < len(values))
                levels.append(())
            else:
                counts = column.astype(str).value_counts()
                levels.append(tuple(sorted(counts[counts >= FEWEST].index)))
                means.append(0.0)
                scales.append(1.0)
                gaps.append(False)
        return cls(tuple(map(str, features)), tuple(levels), tuple(means), tuple(scales), tuple(gaps))

    def apply(self, features: pd.DataFrame) -> Floats:
        """Return the matrix; shape (rows, columns)."""
        columns: list[Floats] = []
        described = zip(features, self.levels, self.means, self.scales, self.has_gaps, strict=True)
        for name, levels, mean, scale, has_gaps in described:
            column = features[name]
            if not _is_number(column):
                texts = column.astype(str).to_numpy()
                columns += [(texts == level).astype(float) for level in levels]
                continue
            values = column.to_numpy(float, na_value=np.nan)
            values = (np.where(np.abs(values) < MOST, values, np.nan) - mean) / scale
            columns.append(np.clip(np.where(np.isfinite(values), values, 0.0), -SPREAD, SPREAD))
            columns += [(~np.isfinite(values)).astype(float)] if has_gaps else []
        return np.column_stack(columns) if columns else np.empty((len(features), 0))


def as_frame(features: pd.DataFrame | ArrayLike) -> pd.DataFrame:
    """Return features as a frame; the columns of an array are numbered.

    Raises
    ------
    ParameterError
        Where they are not a table.
    """
    if isinstance(features, pd.DataFrame):
        return features.reset_index(drop=True).set_axis(_own_names(features.columns), axis=1)
    array = np.asarray(features)
    if array.ndim != 2:
        raise ParameterError(
            f"features must be a table of rows and columns, got {array.ndim} dimensions. "
            "Give a DataFrame or an array of shape (rows, features)."
        )
    frame = pd.DataFrame(array, columns=[f"feature {number}" for number in range(array.shape[1])])
    return frame.infer_objects()


def _own_names(columns: pd.Index) -> list[str]:
    """Return the names as texts, repeated ones with their place."""
    names = [str(name) for name in columns]
    return [name if names.index(name) == at else f"{name} ({at})" for at, name in enumerate(names)]


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)

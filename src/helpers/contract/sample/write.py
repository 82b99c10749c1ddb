"""Writing a sample case to a folder of Parquet files, small and the same to the byte every time."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.contract.sample.case import make_sample
from helpers.contract.schema import contract
from helpers.errors import SourceError

COMPRESSION_LEVEL = 19
MANY_DISTINCT = 0.2  # share of distinct values from which a dictionary costs more than it saves


def write_sample(directory: Path, seed: int = 0, size: str = "default") -> list[Path]:
    """Write a sample case: `<table>.parquet` per table and `truth/<name>.parquet`.

    The files are written beside the directory and moved into place when all are there, so an
    interrupted run leaves an earlier sample as it was.

    Parameters
    ----------
    directory
        New, empty, or holding an earlier sample, which is replaced.
    seed, size
        As for `make_sample`.

    Returns
    -------
    list of Path
        The files, tables first.

    Raises
    ------
    SourceError
        Where the directory holds anything else than an earlier sample.
    ParameterError
        Where the size is unknown or the seed negative.
    """
    directory = Path(directory)
    refuse_foreign_folder(directory)
    sample = make_sample(seed, size)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as scratch:
        fresh = Path(scratch) / "new"
        (fresh / "truth").mkdir(parents=True)
        names = _write_all(sample.tables, fresh) + _write_all(sample.truth, fresh / "truth", "truth/")
        if directory.exists():
            directory.rename(Path(scratch) / "old")
        fresh.rename(directory)
    return [directory / name for name in names]


def refuse_foreign_folder(directory: Path) -> None:
    """Raise where `directory` is a file, or holds something that no earlier sample has written."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise SourceError(f"{directory} is a file. Name a folder for the sample case.")
    known = {f"{table}.parquet" for table in contract()}
    found = {path.name for path in directory.iterdir()}
    foreign = sorted(found - known - {"truth"})
    if foreign or (found and not known <= found) or _is_foreign_truth(directory / "truth"):
        example = f" (for example {foreign[0]})" if foreign else ""
        raise SourceError(
            f"{directory} is not empty and is no earlier sample case{example}. "
            "Name a new folder, or remove this one yourself."
        )


def _is_foreign_truth(folder: Path) -> bool:
    return folder.exists() and not (
        folder.is_dir() and all(path.suffix == ".parquet" for path in folder.iterdir())
    )


def _write_all(frames: Mapping[str, pd.DataFrame], folder: Path, prefix: str = "") -> list[str]:
    for name, frame in frames.items():
        write_frame(frame, folder / f"{name}.parquet")
    return [f"{prefix}{name}.parquet" for name in frames]


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write one frame to Parquet without anything that changes from run to run."""
    table = pa.table({name: _arrow(frame[name]) for name in frame.columns})
    encodings = {name: _encoding(frame[name]) for name in frame.columns}
    plain = {name: encoding for name, encoding in encodings.items() if encoding}
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=[name for name in frame.columns if name not in plain],
        column_encoding=plain or None,
        write_statistics=False,
        store_schema=False,
        data_page_version="2.0",
        row_group_size=1 << 20,
    )


def _arrow(column: pd.Series) -> pa.Array:
    """Dates are stored as days, text as strings, numbers as they are."""
    if column.dtype.kind == "M":
        return pa.array(column.to_numpy("datetime64[D]"), type=pa.date32())
    if column.dtype == object:
        return pa.array(column.to_numpy(), type=pa.string(), from_pandas=True)
    return pa.array(column.to_numpy(), from_pandas=column.dtype.kind == "f")


def _encoding(column: pd.Series) -> str:
    """Return how to store a column: running numbers as differences, all else as a dictionary."""
    if column.dtype == object:
        return "DELTA_BYTE_ARRAY" if column.nunique() > MANY_DISTINCT * len(column) else ""
    return ""

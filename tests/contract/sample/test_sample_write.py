"""Writing a sample: the same bytes every time, small, whole or not at all."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from helpers.contract.sample import make_sample, write, write_sample
from helpers.contract.sample.write import write_frame
from helpers.contract.schema import contract
from helpers.errors import SourceError

remembered_sample = functools.cache(make_sample)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each case once where a test is not about making it."""
    monkeypatch.setattr(write, "make_sample", remembered_sample)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    paths = write_sample(tmp_path / "one", size="tiny")
    write_sample(tmp_path / "two", size="tiny")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    assert {path.name for path in paths[: len(contract())]} == {f"{table}.parquet" for table in contract()}
    assert all(path.is_file() for path in paths)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


@pytest.mark.usefixtures("_quick")
def test_files_say_what_the_frames_say(tiny: Any, tmp_path: Path) -> None:
    write_sample(tmp_path / "case", size="tiny")
    for table, frame in tiny.tables.items():
        read = pq.read_table(tmp_path / "case" / f"{table}.parquet")
        assert read.schema.metadata is None
        again = read.to_pandas().astype(frame.dtypes.to_dict())
        pd.testing.assert_frame_equal(again, frame.where(frame.notna(), None).astype(frame.dtypes.to_dict()))


def test_the_default_case_is_small_enough_to_commit(default: Any, tmp_path: Path) -> None:
    for group, frames in (("table", default.tables), ("truth", default.truth)):
        for name, frame in frames.items():
            write_frame(frame, tmp_path / f"{group}-{name}.parquet")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3_500_000


@pytest.mark.usefixtures("_quick")
def test_an_earlier_sample_is_replaced(tmp_path: Path) -> None:
    write_sample(tmp_path / "case", seed=0, size="tiny")
    before = _bytes(tmp_path / "case")
    write_sample(tmp_path / "case", seed=1, size="tiny")
    assert _bytes(tmp_path / "case").keys() == before.keys()
    assert _bytes(tmp_path / "case") != before


@pytest.mark.usefixtures("_quick")
def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    assert write_sample(folder, size="tiny")


@pytest.mark.parametrize("name", ["notes.txt", "orders.parquet", "truth/mine.csv"])
def test_a_folder_of_other_things_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    mine = tmp_path / "case" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(SourceError, match="no earlier sample case"):
        write_sample(tmp_path / "case", size="tiny")
    assert mine.read_text() == "mine"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case").write_text("mine")
    with pytest.raises(SourceError, match="is a file"):
        write_sample(tmp_path / "case", size="tiny")


@pytest.mark.usefixtures("_quick")
def test_an_interrupted_run_leaves_the_earlier_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sample(tmp_path / "case", size="tiny")
    before = _bytes(tmp_path / "case")

    def stop(frame: Any, path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_frame", stop)
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path / "case", seed=1, size="tiny")
    assert _bytes(tmp_path / "case") == before
    assert [path.name for path in tmp_path.iterdir()] == ["case"]

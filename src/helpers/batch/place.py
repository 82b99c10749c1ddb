"""Write a run beside its place and move it there whole, so that no reader ever meets half of one."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from helpers.batch.manifest import MANIFEST
from helpers.errors import PlanbookError

PARTIAL = ".partial-"
RETIRED = ".retired-"
AT_FDCWD = -100
RENAME_EXCHANGE = 2


@contextmanager
def staging_folder(reports: Path, name: str) -> Iterator[Path]:
    """Give a hidden folder in `reports` that is removed again unless it was moved into place.

    Raises
    ------
    PlanbookError
        Nothing can be written there.
    """
    folder = reports / f"{PARTIAL}{os.getpid()}-{uuid.uuid4().hex[:8]}-{name}"
    try:
        reports.mkdir(parents=True, exist_ok=True)
        sweep(reports)
        folder.mkdir()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise PlanbookError(f"{reports}: no report can be written there ({why}). Give --reports.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Refuse to replace what is no report of ours.

    Raises
    ------
    PlanbookError
        The place is taken by something else.
    """
    if target.exists() and not (target / MANIFEST).is_file():
        raise PlanbookError(f"{target} is there and is no report (it has no {MANIFEST}). Move it away first.")


def put_in_place(folder: Path, target: Path) -> None:
    """Make `folder` the new `target`; an older one is there until the very moment it is replaced."""
    if not target.exists():
        folder.rename(target)
        return
    if not _exchange(folder, target):
        retired = target.with_name(f"{RETIRED}{uuid.uuid4().hex[:8]}-{target.name}")
        target.rename(retired)
        folder.rename(target)
        folder = retired
    shutil.rmtree(folder, ignore_errors=True)


def write_in_place(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def sweep(reports: Path) -> None:
    """Remove what killed runs left behind, and put back a report that was just being replaced."""
    for folder in reports.glob(f"{RETIRED}*"):
        target = reports / folder.name.removeprefix(RETIRED).partition("-")[2]
        if target.exists():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            folder.rename(target)
    for folder in reports.glob(f"{PARTIAL}*"):
        owner = folder.name.removeprefix(PARTIAL).partition("-")[0]
        if not (owner.isdigit() and _is_alive(int(owner))):
            shutil.rmtree(folder, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step where the system can (Linux); return whether it did."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    names = (os.fsencode(one), os.fsencode(other))
    return bool(rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0)


def _is_alive(process: int) -> bool:
    return process == os.getpid() or psutil.pid_exists(process)

"""What is computed once is remembered, and only as long as nothing that it stands on changes."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers import memory
from helpers.memory import code_version, find_project, memory_folder, package_version, prune_memory, remember

CALLS: list[tuple[str, int]] = []


@dataclass(frozen=True)
class Named:
    fingerprint: str


@dataclass(frozen=True)
class Settings:
    factor: int = 1


def double(case: Named, settings: Settings) -> int:
    CALLS.append((case.fingerprint, settings.factor))
    return 2 * settings.factor


def triple(case: Named, settings: Settings) -> int:
    CALLS.append((case.fingerprint, settings.factor))
    return 3 * settings.factor


@pytest.fixture(autouse=True)
def empty_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANBOOK_MEMORY", str(tmp_path))
    CALLS.clear()


def test_second_call_is_answered_from_disk() -> None:
    assert remember(double, Named("a"), Settings(4)) == remember(double, Named("a"), Settings(4)) == 8
    assert len(CALLS) == 1


def test_other_data_settings_or_verb_are_computed() -> None:
    remember(double, Named("a"), Settings(1))
    assert remember(double, Named("b"), Settings(1)) == 2
    assert remember(double, Named("a"), Settings(5)) == 10
    assert remember(triple, Named("a"), Settings(1)) == 3
    assert len(CALLS) == 4


def add(case: Named, settings: Settings, other: Named) -> str:
    CALLS.append((case.fingerprint, settings.factor))
    return case.fingerprint + other.fingerprint


def test_what_a_verb_builds_on_takes_part() -> None:
    assert remember(add, Named("a"), Settings(1), Named("x")) == "ax"
    assert remember(add, Named("a"), Settings(1), Named("x")) == "ax"
    assert remember(add, Named("a"), Settings(1), Named("y")) == "ay"
    assert len(CALLS) == 2


def test_forced_run_computes_anew_once(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(double, Named("a"), Settings(1))
    monkeypatch.setenv("PLANBOOK_FORGET", "run-1")
    remember(double, Named("a"), Settings(1))
    remember(double, Named("a"), Settings(1))
    assert len(CALLS) == 2, "the second page of the forced run shares the new result"
    monkeypatch.setenv("PLANBOOK_FORGET", "run-2")
    remember(double, Named("a"), Settings(1))
    assert len(CALLS) == 3


def test_folder_is_named_by_the_code(tmp_path: Path) -> None:
    assert memory_folder() == tmp_path / code_version()
    assert len(code_version()) == 12


def test_what_no_run_touched_for_a_month_is_removed(tmp_path: Path) -> None:
    old, fresh = tmp_path / "0ldc0de", tmp_path / "newc0de"
    kept, gone = memory_folder() / "cases" / "kept", memory_folder() / "cases" / "gone"
    for folder in (old, fresh, kept, gone):
        folder.mkdir(parents=True)
    month_ago = time.time() - (memory.KEPT_DAYS + 1) * 86_400
    for folder in (old, gone):
        os.utime(folder, (month_ago, month_ago))
    assert set(prune_memory()) == {old, gone}
    assert fresh.is_dir()
    assert kept.is_dir()


def test_project_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    assert find_project(tmp_path / "notebooks" / "deep") is None
    (tmp_path / "pyproject.toml").touch()
    assert find_project(tmp_path / "notebooks" / "deep") == tmp_path


def test_absent_package_has_no_version() -> None:
    assert package_version("no-such-package-anywhere") == "absent"


def slow_double(case: Named, settings: Settings) -> int:
    time.sleep(0.2)
    return double(case, settings)


def test_two_that_ask_at_once_compute_once() -> None:
    CALLS.clear()
    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda _: remember(slow_double, Named("a"), Settings(4)), range(2)))
    assert found == [8, 8]
    assert CALLS == [("a", 4)]

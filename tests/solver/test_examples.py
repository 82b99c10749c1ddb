"""The examples of the docstrings run."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "plan_check.check",
    "plan_check.exports",
    *(f"solver.{name}" for name in ("clash", "flat", "limits", "pricing", "solving", "verdict")),
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"helpers.{name}"))
    assert result.attempted > 0
    assert result.failed == 0

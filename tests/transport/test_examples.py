"""The examples of the docstrings run."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    *("network.locate", "network.prices"),
    *("routes.distances", "routes.plan", "routes.reasons", "routes.timing"),
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"helpers.transport.{name}"))
    assert result.attempted > 0
    assert result.failed == 0

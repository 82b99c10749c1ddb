"""The cases that the tests of the sample generator share."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.contract.sample import Sample, make_sample


@pytest.fixture(scope="session")
def tiny() -> Sample:
    return make_sample(seed=0, size="tiny")


@pytest.fixture(scope="session")
def default() -> Sample:
    return make_sample(seed=0, size="default")


def clean(sample: Any, table: str) -> Any:
    """Return a table without the rows that the truth calls dirty."""
    dirt = sample.truth["dirt"]
    return sample.tables[table].drop(index=dirt.loc[dirt["table"] == table, "row"])


@pytest.fixture(scope="session")
def clean_default(default: Any) -> dict[str, Any]:
    return {table: clean(default, table) for table in default.tables}


@pytest.fixture(scope="session")
def clean_tiny(tiny: Any) -> dict[str, Any]:
    return {table: clean(tiny, table) for table in tiny.tables}

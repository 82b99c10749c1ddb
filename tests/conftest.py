"""Fixtures for all tests: a memory of their own, and a company that can be checked by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent

# Tests start many processes; without compiled files each would pay seconds for its imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Workers share two cores: threads that wait for each other would take longer than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def own_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what tests remember away from the project's own memory."""
    folder = tmp_path_factory.mktemp("memory")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANBOOK_MEMORY", str(folder))
        yield folder


@pytest.fixture
def company() -> dict[str, pd.DataFrame]:
    """Two products, one store, six order lines in three weeks: small enough to add up by hand."""
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["A-17", "B-20"],
                "name": ["Drill", "Saw"],
                "category": ["Tools", "Tools"],
                "unit_cost": [10.0, 4.0],
                "list_price": [15.0, 6.0],
            }
        ),
        "sites": pd.DataFrame({"site_id": ["S01"], "name": ["Main street"], "kind": ["store"]}),
        "orders": pd.DataFrame(
            {
                "order_id": ["1", "1", "2", "3", "4", "5"],
                "line": [1, 2, 1, 1, 1, 1],
                "order_date": [
                    "2026-01-05",
                    "2026-01-05",
                    "2026-01-06",
                    "2026-01-12",
                    "2026-01-14",
                    "2026-01-19",
                ],
                "site_id": ["S01"] * 6,
                "product_id": ["A-17", "B-20", "A-17", "A-17", "B-20", "A-17"],
                "quantity": [2, 1, 3, 4, 5, 1],
                "unit_price": [15.0, 6.0, 15.0, 15.0, 6.0, 15.0],
                "status": ["shipped"] * 6,
            }
        ),
    }


@pytest.fixture
def company_folder(company: dict[str, pd.DataFrame], tmp_path: Path) -> Path:
    """Return the company as a folder of CSV files."""
    folder = tmp_path / "company"
    folder.mkdir()
    for name, frame in company.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder

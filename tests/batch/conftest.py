"""What the tests of the batch share: an executed notebook, and a small project that can be run often."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pandas as pd
import pytest
from nbformat import v4

PARAMETERS = """\
source: str = "data/sample"  # where the tables are
growth: float = 0.0  # share by which demand grows
break_down: bool = False  # raise an error, for tests
"""
SETUP = """\
from helpers.contract import load_case, ratio_kpi
from helpers.report import export, headline, record_kpis, tiles

case = load_case(source)
orders = case.table("orders")
"""
RESULT = """\
units = orders["quantity"].sum() * (1 + growth)
kpis = (ratio_kpi("rows accepted", units, 16.0, "all weeks"),)
assert not break_down, "asked to break"
"""


def small_notebook(title: str, needs: list[str]) -> nbformat.NotebookNode:
    parameters = v4.new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]})
    cells = [
        v4.new_markdown_cell(f"# {title}\n\n**How many units?**", id="title"),
        parameters,
        v4.new_code_cell(SETUP, id="setup"),
        v4.new_code_cell(RESULT, id="result"),
        v4.new_markdown_cell("## Recommendation", id="recommendation"),
        v4.new_code_cell('headline(f"Plan for {units:,.0f} units.")', id="verdict"),
        v4.new_code_cell("tiles(kpis)", id="tiles"),
        v4.new_code_cell(
            f'export(orders, "{title.lower()}", units={{"quantity": "unit"}})\nrecord_kpis(kpis)',
            id="outputs",
        ),
    ]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "planbook": {"needs": needs},
    }
    notebook: nbformat.NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    return notebook


@pytest.fixture
def project(tmp_path: Path, company: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with pages `0_first` and `1_second`, and stand in it."""
    folder = tmp_path / "project"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "data" / "sample").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("")
    for name, frame in company.items():
        frame.to_csv(folder / "data" / "sample" / f"{name}.csv", index=False)
    nbformat.write(small_notebook("First", []), folder / "notebooks" / "0_first.ipynb")
    nbformat.write(small_notebook("Second", ["0_first"]), folder / "notebooks" / "1_second.ipynb")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def weekly() -> ModuleType:
    """Return the module that makes an executed notebook, its context and manifests."""
    name = "weekly_notebook"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]

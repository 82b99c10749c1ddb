"""The outputs as a real kernel keeps them: what the page and the batch will find in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat import v4

from helpers.batch.pages import PageContext, render_page
from helpers.batch.records import read_headline, read_records

SOURCES = (
    "import pandas as pd\n"
    "from matplotlib.figure import Figure\n"
    "from helpers.contract.kpis import ratio_kpi\n"
    "from helpers.report import export, figure, headline, record, record_kpis, table, tiles\n"
    "kpis = [ratio_kpi('WAPE', 413, 1000, '13 weeks')]\n"
    "frame = pd.DataFrame({'name': ['=1+1', '<b>'], 'value': [1.0, 2000.0]})",
    "headline('Order 3 products.', 'One waits.')",
    "tiles(kpis)",
    "table(frame, 'Orders', {'name': 'Name', 'value': 'Value|money'}, export='orders')",
    "canvas = Figure(figsize=(3, 2))\ncanvas.subplots().plot([1, 2])\n"
    "figure(canvas, 'A rising line.', 'Thirteen weeks.')",
    "export(frame, 'orders', {'value': 'EUR'})",
    "record('orders', frame.value.sum(), 'money')\nrecord_kpis(kpis)",
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PLANBOOK_EXPORTS", str(folder / "exports"))
        cells = [v4.new_code_cell(source) for source in SOURCES]
        notebook = v4.new_notebook(cells=cells)
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    notebook.metadata["folder"] = str(folder)
    return notebook


def test_records_and_headline_come_back(executed: Any) -> None:
    assert [(body["name"], body["value"]) for body in read_records(executed)] == [
        ("orders", 2001.0),
        ("WAPE", 0.413),
    ]
    assert read_headline(executed) == "Order 3 products."


def test_a_figure_is_kept_as_svg_with_its_description(executed: Any) -> None:
    output = executed.cells[4].outputs[0]
    assert "image/svg+xml" in output.data
    assert "image/png" not in output.data
    assert output.metadata["image/svg+xml"] == {"alt": "A rising line.", "caption": "Thirteen weeks."}


def test_exports_go_where_the_run_says(executed: Any) -> None:
    assert (Path(executed.metadata["folder"]) / "exports" / "orders.csv").exists()


def test_the_page_shows_every_output_once_and_no_trace_of_records(executed: Any) -> None:
    page = render_page(executed, PageContext("p", "Orders", "2026-W47", "sample", "2026-11-15", "0.1.0"))
    for part in (
        'class="pb-headline',
        '<dl class="pb-tiles">',
        'aria-label="A rising line."',
        'class="pb-export"',
    ):
        assert page.count(part) == 1
    assert "planbook.record" not in page
    assert "text-output" not in page[page.index("<main") :]

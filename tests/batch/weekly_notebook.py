"""A small executed notebook, made without a kernel: each output is what the display object gives."""

from __future__ import annotations

from typing import Any

import nbformat
import pandas as pd
from matplotlib.figure import Figure
from nbformat import v4

from helpers.batch.pages import PageContext, PageFailure, PageLink
from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.report import figure, headline, table, tiles
from helpers.report.records import kpi_record

RECORD_MIME = "application/vnd.planbook.record+json"
EVIL = '<script>window.evil = 1</script><img src=x onerror="window.evil = 2">"><svg onload=window.evil=3>'
MONEY = (48210.0, 1240.5, 980.0, -350.0, 12400.0, 77.0)


def context(**changes: Any) -> PageContext:
    """Return what the page says about its run."""
    titles = {
        "0_data_check": "Data check",
        "1_demand_forecast": "Demand forecast",
        "2_inventory_plan": "Inventory plan",
        "3_transport_plan": "Transport plan",
        "4_order_fulfilment": "Order fulfilment",
        "5_customer_targeting": "Customer targeting",
        "6_partner_scorecard": "Partner scorecard",
        "7_integrated_plan": "Integrated plan",
        "8_executive_summary": "Executive summary",
    }
    status = {"3_transport_plan": "failed", "6_partner_scorecard": "skipped"}
    facts: dict[str, Any] = {
        "name": "1_demand_forecast",
        "title": "Demand forecast",
        "week": "2026-W47",
        "case_name": "sample",
        "as_of": "2026-11-15",
        "planbook_version": "0.1.0",
        "generated_at": "2026-11-16 06:00 UTC",
        "pages": [PageLink(n, t, f"{n}.html", status.get(n, "ok")) for n, t in titles.items()],
        "parameters": {"week": "2026-W47", "horizon": 12, "quantiles": [0.1, 0.5, 0.9], "review": True},
        "fingerprint": "3f9c2a71d0",
        "code_version": "2b48337",
        "solver": ["Pack rounding: optimal, gap 0.0 %, 0.4 s (HiGHS)"],
        "seconds": 12.34,
        "checks": "14 of 14 passed",
        "before": {"WAPE": 0.434, "bias": 0.012, "MASE": 0.83, "coverage": 0.80},
        "before_run": "2026-W46",
        "history": {
            "WAPE": [0.47, 0.455, None, 0.44, 0.434],
            "bias": [0.05, 0.03, 0.012],
            "MASE": [0.9, 0.83],
        },
    }
    return PageContext(**{**facts, **changes})


def failure() -> PageFailure:
    return PageFailure("ValueError", "stock: 'P014' has no site <b>W1</b>", 5)


def output(kind: str, **fields: Any) -> Any:
    return v4.new_output(kind, **fields)


def markdown(source: str) -> Any:
    return v4.new_markdown_cell(source)


def notebook_of(*cells: Any) -> Any:
    return v4.new_notebook(cells=list(cells))


def displayed(shown: Any) -> Any:
    """Return the output that a kernel would keep for an object at the end of a cell."""
    data: dict[str, Any] = {"text/plain": repr(shown)}
    about: dict[str, Any] = {}
    if hasattr(shown, "_repr_html_"):
        data["text/html"] = shown._repr_html_()
    if hasattr(shown, "_repr_mimebundle_"):
        bundle = shown._repr_mimebundle_()
        more, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        data |= more
    return output("display_data", data=data, metadata=about)


def recorded(body: dict[str, Any]) -> Any:
    return output("display_data", data={RECORD_MIME: body})


def kpis() -> list[Kpi]:
    window = "weeks 2026-W34 to 2026-W46, 640 series"
    return [
        ratio_kpi("WAPE", 51234, 124050, window),
        Kpi("bias", -0.021, window),
        Kpi("MASE", 0.83, window),
        Kpi("coverage", 0.783, window, target=0.8),
        Kpi("weeks of history", 156, "2023-W47 to 2026-W46"),
        Kpi("inventory turns", None, window, note="no costs in this case"),
    ]


def products() -> pd.DataFrame:
    """Return rows to sort: thousands, a negative, a gap, and a name that tries to run."""
    return pd.DataFrame(
        {
            "product_id": ["P014", "P002", "P101", "P077", "P050", "P033"],
            "name": [
                "Cordless drill 18 V",
                EVIL,
                "Shelf, oak",
                "Return credit",
                "Garden hose 25 m",
                "=cmd|' /C calc'!A0",
            ],
            "supplier": ["Nordwind", "Nordwind", "Holzmann & Söhne", "Aqua", "Aqua", "Nordwind"],
            "quantity": [240, 1240, 12, -4, 96, 8],
            "value": MONEY,
            "chance": [0.62, 0.41, 0.05, None, 0.33, 0.07],
            "week": pd.to_datetime(
                ["2026-11-30", "2026-12-07", "2026-12-14", "", "2026-11-23", "2026-12-21"]
            ),
            "state": ["short", "late", "ok", "review", "ok", "ok"],
        }
    )


def order_table() -> Any:
    columns = {
        "product_id": "Product",
        "name": "Name",
        "supplier": "Supplier",
        "quantity": "Order, units|int",
        "value": "Value|money",
        "chance": "Chance of stock-out|pct",
        "week": "Runs out|week",
        "state": "State|status",
    }
    return table(
        products(),
        "Orders to place by Tuesday",
        columns,
        most=5,
        sort_by="value",
        total=["quantity", "value"],
        note="The chance of a stock-out holds before the order arrives.",
        export="order_plan",
    )


def claim_figure() -> Any:
    drawn = Figure(figsize=(8, 3.4))
    axes = drawn.subplots()
    weeks = range(12)
    axes.fill_between(
        weeks, [60 + w for w in weeks], [120 + 4 * w for w in weeks], color="#0072b2", alpha=0.2
    )
    axes.plot(weeks, [90 + 2.5 * w for w in weeks], color="#0072b2", linewidth=2)
    axes.axhline(105, color="#d55e00", linewidth=1.5)
    axes.text(0.1, 107, "stock on hand", color="#d55e00")
    axes.text(9, 100, "forecast", color="#0072b2")
    axes.set_title("Demand passes the stock in week 6", loc="left", fontweight="bold")
    axes.set_xlabel("weeks from now")
    axes.set_ylabel("units per week")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd")
    return figure(
        axes,
        "Forecast demand rises from 90 to 118 units a week and passes the stock of 105.",
        "Band: 80 % interval of the forecast; 640 series summed.",
    )


def code_cell(source: str, outputs: list[Any], *tags: str) -> Any:
    return v4.new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})


def weekly_notebook() -> Any:
    """Return the executed notebook."""
    said = headline(
        "Order 14 products worth 62,207 by Tuesday; two of them run out before the delivery.",
        "The forecast is 33 % closer than the seasonal naive.",
        "Review by hand: P077, which has returns only.",
        status="go with care",
    )
    baseline = [ratio_kpi("WAPE", 76000, 124050, ""), Kpi("MASE", 1.0, "")]
    numbers = tiles(kpis(), baseline, baseline_name="seasonal naive", intervals={"WAPE": (0.391, 0.435)})
    cells = [
        markdown(
            "# What will sell in the next 12 weeks?\n\nFor the **planner** who places orders on Tuesday. "
            "It does not decide on prices."
        ),
        code_cell("week = '2026-W47'  # ISO week\nhorizon = 12", [], "parameters"),
        code_cell("# Parameters\nhorizon = 12\n", [], "injected-parameters"),
        code_cell(
            "from helpers.contract import load_case\n\ncase = load_case('sample')",
            [output("stream", name="stderr", text="/x/y.py:3: UserWarning: \x1b[31mslow\x1b[0m\n")],
        ),
        markdown("## Recommendation"),
        code_cell("headline(*result.sentences())", [displayed(said)]),
        code_cell("tiles(result.kpis)", [displayed(numbers)]),
        code_cell("table(result.orders, ...)", [displayed(order_table())]),
        markdown("## Why\n\nDemand rises while the stock stays."),
        code_cell(
            "figure(plot_demand(result), alt=...)", [displayed(claim_figure()), displayed(claim_figure())]
        ),
        markdown("## How sure\n\n### Back-test\n\nThe last 13 weeks were forecast as seen from then."),
        code_cell(
            "print(result.backtest.summary())",
            [output("stream", name="stdout", text="13 origins, 640 series\n")],
        ),
        markdown("## Method\n\n$$ WAPE = Σ|F - A| ÷ ΣA $$\n\nA forecast is never better than its history."),
        code_cell("record_kpis(result.kpis)", [recorded(kpi_record(kpi)) for kpi in kpis()]),
    ]
    notebook = notebook_of(*cells)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell{number}"
    nbformat.validate(notebook)
    return notebook


def failed_notebook() -> Any:
    """Return the notebook as papermill leaves it after an error in its fifth code cell."""
    notebook = weekly_notebook()
    error = output(
        "error",
        ename="ValueError",
        evalue="stock: 'P014' has no site <b>W1</b>",
        traceback=["\x1b[31mValueError\x1b[0m", "  line 3 <module>"],
    )
    marker = markdown('<span style="color:red">An Exception was encountered</span>')
    marker.metadata["tags"] = ["papermill-error-cell-tag"]
    stopped = notebook.cells[:8]
    stopped[7]["outputs"] = [error]
    rest = [code_cell("table(result.orders)", [])]
    notebook.cells = [marker, *stopped, *rest]
    return notebook


def manifest(week: int = 47, **changes: Any) -> dict[str, Any]:
    """Return the manifest of a run."""
    facts: dict[str, Any] = {
        "run": f"2026-W{week}",
        "week": f"2026-W{week}",
        "scenario": "",
        "case": {
            "name": "sample",
            "as_of": "2026-11-15",
            "fingerprint": "3f9c2a71d0",
            "tables": {
                "orders": {"rows": 115000, "fingerprint": "ab12"},
                "stock": {"rows": 9120, "fingerprint": "cd34"},
            },
        },
        "status": "failed",
        "started": f"2026-11-16T06:{week}:00+00:00",
        "seconds": 41.2,
        "planbook": "0.1.0",
        "code_version": "2b48337",
        "packages": {"pandas": "2.3.3", "pulp": "4.2.0"},
        "parameters": {"week": f"2026-W{week}", "jobs": 2},
        "pages": [
            {
                "name": "0_data_check",
                "title": "Data check",
                "status": "ok",
                "seconds": 3.1,
                "html": "0_data_check.html",
                "notebook": "notebooks/0_data_check.ipynb",
                "headline": "Go with care: 14 of 15 checks passed.",
                "error": None,
                "records": [],
            },
            {
                "name": "1_demand_forecast",
                "title": "Demand forecast",
                "status": "ok",
                "seconds": 12.3,
                "html": "1_demand_forecast.html",
                "notebook": "notebooks/1_demand_forecast.ipynb",
                "headline": "Order 14 products worth 62,207 by Tuesday.",
                "error": None,
                "records": [
                    {
                        "name": "WAPE",
                        "value": 0.41 - week / 1000 + 0.047,
                        "unit": "share",
                        "better": "lower",
                        "definition": "absolute errors ÷ demand",
                        "window": "13 weeks",
                    },
                    {
                        "name": "bias",
                        "value": -0.021,
                        "unit": "share",
                        "better": "zero",
                        "definition": "",
                        "window": "",
                    },
                    {"name": "products to review", "value": 7, "unit": "count"},
                ],
            },
            {
                "name": "3_transport_plan",
                "title": "Transport plan",
                "status": "failed",
                "seconds": 1.0,
                "html": "3_transport_plan.html",
                "notebook": "notebooks/3_transport_plan.ipynb",
                "headline": "",
                "error": {"cell": 3, "name": "ValueError", "message": "lane L7 has no <b>distance</b>"},
                "records": [],
            },
            {
                "name": "6_partner_scorecard",
                "title": "Partner scorecard",
                "status": "skipped",
                "seconds": None,
                "html": "",
                "notebook": "",
                "headline": "",
                "error": None,
                "records": [],
            },
        ],
        "exports": [
            {"file": "exports/order_plan.csv", "bytes": 1234, "rows": 147},
            {"file": "exports/planbook.xlsx", "bytes": 1234567, "rows": None},
        ],
    }
    return {**facts, **changes}

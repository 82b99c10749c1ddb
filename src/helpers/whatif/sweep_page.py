"""What a sweep leaves: a tidy CSV, an Excel workbook, and a small page with sentences, chart and table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import pandas as pd

from helpers.report.exports import export_to, write_atomically
from helpers.report.formats import is_known, say, say_cell
from helpers.report.standalone import STANDALONE_STYLE
from helpers.report.tables import table
from helpers.report.workbook import write_workbook
from helpers.whatif.chart import Chart, Series, draw
from helpers.whatif.regret import Regret
from helpers.whatif.sweep import Sweep

_MOST_ROWS: Final = 60
_MOST_DRAWN: Final = 20
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;"
    "color:light-dark(#1c2024,#e8eaed);background:light-dark(#fff,#131619)}:root{color-scheme:light dark}"
    "svg{max-width:44rem;width:100%}table{border-collapse:collapse}td,th{border-bottom:1px solid #8884}"
)


def say_sweep(sweep: Sweep) -> tuple[str, ...]:
    """Return what a sweep found: how many points have a plan, the best, the cheapest, what is worth it."""
    total, planned = len(sweep.table), len(sweep.planned)
    points = "point" if total == 1 else "points"
    sentences = [f"{planned:,} of {total:,} {points} have a plan, the plan as it is among the points."]
    if planned == 0:
        return (*sentences, "So there is nothing to choose from; the reasons stand in the table.")
    best, cheapest = sweep.best, sweep.cheapest
    if best is not None and sweep.service:
        sentences.append(_say_point(sweep, best, f"Best {sweep.service}"))
    if cheapest is not None and sweep.cost:
        most = "Least" if sweep.better[sweep.cost] == "lower" else "Most"
        sentences.append(_say_point(sweep, cheapest, f"{most} {sweep.cost}"))
    if sweep.cost and sweep.service:
        count = int(sweep.table["efficient"].sum())
        sentences.append(
            f"{count:,} {'point is' if count == 1 else 'points are'} worth a look: no other one is at least "
            f"as good in {sweep.cost} and {sweep.service} and better in one of them."
        )
    gaps = sweep.planned["gap"].dropna()
    if len(gaps) and gaps.max() > 0:
        sentences.append(
            f"Plans are proven to within {say(float(gaps.max()), 'share')} of the best possible; "
            "differences smaller than that may be chance of the solver."
        )
    return tuple(sentences)


def write_sweep(sweep: Sweep, folder: Path, regrets: Regret | None = None) -> tuple[Path, ...]:
    """Write `sweep.csv`, `sweep.xlsx` and `sweep.html`, the regret in them where there is one."""
    exports = folder / "exports"
    units = {name: unit for name, unit in sweep.units.items() if unit}
    export_to(exports, sweep.table, "sweep", {**units, "gap": "share"}, f"Points of the sweep: {sweep.title}")
    if regrets is not None:
        plans = regrets.plans
        money = dict.fromkeys(("expected_loss", "worst_loss", "worst_regret", "expected_regret"), "money")
        export_to(exports, plans, "plans", money, "Plans, least expected loss first")
        tidy = _tidy(regrets)
        export_to(exports, tidy, "regret", {"loss": "money", "regret": "money", "chance": "share"}, "Regret")
    write_workbook(exports, folder / "sweep.xlsx", f"planbook sweep: {sweep.title}")
    write_atomically(folder / "sweep.csv", (exports / "sweep.csv").read_bytes())
    write_atomically(folder / "sweep.html", _page(sweep, regrets).encode())
    return tuple(folder / f"sweep.{kind}" for kind in ("html", "xlsx", "csv"))


def _tidy(regrets: Regret) -> pd.DataFrame:
    rows = [
        (
            plan,
            future,
            regrets.chances[future],
            regrets.losses.loc[plan, future],
            regrets.regrets.loc[plan, future],
        )
        for plan in regrets.losses.index
        for future in regrets.losses.columns
    ]
    return pd.DataFrame(rows, columns=["plan", "future", "chance", "loss", "regret"])


def _say_point(sweep: Sweep, point: pd.Series[Any], claim: str) -> str:
    names = [name for name in (sweep.service, sweep.cost) if name]
    figures = ", ".join(f"{name} {say(point[name], sweep.units[name])}" for name in names)
    return f"{claim}: {sweep.say(point)} ({figures})."


def _page(sweep: Sweep, regrets: Regret | None) -> str:
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in say_sweep(sweep))
    more = f"<h2>Plans against futures</h2>{regrets._repr_html_()}" if regrets is not None else ""
    title = escape(f"Sweep: {sweep.title}")
    body = f"<h1>{title}</h1>{said}{_drawn(sweep)}{_points(sweep)}{more}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title} · planbook</title><style>{_STYLE}</style>{STANDALONE_STYLE}</head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _ordered(sweep: Sweep) -> pd.DataFrame:
    """Return the points by cost, those without a plan last."""
    if not sweep.cost:
        return sweep.table
    rising = sweep.better[sweep.cost] == "lower"
    return sweep.table.sort_values(sweep.cost, ascending=rising, na_position="last", kind="stable")


def _points(sweep: Sweep) -> str:
    rows = _ordered(sweep)
    shown = pd.DataFrame({"setting": [sweep.say(row) for _, row in rows.iterrows()]})
    columns = {"setting": "Setting"}
    for place, (name, unit) in enumerate(sweep.units.items()):
        shown[f"kpi {place}"] = [say(value, unit) if is_known(value) else "" for value in rows[name]]
        columns[f"kpi {place}"] = name
    shown["worth"] = ["worth a look" if good else "" for good in rows["efficient"]]
    shown["status"] = rows["status"].to_numpy()
    shown["gap"] = rows["gap"].to_numpy()
    shown["reason"] = rows["reason"].to_numpy()
    columns |= {"worth": "", "status": "Status", "gap": "Gap|pct", "reason": "Why there is no plan"}
    note = f"By {sweep.cost}. " if sweep.cost else ""
    listed = table(
        shown, "All points", columns, most=_MOST_ROWS, note=f"{note}All rows: sweep.csv, sweep.xlsx."
    )
    return listed._repr_html_().removeprefix(STANDALONE_STYLE)


def _drawn(sweep: Sweep) -> str:
    """Return the chart: cost per point, of the points worth a look where there are many."""
    name = sweep.cost or next(iter(sweep.units), "")
    rows = sweep.planned.dropna(subset=[name]) if name else sweep.planned
    if len(rows) < 2:
        return ""
    if len(rows) > _MOST_DRAWN:
        rows = rows[rows["efficient"] | rows["is_plan"]]
    rows = rows.head(_MOST_DRAWN)
    plan = sweep.table.loc[sweep.table["is_plan"], name].iloc[0]
    values = tuple(float(value) for value in rows[name])
    series = [Series("each point", values, "setting")]
    if is_known(plan):
        series.insert(0, Series("the plan", (float(plan),) * len(values), "plan"))
    labels = tuple(_label(sweep, row) for _, row in rows.iterrows())
    chart = Chart("bars", _claim(sweep, name), labels, tuple(series), sweep.units[name], name)
    return f"<h2>{escape(chart.title)}</h2>{draw(chart).svg(chart.alt)}"


def _label(sweep: Sweep, row: pd.Series[Any]) -> str:
    if row["is_plan"]:
        return "as planned"
    parts: Sequence[str] = [
        say_cell(row[axis.name], "text") if isinstance(row[axis.name], str) else f"{row[axis.name]:g}"
        for axis in sweep.axes
    ]
    return " · ".join(part or "none" for part in parts)


def _claim(sweep: Sweep, name: str) -> str:
    values = sweep.planned[name].dropna()
    unit = sweep.units[name]
    low, high = say(float(values.min()), unit), say(float(values.max()), unit)
    return f"{name}: {low} at every point" if low == high else f"{name}: from {low} to {high}"

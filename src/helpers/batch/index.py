"""The index of one run and the index over all runs, made from manifests alone.

A manifest is data: whatever stands in it is escaped, and a field that is missing reads "not known".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from helpers.batch.pages import plain_value, render_template
from helpers.report.formats import GAP, NOT_KNOWN, is_known, say
from helpers.report.history import say_since, sparkline
from helpers.report.tiles import title_of

_MOST_TILES: Final = 8
_JUDGED: Final = frozenset({"higher", "lower", "zero", "target"})

Manifest = Mapping[str, Any]


def render_run_index(manifest: Manifest, earlier: Sequence[Manifest] = ()) -> str:
    """Return `index.html` of a run: its verdicts, KPIs, pages, exports and how it was made.

    Parameters
    ----------
    manifest
        The run, as in `run.json`.
    earlier
        Manifests of earlier runs, in any order; those of the same case give differences and sparklines. For
        a scenario the base run of the same week on the same data, or nothing.
    """
    line = [run for run in _in_order(earlier) if _is_same_line(run, manifest)]
    if manifest.get("scenario"):
        base = [run for run in line if run.get("run") == manifest.get("compared_with")]
        kpis = _kpi_views([*base, manifest], is_scenario=True)
    else:
        kpis = _kpi_views([*(run for run in line if _start(run) < _start(manifest)), manifest])
    return render_template("run.html.j2", run=_run_view(manifest), kpis=kpis)


def render_reports_index(manifests: Sequence[Manifest]) -> str:
    """Return `reports/index.html`: all runs, newest first, grouped by case, with KPIs over time."""
    newest_first = list(reversed(_in_order(manifests)))
    names = list(dict.fromkeys(_case(run).get("name", NOT_KNOWN) for run in newest_first))
    cases = [
        _case_view(name, [run for run in newest_first if _case(run).get("name", NOT_KNOWN) == name])
        for name in names
    ]
    return render_template("reports.html.j2", cases=cases)


def kpi_values(manifest: Manifest) -> dict[str, float | None]:
    """Return the KPIs of a run by name; the first page that reports a KPI counts."""
    return {name: record.get("value") for name, record in _kpis(manifest).items()}


def kpi_history(manifests: Sequence[Manifest]) -> dict[str, list[float | None]]:
    """Return each KPI over runs, in the order given; `None` where a run does not have it."""
    runs = [kpi_values(manifest) for manifest in manifests]
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: [run.get(name) for run in runs] for name in names}


def _run_view(manifest: Manifest) -> dict[str, Any]:
    """Return what the index of a run shows."""
    case = _case(manifest)
    return {
        "name": manifest.get("run", NOT_KNOWN),
        "week": manifest.get("week", NOT_KNOWN),
        "scenario": manifest.get("scenario", ""),
        "note": manifest.get("note", ""),
        "changes": manifest.get("changes") or [],
        "against": f"the base run {base}" if (base := manifest.get("compared_with")) else "",
        "case_name": case.get("name", NOT_KNOWN),
        "as_of": case.get("as_of", NOT_KNOWN),
        "status": manifest.get("status", "failed"),
        "summary": _summary(manifest),
        "pages": [_page_view(page) for page in manifest.get("pages", [])],
        "exports": [{**item, "rows_text": _count(item.get("rows"))} for item in manifest.get("exports", [])],
        "tables": [
            {**facts, "name": name, "rows_text": _count(facts.get("rows"))}
            for name, facts in (case.get("tables") or {}).items()
        ],
        "facts": [
            ("Started", _moment(manifest.get("started", ""))),
            ("planbook", manifest.get("planbook", "")),
            ("Code version", manifest.get("code_version", "")),
            ("Data fingerprint", case.get("fingerprint", "")),
        ],
        "parameters": _pairs(manifest.get("parameters")),
        "packages": _pairs(manifest.get("packages")),
        "seconds": manifest.get("seconds"),
    }


def _page_view(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list shows of a page, with every field present."""
    error = page.get("error")
    return {
        "title": page.get("title") or page.get("name", NOT_KNOWN),
        "status": page.get("status", "failed"),
        "seconds": page.get("seconds"),
        "html": page.get("html", ""),
        "notebook": page.get("notebook", ""),
        "headline": page.get("headline", ""),
        "error": {"name": "Error", "message": "", "cell": None, **error} if error else None,
    }


def _case_view(name: str, newest_first: Sequence[Manifest]) -> dict[str, Any]:
    """Return what the index over all runs shows of one case; scenarios stay out of the line over time."""
    line = [run for run in reversed(newest_first) if not run.get("scenario")]
    return {"name": name, "kpis": _kpi_views(line), "runs": [_run_line(run) for run in newest_first]}


def _run_line(manifest: Manifest) -> dict[str, Any]:
    """Return one run of the list: where it is, how it went, and its last verdict."""
    name = str(manifest.get("run", NOT_KNOWN))
    verdicts = [page.get("headline") for page in manifest.get("pages", []) if page.get("headline")]
    return {
        "name": name,
        "scenario": manifest.get("scenario", ""),
        "changes": "; ".join(manifest.get("changes") or []),
        "href": f"{name}/index.html",
        "status": manifest.get("status", "failed"),
        "seconds": manifest.get("seconds"),
        "headline": verdicts[-1] if verdicts else "",
        "summary": _summary(manifest),
    }


def _kpi_views(oldest_first: Sequence[Manifest], *, is_scenario: bool = False) -> list[dict[str, Any]]:
    """Return the tiles of the last run: value, line over the runs, difference to the run before.

    A scenario has a base and no past: it gets the difference to the base, and no line over time.
    """
    if not oldest_first:
        return []
    history = kpi_history(oldest_first)
    before_run = str(oldest_first[-2].get("run", "the run before")) if len(oldest_first) > 1 else ""
    latest = list(_kpis(oldest_first[-1]).items())[:_MOST_TILES]
    if is_scenario:
        before_run = f"the base run {before_run}" if before_run else ""
    tiles = [_kpi_view(name, record, history[name], before_run) for name, record in latest]
    return [{**tile, "line": Markup()} for tile in tiles] if is_scenario else tiles


def _kpi_view(
    name: str, record: Mapping[str, Any], values: Sequence[float | None], before_run: str
) -> dict[str, Any]:
    unit, better, value = record.get("unit", ""), record["better"], values[-1]
    before = values[-2] if len(values) > 1 else None
    return {
        "name": title_of(name),
        "about": record.get("definition", ""),
        "window": record.get("window", ""),
        "value": say(value, unit, signed=better == "zero"),
        "known": is_known(value),
        "line": sparkline(values, f"{name} over {len(values)} runs", unit),
        "since": say_since(value, before, unit, better, record.get("target"), before_run)
        if before_run
        else Markup(),
    }


def _kpis(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Return the records of a run that are KPIs: numbers with a direction."""
    found: dict[str, Mapping[str, Any]] = {}
    for record in _records(manifest):
        value = record.get("value")
        is_number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        if record.get("better") in _JUDGED and is_number:
            found.setdefault(str(record.get("name", NOT_KNOWN)), record)
    return found


def _records(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    for page in manifest.get("pages", []):
        yield from page.get("records") or []


def _summary(manifest: Manifest) -> str:
    """Return in one sentence how the pages went."""
    statuses = [page.get("status") for page in manifest.get("pages", [])]
    complete, count = statuses.count("ok"), len(statuses)
    parts = [f"{complete} of {count} pages complete"]
    parts += [f"{statuses.count(word)} {word}" for word in ("failed", "skipped") if word in statuses]
    seconds = manifest.get("seconds")
    took = f" in {seconds:.0f}\N{NO-BREAK SPACE}s" if is_known(seconds) else ""
    return f"{', '.join(parts)}{took}. Data as of {_case(manifest).get('as_of', NOT_KNOWN)}."


def _case(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.get("case") or {}


def _is_same_line(run: Manifest, other: Manifest) -> bool:
    """Return whether two runs belong to one line over time: same case, and no what-if among the earlier."""
    return _case(run).get("name") == _case(other).get("name") and not run.get("scenario")


def _start(manifest: Manifest) -> tuple[str, str]:
    return str(manifest.get("week", "")), str(manifest.get("started", ""))


def _in_order(manifests: Sequence[Manifest]) -> list[Manifest]:
    """Return runs by week, then by start: a late rerun of an old week does not become the newest."""
    return sorted(manifests, key=_start)


def _pairs(values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(str(name), plain_value(value)) for name, value in (values or {}).items()]


def _count(rows: object) -> str:
    return f"{rows:,}" if isinstance(rows, int) else GAP


def _moment(text: str) -> str:
    """Return a moment for a reader: `2026-11-16 06:00` rather than with T and microseconds."""
    return text.replace("T", " ")[:16]

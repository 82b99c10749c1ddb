"""Turn executed notebooks into what people open: pages, workbook, manifest, index of the run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from helpers.batch.execute import Outcome
from helpers.batch.index import kpi_history, kpi_values, render_run_index
from helpers.batch.manifest import (
    base_run,
    describe_software,
    earlier_runs,
    hash_files,
    read_manifests,
    write_manifest,
)
from helpers.batch.notebooks import Notebook
from helpers.batch.pages import PageContext, PageFailure, PageLink, plain_value, render_page
from helpers.batch.records import read_headline, read_records
from helpers.contract import Case
from helpers.report import say_changes, write_workbook


def publish_run(
    *,
    staging: Path,
    reports: Path,
    notebooks: Sequence[Notebook],
    outcomes: Mapping[str, Outcome],
    case: Case,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Write everything of a run beside its executed notebooks in `staging`; return the manifest."""
    pages = [_describe_page(notebook, outcomes[notebook.name], staging) for notebook in notebooks]
    before = _runs_before(read_manifests(reports), case, facts)
    _write_pages(pages, before, case, facts, staging)
    exports = staging / "exports"
    if exports.is_dir() and any(exports.glob("*.csv")):
        write_workbook(
            exports, exports / f"planbook-{facts['run']}.xlsx", f"planbook {facts['run']}, {case.name}"
        )
    manifest = {
        "run": facts["run"],
        "week": facts["week"],
        "scenario": facts["scenario"],
        "note": facts["note"],
        "what_if": facts["what_if"],
        "changes": list(_changes(facts)),
        "compared_with": before[-1]["run"] if before else "",
        "status": "failed" if any(page["status"] == "failed" for page in pages) else "ok",
        "started": facts["started"],
        "case": _describe_case(case),
        **describe_software(),
        "parameters": facts["parameters"],
        "pages": pages,
        "exports": _describe_exports(exports),
        "files": hash_files(staging),
        "seconds": round(time.perf_counter() - facts["clock"], 1),
    }
    write_manifest(staging, manifest)
    (staging / "index.html").write_text(render_run_index(manifest, before), encoding="utf-8")
    return manifest


def _runs_before(
    manifests: Sequence[dict[str, Any]], case: Case, facts: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what the figures are held against: earlier weeks, or for a scenario the base of this week."""
    if not facts["scenario"]:
        return earlier_runs(manifests, case.name, facts["run"])
    base = base_run(manifests, case.fingerprint, facts["week"])
    return [base] if base else []


def _changes(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a scenario changes, in words: its controls, then notebook parameters by their names."""
    own = [f"{name} = {plain_value(value)}" for name, value in facts["changed_parameters"].items()]
    return (*say_changes(facts["what_if"]), *own)


def _describe_page(notebook: Notebook, outcome: Outcome, staging: Path) -> dict[str, Any]:
    executed = staging / "notebooks" / notebook.path.name
    node = nbformat.read(executed, as_version=4) if executed.exists() else nbformat.v4.new_notebook()
    return {
        "name": notebook.name,
        "title": notebook.title,
        "status": outcome.status,
        "seconds": outcome.seconds,
        "html": f"{notebook.name}.html",
        "notebook": "" if outcome.status == "skipped" else f"notebooks/{notebook.path.name}",
        "headline": read_headline(node),
        "error": dict(outcome.error) if outcome.error else None,
        "records": read_records(node),
    }


def _describe_case(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "as_of": case.as_of.isoformat(),
        "first_day": case.first_day.isoformat(),
        "fingerprint": case.fingerprint,
        "findings": len(case.findings),
        "tables": {
            name: {"rows": file.rows, "rows_read": file.rows_read, "fingerprint": file.fingerprint}
            for name, file in case.files.items()
        },
    }


def _describe_exports(folder: Path) -> list[dict[str, Any]]:
    files = sorted(path for path in folder.glob("*") if path.suffix in {".csv", ".xlsx"})
    return [
        {"file": f"exports/{path.name}", "bytes": path.stat().st_size, "rows": _count_rows(path)}
        for path in files
    ]


def _count_rows(path: Path) -> int | None:
    if path.suffix != ".csv":
        return None
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _write_pages(
    pages: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
    case: Case,
    facts: Mapping[str, Any],
    staging: Path,
) -> None:
    links = [PageLink(page["name"], page["title"], page["html"], page["status"]) for page in pages]
    software = describe_software()
    for page in pages:
        if page["status"] == "skipped":
            continue
        executed = staging / page["notebook"]
        node = nbformat.read(executed, as_version=4) if executed.exists() else nbformat.v4.new_notebook()
        error = page["error"]
        context = PageContext(
            name=page["name"],
            title=page["title"],
            week=facts["run"],
            case_name=case.name,
            as_of=case.as_of.isoformat(),
            planbook_version=software["planbook"],
            failure=PageFailure(error["name"], error["message"], error["cell"]) if error else None,
            pages=links,
            parameters=facts["parameters"][page["name"]],
            fingerprint=case.fingerprint,
            code_version=software["code_version"],
            checks=_say_checks(case),
            before=kpi_values(before[-1]) if before else {},
            before_run=_say_before(before, facts),
            history={} if facts["scenario"] else kpi_history(before),
            scenario=facts["scenario"],
            note=facts["note"],
            changes=_changes(facts),
            compared=bool(before),
        )
        (staging / page["html"]).write_text(render_page(node, context), encoding="utf-8")


def _say_before(before: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    if not before:
        return "the run before"
    return f"the base run {before[-1]['run']}" if facts["scenario"] else str(before[-1]["run"])


def _say_checks(case: Case) -> str:
    aside = sum(file.rows_read - file.rows for file in case.files.values())
    if not case.findings:
        return "all rows passed"
    return f"{aside:,} {'row' if aside == 1 else 'rows'} set aside" if aside else "passed, with notes"

"""`run_report`: read the data once, run the pages in parallel, and put the report in place whole."""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from helpers.batch.execute import Job, Outcome, execute, prepare_worker
from helpers.batch.notebooks import Notebook, find_notebooks, project_folder, select_notebooks
from helpers.batch.parameters import Parameter, assign_parameters, own_values
from helpers.batch.place import put_in_place, refuse_foreign, staging_folder, write_in_place
from helpers.batch.publish import publish_run
from helpers.batch.weeks import cutoff_of, decision_week, monday_of
from helpers.cluster import CLUSTER_VARIABLE, check_cluster
from helpers.contract.case import Case
from helpers.contract.client import EXPORTS_VARIABLE, Client, at_client
from helpers.contract.controls import check_what_if
from helpers.contract.load import load_case, snapshot_environment
from helpers.contract.readiness import missing_for
from helpers.contract.scenarios import Scenario, check_name, read_scenario, scenarios_folder
from helpers.errors import ParameterError
from helpers.memory import FORGET_VARIABLE, prune_memory

SAMPLE = "data/sample"
UNNAMED = "what-if"  # scenario of a run that changes something and was given no name


@dataclass(frozen=True)
class RunSettings:
    """What a run is asked for.

    Parameters
    ----------
    source
        As `load_case` takes it; blank for the client's data, or the sample case.
    week
        ISO week to decide; blank for the week after the data.
    scenario
        Name of `scenarios/<name>.yaml`, or a label for the values given; blank for the base run.
    parameters
        Values for the notebooks' parameters cells; `what_if` is the changes of a scenario, and goes over
        those of the scenario's file.
    pages
        Pages wanted, by name or number; all where empty.
    jobs
        Pages at a time; 0 for the number of cores.
    force
        Whether remembered results are computed anew.
    reports
        Folder of all reports; blank for `reports` in the project.
    cluster
        Address of a Dask scheduler that the pages may hand their heavy work to; blank for none.
    client
        Whose folder gives own parameters and scenarios and keeps the reports; None for the project's.
    """

    source: str = ""
    week: str = ""
    scenario: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pages: Sequence[str] = ()
    jobs: int = 0
    force: bool = False
    reports: Path | None = None
    cluster: str = ""
    client: Client | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot name a run."""
        if not self.source:
            object.__setattr__(self, "source", self.client.source if self.client else SAMPLE)
        if self.week:
            monday_of(self.week)
        if self.scenario:
            check_name(self.scenario)
        if "source" in self.parameters:
            raise ParameterError("The source is given by --data, once for all pages; take it out of -p.")
        if self.jobs < 0:
            raise ParameterError(f"--jobs takes 0 (one per core) or more; got {self.jobs}.")


@dataclass(frozen=True)
class Report:
    """Where a finished run stands and how its pages went."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the pages that failed."""
        return tuple(page["name"] for page in self.manifest["pages"] if page["status"] == "failed")


def run_report(settings: RunSettings, tell: Callable[[Outcome, int], None] | None = None) -> Report:
    """Run the pages of the suite on a source and return the report that is now in place.

    Parameters
    ----------
    settings
        What is asked for.
    tell
        Called after each page with its outcome and the number of pages in all.

    Raises
    ------
    PlanbookError
        Before any kernel starts: the source, a parameter or a page name is wrong.
    """
    with at_client(settings.client):
        return _run_report(settings, tell)


def _run_report(settings: RunSettings, tell: Callable[[Outcome, int], None] | None) -> Report:
    started, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    project = project_folder()
    suite = find_notebooks(project)
    notebooks = select_notebooks(suite, settings.pages)
    scenario = _scenario(settings)
    settings = replace(settings, scenario=scenario.name)
    own = own_values(_declared(suite), settings.client.parameters() if settings.client else {})
    values = _scenario_values(settings, scenario, suite, notebooks)
    assign_parameters(_declared(notebooks), values, own)
    reports = settings.reports or (settings.client.reports if settings.client else project / "reports")
    if settings.cluster:
        check_cluster(settings.cluster)
    with _Workers(settings, notebooks) as workers:
        case = load_case(settings.source)
        week = settings.week or decision_week(case.as_of)
        name = f"{week}-{settings.scenario}" if settings.scenario else week
        values = {"source": settings.source, **_cutoff_value(settings, notebooks), **values}
        assigned = assign_parameters(_declared(notebooks), values, own)
        refuse_foreign(reports / name)
        with staging_folder(reports, name) as staging:
            environment = _environment(settings, staging, snapshot_environment(settings.source, case))
            jobs = [_job(notebook, staging, assigned[notebook.name], environment) for notebook in notebooks]
            skipped = _skipped(case, notebooks)
            jobs = [job for job in jobs if job.name not in skipped]
            outcomes = list(skipped.values())
            for outcome in _run_jobs(jobs, _needs(jobs, notebooks), workers):
                outcomes.append(outcome)
                if tell:
                    tell(outcome, len(jobs))
            manifest = publish_run(
                staging=staging,
                reports=reports,
                notebooks=notebooks,
                outcomes={outcome.name: outcome for outcome in outcomes},
                case=case,
                facts={
                    "run": name,
                    "week": week,
                    "scenario": settings.scenario,
                    "note": scenario.note,
                    "what_if": dict(scenario.what_if),
                    "changed_parameters": dict(scenario.parameters) if scenario.name else {},
                    "started": started.isoformat(timespec="seconds"),
                    "clock": clock,
                    "parameters": {notebook.name: assigned[notebook.name] for notebook in notebooks},
                },
            )
            put_in_place(staging, reports / name)
    refresh_index(reports)
    prune_memory()
    return Report(reports / name, manifest)


def refresh_index(reports: Path) -> Path:
    """Write `index.html` over all finished runs and return its path."""
    from helpers.batch.index import render_reports_index
    from helpers.batch.manifest import read_manifests

    path = reports / "index.html"
    write_in_place(path, render_reports_index(read_manifests(reports)))
    return path


def _declared(notebooks: Sequence[Notebook]) -> dict[str, Any]:
    return {notebook.name: notebook.parameters for notebook in notebooks}


def _scenario(settings: RunSettings) -> Scenario:
    """Return what the run changes: the scenario's file, with what was given by -p over it."""
    path = scenarios_folder() / f"{settings.scenario}.yaml"
    given = {name: value for name, value in settings.parameters.items() if name != "what_if"}
    changes = _given_changes(settings.parameters.get("what_if", {}))
    if not settings.scenario:
        return Scenario(UNNAMED if changes else "", "", changes, given)
    if not path.is_file() and not settings.parameters:
        raise ParameterError(
            f"No scenario '{settings.scenario}': no file scenarios/{path.name}, and no value given by -p."
        )
    kept = read_scenario(path) if path.is_file() else Scenario(settings.scenario)
    return replace(kept, what_if={**kept.what_if, **changes}, parameters={**kept.parameters, **given})


def _given_changes(value: Any) -> dict[str, float | str | bool]:
    return check_what_if(Parameter("what_if", "dict", {}, "control: value").accept(value))


def _scenario_values(
    settings: RunSettings, scenario: Scenario, suite: Sequence[Notebook], pages: Sequence[Notebook]
) -> dict[str, Any]:
    """Return the values for the pages that are run; a scenario's file may name parameters of others too."""
    changes = {"what_if": dict(scenario.what_if)} if scenario.what_if else {}
    values = {**scenario.parameters, **changes}
    assign_parameters(_declared(suite), values)
    here = {p.name for notebook in pages for p in notebook.parameters} | set(settings.parameters)
    return {name: value for name, value in values.items() if name in here}


def _cutoff_value(settings: RunSettings, notebooks: Sequence[Notebook]) -> dict[str, str]:
    """A week that was asked for must not see beyond itself; else each page takes what the data give."""
    takes_cutoff = any(p.name == "cutoff" for notebook in notebooks for p in notebook.parameters)
    if not (settings.week and takes_cutoff):
        return {}
    return {"cutoff": cutoff_of(settings.week).isoformat()}


def _environment(settings: RunSettings, staging: Path, snapshot: Mapping[str, str]) -> dict[str, str]:
    forget = {FORGET_VARIABLE: uuid.uuid4().hex} if settings.force else {}
    cluster = {CLUSTER_VARIABLE: settings.cluster} if settings.cluster else {}
    return {EXPORTS_VARIABLE: str(staging / "exports"), **snapshot, **forget, **cluster}


def _job(
    notebook: Notebook, staging: Path, parameters: Mapping[str, Any], environment: Mapping[str, str]
) -> Job:
    (staging / "notebooks").mkdir(exist_ok=True)
    output = staging / "notebooks" / notebook.path.name
    return Job(notebook.name, notebook.path, output, parameters, environment)


def _skipped(case: Case, notebooks: Sequence[Notebook]) -> dict[str, Outcome]:
    """Pages whose tables are not there: no failure, but said."""
    found = {}
    for notebook in notebooks:
        missing = missing_for(case, notebook.name)
        if missing:
            why = {"cell": None, "name": "Left out", "message": f"the data hold no {missing}"}
            found[notebook.name] = Outcome(notebook.name, "skipped", 0.0, why)
    return found


def _needs(jobs: Sequence[Job], notebooks: Sequence[Notebook]) -> dict[str, list[str]]:
    there = {job.name for job in jobs}
    needs = {notebook.name: notebook.needs for notebook in notebooks}
    return {job.name: [name for name in needs[job.name] if name in there] for job in jobs}


class _Workers:
    """A pool of worker processes that can be replaced when one of them is killed."""

    def __init__(self, settings: RunSettings, notebooks: Sequence[Notebook]) -> None:
        self.jobs = max(1, min(settings.jobs or os.cpu_count() or 1, len(notebooks)))
        self.pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn"), initializer=prepare_worker)
        # The workers import papermill while the driver still reads the data.
        for _ in range(self.jobs):
            pool.submit(os.getpid)
        return pool

    def restart(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.pool = self._start()

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


def _run_jobs(
    jobs: Sequence[Job],
    needs: Mapping[str, list[str]],
    workers: _Workers,
) -> Iterator[Outcome]:
    """Run jobs in parallel, each after those it needs; yield outcomes as they come."""
    by_name = {job.name: job for job in jobs}
    order = TopologicalSorter(needs)
    order.prepare()
    running: dict[Future[Outcome], str] = {}
    while order.is_active():
        for name in order.get_ready():
            running[workers.pool.submit(execute, by_name[name])] = name
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        broken = False
        for future in finished:
            name = running.pop(future)
            outcome = _outcome(future, name)
            broken = broken or isinstance(future.exception(), BrokenProcessPool)
            order.done(name)
            yield outcome
        if broken:
            workers.restart()


def _outcome(future: Future[Outcome], name: str) -> Outcome:
    """A worker that was killed or that raised leaves a failed page, never a failed run."""
    error = future.exception()
    if error is None:
        return future.result()
    what = {"cell": None, "name": type(error).__name__, "message": str(error) or "the worker was killed"}
    return Outcome(name, "failed", 0.0, what)

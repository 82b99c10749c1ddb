"""The command `planbook`: thin commands over the rooms; every error in words, with its exit code."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import click

from helpers import __version__
from helpers.commands.app import app
from helpers.commands.desk import lab, new_client
from helpers.commands.sweep import sweep
from helpers.errors import PageError, ParameterError, PlanbookError


class _PlainErrors(click.Group):
    """Show our own errors as a sentence and end with their exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except PlanbookError as error:
            click.echo(f"planbook: {error}", err=True)
            sys.exit(error.exit_code)


@click.group(cls=_PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="planbook")
def main() -> None:
    """Turn a reseller's ERP and CRM exports into the week's decisions."""
    # Without compiled files every kernel of every run would pay seconds for its imports.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


for _command in (sweep, lab, app, new_client):
    main.add_command(_command)


@main.command()
@click.option(
    "--data",
    "source",
    default="",
    show_default="data/sample, or the client's",
    help="Folder, workbook, database file, or env:NAME of a database URL.",
)
@click.option(
    "--client",
    type=click.Path(path_type=Path, file_okay=False),
    help="The client's folder: its data, parameters, scenarios and reports.",
)
@click.option(
    "--week", default="", help="ISO week to decide, such as 2026-W47. Default: the week after the data."
)
@click.option(
    "--scenario", default="", help="Name of scenarios/NAME.yaml, or a label for the values given by -p."
)
@click.option(
    "-p",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value for a notebook's parameter. May be repeated.",
)
@click.option("--pages", default="", help="Pages by name or number, separated by commas. Default: all.")
@click.option("--jobs", default=0, show_default="the cores", help="Pages at a time.")
@click.option("--force", is_flag=True, help="Compute remembered results anew.")
@click.option(
    "--cluster", default="", help="Address of a Dask scheduler for the heavy work, such as tcp://host:8786."
)
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the reports. Default: reports.",
)
def run(  # one option, one argument
    source: str,
    client: Path | None,
    week: str,
    scenario: str,
    assignments: Sequence[str],
    pages: str,
    jobs: int,
    force: bool,
    cluster: str,
    reports: Path | None,
) -> None:
    """Run the notebooks on your data and leave a report pack."""
    from helpers.batch.parameters import parse_assignments
    from helpers.batch.progress import Progress
    from helpers.batch.run import RunSettings, run_report
    from helpers.contract.client import read_client

    settings = RunSettings(
        source=source,
        week=week,
        scenario=scenario,
        parameters=parse_assignments(assignments),
        pages=tuple(name.strip() for name in pages.split(",") if name.strip()),
        jobs=jobs,
        force=force,
        reports=reports,
        cluster=cluster,
        client=read_client(client) if client else None,
    )
    with Progress() as progress:
        report = run_report(settings, progress.tell)
    click.echo(f"Report: {report.folder / 'index.html'}")
    if report.manifest["changes"]:
        click.echo(f"What-if, not the plan: {'; '.join(report.manifest['changes'])}.")
    click.echo("Open it with: planbook open" + (f' --reports "{report.folder.parent}"' if client else ""))
    for page in report.manifest["pages"]:
        if page["status"] == "skipped":
            click.echo(f"{page['title']} was left out: {page['error']['message']}.")
    if report.failed:
        total = len(report.manifest["pages"])
        raise PageError(f"{len(report.failed)} of {total} pages failed: {', '.join(report.failed)}.")


@main.command()
@click.argument("source", default="data/sample")
@click.option(
    "--quarantine",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows set aside to this CSV file.",
)
def check(source: str, quarantine: Path | None) -> None:
    """Check data against the contract and print all findings."""
    from helpers.contract import load_case

    case = load_case(source)
    for name, file in case.files.items():
        aside = file.rows_read - file.rows
        click.echo(f"{name:16} {file.rows:>12,} good rows" + (f", {aside:,} set aside" if aside else ""))
    click.echo(f"\nOrders from {case.first_day} to {case.as_of}. Fingerprint {case.fingerprint}.")
    click.echo(f"{len(case.findings)} findings" + (":" if case.findings else "."))
    for finding in case.findings:
        click.echo(f"  {finding.action:11} {finding}")
    if quarantine:
        from helpers.report import write_csv

        write_csv(case.quarantine, quarantine)
        click.echo(f"Rows set aside: {quarantine}")


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def template(directory: Path) -> None:
    """Write empty tables and the data dictionary, to be filled in."""
    from helpers.contract.dictionary import write_templates

    written = write_templates(directory)
    click.echo(f"{len(written)} files in {directory}. Fill in at least products, sites and orders.")


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=0, show_default=True, help="Another seed gives another case.")
@click.option("--size", default="default", show_default=True, type=click.Choice(["tiny", "default", "large"]))
def sample(directory: Path, seed: int, size: str) -> None:
    """Make a sample case with known hidden truth."""
    from helpers.contract.sample import write_sample

    written = write_sample(directory, seed=seed, size=size)
    total = sum(path.stat().st_size for path in written)
    click.echo(f"{len(written)} files, {total / 1e6:.1f} MB in {directory}.")


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Render again and compare; change nothing.")
def render(only_check: bool) -> None:
    """Execute the committed notebooks on the sample case and save their outputs."""
    from helpers.batch.notebooks import project_folder
    from helpers.batch.render import render_notebooks

    changed = render_notebooks(project_folder(), write=not only_check)
    if only_check and changed:
        raise PageError(
            f"Outputs differ from what the code gives: {', '.join(changed)}. Run 'planbook render'."
        )
    click.echo(
        f"{len(changed)} notebooks changed." if changed else "All notebooks are as the code gives them."
    )


@main.command(name="open")
@click.option("--reports", type=click.Path(path_type=Path, file_okay=False), help="Folder of the reports.")
def open_reports(reports: Path | None) -> None:
    """Open the index of all reports in the browser."""
    from helpers.batch.notebooks import project_folder

    index = (reports or project_folder() / "reports") / "index.html"
    if not index.is_file():
        raise ParameterError(f"{index}: no report yet. Make one with 'planbook run'.")
    if not webbrowser.open(index.resolve().as_uri()):
        click.echo(f"No browser could be opened. The index is {index.resolve()}")


if __name__ == "__main__":
    main()

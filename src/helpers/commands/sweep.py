"""`planbook sweep`: plan a grid of settings in batch, and hold plans against futures."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpers.errors import ParameterError

if TYPE_CHECKING:
    from helpers.contract.client import Client
    from helpers.whatif.axes import Axis
    from helpers.whatif.controls import Settings
    from helpers.whatif.prepare import Prepared
    from helpers.whatif.regret import Losses, Regret
    from helpers.whatif.sweep import Sweep

MOST_FUTURES = 200


@click.command()
@click.option(
    "--over",
    "specs",
    multiple=True,
    required=True,
    metavar="NAME=START:STOP:STEP",
    help="Control and its values: a range with both ends, or a list. May be repeated.",
)
@click.option(
    "--futures",
    "worlds",
    multiple=True,
    metavar="NAME=VALUES",
    help="What may happen: holds every plan of the grid against it. May be repeated.",
)
@click.option("--decision", default="", help="Decision to plan. Default: the one that --over belongs to.")
@click.option("--data", "source", default="", help="As for run. Default: data/sample, or the client's.")
@click.option(
    "--client", "folder", type=click.Path(path_type=Path, file_okay=False), help="The client's folder."
)
@click.option(
    "-p", "assignments", multiple=True, metavar="NAME=VALUE", help="Value for the notebook's parameter."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the results.")
@click.option("--jobs", default=0, show_default="the cores", help="Processes at most.")
@click.option("--force", is_flag=True, help="Plan points anew that an earlier sweep planned.")
def sweep(  # one option, one argument
    specs: Sequence[str],
    worlds: Sequence[str],
    decision: str,
    source: str,
    folder: Path | None,
    assignments: Sequence[str],
    out: Path | None,
    jobs: int,
    force: bool,
) -> None:
    """Plan a grid of settings of one decision, and say which is best, cheapest and hurts least."""
    from helpers.contract.client import at_client, read_client
    from helpers.whatif.axes import decision_of
    from helpers.whatif.prepare import PAGES

    axes, futures = _read(specs, worlds)
    name = decision or decision_of(axes)
    if name not in PAGES:
        raise ParameterError(f"There is no decision '{name}'. Decisions: {', '.join(PAGES)}.")
    if jobs < 0:
        raise ParameterError(f"--jobs takes 0 (one per core) or more; got {jobs}.")
    client = read_client(folder) if folder else None
    values = _values(PAGES[name], client, assignments)
    with at_client(client):
        prepared = _prepare(name, source or (client.source if client else "data/sample"), values)
        if futures and prepared.losses is None:
            raise ParameterError(
                f"--futures: what a plan of '{name}' loses in another world is not known; "
                "take the futures out, or sweep inventory."
            )
        found = _run(prepared, axes, jobs or os.cpu_count() or 1, force=force)
        regrets = _regret(prepared.losses, found, futures) if futures and prepared.losses else None
    _report(found, regrets, out or _default_folder(client, name))


def _read(specs: Sequence[str], worlds: Sequence[str]) -> tuple[tuple[Axis, ...], tuple[Axis, ...]]:
    """Return grid and futures; whatever is wrong with either is said at once."""
    from helpers.whatif.axes import read_axes

    read, problems = [], []
    for texts, option in ((specs, "--over"), (worlds, "--futures")):
        try:
            read.append(read_axes(texts, option))
        except ParameterError as error:
            problems.append(str(error))
    if problems:
        raise ParameterError("\n".join(problems))
    both = sorted({c for a in read[0] for c in a.controls} & {c for a in read[1] for c in a.controls})
    if both:
        raise ParameterError(
            f"{', '.join(both)} stands in --over and in --futures. What you decide goes into --over, "
            "what may happen to you into --futures."
        )
    return read[0], read[1]


def _values(page: str, client: Client | None, assignments: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of the decision's notebook: its own, the client's over them, -p over those."""
    from helpers.batch.notebooks import find_notebooks, project_folder
    from helpers.batch.parameters import assign_parameters, own_values, parse_assignments

    suite = {notebook.name: notebook.parameters for notebook in find_notebooks(project_folder())}
    own = own_values(suite, client.parameters() if client else {})
    given = assign_parameters({page: suite[page]}, parse_assignments(assignments), own)[page]
    return {**{one.name: one.default for one in suite[page]}, **given}


def _prepare(name: str, source: str, values: Mapping[str, Any]) -> Prepared:
    from helpers.contract import load_case
    from helpers.whatif.prepare import prepare

    case = load_case(source)
    click.echo(f"{case.name}: data as of {case.as_of}. What the notebooks remember is taken from there.")
    return prepare(name, case, values)


def _run(prepared: Prepared, axes: Sequence[Axis], jobs: int, *, force: bool) -> Sweep:
    from tqdm import tqdm

    from helpers.whatif.sweep import sweep as run_sweep

    with tqdm(unit="point", disable=None) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return run_sweep(prepared.decision, axes, jobs=jobs, tell=tell, forget=force)


def _regret(losses: Losses, found: Sweep, futures: Sequence[Axis]) -> Regret:
    """Hold the plans of the grid against all combinations of what may happen, equally likely."""
    from helpers.whatif.regret import losses_of, regret

    worlds = {}
    for values in itertools.product(*(axis.steps for axis in futures)):
        pairs = list(zip(futures, values, strict=True))
        settings = {control: value for axis, value in pairs for control in axis.controls}
        worlds[", ".join(f"{axis.name} {_plain(value)}" for axis, value in pairs)] = settings
    if len(worlds) > MOST_FUTURES:
        raise ParameterError(f"--futures gives {len(worlds):,} worlds; at most {MOST_FUTURES}.")
    plans: dict[str, Settings] = {}
    for _, row in found.planned.iterrows():
        if row["is_plan"]:
            plans["the plan as it is"] = {}
            continue
        words = ", ".join(f"{axis.name} {_plain(row[axis.name])}" for axis in found.axes)
        plans[words] = found.settings_of(row)
    if not plans:
        raise ParameterError("No point of the grid has a plan, so none can be held against the futures.")
    return regret(losses_of(losses, plans, worlds))


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def _default_folder(client: Client | None, name: str) -> Path:
    from helpers.batch.notebooks import project_folder

    reports = client.reports if client else project_folder() / "reports"
    return reports / "sweeps" / name


def _report(found: Sweep, regrets: Regret | None, folder: Path) -> None:
    from helpers.whatif.sweep_page import say_sweep, write_sweep

    for sentence in say_sweep(found):
        click.echo(sentence)
    if regrets is not None:
        click.echo(regrets.sentence[:1].upper() + regrets.sentence[1:])
    points = "point" if found.computed == 1 else "points"
    click.echo(f"{found.computed:,} {points} planned now, {found.remembered:,} remembered.")
    try:
        files = write_sweep(found, folder, regrets)
    except OSError as error:
        raise ParameterError(
            f"{folder}: nothing can be written there ({error.strerror}). Give --out."
        ) from error
    for path in files:
        click.echo(f"  {path}")

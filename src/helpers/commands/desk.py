"""`planbook new-client` and `planbook lab`: a client's folder, and JupyterLab with the case chosen."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.errors import ParameterError, PlanbookError


@click.command(name="new-client")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default="", help="What the client is called on pages. Default: the folder's name.")
@click.option("--force", is_flag=True, help="Take a folder inside the project all the same.")
def new_client(directory: Path, name: str, force: bool) -> None:
    """Make a client's folder with templates, own parameters and a place for everything."""
    from helpers.batch.notebooks import find_notebooks, project_folder
    from helpers.desk import new_client as make

    if directory == Path():
        raise ParameterError("new-client takes the name of a new folder; got an empty one.")
    client = make(directory, find_notebooks(project_folder()), name, force=force)
    click.echo(f"{client.name}: {client.folder}")
    click.echo("Its README.md says what to do next; first put your tables into data/.")


@click.command()
@click.argument("client", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", "source", default="", help="Other data to open, as for run.")
@click.option("--port", default=0, show_default="a free one from 8888", help="Port on this machine.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def lab(client: Path | None, source: str, port: int, no_browser: bool) -> None:
    """Open JupyterLab at the notebooks, with the case chosen and a first screen that says what to do."""
    from helpers.batch.notebooks import project_folder
    from helpers.desk import open_lab, prepare_desk

    if not 0 <= port <= 65_535:
        raise ParameterError(f"--port takes a number from 1 to 65535; got {port}.")
    desk = prepare_desk(project_folder(), client, source)
    click.echo(f"{desk.name}: {desk.folder}")
    if desk.copies:
        _say("Working copies written", desk.copies.written)
        _say("Kept as you edited them (delete one to get a fresh copy)", desk.copies.edited)
    code = open_lab(desk, port, browser=not no_browser)
    if code:
        raise PlanbookError(f"JupyterLab ended with code {code}. What it said stands above.")


def _say(what: str, names: tuple[str, ...]) -> None:
    if names:
        click.echo(f"{what}: {', '.join(names)}.")

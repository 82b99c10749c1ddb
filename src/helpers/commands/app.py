"""`planbook app`: the what-if workbench in the browser, for people who do not read notebooks."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from helpers.errors import ParameterError


@click.command()
@click.option("--data", "source", default="", help="Other data to open, as for run.")
@click.option(
    "--client", "folder", type=click.Path(path_type=Path, file_okay=False), help="A client's folder."
)
@click.option("--port", default=8866, show_default=True, help="Port on this machine; 0 for any free one.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def app(source: str, folder: Path | None, port: int, no_browser: bool) -> None:
    """Serve the what-if workbench to people who do not read notebooks."""
    from helpers.contract import load_case
    from helpers.contract.client import at_client, read_client
    from helpers.whatif.serve import AppSettings, find_workbench, serving, wait_for_the_end

    if source and folder:
        raise ParameterError("Give --data or --client, not both: a client's folder has its own data.")
    if not 0 <= port <= 65_535:
        raise ParameterError(f"--port takes a number from 0 to 65535; got {port}.")
    client = read_client(folder) if folder else None
    wanted = client.source if client else whole_source(source)
    if wanted:
        load_case(wanted)  # what cannot be read is said here, not on the page
    settings = AppSettings(find_workbench(Path.cwd()), {"source": wanted} if wanted else {}, port)
    with at_client(client), serving(settings) as running:
        click.echo(f"The workbench: {running.url}")
        click.echo("It is open to this computer alone, and to whoever has this address. End it with Ctrl+C.")
        if not no_browser and not webbrowser.open(running.url):
            click.echo("No browser could be opened. Open the address by hand.")
        wait_for_the_end(running)
    click.echo("The workbench is closed.")


def whole_source(source: str) -> str:
    """Return the source as the notebook can read it from its own folder."""
    return str(Path(source).resolve()) if source and Path(source).exists() else source

"""`new_client`: make a client's folder, outside the repository, with everything that is to be filled in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from helpers.batch.notebooks import Notebook
from helpers.contract.client import Client, read_client
from helpers.contract.dictionary import write_templates
from helpers.errors import ParameterError
from helpers.memory import CLIENT_FILE, find_client, find_project

NOT_OWN = frozenset({"source", "cutoff", "what_if"})  # given by client.yaml, by --week and by a scenario
FOLDERS = ("data", "notebooks", "reports", "scenarios")
IGNORED = "data/\nreports/\n.planbook/\n.ipynb_checkpoints/\n"
MAPPING = """\
# Where your tables and columns are called otherwise than in DICTIONARY.md: put the entries under "tables:".
# A table that you send under its own name with its own columns needs no entry.
#
# tables:
#   orders:
#     from: sales_lines            # file, sheet or database table
#     columns: {order_id: OrderNo, order_date: Date, quantity: Qty}
#     constants: {site_id: S01}    # the same value in every row
#     values:                      # your words for ours
#       status: {S: shipped, O: open}
tables: {}
"""
PARAMETERS = """\
# Values of your own for the notebooks. Take the "#" away in front of a name to use a value;
# all others are those of the suite. What is written here holds for every run with --client.
"""


def new_client(folder: Path, notebooks: Sequence[Notebook], name: str = "", *, force: bool = False) -> Client:
    """Make a client's folder and return the client.

    Parameters
    ----------
    folder
        Where it goes; it is made, or empty.
    notebooks
        The suite, whose parameters are offered in parameters.yaml.
    name
        What the client is called on pages; the folder's name where not given.
    force
        Whether a folder inside the project or another client's is taken all the same.

    Raises
    ------
    ParameterError
        The folder is not empty, lies where a client's data do not belong, or cannot be written.
    """
    _refuse(folder, force=force)
    called = " ".join(name.split()) or folder.resolve().name
    texts = {
        CLIENT_FILE: yaml.safe_dump({"name": called, "data": "data"}, sort_keys=False, allow_unicode=True),
        "parameters.yaml": parameters_text(notebooks),
        ".gitignore": IGNORED,
        "README.md": _readme(called, folder),
        "data/mapping.yaml": MAPPING,
    }
    try:
        for part in FOLDERS:
            (folder / part).mkdir(parents=True, exist_ok=True)
        write_templates(folder / "data")
        for path, text in texts.items():
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ParameterError(f"{folder}: no folder can be made there ({error.strerror}).") from error
    return read_client(folder)


def parameters_text(notebooks: Sequence[Notebook]) -> str:
    """Return parameters.yaml: each page's parameters, their help and the suite's values, as comments."""
    sections = [PARAMETERS]
    for notebook in notebooks:
        own = [parameter for parameter in notebook.parameters if parameter.name not in NOT_OWN]
        lines = [
            f"  # {parameter.name}: {json.dumps(parameter.default, ensure_ascii=False)}  # {parameter.help}"
            for parameter in own
        ]
        if lines:
            sections.append("\n".join([f"{notebook.name}:", *lines, ""]))
    return "\n".join(sections)


def _refuse(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file. Give a folder that is not there yet.")
    if folder.is_dir() and any(folder.iterdir()):
        raise ParameterError(
            f"{folder} is not empty. Give a folder that is not there yet; nothing was changed."
        )
    around, client = find_project(folder), find_client(folder)
    if around is not None and not force:
        raise ParameterError(
            f"{folder} lies inside the project {around}: a client's data would land in its repository. "
            f"Give a folder outside, such as {around.parent / folder.name}, or --force."
        )
    if client is not None and not force:
        raise ParameterError(f"{folder} lies inside the client's folder {client}. Give another, or --force.")


def _readme(name: str, folder: Path) -> str:
    place = folder.resolve().name
    return (
        f"# {name}\n\n"
        "1. Put your tables into `data/` (fill in the templates; `DICTIONARY.md` says what each column is); "
        "at least products, sites and orders.\n"
        "2. Are your tables and columns called otherwise? Say so in `data/mapping.yaml`.\n"
        f"3. From planbook's folder: `planbook check path/to/{place}/data` says what could be read.\n"
        f"4. `planbook run --client path/to/{place}` writes the week's report into `reports/`.\n"
        f"5. `planbook lab path/to/{place}` opens the notebooks on these data; sliders, scenarios and all.\n"
        "6. Own values for every run stand in `parameters.yaml`; saved what-ifs in `scenarios/`. "
        "Git leaves data and reports out.\n"
    )

"""What the project promises about itself: set-up, documents, command."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers import __version__
from helpers.cli import main
from helpers.contract import contract
from helpers.contract.dictionary import data_dictionary

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def environment_yml() -> str:
    """Return environment.yml as pyproject.toml says it."""
    command = [
        *(sys.executable, "-m", "pyproject2conda", "yaml", "--name", "planbook", "--channel", "conda-forge"),
        *("--python-include", "infer", "--req", "-e .", "--no-header"),
    ]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return made.stdout


def test_environment_yml_is_made_from_the_project() -> None:
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment_yml(), (
        "run: uv run python tests/test_project.py"
    )


def test_data_dictionary_is_made_from_the_contract() -> None:
    assert (ROOT / "data" / "README.md").read_text(encoding="utf-8") == data_dictionary()


def test_readme_begins_with_the_two_commands() -> None:
    top = README[: README.index("\n## ", README.index("\n## ") + 1)]
    assert "pip install uv && uv run planbook run" in top
    assert "pip install uv && uv run pytest" in top


def test_every_command_and_option_is_in_the_readme() -> None:
    for name, command in main.commands.items():
        assert f"planbook {name}" in README, name
        options = [o for p in command.params if p.param_type_name == "option" for o in p.opts]
        missing = [option for option in options if option not in README]
        assert not missing, (name, missing)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert re.search(r"Usage: .*\n\n  [A-Z](?:.|\n  )*\.", result.output)


def test_version_is_said_once() -> None:
    assert PROJECT["project"]["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_table_is_in_the_dictionary() -> None:
    assert all(f"## {name}\n" in data_dictionary() for name in contract())


def test_packages_fixed_by_the_user_are_there() -> None:
    names = {re.split(r"[<>=\[]", line)[0] for line in PROJECT["project"]["dependencies"]}
    assert {"jupyterlab", "pandas", "pulp", "seaborn", "ipywidgets", "papermill", "nbval"} <= names


def test_no_file_names_a_place_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    suspicious = re.compile(r"(?<![\w.])/(?:work|root|home|Users|tmp/[a-z])\b|[a-z]+\.pythonhosted\.org")
    texts = [
        ROOT / name
        for name in listed.stdout.splitlines()
        if Path(name).suffix in {".py", ".md", ".ipynb", ".toml", ".yml", ".yaml", ".csv"}
    ]
    assert len(texts) > 50
    named = [
        path.name
        for path in texts
        if path.is_file() and suspicious.search(path.read_text(encoding="utf-8")) and path != Path(__file__)
    ]
    assert named == []


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment_yml(), encoding="utf-8")
    (ROOT / "data" / "README.md").write_text(data_dictionary(), encoding="utf-8")

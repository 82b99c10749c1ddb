"""A client's folder: made once, outside the repository, and what is computed for it stays there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from helpers.batch.notebooks import find_notebooks
from helpers.batch.parameters import own_values
from helpers.cli import main
from helpers.contract import load_case
from helpers.contract.client import at_client, read_client
from helpers.contract.scenarios import scenarios_folder
from helpers.desk import lab_command, new_client, prepare_desk
from helpers.desk.lab import lab_environment
from helpers.errors import ParameterError
from helpers.memory import find_desk
from helpers.report import exports_folder

ROOT = Path(__file__).parents[2]
SUITE = find_notebooks(ROOT)


def test_folder_has_all_that_is_to_be_filled_in(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE, "Acme & Söhne")
    assert client == read_client(tmp_path / "acme")
    assert client.name == "Acme & Söhne"
    for name in ("data/orders.csv", "data/DICTIONARY.md", "data/mapping.yaml", ".gitignore", "README.md"):
        assert (client.folder / name).is_file(), name
    assert client.parameters() == {}, "all offered values are comments"
    steps = [line for line in (client.folder / "README.md").read_text().splitlines() if line[:1].isdigit()]
    assert len(steps) == 6


def test_offered_parameters_are_those_of_the_notebooks(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE)
    path = client.folder / "parameters.yaml"
    path.write_text(re.sub(r"(?m)^  # ", "  ", path.read_text()))
    own = own_values({one.name: one.parameters for one in SUITE}, client.parameters())
    for notebook in SUITE:
        asked = {
            p.name: p.default for p in notebook.parameters if p.name not in {"source", "cutoff", "what_if"}
        }
        assert own[notebook.name] == asked


def test_filled_folder_loads_under_the_clients_name(company: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE, "Acme")
    for name, frame in company.items():
        frame.to_csv(client.folder / "data" / f"{name}.csv", index=False)
    assert load_case(client.source).name == "Acme"


def test_folder_where_client_data_do_not_belong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="inside the project"):
        new_client(ROOT / "acme", SUITE)
    assert not (ROOT / "acme").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ParameterError, match="not empty"):
        new_client(tmp_path / "full", SUITE, force=True)
    with pytest.raises(ParameterError, match="is no client's folder"):
        read_client(tmp_path / "full")


def test_what_is_kept_stays_in_the_clients_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = new_client(tmp_path / "acme", SUITE)
    monkeypatch.chdir(client.notebooks)
    assert find_desk() == client.folder
    assert scenarios_folder() == client.scenarios
    assert client.folder in exports_folder().parents
    monkeypatch.chdir(tmp_path)
    with at_client(client):
        assert scenarios_folder() == client.scenarios
    assert "PLANBOOK_SCENARIOS" not in os.environ


def test_parameters_that_no_notebook_takes_are_refused_together(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE)
    (client.folder / "parameters.yaml").write_text(
        "horzion: 8\n2_inventory_plan:\n  aim: 3\n1_demand_forecast: 4\n"
    )
    with pytest.raises(ParameterError) as refused:
        own_values({one.name: one.parameters for one in SUITE}, client.parameters())
    assert str(refused.value).count("parameters.yaml:") == 3


def test_copies_hold_the_clients_values_and_no_outputs(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE)
    (client.folder / "parameters.yaml").write_text("horizon: 8\n2_inventory_plan: {budget: 5000}\n")
    desk = prepare_desk(ROOT, client.folder)
    assert desk.copies is not None
    assert desk.copies.written == tuple(one.name for one in SUITE)
    copies = {one.name: one for one in find_notebooks(client.folder)}
    values = {p.name: p.default for p in copies["2_inventory_plan"].parameters}
    assert (values["source"], values["horizon"], values["budget"]) == ("data", 8, 5000.0)
    helps = {p.name: p.help for p in copies["2_inventory_plan"].parameters}
    assert helps == {
        p.name: p.help for one in SUITE if one.name == "2_inventory_plan" for p in one.parameters
    }
    assert '"output_type"' not in copies["2_inventory_plan"].path.read_text()
    again = prepare_desk(ROOT, client.folder).copies
    assert again is not None
    assert again.same == desk.copies.written


def test_edited_copy_is_never_written_over(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE)
    prepare_desk(ROOT, client.folder)
    mine = client.notebooks / "0_data_check.ipynb"
    mine.write_text(mine.read_text().replace("full_weeks: int = 104", "full_weeks: int = 52"))
    before = mine.read_text()
    (client.folder / "parameters.yaml").write_text("least_weeks: 20\nseed: 7\n")
    copies = prepare_desk(ROOT, client.folder).copies
    assert copies is not None
    assert copies.edited == ("0_data_check",)
    assert "1_demand_forecast" in copies.written, "unedited ones take the new value"
    assert mine.read_text() == before


def test_first_screen_names_every_notebook_and_its_question(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE, "Acme")
    desk = prepare_desk(ROOT, client.folder)
    text = (desk.folder / desk.start).read_text()
    assert text.startswith("# Start here: Acme")
    assert "{" not in text
    for notebook in SUITE:
        assert f"(notebooks/{notebook.path.name})" in text
    assert "What should be bought, held, moved and run down this week?" in text
    assert f'--client "{client.folder}"' in text


def test_lab_is_on_loopback_with_its_token_and_a_workspace_of_its_own(tmp_path: Path) -> None:
    client = new_client(tmp_path / "acme", SUITE)
    desk = prepare_desk(ROOT, client.folder)
    command = lab_command(desk, 9000, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--ServerApp.port=9000" in command
    assert not [part for part in command if "token" in part]
    other = prepare_desk(ROOT, new_client(tmp_path / "other", SUITE).folder)
    assert set(lab_command(other)) & {part for part in command if "default_url" in part} == set()
    kept = lab_environment(desk)
    assert kept["PLANBOOK_SCENARIOS"] == str(client.scenarios)
    assert (Path(kept["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0]) / "labconfig").is_dir()


def test_commands_say_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    made = CliRunner().invoke(main, ["new-client", str(tmp_path / "acme"), "--name", "Acme"])
    assert made.exit_code == 0, made.output
    assert yaml.safe_load((tmp_path / "acme" / "client.yaml").read_text())["name"] == "Acme"
    for arguments in (
        ["new-client", str(tmp_path / "acme")],
        ["lab", str(tmp_path)],
        ["lab", "--port", "-1"],
        ["run", "--client", str(tmp_path)],
        ["sweep", "--over", "budget=x"],
        ["sweep", "--over", "budget=1", "--futures", "budget=2"],
        ["sweep", "--over", "budget=1", "--decision", "weather"],
    ):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2, (arguments, result.output)
        assert result.output.startswith("planbook: ")

"""The command as a user meets it: words, files and exit codes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.cli import main
from helpers.contract import contract, load_case


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


def test_check_prints_all_findings_and_writes_what_was_set_aside(
    company_folder: Path, tmp_path: Path
) -> None:
    path = company_folder / "orders.csv"
    path.write_text(path.read_text().replace("A-17,2,", "A-17,-2,").replace("shipped\n", "lost\n", 2))
    code, said = run("check", str(company_folder), "--quarantine", str(tmp_path / "aside.csv"))
    assert code == 0
    assert "orders                      4 good rows, 2 set aside" in said
    assert "2 findings:" in said
    assert "Use one of the words" in said
    aside = pd.read_csv(tmp_path / "aside.csv")
    assert set(aside["row"]) == {2, 3}, "as a spreadsheet counts, the header first"
    assert aside["record"].str.contains("B-20").any()


def test_check_of_good_data_says_so(company_folder: Path) -> None:
    code, said = run("check", str(company_folder))
    assert code == 0
    assert "0 findings." in said


def test_check_without_a_source_ends_with_its_code() -> None:
    code, said = run("check", "nowhere")
    assert code == 3
    assert said.startswith("planbook: nowhere: no such folder or file.")


def test_check_of_hopeless_data_ends_with_its_code(company_folder: Path) -> None:
    (company_folder / "sites.csv").unlink()
    code, said = run("check", str(company_folder))
    assert code == 4
    assert "no good row in sites" in said


def test_template_writes_every_table_once(tmp_path: Path) -> None:
    code, _ = run("template", str(tmp_path / "mine"))
    assert code == 0
    names = {path.stem for path in (tmp_path / "mine").glob("*.csv")}
    assert names == set(contract())
    header = (tmp_path / "mine" / "orders.csv").read_text().strip()
    assert tuple(header.split(",")) == contract()["orders"].column_names
    assert "## orders" in (tmp_path / "mine" / "DICTIONARY.md").read_text()
    code, said = run("template", str(tmp_path / "mine"))
    assert code == 3
    assert "Give an empty folder" in said


def test_filled_template_loads(company: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    run("template", str(tmp_path))
    for name, frame in company.items():
        header = pd.read_csv(tmp_path / f"{name}.csv").columns
        frame.reindex(columns=header).to_csv(tmp_path / f"{name}.csv", index=False)
    case = load_case(tmp_path)
    assert case.table("orders")["quantity"].sum() == 16
    assert not case.has("stock")


def test_sample_is_made_and_loads(tmp_path: Path) -> None:
    code, said = run("sample", str(tmp_path / "tiny"), "--size", "tiny", "--seed", "3")
    assert code == 0
    assert "MB in" in said
    assert load_case(tmp_path / "tiny").has("orders", "stock", "contacts", "partner_feed")


def test_open_without_a_report_says_how_to_make_one(tmp_path: Path) -> None:
    code, said = run("open", "--reports", str(tmp_path))
    assert code == 2
    assert "Make one with 'planbook run'" in said


def test_open_shows_the_path_where_no_browser_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("")
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    code, said = run("open", "--reports", str(tmp_path))
    assert code == 0
    assert str(tmp_path / "index.html") in said

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from helpers.errors import ParameterError
from helpers.report import export, export_parts, write_workbook
from helpers.report.exports import exports_folder, neutral

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "\n=1", "\uff1d1+1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLANBOOK_EXPORTS", str(tmp_path / "exports"))
    return tmp_path / "exports"


def orders() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product": ["P014", "Säge"],
            "quantity": [240, -4],
            "value": [48210.5, None],
            "due": pd.to_datetime(["2026-11-24", ""]),
            "seen": pd.to_datetime(["2026-11-24 06:30", "2026-11-24 07:00"]),
            "rush": [True, False],
        }
    )


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_a_spreadsheet_takes_for_a_formula_is_neutralised(text: str) -> None:
    assert neutral(text).startswith("'")


@pytest.mark.parametrize("text", ["P014", "a=b", "5-6", "", "'=1", "x@y"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_formulas_in_cells_and_headers_are_neutralised_in_the_csv_and_numbers_stay(folder: Path) -> None:
    frame = pd.DataFrame({"=name": FORMULAS, "quantity": range(-4, 5)})
    export(frame, "evil", {})
    written = rows(folder / "evil.csv")
    assert written[0] == ["'=name", "quantity"]
    assert all(row[0].startswith("'") for row in written[1:])
    assert [row[1] for row in written[1:]] == [str(number) for number in range(-4, 5)]


def test_formulas_in_mixed_and_categorical_columns_are_neutralised(folder: Path) -> None:
    frame = pd.DataFrame({"mixed": ["=1", -5], "kind": pd.Categorical(["=2", "x"])})
    export(frame, "mixed", {})
    assert rows(folder / "mixed.csv")[1:] == [["'=1", "'=2"], ["-5", "x"]]


def test_a_carriage_return_inside_text_does_not_begin_a_new_row(folder: Path) -> None:
    export(pd.DataFrame({"name": ["a\r=1", "b\r\n=2"]}), "returns", {})
    assert rows(folder / "returns.csv")[1:] == [["a\n=1"], ["b\n=2"]]


def test_the_csv_has_iso_dates_empty_gaps_and_opens_in_excel_with_umlauts(folder: Path) -> None:
    export(orders(), "orders", {"quantity": "units"})
    assert (folder / "orders.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows(folder / "orders.csv")[1:] == [
        ["P014", "240", "48210.5", "2026-11-24", "2026-11-24T06:30:00", "true"],
        ["Säge", "-4", "", "", "2026-11-24T07:00:00", "false"],
    ]
    assert pd.read_csv(folder / "orders.csv").columns[0] == "product"


def test_an_export_says_its_rows_file_and_columns(folder: Path) -> None:
    shown = export(orders(), "orders", {"quantity": "units"}, "Orders to place")
    assert repr(shown) == "exports/orders.csv: 2 rows, 6 columns"
    assert "quantity (units)" in shown._repr_html_()


def test_a_second_export_replaces_the_first_and_leaves_no_temporary_file(folder: Path) -> None:
    export(orders(), "orders", {})
    export(orders().head(1), "orders", {})
    assert len(rows(folder / "orders.csv")) == 2
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["orders.csv", "orders.json"]


def test_an_export_that_fails_leaves_the_earlier_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(orders(), "orders", {})
    before = (folder / "orders.csv").read_bytes()

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        export(orders().head(1), "orders", {})
    monkeypatch.undo()
    assert (folder / "orders.csv").read_bytes() == before
    assert not list(folder.glob(".orders*"))


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "A b", ".hidden"])
def test_a_name_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="small letters"):
        export(orders(), name, {})


def test_a_unit_of_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterError, match="a unit for cost"):
        export(orders(), "orders", {"cost": "money"})


def test_doubled_columns_are_refused() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ParameterError, match="column a twice"):
        export(frame, "orders", {})


def test_without_a_run_exports_go_to_the_interactive_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLANBOOK_EXPORTS")
    assert exports_folder() == Path(__file__).parents[2] / "reports" / "interactive" / "exports"


def test_the_workbook_begins_with_contents_and_names_units(folder: Path, tmp_path: Path) -> None:
    export(orders(), "orders", {"quantity": "units"}, "Orders to place")
    export(orders(), "a_second", {})
    assert write_workbook(folder, tmp_path / "run.xlsx", "planbook 2026-W47") == tmp_path / "run.xlsx"
    book = load_workbook(tmp_path / "run.xlsx")
    assert book.sheetnames == ["Contents", "a_second", "orders"]
    listed = [[cell.value for cell in row] for row in book["Contents"].iter_rows(min_row=4)]
    assert ["orders", "Orders to place", 2, "product", None] in [[v or None for v in row] for row in listed]
    assert [None, None, None, "quantity", "units"] in listed


def test_a_sheet_has_a_frozen_bold_header_filters_types_and_formats(folder: Path, tmp_path: Path) -> None:
    export(orders(), "orders", {"quantity": "units"})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    sheet = load_workbook(tmp_path / "run.xlsx")["orders"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F3"
    assert sheet["A1"].font.bold
    assert sheet["B1"].value == "quantity (units)"
    assert (sheet["B2"].value, sheet["B2"].number_format) == (240, "#,##0")
    assert (sheet["C2"].value, sheet["C3"].value) == (48210.5, None)
    assert sheet["D2"].is_date
    assert sheet["F3"].value is False
    assert sheet.column_dimensions["A"].width >= 12


def test_shares_are_per_cent_and_text_columns_fit_their_text(folder: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"error": [0.766], "what": ["median of the methods without a season"]})
    export(frame, "methods", {"error": "share"})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    sheet = load_workbook(tmp_path / "run.xlsx")["methods"]
    assert (sheet["A2"].value, sheet["A2"].number_format) == (0.766, "0.0%")
    assert sheet.column_dimensions["B"].width >= len(sheet["B2"].value)


def test_no_cell_of_the_workbook_is_a_formula(folder: Path, tmp_path: Path) -> None:
    export(pd.DataFrame({"=name": FORMULAS}), "evil", {"=name": "=unit"}, "=title")
    write_workbook(folder, tmp_path / "run.xlsx", "=HYPERLINK()")
    book = load_workbook(tmp_path / "run.xlsx")
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in found} <= {"s", "n"}
    assert not [cell.value for cell in found if str(cell.value).startswith(("=", "+", "-", "@"))]


def test_characters_that_no_workbook_may_hold_are_dropped(folder: Path, tmp_path: Path) -> None:
    export(pd.DataFrame({"name": ["a\x00b\x1fc"]}), "odd", {})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    assert load_workbook(tmp_path / "run.xlsx")["odd"]["A2"].value == "abc"


def test_markup_blanks_and_long_text_arrive_whole_in_the_workbook(folder: Path, tmp_path: Path) -> None:
    texts = ["<b>&amp;</b> \"'", "  two blanks  ", "a\nb", "007", "x" * 40_000]
    export(pd.DataFrame({"name": texts, "n": [10**15, 1, 2, 3, 4]}), "odd", {})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    sheet = load_workbook(tmp_path / "run.xlsx")["odd"]
    assert [sheet.cell(row, 1).value for row in range(2, 6)] == texts[:4]
    assert len(sheet["A6"].value) == 32_767
    assert sheet["B2"].value == 10**15


def test_days_and_moments_arrive_as_such_in_the_workbook(folder: Path, tmp_path: Path) -> None:
    export(orders(), "orders", {})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    sheet = load_workbook(tmp_path / "run.xlsx")["orders"]
    assert sheet["D2"].value == datetime(2026, 11, 24)  # a workbook knows no zones
    assert sheet["E2"].value == datetime(2026, 11, 24, 6, 30)  # ditto
    assert sheet["D3"].value is None


def test_a_spreadsheet_reader_finds_the_same_table_as_in_the_csv(folder: Path, tmp_path: Path) -> None:
    export(orders(), "orders", {})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    sheet = pd.read_excel(tmp_path / "run.xlsx", sheet_name="orders")
    assert sheet["product"].tolist() == ["P014", "Säge"]
    assert sheet["quantity"].sum() == 236


def test_the_same_exports_give_the_same_workbook_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    export(orders(), "orders", {})
    first = write_workbook(folder, tmp_path / "one.xlsx", "t")
    second = write_workbook(folder, tmp_path / "two.xlsx", "t")
    assert first is not None
    assert second is not None
    assert first.read_bytes() == second.read_bytes()


def test_long_names_become_different_sheets(folder: Path, tmp_path: Path) -> None:
    for end in ("one", "two"):
        export(orders(), f"a_name_that_is_longer_than_a_sheet_{end}", {})
    export(orders(), "contents", {})
    write_workbook(folder, tmp_path / "run.xlsx", "t")
    names = load_workbook(tmp_path / "run.xlsx").sheetnames
    assert len({name.lower() for name in names}) == 4


def test_without_exports_there_is_no_workbook(tmp_path: Path) -> None:
    assert write_workbook(tmp_path, tmp_path / "run.xlsx", "t") is None
    assert not (tmp_path / "run.xlsx").exists()


def test_parts_hold_all_rows_of_the_whole_in_a_file_each(folder: Path) -> None:
    frame = pd.DataFrame({"supplier_id": ["Acme & Co", "=B", "Acme & Co", None], "quantity": [1, 2, 3, 4]})
    shown = export_parts(frame, "orders", "supplier_id", {"quantity": "units"}, "Orders")
    assert (shown.name, shown.rows) == ("orders", 4)
    files = sorted(path.name for path in folder.glob("*.csv"))
    assert files == ["orders.csv", "orders_acme-co.csv", "orders_b.csv"]
    assert [row[1] for row in rows(folder / "orders_acme-co.csv")[1:]] == ["1", "3"]
    assert rows(folder / "orders_b.csv")[1:] == [["'=B", "2"]]


def test_parts_of_an_empty_table_are_the_whole_alone(folder: Path) -> None:
    export_parts(orders().head(0), "orders", "product", {})
    assert [path.name for path in folder.glob("*.csv")] == ["orders.csv"]


def test_values_that_give_one_file_name_or_no_column_are_refused() -> None:
    frame = pd.DataFrame({"supplier_id": ["A B", "a-b"]})
    with pytest.raises(ParameterError, match="one file name twice"):
        export_parts(frame, "orders", "supplier_id", {})
    with pytest.raises(ParameterError, match="has no column 'maker' to part it by"):
        export_parts(frame, "orders", "maker", {})

"""Files as they really come: each gives a clear error or rows set aside, never a wrong number."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.contract import Case, load_case
from helpers.errors import ContractError, MappingError, PlanbookError, SourceError

Edit = Callable[[str], str]


def edit(folder: Path, table: str, change: Edit) -> Path:
    path = folder / f"{table}.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def said(case: Case) -> str:
    return "\n".join(str(finding) for finding in case.findings)


def units(case: Case) -> float:
    return float(case.table("orders")["quantity"].sum())


def test_missing_file_of_a_core_table(company_folder: Path) -> None:
    (company_folder / "orders.csv").unlink()
    with pytest.raises(ContractError, match="no good row in orders"):
        load_case(company_folder)


def test_empty_folder_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="It is empty. Expected files such as products.csv"):
        load_case(tmp_path)


@pytest.mark.parametrize("content", ["", "order_id,line\n"])
def test_empty_file_is_named(company_folder: Path, content: str) -> None:
    (company_folder / "orders.csv").write_text(content)
    with pytest.raises(ContractError, match=r"orders\.csv.*(empty|required columns are missing)"):
        load_case(company_folder)


def test_header_without_rows_stops(company_folder: Path) -> None:
    edit(company_folder, "orders", lambda text: text.splitlines()[0] + "\n")
    with pytest.raises(ContractError, match="no good row in orders"):
        load_case(company_folder)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiter_is_read_and_said(company_folder: Path, delimiter: str) -> None:
    case = load_case(edit(company_folder, "orders", lambda text: text.replace(",", delimiter)))
    assert units(case) == 16
    assert "columns are split by" in said(case)


def test_unknown_delimiter_names_the_header(company_folder: Path) -> None:
    edit(company_folder, "orders", lambda text: text.replace(",", "^"))
    with pytest.raises(
        ContractError, match=r"required columns are missing.*The header reads: order_id\^line"
    ):
        load_case(company_folder)


def test_decimal_comma_is_no_number(company_folder: Path) -> None:
    case = load_case(edit(company_folder, "orders", lambda t: t.replace(",", ";").replace("15.0", "15,0")))
    assert "is not a number" in said(case)
    assert "decimal point" in said(case)
    assert units(case) == 6, "only the lines of the other price are left"


def test_latin_1_text_is_read_and_said(company_folder: Path) -> None:
    path = company_folder / "products.csv"
    path.write_bytes(path.read_text().replace("Drill", "Bohrer für Ärzte").encode("latin-1"))
    case = load_case(company_folder)
    assert case.table("products")["name"].iloc[0] == "Bohrer für Ärzte"
    assert "Windows-1252" in said(case)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_part_of_the_header(company_folder: Path, encoding: str) -> None:
    path = company_folder / "orders.csv"
    path.write_text(path.read_text(), encoding=encoding)
    assert units(load_case(company_folder)) == 16


def test_binary_file_is_refused_by_name(company_folder: Path) -> None:
    (company_folder / "orders.csv").write_bytes(b"\x00\x01\x02" * 100)
    with pytest.raises(ContractError, match=r"orders\.csv: cannot be read: holds binary data"):
        load_case(company_folder)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("many", "is not a number"),
        ("=cmd|' /C calc'!A0", "is not a number"),
        ("-3", "breaks the rule '>0'"),
        ("0", "breaks the rule '>0'"),
        ("1e18", "is not a usable number"),
        ("nan", "is not a usable number"),
        ("inf", "is not a usable number"),
        ("-inf", "is not a usable number"),
        ("", "a needed value is missing"),
        ('"1,000"', "is not a number"),
        ("1 000", "is not a number"),
        ("0x10", "is not a number"),
        ("٣", "is not a number"),
    ],
)
def test_bad_quantity_is_set_aside(company_folder: Path, value: str, rule: str) -> None:
    case = load_case(edit(company_folder, "orders", lambda text: text.replace("A-17,2,", f"A-17,{value},")))
    assert rule in said(case)
    assert units(case) == 14


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("2026-02-31", "is not a date"),
        ("31.12.2025", "is not a date"),
        ("0026-01-05", "is an impossible date"),
        ("9999-12-31", "is an impossible date"),
        ("infinity", "is an impossible date"),
        ("tomorrow", "is not a date"),
        ("45000", "is not a date"),
    ],
)
def test_bad_date_is_set_aside(company_folder: Path, value: str, rule: str) -> None:
    case = load_case(
        edit(company_folder, "orders", lambda text: text.replace("3,1,2026-01-12", f"3,1,{value}"))
    )
    assert rule in said(case)
    assert units(case) == 12


def test_future_receipt_is_set_aside(company_folder: Path) -> None:
    (company_folder / "stock.csv").write_text(
        "date,site_id,product_id,on_hand\n2026-01-18,S01,A-17,4\n2026-09-01,S01,A-17,9\n"
    )
    case = load_case(company_folder)
    assert case.table("stock")["on_hand"].tolist() == [4]
    assert "lies in the future" in said(case)


def test_lines_that_do_not_split_are_listed_with_their_number(company_folder: Path) -> None:
    def add(text: str) -> str:
        first, *rest = text.splitlines()
        return "\n".join(
            [first, "9,1,2026-01-05", *rest, '10,1,"2026', "8,1,2026-01-06,S01,A-17,-5,15.0,shipped"]
        )

    case = load_case(edit(company_folder, "orders", add))
    assert units(case) == 16
    assert "lines do not split into the columns of the header" in said(case)
    assert "(first: row 2, value 9,1,2026-01-05)" in said(case)


def test_row_numbers_count_lines_that_did_not_split(company_folder: Path) -> None:
    def change(text: str) -> str:
        first, *rest = text.splitlines()
        return "\n".join([first, "broken", *rest]).replace("A-17,3,", "A-17,-3,") + "\n"

    case = load_case(edit(company_folder, "orders", change))
    (finding,) = [f for f in case.findings if f.column == "quantity"]
    lines = (company_folder / "orders.csv").read_text().splitlines()
    assert "-3" in lines[finding.examples[0].row - 1]


def test_column_that_stands_twice_stops_the_table(company_folder: Path) -> None:
    edit(company_folder, "orders", lambda text: text.replace("unit_price", "Quantity"))
    with pytest.raises(ContractError, match="column stands twice"):
        load_case(company_folder)


def test_three_hundred_columns_are_counted_not_read(company_folder: Path) -> None:
    def widen(text: str) -> str:
        first, *rest = text.splitlines()
        extra = ",".join(f"x{n}" for n in range(292))
        return "\n".join([f"{first},{extra}", *(line + "," * 292 for line in rest)])

    case = load_case(edit(company_folder, "orders", widen))
    assert units(case) == 16
    assert "292 columns are not in the contract" in said(case)


def test_script_in_a_name_stays_text(company_folder: Path) -> None:
    case = load_case(
        edit(company_folder, "products", lambda t: t.replace("Drill", "<script>alert(1)</script>"))
    )
    assert case.table("products")["name"].iloc[0] == "<script>alert(1)</script>"


def test_formula_in_a_name_is_noted(company_folder: Path) -> None:
    case = load_case(edit(company_folder, "products", lambda text: text.replace("Drill", "=1+1")))
    assert case.table("products")["name"].iloc[0] == "=1+1"
    assert "looks like a spreadsheet formula" in said(case)


def test_endless_text_is_set_aside(company_folder: Path) -> None:
    case = load_case(edit(company_folder, "products", lambda text: text.replace("Saw", "S" * 50_000)))
    assert "is longer than 2,000 characters" in said(case)
    assert case.table("products")["name"].tolist() == ["Drill"]


def test_hollow_parquet_is_refused(company_folder: Path) -> None:
    (company_folder / "orders.csv").unlink()
    rows = 30_000_000
    column = pa.DictionaryArray.from_arrays(pa.array(bytearray(rows), pa.int8()), pa.array(["1"]))
    names = ["order_id", "line", "order_date", "site_id", "product_id", "quantity", "unit_price", "status"]
    pq.write_table(
        pa.table(dict.fromkeys(names, column)), company_folder / "orders.parquet", compression="zstd"
    )
    with pytest.raises(ContractError, match="30,000,000 rows in .* bytes cannot be a table with a key"):
        load_case(company_folder)


def test_broken_parquet_is_named(company_folder: Path) -> None:
    (company_folder / "products.csv").unlink()
    (company_folder / "products.parquet").write_bytes(b"PAR1 this is no parquet PAR1")
    with pytest.raises(ContractError, match=r"products\.parquet: cannot be read"):
        load_case(company_folder)


def test_gzip_is_read(company_folder: Path) -> None:
    path = company_folder / "orders.csv"
    (company_folder / "orders.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert units(load_case(company_folder)) == 16


def test_file_that_only_claims_to_be_gzip_is_named(company_folder: Path) -> None:
    path = company_folder / "orders.csv"
    path.rename(company_folder / "orders.csv.gz")
    with pytest.raises(ContractError, match=r"orders\.csv\.gz: cannot be read"):
        load_case(company_folder)


def test_table_that_is_there_twice_is_said(company_folder: Path) -> None:
    pd.read_csv(company_folder / "orders.csv", dtype=str).to_parquet(company_folder / "orders.parquet")
    case = load_case(company_folder)
    assert units(case) == 16
    assert "the table is there twice; orders.parquet was read" in said(case)


def test_whole_numbers_in_a_float_id_column_keep_their_name(company_folder: Path) -> None:
    frame = pd.read_csv(company_folder / "orders.csv").astype({"order_id": float})
    (company_folder / "orders.csv").unlink()
    frame.to_parquet(company_folder / "orders.parquet")
    assert load_case(company_folder).table("orders")["order_id"].tolist() == ["1", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tables: {orders: {columns: {quantity: Qty}}}", "names columns that are not there .quantity: Qty."),
        ("tables: {orders: {from: sales}}", "reads orders from 'sales', which is not there"),
        ("tables: {ordres: {}}", "Unknown tables: ordres"),
        ("tables: {orders: {columns: {qty: quantity}}}", "not in the contract: qty"),
        ("tables: {orders: {colums: {}}}", "unknown colums"),
        ("tables: [", "cannot be read as YAML"),
        ("just a word", "expected 'tables:'"),
        ("!!python/object/apply:os.system ['true']", "cannot be read as YAML"),
    ],
)
def test_mapping_to_what_is_not_there(company_folder: Path, text: str, message: str) -> None:
    (company_folder / "mapping.yaml").write_text(text)
    with pytest.raises((MappingError, ContractError), match=message):
        load_case(company_folder)


def test_mapping_finds_a_clients_own_names(company_folder: Path) -> None:
    edit(company_folder, "orders", lambda t: t.replace("quantity", "Menge").replace("shipped", "S"))
    (company_folder / "orders.csv").rename(company_folder / "sales_lines.csv")
    (company_folder / "mapping.yaml").write_text(
        "tables:\n  orders:\n    from: sales_lines\n    columns: {quantity: Menge}\n"
        "    values: {status: {S: shipped}}\n    constants: {order_type: rush}\n"
    )
    orders = load_case(company_folder).table("orders")
    assert orders["quantity"].sum() == 16
    assert set(orders["status"]) == {"shipped"}
    assert set(orders["order_type"]) == {"rush"}


def workbook(folder: Path, change: Callable[[openpyxl.Workbook], None] = lambda _: None) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for path in sorted(folder.glob("*.csv")):
        sheet = book.create_sheet(path.stem)
        frame = pd.read_csv(path, parse_dates=["order_date"] if path.stem == "orders" else [])
        sheet.append(list(frame.columns))
        for row in frame.itertuples(index=False):
            sheet.append([cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell for cell in row])
    change(book)
    target = folder / "book.xlsx"
    book.save(target)
    return target


def test_workbook_reads_as_the_folder_does(company_folder: Path) -> None:
    assert load_case(workbook(company_folder)).fingerprint == load_case(company_folder).fingerprint


def test_formula_that_was_never_computed_is_no_number(company_folder: Path) -> None:
    def formula(book: openpyxl.Workbook) -> None:
        book["orders"]["F2"] = "=cmd()"

    case = load_case(workbook(company_folder, formula))
    assert units(case) == 14
    assert "is not a number: 1 row set aside (first: row 2, key 1 / 1, value =cmd())" in said(case)


def test_error_cell_is_set_aside(company_folder: Path) -> None:
    def error(book: openpyxl.Workbook) -> None:
        book["orders"]["F3"] = "#N/A"

    assert units(load_case(workbook(company_folder, error))) == 15


def test_workbook_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w") as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
    with pytest.raises(SourceError, match="expands to"):
        load_case(path)


@pytest.mark.parametrize("name", ["book.xlsx", "data.duckdb", "notes.txt"])
def test_file_that_is_not_what_its_name_says(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("only text")
    with pytest.raises(SourceError, match=name):
        load_case(path)


def test_folder_named_like_a_pattern_is_only_itself(company_folder: Path) -> None:
    beside, odd = company_folder.parent / "pa", company_folder.parent / "p[ab]"
    company_folder.rename(odd)
    beside.mkdir()
    text = (odd / "orders.csv").read_text()
    (beside / "orders.csv").write_text(text.replace("A-17,2,", "A-17,200,"))
    assert units(load_case(odd)) == 16


def test_every_line_that_does_not_split_is_counted_and_listed(company_folder: Path) -> None:
    case = load_case(edit(company_folder, "orders", lambda text: text + "bad,line\n" * 101_000))
    assert case.files["orders"].rows_read == 101_006
    assert len(case.quarantine) == 101_000


def test_lines_behind_an_open_quote_are_counted(company_folder: Path) -> None:
    case = load_case(
        edit(company_folder, "products", lambda text: text + 'C-1,"x,Tools,1,2\nD-1,y,Tools,1,2\n')
    )
    assert case.files["products"].rows_read == 4


def test_stray_quote_that_swallows_rows_is_said(company_folder: Path) -> None:
    edit(company_folder, "products", lambda text: text.replace("Drill", '"Drill').replace("Saw", 'Saw"'))
    assert "it can swallow whole rows" in said(load_case(company_folder))


@pytest.mark.parametrize("end", ["\r", "\r\r\n"])
def test_odd_line_ends_are_read(company_folder: Path, end: str) -> None:
    path = company_folder / "orders.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", end.encode()))
    assert units(load_case(company_folder)) == 16


def test_mixed_line_ends_are_read(company_folder: Path) -> None:
    path = company_folder / "orders.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n", 3))
    assert units(load_case(company_folder)) == 16


def test_nameless_and_repeated_columns_cost_no_table(company_folder: Path) -> None:
    case = load_case(
        edit(company_folder, "orders", lambda t: t.replace("\n", ",,,\n").replace(",,,", ",,Note,note", 1))
    )
    assert units(case) == 16


def test_two_files_of_one_table_in_other_letters_are_said(company_folder: Path) -> None:
    (company_folder / "Orders.csv").write_text((company_folder / "orders.csv").read_text())
    assert "the table is there twice" in said(load_case(company_folder))


def test_lists_in_a_column_stop_the_table(company_folder: Path) -> None:
    (company_folder / "products.csv").unlink()
    frame = pd.DataFrame({"product_id": ["A-17", "B-20"], "name": [["x"], ["y"]], "category": "Tools"})
    frame.to_parquet(company_folder / "products.parquet")
    with pytest.raises(ContractError, match="holds lists or records"):
        load_case(company_folder)


def test_missing_number_is_nobodys_id(company_folder: Path) -> None:
    path = company_folder / "orders.csv"
    table = pa.table(pd.read_csv(path).to_dict("list")).append_column(
        "customer_id", pa.array([float("nan")] * 6)
    )
    path.unlink()
    pq.write_table(table, company_folder / "orders.parquet")
    assert load_case(company_folder).table("orders")["customer_id"].isna().all()


def test_unknown_site_does_not_widen_terms_to_all_sites(company_folder: Path) -> None:
    (company_folder / "supply_terms.csv").write_text(
        "supplier_id,product_id,site_id,unit_cost,lead_time_days\nX,A-17,NOPE,1,2\n"
    )
    assert load_case(company_folder).files["supply_terms"].rows == 0


def test_successor_that_was_set_aside_is_no_successor(company_folder: Path) -> None:
    (company_folder / "products.csv").write_text(
        "product_id,name,category,unit_cost,list_price,successor_id\n"
        "A-17,Drill,Tools,10,15,C-1\nB-20,Saw,Tools,4,6,\nC-1,,Tools,1,2,\n"
    )
    assert load_case(company_folder).table("products")["successor_id"].isna().all()


def test_words_of_the_mapping_stay_as_written(company_folder: Path) -> None:
    (company_folder / "mapping.yaml").write_text("tables: {orders: {constants: {customer_id: 007}}}")
    assert set(load_case(company_folder).table("orders")["customer_id"]) == {"007"}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5_000,
        "tables: {orders: {constants: {site_id: null}}}",
        "tables: {orders: {values: {status: shipped}}}",
        "tables: {orders: {from: [orders]}}",
        "tables:\n  orders: {}\n  orders: {}\n",
    ],
)
def test_mapping_that_says_nothing_clear_is_refused(company_folder: Path, text: str) -> None:
    (company_folder / "mapping.yaml").write_text(text)
    with pytest.raises(MappingError, match=r"mapping\.yaml"):
        load_case(company_folder)


@pytest.mark.parametrize("source", ["x" * 5_000, "~nobody-of-this-name/x", "/dev/null", ""])
def test_source_that_is_no_path_is_refused(source: str) -> None:
    with pytest.raises(SourceError):
        load_case(source)


def test_rows_beyond_the_stated_size_of_a_sheet_are_read(company_folder: Path) -> None:
    path = workbook(company_folder)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:H3"', part))
    assert units(load_case(path)) == 16


def test_every_error_is_for_the_user() -> None:
    assert issubclass(SourceError, PlanbookError)
    assert {error.exit_code for error in (SourceError, ContractError, PlanbookError)} == {1, 3, 4}


def test_personal_values_stand_in_no_finding(company_folder: Path) -> None:
    """Findings come onto pages; the whole row stays in the quarantine, for whoever mends it."""
    (company_folder / "customers.csv").write_text(
        "customer_id,name,email\nC1,=Ann Example,ann@example.org\nC2,Bob,bob@example.org,too,much\n"
    )
    case = load_case(company_folder)
    assert "personal, not shown" in said(case)
    assert not any(word in said(case) for word in ("Ann", "ann@", "Bob", "bob@"))
    shown = case.quarantine.drop(columns="record").to_csv()
    assert not any(word in shown for word in ("Ann", "ann@", "Bob", "bob@"))
    assert "Bob" in "".join(case.quarantine["record"])

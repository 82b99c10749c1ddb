from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from helpers.contract import Case, case_from_tables, load_case
from helpers.contract.load import snapshot_environment
from helpers.errors import ContractError, SourceError

Tables = dict[str, pd.DataFrame]


def rules(case: Case, table: str) -> dict[str, int]:
    return {finding.rule: finding.count for finding in case.findings if finding.table == table}


def test_good_tables_pass_whole(company: Tables) -> None:
    case = case_from_tables(company)
    assert case.findings == ()
    assert case.table("orders")["quantity"].sum() == 16
    assert (case.first_day, case.as_of) == (dt.date(2026, 1, 5), dt.date(2026, 1, 19))
    assert case.value_read == case.value_accepted == 10 * 15 + 6 * 6


def test_types_are_those_of_the_contract(company: Tables) -> None:
    orders = case_from_tables(company).table("orders")
    assert orders["order_date"].dtype == "datetime64[ns]"
    assert orders["quantity"].dtype == float
    assert orders["line"].dtype == "int64"
    assert orders["order_type"].tolist() == ["stock"] * 6, "the default fills in"
    assert orders["customer_id"].tolist() == [None] * 6


def test_absent_table_is_there_without_rows(company: Tables) -> None:
    case = case_from_tables(company)
    assert not case.has("stock")
    assert case.table("stock").empty
    assert list(case.table("stock").columns)[:3] == ["date", "site_id", "product_id"]
    assert case.query("SELECT count(*) AS n FROM stock")["n"].iloc[0] == 0


def test_all_findings_come_at_once(company: Tables) -> None:
    orders = company["orders"].astype(object)
    orders.loc[0, "quantity"] = -4
    orders.loc[1, "product_id"] = "Z-99"
    orders.loc[2, "order_date"] = "2026-02-31"
    orders.loc[3, "unit_price"] = "cheap"
    orders.loc[4, "status"] = "lost"
    case = case_from_tables({**company, "orders": orders})
    assert rules(case, "orders") == {
        "breaks the rule '>0'": 1,
        "is not among the good rows of products": 1,
        "is not a date": 1,
        "is not a number": 1,
        "breaks the rule 'one of open, shipped, cancelled, backorder'": 1,
    }
    assert case.files["orders"].rows == 1
    assert case.files["orders"].rows_read == 6


def test_finding_says_what_where_what_came_and_what_to_do(company_folder: Path) -> None:
    path = company_folder / "orders.csv"
    path.write_text(path.read_text().replace("A-17,2,15.0", "A-17,-4,15.0"))
    (finding,) = load_case(company_folder).findings
    assert str(finding) == (
        "orders.csv: column 'quantity': breaks the rule '>0': 1 row set aside "
        "(first: row 2, key 1 / 1, value -4). "
        "Move returns to the table returns and remove lines of zero."
    )


def test_nothing_is_lost(company: Tables) -> None:
    orders = company["orders"].assign(quantity=[2, -1, 3, 4, 5, 1])
    case = case_from_tables({**company, "orders": orders})
    (row,) = case.quarantine.to_dict("records")
    assert (row["table_name"], row["row"], row["column_name"], row["value"]) == (
        "orders",
        2,
        "quantity",
        "-1",
    )
    assert '"product_id":"B-20"' in row["record"]


def test_value_of_rows_set_aside_is_counted(company: Tables) -> None:
    orders = company["orders"].assign(quantity=[-2, 1, 3, 4, 5, 1])
    case = case_from_tables({**company, "orders": orders})
    assert case.value_read - case.value_accepted == 2 * 15


def test_first_of_two_rows_with_one_key_is_kept(company: Tables) -> None:
    again = company["orders"].iloc[[0]].assign(quantity=99)
    case = case_from_tables({**company, "orders": pd.concat([company["orders"], again])})
    assert rules(case, "orders") == {"the key (order_id, line) stands in an earlier row": 1}
    assert case.table("orders")["quantity"].sum() == 16


def test_bad_first_row_does_not_cost_its_good_duplicate(company: Tables) -> None:
    bad = company["orders"].iloc[[0]].assign(quantity=-1)
    case = case_from_tables({**company, "orders": pd.concat([bad, company["orders"]])})
    assert case.table("orders")["quantity"].sum() == 16


def test_orders_of_a_product_set_aside_follow_it(company: Tables) -> None:
    products = company["products"].assign(name=["Drill", ""])
    case = case_from_tables({**company, "products": products})
    assert rules(case, "orders") == {"is not among the good rows of products": 2}


def test_wrong_optional_cell_of_a_product_keeps_the_product(company: Tables) -> None:
    products = company["products"].assign(weight_kg=["heavy", "2"])
    case = case_from_tables({**company, "products": products})
    assert case.table("products")["weight_kg"].isna().tolist() == [True, False]
    assert case.files["orders"].rows == 6
    assert case.findings[0].action == "blanked"


def test_product_without_cost_is_kept_and_said(company: Tables) -> None:
    products = company["products"].drop(columns="unit_cost")
    case = case_from_tables({**company, "products": products})
    assert [(f.column, f.action) for f in case.findings] == [("unit_cost", "note")]
    assert case.files["orders"].rows == 6


def test_unknown_customer_of_an_order_line_is_emptied_not_its_demand(company: Tables) -> None:
    customers = pd.DataFrame({"customer_id": ["C1"]})
    orders = company["orders"].assign(customer_id=["C1", "C1", "C9", "", "C1", "C1"])
    case = case_from_tables({**company, "orders": orders, "customers": customers})
    assert case.table("orders")["customer_id"].isna().sum() == 2
    assert case.files["orders"].rows == 6
    assert case.findings[0].action == "blanked"


def test_half_a_unit_is_not_rounded_to_a_whole_line(company: Tables) -> None:
    orders = company["orders"].assign(line=[1, 2.5, 1, 1, 1, 1])
    case = case_from_tables({**company, "orders": orders})
    assert rules(case, "orders") == {"is not a whole number": 1}


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("TRUE", True), ("0", False), ("n", False)])
def test_words_for_true_and_false(company: Tables, word: str, value: bool) -> None:
    customers = pd.DataFrame({"customer_id": ["C1"], "consent_email": [word]})
    case = case_from_tables({**company, "customers": customers})
    assert case.table("customers")["consent_email"].tolist() == [value]


def test_unreadable_consent_is_no_consent(company: Tables) -> None:
    customers = pd.DataFrame({"customer_id": ["C1"], "consent_email": ["perhaps"]})
    case = case_from_tables({**company, "customers": customers})
    assert not case.table("customers")["consent_email"].fillna(False).astype(bool).any()
    assert case.findings[0].action == "blanked"


def test_missing_core_table_stops(company: Tables) -> None:
    del company["sites"]
    with pytest.raises(ContractError, match="no good row in sites"):
        case_from_tables(company)


def test_order_of_rows_does_not_change_the_fingerprint(company: Tables) -> None:
    shuffled = {name: frame.iloc[::-1] for name, frame in company.items()}
    assert case_from_tables(shuffled).fingerprint == case_from_tables(company).fingerprint


def test_one_changed_cell_changes_the_fingerprint(company: Tables) -> None:
    other = {**company, "orders": company["orders"].assign(quantity=[2, 1, 3, 4, 5, 2])}
    assert case_from_tables(other).fingerprint != case_from_tables(company).fingerprint


def test_repeated_row_is_seen_by_the_fingerprint(company: Tables) -> None:
    # An exclusive-or over rows would cancel two equal ones.
    stock = pd.DataFrame(
        {"date": ["2026-01-18"] * 2, "site_id": "S01", "product_id": ["A-17", "B-20"], "on_hand": 3}
    )
    one = case_from_tables({**company, "stock": stock.head(1)})
    two = case_from_tables({**company, "stock": stock})
    assert one.fingerprint != two.fingerprint


def test_variant_leaves_the_case_as_it_was(company: Tables) -> None:
    case = case_from_tables(company)
    dearer = case.replace(products=case.table("products").assign(unit_cost=20.0))
    assert case.table("products")["unit_cost"].tolist() == [10.0, 4.0]
    assert dearer.table("products")["unit_cost"].tolist() == [20.0, 20.0]
    assert dearer.fingerprint != case.fingerprint
    assert dearer.files["orders"].path == case.files["orders"].path, "the rest is shared"


def test_variant_of_the_same_content_has_the_same_fingerprint(company: Tables) -> None:
    case = case_from_tables(company)
    assert case.replace(orders=case.table("orders")).fingerprint == case.fingerprint


def test_variant_that_breaks_the_contract_is_refused(company: Tables) -> None:
    case = case_from_tables(company)
    with pytest.raises(ContractError, match="is not among the good rows of products"):
        case.replace(orders=case.table("orders").assign(product_id="Z-99"))


def test_frames_are_copies(company: Tables) -> None:
    case = case_from_tables(company)
    frame = case.table("orders")
    frame["quantity"] = 0.0
    assert case.table("orders")["quantity"].sum() == 16


def test_mistyped_year_does_not_stretch_the_history(company: Tables) -> None:
    many = pd.concat([company["orders"].assign(order_id=str(n)) for n in range(100)], ignore_index=True)
    many = many.drop_duplicates(["order_id", "line"]).reset_index(drop=True)
    many.loc[[0, 1], "order_date"] = ["2062-01-05", "2006-01-05"]
    case = case_from_tables({**company, "orders": many})
    assert case.as_of == dt.date(2026, 1, 5)
    assert sorted(rules(case, "orders").values()) == [1, 1]


def test_run_sees_the_data_as_they_were_read(company_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = load_case(company_folder)
    ((name, value),) = snapshot_environment(company_folder, case).items()
    monkeypatch.setenv(name, value)
    path = company_folder / "orders.csv"
    path.write_text(path.read_text().replace("A-17,2,15.0", "A-17,7,15.0"))
    assert load_case(company_folder).fingerprint == case.fingerprint
    monkeypatch.delenv(name)
    assert load_case(company_folder).fingerprint != case.fingerprint


def test_literal_database_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(SourceError) as refusal:
        load_case("postgresql://me:secret@host/db")
    assert "secret" not in str(refusal.value)
    assert "env:PLANBOOK_DB" in str(refusal.value)


def test_missing_source_says_what_is_possible() -> None:
    with pytest.raises(SourceError, match="no such folder or file"):
        load_case("nowhere/at/all")

from __future__ import annotations

import re

import pytest

from helpers.contract import contract, kpi_definitions, ratio_kpi
from helpers.contract.kpis import Kpi
from helpers.contract.schema import SQL_TYPES
from helpers.contract.stage import rule_condition


def test_every_column_has_a_known_type_and_a_meaning() -> None:
    for table in contract().values():
        for column in table.columns:
            assert column.type in SQL_TYPES, (table.name, column.name)
            assert re.fullmatch(r"[A-Z0-9].*\.", column.meaning), (table.name, column.name)


def test_every_rule_is_understood() -> None:
    rules = [(t.name, c) for t in contract().values() for c in t.columns if c.rule and c.rule != "past"]
    assert len(rules) > 60
    assert all(rule_condition(column, "x") for _, column in rules)


def test_every_reference_leads_to_a_key() -> None:
    references = [(t.name, r) for t in contract().values() for r in t.references]
    assert len(references) > 30
    for _, reference in references:
        assert set(reference.target_columns) <= set(contract()[reference.table].key)


def test_every_table_has_a_key_and_says_who_uses_it() -> None:
    assert all(table.key and table.feeds and table.meaning for table in contract().values())


def test_keys_of_the_order_line_are_as_in_the_data_contract() -> None:
    assert contract()["orders"].key == ("order_id", "line")
    assert contract()["orders"].required == (
        "order_id",
        "line",
        "order_date",
        "site_id",
        "product_id",
        "quantity",
        "unit_price",
        "status",
    )


def test_kpi_without_definition_is_refused() -> None:
    with pytest.raises(ValueError, match="KPI 'happiness' has no definition"):
        Kpi("happiness", 1.0, "ever")


def test_ratio_of_nothing_has_no_value() -> None:
    assert ratio_kpi("WAPE", 0.0, 0.0, "no weeks").value is None
    assert ratio_kpi("WAPE", 1.0, 4.0, "one week").value == 0.25


def test_every_kpi_has_a_direction() -> None:
    assert {kpi.better for kpi in kpi_definitions().values()} <= {"higher", "lower", "zero", "target"}

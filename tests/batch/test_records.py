from __future__ import annotations

from types import ModuleType
from typing import Any

from helpers.batch.records import read_headline, read_records, read_status_word


def notebook_of(weekly: ModuleType, *bodies: dict[str, Any]) -> Any:
    return weekly.notebook_of(weekly.code_cell("record(...)", [weekly.recorded(body) for body in bodies]))


def test_records_are_read_in_order_with_all_their_fields(weekly: ModuleType) -> None:
    found = read_records(weekly.weekly_notebook())
    assert [body["name"] for body in found] == [kpi.name for kpi in weekly.kpis()]
    assert found[0]["unit"] == "share"
    assert found[0]["better"] == "lower"
    assert "kind" not in found[0]


def test_a_name_recorded_again_keeps_the_last_value(weekly: ModuleType) -> None:
    bodies = [{"kind": "value", "name": "orders", "value": value} for value in (1, 2)]
    assert read_records(notebook_of(weekly, *bodies)) == [{"name": "orders", "value": 2}]


def test_one_name_may_have_two_windows(weekly: ModuleType) -> None:
    bodies = [{"kind": "value", "name": "WAPE", "value": 1, "window": window} for window in ("a", "b")]
    assert len(read_records(notebook_of(weekly, *bodies))) == 2


def test_the_verdict_is_the_first_headline_with_its_status(weekly: ModuleType) -> None:
    assert read_headline(weekly.weekly_notebook()).startswith("Order 14 products")
    assert read_status_word(weekly.weekly_notebook()) == "go with care"


def test_a_notebook_without_records_has_none(weekly: ModuleType) -> None:
    empty = weekly.notebook_of(weekly.markdown("x"))
    assert read_records(empty) == []
    assert read_headline(empty) == ""
    assert read_records(
        notebook_of(weekly, {"kind": "value", "name": "x"}, {"kind": "headline", "sentences": []})
    )

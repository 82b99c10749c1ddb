"""Parameters are checked before any kernel starts."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import v4

from helpers.batch.parameters import (
    Parameter,
    assign_parameters,
    parse_assignments,
    read_parameters,
    with_values,
)
from helpers.errors import ParameterError

SOURCE = """\
source: str = "data/sample"  # folder or file
horizon: int = 13  # weeks ahead, more than 0
interval: float = 0.9  # share
fast: bool = False  # fewer methods
methods: list = ["ets", "theta"]  # names; # is no second comment
"""


@pytest.fixture
def parameters() -> dict[str, Parameter]:
    cell = v4.new_code_cell(SOURCE, metadata={"tags": ["parameters"]})
    return {p.name: p for p in read_parameters([v4.new_code_cell("x: int = 1"), cell])}


def test_cell_is_read_with_types_defaults_and_help(parameters: dict[str, Parameter]) -> None:
    assert list(parameters) == ["source", "horizon", "interval", "fast", "methods"]
    assert parameters["horizon"] == Parameter("horizon", "int", 13, "weeks ahead, more than 0")
    assert parameters["methods"].default == ["ets", "theta"]


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("source", "8", "8"),
        ("source", "a b=c", "a b=c"),
        ("horizon", "8", 8),
        ("horizon", 8, 8),
        ("interval", "1", 1.0),
        ("interval", ".8", 0.8),
        ("interval", 0.8, 0.8),
        ("fast", "true", True),
        ("fast", "False", False),
        ("methods", '["naive"]', ["naive"]),
    ],
)
def test_values_take_the_declared_type(
    parameters: dict[str, Parameter], name: str, given: Any, taken: Any
) -> None:
    assert parameters[name].accept(given) == taken
    assert type(parameters[name].accept(given)) is type(taken)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("horizon", "8.5"),
        ("horizon", "eight"),
        ("horizon", True),
        ("horizon", "true"),
        ("horizon", None),
        ("interval", "nine tenths"),
        ("fast", "yes"),
        ("fast", 1),
        ("methods", "ets"),
        ("source", 5),
        ("horizon", "__import__('os').system('true')"),
    ],
)
def test_wrong_types_are_refused(parameters: dict[str, Parameter], name: str, given: Any) -> None:
    with pytest.raises(ParameterError, match=f"Parameter '{name}' is"):
        parameters[name].accept(given)


def test_all_problems_come_at_once(parameters: dict[str, Parameter]) -> None:
    pages = {"1_page": tuple(parameters.values())}
    with pytest.raises(ParameterError) as refusal:
        assign_parameters(pages, {"horzon": "8", "interval": "wide", "colour": "red"})
    message = str(refusal.value)
    assert "No page takes a parameter 'horzon'. Did you mean 'horizon'?" in message
    assert "No page takes a parameter 'colour'" in message
    assert "Parameter 'interval' is float (share); got 'wide'" in message


def test_each_page_gets_only_what_it_takes(parameters: dict[str, Parameter]) -> None:
    pages = {"0_a": (parameters["source"],), "1_b": tuple(parameters.values())}
    assigned = assign_parameters(pages, {"source": "x", "horizon": "4"})
    assert assigned == {"0_a": {"source": "x"}, "1_b": {"source": "x", "horizon": 4}}


def test_assignments_of_the_command_line() -> None:
    assert parse_assignments(["a=1", " b = x=y "]) == {"a": "1", "b": "x=y"}


@pytest.mark.parametrize("texts", [["a"], ["=1"], ["a b=1"], ["a=1", "a=2"]])
def test_malformed_assignments_are_refused(texts: list[str]) -> None:
    with pytest.raises(ParameterError):
        parse_assignments(texts)


def test_cell_gets_other_values_and_keeps_types_and_help() -> None:
    changed = with_values(SOURCE, {"source": 'a "b" ü', "interval": 0.8, "methods": ["x"], "unknown": 1})
    cell = v4.new_code_cell(changed, metadata={"tags": ["parameters"]})
    before = read_parameters([v4.new_code_cell(SOURCE, metadata={"tags": ["parameters"]})])
    after = read_parameters([cell])
    assert [p.default for p in after] == ['a "b" ü', 13, 0.8, False, ["x"]]
    assert [(p.name, p.type, p.help) for p in after] == [(p.name, p.type, p.help) for p in before]

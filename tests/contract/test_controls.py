from __future__ import annotations

import math

import pytest

from helpers.contract.controls import check_what_if, control_definitions
from helpers.errors import ParameterError


def test_every_control_says_what_it_is() -> None:
    for name, control in control_definitions().items():
        assert name.isidentifier()
        assert control.decision in {"demand", "inventory", "transport", "customers"}
        assert control.kind in {"number", "choice", "switch"}
        assert control.help
        assert control.label
        if control.kind == "number":
            assert control.low < control.high
            assert control.step > 0


def test_changes_are_kept_by_decision() -> None:
    changes = {"growth": 0.1, "budget": 5000, "stock_limit": False, "closed_site": ""}
    assert check_what_if(changes) == changes
    assert check_what_if(changes, "demand") == {"growth": 0.1}
    assert isinstance(check_what_if(changes)["budget"], float)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("growth", "a lot"),
        ("growth", 9),
        ("growth", True),
        ("growth", math.nan),
        ("stock_limit", 1),
        ("closed_site", 3),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_taken(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"'{name}' is .* Give "):
        check_what_if({name: value})


def test_all_wrong_names_are_told_at_once_with_the_nearest() -> None:
    with pytest.raises(ParameterError) as caught:
        check_what_if({"grwth": 0.1, "budgt": 1, "growth": 99})
    said = str(caught.value)
    assert "Did you mean 'growth'?" in said
    assert "Did you mean 'budget'?" in said
    assert "a number from -0.5 to 1" in said

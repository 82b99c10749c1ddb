"""What is prepared for playing is what the notebooks plan: same parameters, same remembered results."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.batch.notebooks import find_notebooks
from helpers.contract import load_case
from helpers.errors import ParameterError
from helpers.whatif.prepare import DEFAULTS, PAGES, SHARED, prepare, prepare_suite

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", PAGES)
def test_defaults_are_those_of_the_notebook(name: str) -> None:
    page = next(notebook for notebook in find_notebooks(ROOT) if notebook.name == PAGES[name])
    declared = {one.name: one.default for one in page.parameters if one.name != "source"}
    ours = {**SHARED, **DEFAULTS[name]}
    assert {key: ours[key] for key in declared} == declared
    assert set(DEFAULTS[name]) <= set(declared)


def test_the_workbench_has_the_defaults_of_the_pages() -> None:
    page = next(notebook for notebook in find_notebooks(ROOT) if notebook.name == "9_what_if_workbench")
    declared = {one.name: one.default for one in page.parameters}
    shared = set(declared) & set(SHARED)
    assert {"cutoff", "horizon", "fill_rates", "what_if", "seed"} == shared
    assert {key: declared[key] for key in shared} == {key: SHARED[key] for key in shared}


def test_an_unknown_decision_is_refused_and_a_bare_case_leaves_decisions_out(
    company: dict[str, object], tmp_path: Path
) -> None:
    for name, frame in company.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)  # type: ignore[attr-defined]  # frames, by the fixture
    case = load_case(tmp_path)
    with pytest.raises(ParameterError, match="There is no decision 'orders'"):
        prepare("orders", case, {})
    suite = prepare_suite(case, {})
    assert [one.split(" is left out")[0] for one in suite.notes][-2:] == [
        "The decision on transport",
        "The decision on customers",
    ]
    assert suite.losses is None
    assert suite.notes_table()["note"].tolist() == list(suite.notes)

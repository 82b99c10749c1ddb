"""The shape of a notebook: read like a short report, answer first, no logic in cells."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from helpers.batch.notebooks import find_notebooks, read_notebook
from helpers.batch.parameters import TYPES

ROOT = Path(__file__).parent.parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECTIONS = ["Recommendation", "Why", "How sure", "What if", "Exceptions", "Method"]
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try, ast.With)

pytestmark = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def code_lines(path: Path) -> list[str]:
    return [line for cell in cells(path, "code") for line in cell.source.splitlines() if line.strip()]


def words(path: Path) -> int:
    return sum(len(cell.source.split()) for cell in cells(path, "markdown"))


def test_file_is_a_valid_notebook(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))


def test_title_asks_one_question_and_says_who_acts(path: Path) -> None:
    title = cells(path, "markdown")[0].source
    assert title.startswith("# ")
    assert len(re.findall(r"\*\*[^*]+\?\*\*", title)) == 1, "the decision as one question in bold"
    assert "does not" in title, "what the page does not decide"


def test_sections_come_in_the_order_of_a_report(path: Path) -> None:
    found = [
        line.removeprefix("## ")
        for cell in cells(path, "markdown")
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    assert found == SECTIONS


def test_parameters_are_literals_with_type_and_help(path: Path) -> None:
    tagged = [c for c in cells(path, "code") if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    lines = tagged[0].source.splitlines()
    parameters = read_notebook(path).parameters
    assert 5 <= len(parameters) == len(lines) <= 10
    assert all(parameter.help and parameter.type in TYPES for parameter in parameters)
    # papermill's inspection drops a line with a second "=" or a union.
    assert all(line.count("=") == 1 and "|" not in line.partition("#")[0] for line in lines)


def test_cells_hold_no_logic(path: Path) -> None:
    for cell in cells(path, "code"):
        found = [
            type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, FORBIDDEN)
        ]
        assert found == [], cell.source
        assert not re.search(r"^[%!]|sys\.path|filterwarnings", cell.source, re.MULTILINE), cell.source


def test_notebook_is_short(path: Path) -> None:
    assert len(code_lines(path)) <= 100
    assert 8 <= len(cells(path, "code")) <= 21
    assert words(path) / len(code_lines(path)) >= 5


def test_cells_have_names(path: Path) -> None:
    ids = [cell["id"] for cell in nbformat.read(path, as_version=4).cells]
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{2,}", name) for name in ids)
    assert len(set(ids)) == len(ids)


def test_prose_holds_no_typed_figure(path: Path) -> None:
    """A figure in prose must come from the result; a formula may hold a small whole number."""
    for cell in cells(path, "markdown"):
        prose = re.sub(r"`[^`]*`|\$[^$]*\$|\d+_[a-z_]+|ISO \d+", "", cell.source)
        assert not re.findall(r"\d+[.,]\d+|\d+ ?%|\d{3,}", prose), cell.source


def test_outputs_are_saved(path: Path) -> None:
    """A stripped notebook passes nbval, so this guard is what makes nbval mean something."""
    code = cells(path, "code")
    assert all(cell.execution_count == number for number, cell in enumerate(code, start=1))
    shown = [cell for cell in code if cell.outputs]
    assert len(shown) >= len(code) - 4
    types = {output.output_type for cell in code for output in cell.outputs}
    assert types <= {"display_data", "execute_result"}, "no error, no print, no warning"


def test_outputs_name_no_place_and_no_time(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "papermill" not in nbformat.read(path, as_version=4).metadata
    assert not re.search(r"/(?:home|root|Users|work|tmp)/|object at 0x", text)


def test_needs_are_notebooks(path: Path) -> None:
    names = {notebook.name for notebook in find_notebooks(ROOT)}
    assert set(read_notebook(path).needs) <= names

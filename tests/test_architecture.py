"""Imports run one way, as the house in the design is drawn."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "helpers"

# Room → rooms that it may import, beside itself.
BASE = {"errors", "memory", "cluster"}
DECISIONS = {"forecasting", "inventory", "transport", "fulfilment", "customers", "partners"}
ALLOWED = {
    "errors": set(),
    "memory": {"errors"},
    "cluster": {"errors"},
    "contract": BASE,
    "solver": {"errors"},
    "plan_check": {"errors"},
    **{room: BASE | {"contract", "solver", "plan_check"} for room in DECISIONS},
    "plan": BASE | DECISIONS | {"contract", "solver", "plan_check"},
    "figures": BASE | DECISIONS | {"contract", "plan"},
    "report": BASE | DECISIONS | {"contract", "plan"},
    "whatif": BASE | DECISIONS | {"contract", "plan", "figures", "report"},
    "batch": BASE | {"contract", "report"},
    "desk": BASE | {"contract", "batch", "report"},
    "commands": BASE | {"contract", "batch", "report", "whatif", "desk"},
    "cli": BASE | {"contract", "batch", "report", "commands"},
    "__init__": set(),
}
HEAVY = {
    "statsforecast",
    "sklearn",
    "hierarchicalforecast",
    "distributed",
    "papermill",
    "matplotlib.pyplot",
    "seaborn",
    "lightgbm",
    "sqlalchemy",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    tree = tree_of(path)
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def dotted(path: Path) -> str:
    return ".".join(("helpers", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def test_the_walk_sees_the_house() -> None:
    assert len(modules()) > 30
    assert {room_of(path) for path in modules()} <= set(ALLOWED), "a room that the design does not name"


def test_modules_import_only_what_their_room_may() -> None:
    wrong = {}
    for path in modules():
        room = room_of(path)
        rooms = {name.split(".")[1] for name in imports_of(path) if name.startswith("helpers.")}
        if not rooms - {room} <= ALLOWED[room]:
            wrong[dotted(path)] = sorted(rooms - {room} - ALLOWED[room])
    assert wrong == {}


def test_there_is_no_import_cycle() -> None:
    names = {dotted(path) for path in modules()}
    graph = {}
    for path in modules():
        found = {name for name in imports_of(path) if name.startswith("helpers")}
        # A package's __init__ gathers its modules, so importing from it is importing it.
        graph[dotted(path)] = {name for name in found if name in names} - {dotted(path)}
    order = list(TopologicalSorter(graph).static_order())
    assert len(order) == len(names)


def test_importing_is_cheap() -> None:
    heavy = {
        f"{dotted(path)}: {name}"
        for path in modules()
        for name in imports_of(path, top_level_only=True)
        if name in HEAVY or name.split(".")[0] in HEAVY
    }
    assert heavy == set(), "import it inside the verb that needs it"


def test_only_the_solver_speaks_to_pulp() -> None:
    speakers = {
        str(p.relative_to(PACKAGE))
        for p in modules()
        if any(n.split(".")[0] == "pulp" for n in imports_of(p))
    }
    assert {name for name in speakers if not name.startswith("solver")} == set()


def test_no_module_is_called_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "common", "misc", "base", "tools"}
    assert not [path for path in modules() if path.stem in drawers]


def test_modules_and_their_public_functions_and_classes_have_a_docstring() -> None:
    bare = {dotted(path) for path in modules() if not ast.get_docstring(tree_of(path))}
    bare |= {
        f"{dotted(path)}: {node.name}"
        for path in modules()
        for node in tree_of(path).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    }
    assert bare == set()

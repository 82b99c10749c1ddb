"""The four decisions of the sample case as a browser meets them: a panel in a cell each, and all in one."""

from __future__ import annotations

from pathlib import Path

from helpers.contract import load_case
from helpers.whatif import Decision
from helpers.whatif.prepare import prepare_suite

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
NAMES = ("demand", "inventory", "transport", "customers")

READ = """import runpy
from pathlib import Path

from helpers.whatif.compare import compare
from helpers.whatif.panel import show_panel
from helpers.whatif.scenarios import ScenarioStore
from helpers.whatif.workbench import workbench

decisions = runpy.run_path({path!r})["read_decisions"]()
store = ScenarioStore(Path({scenarios!r}))"""
PANEL = "show_panel(decisions[{place}])"
BENCH = "workbench(decisions, store, compare)"


def read_decisions() -> tuple[Decision, ...]:
    """Return the suite's decisions on the sample case, from what the project remembers of it."""
    return prepare_suite(load_case(SAMPLE), {}).decisions


def cells(scenarios: Path) -> list[str]:
    """Return the code of the notebook: one cell reads, each of the others shows one thing."""
    first = READ.format(path=str(Path(__file__).resolve()), scenarios=str(scenarios))
    return [first, *(PANEL.format(place=place) for place in range(len(NAMES))), BENCH]

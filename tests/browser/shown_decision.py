"""The toy decision as a browser meets it: a fine slider, a slow answer, and one that breaks."""

from __future__ import annotations

import runpy
import time
from dataclasses import replace
from pathlib import Path

from helpers.whatif import Decision, Settings, View

_toy = runpy.run_path(str(Path(__file__).parents[1] / "whatif" / "conftest.py"))
SLOW, BROKEN = 1000.0, 950.0


def answer(settings: Settings) -> View:
    """As the toy; a budget of 1,000 takes 1.5 seconds, and one of 950 breaks."""
    if settings["budget"] == SLOW:
        time.sleep(1.5)
    if settings["budget"] == BROKEN:
        raise ZeroDivisionError("division by zero")
    view: View = _toy["answer"](settings)
    return view


growth, budget, *others = _toy["CONTROLS"]
controls = (replace(growth, low=-0.5, high=0.5, step=0.01), budget, *others)
decision = Decision("toy", "Boxes", "How many boxes?", controls, answer, {}, "toy-data")
